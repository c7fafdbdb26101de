from typing import Any

DataFrame: Any
read_csv: Any
