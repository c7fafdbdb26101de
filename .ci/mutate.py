"""Measure the tests: change the package in one place at random, and see whether a test fails.

Usage: python .ci/mutate.py [--sample 200] [--seed 0] [--jobs 2] [MODULE ...]

Each mutant is a copy of the package with one change of an operator, a constant, a condition, a
statement or a returned value. The tests of its module run first, then some of everything. Prints
the survivors, and fails where fewer than 85 % are found.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "python/fastmlp"
EVERYTHING = ["small_promises", "docs", "bad_input", "trainer_state", "errors", "names", "hooks"]
TESTS = {  # module: the files in tests/ that are about it
    "_core/signatures": ["typing"],
    "_data/arrays": ["arrays", "sparse", "bad_input", "errors"],
    "_data/attributes": ["fixed_settings", "network"],
    "_data/class_weight": ["weights", "fixed_settings", "errors"],
    "_data/dataset": ["weights", "fixed_settings", "loss", "bad_input", "errors"],
    "_data/derivatives": ["second_derivatives", "errors"],
    "_data/diagonals": ["curvature_diagonals", "second_derivatives", "errors"],
    "_data/evaluation": ["evaluation", "weights", "feature_names"],
    "_data/extras": ["extras"],
    "_data/feature_names": ["feature_names"],
    "_data/functions": ["line_search", "bad_functions", "minimize", "errors"],
    "_data/losses": ["loss", "weights", "errors", "trainer"],
    "_data/near_names": ["near_names"],
    "_data/sequences": ["recurrent_steps", "recurrent_lengths"],
    "_data/state_views": ["fixed_settings", "trainer_state"],
    "_data/stepping": ["recurrent_steps", "bidirectional"],
    "_data/targets": ["loss", "weights", "errors", "bad_input"],
    "_data/threads": ["thread_limits"],
    "_data/validation": ["errors", "invalid_hyperparameters", "config"],
    "_data/views": ["network", "errors"],
    "_fit/checkpoint": ["checkpoint", "files", "golden_files"],
    "_fit/callbacks": ["callbacks", "lr_finder", "hooks", "best_epoch", "errors"],
    "_fit/carrying": ["carried_state", "carried_state_kept"],
    "_fit/leftover": ["carried_samples"],
    "_fit/custom_loss": ["trainer", "weights", "loss", "presentations", "not_finite"],
    "_fit/epoch_result": ["epoch_result"],
    "_fit/failure": ["poisoned", "not_finite"],
    "_fit/fit_config": ["callbacks", "default_epochs", "errors"],
    "_fit/fit_loop": [
        *("method_ends", "callbacks", "not_finite", "average"),
        *("run_ends", "warnings", "checkpoint"),
    ],
    "_fit/history": ["callbacks", "run_ends", "golden_pickles", "records"],
    "_fit/fitting": ["network", "errors"],
    "_fit/hooks": ["hooks", "callbacks", "monitor"],
    "_fit/lr_finder": ["lr_finder"],
    "_fit/metrics": ["metrics_of_fit"],
    "_fit/monitor": ["monitor", "callbacks", "best_epoch"],
    "_fit/observer": ["minimize_options"],
    "_fit/one_epoch": ["order", "trainer"],
    "_fit/own_gradient": ["trainer", "optimizer", "errors", "feature_names", "presentations"],
    "_fit/plateau": ["default_epochs", "callbacks"],
    "_fit/progress": ["progress", "callbacks", "extras", "hooks"],
    "_fit/records": ["records", "checkpoint"],
    "_fit/settings": [
        *("l2_scale", "method_training", "trainer", "invalid_hyperparameters", "errors"),
        "fixed_settings",
    ],
    "_fit/status": ["warnings", "minimize"],
    "_fit/target_scale": ["default_epochs"],
    "_fit/validation_data": ["validation_split", "callbacks"],
    "_io/atomic": ["atomic"],
    "_io/container": ["files", "damaged_files", "mutated_files", "file_memory"],
    "_io/files": ["files", "damaged_files", "golden_files", "records", "file_memory"],
    "_io/members": ["trained_loss", "files", "trainer_state"],
    "_io/layout": ["files", "damaged_files", "file_memory"],
    "_io/registry": ["bad_state"],
    "_io/serialization": ["bad_state", "trainer_state", "golden_pickles"],
    "_io/summary": ["network", "typing", "sharing"],
    "__init__": ["names"],
    "cli": ["cli", "playground_server", "records"],
    "config": ["config", "threads"],
    "curvature": ["second_derivatives", "curvature_diagonals"],
    "demo": ["demo", "cli"],
    "gradient_check": ["gradient_check"],
    "layers": ["network", "sharing", "init", "errors", "warnings"],
    "minimization": ["minimize", "least_squares", "bad_functions", "errors"],
    "network": ["network", "seeds", "errors"],
    "playground/__init__": ["playground"],
    "playground/_choices": ["playground_choices"],
    "playground/_datasets": ["playground", "playground_choices"],
    "playground/_export": ["playground_export"],
    "playground/_inside": ["playground_inside"],
    "playground/_model": ["playground", "playground_choices", "playground_table"],
    "playground/_picture": ["playground_session", "playground_choices"],
    "playground/_race": ["playground_race"],
    "playground/_random": ["playground"],
    "playground/_server": ["playground_server"],
    "playground/_session": ["playground_session", "playground_table", "playground_export"],
    "playground/_state": ["playground", "playground_choices"],
    "playground/_table": ["playground_table"],
    "playground/_texts": ["playground"],
    "playground/_training": ["playground", "playground_choices"],
    "plot": ["extras", "demo", "docs"],
    "sklearn/_architecture": ["sklearn_numbers", "sklearn_extras", "sklearn_bad_input"],
    "sklearn/_classifier": [
        "sklearn_numbers",
        "sklearn_extras",
        "sklearn_state",
        "sklearn_ecosystem",
    ],
    "sklearn/_constraints": ["sklearn_bad_input"],
    "sklearn/_decorators": ["sklearn_ecosystem", "sklearn_extras"],
    "sklearn/_docstrings": ["sklearn_ecosystem"],
    "sklearn/_draws": ["sklearn_numbers", "shuffled_orders"],
    "sklearn/_epochs": [
        "sklearn_numbers",
        "sklearn_callbacks",
        "sklearn_state",
        "sklearn_ecosystem",
    ],
    "sklearn/_estimator": [
        "sklearn_state",
        "sklearn_extras",
        "sklearn_bad_input",
        "sklearn_ecosystem",
    ],
    "sklearn/_files": ["sklearn_files"],
    "sklearn/_fitting": ["sklearn_numbers", "sklearn_extras", "sklearn_state", "sklearn_bad_input"],
    "sklearn/_held_out": ["sklearn_numbers", "sklearn_extras", "sklearn_held_out"],
    "sklearn/_labels": [
        "sklearn_numbers",
        "sklearn_bad_input",
        "sklearn_ecosystem",
        "sklearn_extras",
    ],
    "sklearn/_lbfgs": ["sklearn_numbers", "sklearn_bad_input"],
    "sklearn/_model": ["sklearn_state", "sklearn_numbers", "sklearn_files"],
    "sklearn/_observers": ["sklearn_callbacks", "sklearn_ecosystem"],
    "sklearn/_optimizers": ["sklearn_numbers", "sklearn_state", "sklearn_extras"],
    "sklearn/_parameters": ["sklearn_bad_input", "sklearn_extras", "sklearn_ecosystem"],
    "sklearn/_regressor": ["sklearn_numbers", "sklearn_extras", "sklearn_bad_input"],
    "sklearn/_reported_loss": ["sklearn_numbers", "sklearn_extras"],
    "sklearn/_sample_weights": ["sklearn_bad_input", "sklearn_extras", "sklearn_numbers"],
    "sklearn/_threads": ["sklearn_ecosystem"],
    "step_length": ["line_search"],
    "trainer": ["trainer", "feature_names", "trainer_state", "errors", "presentations"],
}
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Lt: ast.LtE,
    ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.USub: ast.UAdd,
}  # fmt: skip


def is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def changed(node: ast.AST) -> ast.AST | None:
    """Return the node with a change of meaning, or None where there is none to make."""
    new = copy.copy(node)
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.UnaryOp) and type(node.op) in SWAPS:
        new.op = SWAPS[type(node.op)]()
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        new = node.operand
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        new.ops = [SWAPS[type(node.ops[0])](), *node.ops[1:]]
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        new.value = not node.value
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        new.value = node.value + 1
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        new.test = ast.UnaryOp(ast.Not(), node.test)
    elif isinstance(node, ast.Return) and node.value is not None:
        new.value = ast.Constant(None)
    elif isinstance(node, ast.AugAssign | ast.Raise) or is_call(node):
        new = ast.Pass()
    else:
        return None
    return new


def places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yield (parent, field, index, node) of all nodes that run; annotations and texts do not."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns", "decorator_list"):
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                continue
            if isinstance(node, ast.AST):
                yield tree, name, index, node
                yield from places(node)


def mutants(path: Path) -> list[tuple[Path, int, str, str]]:
    """Return (file, line, what was changed, new text) of every change to a module."""
    text = path.read_text()
    found = []
    for number in range(sum(1 for _ in places(ast.parse(text)))):
        tree = ast.parse(text)
        parent, name, index, node = list(places(tree))[number]
        if (new := changed(node)) is None or not hasattr(node, "lineno"):
            continue
        before = ast.unparse(node).splitlines()[0]
        if index is None:
            setattr(parent, name, new)
        else:
            getattr(parent, name)[index] = new
        after = ast.unparse(ast.fix_missing_locations(new)).splitlines()[0]
        found.append((path, node.lineno, f"{before}  ->  {after}", ast.unparse(tree)))
    return found


def exit_status(folder: Path, files: list[str], seconds: float) -> int | None:
    """Run test files on the package in `folder`, in a child; None where time was up."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        os.environ["PYTHONPATH"] = str(folder)
        sys.path.insert(0, str(folder))
        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler", "--assert=plain"]
        os._exit(int(pytest.main([*options, *files])))
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(child, 9)
    os.waitpid(child, 0)
    return None


