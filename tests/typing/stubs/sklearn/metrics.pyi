from typing import Any

accuracy_score: Any
recall_score: Any
