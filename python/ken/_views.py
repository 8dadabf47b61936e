"""What a `Table` shows and becomes in Python. `Table`'s methods of these names call what stands here."""

from __future__ import annotations

import html
from typing import Any

from ken._ken import Table

_ROWS_SHOWN = 10
_COLUMNS_SHOWN = 20


def to_pandas(table: Table) -> Any:
    """A DataFrame: whole numbers and truth values with missing cells in pandas' nullable types, times as datetime64[us]."""
    import pandas

    if table.n_columns and all(dtype == "f64" for dtype in table.dtypes):
        return pandas.DataFrame(table.to_numpy(), columns=table.names, copy=False)
    frame = pandas.DataFrame({j: _series(pandas, table, j) for j in range(table.n_columns)}, index=range(table.n_rows), copy=False)
    frame.columns = table.names
    return frame


def _series(pandas: Any, table: Table, j: int) -> Any:
    dtype, cells = table.dtypes[j], table._cells(j)
    if dtype == "string":
        return pandas.Series(cells, dtype=None if any(cell is not None for cell in cells) else object)
    values, more = cells
    if dtype == "category":
        return pandas.Series(pandas.Categorical.from_codes(values, more))
    if dtype == "i64" and more is not None:
        return pandas.Series(pandas.arrays.IntegerArray(values, more))
    if dtype == "bool" and more is not None:
        return pandas.Series(pandas.arrays.BooleanArray(values, more))
    return pandas.Series(values)


def to_polars(table: Table) -> Any:
    """A polars DataFrame over the same memory where that is dense."""
    import polars

    return polars.DataFrame(table)


def to_arrow(table: Table) -> Any:
    """A pyarrow Table over the same memory where that is dense."""
    import pyarrow

    return pyarrow.table(table)


def item(table: Table, key: Any) -> Table:
    """table["name"]: a column; table[["a", "b"]]: several; both not copied."""
    names = [key] if isinstance(key, str) else key
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError(f"a table is indexed by the name of a column or a list of names, found {type(key).__name__}")
    have = table.names
    for name in names:
        if name not in have:
            raise KeyError(f"{name!r}: the table's columns are {', '.join(have[:_COLUMNS_SHOWN])}")
    return Table.from_columns([(name, table.column(have.index(name))) for name in names], table.n_rows)


def to_parts(table: Table) -> tuple[Any, ...]:
    """How a table is pickled: its columns as arrays and lists."""
    columns: list[tuple[Any, ...]] = []
    for j, (name, dtype) in enumerate(zip(table.names, table.dtypes)):
        cells = table._cells(j)
        if dtype == "string":
            columns.append((name, cells, None, "string"))
        else:
            columns.append((name, *cells, dtype))
    return (from_parts, (columns, table.n_rows))


def from_parts(columns: list[tuple[Any, ...]], n_rows: int) -> Table:
    rows: list[tuple[Any, ...]] = []
    for name, values, more, dtype in columns:
        if dtype == "category":
            rows.append((name, (values, more)))
        elif dtype == "string" and not any(cell is not None for cell in values):
            rows.append((name, _texts_missing(n_rows)))
        else:
            rows.append((name, values, more if dtype in ("i64", "bool") else None))
    return Table.from_columns(rows, n_rows)


def _texts_missing(n_rows: int) -> Table:
    """A column of texts of which none is there."""
    import numpy

    return Table.from_columns([("", numpy.zeros(n_rows, "U1"), numpy.ones(n_rows, bool))], n_rows)


# --- looks ----------------------------------------------------------------------------------------------------------------
def _shown(table: Table) -> tuple[list[str], list[str], list[list[str]], str]:
    """Names, types and cells of the first rows and columns, and what is left out."""
    names, dtypes = table.names[:_COLUMNS_SHOWN], table.dtypes[:_COLUMNS_SHOWN]
    head = table.head(_ROWS_SHOWN)
    columns = [_cell_texts(head, j) for j in range(len(names))]
    rows = [list(cells) for cells in zip(*columns)] if columns else []
    size = f"{table.n_rows:,} rows × {table.n_columns:,} columns"
    return names, dtypes, rows, size


def _cell_texts(head: Table, j: int) -> list[str]:
    dtype, cells = head.dtypes[j], head._cells(j)
    if dtype == "string":
        return ["" if cell is None else cell for cell in cells]
    values, more = cells
    if dtype == "category":
        return ["" if code < 0 else more[code] for code in values]
    if dtype in ("f64", "f32"):
        return ["" if value != value else f"{value:.6g}" for value in values.tolist()]
    if dtype == "time":
        return ["" if str(value) == "NaT" else str(value) for value in values]
    missing = [False] * len(values) if more is None else more
    return ["" if gone else str(value) for value, gone in zip(values.tolist(), missing)]


def to_text(table: Table) -> str:
    names, dtypes, rows, size = _shown(table)
    columns = [[name, dtype, *cells] for name, dtype, cells in zip(names, dtypes, zip(*rows) if rows else [()] * len(names))]
    widths = [min(max(len(text) for text in column), 24) for column in columns]
    lines = ["  ".join(text[:width].rjust(width) for text, width in zip(line, widths)) for line in zip(*columns)]
    more = ["…"] if table.n_rows > len(rows) else []
    return "\n".join([f"Table: {size}", *lines, *more])


def to_html(table: Table) -> str:
    names, dtypes, rows, size = _shown(table)
    head = "".join(f"<th>{html.escape(name)}<br><small>{dtype}</small></th>" for name, dtype in zip(names, dtypes))
    dots = "<th>…</th>" if table.n_columns > len(names) else ""
    body = "".join("<tr>" + "".join(f"<td>{html.escape(text)}</td>" for text in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}{dots}</tr></thead><tbody>{body}</tbody></table><p>{size}</p>"
