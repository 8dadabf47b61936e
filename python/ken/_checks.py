"""python -m ken._checks [--out FILE] [NAME ...]: scikit-learn's own checks of estimators over every class of the package.

Prints a table: checks passed, failures that are expected with their reason, and failures. Ends with 1 where there are any.
"""
from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from importlib import import_module
from typing import Any, Iterator

from ken._index import THINGS

#: why a check may fail, in words that scikit-learn uses of its own estimators
ROWS_ARE_NOT_WEIGHTS = ("a row of weight 2 is not the same as the row twice: rows are drawn at random, set aside, counted "
                        "(fewest rows of a leaf) or put into bins, as scikit-learn says of its forests and of "
                        "HistGradientBoosting")


def classes() -> Iterator[type]:
    """Every estimator and transformer of the package."""
    for of_thing in THINGS.values():
        for room, name in of_thing.values():
            yield getattr(import_module(f"ken.{room}"), name)


PURE_LEAVES = ("the check gives the rare class almost no weight and sets min_weight_fraction_leaf, without which a tree "
               "that grows until its leaves are pure, as here by default, has leaves of that class, too; "
               "min_split_rows and max_depth are the limits here")


def expected_failures(estimator: Any) -> dict[str, str]:
    """check -> reason."""
    tags, rows = estimator._base_tags(), estimator._rows
    drawn = "row_fraction" in rows or ("base" in estimator._thing_tags and "random" in estimator._thing_tags)
    expected = {}
    if drawn and "weights" in tags:
        for kind in ("dense", "sparse"):
            expected[f"check_sample_weight_equivalence_on_{kind}_data"] = ROWS_ARE_NOT_WEIGHTS
    if estimator._task == "classify" and "class_weight" in rows and "min_split_rows" in rows:
        expected["check_class_weight_classifiers"] = PURE_LEAVES
    return expected


def check(estimator: Any) -> list[dict[str, Any]]:
    from sklearn.utils.estimator_checks import check_estimator

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return check_estimator(estimator, expected_failed_checks=expected_failures(estimator), on_fail=None, on_skip=None)


def table(wanted: list[str]) -> tuple[str, int]:
    import sklearn

    lines, reasons, failed = [], {}, 0
    for kind in classes():
        if wanted and kind.__name__ not in wanted:
            continue
        results = check(kind())
        counts = Counter(r["status"] for r in results)
        for r in results:
            if r["status"] == "xfail":
                reasons.setdefault(r["expected_to_fail_reason"], set()).add(r["check_name"])
            if r["status"] == "failed":
                failed += 1
                print(f"{kind.__name__}: {r['check_name']}: {r['exception']!r}"[:400], file=sys.stderr)
        lines.append(f"| `{kind.__module__}.{kind.__name__}` | {counts['passed']} | {counts['xfail']} | {counts['failed']} | "
                     f"{counts['skipped']} |")
    text = [f"# Checks of scikit-learn {sklearn.__version__} over every class", "",
            "`python -m ken._checks --out docs/python_checks.md` makes this page: `sklearn.utils.estimator_checks."
            "check_estimator` of each class with its defaults.", "",
            "| class | passed | expected failures | failed | skipped |", "| --- | --: | --: | --: | --: |", *lines, ""]
    for reason, checks in reasons.items():
        text += [f"Expected ({', '.join(f'`{c}`' for c in sorted(checks))}): {reason}.", ""]
    return "\n".join(text), failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m ken._checks", description=__doc__)
    parser.add_argument("--out", help="write the table to this file, too")
    parser.add_argument("names", nargs="*", metavar="NAME", help="classes; all of them if none is given")
    args = parser.parse_args()
    text, failed = table(args.names)
    print(text)
    if args.out:
        with open(args.out, "w", encoding="utf-8") as file:
            file.write(text)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
