"""The command line: ``fastmlp demo``, ``fastmlp playground``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

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
        0, or 1 where an extra is missing or a value does not fit.

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
    return parser


def _demo(options: argparse.Namespace) -> None:
    from fastmlp import demo

    demo.run(options.epochs, options.seed, options.output, quiet=options.quiet)


def _playground(options: argparse.Namespace) -> None:
    from fastmlp.playground import _server

    _server.serve(options.url, options.port, options.data, browser=not options.no_browser)
