from typing import Any

PCA: Any
