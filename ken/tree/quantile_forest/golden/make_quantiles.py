#!/usr/bin/env python3
"""quantiles.csv: rows, and what Meinshausen's weights over a tree of scikit-learn 1.9.1 say.

row,x0,x1,y,w          the training rows (w: the weight, used by the lines `weighted`)
KIND,row,q10,q50,q90   KIND plain or weighted; quantiles at that training row
"""
import numpy as np
from sklearn.tree import DecisionTreeRegressor

rng = np.random.default_rng(5)
N = 90
X = np.round(rng.uniform(0, 10, (N, 2)), 3)
y = np.round(3 * X[:, 0] + X[:, 1] * rng.standard_normal(N), 3)
w = rng.integers(1, 4, N).astype(float)
LEVELS = (0.1, 0.5, 0.9)


def quantiles(weights):
    tree = DecisionTreeRegressor(min_samples_leaf=7).fit(X, y, sample_weight=weights)
    leaf = tree.apply(X)
    together = (leaf[:, None] == leaf[None, :]) * weights
    share = together / together.sum(axis=1, keepdims=True)
    order = np.argsort(y)
    cumulative = np.cumsum(share[:, order], axis=1)
    return [[y[order][np.argmax(c >= q - 1e-10)] for q in LEVELS] for c in cumulative]


with open(__file__.replace("make_quantiles.py", "quantiles.csv"), "w", encoding="utf-8") as f:
    for i in range(N):
        f.write(f"row,{X[i, 0]:.3f},{X[i, 1]:.3f},{y[i]:.3f},{w[i]:.0f}\n")
    for kind, weights in (("plain", np.ones(N)), ("weighted", w)):
        for i, q in enumerate(quantiles(weights)):
            f.write(f"{kind},{i}," + ",".join(f"{v:.3f}" for v in q) + "\n")
