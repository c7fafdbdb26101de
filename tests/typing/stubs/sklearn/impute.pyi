from typing import Any

SimpleImputer: Any
