"""The quality table: ken's models and their peers, default parameters, same rows, same columns.

    python bench/quality/run.py [--ken build/release/ken] [--data ../shared/data] [--work build/quality]
                                [--out docs/quality.md] [--peers stored|run] [--tables a,b] [--threads 2]

Every table of tables.json is cut into 5 folds (stratified for classes) by a fixed seed; the folds are written as role files
(WORK/<table>/roles.csv: 0 trains, 2 is tested) and as a train and a test csv for each. ken learns through the program, as anybody
would: `ken train`, then `ken predict`. Peers get the same columns: categories as pandas categories where they take them (LightGBM,
XGBoost, HistGradientBoosting; CatBoost as its cat_features), else one-hot columns; missing cells as they are, else medians; scaled columns for linear models.
A difference is ken's score minus the peer's, fold by fold; the verdict compares its mean with twice its standard error.

Peers' scores are kept in peers.json (`--peers run` makes them anew), so that the table can be made without the peers. Nothing here
times anything. Needs numpy, pandas, scikit-learn, lightgbm, xgboost, catboost.
"""

import argparse
import hashlib
import importlib.metadata
import json
import os
import pathlib
import subprocess
import sys

os.environ["OMP_NUM_THREADS"] = "1"  # before the peers are loaded: the same sums on every machine

import numpy as np
import pandas as pd
from sklearn import metrics
from sklearn.model_selection import KFold, StratifiedKFold

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PAIRS = [  # (ken's model, peers, tasks)
    ("boosting", ["LightGBM", "XGBoost", "HistGradientBoosting", "CatBoost"], ("classify", "regress")),
    ("forest", ["RandomForest"], ("classify", "regress")),
    ("logistic", ["LogisticRegression"], ("classify",)),
    ("ridge", ["Ridge"], ("regress",)),
]
HIGHER = {"roc_auc", "accuracy"}


# --- tables --------------------------------------------------------------------------------------------------------------


def load(spec, data, seed):
    """Features and target of one table: numbers as float, everything else as pandas categories; the target as text or float."""
    table = pd.read_csv(data / spec["file"], sep=spec.get("separator", ","), skipinitialspace=True)
    if spec.get("rows", len(table)) < len(table):
        table = table.sample(spec["rows"], random_state=seed).sort_index().reset_index(drop=True)
    y = table[spec["target"]]
    if "positive_above" in spec:
        y = (y > spec["positive_above"]).astype(int)
    y = y.astype(str) if spec["task"] == "classify" else y.astype(float)
    x = table.drop(columns=[spec["target"], *spec.get("drop", [])])
    for name in x:
        if name in spec.get("numbers", []):
            x[name] = pd.to_numeric(x[name], errors="coerce")
        if name in spec.get("categories", []) or not pd.api.types.is_numeric_dtype(x[name]):
            text = x[name].map(lambda v: v if isinstance(v, str) else f"{v:g}", na_action="ignore")
            x[name] = pd.Categorical(text.where(text.notna(), None), categories=sorted(text.dropna().unique()))
            if len(x[name].cat.categories) > 255:
                sys.exit(f"{spec['name']}: column '{name}' has too many values for a category: list it under drop")
        else:
            x[name] = x[name].astype(float)
    return x, y


def folds(spec, x, y, count, seed):
    kind = StratifiedKFold if spec["task"] == "classify" else KFold
    return list(kind(count, shuffle=True, random_state=seed).split(x, y))


def score(task, y, proba_or_value, classes):
    """All scores of one fold. proba (n, k) with columns as `classes`."""
    if task == "regress":
        return {"rmse": float(np.sqrt(np.mean((y - proba_or_value) ** 2)))}
    p, y = proba_or_value, np.asarray(y)
    one_hot = (y[:, None] == np.asarray(classes)[None, :]).astype(int)
    aucs = [metrics.roc_auc_score(one_hot[:, j], p[:, j]) for j in range(len(classes)) if 0 < one_hot[:, j].sum() < len(y)]
    loss = -np.log(np.clip((p * one_hot).sum(1), np.finfo(float).eps, 1))
    return {"roc_auc": float(np.mean(aucs)), "log_loss": float(loss.mean()),
            "accuracy": float(np.mean(np.asarray(classes)[p.argmax(1)] == y))}


# --- ken -----------------------------------------------------------------------------------------------------------------


