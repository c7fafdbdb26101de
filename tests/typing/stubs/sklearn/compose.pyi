from typing import Any

ColumnTransformer: Any
TransformedTargetRegressor: Any
make_column_selector: Any
