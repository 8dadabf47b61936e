"""Rows, targets and weights on their way in: checked as scikit-learn checks them, and not copied where it can be
helped."""
from __future__ import annotations

from typing import Any, List, Optional, Tuple

import numpy as np
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_feature_names, _check_n_features, validate_data

from ken import _ken

#: most cells of a sparse matrix that is made dense: 4 GB of f64
SPARSE_LIMIT = 2**29
#: most different texts of a column that is a category to a model
MOST_LEVELS = 65536
#: widest range of whole numbers whose classes are counted
MOST_COUNTED = 65536


def is_frame(X: Any) -> bool:
    """A table of named columns, whoever made it: pandas, polars, Arrow, this package."""
    return isinstance(X, _ken.Table) or hasattr(X, "__arrow_c_stream__") or (
        hasattr(X, "columns") and hasattr(X, "dtypes"))


def is_text(X: Any) -> bool:
    """An array (or lists) in which there may be text."""
    return getattr(getattr(X, "dtype", None), "kind", "" if hasattr(X, "dtype") else "O") in "OUS"


def table_of(estimator: Any, X: Any, *, reset: bool, typed: bool, categories: bool) -> Any:
    """X as a `Table`. reset: the estimator is being fitted, and learns what its columns are; typed: they may be texts,
    which are categories then, or stay texts."""
    if is_frame(X):
        return _typed(_table_of_frame(estimator, X, reset), reset and typed and categories)
    if hasattr(X, "toarray") and hasattr(X, "shape") and X.shape[0] * X.shape[1] > SPARSE_LIMIT:
        raise ValueError(f"{type(estimator).__name__}: a sparse matrix of {X.shape[0]} x {X.shape[1]} cells is too "
                         "large to be made dense; take fewer rows or columns")
    try:  # whether cells are finite, the library looks for itself: see blame
        X_ = validate_data(estimator, X, reset=reset, accept_sparse="csr", ensure_all_finite=False)
    except ValueError as error:
        if not (typed and is_text(X)) or np.ndim(X) != 2 or 0 in np.shape(X):
            raise _with_remedy(estimator, error) from None
        try:  # what numbers they are is no news where they all are numbers
            check_array(X, ensure_all_finite=False)
        except ValueError:
            return _typed(_table_of_frame(estimator, np.asarray(X, dtype=object), reset), reset and categories)
        raise
    if hasattr(X_, "toarray"):
        X_ = X_.toarray()
    return _ken.Table.from_matrix(X_, names_of(estimator))


def _with_remedy(estimator: Any, error: ValueError) -> ValueError:
    """The error of scikit-learn's check, with what this package has against it."""
    text, name = str(error), type(estimator).__name__
    if text.startswith("Input X contains NaN"):
        return ValueError(f"Input X contains NaN.\n{name} takes no missing cells: put ken.preprocess.Impute() or Recipe() "
                          "in front of it (make_pipeline), or take a model that learns from them (boosting, forest, tree).")
    if "could not convert string" in text:
        return ValueError(f"{text}; {name} takes numbers: put ken.preprocess.Recipe() or OneHot() in front of it "
                          "(make_pipeline)")
    return error


def blame(estimator: Any, X: Any, allow_nan: bool) -> None:
    """After a ValueError of the library: says it in scikit-learn's words where X has cells that are not finite."""
    if is_frame(X):
        return
    try:
        check_array(X, accept_sparse=True, ensure_all_finite="allow-nan" if allow_nan else True, estimator=estimator,
                    input_name="X")
    except ValueError as error:
        raise _with_remedy(estimator, error) from None


