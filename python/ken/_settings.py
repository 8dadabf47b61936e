"""Parameters between Python's values and the library's texts."""

from __future__ import annotations

import json
from typing import Any


def text_of(value: Any) -> str:
    """The text that the library reads for a value of a parameter."""
    if isinstance(value, str):
        return value
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # a NumPy scalar
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    raise TypeError(f"a parameter must be a number, a bool or a text, found {type(value).__name__}")


def from_json(text: str) -> dict[str, str]:
    """Settings out of the JSON object that `Model.params()` gives."""
    return {name: text_of(value) for name, value in json.loads(text).items() if value is not None}
