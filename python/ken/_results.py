"""What models, trainings and tables answer: plain values that show themselves in notebooks."""

from __future__ import annotations

import json
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from ken import _html
from ken._figures import Figure, Figures, Report


def _numbers(values: Dict[str, Any]) -> Dict[str, float]:
    """Numbers out of JSON, where NaN and infinities are texts."""
    return {name: float(value) for name, value in values.items()}


def _intervals(values: Dict[str, Any]) -> Dict[str, Tuple[float, float]]:
    return {name: (float(v["low"]), float(v["high"])) for name, v in values.items()}


class Evaluation:
    """Every metric that suits, on rows that a model was asked about.

    Attributes
    ----------
    metrics : dict, name -> value
    intervals : dict, name -> (low, high), where there is one
    level : float, what the intervals cover
    n_rows : int, rows with a known target
    baseline : dict, the same metrics of a model that ignores the columns; empty where that was not asked
    confusion : list of lists, truth by prediction, in the order of `classes`; None where there are no classes
    classes : list of str
    """

    def __init__(self, facts: Dict[str, Any]) -> None:
        self._facts = facts
        self.metrics = _numbers(facts["metrics"])
        self.intervals = _intervals(facts["intervals"])
        self.baseline = _numbers(facts.get("baseline", {}))
        self.level = float(facts.get("level", 0.95))
        self.n_rows = int(facts["rows_test"])
        self.confusion: Optional[List[List[float]]] = facts.get("confusion")
        self.classes: List[str] = list(facts.get("classes", []))

    def __getitem__(self, metric: str) -> float:
        try:
            return self.metrics[metric]
        except KeyError:
            raise KeyError(f"there is no metric '{metric}' here; there are {', '.join(self.metrics)}") from None

    def to_dict(self) -> Dict[str, Any]:
        """All of it as plain values."""
        return {"metrics": dict(self.metrics), "intervals": dict(self.intervals), "baseline": dict(self.baseline),
                "level": self.level, "n_rows": self.n_rows, "confusion": self.confusion, "classes": list(self.classes)}

    def _shown(self) -> List[Tuple[str, float, str, Any]]:
        rows = []
        for metric in self._facts.get("shown", []):
            name = metric["name"]
            low, high = self.intervals.get(name, (float("nan"), float("nan")))
            between = f"{low:.4g} – {high:.4g}" if low == low and high == high else ""
            rows.append((name, self.metrics[name], between, self.baseline.get(name, float("nan"))))
        return rows

    def __repr__(self) -> str:
        lines = [f"{self.n_rows:,} rows"]
        for name, value, between, baseline in self._shown():
            line = f"  {name:<24} {value:.4g}"
            line += f"  ({between})" if between else ""
            lines.append(line + (f"  baseline {baseline:.4g}" if baseline == baseline else ""))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = ["metric", "value", f"{100 * self.level:g} % interval"] + (["baseline"] if self.baseline else [])
        rows = [row[:len(head)] for row in self._shown()]
        parts = [_html.table(head, rows)]
        if self.confusion and len(self.classes) <= 12:
            body = [[_html.raw(f"<b>{_html.escape(name)}</b>"), *row] for name, row in zip(self.classes, self.confusion)]
            parts.append(_html.box("Truth (rows) and prediction", _html.table(["", *self.classes], body)))
        return _html.box(f"On {self.n_rows:,} rows", *parts)


class Leaderboard(Sequence[Dict[str, Any]]):
    """Models compared by cross-validation on the training rows, best first: one dict a model.

    Keys: model, mean, se (standard error of the mean), fit_seconds, predict_seconds, bytes, difference and p (to the
    best one, on the same folds), cv (every metric with its folds); error instead, where a model failed.
    """

    def __init__(self, rows: List[Dict[str, Any]], metric: str, reason: str) -> None:
        self._rows = [{key: float(value) if key in ("mean", "se", "difference", "p", "fit_seconds", "predict_seconds")
                       else value for key, value in row.items()} for row in rows]
        self.metric = metric
        self.reason = reason

    def __getitem__(self, at: Any) -> Any:
        return self._rows[at]

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        lines = [f"{row['model']:<20} {row['error']}" if "error" in row else
                 f"{row['model']:<20} {self.metric} {row['mean']:.4g} ± {row['se']:.2g}" for row in self._rows]
        return "\n".join([*lines, self.reason] if self._rows else ["no models were compared"])

    def _repr_html_(self) -> str:
        rows = []
        for row in self._rows:
            if "error" in row:
                rows.append([row["model"], "", "", row["error"], "", ""])
            else:
                rows.append([row["model"], row["mean"], f"± {row['se']:.2g}", _html.seconds(row["fit_seconds"]),
                             _html.seconds(row["predict_seconds"]), row["bytes"]])
        return _html.box("Models compared",
                         _html.table(["model", self.metric, "", "fit", "predict", "bytes"], rows), _html.note(self.reason))