def names_of(estimator: Any) -> Optional[List[str]]:
    names = getattr(estimator, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def _table_of_frame(estimator: Any, X: Any, reset: bool) -> Any:
    from ken import _tables

    if isinstance(X, _ken.Table):
        _check_names(estimator, list(X.names), reset)
    else:
        _check_feature_names(estimator, X, reset=reset)
        _check_n_features(estimator, X, reset=reset)
    names = names_of(estimator)
    table = _tables.table(X, names=None if names else [f"x{j}" for j in range(estimator.n_features_in_)])
    for count, what in ((table.n_rows, "sample"), (table.n_columns, "feature")):
        if count == 0:
            raise ValueError(f"Found array with 0 {what}(s) (shape=({table.n_rows}, {table.n_columns})) while a "
                             f"minimum of 1 is required by {type(estimator).__name__}.")
    return table


def _typed(table: Any, categories: bool) -> Any:
    """Texts are categories to an estimator that takes those."""
    return table.categorized(MOST_LEVELS) if categories and "string" in table.dtypes else table


def _check_names(estimator: Any, names: List[str], reset: bool) -> None:
    """What scikit-learn does with the columns of a frame, for a Table."""
    if reset:
        estimator.feature_names_in_ = np.asarray(names, dtype=object)
        estimator.n_features_in_ = len(names)
    elif len(names) != estimator.n_features_in_:
        raise ValueError(f"X has {len(names)} features, but {type(estimator).__name__} is expecting "
                         f"{estimator.n_features_in_} features as input")
    elif hasattr(estimator, "feature_names_in_") and names != list(estimator.feature_names_in_):
        raise ValueError("The feature names should match those that were passed during fit: found "
                         f"{', '.join(names)}, expected {', '.join(estimator.feature_names_in_)}")


def one_d(estimator: Any, values: Any, name: str, n: int) -> np.ndarray:
    """A column beside the rows: (n) of them."""
    values = column_or_1d(_array(values), warn=True)
    if len(values) != n:
        raise ValueError(f"Found input variables with inconsistent numbers of samples: X has {n} rows, {name} has "
                         f"{len(values)}")
    return values


def _array(values: Any) -> Any:
    if isinstance(values, _ken.Table):
        from ken._frames import to_array

        return to_array(values)
    to_numpy = getattr(values, "to_numpy", None)
    return to_numpy() if to_numpy is not None else values


def target_of(estimator: Any, y: Any, n: int) -> np.ndarray:
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None")
    y = one_d(estimator, y, "y", n)
    if y.dtype.kind == "c":
        raise ValueError("Complex data not supported\n" + repr(y))
    if y.dtype.kind == "O":
        gaps = np.flatnonzero([cell is None or type(cell).__name__ in ("NAType", "NaTType")
                               or isinstance(cell, float) and cell != cell for cell in y])
        if len(gaps):
            raise ValueError(f"Input y contains NaN or None, first in row {gaps[0]}; drop the rows whose target is "
                             "missing.")
    if y.dtype.kind in "fO":
        check_array(y, ensure_2d=False, dtype=None, input_name="y", estimator=estimator)
    return y


def numbers_of(estimator: Any, y: Any, n: int) -> np.ndarray:
    y = target_of(estimator, y, n)
    if y.dtype.kind in "fiub" and y.dtype.itemsize <= 8:
        return y
    try:
        return y.astype(np.float64)
    except ValueError as error:
        raise ValueError(f"{type(estimator).__name__}: y must be numbers: {error}; a classifier takes names") from None


def classes_of(estimator: Any, y: Any, n: int) -> Tuple[np.ndarray, Any]:
    """Sorted classes, of y's own type, and what the library gets: numbers as they are, names as codes and levels."""
    y = target_of(estimator, y, n)
    counted = _counted(y)
    if counted is not None:
        return counted, y.astype(np.int64, copy=False)
    check_classification_targets(y)
    classes, codes = np.unique(y, return_inverse=True)
    if classes.dtype.kind in "fiu" and classes.dtype.itemsize <= 8:
        return classes, classes.astype(np.float64 if classes.dtype.kind == "f" else np.int64)[codes]
    return classes, (codes.astype(np.int32), [str(c) for c in classes])


def _counted(y: np.ndarray) -> Optional[np.ndarray]:
    """The classes of whole numbers that lie close together, by counting: sorting a million takes longer than a tree."""
    if y.dtype.kind not in "iu" or not len(y):
        return None
    low, high = int(y.min()), int(y.max())
    if high - low >= MOST_COUNTED or high > np.iinfo(np.int64).max:
        return None
    y_ = y.astype(np.int64, copy=False)
    there = np.bincount(y_ - low if low else y_)
    return (np.flatnonzero(there) + low).astype(y.dtype)


def weights_of(estimator: Any, weight: Any, n: int) -> Optional[np.ndarray]:
    if weight is None:
        return None
    weight = np.asarray(_array(weight), dtype=np.float64)
    if weight.ndim == 0:
        weight = np.full(n, weight)
    if weight.ndim != 1:
        raise ValueError(f"Sample weights must be 1D array or scalar, got {weight.ndim}D array.")
    if len(weight) != n:
        raise ValueError(f"sample_weight.shape == {weight.shape}, expected {(n,)}!")
    if n and not weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return weight
