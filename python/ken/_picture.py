"""A small picture of a fitted estimator for notebooks: bars of coefficients or importances, as inline SVG."""
from __future__ import annotations

from html import escape
from typing import Any, Optional, Tuple

import numpy as np

MOST, ROW, LABEL, BAR = 12, 18, 150, 220


def html_of(estimator: Any, table: str) -> str:
    """scikit-learn's own table of parameters, with the picture under it."""
    found = _values(estimator)
    return table if found is None else f"{table}<div>{bars(*found)}</div>"


def _values(estimator: Any) -> Optional[Tuple[str, list[str], np.ndarray]]:
    if "_model" not in estimator.__dict__:
        return None
    names = list(estimator._model.inputs)
    importances = estimator._model.importance("gain")
    if importances is not None:
        return "importance (share of gain)", list(estimator._model.features), np.asarray(importances)
    coef = estimator._model.attr("coef")
    if coef is None or np.ndim(coef) != 1 or len(coef) != len(names):
        return None
    return "coefficient", names, np.asarray(coef)


def bars(title: str, names: list[str], values: np.ndarray) -> str:
    """The largest values, those below 0 to the left."""
    order = np.argsort(-np.abs(values), kind="stable")[:MOST]
    largest = float(np.abs(values[order]).max()) or 1.0
    signed = bool((values[order] < 0).any())
    zero = LABEL + (BAR / 2 if signed else 0)
    unit = (BAR / 2 if signed else BAR) / largest
    rows = []
    for i, j in enumerate(order):
        y, value = 22 + i * ROW, float(values[j])
        x = min(zero, zero + value * unit)
        name = names[j] if len(names[j]) <= 20 else names[j][:19] + "\N{HORIZONTAL ELLIPSIS}"
        rows.append(f'<text x="{LABEL - 6}" y="{y + 12}" text-anchor="end">{escape(name)}</text>'
                    f'<rect x="{x:.1f}" y="{y + 2}" width="{abs(value) * unit:.1f}" height="{ROW - 5}" fill="#4477aa"/>'
                    f'<text x="{LABEL + BAR + 6}" y="{y + 12}">{value:.4g}</text>')
    more = f", the largest {MOST} of {len(values)}" if len(values) > MOST else ""
    height = 26 + len(order) * ROW
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + BAR + 80}" height="{height}" role="img" '
            f'aria-label="{escape(title)}" font-family="sans-serif" font-size="12" fill="currentColor">'
            f'<text x="0" y="12" font-weight="bold">{escape(title + more)}</text>{"".join(rows)}</svg>')
