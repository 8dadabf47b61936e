"""Writes boosting_golden.csv: a small table and what the peers predict for its rows. Made with LightGBM 4.7.0
and scikit-learn 1.9.1. Columns: x0, x1 (some empty), c (0..3, a category), y, label; then the predictions (number,
probability of class 1) of LightGBM and of HistGradientBoosting, which has no category here."""
import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

r = np.random.default_rng(7)
n = 240
x = np.round(r.uniform(0, 10, (n, 2)), 2)
c = r.integers(0, 4, n)
y = np.round(np.sin(x[:, 0]) * 3 + (x[:, 1] > 6) * 2 + np.array([0, 1, -1, 2.5])[c] + r.normal(0, 0.5, n), 3)
label = (y + r.normal(0, 1, n) > 1.5).astype(int)
x[r.random((n, 2)) < 0.06] = np.nan
t = pd.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "c": pd.Categorical(c)})
# one category against the rest: LightGBM counts its l2 and its least group there, too
p = dict(cat_l2=0, cat_smooth=0, min_data_per_group=1, max_cat_to_onehot=9, boost_from_average=True,
         n_estimators=20, learning_rate=0.1, num_leaves=7, min_child_samples=5, min_child_weight=1e-3, reg_lambda=1,
         min_data_in_bin=1, max_bin=255, verbose=-1, n_jobs=1, deterministic=True, force_col_wise=True)
h = dict(max_iter=20, learning_rate=0.1, max_leaf_nodes=7, min_samples_leaf=5, l2_regularization=1, max_bins=255,
         early_stopping=False)
out = pd.DataFrame({"x0": x[:, 0], "x1": x[:, 1], "c": c, "y": y, "label": label})
out["lgb_y"] = lgb.LGBMRegressor(**p).fit(t, y).predict(t)
# LightGBM guesses the rows of a leaf from its hessian, so let the hessian alone be the limit
p |= dict(min_child_samples=1, min_child_weight=1)
out["lgb_p"] = lgb.LGBMClassifier(**p).fit(t, label).predict_proba(t)[:, 1]
out["hgb_y"] = HistGradientBoostingRegressor(**h).fit(x, y).predict(x)
out["hgb_p"] = HistGradientBoostingClassifier(**h).fit(x, label).predict_proba(x)[:, 1]
out.to_csv("boosting_golden.csv", index=False)
