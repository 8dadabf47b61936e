"""From a table to an evaluated, explained model in one call; and what comes before: reading a file, looking at it."""

from __future__ import annotations

import datetime
import json
import os
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

from ken import _html, _ken
from ken._figures import Figures, Report
from ken._model import Model
from ken._results import Account, Description, Evaluation, Explanation, Leaderboard
from ken._run import Bar, seed_of, threads_of
from ken._settings import text_of
from ken._tables import as_table

__all__ = ["Trained", "describe", "read_csv", "train"]


def train(data: Any, target: Optional[str] = None, *, model: Any = None, settings: Optional[Mapping[str, Any]] = None,
          test: float = 0.2, folds: int = 0, metric: Optional[str] = None, intervals: Optional[float] = None,
          task: str = "auto", weight: Optional[str] = None, group: Optional[str] = None, time: Optional[str] = None,
          offset: Optional[str] = None, event: Optional[str] = None, upper: Optional[str] = None, validation: Any = None,
          start: Optional[Model] = None, refit: bool = False, decay: float = 0.0,
          random_state: Any = None, n_jobs: Optional[int] = None, verbose: bool = False) -> "Trained":
    """Trains a model on a table, evaluates it on rows that it never saw, and is ready to explain it.

    Numbers, categories, dates, free text and missing cells are prepared by a recipe that is learned on the training rows
    and is part of the model. The same data, arguments and `random_state` give the same model, bit for bit, whatever
    `n_jobs` is, and the same as the program's `ken train` gives.

    Parameters
    ----------
    data : DataFrame (pandas, polars, ...), Arrow table, `ken.Table`, dict of columns
    target : name of the column to predict; None only for a model that finds outliers
    model : name of a model, or an estimator of the package (`ken.boosting.BoostingClassifier(trees=300)`), whose parameters
        are taken; None: a few are compared by cross-validation on the training rows, the best one is kept
    settings : parameters of the model by name, {"trees": 300}; recipe.NAME for those of the preparation
    test : share of the rows that is set aside for the evaluation; 0: none
    folds : K-fold cross-validation on the training rows besides
    metric : what the best model is chosen by
    intervals : share of new rows that intervals (of classes: sets) shall hold, 0.9 say: `predict_interval`, `predict_set`
    task : "classify", "regress", or "auto": text, booleans and up to 10 whole numbers are classified
    weight : column of row weights
    group : column; rows of one group are never split between training and test
    time : column; train on what came before, test on what came after
    offset : column; where each row's margin starts: a log exposure, another model's margin
    event : column, survival; 1: the target was seen, 0: it is later than that
    upper : column, survival; upper bound of the target, missing: none
    validation : table of rows to stop early by, instead of a share of the training rows
    start : a boosting model that is fitted on, until it has settings={"trees": N} rounds in all (instead of `model`)
    refit : the trees of `start` stay, with new values in their leaves ...
    decay : ... that keep so much of the old ones, 0 to 1
    random_state : seed; None: always the same one
    n_jobs : threads; None: as many as there are CPUs
    verbose : show progress

    Returns
    -------
    Trained

    Examples
    --------
    >>> trained = ken.train(df, target="churn")
    >>> trained                                   # how good it is, against a baseline
    >>> trained.predict(new_rows)
    >>> trained.report("churn.html")
    >>> trained.model.save("churn.ken")
    """
    given = {name: value for name, value in locals().items()
             if name not in ("data", "validation", "start", "n_jobs", "verbose") and value is not None
             and value != _TRAIN_DEFAULTS.get(name)}
    table = as_table(data)
    thing, texts = _thing(model)
    texts.update({name: text_of(value) for name, value in (settings or {}).items()})
    if task == "auto" and getattr(model, "_task", "auto") in ("classify", "regress"):
        task = model._task
    seed = seed_of(getattr(model, "random_state", None) if random_state is None else random_state)
    threads = threads_of(n_jobs)
    with Bar(verbose) as progress:
        made, training, facts = _ken.train(
            table, target=_name("target", target), model=thing, settings=[f"{name}={text}" for name, text in texts.items()],
            test=test, folds=folds, metric=metric, intervals=0.0 if intervals is None else intervals, task=task,
            weight=_name("weight", weight), group=_name("group", group), time=_name("time", time),
            offset=_name("offset", offset), event=_name("event", event), upper=_name("upper", upper),
            validation=None if validation is None else as_table(validation),
            start=None if start is None else start._model, refit=refit, decay=decay, seed=seed, threads=threads, progress=progress)
    others = [f"{name}={name}" for name, value in (("validation", validation), ("start", start)) if value is not None]
    return Trained(Model(made), json.loads(facts), training, _call(given, others), table.about or {}, seed, n_jobs)


