"""What all estimators of the package share; classes of things (ken.linear ...) are written from the catalogue
(gen.py) and derive from those here. They are scikit-learn's own kind: BaseEstimator and its mixins do what they do
everywhere, and the fitted state is one `Model` of the library."""
from __future__ import annotations

from typing import Any, ClassVar, Mapping, Optional

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, OutlierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ken import _ken
from ken._data import blame, classes_of, numbers_of, one_d, table_of, target_of, weights_of
from ken._parameters import says_unknown, settings_of
from ken._run import Bar, seed_of, threads_of

#: rows up to which a prediction is not worth a second thread
FEW_ROWS = 512
_F64 = np.dtype(np.float64)


def gives(what: str) -> Any:
    """A method that is there only where the estimator can give such predictions: as its class says before a fit, as
    the fitted model says after it."""
    return available_if(lambda self: self._can(what))


class Estimator(BaseEstimator):
    """A thing of the catalogue."""

    _thing: ClassVar[str]
    _task: ClassVar[str] = "auto"
    _rows: ClassVar[Mapping[str, str]] = {}  # parameters of the library: name -> kind
    _thing_tags: ClassVar[frozenset[str]] = frozenset()
    _gives: ClassVar[frozenset[str]] = frozenset()
    _margin: ClassVar[str] = ""
    _texts_are_categories: ClassVar[bool] = True

    # --- parameters -------------------------------------------------------------------------------------------------
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = says_unknown(cls.__init__)  # type: ignore[method-assign]

    def set_params(self, **params: Any) -> "Estimator":
        """Set parameters, those of a base with two underscores (``base__max_depth=3``)."""
        for name, kind in self._rows.items():
            base = params.get(name, getattr(self, name))
            if kind == "model" and isinstance(base, str) and any(key.startswith(name + "__") for key in params):
                from ken._lookup import estimator

                params = {name: estimator(base, self._task), **{k: v for k, v in params.items() if k != name}}
        return super().set_params(**params)

    def _base_tags(self) -> frozenset[str]:
        """The tags, with those of the bases where the thing can what its base can."""
        tags = self._thing_tags
        if "base" not in tags:
            return tags
        for base in self._bases():
            tags = tags | base._base_tags()
        return tags

    def _bases(self) -> list[Any]:
        from ken._lookup import estimator

        bases = [getattr(self, name) for name, kind in self._rows.items() if kind == "model"]
        bases = [estimator(base, self._task) if isinstance(base, str) else base for base in bases]
        return [base for base in bases if isinstance(base, Estimator)]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        mine = self._base_tags_or_none()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = "missing" in mine
        tags.input_tags.categorical = "category" in mine
        return tags

    def _base_tags_or_none(self) -> frozenset[str]:
        try:
            return self._base_tags()
        except Exception:  # a parameter that no estimator is: fit will say so
            return self._thing_tags

    # --- fit ----------------------------------------------------------------------------------------------------------
    def _table(self, X: Any, *, reset: bool) -> Any:
        tags = self._base_tags_or_none()
        return table_of(self, X, reset=reset, typed="category" in tags, categories=self._texts_are_categories)

    def _blame(self, X: Any) -> None:
        blame(self, X, "missing" in self._base_tags_or_none())

    def _run(self, X: Any, table: Any, target: Any, verb: str = "fit", model: Any = None, **sides: Any) -> Any:
        """One long verb of a new model, or of `model`, on the table that X became; gives what the verb gives."""
        if model is None:
            model = _ken.Model(self._thing, settings_of(self))
        sides = {name: side for name, side in sides.items() if side is not None}
        verbose = getattr(self, "verbose", False)
        seed, threads = seed_of(getattr(self, "random_state", None)), threads_of(self.n_jobs)
        try:
            with Bar(bool(verbose)) as bar:
                out = getattr(model, verb)(table, target, task=self._task, seed=seed, threads=threads,
                                           progress=verbose if callable(verbose) else bar, **sides)
        except ValueError:
            self._blame(X)
            raise
        self._fitted(model)
        return out

    def _fitted(self, model: Any) -> None:
        self._model = model
        self._quick_width = -1 if hasattr(self, "feature_names_in_") else self.n_features_in_

    def __sklearn_is_fitted__(self) -> bool:
        return "_model" in self.__dict__

    @property
    def model_(self) -> Any:
        """The fit as a `ken.Model`: `save` writes the file that the program `ken` and the C library read."""
        from ken._model import Model

        check_is_fitted(self)
        return Model(self._model)

    def _learned(self, name: str) -> Any:
        """Attribute `name` of the model; AttributeError where there is none (yet)."""
        model = self.__dict__.get("_model")
        value = None if model is None else model.attr(name)
        if value is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute '{name}_': "
                                 + ("it is not fitted" if model is None else "this fit has not learned it"))
        return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value

    def _importances(self) -> np.ndarray:
        model = self.__dict__.get("_model")
        if model is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute 'feature_importances_': it is not fitted")
        return model.importance("gain")

    # --- predictions -----------------------------------------------------------------------------------------------------
    def _can(self, what: str) -> bool:
        if what not in self._gives:
            return False
        if what == "margin" and self._task == "classify" and not self._signed():
            return False
        model = self.__dict__.get("_model")
        return model is None or model.width(what) > 0

    def _signed(self) -> bool:
        """Whether a margin above 0 says the second class."""
        return self._margin == "signed" or self._margin == "base" and all(b._can("margin") for b in self._bases())

    def _ask(self, X: Any, what: str = "value") -> np.ndarray:
        """(n, width) of f64. Few rows of f64 without names go straight to the model, which looks at all that they may
        have wrong."""
        mine = self.__dict__
        quick = (type(X) is np.ndarray and X.ndim == 2 and X.shape[1] == mine.get("_quick_width") and X.dtype is _F64
                 and 0 < X.shape[0] <= FEW_ROWS)
        try:
            if quick:
                return mine["_model"].predict(X, what, 1)
            check_is_fitted(self)
            return self._model.predict(self._table(X, reset=False), what, threads_of(self.n_jobs))
        except ValueError:
            self._blame(X)
            raise

    @gives("leaf")
    def apply(self, X: Any) -> np.ndarray:
        """The leaf that each row falls into, per tree: (n, trees) of whole numbers from 0."""
        return self._ask(X, "leaf").astype(np.int64)

    @gives("contributions")
    def contributions(self, X: Any, background: Any = None) -> np.ndarray:
        """What each column adds to the margin of each row (SHAP values), the base last: they add up to the margin.

        Parameters
        ----------
        X : table or array of shape (n, d)
        background : table or array, optional
            Rows whose values stand in for what is not known; without it the paths of the trees say.

        Returns
        -------
        array of shape (n, d + 1); with more than two classes (n, classes, d + 1)
        """
        if background is None:
            out = self._ask(X, "contributions")
        else:
            check_is_fitted(self)
            out = self._model.contributions_against(self._table(X, reset=False), self._table(background, reset=False),
                                                    threads_of(self.n_jobs))
        return _by_output(out, self.n_features_in_ + 1)

    @gives("interactions")
    def interaction_values(self, X: Any) -> np.ndarray:
        """SHAP interaction values: of each row a symmetric matrix whose row j adds up to contribution j, the base
        last; (n, d + 1, d + 1), with more than two classes (n, classes, d + 1, d + 1)."""
        side = self.n_features_in_ + 1
        out = _by_output(self._ask(X, "interactions"), side * side)
        return out.reshape(*out.shape[:-1], side, side)

    # --- looks ------------------------------------------------------------------------------------------------------------
    def _repr_html_inner(self) -> str:
        from ken._picture import html_of

        return html_of(self, super()._repr_html_inner())

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        out = super()._repr_mimebundle_(**kwargs)
        if "text/html" in out:
            out["text/html"] = self._repr_html_inner()
        return out


