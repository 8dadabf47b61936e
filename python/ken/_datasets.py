"""Data sets of the catalogue as functions."""
from __future__ import annotations

from typing import Any, Mapping

from ken import _ken
from ken._parameters import row_text
from ken._run import seed_of
from ken._frames import to_array


def load(name: str, target: str, return_X_y: bool, kinds: Mapping[str, str], values: Mapping[str, Any],
         random_state: Any = None) -> Any:
    """The table; or (features, target), the target as an array of numbers, or of texts."""
    settings = ",".join(f"{key}={row_text(name, key, kinds[key], value)}" for key, value in values.items())
    table = _ken.dataset(f"{name}:{settings}" if settings else name, seed_of(random_state))
    if not return_X_y:
        return table
    names = list(table.names)
    others = [(column, table.column(j)) for j, column in enumerate(names) if column != target]
    return _ken.Table.from_columns(others, table.n_rows), to_array(table.column(names.index(target)))
