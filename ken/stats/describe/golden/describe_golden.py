#!/usr/bin/env python3
"""Writes describe_golden.h: figures of numpy and scipy for data that the test builds by the same
formulas, and for shared/data/titanic. Run: python3 describe_golden.py TITANIC_TRAIN_CSV > describe_golden.h"""
import sys
import numpy as np, pandas as pd, scipy
from scipy import stats

N = 60
i = np.arange(N)
x = i * 7919 % 1000 / 10.0 - 30
z = np.sin(i * 0.7) * 3 + (i % 5) ** 2
z[i % 7 == 3] = np.nan
a, b = (i * i + 3 * i) % 11 % 5, (i * 53 % 17) % 3

def eta(levels, v):
    ok = ~np.isnan(v)
    levels, v = np.asarray(levels)[ok], v[ok]
    between = sum((levels == k).sum() * (v[levels == k].mean() - v.mean()) ** 2 for k in set(levels))
    return np.sqrt(between / ((v - v.mean()) ** 2).sum())

def v(u, w):
    return stats.contingency.association(pd.crosstab(u, w).to_numpy(), method="cramer")

def row(name, values):
    print(f"static const double {name}[{len(values)}] = {{")
    for k in range(0, len(values), 3):
        print("    " + ", ".join(repr(float(t)) for t in values[k:k + 3]) + ",")
    print("};")

def figures(t):
    t = t[~np.isnan(t)]
    q = np.percentile(t, [0, 25, 50, 75, 100])
    return [*q, t.mean(), t.std(ddof=1), stats.skew(t)]

ok = ~np.isnan(z)
t = pd.read_csv(sys.argv[1])
print(f"/* Written by describe_golden.py: numpy {np.__version__}, scipy {scipy.__version__}, pandas {pd.__version__}. */")
print("#ifndef KEN_STATS_DESCRIBE_GOLDEN_H\n#define KEN_STATS_DESCRIBE_GOLDEN_H\n")
print("/* min q1 median q3 max mean sd skew */")
row("golden_x", figures(x))
row("golden_z", figures(z))
print("/* pearson(x, z), spearman(x, x squared), cramers_v(a, b), eta(a, x), eta(b, z) */")
row("golden_pairs", [np.corrcoef(x[ok], z[ok])[0, 1], stats.spearmanr(x, x * x)[0], v(a, b), eta(a, x), eta(b, z)])
row("golden_age", figures(t.Age.to_numpy(float)))
row("golden_fare", figures(t.Fare.to_numpy(float)))
print("/* age-fare pearson, pclass-fare spearman, sex-embarked V, sex-survived V, embarked-fare eta */")
both = t[["Age", "Fare"]].dropna()
row("golden_titanic", [both.corr().iloc[0, 1], stats.spearmanr(t.Pclass, t.Fare)[0], v(t.Sex, t.Embarked),
                       v(t.Sex, t.Survived), eta(t.Embarked[t.Embarked.notna()], t.Fare[t.Embarked.notna()].to_numpy(float))])
print("\n#endif")
