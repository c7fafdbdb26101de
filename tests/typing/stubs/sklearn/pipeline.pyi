from typing import Any

Pipeline: Any
make_pipeline: Any
