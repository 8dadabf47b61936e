"""Writes vector_golden.csv: a table of three balanced classes and the probabilities of XGBoost with vector
leaves after five rounds. Its hessian of the softmax is 2 p (1 - p), ours K / (K - 1) p (1 - p): with K = 3 its
trees are ours with learning rate and penalty 3/4 of its own.

usage: python make_vector_golden.py        (made with numpy 2.4.6, xgboost 3.2.0)"""
import pathlib
import numpy as np
import xgboost

rng = np.random.default_rng(7)
n = 240
x = np.floor(rng.random((n, 3)) * 30) / 4
f = np.stack([np.sin(x[:, 0]) * 2, x[:, 1] / 3 - 1, (x[:, 2] > 4) * 1.5], axis=1)
y = np.argsort(np.argsort((f + rng.gumbel(size=f.shape)).argmax(1) + rng.random(n) / 2)) * 3 // n
x[::10, 1] = np.nan
model = xgboost.XGBClassifier(n_estimators=5, learning_rate=0.4, max_leaves=8, max_depth=0, grow_policy="lossguide",
                              tree_method="hist", multi_strategy="multi_output_tree", reg_lambda=2, min_child_weight=0,
                              gamma=0, n_jobs=1, max_bin=256)
model.fit(x, y)
p = model.predict_proba(x)
out = pathlib.Path(__file__).with_name("vector_golden.csv")
with out.open("w") as file:
    file.write("x0,x1,x2,y,p0,p1,p2\n")
    for row, label, prob in zip(x, y, p):
        cells = ["" if np.isnan(v) else f"{v:g}" for v in row] + [str(label)] + [f"{v:.7g}" for v in prob]
        file.write(",".join(cells) + "\n")
print(xgboost.__version__, np.__version__, -np.log(p[np.arange(n), y]).mean())
