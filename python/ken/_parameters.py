"""Parameters of estimators, splitters, metrics: from Python's values to the library's texts, by the rows of descriptors."""
from __future__ import annotations

import difflib
import functools
import inspect
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
    kind, *named = kind.split()  # "choice on off": what True and False are called
    if flag and named:
        value = named[0 if value else 1]
    if kind == "text" and isinstance(value, (list, tuple)):
        return "|".join(str(v) for v in value)
    if kind in ("number", "integer") and isinstance(value, numbers.Real) and not flag:
        number = float(value)
        return text_of(int(number) if number.is_integer() and abs(number) < 2**53 else
                       int(value) if isinstance(value, numbers.Integral) else number)
    if flag if kind == "bool" else isinstance(value, str) and kind not in ("number", "integer"):
        return text_of(value)
    raise TypeError(f"{thing}: {name} must be {WANTED[kind]}, got {value!r} of type {type(value).__name__}")


def says_unknown(init: Any) -> Any:
    """A constructor that says of a parameter which it does not have what it has."""
    known = [name for name in inspect.signature(init).parameters if name != "self"]

    @functools.wraps(init)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:
        for name in kwargs:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}"
                raise TypeError(f"{type(self).__name__} has no parameter {name!r}; {hint}")
        init(self, *args, **kwargs)

    return checked


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
