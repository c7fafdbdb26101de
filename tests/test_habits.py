"""What strangers rely on is whole: gate, workflow, CONTRIBUTING, dev.py, the drawing."""

from __future__ import annotations

import ast
import re
import runpy
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
STEPS = ROOT / ".ci/steps"

pytestmark = pytest.mark.skipif(not STEPS.exists(), reason="the source tree is not here")


def steps_of_the_gate() -> set[str]:
    lines = re.findall(r"\brun_steps ([a-z][a-z0-9 ]+)", (ROOT / ".ci/run").read_text())
    return set(" ".join(lines).split())


@pytest.fixture(scope="module")
def dev() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / ".ci/dev.py"))


@pytest.fixture(scope="module")
def contributing() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / ".ci/check_contributing.py"))


def test_the_gate_runs_every_step_but_the_slow_ones() -> None:
    assert {path.name for path in STEPS.iterdir()} == steps_of_the_gate() | {"aarch64", "tidy"}


def test_every_step_can_be_run_and_is_valid_bash() -> None:
    for path in STEPS.iterdir():
        assert path.stat().st_mode & 0o111
        subprocess.run(["bash", "-n", str(path)], check=True)


def test_the_workflow_calls_every_step_and_nothing_else() -> None:
    workflow = (ROOT / ".github/workflows/gate.yml").read_text(encoding="utf-8")
    commands = re.findall(r"^ +- run: (.*)$", workflow, re.M)
    assert all(command.startswith(".ci/steps/") for command in commands)
    assert {Path(command).name for command in commands} == {path.name for path in STEPS.iterdir()}


def gate(folder: Path, failing: set[str], *steps: str) -> subprocess.CompletedProcess[str]:
    """The gate over steps that print a word, those that fail among them."""
    (folder / ".ci/steps").mkdir(parents=True)
    for path in STEPS.iterdir():
        body = "echo wrong; false" if path.name in failing else "echo fine"
        (folder / ".ci/steps" / path.name).write_text(body)
    (folder / ".ci/run").write_bytes((ROOT / ".ci/run").read_bytes())
    command = ["bash", str(folder / ".ci/run"), *steps]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_failing_step_names_itself_and_is_the_last(tmp_path: Path) -> None:
    finished = gate(tmp_path, {"style"}, "test", "style", "plain")
    assert finished.returncode == 1
    assert "==== test: passed" in finished.stdout
    assert "wrong" in finished.stdout
    assert "==== style: FAILED" in finished.stdout.splitlines()[-1]
    assert "plain" not in finished.stdout


def test_steps_that_fail_beside_each_other_are_all_named(tmp_path: Path) -> None:
    finished = gate(tmp_path, {"native", "browser"})
    assert finished.returncode == 1
    last = " ".join(finished.stdout.splitlines()[-3:])
    assert "native: FAILED" in last
    assert "browser: FAILED" in last


def test_the_gate_passes_if_all_steps_do(tmp_path: Path) -> None:
    finished = gate(tmp_path, set())
    assert finished.returncode == 0
    assert finished.stdout.count(": passed in") == len(steps_of_the_gate())
    assert "==== Passed after" in finished.stdout


def test_the_documented_diffs_apply(contributing: dict[str, Any], tmp_path: Path) -> None:
    changed = set()
    for section in contributing["SECTIONS"]:
        for file, language, text in contributing["blocks_of"](section):
            target = tmp_path / file
            target.parent.mkdir(parents=True, exist_ok=True)
            if language == "diff":
                if not target.exists():
                    target.write_bytes((ROOT / file).read_bytes())
                contributing["apply_diff"](target, text)
            else:
                target.write_text(text, encoding="utf-8")
            changed.add(file)
    assert {"SignSGD", "ReLU6", "Scale"} <= {
        name
        for file in changed
        for name in re.findall(r"^struct (\w+)", (tmp_path / file).read_text(), re.M)
    }


def test_a_stale_diff_is_an_error(contributing: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a.hpp").write_text("one\ntwo\n")
    with pytest.raises(SystemExit, match="does not apply"):
        contributing["apply_diff"](tmp_path / "a.hpp", "-three\n+four\n")


def test_every_block_of_contributing_is_run(contributing: dict[str, Any]) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = re.findall(r"^<!-- ci: ([\w-]+) -->$", page, re.M)
    script = (ROOT / ".ci/check_contributing.py").read_text()
    assert len(names) == page.count("```bash")
    assert all(
        f'documented("{name}")' in script and contributing["documented"](name) for name in names
    )


@pytest.mark.parametrize(
    ("file", "test", "bench"),
    [
        ("cpp/fastmlp/kernels/gemm.cpp", "tests/test_network.py", "fastmlp_kernels"),
        ("cpp/fastmlp/optim/gradient_rules.hpp", "tests/test_optimizer.py", "bench.options"),
        ("cpp/fastmlp/nn/activation.hpp", "tests/test_activation.py", "bench.compare"),
        ("cpp/fastmlp/nn/recurrent_layers.cpp", "tests/test_recurrent.py", "bench.recurrence"),
        ("cpp/bindings/bind_loss.cpp", "tests/test_trainer.py", "bench.compare"),
        ("python/fastmlp/_fit/monitor.py", "tests/test_monitor.py", None),
        ("tests/test_lock.py", "tests/test_lock.py", None),
        ("tests/window_oracle.py", "tests/test_convolution.py", None),
    ],
)
def test_changed_files_have_tests_and_benches(
    dev: dict[str, Any], file: str, test: str, bench: str | None
) -> None:
    assert test in dev["tests_of"]([file])
    benches = dev["benches_of"]([file])
    assert (bench is None) == (benches == [])
    assert bench is None or bench in benches[0]


def test_every_core_source_is_about_some_test_and_bench(dev: dict[str, Any]) -> None:
    sources = [str(path.relative_to(ROOT)) for path in (ROOT / "cpp/fastmlp").rglob("*.cpp")]
    assert sources
    for source in sources:
        assert dev["tests_of"]([source]), source
        assert dev["benches_of"]([source]), source


def test_the_table_of_sources_names_tests_that_exist() -> None:
    for source in tomllib.loads((ROOT / ".ci/dev.toml").read_text())["source"]:
        for name in source.get("tests", []):
            assert (ROOT / f"tests/test_{name}.py").exists(), name


def test_an_unknown_command_shows_the_commands() -> None:
    command = [sys.executable, str(ROOT / ".ci/dev.py"), "compile"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert "build | test | bench" in finished.stderr


def test_the_drawing_has_every_module_of_the_core() -> None:
    drawing = ET.parse(ROOT / "docs/images/architecture.svg")
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    for folder in (ROOT / "cpp/fastmlp").iterdir():
        assert folder.name in texts


def test_the_changelog_has_the_headings_of_keep_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^#+ .*$", text, re.M)
    assert headings[:2] == ["# Changelog", "## [Unreleased]"]
    for heading in headings[2:]:
        kinds = "Added|Changed|Deprecated|Removed|Fixed|Security"
        assert re.fullmatch(rf"### ({kinds})|## \[\d+\.\d+\.\d+\] - .+", heading), heading


def test_the_citation_is_of_this_version() -> None:
    module = ast.parse((ROOT / "python/fastmlp/_version.py").read_text())
    version = next(node.value.value for node in module.body if isinstance(node, ast.Assign))  # type: ignore[attr-defined]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
