"""What native classes need to be read by `inspect` and printed by `pprint`."""

from collections.abc import Callable
from typing import Any


class FieldSignature:
    """The `__signature__` of the classes of a family."""

    def __get__(self, instance: object, owner: Any) -> object:
        """Return the signature of the constructor; only classes with fields have one."""
        if instance is not None or not hasattr(owner, "fields"):
            return None
        from inspect import Parameter, Signature

        return Signature(
            [
                Parameter(
                    field.name,
                    Parameter.POSITIONAL_OR_KEYWORD,
                    default=Parameter.empty if field.required else field.default,
                )
                for field in owner.fields
            ]
        )


def hashable_repr(native: Callable[[object], str]) -> Callable[[object], str]:
    """Return a `__repr__` that is a function of Python.

    `pprint`, and scikit-learn's printing with it, look methods up in a dictionary, and those of
    pybind11 have no hash.
    """

    def __repr__(self: object) -> str:
        return native(self)

    del __repr__.__annotations__["self"]  # as in the stubs of the other methods
    return __repr__