class Effect:
    """How the answer moves with one or two columns. It shows itself in notebooks.

    Attributes
    ----------
    columns : list of str, one or two
    axes : list of list, the values of each column
    values : the values of the first column
    outputs : dict, by class or "value": the answers there, a list, for two columns a list of lists (first column by second)
    unit : of the outputs: "value", "probability" or "score"
    figure : Figure
    """

    def __init__(self, facts: Dict[str, Any], figure: Optional[Figure] = None) -> None:
        self.columns: List[str] = [axis["column"] for axis in facts["axes"]]
        self.axes: List[List[Any]] = [axis["values"] for axis in facts["axes"]]
        self.outputs: Dict[str, List[Any]] = {k: _floats(points) for k, points in facts["outputs"].items()}
        self.unit: str = facts["unit"]
        self.figure = figure

    @property
    def values(self) -> List[Any]:
        return self.axes[0]

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Dict[str, Any]:
        return {"text/plain": repr(self)} if self.figure is None else self.figure._repr_mimebundle_()

    def __repr__(self) -> str:
        points = " by ".join(str(len(axis)) for axis in self.axes)
        return f"<Effect of {' and '.join(self.columns)} at {points} values on the {self.unit}>"


def _floats(points: List[Any]) -> List[Any]:
    return [_floats(point) if isinstance(point, list) else float(point) for point in points]


class Explanation:
    """What a model goes by.

    Attributes
    ----------
    importance : dict, column -> how much the score gets worse when the column is shuffled (mean), largest first
    spread : dict, column -> standard deviation of that
    metric, score : the metric that was measured by, and its value with nothing shuffled
    together : list of (columns, loss), columns that say the same, shuffled together
    own : dict, column -> what the model itself says of it (share of gain, size of coefficients); empty where it does not
    effects : dict, column -> Effect, of the most important columns
    figures : Figures
    report : Report
    """

    def __init__(self, page: str, figures: str, columns: str) -> None:
        facts = json.loads(columns)
        permutation = facts.get("permutation", [])
        self.metric: Optional[str] = facts.get("metric")
        self.score = float(facts.get("score", "NaN"))
        self.importance = {row["feature"]: float(row["mean"]) for row in permutation}
        self.spread = {row["feature"]: float(row["sd"]) for row in permutation}
        self.together = [(group["features"], float(group["mean"])) for group in facts.get("together", [])]
        own = dict(facts.get("importance", {}))
        self.own_by: Optional[str] = own.pop("by", None)
        self.own = _numbers(own)
        self.figures = Figures.from_json(figures)
        made = [Effect(effect, self.figures.get(f"effect-{at}")) for at, effect in enumerate(facts.get("effects", []))]
        self.effects = {effect.columns[0]: effect for effect in made}
        self.report = Report(page)

    def __repr__(self) -> str:
        named = self.importance or self.own
        lines = [f"  {name:<24} {value:.4g}" for name, value in list(named.items())[:20]]
        what = f"loss of {self.metric} when shuffled (it is {self.score:.4g})" if self.importance else f"{self.own_by}"
        return "\n".join([what, *lines])

    def _repr_html_(self) -> str:
        named = self.importance or self.own
        largest = max([abs(value) for value in named.values()], default=0) or 1
        rows = [[name, value, _html.raw(_html.bar(value / largest))] for name, value in list(named.items())[:20]]
        what = (f"How much {self.metric} (here {self.score:.4g}) gets worse when a column is shuffled"
                if self.importance else f"By the model itself: {self.own_by}")
        return _html.box("What the model goes by", _html.note(what), _html.table(["column", "", ""], rows))


