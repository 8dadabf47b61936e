"""Machine learning for tables: scikit-learn's habits, models written in C.

The modules of the rooms (ken.linear, ken.boosting, ken.metrics ...) have a class or a function for each thing of the
catalogue; they are imported when first asked for, and scikit-learn with them.
"""
from __future__ import annotations

from typing import Any

from ken._index import ROOMS, THINGS
from ken._ken import Table
from ken._ken import version as __version__
from ken._lookup import estimator
from ken._model import Model, load
from ken._tables import table
from ken._train import Trained, describe, read_csv, train

__all__ = ["Model", "Table", "Trained", "__version__", "describe", "estimator", "load", "read_csv", "table", "train", *ROOMS]


def __getattr__(name: str) -> Any:
    if name not in ROOMS:
        places = [f"ken.{room}.{kind}" for classes in THINGS.values() for room, kind in classes.values() if kind == name]
        raise AttributeError(f"module 'ken' has no attribute {name!r}" + (f"; it is {places[0]}" if places else ""))
    from importlib import import_module

    try:
        return import_module(f"ken.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != "sklearn":
            raise
        raise ModuleNotFoundError(f"ken.{name} needs scikit-learn 1.6 or newer: pip install scikit-learn",
                                  name="sklearn") from None


def __dir__() -> list[str]:
    return sorted(__all__)
