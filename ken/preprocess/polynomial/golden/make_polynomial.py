#!/usr/bin/env python3
"""Writes polynomial.txt: names and values that sklearn.preprocessing.PolynomialFeatures gives.
A case: 'case,d,degree,interaction_only,include_bias,columns', 'names|a|a^2|...', then 3 lines 'row,...'.
The input is x[i][j] = (7 i + 3 j + 1) / 4 - j."""
import pathlib
import numpy as np
import sklearn
from sklearn.preprocessing import PolynomialFeatures

lines = [f"# numpy {np.__version__}, scikit-learn {sklearn.__version__}"]
for d, degree in ((1, 1), (1, 5), (2, 2), (3, 3), (4, 2), (2, 4), (5, 5)):
    X = np.array([[(7 * i + 3 * j + 1) / 4 - j for j in range(d)] for i in range(3)])
    for interaction in (0, 1):
        for bias in (0, 1):
            t = PolynomialFeatures(degree, interaction_only=bool(interaction), include_bias=bool(bias)).fit(X)
            names = t.get_feature_names_out()
            lines.append(f"case,{d},{degree},{interaction},{bias},{len(names)}")
            lines.append("names|" + "|".join(names))
            lines += ["row," + ",".join(repr(float(v)) for v in row) for row in t.transform(X)]
pathlib.Path(__file__).with_name("polynomial.txt").write_text("\n".join(lines) + "\n")
