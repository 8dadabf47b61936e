"""Writes tree_golden.h: trees of scikit-learn on wine (classes) and diabetes (numbers), in preorder.
Only settings whose tree is the same for 20 seeds, that is without ties, are written; the others are
named on stderr. Usage: make_tree_golden.py <shared/data> > tree_golden.h"""
import sys

import numpy as np
import sklearn
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

ROOT = sys.argv[1]


def read(path, target):
    rows = [line.split(",") for line in open(path, encoding="utf-8").read().splitlines()]
    t = rows[0].index(target)
    data = np.array(rows[1:], dtype=float)
    return np.delete(data, t, axis=1), data[:, t]


def preorder(m):
    t, out = m.tree_, []

    def go(i):
        leaf = t.children_left[i] < 0
        out.append((-1 if leaf else int(t.feature[i]), 0.0 if leaf else float(t.threshold[i]),
                    float(t.weighted_n_node_samples[i]),
                    float(t.value[i, 0, -1]), 0 if leaf else int(t.missing_go_to_left[i])))
        if not leaf:
            go(t.children_left[i])
            go(t.children_right[i])

    go(0)
    return out


def case(name, kind, settings, ken, x, y, weight=None):
    trees = [preorder(kind(random_state=s, **settings).fit(x, y, sample_weight=weight)) for s in range(20)]
    if any(len(t) != len(trees[0]) or any(a[0] != b[0] or a[1] != b[1] for a, b in zip(t, trees[0])) for t in trees):
        print(f"{name}: ties, left out", file=sys.stderr)
        return
    print(f"static const golden_node golden_{name}_nodes[] = {{")
    for f, t, w, v, m in trees[0]:
        print(f"    {{{f}, {'INFINITY' if np.isinf(t) else repr(t)}, {w!r}, {v!r}, {m}}},")
    print("};")
    CASES.append(f'    {{"{name}", "{ken}", {int(kind is DecisionTreeClassifier)}, '
                 f'{int(bool(np.isnan(x).any()))}, {int(weight is not None)}, golden_{name}_nodes, {len(trees[0])}}},')


def path(name, kind, settings, x, y):
    p = kind(random_state=0, **settings).fit(x, y).cost_complexity_pruning_path(x, y)
    print(f"static const double golden_{name}_alpha[] = {{{', '.join(repr(float(a)) for a in p.ccp_alphas)}}};")
    print(f"static const double golden_{name}_impurity[] = {{{', '.join(repr(float(a)) for a in p.impurities)}}};")


CASES = []
wx, wy = read(f"{ROOT}/wine/wine.csv", "cultivar")
dx, dy = read(f"{ROOT}/diabetes_efron/diabetes.csv", "y")
hole = lambda x: np.where((np.arange(x.shape[0])[:, None] * 7 + np.arange(x.shape[1]) * 3) % 5 == 0, np.nan, x)
weight = lambda x: 1.0 + np.arange(len(x)) % 3
C, R = DecisionTreeClassifier, DecisionTreeRegressor
print(f"/* Written by make_tree_golden.py, scikit-learn {sklearn.__version__}. */")
print("typedef struct golden_node { int feature; double threshold, cover, value; int missing_left; } golden_node;")
for tag, kind, x, y in (("wine", C, wx, wy), ("diabetes", R, dx, dy)):
    case(f"{tag}_depth2", kind, dict(max_depth=2), "max_depth=2", x, y)
    case(f"{tag}_depth3", kind, dict(max_depth=3), "max_depth=3", x, y)
    case(f"{tag}_leaf10", kind, dict(min_samples_leaf=10), "min_leaf_rows=10", x, y)
    case(f"{tag}_split30", kind, dict(min_samples_split=30, min_samples_leaf=5),
         "min_split_rows=30 min_leaf_rows=5", x, y)
    case(f"{tag}_leaves4", kind, dict(max_leaf_nodes=4), "max_leaves=4", x, y)
    case(f"{tag}_leaves8", kind, dict(max_leaf_nodes=8, min_samples_leaf=7), "max_leaves=8 min_leaf_rows=7", x, y)
    gain = 0.02 if kind is C else 60.0
    case(f"{tag}_gain", kind, dict(min_impurity_decrease=gain), f"min_gain={gain}", x, y)
    alpha = 0.02 if kind is C else 60.0
    case(f"{tag}_ccp", kind, dict(ccp_alpha=alpha, min_samples_leaf=5), f"ccp_alpha={alpha} min_leaf_rows=5", x, y)
    case(f"{tag}_missing", kind, dict(max_depth=3, min_samples_leaf=5), "max_depth=3 min_leaf_rows=5", hole(x), y)
    case(f"{tag}_weights", kind, dict(max_depth=3, min_samples_leaf=5), "max_depth=3 min_leaf_rows=5", x, y, weight(x))
case("wine_entropy", C, dict(max_depth=3, criterion="entropy"), "max_depth=3 criterion=entropy", wx, wy)
case("wine_balanced", C, dict(max_depth=2, class_weight="balanced"), "max_depth=2 class_weight=balanced", wx, wy)
import shap
m = DecisionTreeRegressor(random_state=0, max_depth=3).fit(dx, dy)
e = shap.TreeExplainer(m, feature_perturbation="tree_path_dependent")
print(f"/* shap {shap.__version__}, the tree diabetes_depth3: rows 0, 100, 441, ten columns and the base. */")
print("static const double golden_shap[3][11] = {")
for row in (0, 100, 441):
    phi = list(e.shap_values(dx[row:row + 1])[0]) + [float(np.ravel(e.expected_value)[0])]
    print("    {" + ", ".join(repr(float(v)) for v in phi) + "},")
print("};")
path("wine", C, dict(min_samples_leaf=5), wx, wy)
path("diabetes", R, dict(min_samples_leaf=20), dx, dy)
print("typedef struct golden_case { const char *name, *settings; int classify, missing, weighted;\n"
      "    const golden_node *nodes; int n; } golden_case;")
print("static const golden_case golden_cases[] = {")
print("\n".join(CASES))
print("};")
