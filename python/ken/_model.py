"""A trained model: what `ken.train` gives and `ken.load` reads."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Optional, Sequence, Union

from ken import _html, _ken
from ken._figures import Figures
from ken._results import Account, Contributions, Effect, Evaluation, Explanation, Interactions
from ken._run import Bar, seed_of, threads_of
from ken._tables import as_table, feature_names

__all__ = ["Model", "load"]


def label_values(texts: List[str]) -> Any:
    """Names of classes as the values they are in the data: whole numbers and booleans as such, else texts."""
    import numpy as np

    try:
        numbers = [int(text) for text in texts]
    except ValueError:
        numbers = []
    if numbers and [str(number) for number in numbers] == list(texts):
        return np.array(numbers)
    if set(texts) <= {"false", "true"}:
        return np.array([text == "true" for text in texts])
    return np.array(texts, dtype=object)


class Model:
    """A fitted model with the preparation of its columns: it takes tables as they are.

    Models come from `ken.train` and `ken.load`, and go to `save` or `pickle`. The file is that of the program `ken`, which
    can predict, evaluate and explain with it, too.

    Attributes
    ----------
    name : str, "boosting"
    title : str, "Gradient-boosted trees"
    task : str, "classify", "regress" or "detect"
    target : str
    features : list of str, the columns that it needs
    classes : array, as in the data; empty where there are none
    settings : dict, parameter -> value
    n_rows : int, rows it learned from
    """

    def __init__(self, model: _ken.Model) -> None:
        self._model = model
        facts = json.loads(_ken.model_facts(model))
        if not facts["fitted"]:
            raise ValueError("the model is not fitted")
        self.name: str = facts["model"]
        self.title: str = facts["title"]
        self.task: str = facts["task"]
        self.target: str = facts["target"]
        self.features: List[str] = facts["features"]
        self.settings: Dict[str, Any] = facts["parameters"]
        self.n_rows: int = facts["rows_train"]
        self._texts: List[str] = facts.get("classes", [])
        self.classes = label_values(self._texts)

    def __reduce__(self) -> Any:
        return type(self), (self._model,)

    def _table(self, X: Any) -> _ken.Table:
        """X as a table; a matrix without names has the model's columns in their order."""
        named = isinstance(X, _ken.Table) or feature_names(X) is not None
        return as_table(X, names=None if named else self.features)

    # --- answers --------------------------------------------------------------------------------------------------------
    def predict(self, X: Any, *, n_jobs: Optional[int] = None) -> Any:
        """The class of each row, or its number.

        Parameters
        ----------
        X : DataFrame, Arrow table, `ken.Table`, ... with the model's columns by name, in any order, others besides; or a
            matrix with them in their order
        n_jobs : threads; results never depend on it

        Returns
        -------
        array (n)
        """
        values = self._model.predict(self._table(X), threads=threads_of(n_jobs))
        if not len(self._texts):
            return values
        return self.classes[values.astype(int)]

    def _need_classes(self, what: str) -> None:
        if not len(self._texts):
            raise TypeError(f"{self.name} predicts numbers, which have no {what}; predict() gives them")

    def predict_proba(self, X: Any, *, n_jobs: Optional[int] = None) -> Any:
        """Probabilities (n, k) of the classes, in the order of `classes`."""
        self._need_classes("probabilities")
        return self._model.predict(self._table(X), what="proba", threads=threads_of(n_jobs))

    def predict_interval(self, X: Any, *, n_jobs: Optional[int] = None) -> Any:
        """Where each number lies (n, 2), of a model that was trained with `intervals=0.9`, say."""
        return self._model.predict(self._table(X), what="interval", threads=threads_of(n_jobs))

    def predict_set(self, X: Any, *, n_jobs: Optional[int] = None) -> Any:
        """Which classes a row may have (n, k), booleans, of a model that was trained with `intervals=0.9`, say."""
        self._need_classes("sets")
        return self._model.predict(self._table(X), what="set", threads=threads_of(n_jobs)).astype(bool)

    # --- quality ----------------------------------------------------------------------------------------------------------
    def evaluate(self, X: Any, *, weight: Optional[str] = None, group: Optional[str] = None, event: Optional[str] = None,
                 upper: Optional[str] = None, level: float = 0.95, n_jobs: Optional[int] = None) -> Evaluation:
        """Every metric that suits, with intervals, on rows with a known target. Use rows that it did not learn from.

        Parameters
        ----------
        X : a table with the model's columns and its target
        weight, group, event, upper : names of columns, as in `ken.train`
        level : what the intervals cover
        """
        facts = json.loads(_ken.evaluate(self._model, as_table(X), weight=weight, group=group, event=event, upper=upper,
                                         level=level, threads=threads_of(n_jobs)))
        facts["classes"] = self._texts
        return Evaluation(facts)

    # --- explanations -----------------------------------------------------------------------------------------------------
    def contributions(self, X: Any, *, n_jobs: Optional[int] = None, verbose: bool = False) -> Contributions:
        """Shapley values of every row: what each column added to its answer. `sum` over columns, plus base, is the answer.

        Linear models, trees, forests and boosting have them; of other models ask row by row: `explain(X, row=0)`.
        """
        with Bar(verbose) as progress:
            values, base, unit = _ken.contributions(self._model, self._table(X), threads=threads_of(n_jobs), progress=progress)
        return Contributions(values, base, unit, self.features, self._texts)

    def interactions(self, X: Any, row: Optional[int] = None, *, n_jobs: Optional[int] = None,
                     verbose: bool = False) -> Interactions:
        """What columns do alone and two by two (Shapley interaction values), over the rows of X or in one of them.

        Trees, forests and boosting have them.
        """
        table = self._table(X)
        if row is not None and not -table.n_rows <= row < table.n_rows:
            raise IndexError(f"there is no row {row} in a table of {table.n_rows} rows")
        with Bar(verbose) as progress:
            values, sizes, unit = _ken.interactions(self._model, table, -1 if row is None else row % table.n_rows,
                                                    threads=threads_of(n_jobs), progress=progress)
        return Interactions(values, sizes, unit, self.features)

    def explain(self, X: Any, row: Optional[int] = None, *, background: Any = None, random_state: Any = None,
                n_jobs: Optional[int] = None, verbose: bool = False) -> Union[Explanation, Account]:
        """What the model goes by, or why it said what it said of one row.

        Parameters
        ----------
        X : a table; with the target, for importances that are measured
        row : number of a row of X, from 0; None: the whole model
        background : rows whose values unknown columns take, for a single row; None: the training rows' own
        """
        seed, threads = seed_of(random_state), threads_of(n_jobs)
        table = self._table(X)
        with Bar(verbose) as progress:
            if row is None:
                return Explanation(*_ken.explain(self._model, table, seed=seed, threads=threads, progress=progress))
            n = table.n_rows
            if not -n <= row < n:
                raise IndexError(f"there is no row {row} in a table of {n} rows")
            against = None if background is None else self._table(background)
            return Account(json.loads(_ken.account(self._model, table, row % n, background=against, seed=seed,
                                                   threads=threads, progress=progress)))

    def _shape(self, X: Any, columns: Union[str, Sequence[str]], ale: bool, grid: Optional[int], method: str, random_state: Any,
               n_jobs: Optional[int]) -> Effect:
        named = [columns] if isinstance(columns, str) else list(columns)
        facts = json.loads(_ken.shape(self._model, self._table(X), named, ale=ale, grid=grid or 0, method=method,
                                      seed=seed_of(random_state), threads=threads_of(n_jobs)))
        return Effect(facts, Figures.of(facts["figures"]).get("shape"))

    def effect(self, X: Any, columns: Union[str, Sequence[str]], *, method: str = "auto", grid: Optional[int] = None,
               random_state: Any = None, n_jobs: Optional[int] = None) -> Effect:
        """Partial dependence: the mean answer over the rows of X as a column, or two together, takes its values.

        Parameters
        ----------
        X : rows to average over
        columns : name of a column, or two of them
        method : "brute": ask for all rows, and show single rows; "recursion": walk trees by their covers; "auto"
        grid : the most points of a column
        """
        return self._shape(X, columns, False, grid, method, random_state, n_jobs)

    def ale(self, X: Any, columns: Union[str, Sequence[str]], *, grid: Optional[int] = None, random_state: Any = None,
            n_jobs: Optional[int] = None) -> Effect:
        """Accumulated local effects: the same from small steps of rows that there are. Where columns hang together this
        is the one to trust, since it never asks for rows that cannot be. Of two columns: what they do together, beyond
        what each does alone."""
        return self._shape(X, columns, True, grid, "auto", random_state, n_jobs)

    def figures(self, X: Any, **options: Any) -> Figures:
        """Figures of `explain(X)`."""
        explained = self.explain(X, **options)
        assert isinstance(explained, Explanation)
        return explained.figures

    # --- files ------------------------------------------------------------------------------------------------------------
    def save(self, path: Union[str, "os.PathLike[str]"]) -> None:
        """Writes the model: whole, or not at all. `ken.load` and the program `ken` read it."""
        self._model.save(os.fspath(path))

    def to_bytes(self) -> bytes:
        """What `save` writes."""
        return bytes(self._model.to_bytes())

    def __repr__(self) -> str:
        what = f" of '{self.target}'" if self.target else ""
        return f"<ken.Model {self.name}{what}, {len(self.features)} columns, {self.n_rows:,} rows>"

    def _repr_html_(self) -> str:
        rows = [[name, value if isinstance(value, str) else json.dumps(value)] for name, value in self.settings.items()]
        head = f"{_html.escape(self.title)}{' for ' + _html.escape(self.target) if self.target else ''}"
        more = f"<details><summary>{len(rows)} parameters</summary>{_html.table(['parameter', 'value'], rows)}</details>"
        return _html.box(head, _html.note(f"{len(self.features)} columns, learned from {self.n_rows:,} rows"), more)


def load(path: Union[str, "os.PathLike[str]"]) -> Model:
    """The model of a file that `Model.save` or the program `ken` wrote."""
    return Model(_ken.Model.load(os.fspath(path)))
