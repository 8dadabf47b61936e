"""Golden numbers for effect_test.c: scikit-learn's partial dependence of a known classifier.
Run with scikit-learn 1.x; prints the version and C rows."""
import numpy as np, sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import partial_dependence


class Known(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.array([0, 1])
        self.fitted_ = True
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-(0.5 + 2 * X[:, 0] + X[:, 1] ** 2)))
        return np.column_stack([1 - p, p])


i = np.arange(50)
X = np.column_stack([2 * np.mod(i * 0.618033988749895, 1) - 1, 2 * np.mod(i * 0.414213562373095, 1) - 1])
m = Known().fit(X, i % 2)
print("/* scikit-learn", sklearn.__version__, "*/")
for f in (0, 1):
    r = partial_dependence(m, X, [f], percentiles=(0, 1), grid_resolution=7, kind="average", response_method="predict_proba")
    print("{", ", ".join(repr(float(v)) for v in r["grid_values"][0]), "},\n{", ", ".join(repr(float(v)) for v in r["average"][0]), "},")
r = partial_dependence(m, X, [(0, 1)], percentiles=(0, 1), grid_resolution=3, response_method="predict_proba")
print("{", ", ".join(repr(float(v)) for v in r["average"][0].ravel()), "},")
