"""Peers for the rows that the shared scripts lack: the same data, clocks and child processes, other workloads.

    python -B bench/peers.py --data DATA --threads 2 --only "shap-forest shap" --json out.json
"""

import pathlib
import sys

SHARED = pathlib.Path(__file__).resolve().parents[2] / "shared" / "bench"
sys.path.insert(0, str(SHARED))

import gbdt  # noqa: E402
from bench import case, main  # noqa: E402


# --- small tables: the first rows of higgs train, its test is the test; 100 trees, rate 0.1, 255 bins -----------------------


def first_rows(n):
    def load(b):
        x, y = b.load("higgs_x"), b.load("higgs_y")
        return x[:n], y[:n], x[1_000_000:], y[1_000_000:]
    return load


def sklearn_hist(b, workload):
    import sklearn
    from sklearn.ensemble import HistGradientBoostingClassifier
    b.uses(sklearn)
    x, y, xt, yt = workload(b)
    m = HistGradientBoostingClassifier(max_iter=gbdt.TREES, learning_rate=gbdt.RATE, max_leaf_nodes=gbdt.LEAVES, max_bins=gbdt.BINS,
                                       early_stopping=False, random_state=1)
    with b.time("fit"):
        m.fit(x, y)
    with b.time("predict"):
        p = m.predict_proba(xt)[:, 1]
    gbdt.score(b, workload, yt, p)


def small(b, peer, rows, leaves):
    gbdt.LEAVES = leaves
    peer(b, first_rows(rows))


for name, n in (("10k", 10_000), ("100k", 100_000)):
    for k in (31, 255):
        for f in (gbdt.lightgbm, gbdt.xgboost, sklearn_hist, gbdt.catboost):
            system = "sklearn-hist" if f is sklearn_hist else f.__name__
            case(f"gbdt-{name}-{k}", system)(lambda b, f=f, n=n, k=k: small(b, f, n, k))


case("oblivious", "catboost")(lambda b: gbdt.catboost(b, gbdt.higgs))  # depth 6


# --- new leaf values: 100 trees of 200k rows, renewed by 800k others --------------------------------------------------------


@case("gbdt-refit", "lightgbm")
def refit(b):
    import lightgbm as lgb
    x, y = b.load("higgs_x"), b.load("higgs_y")
    p = {"objective": "binary", "num_leaves": 255, "learning_rate": 0.1, "num_threads": b.threads, "verbose": -1, "seed": 1}
    m = lgb.train(p, lgb.Dataset(x[:200_000], y[:200_000]), 100)
    b.uses(lgb)
    with b.time("fit"):
        m = m.refit(x[200_000:1_000_000], y[200_000:1_000_000], decay_rate=0.9)
    gbdt.score(b, refit, y[1_000_000:], m.predict(x[1_000_000:]))


# --- TreeSHAP of a forest of 100 trees of depth 8 on 1000 rows --------------------------------------------------------------


@case("shap-forest", "shap")
def shap_forest(b):
    import numpy as np
    import shap
    from sklearn.ensemble import RandomForestClassifier
    x, y = b.load("forest_x"), b.load("forest_y")
    m = RandomForestClassifier(100, max_depth=8, max_features="sqrt", n_jobs=b.threads, random_state=1).fit(x[:20_000], y[:20_000])
    b.uses(shap)
    rows = x[100_000:101_000]
    with b.time("fit"):
        e = shap.TreeExplainer(m)
        values = e.shap_values(rows)
    values = values[1] if isinstance(values, list) else values[..., 1]
    b.quality["sum_error"] = float(np.abs(values.sum(1) + np.ravel(e.expected_value)[1] - m.predict_proba(rows)[:, 1]).max())


if __name__ == "__main__":
    main()