def run_ken(args, model, spec, folder, fold, y_test, seed):
    types = []
    for name, dtype in json.loads((folder / "types.json").read_text()).items():
        types += ["--type", f"{name}={dtype}"]
    saved, out = folder / f"{model}_{fold}.ken", folder / f"{model}_{fold}.csv"
    common = ["--threads", str(args.threads), "--quiet"]
    train = [args.ken, "train", folder / f"train_{fold}.csv", "--target", spec["target"], "--task", spec["task"], "--model", model,
             "--test", "0", "--seed", str(seed), "-o", saved, "--report", "none", *types, *common]
    predict = [args.ken, "predict", saved, folder / f"test_{fold}.csv", "-o", out, *types, *common]
    if spec["task"] == "classify":
        predict.append("--proba")
    for command in (train, predict):
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{spec['name']}, {model}: {' '.join(map(str, command[1:3]))}: {done.stderr.strip()[-600:]}")
    got = pd.read_csv(out, dtype={"prediction": str}, keep_default_na=False)
    if spec["task"] == "regress":
        return score("regress", y_test.to_numpy(), got["prediction"].astype(float).to_numpy(), None)
    classes = [c for c in got.columns if c != "prediction"]
    return score("classify", y_test, got[classes].to_numpy(float), classes)


# --- peers ---------------------------------------------------------------------------------------------------------------


def peer(name, task, x):
    """A peer with its default parameters; only seeds, one thread and silence are set."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    classify = task == "classify"
    if name == "LightGBM":
        import lightgbm
        kind = lightgbm.LGBMClassifier if classify else lightgbm.LGBMRegressor
        return kind(random_state=0, n_jobs=1, deterministic=True, force_row_wise=True, verbose=-1)
    if name == "XGBoost":
        import xgboost
        kind = xgboost.XGBClassifier if classify else xgboost.XGBRegressor
        return kind(random_state=0, n_jobs=1, enable_categorical=True)
    if name == "HistGradientBoosting":
        from sklearn import ensemble
        kind = ensemble.HistGradientBoostingClassifier if classify else ensemble.HistGradientBoostingRegressor
        return kind(random_state=0, categorical_features="from_dtype")
    if name == "CatBoost":
        import catboost
        kind = catboost.CatBoostClassifier if classify else catboost.CatBoostRegressor
        return kind(random_seed=0, thread_count=1, verbose=False, allow_writing_files=False,
                    cat_features=[c for c in x if x[c].dtype != float])
    numbers = [c for c in x if x[c].dtype == float]
    categories = [c for c in x if x[c].dtype != float]
    linear = name != "RandomForest"
    prepare = ColumnTransformer([
        ("number", make_pipeline(SimpleImputer(strategy="median"), *([StandardScaler()] if linear else [])), numbers),
        ("category", OneHotEncoder(handle_unknown="ignore", sparse_output=False), categories)])
    if name == "RandomForest":
        from sklearn import ensemble
        kind = ensemble.RandomForestClassifier if classify else ensemble.RandomForestRegressor
        return make_pipeline(prepare, kind(random_state=0, n_jobs=1))
    from sklearn import linear_model
    return make_pipeline(prepare, linear_model.LogisticRegression(max_iter=5000) if classify else linear_model.Ridge())


def as_text(x):
    """Categories as text with a word for what is missing: how CatBoost takes them."""
    return x.assign(**{c: x[c].astype(object).where(x[c].notna(), "missing").astype(str) for c in x if x[c].dtype != float})


def run_peer(name, spec, x, y, train, test):
    import warnings
    warnings.filterwarnings("ignore")
    x = as_text(x) if name == "CatBoost" else x
    model = peer(name, spec["task"], x)
    if spec["task"] == "regress":
        return score("regress", y[test].to_numpy(), model.fit(x.iloc[train], y[train]).predict(x.iloc[test]), None)
    classes = sorted(y.unique())
    codes = y.map({c: i for i, c in enumerate(classes)})
    return score("classify", y[test], model.fit(x.iloc[train], codes[train]).predict_proba(x.iloc[test]), classes)


def versions():
    return {p: importlib.metadata.version(p) for p in ("scikit-learn", "lightgbm", "xgboost", "catboost", "numpy", "pandas")}


# --- the whole -----------------------------------------------------------------------------------------------------------


def write_folds(folder, spec, x, y, parts):
    """Role file, types and csv of each fold: what ken reads."""
    folder.mkdir(parents=True, exist_ok=True)
    roles = pd.DataFrame({f"fold{f}": 0 for f in range(len(parts))}, index=range(len(x)))
    for f, (train, test) in enumerate(parts):
        roles.loc[test, f"fold{f}"] = 2
        x.iloc[train].assign(**{spec["target"]: y[train]}).to_csv(folder / f"train_{f}.csv", index=False)
        x.iloc[test].to_csv(folder / f"test_{f}.csv", index=False)
    roles.to_csv(folder / "roles.csv", index=False)
    types = {c: "f64" if x[c].dtype == float else "category" for c in x}
    (folder / "types.json").write_text(json.dumps(types, indent=1))
    return hashlib.sha256((folder / "roles.csv").read_bytes()).hexdigest()


def models_of(task):
    return [(ours, theirs) for ours, theirs, tasks in PAIRS if task in tasks]


def run_table(args, spec, seed, count, stored):
    x, y = load(spec, args.data, seed)
    parts = folds(spec, x, y, count, seed)
    key = write_folds(args.work / spec["name"], spec, x, y, parts)
    result = {"rows": len(x), "columns": x.shape[1], "categories": int(sum(x[c].dtype != float for c in x)),
              "missing": int(x.isna().sum().sum()), "classes": y.nunique() if spec["task"] == "classify" else 0, "roles": key,
              "task": spec["task"], "ken": {}, "peers": {}}
    known = stored.get(spec["name"], {})
    for ours, theirs in models_of(spec["task"]):
        for name in theirs:
            if known.get("roles") == key and name in known.get("peers", {}) and args.peers == "stored":
                result["peers"][name] = known["peers"][name]
                continue
            result["peers"][name] = [run_peer(name, spec, x, y, train, test) for train, test in parts]
            print(f"{spec['name']}: {name} {mean_of(result['peers'][name])}", file=sys.stderr, flush=True)
        if args.ken:
            try:
                result["ken"][ours] = [run_ken(args, ours, spec, args.work / spec["name"], f, y[test], seed)
                                       for f, (_, test) in enumerate(parts)]
                print(f"{spec['name']}: ken {ours} {mean_of(result['ken'][ours])}", file=sys.stderr, flush=True)
            except RuntimeError as error:
                print(f"FAILED {error}", file=sys.stderr, flush=True)
                result["ken"][ours] = None
    return result


def mean_of(scores):
    return {m: round(float(np.mean([s[m] for s in scores])), 5) for m in scores[0]}


def verdict(ours, theirs, metric):
    """Mean difference in ken's favor, its standard error, and the word for it."""
    off = np.array([a[metric] - b[metric] for a, b in zip(ours, theirs)])
    if metric not in HIGHER:
        off = -off
    mean, se = off.mean(), off.std(ddof=1) / np.sqrt(len(off))
    word = "better" if mean > 2 * se else "worse" if mean < -2 * se else "equal"
    return mean, se, word if abs(mean) > 1e-12 else "equal"


