#!/usr/bin/env python3
"""adaboost.csv: rows, and what scikit-learn 1.9.1 makes of them.

row,x0,x1,x2,two,three,y
KIND,depth,rate,stage,T,weight,error     KIND two, three (AdaBoostClassifier) or linear, square, exponential
KIND_at,depth,rate,T,row,answers         decision_function (three: a number a class; two: one) or predict

AdaBoostRegressor draws rows by their weights; the same class fits on the weights here: only its call of
choice() and of fit() are replaced, the rest is its own.
"""
import numpy as np
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

rng = np.random.default_rng(11)
N, T = 120, 15
X = np.round(rng.uniform(0, 10, (N, 3)), 4)
y = np.round(X[:, 0] * X[:, 1] / 3 + 4 * np.sin(X[:, 2]) + rng.standard_normal(N), 4)
two = (y + 3 * rng.standard_normal(N) > 8).astype(int)
three = np.digitize(y, [4, 12])
out = open(__file__.replace("make_adaboost.py", "adaboost.csv"), "w", encoding="utf-8")
for i in range(N):
    out.write(f"row,{X[i, 0]:.4f},{X[i, 1]:.4f},{X[i, 2]:.4f},{two[i]},{three[i]},{y[i]:.4f}\n")


class Weighted(DecisionTreeRegressor):
    """Told the weights beside the rows."""
    weights = None

    def fit(self, X, y):
        return super().fit(X, y, sample_weight=Weighted.weights)


class ByWeight(AdaBoostRegressor):
    def _boost(self, iboost, X, y, sample_weight, random_state):
        Weighted.weights = sample_weight

        class All(np.random.RandomState):
            def choice(self, rows, size, replace, p):
                return rows

        return super()._boost(iboost, X, y, sample_weight, All(0))


def write(kind, depth, rate, model, answers):
    t = len(model.estimators_)
    for s in range(t):
        out.write(f"{kind},{depth},{rate},{s},{t},{model.estimator_weights_[s]:.17g},{model.estimator_errors_[s]:.17g}\n")
    for i in range(0, N, 9):
        out.write(f"{kind}_at,{depth},{rate},{t},{i}," + ",".join(f"{v:.17g}" for v in np.atleast_1d(answers[i])) + "\n")


for kind, label in (("two", two), ("three", three)):
    for depth, rate in ((1, 1.0), (2, 0.5)):
        m = AdaBoostClassifier(DecisionTreeClassifier(max_depth=depth), n_estimators=T, learning_rate=rate).fit(X, label)
        write(kind, depth, rate, m, m.decision_function(X))
for loss in ("linear", "square", "exponential"):
    for depth, rate in ((3, 1.0), (2, 0.5)):
        m = ByWeight(Weighted(max_depth=depth), n_estimators=T, learning_rate=rate, loss=loss).fit(X, y)
        write(loss, depth, rate, m, m.predict(X))
out.close()
