"""What this processor can run."""
from __future__ import annotations
__all__: list[str] = ['level']
def level() -> int:
    """The x86-64 level of this processor, 1 to 4; 0 where it is of another kind."""