def is_found(mutant: tuple[Path, int, str, str]) -> bool:
    path, _, _, text = mutant
    module = path.relative_to(PACKAGE).with_suffix("").as_posix()
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(
            PACKAGE, Path(folder, "fastmlp"), ignore=shutil.ignore_patterns("__pycache__")
        )
        Path(folder, "fastmlp", path.relative_to(PACKAGE)).write_text(text)
        for names in (TESTS[module], [name for name in EVERYTHING if name not in TESTS[module]]):
            files = [
                str(file) for name in names if (file := ROOT / f"tests/test_{name}.py").exists()
            ]
            if exit_status(Path(folder), files, 600) != 0:
                return True
    return False


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    names = options.modules or [name for name in TESTS if (PACKAGE / f"{name}.py").exists()]
    unchanged = PACKAGE / "__init__.py"
    if is_found((unchanged, 0, "", unchanged.read_text())):
        raise SystemExit("the tests fail without a change")
    every = [mutant for name in names for mutant in mutants(PACKAGE / f"{name}.py")]
    drawn = random.Random(options.seed).sample(every, min(options.sample, len(every)))
    n_found = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        verdicts = pool.map(is_found, drawn)
        for done, (mutant, found) in enumerate(zip(drawn, verdicts, strict=True), 1):
            n_found += found
            where = f"{mutant[0].relative_to(ROOT)}:{mutant[1]}: {mutant[2]}"
            if not found:
                print(f"survived: {where}", flush=True)
            elif done % 20 == 0:
                print(f"{n_found} of {done} found", flush=True)
    print(f"{n_found} of {len(drawn)} mutants found, {len(every)} in all")
    return n_found < 0.85 * len(drawn)


if __name__ == "__main__":
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT / "tests"))
    import hypothesis  # noqa: F401  what tests import, once for all children
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    import polars  # noqa: F401
    import pytest

    sys.exit(main())
