"""Columns of tables as arrays."""
from __future__ import annotations

from typing import Any

import numpy as np

NUMBERS = ("f64", "f32", "i64", "bool")


def to_array(column: Any) -> np.ndarray:
    """A Table of one column as an array: numbers as they are (NaN: missing), times as datetime64, texts and categories as
    objects (None: missing)."""
    kind = column.dtypes[0]
    if kind in NUMBERS:
        return np.asarray(column.to_numpy().ravel())
    cells = column._cells(0)
    if kind == "string":
        return np.asarray(cells, dtype=object)
    values, levels = cells
    if kind == "category":
        return np.asarray([*levels, None], dtype=object)[values]
    return np.asarray(values)
