"""What kinds of tables Python has, and how each becomes a `Table` of the library.

Nothing is imported that its user has not imported: a frame of pandas cannot come from anybody who has no pandas. What
costs time per cell is done in C; this file only looks at types and takes columns apart.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Sequence

from ken._ken import Table

__all__ = ["as_column", "as_table", "feature_names", "table"]


def as_table(X: Any, *, names: Sequence[str] | None = None) -> Table:
    """X as the inputs of a model: a table with at least one row and one column, few different texts as categories.

    Parameters
    ----------
    X : array (n, d), DataFrame, anything that speaks Arrow, sparse matrix, list of rows, dict of columns, or Table
    names : names for the columns in place of their own

    Returns
    -------
    Table, which borrows the memory of X where the library can read it in place.
    """
    made = table(X, names=names)
    rows, columns = made.n_rows, made.n_columns
    if rows == 0 or columns == 0:
        lacks = "sample" if rows == 0 else "feature"
        raise ValueError(f"Found array with 0 {lacks}(s) (shape=({rows}, {columns})) while a minimum of 1 is required.")
    return made.categorized() if "string" in made.dtypes else made


def table(X: Any, *, names: Sequence[str] | None = None) -> Table:
    """X as a table, which may be empty. See `as_table`."""
    if isinstance(X, Table):
        return X if names is None else Table.from_columns(
            [(str(name), X.column(j)) for j, name in enumerate(_names_for(names, X.n_columns))], X.n_rows)
    numpy = _numpy()
    if type(X) is numpy.ndarray and X.dtype.names is None:
        return _from_array(X, names)
    for take in (_from_pandas, _from_sparse, _from_arrow):
        made = take(X, names)
        if made is not None:
            return made
    if isinstance(X, dict):
        return _from_columns(list(X.items()), names)
    if isinstance(X, numpy.ndarray):
        return _from_special_array(X, names)
    if isinstance(X, (list, tuple)):
        return _from_rows(X, names)
    if hasattr(X, "__array_struct__") or hasattr(X, "__dlpack__"):
        return Table.from_matrix(_detached(X), names)
    if hasattr(X, "__array__"):
        return table(numpy.asarray(X), names=names)
    if isinstance(X, (str, os.PathLike)):
        raise TypeError(f"expected a table, found {type(X).__name__}; ken.read_csv({os.fspath(X)!r}) reads a file")
    raise TypeError(f"expected a table, found {type(X).__name__}; give an array of two dimensions, a DataFrame, "
                    "an Arrow table, a sparse matrix, a list of rows or a dict of columns")


def as_column(y: Any, name: str = "y") -> Table:
    """y, one value a row, as a table of one column. (n, 1) will do, too."""
    if isinstance(y, Table):
        if y.n_columns != 1:
            raise ValueError(f"{name} must be one column, found a table of {y.n_columns}")
        return y
    numpy = _numpy()
    if type(y) is numpy.ndarray:
        return Table.from_columns([(name, y)])
    pandas = sys.modules.get("pandas")
    if pandas is not None:
        if isinstance(y, pandas.DataFrame) and y.shape[1] == 1:
            y = y.iloc[:, 0]
        elif isinstance(y, (pandas.Index, pandas.api.extensions.ExtensionArray)):
            y = pandas.Series(y)
        if isinstance(y, pandas.Series):
            return Table.from_columns([_pandas_column(name, y)], len(y))
    made = _from_arrow(y, None)
    if made is not None:
        return as_column(made, name)
    if numpy.ma.isMaskedArray(y):
        return Table.from_columns([_masked_column(name, y)])
    if isinstance(y, (list, range)):
        return _list_column(name, list(y))
    if isinstance(y, tuple):
        is_category = len(y) == 2 and hasattr(y[0], "__array_struct__")
        return Table.from_columns([(name, y)]) if is_category else _list_column(name, list(y))
    if hasattr(y, "__array_struct__") or hasattr(y, "__dlpack__"):
        return Table.from_columns([(name, _detached(y))])
    if hasattr(y, "__array__"):
        return Table.from_columns([(name, numpy.asarray(y))])
    raise TypeError(f"{name}: expected one value a row, found {type(y).__name__}")


def feature_names(X: Any) -> list[str] | None:
    """Names of the columns where X has any: all of them texts; None where it has none or where they are no texts."""
    columns: Any
    if isinstance(X, Table):
        columns = X.names
    elif isinstance(X, dict):
        columns = list(X)
    else:  # pyarrow, then everybody else, then records of NumPy
        records = getattr(getattr(X, "dtype", None), "names", None)
        columns = getattr(X, "column_names", None) or getattr(X, "columns", None)  # type: ignore[assignment]
        columns = records if columns is None else columns
    if columns is None or callable(columns):
        return None
    columns = list(columns)
    kinds = sorted({type(name).__name__ for name in columns})
    if any(isinstance(name, str) for name in columns) and not all(isinstance(name, str) for name in columns):
        raise TypeError("Feature names are only supported if all input features have string names, but your input has "
                        f"{kinds} as feature name / column name types. If you want feature names to be stored and "
                        "validated, you must convert them all to strings, by using X.columns = X.columns.astype(str) "
                        "for example. Otherwise you can remove feature / column names from your input data, or convert "
                        "them all to a non-string data type.")
    return [str(name) for name in columns] if columns and isinstance(columns[0], str) else None


# --- arrays -------------------------------------------------------------------------------------------------------------
def _numpy() -> Any:
    import numpy

    return numpy


def _names_for(names: Sequence[str], n_columns: int) -> Sequence[str]:
    if len(names) != n_columns:
        raise ValueError(f"{len(names)} names for {n_columns} columns")
    return names


def _detached(X: Any) -> Any:
    """A tensor that carries a gradient lends its memory only without it."""
    return X.detach() if hasattr(X, "detach") else X


def _need_matrix(X: Any) -> None:
    if X.ndim == 2:
        return
    if X.ndim > 2:
        raise ValueError(f"Found array with dim {X.ndim}, while dim <= 2 is required.")
    raise ValueError(f"Expected 2D array, got {'scalar' if X.ndim == 0 else '1D'} array instead:\narray={X}.\n"
                     "Reshape your data either using array.reshape(-1, 1) if your data has a single feature or "
                     "array.reshape(1, -1) if it contains a single sample.")


def _from_array(X: Any, names: Sequence[str] | None) -> Table:
    if X.ndim != 2:
        _need_matrix(X)
    if names is not None:
        names = list(_names_for(names, X.shape[1]))
    return Table.from_matrix(X, names)


def _from_special_array(X: Any, names: Sequence[str] | None) -> Table:
    """Arrays of NumPy that are more than their memory: with a mask, with named fields."""
    numpy = _numpy()
    if X.dtype.names is not None:
        if X.ndim != 1:
            raise ValueError(f"an array of records must have one dimension, found {X.ndim}")
        return _from_columns([(name, X[name]) for name in X.dtype.names], names)
    if not numpy.ma.isMaskedArray(X):
        return _from_array(X, names)
    _need_matrix(X)
    names = [f"x{j}" for j in range(X.shape[1])] if names is None else _names_for(names, X.shape[1])
    return Table.from_columns([_masked_column(name, X[:, j]) for j, name in enumerate(names)], X.shape[0])


def _masked_column(name: str, values: Any) -> tuple[Any, ...]:
    numpy = _numpy()
    return (name, values.data, None if values.mask is numpy.ma.nomask else values.mask)


# --- lists --------------------------------------------------------------------------------------------------------------
def _from_rows(X: Sequence[Any], names: Sequence[str] | None) -> Table:
    """A list of rows: an array where all cells are numbers, else columns of their own."""
    numpy = _numpy()
    if len(X) == 0 or not hasattr(X[0], "__len__") or isinstance(X[0], (str, bytes)):
        _need_matrix(numpy.asarray(X))
    width = len(X[0])
    for i, row in enumerate(X):
        if not hasattr(row, "__len__") or len(row) != width:
            raise ValueError(f"row {i} has {len(row) if hasattr(row, '__len__') else 1} cells where row 0 has {width}")
    try:
        array = numpy.asarray(X)
    except (ValueError, TypeError, OverflowError):
        array = None
    if array is not None and (array.dtype.kind in "biufc" or array.ndim != 2):
        return _from_array(array, names)
    columns = zip(*X) if X else ()
    return _from_columns([(f"x{j}", list(cells)) for j, cells in enumerate(columns)], names)


def _list_column(name: str, cells: list[Any]) -> Table:
    if any(isinstance(cell, (list, tuple)) or getattr(cell, "ndim", 0) > 0 for cell in cells[:1]):
        return Table.from_columns([(name, _numpy().asarray(cells))])
    return Table.from_columns([(name, cells)])


def _from_columns(columns: list[tuple[Any, Any]], names: Sequence[str] | None) -> Table:
    """Columns of any kind, each with its name."""
    if names is not None:
        columns = [(name, values) for name, (_, values) in zip(_names_for(names, len(columns)), columns)]
    made = [(str(name), as_column(values, str(name))) for name, values in columns]
    return Table.from_columns(made)


# --- sparse matrices ------------------------------------------------------------------------------------------------------
def _from_sparse(X: Any, names: Sequence[str] | None) -> Table | None:
    sparse = sys.modules.get("scipy.sparse")
    if sparse is None or not sparse.issparse(X):
        return None
    if X.ndim != 2:
        _need_matrix(X)
    bytes_needed = X.shape[0] * X.shape[1] * max(X.dtype.itemsize, 4)
    limit = _memory() // 2
    if bytes_needed > limit:
        raise MemoryError(f"a sparse matrix of {X.shape[0]} x {X.shape[1]} takes {bytes_needed / 1e9:.1f} GB when made "
                          f"dense, which is more than half of the memory ({limit / 1e9:.1f} GB); drop rare columns or "
                          "reduce it first (TruncatedSVD)")
    return _from_array(X.toarray(order="F" if X.format == "csc" else "C"), names)


def _memory() -> int:
    """Bytes of memory that this machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 1 << 34


