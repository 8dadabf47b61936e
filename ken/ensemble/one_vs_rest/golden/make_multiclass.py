#!/usr/bin/env python3
"""Writes multiclass.csv: rows made here, and what scikit-learn's OneVsRestClassifier and OneVsOneClassifier
over LogisticRegression (solver='newton-cholesky', tol=1e-12) say of them.
Lines: 'row,x0..x2,class', 'ovr,l2,row,p0..p3,m0..m3' (predict_proba, decision_function), 'ovo,l2,row,m0..m3'."""
import pathlib
import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier

rng = np.random.default_rng(5)
n, d, k = 80, 3, 4
X = np.round(rng.normal(size=(n, d)), 3)
scores = X @ rng.normal(size=(d, k)) * 1.5 + rng.normal(size=(n, k)) * 0.8 + [0.6, 0, 0, -0.3]
y = scores.argmax(axis=1)
lines = [f"# numpy {np.__version__}, scikit-learn {sklearn.__version__}"]
lines += [",".join(["row", *(repr(float(v)) for v in X[i]), str(y[i])]) for i in range(n)]
for l2 in (0.1, 5.0):
    base = LogisticRegression(C=1 / l2, solver="newton-cholesky", tol=1e-12, max_iter=1000)
    rest, one = OneVsRestClassifier(base).fit(X, y), OneVsOneClassifier(base).fit(X, y)
    p, m, v = rest.predict_proba(X), rest.decision_function(X), one.decision_function(X)
    assert (one.predict(X) == v.argmax(axis=1)).all()
    for i in range(0, n, 3):
        lines.append(",".join(["ovr", repr(l2), str(i), *(repr(float(a)) for a in [*p[i], *m[i]])]))
        lines.append(",".join(["ovo", repr(l2), str(i), *(repr(float(a)) for a in v[i])]))
pathlib.Path(__file__).with_name("multiclass.csv").write_text("\n".join(lines) + "\n")
