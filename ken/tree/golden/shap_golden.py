"""Values of the package shap (TreeExplainer) on two random trees, as shap_golden.h for tree_shap_test.c.

    python shap_golden.py > shap_golden.h        (made with shap 0.48 or later, numpy)
"""
import numpy as np
import shap

rng = np.random.default_rng(7)
COLUMNS, LEAVES, ROWS, BACKGROUND = 5, 14, 6, 8


def random_tree():
    left, right, feature, threshold, cover = [-1], [-1], [-1], [0.0], [200.0]
    leaves = [0]
    while len(leaves) < LEAVES:
        i = leaves.pop(int(rng.integers(len(leaves))))
        feature[i], threshold[i] = int(rng.integers(COLUMNS)), float(rng.integers(1, 16)) / 2 - 0.25
        share = float(rng.uniform(0.1, 0.9))
        for side, part in ((left, share), (right, 1 - share)):
            side[i] = len(left)
            left.append(-1), right.append(-1), feature.append(-1), threshold.append(0.0)
            cover.append(cover[i] * part)
            leaves.append(side[i])
    value = [float(rng.normal()) if f < 0 else 0.0 for f in feature]
    return dict(left=left, right=right, feature=feature, threshold=threshold, cover=cover, value=value)


def for_shap(t):
    inner = np.array(t["feature"])
    return {"children_left": np.array(t["left"]), "children_right": np.array(t["right"]),
            "children_default": np.array(t["right"]), "features": inner,
            "thresholds": np.array(t["threshold"]), "values": np.array(t["value"]).reshape(-1, 1),
            "node_sample_weight": np.array(t["cover"])}


def array(name, kind, values, digits="%.17g"):
    flat = np.asarray(values).ravel()
    text = ", ".join((digits if kind == "double" else "%d") % v for v in flat)
    print(f"static const {kind} {name}[{len(flat)}] = {{{text}}};")


trees = [random_tree(), random_tree()]
x = rng.integers(0, 16, (ROWS, COLUMNS)) / 2.0
b = rng.integers(0, 16, (BACKGROUND, COLUMNS)) / 2.0
model = {"trees": [for_shap(t) for t in trees]}
by_path = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
against = shap.TreeExplainer(model, data=b, feature_perturbation="interventional")

print("/* clang-format off */")
print(f"/* Made by shap_golden.py with shap {shap.__version__}: two trees of {LEAVES} leaves. */")
print(f"enum {{ GOLDEN_COLUMNS = {COLUMNS}, GOLDEN_NODES = {2 * LEAVES - 1}, GOLDEN_ROWS = {ROWS}, "
      f"GOLDEN_BACKGROUND = {BACKGROUND} }};")
for key, kind in (("left", "int"), ("right", "int"), ("feature", "int"), ("threshold", "double"),
                  ("cover", "double"), ("value", "double")):
    array(f"golden_{key}", kind, [t[key] for t in trees])
array("golden_x", "double", x)
array("golden_b", "double", b)
array("golden_contributions", "double", by_path.shap_values(x))
array("golden_interactions", "double", by_path.shap_interaction_values(x))
array("golden_against", "double", against.shap_values(x))
