#!/usr/bin/env python3
"""Writes preprocess_golden.h: what scikit-learn makes of small data that the tests build by the same
formulas. Run: python3 preprocess_golden.py > preprocess_golden.h   (scikit-learn 1.9, numpy 2)"""
import numpy as np, sklearn
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import (MinMaxScaler, OneHotEncoder, RobustScaler, StandardScaler,
                                   TargetEncoder)

N = 60
i = np.arange(N)
x0 = (i * 7919 % 1000) / 10.0 - 30
x1 = 1e6 + (i * 104729 % 997) / 1000.0
x2 = np.full(N, 0.1)
X = np.c_[x0, x1, x2]
miss = X[:, :2].copy()
miss[i % 7 == 3, 0] = np.nan
miss[i % 5 == 1, 1] = np.nan
level = np.array(["red", "green", "blue", "ash", "fig"])[(i * i + 3 * i) % 11 % 5]
y = np.sin(i * 0.7) * 3 + (level == "red") * 2
two = ((i * 37 % 19) + (level == "blue") * 6 > 11).astype(int)
three = (i * 53 % 17) % 3
texts = ["The cat sat on the mat.", "A DOG, a cat & a bird: the zoo!", "naïve Ünïcode ÉCOLE école",
         "", "ABBA abba 42 4 c3po", "μετά Ωmega ΩMEGA ωmega", "привет Мир мир МИР",
         "snow_white and 7 dwarfs; and the and", "日本語 テキスト 日本語", "x y z"]

def out(name, a):
    a = np.asarray(a, float).ravel()
    print(f"KEN_GOLDEN double {name}[{len(a)}] = {{")
    for k in range(0, len(a), 4):
        print("    " + ", ".join(repr(float(v)) for v in a[k:k + 4]) + ",")
    print("};")

print(f"/* Written by preprocess_golden.py with scikit-learn {sklearn.__version__}, numpy {np.__version__}. */")
print("#ifndef KEN_PREPROCESS_GOLDEN_H\n#define KEN_PREPROCESS_GOLDEN_H\n")
print("#define KEN_GOLDEN __attribute__((unused)) static const")
out("golden_standard", StandardScaler().fit_transform(X))
out("golden_minmax", MinMaxScaler().fit_transform(X))
out("golden_robust", RobustScaler().fit_transform(X))
s = StandardScaler().fit(miss)
out("golden_standard_missing", np.r_[s.mean_, s.scale_])
for strategy in ("mean", "median", "most_frequent"):
    out(f"golden_impute_{strategy}", SimpleImputer(strategy=strategy).fit(miss).statistics_)
L = level.reshape(-1, 1)
out("golden_one_hot", OneHotEncoder(sparse_output=False).fit_transform(L))
out("golden_target", TargetEncoder(target_type="continuous").fit(L, y).transform(L))
out("golden_target_smooth", TargetEncoder(target_type="continuous", smooth=3.0).fit(L, y).transform(L))
out("golden_target_two", TargetEncoder().fit(L, two).transform(L))
out("golden_target_three", TargetEncoder().fit(L, three).transform(L))
v = TfidfVectorizer(max_features=1000)
out("golden_tfidf", v.fit_transform(texts).toarray())
words = v.get_feature_names_out()
print("KEN_GOLDEN char *const golden_words[] = {" + ", ".join('"%s"' % w for w in words) + "};")
v = TfidfVectorizer(max_features=3, sublinear_tf=True)
out("golden_tfidf_top", v.fit_transform(texts).toarray())
print("\n#endif")
