"""scikit-learn's own tests of its networks, run with ours in their place."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

sklearn = pytest.importorskip("sklearn", minversion="1.6")
THEIRS = Path(sklearn.__file__).parent / "neural_network/tests/test_mlp.py"
IMPORT = "from sklearn.neural_network import MLPClassifier, MLPRegressor"
PRIVATE = {  # tests that read private attributes of scikit-learn's classes
    "test_adaptive_learning_rate",  # _optimizer
    "test_gradient",  # _loss_grad_lbfgs
    "test_learning_rate_warmstart",  # _optimizer
}


def test_scikit_learns_tests_of_its_networks_pass(tmp_path: Path) -> None:
    """All but those of private attributes, which fail for these alone."""
    if not THEIRS.exists():
        pytest.skip("scikit-learn is installed without its tests")
    text = THEIRS.read_text(encoding="utf-8")
    assert IMPORT in text
    copy = tmp_path / "test_mlp.py"
    copy.write_text(
        text.replace(IMPORT, IMPORT.replace("sklearn.neural_network", "fastmlp.sklearn"))
    )
    (tmp_path / "conftest.py").write_text((THEIRS.parents[2] / "conftest.py").read_text())
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", str(copy)]
    run = subprocess.run(
        [*command, "-W", "ignore"], cwd=tmp_path, capture_output=True, text=True, timeout=600
    )
    failed = re.findall(r"^(?:FAILED|ERROR) \S*::(\w+)\S* - (\w+)", run.stdout, re.M)
    assert {name for name, _ in failed} == PRIVATE, run.stdout
    assert {error for _, error in failed} == {"AttributeError"}
    assert int(re.findall(r"(\d+) passed", run.stdout)[0]) >= 50
