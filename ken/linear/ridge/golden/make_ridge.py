#!/usr/bin/env python3
"""Writes ridge.csv: data made here, and what sklearn.linear_model.Ridge (solver='svd') finds on it.
Lines: 'row,x0..x4,y,w' and 'fit,alpha,fit_intercept,weighted,intercept,coef0..coef4'."""
import pathlib
import numpy as np
import sklearn
from sklearn.linear_model import Ridge

rng = np.random.default_rng(7)
n, d = 40, 5
X = np.round(rng.normal(size=(n, d)) * [1, 20, 0.05, 3, 1] + [0, 1000, 1, -5, 2], 3)
X[:, 4] = np.round(X[:, 3] * 0.5 + rng.normal(size=n) * 0.01, 3)
y = np.round(X @ [1.5, -0.02, 30, 0.7, 0.1] + rng.normal(size=n), 3)
w = rng.integers(0, 4, size=n).astype(float)
lines = [f"# numpy {np.__version__}, scikit-learn {sklearn.__version__}"]
lines += ["row," + ",".join(repr(float(v)) for v in [*X[i], y[i], w[i]]) for i in range(n)]
for alpha in (1e-3, 1.0, 50.0):
    for intercept in (1, 0):
        for weighted in (0, 1):
            m = Ridge(alpha=alpha, fit_intercept=bool(intercept), solver="svd")
            m.fit(X, y, w if weighted else None)
            values = [alpha, intercept, weighted, float(m.intercept_), *map(float, m.coef_)]
            lines.append("fit," + ",".join(repr(v) for v in values))
pathlib.Path(__file__).with_name("ridge.csv").write_text("\n".join(lines) + "\n")
