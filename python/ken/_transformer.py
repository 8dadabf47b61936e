"""Transformers of the catalogue as scikit-learn's."""
from __future__ import annotations

import re
from typing import Any

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from ken import _frames
from ken._data import classes_of, numbers_of, target_of, weights_of
from ken._estimator import Estimator
from ken._run import threads_of


class Transformer(TransformerMixin, Estimator):
    """Columns in, columns out."""

    def _learn(self, verb: str, X: Any, y: Any, weight: Any = None) -> Any:
        table = self._table(X, reset=True)
        target = None
        if self._needs_y:
            target = self._encode(y, table.n_rows)
        return self._run(X, table, target, verb, weight=weights_of(self, weight, table.n_rows))

    _needs_y = False
    _texts_are_categories = False

    def _encode(self, y: Any, n: int) -> Any:
        """Names and few whole numbers are classes, as in the library."""
        y = target_of(self, y, n)
        if y.dtype.kind not in "fiu" or type_of_target(y, input_name="y") == "unknown":
            return classes_of(self, y, n)[1]
        return numbers_of(self, y, n)

    def fit(self, X: Any, y: Any = None) -> "Transformer":
        """Learn from the rows.

        Parameters
        ----------
        X : table or array of shape (n, d)
        y : (n), where the thing looks at a target
        """
        self._learn("fit", X, y)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """What the rows of the fit become; where a transformer looks at the target, each row's values come from
        other rows, which `fit` and then `transform` would not do."""
        return self._out(self._learn("fit_transform", X, y))

    def transform(self, X: Any) -> Any:
        """The columns that rows become."""
        check_is_fitted(self)
        try:
            return self._out(self._model.transform(self._table(X, reset=False), threads_of(self.n_jobs)))
        except ValueError:
            self._blame(X)
            raise

    def _out(self, table: Any) -> Any:
        """An array of f64 where all columns are numbers, else of objects; a frame where set_output asks for one."""
        names = list(table.names)
        if all(dtype in _frames.NUMBERS for dtype in table.dtypes):
            return table.to_numpy()
        kind = _get_output_config("transform", self)["dense"]
        if kind in ("pandas", "polars"):
            return table.to_pandas() if kind == "pandas" else table.to_polars()
        out = np.empty((table.n_rows, len(names)), dtype=object)
        for j in range(len(names)):
            out[:, j] = _frames.to_array(table.column(j))
        return out

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Names of the columns that come out.

        Parameters
        ----------
        input_features : names of the columns of the fit, where it had none of its own
        """
        check_is_fitted(self)
        given = _check_feature_names_in(self, input_features)
        names = self._model.outputs()
        if not hasattr(self, "feature_names_in_"):
            names = [re.sub(r"(?<![A-Za-z0-9])x(\d+)(?![0-9])",
                            lambda m: str(given[int(m[1])]) if int(m[1]) < len(given) else m[0], name)
                     for name in names]
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self._needs_y
        return tags