def _by_output(out: np.ndarray, width: int) -> np.ndarray:
    outputs = out.shape[1] // width
    return out if outputs == 1 else out.reshape(len(out), outputs, width)


class Supervised(Estimator):
    """Learns from a target."""

    def _encode(self, y: Any, n: int, known: bool) -> tuple[Any, Any]:
        """The target as the library gets it, and its classes. known: those of the model must do."""
        raise NotImplementedError

    def _learn(self, X: Any, y: Any, *, weight: Any = None, eval_set: Any = None, more: bool = False,
               decay: Optional[float] = None, **sides: Any) -> Any:
        """fit; with `more` fit_more, and with a decay refit, of the model that is there."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        if more:
            check_is_fitted(self)
        table = self._table(X, reset=not more)
        n = table.n_rows
        sides = {name: None if side is None else one_d(self, side, name, n) for name, side in sides.items()}
        if eval_set is None:
            target, classes = self._encode(y, n, more)
        else:
            table, y_all, sides = self._with_validation(table, y, eval_set, sides)
            target, classes = self._encode(y_all, table.n_rows, more)
        weight = self._weights(y, weights_of(self, weight, n), n)
        if weight is not None and eval_set is not None:
            weight = np.concatenate([weight, np.ones(table.n_rows - n)])
        verb = "fit" if not more else "fit_on" if decay is None else "refit"
        if verb == "fit_on":
            for name, text in settings_of(self).items():
                self._model.set(name, text)
        if decay is not None:
            sides["decay"] = float(decay)
        self._run(X, table, target, verb, self._model if more else None, weight=weight, **sides)
        if classes is not None:
            self.classes_ = classes
        return self

    def _with_validation(self, table: Any, y: Any, eval_set: Any, sides: dict[str, Any]) -> Any:
        """Validation rows behind the training rows."""
        if isinstance(eval_set, list) and len(eval_set) == 1:
            eval_set = eval_set[0]
        if not isinstance(eval_set, tuple) or len(eval_set) not in (2, 3):
            raise ValueError(f"{type(self).__name__}: eval_set is (X, y), or (X, y, groups) where groups are given")
        given = [name for name, side in sides.items() if side is not None]
        if [name for name in given if name != "group"]:
            raise ValueError(f"{type(self).__name__}: with eval_set there can be no {', '.join(given)}")
        if len(eval_set) - 2 != len(given):
            raise ValueError(f"{type(self).__name__}: groups are given of the training rows or of the validation rows "
                             "only; give both or none")
        other = self._table(eval_set[0], reset=False)
        n, m = table.n_rows, other.n_rows
        y = np.concatenate([np.asarray(target_of(self, y, n)), np.asarray(target_of(self, eval_set[1], m))])
        role = np.repeat(np.array([0, 1], dtype=np.uint8), [n, m])
        groups = (np.concatenate([sides["group"], one_d(self, eval_set[2], "groups of eval_set", m)])
                  if given else None)
        return _ken.stack(table, other), y, {"role": role, "group": groups}

    def _weights(self, y: Any, weight: Optional[np.ndarray], n: int) -> Optional[np.ndarray]:
        return weight


class Regressor(RegressorMixin, Supervised):
    _task = "regress"

    def _encode(self, y: Any, n: int, known: bool) -> tuple[Any, Any]:
        return numbers_of(self, y, n), None

    def predict(self, X: Any) -> np.ndarray:
        """The value of each row.

        Parameters
        ----------
        X : table or array of shape (n, d)

        Returns
        -------
        array of shape (n,)
        """
        return self._ask(X).ravel()

    @gives("interval")
    def predict_interval(self, X: Any) -> np.ndarray:
        """(n, 2): lower and upper end of the interval of each row."""
        return self._ask(X, "interval")

    @gives("quantiles")
    def predict_quantiles(self, X: Any) -> np.ndarray:
        """(n, levels): the quantiles of each row, ascending."""
        return self._ask(X, "quantiles")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = "baseline" in self._thing_tags
        return tags


class Classifier(ClassifierMixin, Supervised):
    _task = "classify"
    classes_: np.ndarray

    def _encode(self, y: Any, n: int, known: bool) -> tuple[Any, Any]:
        classes, target = classes_of(self, y, n)
        if not known:
            return target, classes
        new = classes[~np.isin(classes, self.classes_)]
        if len(new):
            raise ValueError(f"{type(self).__name__}: the model has no class {new[0]!r}; fit a new one")
        return target, self.classes_

    def _weights(self, y: Any, weight: Optional[np.ndarray], n: int) -> Optional[np.ndarray]:
        """Weights of classes, given as a dictionary, are weights of their rows."""
        by_class = getattr(self, "class_weight", None)
        if not isinstance(by_class, Mapping):
            return weight
        from sklearn.utils.class_weight import compute_sample_weight

        of_rows = compute_sample_weight(by_class, one_d(self, y, "y", n))
        return of_rows if weight is None else weight * of_rows

    def predict(self, X: Any) -> np.ndarray:
        """The class of each row, the most probable one.

        Parameters
        ----------
        X : table or array of shape (n, d)

        Returns
        -------
        array of shape (n,), of the type of `classes_`
        """
        return self.classes_.take(self._ask(X).ravel().astype(np.intp)) if "_model" in self.__dict__ else self._ask(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """(n, classes): the probability of each class, in the order of `classes_`."""
        return self._ask(X, "proba")

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """(n, classes): the logarithm of the probability of each class."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    @gives("margin")
    def decision_function(self, X: Any) -> np.ndarray:
        """What the probabilities are made of: (n), above 0 for the second class, of two classes; else (n, classes)."""
        out = self._ask(X, "margin")
        return out.ravel() if out.shape[1] == 1 else out

    @gives("set")
    def predict_set(self, X: Any) -> np.ndarray:
        """(n, classes) of bool: whether the class is in the prediction set of the row."""
        return self._ask(X, "set") != 0

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = "baseline" in self._thing_tags
        return tags


class Detector(OutlierMixin, Estimator):
    _task = "detect"

    def fit(self, X: Any, y: Any = None) -> "Detector":
        """Learn what rows usually look like.

        Parameters
        ----------
        X : table or array of shape (n, d)
        y : ignored
        """
        self._run(X, self._table(X, reset=True), None)
        return self

    @property
    def offset_(self) -> float:
        """From which value of `score_samples` on a row is an inlier."""
        return -self.outlier_threshold_

    def score_samples(self, X: Any) -> np.ndarray:
        """(n): how usual each row is, the lower the stranger, at least -1."""
        return -self._ask(X).ravel()

    def decision_function(self, X: Any) -> np.ndarray:
        """(n): `score_samples` above `offset_`; below 0 it is an outlier."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> np.ndarray:
        """(n): 1 of an inlier, -1 of an outlier."""
        return np.where(self.decision_function(X) >= 0, 1, -1)


__all__ = ["Classifier", "Detector", "Estimator", "Regressor", "gives"]
