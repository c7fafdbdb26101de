"""Signatures of the native classes for `inspect`, made from their fields when they are read."""

from typing import Any


class FieldSignature:
    """The `__signature__` of the classes of a family."""

    def __get__(self, instance: object, owner: Any) -> object:
        """Return the signature of the constructor; instances have none, as they are no classes."""
        if instance is not None:
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
