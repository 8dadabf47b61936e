"""Parameters of estimators, splitters, metrics: from Python's values to the library's texts, by the rows of descriptors."""
from __future__ import annotations

import numbers
from typing import Any, Dict, Mapping

import numpy as np

from ken._settings import text_of

WANTED = {"bool": "True or False", "number": "a number", "integer": "a whole number", "text": "a text",
          "choice": "one of its names", "model": "the name of an estimator"}


def row_text(thing: str, name: str, kind: str, value: Any) -> str:
    """One value as the library reads it. What it cannot be is a TypeError; what it must not be the library says."""
    if isinstance(value, (np.generic, np.ndarray)) and np.ndim(value) == 0:
        value = value.item()
    flag = isinstance(value, bool)
    if kind == "text" and isinstance(value, (list, tuple)):
        return "|".join(str(v) for v in value)
    if kind in ("number", "integer") and isinstance(value, numbers.Real) and not flag:
        number = float(value)
        return text_of(int(number) if number.is_integer() and abs(number) < 2**53 else
                       int(value) if isinstance(value, numbers.Integral) else number)
    if flag if kind == "bool" else isinstance(value, str) and kind not in ("number", "integer"):
        return text_of(value)
    raise TypeError(f"{thing}: {name} must be {WANTED[kind]}, got {value!r} of type {type(value).__name__}")


def settings_of(estimator: Any) -> Dict[str, str]:
    """All parameters of an estimator of the package, those of a base with dotted names."""
    settings: Dict[str, str] = {}
    for name, kind in estimator._rows.items():
        value = getattr(estimator, name)
        if value is None or name == "class_weight" and isinstance(value, Mapping):  # weights of rows: see Classifier
            continue
        if kind == "model" and not isinstance(value, str):
            if not hasattr(value, "_rows"):
                raise TypeError(f"{estimator._thing}: {name} must be an estimator of ken or the name of one, "
                                f"got {value!r} of type {type(value).__name__}")
            settings[name] = value._thing
            settings.update({f"{name}.{key}": text for key, text in settings_of(value).items()})
        else:
            settings[name] = row_text(estimator._thing, name, kind, value)
    return settings
