"""Which exception a failure of the library becomes."""

from __future__ import annotations

_BUILTIN = {
    "KEN_E_TYPE": TypeError,
    "KEN_E_IO": OSError,
    "KEN_E_CANCELLED": KeyboardInterrupt,
    "KEN_E_BUG": RuntimeError,
    "KEN_E_NOMEM": MemoryError,
}


#: What the library says in the program's words, as Python says it.
_IN_PYTHON = {
    "put a recipe in front of the model": "put a recipe in front of it: make_pipeline(ken.preprocess.Recipe(), ...)",
}


def not_fitted_error() -> type[Exception]:
    """scikit-learn's NotFittedError where scikit-learn is there, else one of the same bases."""
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return NotFitted
    return NotFittedError


class NotFitted(ValueError, AttributeError):
    """A model was asked before it was fitted."""


def exception_of(code: str, message: str, hint: str, place: str) -> BaseException:
    """The exception for a status of the library, with its message, hint and place."""
    if code == "KEN_E_STATE":
        kind: type[BaseException] = not_fitted_error() if "not fitted" in message else RuntimeError
    else:
        kind = _BUILTIN.get(code, ValueError)
    text = f"{place}: {message}" if place else message
    for said, in_python in _IN_PYTHON.items():
        hint = hint.replace(said, in_python)
    if hint:
        text = f"{text}; {hint}"
    error = kind(text)
    error.code, error.message, error.hint, error.place = code, message, hint, place  # type: ignore[attr-defined]
    return error
