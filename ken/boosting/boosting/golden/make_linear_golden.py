"""Writes linear_golden.csv: a small table and what LightGBM 4.7.0 with linear_tree=True predicts for its rows. Columns: x0, x1, x2, y,
label; then its predictions: a number, a probability of class 1. Leaves without any penalty, so that the lines are those of plain
weighted least squares, whatever the units."""
import lightgbm as lgb
import numpy as np
import pandas as pd

r = np.random.default_rng(11)
n = 400
x = np.round(r.uniform(0, 10, (n, 3)), 2)
y = np.round(np.where(x[:, 0] < 4, 2 * x[:, 1], 9 - x[:, 1]) + np.abs(x[:, 2] - 6) + r.normal(0, 0.5, n), 3)
label = (y + r.normal(0, 2, n) > 8).astype(int)
t = pd.DataFrame(x, columns=["x0", "x1", "x2"])
p = dict(linear_tree=True, linear_lambda=0, boost_from_average=True, learning_rate=0.3, num_leaves=5, reg_lambda=0,
         min_data_in_bin=1, max_bin=255, verbose=-1, n_jobs=1, deterministic=True)
out = t.assign(y=y, label=label)
out["lgb_y"] = lgb.LGBMRegressor(n_estimators=8, min_child_samples=20, min_child_weight=1e-3, **p).fit(t, y).predict(t)
# LightGBM guesses the rows of a leaf from its hessian, so let the hessian alone be the limit; after some rounds it still takes
# other splits, with constant leaves, too
out["lgb_p"] = lgb.LGBMClassifier(n_estimators=3, min_child_samples=1, min_child_weight=6, **p).fit(t, label).predict_proba(t)[:, 1]
out.to_csv("linear_golden.csv", index=False)