_TRAIN_DEFAULTS: Dict[str, Any] = {"test": 0.2, "folds": 0, "task": "auto", "refit": False, "decay": 0.0}


def _call(given: Dict[str, Any], others: List[str]) -> str:
    """The call as a person would write it."""
    return f"ken.train({', '.join(['df', *(f'{name}={value!r}' for name, value in given.items()), *others])})"


def _thing(model: Any) -> Tuple[Optional[str], Dict[str, str]]:
    """Name and parameters of what `train` was given as a model."""
    if model is None or isinstance(model, str):
        return model, {}
    if hasattr(model, "_thing") and hasattr(model, "_rows"):
        from ken._parameters import settings_of

        return model._thing, settings_of(model)
    raise TypeError(f"model must be the name of a model or an estimator of ken, found {type(model).__name__}")


def _name(what: str, value: Any) -> Optional[str]:
    """The name of a column; frames may have numbers for names, tables have texts."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise TypeError(f"{what} must be the name of a column, found {type(value).__name__}")


class Trained:
    """What `train` gives: the model, how good it is, and where that comes from.

    Attributes
    ----------
    model : Model
    metrics : dict, name -> value on the rows set aside
    intervals : dict, name -> (low, high), 95 %
    baseline : dict, the same metrics of a model that ignores the columns
    metric, score : what models were chosen by, and its value on the rows set aside
    evaluation : Evaluation, all of that together
    leaderboard : Leaderboard; empty where a model was named
    cv : dict, metric -> {"mean", "se", "folds"}; empty without `folds`
    rows : dict, how many rows there are for "train", "validation", "test"
    coverage, interval_width : of intervals or sets on the rows set aside; None where none were asked for
    history : dict, what early stopping looked at after each round; empty without
    seconds : dict, "fit" and "predict"
    """

    def __init__(self, model: Model, facts: Dict[str, Any], training: Any, call: str, about: Dict[str, Any], seed: int,
                 n_jobs: Optional[int] = None) -> None:
        self.model = model
        self._facts = facts
        self._training = training
        self._call = call
        self._about = about
        self._seed = seed
        self._n_jobs = n_jobs
        self._made = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        self._explained: Optional[Explanation] = None
        self.evaluation = Evaluation(facts)
        self.metrics = self.evaluation.metrics
        self.intervals = self.evaluation.intervals
        self.baseline = self.evaluation.baseline
        self.metric: Optional[str] = facts.get("metric")
        self.score = float(facts["score"])
        self.leaderboard = Leaderboard(facts.get("compared", []), self.metric or "", facts.get("reason", ""))
        self.cv: Dict[str, Any] = {name: value for name, value in facts.get("cv", {}).items() if isinstance(value, dict)}
        self.rows = {name: int(facts[f"rows_{name}"]) for name in ("train", "validation", "test")}
        self.coverage: Optional[float] = facts.get("coverage")
        self.interval_width: Optional[float] = facts.get("interval_width")
        self.history: Dict[str, List[float]] = {k: [float(v) for v in row] for k, row in facts.get("history", {}).items()}
        self.seconds = {name: float(facts[f"{name}_seconds"]) for name in ("fit", "predict")}

    def __getstate__(self) -> Dict[str, Any]:
        """Without the rows, which belong to the training: the report is made before they go."""
        if self.model.target and self._training is not None:
            self._explain()
        return {**self.__dict__, "_training": None}

    # --- answers --------------------------------------------------------------------------------------------------------
    def predict(self, X: Any, **options: Any) -> Any:
        """As `Model.predict`."""
        return self.model.predict(X, **options)

    def predict_proba(self, X: Any, **options: Any) -> Any:
        """As `Model.predict_proba`."""
        return self.model.predict_proba(X, **options)

    def evaluate(self, X: Any, **options: Any) -> Evaluation:
        """As `Model.evaluate`: on other rows than those that were set aside, which `evaluation` has."""
        return self.model.evaluate(X, **options)

    # --- explanations -----------------------------------------------------------------------------------------------------
    def _explain(self) -> Explanation:
        if self._explained is None:
            source = {"data_name": self._about.get("name", "a table in Python"), "checksum": self._about.get("sha256"),
                      "command": self._call, "made": self._made}
            encoded = {name: text.encode() for name, text in source.items() if text}
            self._explained = Explanation(*_ken.train_report(self._training, source=encoded, seed=self._seed,
                                                             threads=threads_of(self._n_jobs)))
        return self._explained

    def explain(self, X: Any = None, row: Optional[int] = None, **options: Any) -> Union[Explanation, Account]:
        """What the model goes by, measured on the rows set aside, or on X; with `row`, why it said what it said of that
        row of X (counted from 0). Some seconds of work, once."""
        if X is not None:
            return self.model.explain(X, row, **options)
        if row is not None:
            raise TypeError("give the table that the row is in: explain(df, row=0)")
        return self._explain()

    @property
    def figures(self) -> Figures:
        """The figures of the report by name: roc, calibration, importance, effect-0, ... Made when first asked for."""
        return self._explain().figures

    def report(self, path: Optional[Union[str, "os.PathLike[str]"]] = None) -> Report:
        """The page that `ken train` writes: data, models, quality, explanations, model card; it asks no server for anything.

        path : where to write it, whole or not at all; None: nowhere (a notebook shows it).
        """
        made = self._explain().report
        if path is not None:
            made.save(path)
        return made

    # --- looks --------------------------------------------------------------------------------------------------------------
    def _against(self) -> str:
        if not self.metrics:
            return ""
        name = self.metric or next(iter(self.metrics))
        low, high = self.intervals.get(name, (float("nan"), float("nan")))
        said = f"{name} {self.metrics[name]:.4g}"
        if low == low and high == high:
            said += f" (95 %: {low:.4g} – {high:.4g})"
        if name in self.baseline:
            said += f", baseline {self.baseline[name]:.4g}"
        return said

    def __repr__(self) -> str:
        rows = f"{self.rows['train']:,} rows to learn from, {self.rows['test']:,} set aside"
        lines = [f"{self.model.target or 'outliers'} from {self.model.title} ({self.model.name})", rows]
        if len(self.leaderboard):
            lines.append(repr(self.leaderboard))
        if self.metrics:
            lines.append(repr(self.evaluation))
        if self.coverage is not None:
            lines.append(f"{100 * self.coverage:.1f} % inside, mean width {self.interval_width:.4g}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        task = {"classify": "classified by", "regress": "predicted by"}.get(self.model.task, "found by")
        title = f"{_html.escape(self.model.target or 'Outliers')} {task} {_html.escape(self.model.title)}"
        parts = [_html.note(f"{self.rows['train']:,} rows to learn from, {self.rows['test']:,} set aside; "
                            f"fitted in {_html.seconds(self.seconds['fit'])}. {self._against()}")]
        if len(self.leaderboard):
            parts.append(self.leaderboard._repr_html_())
        if self.cv:
            parts.append(_html.box("Cross-validation on the training rows", _html.table(
                ["metric", "mean", ""], [[n, float(v["mean"]), f"± {float(v['se']):.2g}"] for n, v in self.cv.items()])))
        if self.metrics:
            parts.append(self.evaluation._repr_html_())
        parts.append(_html.note("report(), figures, explain(), model.save(path)"))
        return _html.box(title, *parts)


def read_csv(path: Union[str, "os.PathLike[str]"], *, delimiter: Optional[str] = None, header: Optional[bool] = None,
             types: Optional[Mapping[str, str]] = None, missing: Optional[Sequence[str]] = None, skip_bad_rows: bool = False,
             n_jobs: Optional[int] = None) -> _ken.Table:
    """A CSV or TSV file (.gz, too) as a table: delimiter, header and types are found by looking, missing cells known.

    Parameters
    ----------
    path : a file; "-": standard input
    delimiter : what stands between fields; None: found
    header : whether the first line has the names; None: found. Without one columns are called c1, c2 ...
    types : {"zip": "category"}: f64, i64, bool, category, string or time for columns that look like something else
    missing : spellings of a missing cell; None: the usual ones ("", NA, NaN, null, ?, ...)
    skip_bad_rows : leave out rows with a wrong number of fields (a warning counts them) instead of failing

    Returns
    -------
    Table, which `train`, `describe` and every estimator take; `to_numpy()` gives its numbers.
    """
    if delimiter is not None and len(delimiter.encode()) != 1:
        raise ValueError(f"delimiter must be one character, found {delimiter!r}")
    if isinstance(missing, str):
        missing = [missing]
    made: _ken.Table = _ken.read_csv(os.fspath(path), delimiter=delimiter, header=-1 if header is None else int(header),
                                     types=[f"{name}={kind}" for name, kind in (types or {}).items()],
                                     missing=None if missing is None else "|".join(missing), skip_bad_rows=skip_bad_rows,
                                     threads=threads_of(n_jobs))
    return made


def describe(data: Any, target: Optional[str] = None, *, n_jobs: Optional[int] = None) -> Description:
    """What is in a table, and what looks wrong: types, missing cells, distributions, leaking columns, duplicates.

    Parameters
    ----------
    data : as in `train`
    target : the column to be predicted: what goes with it, and what gives it away
    """
    table = as_table(data)
    about = table.about or {}
    source = {"data_name": about.get("name", "a table in Python").encode(), "command": b"ken.describe(df)"}
    if "sha256" in about:
        source["checksum"] = about["sha256"].encode()
    profile, (page, figures, _) = _ken.describe(table, target=target, source=source, threads=threads_of(n_jobs))
    return Description(profile, page, figures)
