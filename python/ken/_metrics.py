"""Metrics of the catalogue as functions of truth and prediction, as scikit-learn has them; with an interval for
whoever wants to know how sure a number is."""
from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Optional

import numpy as np

from ken import _ken
from ken._parameters import row_text
from ken._run import seed_of, threads_of


class Interval(NamedTuple):
    """A metric with its interval: NaN where there is none."""

    value: float
    low: float
    high: float
    method: str


class Metric(NamedTuple):
    """Facts of the catalogue about a metric."""

    name: str
    classify: bool
    needs_proba: bool
    binary_only: bool
    higher_is_better: bool
    rows: Mapping[str, str]


def measure(metric: Metric, truth: Any, prediction: Any, *, sample_weight: Any = None, labels: Any = None,
            pos_label: Any = None, groups: Any = None, event: Any = None, upper: Any = None, level: Optional[float] = None,
            random_state: Any = None, n_jobs: Optional[int] = None, **params: Any) -> Any:
    """The metric's value; with a `level` an `Interval`."""
    y = _one_d("y_true", truth)
    n = len(y)
    views: dict[str, Any] = {}
    if metric.classify:
        views = _classes(metric, y, prediction, labels, pos_label)
    else:
        views = {"truth": _numbers("y_true", y), "predicted": _numbers("y_pred", _one_d("y_pred", prediction))}
    for name, side in (("weight", sample_weight), ("upper", upper)):
        if side is not None:
            views[name] = _numbers("sample_weight" if name == "weight" else name, _one_d(name, side))
    if event is not None:
        if upper is not None:
            raise ValueError(f"{metric.name}: an event says seen or not, an upper bound says more: give one")
        seen = _numbers("event", _one_d("event", event))
        views["upper"] = np.where(seen == 1, views["truth"], np.inf) if len(seen) == n else seen
    if groups is not None:
        views["group"] = np.unique(_one_d("groups", groups), return_inverse=True)[1].astype(np.int32)
    for name, view in views.items():
        if isinstance(view, np.ndarray) and len(view) != n:
            raise ValueError(f"Found input variables with inconsistent numbers of samples: y_true has {n} rows, "
                             f"{name} has {len(view)}")
    if n == 0:
        raise ValueError(f"{metric.name}: there is no row")
    if sample_weight is not None and not (np.all(views["weight"] >= 0) and np.isfinite(views["weight"]).all()):
        raise ValueError(f"{metric.name}: sample_weight has values that are missing, negative or infinite")
    settings = {name: row_text(metric.name, name, metric.rows[name], value) for name, value in params.items()}
    if level is None:
        return _ken.metric(metric.name, settings, **views)
    return Interval(*_ken.metric(metric.name, settings, level=float(level), seed=seed_of(random_state),
                                 threads=threads_of(n_jobs), **views))


def _classes(metric: Metric, y: np.ndarray, prediction: Any, labels: Any, pos_label: Any) -> dict[str, Any]:
    """Truth as codes, and predicted codes or probabilities."""
    given = None if labels is None else np.asarray(labels)
    shown = y if metric.needs_proba else _one_d("y_pred", prediction)
    if given is not None:
        classes = np.unique(given)
        if len(classes) != len(given) or (classes != given).any():
            raise ValueError(f"{metric.name}: labels must ascend and not repeat, as classes_ do")
    else:
        classes = np.unique(y if shown is y else np.concatenate([y, shown]))
    if metric.binary_only and len(classes) > 2:
        raise ValueError(f"{metric.name} is for two classes, found {len(classes)} in y_true: {classes.tolist()[:10]}"
                         + (f"; {metric.name}_ovr and {metric.name}_ovo are for more" if metric.name == "roc_auc" else ""))
    views: dict[str, Any] = {}
    if metric.needs_proba:
        proba = np.asarray(prediction, dtype=np.float64)
        classes = _padded(classes, pos_label, 2 if proba.ndim == 1 else proba.shape[1], metric.name)
        views["proba"] = _both(proba, classes, pos_label)
    else:
        if len(classes) == 1 and metric.binary_only:
            classes = _padded(classes, pos_label, 2, metric.name)
        views["predicted"] = _codes(metric.name, classes, shown).astype(np.float64)
    views["truth"] = _codes(metric.name, classes, y)
    views["classes"] = len(classes)
    views["positive"] = _positive(metric, classes, pos_label)
    return views


def _padded(classes: np.ndarray, pos_label: Any, k: int, name: str) -> np.ndarray:
    """As many classes as there are probabilities: rows of 0 and 1 may lack one of them."""
    if len(classes) == k:
        return classes
    if len(classes) == 1 and k == 2:
        other = pos_label if pos_label is not None and pos_label != classes[0] else None
        if other is None and classes[0] in (0, 1, -1):
            other = 1 if classes[0] != 1 else 0
        if other is not None:
            return np.unique(np.array([classes[0], other]))
    raise ValueError(f"{name}: there are {k} columns of probabilities for {len(classes)} classes; labels=model.classes_ "
                     "names them all")


def _both(proba: np.ndarray, classes: np.ndarray, pos_label: Any) -> np.ndarray:
    """(n, k): a score of the positive class alone makes two columns."""
    if proba.ndim == 1:
        first = pos_label is not None and pos_label == classes[0]
        return np.ascontiguousarray(np.column_stack([proba, 1 - proba] if first else [1 - proba, proba]))
    if proba.ndim != 2:
        raise ValueError(f"probabilities must be (n) or (n, classes), got {proba.ndim} dimensions")
    return np.ascontiguousarray(proba)


def _positive(metric: Metric, classes: np.ndarray, pos_label: Any) -> int:
    if pos_label is None or len(classes) != 2:
        return 1
    at = np.flatnonzero(classes == pos_label)
    if not len(at):
        raise ValueError(f"{metric.name}: pos_label={pos_label!r} is none of the classes {classes.tolist()}")
    return int(at[0])


def _codes(name: str, classes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    at = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    wrong = classes[at] != labels
    if wrong.any():
        raise ValueError(f"{name}: {labels[wrong][0]!r} is none of the classes {classes.tolist()[:20]}")
    return at.astype(np.int32)


def _one_d(name: str, values: Any) -> np.ndarray:
    to_numpy = getattr(values, "to_numpy", None)
    out = np.asarray(to_numpy() if to_numpy else values)
    if out.ndim == 2 and out.shape[1] == 1:
        out = out.ravel()
    if out.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {out.shape}")
    return out


def _numbers(name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "fiubO":
        raise TypeError(f"{name} must be numbers, got {values.dtype}")
    return np.ascontiguousarray(values, dtype=np.float64)


class Scorer:
    """The metric as a scorer of scikit-learn, for `scoring=` of whatever searches or cross-validates:
    scorer(estimator, X, y, sample_weight=None), the higher the better."""

    def __init__(self, metric: Metric, params: Mapping[str, Any]) -> None:
        self._metric, self._params = metric, dict(params)

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None, **sides: Any) -> float:
        metric = self._metric
        if not metric.needs_proba:
            prediction = estimator.predict(X)
        elif hasattr(estimator, "predict_proba"):
            prediction = estimator.predict_proba(X)
        else:
            prediction = estimator.decision_function(X)
        classes = getattr(estimator, "classes_", None) if metric.classify else None
        value = measure(metric, y, prediction, sample_weight=sample_weight, labels=classes, **sides, **self._params)
        return value if metric.higher_is_better else -value

    def __repr__(self) -> str:
        inner = "".join(f", {name}={value!r}" for name, value in self._params.items())
        return f"ken.metrics.scorer({self._metric.name!r}{inner})"