# --- pandas ---------------------------------------------------------------------------------------------------------------
def _from_pandas(X: Any, names: Sequence[str] | None) -> Table | None:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if isinstance(X, (pandas.Series, pandas.Index)):
        _need_matrix(X.to_numpy())
    if not isinstance(X, pandas.DataFrame):
        return None
    texts = [str(name) for name in X.columns] if names is None else list(_names_for(names, X.shape[1]))
    block = _pandas_block(X)
    if block is not None:
        return Table.from_matrix(block, texts)
    return Table.from_columns([_pandas_column(name, column) for name, (_, column) in zip(texts, X.items())], len(X))


def _pandas_block(X: Any) -> Any:
    """The frame as one matrix where that is cheap: few cells, or columns that lie in one block; else None."""
    n, d = X.shape
    kinds = {getattr(dtype, "kind", "O") for dtype in set(X.dtypes)} if d > 1 else {"O"}
    if len(set(X.dtypes)) != 1 or not kinds <= set("fiub") or not hasattr(X.dtypes.iloc[0], "newbyteorder"):
        return None
    if n * d > 4096:
        first, last = X.iloc[:, 0].to_numpy(), X.iloc[:, d - 1].to_numpy()
        apart = last.__array_interface__["data"][0] - first.__array_interface__["data"][0]
        if apart not in ((d - 1) * first.itemsize, (d - 1) * n * first.itemsize):
            return None
    return X.to_numpy()


