#!/usr/bin/env python3
"""gen.py OUTDIR < catalog.json: writes what follows from the catalogue into the package folder OUTDIR.

The build runs it with what `ken models --json` prints on standard input; OUTDIR is .../python/ken. One module for each
room (ken.linear, ken.metrics ...), with a class for each model, transformer and splitter and a function for each metric
and data set: signatures, docstrings and attributes are rows of descriptors, so that a new folder of the library is here
by itself. What the classes do stands in the modules that are not written here (_estimator.py, _metrics.py ...).
"""
from __future__ import annotations

import json
import pathlib
import sys
import textwrap

sys.dont_write_bytecode = True  # beside the sources

from gen_words import (DOOR, NBSP, WIDTH, annotation, camel, code, docstring, door_names,  # noqa: E402
                       header, identifier, init, kind_of, row_doc, sentence, value_of)

KINDS = ("estimator", "transformer", "splitter", "metric", "dataset")
SIDES = {  # what fit takes besides X and y, by tag: argument, its name in the extension, what it is
    "early_stop": [("groups", "group", "labels of shape (n): rows of one group stay together where rows are set aside, and "
                    "are what ranking losses rank within")],
    "offset": [("offset", "offset", "numbers of shape (n): where the margin of each row starts; predictions are without "
                "it")],
    "censored": [("event", "event", "0 and 1 of shape (n): 0 where y is a lower bound only"),
                 ("upper", "upper", "numbers of shape (n): upper bounds of y, NaN where there is none; not with event")],
}


# --- docstring of a class -----------------------------------------------------------------------------------------------------
def facts(thing: dict) -> str:
    out = ""
    if thing.get("paper"):
        out += f"\n\nReferences\n----------\n{thing['paper']}"
    if thing.get("peer"):
        out += f"\n\nSee Also\n--------\n{thing['peer']} : what is nearest to it elsewhere."
    return out


def parameters_doc(thing: dict, door: list[str]) -> str:
    rows = [row_doc(r) for r in thing["parameters"]] + [DOOR[n] for n in door]
    return "\n\nParameters\n----------\n" + "\n".join(rows) if rows else ""


def class_doc(thing: dict, task: str) -> str:
    text = f"{thing['title']}.\n\n{thing['doc']}" + parameters_doc(thing, door_names(thing))
    rows = []
    if task == "classify":
        rows.append("classes_ : array of shape (classes,)\n    The classes, ascending, of the type of y.")
    if thing["kind"] != "splitter":
        rows.append("n_features_in_ : int\n    Columns of the fit.")
        rows.append("feature_names_in_ : array of shape (n_features_in_,)\n    Their names, where they had any.")
    if has_gains(thing):
        rows.append("feature_importances_ : array of shape (n_features_in_,)\n    Share of each column in the gain of "
                    "all splits.")
    rows += [f"{a['name']}_ : {shape_of(a)}\n    {sentence(a.get('doc', ''))}" for a in thing["attributes"]]
    if rows:
        text += "\n\nAttributes\n----------\n" + "\n".join(rows)
    return docstring(text + facts(thing), 4)


def shape_of(attr: dict) -> str:
    if attr["type"] == "string":
        return "list of str"
    if attr.get("shape", "") == "":
        return {"i64": "int", "i32": "int", "bool": "bool"}.get(attr["type"], "float")
    return f"array of shape ({attr['shape']})"


def attribute(attr: dict) -> str:
    shape = shape_of(attr)
    kind = {"int": "int", "bool": "bool", "float": "float", "list of str": "list[str]"}.get(shape, "np.ndarray")
    return "\n".join(["    @property", f"    def {attr['name']}_(self) -> {kind}:",
                      docstring(f"{sentence(attr.get('doc', ''))} ({shape})" if kind == "np.ndarray"
                                else sentence(attr.get("doc", "")), 8),
                      f"        return self._learned({attr['name']!r})"])


# --- fit ------------------------------------------------------------------------------------------------------------------------
def sides_of(thing: dict, task: str) -> list[tuple[str, str, str]]:
    sides = [side for tag in thing["tags"] for side in SIDES.get(tag, [])]
    return [s for s in sides if not (task == "classify" and s[0] in ("event", "upper"))]


