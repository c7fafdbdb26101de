"""The compiled core, in the build that suits this processor (named by `isa`)."""

from collections.abc import Callable
from functools import reduce
from operator import or_

from .loader import load
from .signatures import FieldSignature, hashable_repr

isa, _build = load()
globals().update((name, value) for name, value in vars(_build).items() if name[0] != "_")

# The members of each family as a type, for annotations and isinstance.
AnyActivation, Loss, Initializer, Schedule, LineSearch, _Rule, _Method = (
    reduce(or_, vars(_build)[family].values())
    for family in (
        *("activations", "losses", "initializers", "schedules", "line_searches"),
        *("optimizers", "methods"),
    )
)
AnyActivation |= _build.Activation  # an own one, which has no name
Elementwise = Callable  # a function of it; the stub has its arguments
Optimizer = _Rule | _Method

_build.Member.__signature__ = FieldSignature()
_build.Member.__repr__ = hashable_repr(_build.Member.__repr__)
