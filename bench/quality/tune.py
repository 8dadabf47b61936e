"""Boosting tuned: ken and its peers, each with the same number of random trials on the same rows.

    python bench/quality/tune.py [--ken build/release/ken] [--data ../shared/data] [--trials 50] [--folds 1]
                                 [--rows 4000] [--tables a,b] [--peers stored|run] [--out docs/quality_tuned.md]

The tables and their outer folds are those of run.py, at most --rows rows each. A system's first trial is its defaults; the others
are drawn from SPACES, every one with 50 to 500 rounds and no early stopping, so that all have the same freedom. A trial learns on
three quarters of the training rows and is scored on the rest (log-loss, RMSE); the best one learns again on all training rows and
is scored on the test rows of the fold. Peers' results are kept in tuned.json and made again with `--peers run`. Nothing is timed.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import warnings
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import run as quality  # first: it sets the threads of the peers

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

ROUNDS = ("log_whole", 50, 500)
RATE = ("log", 0.01, 0.3)
SPACES = {  # (scale, low, high); names are those of each system
    "ken": {"trees": ROUNDS, "learning_rate": RATE, "max_leaves": ("log_whole", 4, 128), "min_leaf_rows": ("log_whole", 1, 60),
            "row_fraction": ("linear", 0.5, 1), "column_fraction": ("linear", 0.4, 1), "l2": ("log", 1e-3, 100)},
    "LightGBM": {"n_estimators": ROUNDS, "learning_rate": RATE, "num_leaves": ("log_whole", 4, 128),
                 "min_child_samples": ("log_whole", 1, 60), "subsample": ("linear", 0.5, 1), "colsample_bytree": ("linear", 0.4, 1),
                 "reg_lambda": ("log", 1e-3, 100)},
    "XGBoost": {"n_estimators": ROUNDS, "learning_rate": RATE, "max_depth": ("whole", 2, 10), "min_child_weight": ("log", 1e-2, 60),
                "subsample": ("linear", 0.5, 1), "colsample_bytree": ("linear", 0.4, 1), "reg_lambda": ("log", 1e-3, 100)},
    "HistGradientBoosting": {"max_iter": ROUNDS, "learning_rate": RATE, "max_leaf_nodes": ("log_whole", 4, 128),
                             "min_samples_leaf": ("log_whole", 1, 60), "max_features": ("linear", 0.4, 1),
                             "l2_regularization": ("log", 1e-3, 100)},
    "CatBoost": {"iterations": ROUNDS, "learning_rate": RATE, "depth": ("whole", 3, 8), "l2_leaf_reg": ("log", 0.1, 100),
                 "random_strength": ("linear", 0, 2), "bagging_temperature": ("linear", 0, 2), "rsm": ("linear", 0.4, 1)},
}
FIXED = {"LightGBM": {"subsample_freq": 1}, "HistGradientBoosting": {"early_stopping": False}}


def draw(space, rng):
    """One value of each parameter."""
    out = {}
    for name, (scale, low, high) in space.items():
        value = np.exp(rng.uniform(np.log(low), np.log(high))) if scale.startswith("log") else rng.uniform(low, high)
        out[name] = int(round(value)) if scale.endswith("whole") else float(value)
    return out


def trials_of(system, table, fold, count):
    rng = np.random.default_rng([zlib.crc32(f"{system} {table}".encode()), fold])
    return [{}] + [draw(SPACES[system], rng) for _ in range(count - 1)]


def fit_peer(system, spec, x, y, settings, train, test):
    model = quality.peer(system, spec["task"], x).set_params(**(FIXED.get(system, {}) if settings else {}), **settings)
    if spec["task"] == "regress":
        return quality.score("regress", y[test].to_numpy(), model.fit(x.iloc[train], y[train]).predict(x.iloc[test]), None)
    classes = sorted(y[train].unique())
    codes = y.map({c: i for i, c in enumerate(classes)})
    return quality.score("classify", y[test], model.fit(x.iloc[train], codes[train]).predict_proba(x.iloc[test]), classes)


def run_program(arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, arguments[1:3]))}: {done.stderr.strip()[-600:]}")


def fit_ken(args, spec, x, y, settings, train, test):
    folder = args.work / spec["name"]
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / name for name in ("train.csv", "test.csv", "m.ken", "out.csv")]
    x.iloc[train].assign(**{spec["target"]: y[train]}).to_csv(files[0], index=False)
    x.iloc[test].to_csv(files[1], index=False)
    types = [part for c in x for part in ("--type", f"{c}={'f64' if x[c].dtype == float else 'category'}")]
    given = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    common = [*types, "--threads", args.threads, "--quiet"]
    run_program([args.ken, "train", files[0], "--target", spec["target"], "--task", spec["task"], "--model", "boosting", "--test", "0",
                 "-o", files[2], "--report", "none", *given, *common])
    run_program([args.ken, "predict", files[2], files[1], "-o", files[3], *(["--proba"] if spec["task"] == "classify" else []), *common])
    got = pd.read_csv(files[3], dtype={"prediction": str}, keep_default_na=False)
    if spec["task"] == "regress":
        return quality.score("regress", y[test].to_numpy(), got["prediction"].astype(float).to_numpy(), None)
    classes = [c for c in got.columns if c != "prediction"]
    return quality.score("classify", y[test], got[classes].to_numpy(float), classes)


def tuned(args, system, spec, x, y, train, test, fold):
    """Scores on the test rows of the best of all trials."""
    x = quality.as_text(x) if system == "CatBoost" else x

    def fit(settings, a, b):
        if system == "ken":
            return fit_ken(args, spec, x, y, settings, a, b)
        return fit_peer(system, spec, x, y, settings, a, b)

    metric = "rmse" if spec["task"] == "regress" else "log_loss"
    inner, valid = train_test_split(train, test_size=0.25, random_state=fold, stratify=y[train] if spec["task"] == "classify" else None)
    candidates = trials_of(system, spec["name"], fold, args.trials)
    best = min(candidates, key=lambda settings: fit(settings, inner, valid)[metric])
    return {**fit(best, train, test), "settings": best}


def document(results, config, args, used):
    systems = list(SPACES)
    rows, ranks, gaps = [], {s: [] for s in systems}, {s: [] for s in systems}
    for table, r in results.items():
        metric = quality.primary(r["task"])
        means = {s: np.mean([f[metric] for f in r["scores"][s]]) for s in systems}
        sign = -1 if metric in quality.HIGHER else 1
        best = min(means.values(), key=lambda v: sign * v)
        for s in systems:
            ranks[s].append(np.mean([np.sign(sign * (means[s] - v)) for v in means.values()]) * len(systems) / 2 + (len(systems) + 1) / 2)
            gaps[s].append(100 * (best - means[s] if sign < 0 else means[s] / best - 1))
        rows.append(f"| {table} | {metric} | " + " | ".join(quality.digits(means[s]) for s in systems) + " |")
    said = ", ".join(f"{k} {v}" for k, v in sorted(used.items()))
    head = (f"# Quality after tuning\n\nMade by `bench/quality/run --tuned` (`bench/quality/tune.py`, which says how): {args.trials} random "
            f"trials a system, {args.folds} outer fold(s) of {config['folds']}, at most {args.rows} rows a table. Peers: {said}.\n\n"
            "Rank 1 is the best of a table; a gap is the distance to the best one of the table, in points of 100 AUC or in percent of the "
            "RMSE.\n\n| system | mean rank | mean gap |\n|---|---|---|\n")
    order = sorted(systems, key=lambda s: np.mean(ranks[s]))
    head += "\n".join(f"| {s} | {np.mean(ranks[s]):.2f} | {np.mean(gaps[s]):.2f} |" for s in order)
    return head + "\n\n| table | score | " + " | ".join(systems) + " |\n|" + "---|" * (2 + len(systems)) + "\n" + "\n".join(rows) + "\n"


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ken", default=os.environ.get("KEN", str(quality.ROOT / "build/release/ken")))
    p.add_argument("--data", type=pathlib.Path, default=pathlib.Path(os.environ.get("KEN_SHARED", quality.ROOT.parent / "shared")) / "data")
    p.add_argument("--work", type=pathlib.Path, default=quality.ROOT / "build/quality_tuned")
    p.add_argument("--out", type=pathlib.Path, default=quality.ROOT / "docs/quality_tuned.md")
    p.add_argument("--peers", choices=["stored", "run"], default="stored")
    p.add_argument("--systems", default=",".join(SPACES), help="only these; the page is written when all are there")
    p.add_argument("--tables", help="only these, apart by commas")
    p.add_argument("--trials", type=int, default=50)
    p.add_argument("--folds", type=int, default=1)
    p.add_argument("--rows", type=int, default=4000)
    p.add_argument("--threads", type=int, default=1, help="of ken")
    args = p.parse_args()
    warnings.filterwarnings("ignore")
    config = json.loads((quality.HERE / "tables.json").read_text())
    store = quality.HERE / "tuned.json"
    stored = json.loads(store.read_text()) if store.exists() else {"versions": {}, "tables": {}}
    results = {}
    for spec in [t for t in config["tables"] if not args.tables or t["name"] in args.tables.split(",")]:
        spec = {**spec, "rows": min(spec.get("rows", args.rows), args.rows)}
        x, y = quality.load(spec, args.data, config["seed"])
        parts = quality.folds(spec, x, y, config["folds"], config["seed"])[: args.folds]
        scores = {}
        for system in args.systems.split(","):
            key = f"{system} {args.trials} {args.rows}"
            known = stored["tables"].get(spec["name"], {}).get(key, [])
            use = known[: args.folds] if args.peers == "stored" and system != "ken" else []
            scores[system] = use + [tuned(args, system, spec, x, y, train, test, f) for f, (train, test) in enumerate(parts) if f >= len(use)]
            print(f"{spec['name']}: {system} {[round(s[quality.primary(spec['task'])], 5) for s in scores[system]]}", file=sys.stderr, flush=True)
            if system != "ken" and len(use) < len(scores[system]):
                stored["versions"] = quality.versions()
                stored["tables"].setdefault(spec["name"], {})[key] = scores[system]
                store.write_text(json.dumps(stored, indent=1) + "\n")
        results[spec["name"]] = {"task": spec["task"], "scores": scores}
    if set(args.systems.split(",")) == set(SPACES):
        text = document(results, config, args, stored["versions"])
        if args.tables:
            print(text)
        else:
            args.out.write_text(text)


if __name__ == "__main__":
    main()
