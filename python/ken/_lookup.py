"""Things of the catalogue by their name."""
from __future__ import annotations

from importlib import import_module
from typing import Any

from ken._index import THINGS


def estimator(name: str, task: str = "auto", **params: Any) -> Any:
    """An estimator or transformer by its name in the catalogue.

    Parameters
    ----------
    name : str
        'ridge', 'boosting', 'one_hot' ...
    task : {'auto', 'regress', 'classify', 'detect'}, default='auto'
        Which of its classes; auto where it has one only.
    params
        Its parameters.
    """
    classes = THINGS.get(name)
    if classes is None:
        from difflib import get_close_matches

        near = get_close_matches(name, THINGS, 1)
        raise ValueError(f"there is no estimator {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    if task not in classes and len(classes) > 1:
        raise ValueError(f"{name} is there to {' or to '.join(classes)}; say which by task=")
    room, kind = classes.get(task) or next(iter(classes.values()))
    return getattr(import_module(f"ken.{room}"), kind)(**params)
