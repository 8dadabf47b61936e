#!/usr/bin/env python3
"""Writes logistic.csv: data made here, and what sklearn.linear_model.LogisticRegression finds on it.
Lines: 'row,x0..x3,label,w' and 'fit,k,l2,fit_intercept,balanced,weighted,m,intercept..,coef..' (row by
row). Two classes: labels 0 and not 0."""
import pathlib
import warnings
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

warnings.simplefilter("error")
rng = np.random.default_rng(11)
n, d = 90, 4
X = np.round(rng.normal(size=(n, d)) * [1, 3, 0.4, 1] + [0, 20, 1, -2], 3)
Z = (X - X.mean(0)) / X.std(0)
score = Z @ rng.normal(size=(d, 3)) + 1.5 * rng.gumbel(size=(n, 3)) + [0.8, 0, -0.5]
label = score.argmax(1)
w = rng.integers(1, 4, size=n).astype(float)
lines = [f"# numpy {np.__version__}, scikit-learn {sklearn.__version__}"]
lines += ["row," + ",".join(repr(float(v)) for v in [*X[i], label[i], w[i]]) for i in range(n)]
for k in (2, 3):
    y = np.minimum(label, k - 1)
    for l2, intercept, balanced, weighted in ((1, 1, 0, 0), (0.05, 1, 0, 1), (3, 0, 0, 0),
                                              (1, 1, 1, 0), (0.2, 1, 1, 1)):
        m = LogisticRegression(C=1 / l2, fit_intercept=bool(intercept), tol=1e-12, max_iter=1000,
                               solver="newton-cholesky" if k == 2 else "newton-cg",
                               class_weight="balanced" if balanced else None)
        m.fit(X, y, w if weighted else None)
        values = [k, l2, intercept, balanced, weighted, len(m.coef_), *np.broadcast_to(
            m.intercept_, len(m.coef_)), *m.coef_.ravel()]
        lines.append("fit," + ",".join(repr(float(v)) for v in values))
pathlib.Path(__file__).with_name("logistic.csv").write_text("\n".join(lines) + "\n")