def digits(value):
    return f"{value:.4f}" if abs(value) < 100 else f"{value:.5g}"


def metrics_of(result):
    return ["rmse"] if result["task"] == "regress" else ["roc_auc", "log_loss"]


def section(ours, name, results):
    lines, count = [], {}
    for table, r in results.items():
        if name not in r["peers"] or ours not in r["ken"]:
            continue
        for metric in metrics_of(r):
            theirs = np.mean([s[metric] for s in r["peers"][name]])
            if r["ken"][ours] is None:
                lines.append(f"| {table} | {metric} | failed | {digits(theirs)} | | **failed** |")
                count["failed"] = count.get("failed", 0) + 1
                continue
            mean, se, word = verdict(r["ken"][ours], r["peers"][name], metric)
            lines.append(f"| {table} | {metric} | {digits(np.mean([s[metric] for s in r['ken'][ours]]))} | {digits(theirs)} | "
                         f"{mean:+.2g} ± {2 * se:.2g} | {word if word != 'worse' else '**worse**'} |")
            count[word] = count.get(word, 0) + 1
    tally = ", ".join(f"{count[w]} {w}" for w in ("better", "equal", "worse", "failed") if w in count)
    head = f"### {ours} against {name}\n\n{tally}.\n\n| table | score | ken | {name} | in ken's favor ± 2 SE | verdict |\n|---|---|---|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


def primary(task):
    return "rmse" if task == "regress" else "roc_auc"


def summary(results, ours, names):
    """Ranks and gaps over all tables: 1 is the best; a gap is how far a system is from the best one of the table, in percent of the
    error, or in points of 100 * AUC."""
    ranks, gaps, n = {s: [] for s in ("ken", *names)}, {s: [] for s in ("ken", *names)}, 0
    for r in results.values():
        if not r["ken"].get(ours) or not all(name in r["peers"] for name in names):
            continue
        metric, n = primary(r["task"]), n + 1
        means = {"ken": np.mean([s[metric] for s in r["ken"][ours]]),
                 **{name: np.mean([s[metric] for s in r["peers"][name]]) for name in names}}
        best = (max if metric in HIGHER else min)(means.values())
        for system, mean in means.items():
            ahead = sum(v > mean if metric in HIGHER else v < mean for v in means.values())
            ranks[system].append(1 + ahead + (sum(v == mean for v in means.values()) - 1) / 2)
            gaps[system].append(100 * (best - mean if metric in HIGHER else mean / best - 1))
    lines = [f"| {system} | {np.mean(ranks[system]):.2f} | {sum(r < 1.5 for r in ranks[system])} | {np.mean(gaps[system]):.2f} |"
             for system in sorted(ranks, key=lambda s: np.mean(ranks[s]))]
    return (f"{n} tables by roc_auc or rmse. Rank 1 is the best of a table; a gap is the distance to the best one of the table, in points "
            "of 100 AUC or in percent of the RMSE.\n\n| system | mean rank | first | mean gap |\n|---|---|---|---|\n" + "\n".join(lines) + "\n")


