#!/usr/bin/env python3
"""Writes elastic_net.csv: data made here, and what sklearn.linear_model.ElasticNet finds on it (tol 1e-14).
Lines: 'row,x0..x5,y,w' and 'fit,alpha,l1_ratio,fit_intercept,weighted,positive,intercept,coef0..coef5'.
lasso_test.c uses the lines with l1_ratio 1."""
import pathlib
import warnings
import numpy as np
import sklearn
import sklearn.exceptions
from sklearn.linear_model import ElasticNet

rng = np.random.default_rng(11)
n, d = 30, 6
X = np.round(rng.normal(size=(n, d)) * [1, 5, 0.5, 3, 1, 2] + [0, 100, 1, -5, 2, 0], 3)
X[:, 4] = np.round(X[:, 3] * 0.5 + rng.normal(size=n) * 0.1, 3)
y = np.round(X @ [1.5, -0.2, 3, 0.7, 0.1, 0] + rng.normal(size=n), 3)
w = rng.integers(0, 4, size=n).astype(float)
lines = [f"# numpy {np.__version__}, scikit-learn {sklearn.__version__}"]
lines += ["row," + ",".join(repr(float(v)) for v in [*X[i], y[i], w[i]]) for i in range(n)]
warnings.simplefilter("error", sklearn.exceptions.ConvergenceWarning)
for alpha in (0.01, 0.1, 1.0):
    for ratio in (1.0, 0.7, 0.2):
        for intercept in (1, 0):
            for weighted in (0, 1):
                for positive in (0, 1):
                    m = ElasticNet(alpha=alpha, l1_ratio=ratio, fit_intercept=bool(intercept),
                                   positive=bool(positive), tol=1e-14, max_iter=10**7)
                    m.fit(X, y, w if weighted else None)
                    values = [alpha, ratio, intercept, weighted, positive, float(m.intercept_),
                              *map(float, m.coef_)]
                    lines.append("fit," + ",".join(repr(v) for v in values))
pathlib.Path(__file__).with_name("elastic_net.csv").write_text("\n".join(lines) + "\n")