class Account:
    """Why a model said what it said of one row: base plus contributions is `sum`.

    Attributes
    ----------
    prediction : the class's name, or the number
    proba : dict, class -> probability; None for a number
    explained : the class whose margin the contributions add up to; None for a number
    unit : "value", "log odds", "score" or "probability"
    base, sum : float
    contributions : dict, column -> contribution, largest first
    values : dict, column -> the row's own value, as text
    """

    def __init__(self, facts: Dict[str, Any]) -> None:
        self.prediction = facts["prediction"]
        self.proba = _numbers(facts["proba"]) if "proba" in facts else None
        self.explained: Optional[str] = facts.get("explained_class")
        self.row = int(facts["row"]) - 1
        self.unit: str = facts["unit"]
        self.method: str = facts["method"]
        self.base = float(facts["base"])
        self.sum = float(facts["sum"])
        self.contributions = {part["feature"]: float(part["contribution"]) for part in facts["contributions"]}
        self.values = {part["feature"]: part["value"] for part in facts["contributions"]}

    def _title(self) -> str:
        said = _html.number(self.prediction) if isinstance(self.prediction, float) else str(self.prediction)
        if self.proba is not None and self.prediction in self.proba:
            said += f", probability {self.proba[self.prediction]:.4g}"
        return f"Row {self.row}: {said}"

    def __repr__(self) -> str:
        parts = [f"  {name:<24} {self.values[name]:<14.14} {value:+.4g}" for name, value in list(self.contributions.items())[:20]]
        return "\n".join([self._title(), f"  {'(start)':<39} {self.base:.4g}", *parts, f"  {'(sum)':<39} {self.sum:.4g}"])

    def _repr_html_(self) -> str:
        largest = max([abs(value) for value in self.contributions.values()], default=0) or 1
        rows: List[List[Any]] = [["(start)", "", self.base, ""]]
        for name, value in list(self.contributions.items())[:20]:
            color = _html.BLUE if value > 0 else "#e07b00"
            rows.append([name, self.values[name], _html.raw(f"{value:+.4g}"), _html.raw(_html.bar(abs(value) / largest, color))])
        rows.append(["(sum)", "", self.sum, ""])
        of = f" of '{self.explained}'" if self.explained else ""
        return _html.box(_html.escape(self._title()), _html.note(f"What pushed the {self.unit}{of} up (blue) and down (orange)"),
                         _html.table(["column", "value", "", ""], rows))


class Contributions:
    """Shapley values: what each column added to each answer.

    Attributes
    ----------
    values : array (n, d), or (n, k, d) for k > 2 classes: contributions of the columns
    base : array (n), or (n, k): where the sums start
    other : array (n), or (n, k): of inputs that were made of several columns (0 where there are none)
    columns : names of the d columns
    unit : of the sums: "value", "log odds", "score" or "probability"
    """

    def __init__(self, values: Any, base: Any, unit: str, columns: List[str], classes: List[str]) -> None:
        one = values.shape[1] == 1
        self.values = values[:, 0, :-1] if one else values[:, :, :-1]
        self.other = values[:, 0, -1] if one else values[:, :, -1]
        self.base = base[:, 0] if one else base
        self.columns = columns
        self.classes = classes
        self.unit = unit

    @property
    def importance(self) -> Dict[str, float]:
        """Mean size of each column's contributions, largest first."""
        mean = abs(self.values).reshape(-1, self.values.shape[-1]).mean(axis=0)
        return {self.columns[j]: float(mean[j]) for j in sorted(range(len(self.columns)), key=lambda j: -mean[j])}

    def __repr__(self) -> str:
        lines = [f"  {name:<24} {value:.4g}" for name, value in list(self.importance.items())[:20]]
        return "\n".join([f"<Contributions of shape {self.values.shape} to the {self.unit}; mean sizes:", *lines]) + ">"

    def _repr_html_(self) -> str:
        named = self.importance
        largest = max(named.values(), default=0) or 1
        rows = [[name, value, _html.raw(_html.bar(value / largest))] for name, value in list(named.items())[:20]]
        return _html.box(f"Mean size of contributions to the {_html.escape(self.unit)}", _html.table(["column", "", ""], rows))


