"""Splitters of the catalogue as scikit-learn's: for `cv=` of whatever cross-validates."""
from __future__ import annotations

from typing import Any, ClassVar, Iterator, Mapping, Optional, Tuple

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import column_or_1d
from sklearn.utils.validation import _num_samples

from ken import _ken
from ken._parameters import row_text
from ken._run import seed_of


class Splitter(BaseCrossValidator):
    """Rows to train on and rows to test on."""

    _thing: ClassVar[str]
    _rows: ClassVar[Mapping[str, str]] = {}

    def _settings(self) -> dict[str, str]:
        return {name: row_text(self._thing, name, kind, getattr(self, name)) for name, kind in self._rows.items()}

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """How many splits there are."""
        return _ken.splits(self._thing, self._settings())

    def split(self, X: Any, y: Any = None, groups: Any = None, *,
              time: Any = None) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        """Pairs of row numbers, to train on and to test on.

        Parameters
        ----------
        X : table, array or list of n rows
        y : (n) targets, where the splitter looks at them
        groups : (n) labels; rows of one group stay together, where the splitter looks at them
        time : (n) what orders the rows, where the splitter looks at that; else they are in order
        """
        n = _num_samples(X)
        seed = seed_of(getattr(self, "random_state", None))
        sides = {"target": _column(y), "group": _column(groups), "time": _column(time)}
        for name, side in sides.items():
            if side is not None and _rows_of(side) != n:
                raise ValueError(f"Found input variables with inconsistent numbers of samples: X has {n} rows, {name} "
                                 f"has {_rows_of(side)}")
        sides = {name: side for name, side in sides.items() if side is not None}
        settings = self._settings()
        for i in range(_ken.splits(self._thing, settings)):
            yield _ken.split(self._thing, settings, n, i, seed=seed, **sides)


def _rows_of(side: Any) -> int:
    return len(side[0] if isinstance(side, tuple) else side)


def _column(values: Any) -> Optional[Any]:
    """Numbers as they are, anything else as codes and levels."""
    if values is None:
        return None
    to_numpy = getattr(values, "to_numpy", None)
    values = column_or_1d(to_numpy() if to_numpy else values)
    if values.dtype.kind == "M":
        return values.astype("datetime64[us]").astype(np.int64)
    if values.dtype.kind in "fiub" and values.dtype.itemsize <= 8:
        return values
    levels, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int32), [str(level) for level in levels]