def weighted(thing: dict) -> bool:
    return "weights" in thing["tags"] or "base" in thing["tags"] and thing["kind"] == "estimator"


FIT_DOC = """{first}

Parameters
----------
X : table or array of shape (n, d)
    NumPy, pandas, polars, Arrow, SciPy sparse (made dense), lists.
y : array of shape (n,)
    {target}
{rest}
Returns
-------
self"""


def fit(thing: dict, task: str, name: str, first: str) -> str:
    args, passed, docs = ["X: Any", "y: Any"], [], []
    if weighted(thing):
        args.append("sample_weight: Any = None")
        passed.append("weight=sample_weight")
        docs.append("sample_weight : array of shape (n,), optional\n    Weights of the rows, at least 0.")
    keyword = [("eval_set", "eval_set", "tuple (X, y), or (X, y, groups) with groups: rows that early stopping goes by")
               ] if "early_stop" in thing["tags"] else []
    keyword += sides_of(thing, task)
    if keyword:
        args += ["*"] + [f"{k[0]}: Any = None" for k in keyword]
        passed += [f"{k[1]}={k[0]}" for k in keyword]
        docs += [f"{k[0]} : optional\n    {sentence(k[2])}" for k in keyword]
    if name == "fit_more":
        passed.append("more=True")
    text = FIT_DOC.format(first=first, rest="\n".join(docs) + ("\n" if docs else ""),
                          target="Classes: numbers, text, bools." if task == "classify" else "Numbers.")
    call = ", ".join(["X", "y"] + passed)
    return "\n".join(header(name, ["self"] + args, "Self", 4) + [docstring(text, 8)]
                     + code(f"return self._learn({call})", 8, 27))


WEIGHTED_TRANSFORMER = '''    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn from the rows.

        Parameters
        ----------
        X : table or array of shape (n, d)
        y : array of shape (n,)
        sample_weight : array of shape (n,), optional
            Weights of the rows, at least 0.
        """
        self._learn("fit", X, y, sample_weight)
        return self

    def fit_transform(self, X: Any, y: Any = None, sample_weight: Any = None) -> Any:
        """What the rows of the fit become, each without a look at its own target."""
        return self._out(self._learn("fit_transform", X, y, sample_weight))'''

REFIT_DOC = """New values of what the fit has found, on other rows.

Parameters
----------
X, y, sample_weight : as in fit
decay : float in [0, 1], default=0.9
    How much of the old values stays; trees keep their questions.

Returns
-------
self"""


def refit(thing: dict) -> str:
    return "\n".join(["    def refit(self, X: Any, y: Any, sample_weight: Any = None, *, decay: float = 0.9) -> Self:",
                      docstring(REFIT_DOC, 8), "        return self._learn(X, y, weight=sample_weight, more=True, decay=decay)"])


def fits(thing: dict, task: str) -> list[str]:
    if thing["kind"] == "transformer":
        return [WEIGHTED_TRANSFORMER] if "weights" in thing["tags"] else []
    if task == "detect":
        return []
    out = [fit(thing, task, "fit", "Learn from rows and their targets.")]
    if "continue" in thing["tags"]:
        out.append(fit(thing, task, "fit_more", "Fit on from where the fit ended, until the parameters, which may have "
                       "been set anew, are met."))
    if thing.get("refit"):
        out.append(refit(thing))
    return out


# --- modules --------------------------------------------------------------------------------------------------------------------
def dictionary(name: str, annotated: str, rows: list[dict]) -> str:
    pairs = ", ".join(f"{r['name']!r}:{NBSP}{kind_of(r)!r}" for r in rows)
    return "\n".join(code(f"{name}: {annotated} = {{{pairs}}}", 4, 8))


def words(name: str, values: list[str]) -> str:
    inner = ", ".join(repr(v) for v in sorted(values))
    return "\n".join(code(f"{name} = frozenset({{{inner}}})" if values else f"{name} = frozenset()", 4, 8))