def document(results, config, used, failed):
    said = ", ".join(f"{k} {v}" for k, v in sorted(used.items()))
    out = ["# Quality: ken against its peers\n",
           f"Made by `make quality` (`bench/quality/run.py`; the tables were listed in `bench/quality/tables.json` before the first run). "
           f"{config['folds']} folds with seed {config['seed']}, the same rows and columns for all, default parameters on both sides. "
           "Free text and identifiers are left out on both sides. The defaults of ken's boosting were chosen on these tables, in other folds "
           "and at most 6000 rows of each; how peers chose theirs is theirs to say. `roc_auc` is the mean of one class against the rest where there are more "
           "than two. The difference is per fold and counted in ken's favor; *better* and *worse* mean that it is more than twice its "
           f"standard error away from 0; with {config['folds']} folds that happens by chance to about one row in nine, in either direction. "
           f"Peers: {said}.\n",
           "## Tables\n\n| table | task | rows | columns | categories | missing cells | classes |\n|---|---|---|---|---|---|---|"]
    for table, r in results.items():
        out.append(f"| {table} | {r['task']} | {r['rows']} | {r['columns']} | {r['categories']} | {r['missing']} | {r['classes'] or ''} |")
    boosters = next(theirs for ours, theirs, _ in PAIRS if ours == "boosting")
    out.append("\n## Boosting with default parameters: ranks\n\n" + summary(results, "boosting", boosters))
    out.append("## Scores, means over folds\n")
    for ours, theirs, _ in PAIRS:
        out += [section(ours, name, results) for name in theirs]
    if failed:
        out.append("Failed: " + "; ".join(failed) + ".\n")
    return "\n".join(out)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--ken", default=os.environ.get("KEN", str(ROOT / "build/release/ken")), help="'' runs the peers alone")
    p.add_argument("--data", type=pathlib.Path, default=pathlib.Path(os.environ.get("KEN_SHARED", ROOT.parent / "shared")) / "data")
    p.add_argument("--work", type=pathlib.Path, default=ROOT / "build/quality")
    p.add_argument("--out", type=pathlib.Path, default=ROOT / "docs/quality.md")
    p.add_argument("--peers", choices=["stored", "run"], default="stored")
    p.add_argument("--tables", help="only these, apart by commas (nothing is written to --out unless given)")
    p.add_argument("--threads", type=int, default=2, help="of ken")
    p.add_argument("--fail-on-worse", action="store_true", help="exit 3 when boosting is worse than a peer on a third of the tables")
    args = p.parse_args()
    config = json.loads((HERE / "tables.json").read_text())
    store = HERE / "peers.json"
    stored = json.loads(store.read_text()) if store.exists() else {"versions": {}, "tables": {}}
    if stored["versions"] != versions() and args.peers == "stored" and stored["tables"]:
        print(f"peers.json was made with {stored['versions']}", file=sys.stderr)
    chosen = [t for t in config["tables"] if not args.tables or t["name"] in args.tables.split(",")]
    results = {}
    for spec in chosen:
        results[spec["name"]] = run_table(args, spec, config["seed"], config["folds"], stored["tables"])
        fresh = {k: results[spec["name"]][k] for k in ("roles", "peers")}
        if stored["tables"].get(spec["name"]) != fresh:
            stored = {"versions": versions(), "tables": {**stored["tables"], spec["name"]: fresh}}
            store.write_text(json.dumps(stored, indent=1) + "\n")
    failed = [f"{t}: {m}" for t, r in results.items() for m, s in r["ken"].items() if s is None]
    text = document(results, config, stored["versions"], failed)
    if args.tables:
        print(text)
    elif args.ken:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(text)
        print(f"{args.out}: {len(results)} tables", file=sys.stderr)
    worse = sum(verdict(r["ken"]["boosting"], r["peers"][n], metrics_of(r)[0])[2] == "worse"
                for r in results.values() if r["ken"].get("boosting") for n in r["peers"] if n in PAIRS[0][1])
    total = len(PAIRS[0][1]) * sum(bool(r["ken"].get("boosting")) for r in results.values())
    if args.fail_on_worse and (failed or 3 * worse > total):
        sys.exit(3)


if __name__ == "__main__":
    main()
