"""Words of what gen.py writes: names, wrapped text, and rows of parameters as signatures and docstrings."""
from __future__ import annotations

import json
import textwrap

WIDTH = 108
NBSP = "\xa0"
PYTHON_TYPE = {"number": "float", "integer": "int", "bool": "bool", "text": "str", "model": "str | Estimator"}
DOOR = {
    "random_state": "random_state : int, RandomState, Generator or None, default=None\n    Seed of what is drawn; None is "
                    "0, so that a fit can be repeated.",
    "n_jobs": "n_jobs : int or None, default=None\n    Threads. None: the CPUs that the process may use, at most "
              "KEN_NUM_THREADS or OMP_NUM_THREADS; -1: all. Results never depend on it.",
    "verbose": "verbose : bool or callable, default=False\n    True: a bar of tqdm; or what is called with (what, "
               "iteration, total, objective, validation).",
}


# --- words ---------------------------------------------------------------------------------------------------------------
def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def identifier(name: str) -> str:
    return name.split(":")[-1]


def sentence(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?" else text + "."


def wrapped(text: str, indent: int) -> str:
    """Paragraphs and lines of parameters, each wrapped to its own indentation."""
    out = []
    for line in text.split("\n"):
        lead = " " * (indent + len(line) - len(line.lstrip()))
        out += textwrap.wrap(line.strip(), WIDTH, initial_indent=lead, subsequent_indent=lead,
                             break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(out)


def code(text: str, indent: int, hanging: int) -> list[str]:
    """A line of code, wrapped at blanks; a no-break space in it stays in its line."""
    lines = textwrap.wrap(text, WIDTH, initial_indent=" " * indent, subsequent_indent=" " * hanging,
                          break_long_words=False, break_on_hyphens=False)
    return [line.replace("\xa0", " ") for line in lines]


def header(name: str, args: list[str], result: str, indent: int = 0) -> list[str]:
    return code(f"def {name}({', '.join(a.replace(' ', NBSP) for a in args)}){NBSP}->{NBSP}{result}:", indent,
                indent + 5 + len(name))


def docstring(text: str, indent: int) -> str:
    text = text.strip().replace("\\", "\\\\").replace('"""', "'''")
    body = wrapped(text, indent).lstrip()
    if "\n" not in body and len(body) + indent + 6 <= WIDTH + 4:
        return " " * indent + '"""' + body + '"""'
    return " " * indent + '"""' + body + "\n" + " " * indent + '"""'


# --- parameters ------------------------------------------------------------------------------------------------------------
def value_of(row: dict) -> object:
    default = row["default"]
    if row["type"] == "number":
        return float(default)
    return default


def by_class(row: dict) -> bool:
    return row["name"] == "class_weight" and row["type"] == "choice"


def kind_of(row: dict) -> str:
    """The type, and what True and False are called where they are two of several names."""
    for yes, no in (("on", "off"), ("true", "false")):
        if row["type"] == "choice" and {yes, no} <= set(row["choices"]):
            return f"choice {yes} {no}"
    return row["type"]


def annotation(row: dict) -> str:
    if row["type"] == "choice":
        text = "Literal[" + ", ".join(json.dumps(c, ensure_ascii=False) for c in row["choices"]) + "]"
        text += " | bool" if kind_of(row) != "choice" else ""
        return text + " | Mapping[Any, float] | None" if by_class(row) else text
    if row["type"] == "text" and "'|'" in row.get("doc", ""):
        return "str | Sequence[Any]"
    return PYTHON_TYPE[row["type"]]


def range_of(row: dict) -> str:
    low, high = float(row["min"]), float(row["max"])
    lowest, highest = low <= -1e300, high >= (1e300 if row["type"] == "number" else 1e15)
    if lowest and highest:
        return ""
    begin = "(" if row.get("open_min") or lowest else "["
    return f" in {begin}{'-inf' if lowest else f'{low:g}'}, {'inf)' if highest else f'{high:g}]'}"


def row_doc(row: dict) -> str:
    kind = {"number": "float", "integer": "int", "text": "str", "model": "Estimator or str"}.get(row["type"], row["type"])
    if row["type"] == "choice":
        kind = "{" + ", ".join(repr(c) for c in row["choices"]) + "}" + (" or bool" if kind_of(row) != "choice" else "")
    if row["type"] in ("number", "integer"):
        kind += range_of(row)
    if by_class(row):
        kind += " or dict of class -> weight"
    text = sentence(row.get("doc", ""))
    if row.get("unit"):
        text += f" In {row['unit']}."
    if row.get("when"):
        text += f" Matters with {row['when'].replace('=', '=')} only."
    return f"{row['name']} : {kind}, default={value_of(row)!r}\n    {text}"


def door_names(thing: dict) -> list[str]:
    names = ["random_state"] if "random" in thing["tags"] or "base" in thing["tags"] else []
    if thing["kind"] in ("estimator", "transformer"):
        names.append("n_jobs")
    if thing["kind"] == "estimator":
        names.append("verbose")
    return names


def init(thing: dict) -> str:
    """__init__ keeps what it is given: scikit-learn's rule."""
    args = [f"{r['name']}: {annotation(r)}{NBSP}={NBSP}{value_of(r)!r}" for r in thing["parameters"]]
    types = {"random_state": "Any", "n_jobs": "int | None", "verbose": "Any"}
    door = [f"{n}: {types[n]} = {'False' if n == 'verbose' else 'None'}" for n in door_names(thing)]
    if args:
        args.insert(1, "*") if len(args) > 1 or door else None
        args += door
    else:
        args = (["*"] + door) if door else []
    lines = ["    def __init__("] + [line for a in ["self"] + args for line in code(a + ",", 8, 12)] + ["    ) -> None:"]
    names = [r["name"] for r in thing["parameters"]] + door_names(thing)
    lines += [f"        self.{n} = {n}" for n in names] or ["        pass"]
    return "\n".join(lines)