def estimator_classes(thing: dict) -> list[tuple[str, str, str]]:
    """(class, base, task): one for each task."""
    bases = {"regress": "Regressor", "classify": "Classifier", "detect": "Detector"}
    name = camel(thing["name"])
    several = len(thing["tasks"]) > 1
    return [(name + (bases[task] if several else ""), bases[task], task) for task in thing["tasks"]]


def model_class(thing: dict, name: str, base: str, task: str) -> str:
    parts = [f"class {name}({base}):", class_doc(thing, task), "", f"    _thing = {thing['name']!r}",
             dictionary("_rows", "ClassVar[Mapping[str, str]]", thing["parameters"]), words("_thing_tags", thing["tags"]),
             words("_gives", thing.get("gives", []))]
    if thing.get("margin"):
        parts.append(f"    _margin = {thing['margin']!r}")
    if thing["kind"] == "transformer" and thing["tasks"]:
        parts.append("    _needs_y = True")
    parts += ["", init(thing)]
    for method in fits(thing, task):
        parts += ["", method]
    for attr in thing["attributes"]:
        parts += ["", attribute(attr)]
    if has_gains(thing):
        parts += ["", IMPORTANCES]
    return "\n".join(parts)


def has_gains(thing: dict) -> bool:
    return {"gain", "tree_offset"} <= {a["name"] for a in thing["attributes"]}


IMPORTANCES = '''    @property
    def feature_importances_(self) -> np.ndarray:
        """Share of each column in the gain of all splits. (array of shape (n_features_in_))"""
        return self._importances()'''


def splitter_class(thing: dict) -> str:
    return "\n".join([f"class {camel(thing['name'])}(Splitter):", class_doc(thing, ""), "",
                      f"    _thing = {thing['name']!r}",
                      dictionary("_rows", "ClassVar[Mapping[str, str]]", thing["parameters"]), "", init(thing)])


def metric_function(thing: dict) -> str:
    classify, scores = "classify" in thing["tasks"], thing["needs_proba"]
    second = ("y_score" if thing["binary_only"] else "y_proba") if scores else "y_pred"
    shapes = {"y_score": "array of shape (n,) or (n, 2)\n    Scores or probabilities of the positive class.",
              "y_proba": "array of shape (n, classes), or (n,) of two classes\n    Probabilities, classes ascending.",
              "y_pred": "array of shape (n,)\n    What was predicted."}
    side = [("sample_weight", "array of shape (n,), optional\n    Weights of the rows.")]
    if classify:
        side += [("labels", "array, optional\n    All classes, ascending, where the rows may lack some.")]
        if thing["binary_only"]:
            side += [("pos_label", "optional\n    The positive class; the second one if not given.")]
    if "group" in thing["looks_at"]:
        side += [("groups", "array of shape (n,), optional\n    Labels of groups; without them all rows are one.")]
    if "bounds" in thing["looks_at"]:
        side += [("event", "array of shape (n,), optional\n    0 where y_true is a lower bound only."),
                 ("upper", "array of shape (n,), optional\n    Upper bounds of y_true.")]
    name, rows = thing["name"], thing["parameters"]
    args = ["y_true: Any", f"{second}: Any", "*"] + [f"{r['name']}: {annotation(r)}{NBSP}={NBSP}{value_of(r)!r}" for r in rows]
    args += [f"{s[0]}: Any = None" for s in side]
    better = "The higher the better" if thing["higher_is_better"] else "The lower the better"
    doc = (f"{thing['title']}.\n\n{thing['doc']} {better}; the best is {thing['best']:g}.\n\nParameters\n----------\n"
           f"y_true : array of shape (n,)\n    The truth.\n{second} : {shapes[second]}\n"
           + "\n".join([row_doc(r) for r in rows] + [f"{s[0]} : {s[1]}" for s in side])
           + "\n\nReturns\n-------\nfloat\n    NaN where it is not defined." + facts(thing))
    call = ", ".join([f"{s[0]}={s[0]}" for s in side] + [f"{r['name']}={r['name']}" for r in rows])
    body = code(f"return measure(METRICS[{name!r}], y_true, {second}, {call})", 4, 19)
    return "\n".join(header(name, args, "float") + [docstring(doc, 4)] + body)