class Interactions:
    """What columns do alone and two by two, as Shapley values.

    Attributes
    ----------
    values : array (d, d), or (k, d, d) for k > 2 classes, symmetric: means over the rows. Outside the diagonal each half of
        what two columns do together, on it what a column does alone; a row of it adds up to the column's contribution
    sizes : the same of absolute values
    columns : names of the d columns
    unit : of the sums
    """

    def __init__(self, values: Any, sizes: Any, unit: str, columns: List[str]) -> None:
        one = values.shape[0] == 1
        self.values = values[0, :-1, :-1] if one else values[:, :-1, :-1]
        self.sizes = sizes[0, :-1, :-1] if one else sizes[:, :-1, :-1]
        self.columns = columns
        self.unit = unit

    @property
    def pairs(self) -> Dict[Tuple[str, str], float]:
        """Mean size of what two columns do together (both halves, all outputs), largest first."""
        d = len(self.columns)
        mean = self.sizes.reshape(-1, d, d).sum(axis=0) * 2
        found = {(self.columns[i], self.columns[j]): float(mean[i, j]) for i in range(d) for j in range(i + 1, d)}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def _lines(self) -> List[Tuple[str, float]]:
        return [(" × ".join(pair), value) for pair, value in list(self.pairs.items())[:15] if value > 0]

    def __repr__(self) -> str:
        return "\n".join([f"What two columns do together, mean size on the {self.unit}",
                          *(f"  {name:<40} {value:.4g}" for name, value in self._lines())])

    def _repr_html_(self) -> str:
        lines = self._lines()
        largest = lines[0][1] if lines else 1
        rows = [[name, value, _html.raw(_html.bar(value / largest))] for name, value in lines]
        return _html.box(f"What two columns do together, mean size on the {_html.escape(self.unit)}",
                         _html.table(["columns", "", ""], rows))


class Description(Sequence[Dict[str, Any]]):
    """What is in a table: one dict a column, with warnings about what looks wrong.

    Attributes
    ----------
    n_rows : int
    warnings : list of dict, with keys severity, kind, column, words, action
    facts : dict, all that was found (associations between columns, duplicates, ...)
    report, figures : the page, and its figures by name
    """

    def __init__(self, profile: str, page: str, figures: str) -> None:
        self.facts: Dict[str, Any] = json.loads(profile)
        self._columns: List[Dict[str, Any]] = self.facts["columns"]
        self.n_rows = int(self.facts["rows"])
        self.warnings: List[Dict[str, Any]] = self.facts.get("warnings", [])
        self.report = Report(page)
        self.figures = Figures.from_json(figures)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, str):
            for column in self._columns:
                if column["name"] == at:
                    return column
            raise KeyError(f"there is no column '{at}'")
        return self._columns[at]

    def __len__(self) -> int:
        return len(self._columns)

    def _lines(self) -> Iterator[List[Any]]:
        for c in self._columns:
            missing = c.get("missing", 0) / max(self.n_rows, 1)
            yield [c["name"], c["type"], f"{100 * missing:.3g} %" if missing else "", c.get("distinct", ""), _range(c)]

    def __repr__(self) -> str:
        lines = [f"{line[0]:<24.24} {line[1]:<9} {line[2]:>7} {_html.number(line[3]):>8}  {line[4]}" for line in self._lines()]
        said = [f"{w['severity']}: {w['words']}" for w in self.warnings if w["severity"] != "note"]
        return "\n".join([f"{self.n_rows:,} rows, {len(self)} columns", *lines, *said])

    def _repr_html_(self) -> str:
        parts = [_html.table(["column", "type", "missing", "distinct", "least … median … most"], self._lines())]
        if self.warnings:
            parts.append(_html.table(["", ""], [[w["severity"], "; ".join(filter(None, (w["words"], w.get("action"))))]
                                                  for w in self.warnings]))
        return _html.box(f"{self.n_rows:,} rows, {len(self)} columns", *parts)


def _range(column: Dict[str, Any]) -> str:
    """Least, median and most of numbers; the most frequent values of others."""
    ends = [column.get(key) for key in ("min", "median", "max")]
    if all(isinstance(end, (int, float)) for end in ends):
        return " … ".join(_html.number(end) for end in ends)
    return ", ".join(str(top["value"]) for top in column.get("top", [])[:3])
