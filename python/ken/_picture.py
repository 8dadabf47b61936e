"""A small picture of a fitted estimator for notebooks: bars of coefficients or importances. Of plain elements, since
notebooks that are not trusted drop drawings."""
from __future__ import annotations

from typing import Any, Optional, Tuple

import numpy as np

from ken import _html

MOST = 12
DOWN = "#e07b00"


def html_of(estimator: Any, table: str) -> str:
    """scikit-learn's own table of parameters, with the picture under it."""
    found = _values(estimator)
    return table if found is None else table + bars(*found)


def _values(estimator: Any) -> Optional[Tuple[str, list[str], np.ndarray]]:
    if "_model" not in estimator.__dict__:
        return None
    names = list(estimator._model.inputs)
    importances = estimator._model.importance("gain")
    if importances is not None:
        return "Importance (share of gain)", list(estimator._model.features), np.asarray(importances)
    coef = estimator._model.attr("coef")
    if coef is None or np.ndim(coef) != 1 or len(coef) != len(names):
        return None
    return "Coefficients", names, np.asarray(coef)


def bars(title: str, names: list[str], values: np.ndarray) -> str:
    """The largest values; those below 0 in another color."""
    order = np.argsort(-np.abs(values), kind="stable")[:MOST]
    largest = float(np.abs(values[order]).max()) or 1.0
    rows = [[names[j], float(values[j]),
             _html.raw(_html.bar(abs(values[j]) / largest, DOWN if values[j] < 0 else _html.BLUE))] for j in order]
    more = f", the largest {MOST} of {len(values)}" if len(values) > MOST else ""
    return _html.box(title + more, _html.table(["column", "", ""], rows))
