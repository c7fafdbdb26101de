"""The command line: ``fastmlp demo``, ``info``, ``export`` and ``playground``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fastmlp._io import layout
from fastmlp._version import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        Words after ``fastmlp``; default those of the process.

    Returns
    -------
    int
        0, or 1 where an extra is missing, or a value or file does not fit; 2 is of wrong usage.

    Examples
    --------
    >>> from fastmlp.cli import main
    >>> main(["demo", "--epochs", "0"])
    1
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ImportError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fastmlp", description="Multilayer perceptrons, fast.")
    parser.add_argument("--version", action="version", version=f"fastmlp {__version__}")
    commands = parser.add_subparsers(title="commands", required=True)
    demo = commands.add_parser("demo", help="learn to read digits, compared with scikit-learn")
    demo.add_argument("--epochs", type=int, default=60, help="passes over the digits (60)")
    demo.add_argument("--seed", type=int, default=0, help="of the split and the networks (0)")
    demo.add_argument("--output", default="fastmlp-demo.png", metavar="PNG", help="the figure")
    demo.add_argument("--quiet", action="store_true", help="show no progress")
    demo.set_defaults(run=_demo)
    play = commands.add_parser("playground", help="TensorFlow Playground, in the browser")
    play.add_argument("url", nargs="?", default="", help="an address of it, or its #state")
    play.add_argument("--port", type=int, default=0, help="of this machine (any that is free)")
    play.add_argument("--no-browser", action="store_true", help="print the address alone")
    play.add_argument("--data", metavar="CSV", help="points of your own: numbers, then a label")
    play.set_defaults(run=_playground)
    info = commands.add_parser("info", help="describe a file of a network, trainer or estimator")
    info.add_argument("file", metavar="FILE")
    info.add_argument("--json", action="store_true", help="for other programs")
    info.add_argument("--max-time-steps", type=int, default=layout.MAX_TIME_STEPS, metavar="N")
    info.set_defaults(run=_info)
    export = commands.add_parser("export", help="write a network for ONNX, torch or C")
    export.add_argument("model", metavar="MODEL", help="the file of a network or trainer")
    kinds = export.add_mutually_exclusive_group(required=True)
    kinds.add_argument("--onnx", metavar="OUT", help="an ONNX model")
    kinds.add_argument("--torch", metavar="OUT", help="a module, for torch.load")
    kinds.add_argument("--c", metavar="OUT", help="a header of C and C++")
    export.add_argument("--max-time-steps", type=int, default=layout.MAX_TIME_STEPS, metavar="N")
    export.set_defaults(run=_export)
    return parser


def _info(options: argparse.Namespace) -> None:
    from fastmlp._io import files

    found = files.describe(options.file)
    if options.json:
        print(json.dumps(found, indent=1))
        return
    specification, tensors = found.pop("specification"), found.pop("tensors")
    networks = _networks(options, specification)
    shown_below = {"layers": None, "history": None}
    settings = specification.get("estimator", {**specification, **shown_below})
    for name, value in {**found, **settings, **found}.items():
        text = value if isinstance(value, str) else json.dumps(value)
        is_array = '"$tensor"' in text or '"$list"' in text
        if name[0] != "_" and value is not None and not is_array:
            print(f"{name}: {text}")
    for name, (dtype, shape) in tensors.items():
        print(f"  {name}  {dtype}  {shape}")
    for network in networks:
        print(network, *filter(None, [network.history]), sep="\n")


class _Named:
    """What stands for a function in Python, of which files have the name alone."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, z: Any) -> Any:
        return z

    def __repr__(self) -> str:
        return self._name


def _own_activations(value: Any) -> Iterator[str]:
    """Yield the names of activations in Python, in the order in which a file is read."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        if key == "activation" and isinstance(each, dict) and "$python" in each:
            yield str(each["$python"])
        elif isinstance(each, (dict, list)):
            yield from _own_activations(each)


def _networks(options: argparse.Namespace, specification: dict[str, Any]) -> Iterable[Any]:
    """Return the networks of a file that has no estimator."""
    from fastmlp import Activation
    from fastmlp._io import files, functions
    from fastmlp.ensemble import FORMAT

    if "estimator" in specification:
        return []
    stand_ins = [
        Activation(_Named(name), _Named("...")) for name in _own_activations(specification)
    ]
    given = dict.fromkeys(functions.PASSED_OVER) | functions.activations(stand_ins)
    is_ensemble = specification["format"] == FORMAT
    kind = FORMAT if is_ensemble else "fastmlp.network"
    found = files.restore(options.file, "fastmlp info", kind, given, options.max_time_steps)
    return found if is_ensemble else [found]


def _export(options: argparse.Namespace) -> None:
    from fastmlp._io import files

    network: Any = files.load(options.model, max_time_steps=options.max_time_steps)
    if options.torch is not None:
        _export_torch(network, options.torch)
    elif options.onnx is not None:
        network.to_onnx(options.onnx)
    else:
        network.to_c(options.c)


def _export_torch(network: Any, path: str) -> None:
    import io

    from fastmlp._data.extras import require
    from fastmlp._io import atomic

    content = io.BytesIO()
    require("torch", "fastmlp export", "torch").save(network.to_torch(), content)
    atomic.write(path, [content.getvalue()])


def _demo(options: argparse.Namespace) -> None:
    from fastmlp import demo

    demo.run(options.epochs, options.seed, options.output, quiet=options.quiet)


def _playground(options: argparse.Namespace) -> None:
    from fastmlp.playground import _server

    _server.serve(options.url, options.port, options.data, browser=not options.no_browser)