def dataset_function(thing: dict) -> str:
    name, rows = identifier(thing["name"]), thing["parameters"]
    random = "random" in thing["tags"]
    args = [f"{r['name']}: {annotation(r)}{NBSP}={NBSP}{value_of(r)!r}" for r in rows] + ["*", "return_X_y: bool = False"]
    doc = (f"{thing['title']}.\n\n{thing['doc']} The target is {thing['target']!r}.\n\nParameters\n----------\n"
           + "\n".join([row_doc(r) for r in rows])
           + ("\n" if rows else "") + "return_X_y : bool, default=False\n    True: (features, target).\n"
           + (DOOR["random_state"] + "\n" if random else "")
           + "\nReturns\n-------\nTable, or (Table, array)\n    pandas, polars and Arrow take a Table as it is "
           f"(polars.from_arrow ...).\n\nNotes\n-----\nSource: {thing['source']}. License: {thing['license']}."
           + (f"\n\nReferences\n----------\n{thing['paper']}" if thing.get("paper") else ""))
    if random:
        args.append("random_state: Any = None")
    settings = "{" + ", ".join(f"{r['name']!r}: {r['name']}" for r in rows) + "}"
    kinds = "{" + ", ".join(f"{r['name']!r}: {r['type']!r}" for r in rows) + "}"
    seed = ", random_state" if random else ""
    body = code(f"return load({thing['name']!r}, {thing['target']!r}, return_X_y, {kinds}, {settings}{seed})", 4, 16)
    return "\n".join(header(name, args, "Any") + [docstring(doc, 4)] + body)


METRICS_TAIL = '''
def interval(metric: str, y_true: Any, y_pred: Any, *, level: float = 0.95, random_state: Any = None,
             n_jobs: int | None = None, **params: Any) -> Interval:
    """A metric and the interval in which its true value lies, at `level`.

    Parameters
    ----------
    metric : str
        Its name.
    y_true, y_pred : array
        What the metric itself takes: truth and predictions, scores or probabilities.
    level : float in (0, 1), default=0.95
    random_state : as elsewhere
        Seed of the bootstrap.
    params
        Further arguments of the metric.

    Returns
    -------
    Interval(value, low, high, method)
        method: 'wilson', 'delong', 'bootstrap' ... or 'none'.
    """
    return measure(_metric(metric), y_true, y_pred, level=level, random_state=random_state, n_jobs=n_jobs, **params)


def scorer(metric: str, **params: Any) -> Scorer:
    """A metric as what `scoring=` takes; it asks for probabilities where the metric looks at them, and the higher is
    always the better."""
    return Scorer(_metric(metric), params)


def _metric(name: str) -> Metric:
    if name not in METRICS:
        near = get_close_matches(name, METRICS, 1)
        raise ValueError(f"there is no metric {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    return METRICS[name]
'''


def metrics_table(things: list[dict]) -> str:
    rows = []
    for t in things:
        kinds = "{" + ", ".join(f"{r['name']!r}: {r['type']!r}" for r in t["parameters"]) + "}"
        rows.append(f"    {t['name']!r}: Metric({t['name']!r}, classify={'classify' in t['tasks']}, "
                    f"needs_proba={t['needs_proba']}, binary_only={t['binary_only']},\n"
                    f"        higher_is_better={t['higher_is_better']}, rows={kinds}),")
    return "METRICS: dict[str, Metric] = {\n" + "\n".join(rows) + "\n}"


