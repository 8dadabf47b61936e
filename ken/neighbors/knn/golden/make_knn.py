#!/usr/bin/env python3
"""Writes knn.csv: rows made here, and what scikit-learn's KNeighborsRegressor and KNeighborsClassifier
(algorithm='brute') say of them. Lines: 'train,x0..x2,y,class', 'query,x0..x2',
'near,metric,query,i0..i4,d0..d4', 'mean,metric,weights,k,query,value', 'vote,metric,weights,k,query,p0..p2'."""
import pathlib
import numpy as np
import sklearn
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

rng = np.random.default_rng(11)
n, m, d = 60, 12, 3
X = np.round(rng.normal(size=(n, d)) * [1, 2, 0.5] + [0.5, 1, -0.3], 3)
y = np.round(X @ [1.5, -0.2, 3] + rng.normal(size=n), 3)
c = np.digitize(y, [-1, 1])
Q = np.round(rng.normal(size=(m, d)) * [1, 2, 0.5] + [0.5, 1, -0.3], 3)
Q[0] = X[17]  # a training row: distance 0
lines = [f"# numpy {np.__version__}, scikit-learn {sklearn.__version__}"]
def put(kind, *values):
    lines.append(",".join([kind, *(v if isinstance(v, str) else repr(v.item() if hasattr(v, "item") else v) for v in values)]))
for i in range(n):
    put("train", *X[i], y[i], c[i])
for q in Q:
    put("query", *q)
for metric in ("euclidean", "manhattan", "chebyshev", "cosine"):
    near = KNeighborsRegressor(5, metric=metric, algorithm="brute").fit(X, y)
    dist, index = near.kneighbors(Q)
    for q in range(m):
        put("near", metric, q, *index[q], *dist[q])
    for weights in ("uniform", "distance"):
        for k in (1, 4, 60):
            r = KNeighborsRegressor(k, metric=metric, algorithm="brute", weights=weights).fit(X, y).predict(Q)
            p = KNeighborsClassifier(k, metric=metric, algorithm="brute", weights=weights).fit(X, c).predict_proba(Q)
            for q in range(m):
                if metric == "cosine" and weights == "distance" and q == 0:
                    continue  # 1 - cos of a row with itself is 2e-16 there, not 0
                put("mean", metric, weights, k, q, r[q])
                put("vote", metric, weights, k, q, *p[q])
pathlib.Path(__file__).with_name("knn.csv").write_text("\n".join(lines) + "\n")
