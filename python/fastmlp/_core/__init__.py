"""The compiled core, in the build that suits this processor (named by `isa`)."""

from .loader import load

isa, _build = load()
globals().update((name, value) for name, value in vars(_build).items() if name[0] != "_")