def module(room: str, things: list[dict]) -> tuple[str, list[str]]:
    """The text of a room's module, and what it offers."""
    names, parts = [], []
    of = {kind: [t for t in things if t["kind"] == kind] for kind in KINDS}
    for thing in of["estimator"]:
        for name, base, task in estimator_classes(thing):
            names.append(name)
            parts.append(model_class(thing, name, base, task))
    for thing in of["transformer"]:
        names.append(camel(thing["name"]))
        parts.append(model_class(thing, names[-1], "Transformer", ""))
    for thing in of["splitter"]:
        names.append(camel(thing["name"]))
        parts.append(splitter_class(thing))
    for thing in of["dataset"]:
        names.append(identifier(thing["name"]))
        parts.append(dataset_function(thing))
    if of["metric"]:
        parts.append(metrics_table(of["metric"]))
    for thing in of["metric"]:
        names.append(thing["name"])
        parts.append(metric_function(thing))
    if of["metric"]:
        names += ["interval", "scorer"]
        parts.append(METRICS_TAIL.strip())
    return "\n\n\n".join([head(room, of, names)] + parts) + "\n", names


def head(room: str, of: dict[str, list[dict]], names: list[str]) -> str:
    typing = ["Any"]
    classes = of["estimator"] + of["transformer"] + of["splitter"]
    rows = [r for kind in KINDS for t in of[kind] for r in t["parameters"]]
    if classes:
        typing += ["ClassVar", "Mapping"]
    if any(r["type"] == "choice" for r in rows):
        typing.append("Literal")
    if any("Sequence" in annotation(r) for r in rows):
        typing.append("Sequence")
    if any(t["tasks"] != ["detect"] for t in of["estimator"]) or any("weights" in t["tags"] for t in of["transformer"]):
        typing.append("TYPE_CHECKING")
    lines = [f'"""The things of room {room}, written from the catalogue: do not edit."""',
             "from __future__ import annotations", ""]
    if of["metric"]:
        lines += ["from difflib import get_close_matches"]
    lines += [f"from typing import {', '.join(sorted(typing))}", ""]
    if any(t["attributes"] for t in classes):
        lines += ["import numpy as np", ""]
    bases = {base for t in of["estimator"] for _, base, _ in estimator_classes(t)}
    if bases or any(r["type"] == "model" for r in rows):
        lines.append(f"from ken._estimator import {', '.join(sorted(bases | {'Estimator'}))}")
    if of["transformer"]:
        lines.append("from ken._transformer import Transformer")
    if of["splitter"]:
        lines.append("from ken._splitter import Splitter")
    if of["dataset"]:
        lines.append("from ken._datasets import load")
    if of["metric"]:
        lines.append("from ken._metrics import Interval, Metric, Scorer, measure")
    if "TYPE_CHECKING" in typing:
        lines += ["", "if TYPE_CHECKING:", "    from typing_extensions import Self"]
    inner = textwrap.wrap(", ".join(json.dumps(n) for n in sorted(names)), WIDTH, initial_indent="    ",
                          subsequent_indent="    ")
    return "\n".join(lines + ["", "__all__ = ["] + inner + ["]", "", "", "def __dir__() -> list[str]:",
                              '    """What the room offers: what an editor completes."""', "    return __all__"])


def index(things: list[dict]) -> str:
    """Where each estimator and transformer is: task -> (module, class)."""
    rows = []
    for t in things:
        if t["kind"] == "estimator":
            classes = {task: (t["room"], name) for name, _, task in estimator_classes(t)}
        elif t["kind"] == "transformer":
            classes = {"transform": (t["room"], camel(t["name"]))}
        else:
            continue
        rows.append(f"    {t['name']!r}: {classes!r},")
    rooms = sorted({t["room"] for t in things})
    return ('"""Where things are, written from the catalogue: do not edit."""\n'
            "from __future__ import annotations\n\n"
            f"ROOMS = {tuple(rooms)!r}\n\nTHINGS: dict[str, dict[str, tuple[str, str]]] = {{\n" + "\n".join(rows) + "\n}\n")


def main() -> None:
    out = pathlib.Path(sys.argv[1])
    catalog = json.load(sys.stdin)
    (out / "_catalog.json").write_text(json.dumps(catalog, indent=1), encoding="utf-8")
    things = [t for t in catalog["things"] if t["kind"] in KINDS]
    for room in sorted({t["room"] for t in things}):
        text, _ = module(room, [t for t in things if t["room"] == room])
        (out / f"{room}.py").write_text(text, encoding="utf-8")
    (out / "_index.py").write_text(index(things), encoding="utf-8")


if __name__ == "__main__":
    main()
