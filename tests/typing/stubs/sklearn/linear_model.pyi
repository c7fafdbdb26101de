from typing import Any

LinearRegression: Any
LogisticRegression: Any
Ridge: Any