def _pandas_column(name: str, column: Any) -> tuple[Any, ...]:
    """A Series as what `Table.from_columns` takes: (name, values) or (name, values, mask)."""
    dtype = column.dtype
    kind = type(dtype).__name__
    if hasattr(dtype, "newbyteorder"):  # NumPy's own
        return (name, column.to_numpy())
    if kind == "CategoricalDtype":
        return (name, (column.cat.codes.to_numpy(), _pandas_levels(name, column.cat.categories)))
    if kind == "DatetimeTZDtype":
        return (name, column.to_numpy(dtype=f"datetime64[{dtype.unit}]"))
    if kind == "PeriodDtype":
        return (name, column.dt.to_timestamp().to_numpy())
    if kind == "SparseDtype":
        return (name, column.sparse.to_dense().to_numpy())
    if kind == "ArrowDtype" or getattr(dtype, "storage", None) == "pyarrow":
        return (name, _pandas_arrow(name, column))
    if hasattr(dtype, "numpy_dtype") and hasattr(column.array, "_mask"):
        return (name, column.array._data, column.array._mask)
    return (name, column.to_numpy(dtype=object))


def _pandas_levels(name: str, levels: Any) -> Table:
    kind = type(levels.dtype).__name__
    if kind == "IntervalDtype":
        return as_column([str(level) for level in levels], name)
    return as_column(levels, name)


def _pandas_arrow(name: str, column: Any) -> Any:
    """Columns that pandas keeps in Arrow's memory."""
    return as_column(column.array.__arrow_array__(), name)


# --- Arrow ----------------------------------------------------------------------------------------------------------------
def _from_arrow(X: Any, names: Sequence[str] | None) -> Table | None:
    """polars, pyarrow, and whatever else lends its memory by the Arrow C data interface."""
    if not (hasattr(X, "__arrow_c_stream__") or hasattr(X, "__arrow_c_array__")):
        return None
    made = Table.from_arrow(X)
    return made if names is None else table(made, names=names)


# --- dates ----------------------------------------------------------------------------------------------------------------
def time_of(cell: Any) -> int | float | None:
    """A date as microseconds since 1970 UTC (int), a duration as seconds (float); None: neither.

    Called for single objects only; arrays of dates never come here."""
    import datetime

    numpy = _numpy()
    if isinstance(cell, datetime.datetime) and cell.tzinfo is not None:
        cell = cell.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    if isinstance(cell, (datetime.date, numpy.datetime64)):
        return int(numpy.datetime64(cell, "us").astype("int64"))
    if isinstance(cell, (datetime.timedelta, numpy.timedelta64)):
        if numpy.isnat(numpy.timedelta64(cell)):
            return float("nan")
        return float(numpy.timedelta64(cell) / numpy.timedelta64(1, "s"))
    return None
