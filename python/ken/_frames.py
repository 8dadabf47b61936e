"""Tables of the library on their way out: columns as arrays, tables as frames."""
from __future__ import annotations

from typing import Any

import numpy as np

NUMBERS = ("f64", "f32", "i64", "bool")


def to_array(column: Any) -> np.ndarray:
    """A Table of one column as an array: numbers as they are (NaN: missing), texts and times as objects (None)."""
    if column.dtypes[0] in NUMBERS:
        return column.to_numpy().ravel()
    return np.asarray(_arrow(column).column(0).to_pylist(), dtype=object)


def _arrow(table: Any) -> Any:
    """Through pyarrow, or polars: whatever is there."""
    try:
        import pyarrow
    except ImportError:
        import polars

        return polars.DataFrame(table).to_arrow()
    return pyarrow.table(table)


def to_pandas(table: Any) -> Any:
    return _arrow(table).to_pandas()


def to_polars(table: Any) -> Any:
    import polars

    return polars.DataFrame(table)
