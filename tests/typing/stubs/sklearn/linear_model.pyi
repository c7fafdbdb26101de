from typing import Any

LogisticRegression: Any
Ridge: Any
