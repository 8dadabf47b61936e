"""Golden numbers for effect_test.c: scikit-learn's partial dependence of a tree by weighted traversal.
Run with scikit-learn 1.x; prints the version and C rows. All values are dyadic, so that both programs see the
same thresholds."""
import numpy as np, sklearn
from sklearn.inspection import partial_dependence
from sklearn.tree import DecisionTreeRegressor

i = np.arange(64)
X = np.column_stack([(i * 37 % 64) / 64, (i * 23 % 61) / 64])
y = X[:, 0] ** 2 + 2 * X[:, 0] * X[:, 1] + X[:, 1] ** 3
m = DecisionTreeRegressor(max_depth=3).fit(X, y)
print("/* scikit-learn", sklearn.__version__, "leaves", m.get_n_leaves(), "*/")
for f in ([0], [1], [(0, 1)]):
    r = partial_dependence(m, X, f, percentiles=(0, 1), grid_resolution=5, kind="average", method="recursion")
    print([g.tolist() for g in r["grid_values"]])
    print("{", ", ".join(repr(float(v)) for v in r["average"][0].ravel()), "},")
