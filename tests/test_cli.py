"""The command line: `fastmlp demo`, also as `python -m fastmlp`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import fastmlp as fm
from fastmlp.cli import main


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fastmlp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=cwd)


def test_demo_trains_compares_and_draws(tmp_path: Path) -> None:
    """Accuracy compared with scikit-learn's, and a picture, after one epoch each."""
    pytest.importorskip("sklearn")
    pytest.importorskip("matplotlib")
    done = run("demo", "--epochs", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
    assert "scikit-learn" in done.stdout or "MLPClassifier" in done.stdout
    pictures = list(tmp_path.glob("*.png"))
    assert len(pictures) == 1
    assert pictures[0].read_bytes().startswith(b"\x89PNG")


def test_help_names_the_commands(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "demo" in done.stdout


def test_version(tmp_path: Path) -> None:
    done = run("--version", cwd=tmp_path)
    assert done.returncode == 0
    assert fm.__version__ in done.stdout


@pytest.mark.parametrize("arguments", [["dmeo"], ["demo", "--epochs", "-1"], ["demo", "--epoch=x"]])
def test_misuse_is_a_sentence_and_an_exit_code(arguments: list[str], tmp_path: Path) -> None:
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode != 0
    assert done.stderr
    assert "Traceback" not in done.stderr


def saved(folder: Path) -> fm.Network:
    net = fm.Network([3, 4, 2], activation="tanh", seed=0)
    net.save(folder / "model")
    return net


def test_export_writes_an_onnx_model(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    net = saved(tmp_path)
    done = run("export", "model", "--onnx", "model.onnx", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (fm.from_onnx(tmp_path / "model.onnx").parameters == net.parameters).all()


def test_export_writes_a_module_for_torch(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    net = saved(tmp_path)
    done = run("export", "model", "--torch", "model.pt", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    module = torch.load(tmp_path / "model.pt", weights_only=False)
    assert (fm.from_torch(module).parameters == net.parameters).all()


def test_export_calls_the_method_for_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the network of the file and the path."""
    calls: list[Any] = []
    net = saved(tmp_path)
    monkeypatch.setattr(fm.Network, "to_c", lambda *given: calls.append(given), raising=False)
    assert main(["export", str(tmp_path / "model"), "--c", "net.h"]) == 0
    ((network, path),) = calls
    assert path == "net.h"
    assert (network.parameters == net.parameters).all()


def flat(z: Any) -> Any:
    return z


def slope(z: Any) -> Any:
    return 0 * z + 1


def test_info_describes_every_kind_of_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ensembles with each of their networks, and functions in Python by their names."""
    path = str(tmp_path / "model")
    networks = [fm.Network([3, 2 + seed, 1], seed=seed) for seed in range(2)]
    networks[1].fit([[1, 2, 3]], [1], epochs=2)
    fm.Ensemble(networks).save(path)
    assert main(["info", path]) == 0
    text = capsys.readouterr().out
    assert text.startswith("format: fastmlp.ensemble\n")
    assert text.endswith(f"{networks[0]}\n{networks[1]}\n{networks[1].history}\n")
    layers = [fm.Dense(2, (flat, slope)), fm.Dense(2, "tanh"), fm.Dense(1, (slope, flat))]
    net = fm.Network(layers, inputs=3, seed=0)
    for owner in net, fm.Trainer(net, optimizer=fm.SGD(lambda step: 0.1)):
        owner.save(path)
        assert main(["info", path]) == 0
        text = capsys.readouterr().out
        assert "Network 3-2-2-1, float32, seed 0, 0 epochs trained" in text
        assert text.index("f=test_cli.flat") < text.index("Tanh()") < text.index("f=test_cli.slope")


@pytest.mark.parametrize("arguments", [[], ["--onnx", "a", "--c", "b"], ["--json", "a"]])
def test_export_wants_one_kind(arguments: list[str], tmp_path: Path) -> None:
    done = run("export", "model", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_export_of_no_model_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("no model")
    done = run("export", "model", "--onnx", "model.onnx", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("fm.load: 'model' cannot be read: ")
    assert not (tmp_path / "model.onnx").exists()
