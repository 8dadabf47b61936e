"""Writes metrics_golden.h: small data with tied scores, and what scikit-learn says of it.

python make_golden.py > metrics_golden.h        (scikit-learn 1.9.1, numpy)
DeLong's interval comes from the definition, pair by pair; so does the calibration error.
"""

import numpy as np
import sklearn
from scipy.stats import norm
from sklearn import metrics as M
from sklearn.calibration import calibration_curve

rng = np.random.default_rng(20260101)


def c_array(kind, name, values):
    items = ", ".join(repr(float(v)) if kind == "double" else str(int(v)) for v in np.ravel(values))
    items = items.replace("inf", "INFINITY").replace("nan", "NAN")
    print(f"static const {kind} {name}[] = {{{items}}};")


def c_golden(name, rows):
    print(f"static const golden_row {name}[] = {{")
    for key, plain, weighted in rows:
        text = lambda v: "NAN" if v is None else repr(float(v))
        print(f'    {{"{key}", {text(plain)}, {text(weighted)}}},')
    print("    {NULL, 0, 0}};")


def ece(y, p, bins, w):
    best, total = p.argmax(1), 0.0
    bin_of = np.clip(np.ceil(p.max(1) * bins).astype(int) - 1, 0, bins - 1)
    for b in range(bins):
        m = bin_of == b
        if w[m].sum() > 0:
            total += abs((w[m] * ((best[m] == y[m]) - p.max(1)[m])).sum())
    return total / w.sum()


def labels(y, q, p, w, names):
    both = lambda f: (f(None), f(w))
    rows = [("accuracy", *both(lambda w: M.accuracy_score(y, q, sample_weight=w))),
            ("balanced_accuracy", *both(lambda w: M.balanced_accuracy_score(y, q, sample_weight=w))),
            ("mcc", *both(lambda w: M.matthews_corrcoef(y, q, sample_weight=w))),
            ("kappa", *both(lambda w: M.cohen_kappa_score(y, q, sample_weight=w))),
            ("log_loss", *both(lambda w: M.log_loss(y, p, sample_weight=w, labels=names))),
            ("ece", ece(y, p, 15, np.ones(len(y))), ece(y, p, 15, w))]
    for average in ("macro", "micro", "weighted"):
        for name, f in (("precision", M.precision_score), ("recall", M.recall_score), ("f1", M.f1_score)):
            rows.append((f"{name}_{average}", *both(lambda w: f(y, q, average=average, sample_weight=w, zero_division=0))))
    return rows


def delong(y, s):
    a, b = s[y == 1], s[y == 0]
    win = (a[:, None] > b) + 0.5 * (a[:, None] == b)
    auc = win.mean()
    se = np.sqrt(win.mean(1).var(ddof=1) / len(a) + win.mean(0).var(ddof=1) / len(b))
    z = norm.ppf(0.975)
    return auc, max(auc - z * se, 0), min(auc + z * se, 1)


print(f"/* Made by make_golden.py with scikit-learn {sklearn.__version__}, numpy {np.__version__}. */")
print("#include <math.h>\n#include <stddef.h>\n#include <stdint.h>")
print("typedef struct golden_row { const char *name; double plain, weighted; } golden_row;")

# two classes, scores on a grid of 1/16, so with many ties
n = 60
y = (rng.random(n) < 0.4).astype(int)
s = np.clip(np.round((0.35 + 0.25 * y + 0.22 * rng.standard_normal(n)) * 16) / 16, 0, 1)
w = np.round(rng.random(n) * 8) / 4
p = np.stack([1 - s, s], 1)
q = p.argmax(1)
both = lambda f: (f(None), f(w))
rows = labels(y, q, p, w, [0, 1])
rows += [(name, *both(lambda w: f(y, q, sample_weight=w))) for name, f in
         (("precision", M.precision_score), ("recall", M.recall_score), ("f1", M.f1_score))]
rows += [("fbeta", *both(lambda w: M.fbeta_score(y, q, beta=2, sample_weight=w))),
         ("brier", *both(lambda w: M.brier_score_loss(y, s, sample_weight=w))),
         ("roc_auc", *both(lambda w: M.roc_auc_score(y, s, sample_weight=w))),
         ("average_precision", *both(lambda w: M.average_precision_score(y, s, sample_weight=w)))]
c_array("int32_t", "golden2_label", y)
c_array("double", "golden2_proba", p)
c_array("double", "golden2_predicted", q)
c_array("double", "golden2_weight", w)
c_golden("golden2_rows", rows)
c_array("double", "golden2_delong", delong(y, s))
fpr, tpr, t = M.roc_curve(y, s)
c_array("double", "golden2_fpr", fpr), c_array("double", "golden2_tpr", tpr), c_array("double", "golden2_roc_at", t)
precision, recall, t = M.precision_recall_curve(y, s, sample_weight=w)
c_array("double", "golden2_pr_precision", precision[::-1]), c_array("double", "golden2_pr_recall", recall[::-1])
c_array("double", "golden2_pr_at", t[::-1])
for how in ("uniform", "quantile"):
    share, mean = calibration_curve(y, s, n_bins=5, strategy=how)
    c_array("double", f"golden2_{how}_share", share), c_array("double", f"golden2_{how}_mean", mean)

# four classes, one of them never predicted
n, k = 80, 4
y = rng.choice(k, n, p=[0.4, 0.3, 0.2, 0.1])
p = np.round((rng.dirichlet([1] * k, n) + np.eye(k)[y] * [0.9, 0.7, 0.5, 0]) * 32) + [2, 2, 2, 0.5]
p /= p.sum(1, keepdims=True)
w = np.round(rng.random(n) * 8) / 4
q = p[:, :3].argmax(1)
rows = labels(y, q, p, w, range(k))
rows += [("brier", *both(lambda w: M.brier_score_loss(y, p, sample_weight=w, labels=list(range(k))))),
         ("roc_auc_ovr", *both(lambda w: M.roc_auc_score(y, p, multi_class="ovr", sample_weight=w))),
         ("roc_auc_ovo", M.roc_auc_score(y, p, multi_class="ovo"), None)]
c_array("int32_t", "golden4_label", y)
c_array("double", "golden4_proba", p)
c_array("double", "golden4_predicted", q)
c_array("double", "golden4_weight", w)
c_golden("golden4_rows", rows)
c_array("double", "golden4_confusion", M.confusion_matrix(y, q, sample_weight=w))

# numbers
n = 51
y = np.round(rng.gamma(2, 3, n), 2)
q = np.round(y * np.exp(0.3 * rng.standard_normal(n)) + 0.1, 2)
w = np.round(rng.random(n) * 8) / 4
rows = [("rmse", *both(lambda w: M.root_mean_squared_error(y, q, sample_weight=w))),
        ("mae", *both(lambda w: M.mean_absolute_error(y, q, sample_weight=w))),
        ("median_ae", *both(lambda w: M.median_absolute_error(y, q, sample_weight=w))),
        ("r2", *both(lambda w: M.r2_score(y, q, sample_weight=w))),
        ("explained_variance", *both(lambda w: M.explained_variance_score(y, q, sample_weight=w))),
        ("mape", *both(lambda w: M.mean_absolute_percentage_error(y, q, sample_weight=w))),
        ("poisson_deviance", *both(lambda w: M.mean_poisson_deviance(y, q, sample_weight=w))),
        ("max_error", M.max_error(y, q), None),
        ("pinball", *both(lambda w: M.mean_pinball_loss(y, q, alpha=0.9, sample_weight=w)))]
c_array("double", "goldenr_y", y)
c_array("double", "goldenr_predicted", q)
c_array("double", "goldenr_weight", w)
c_golden("goldenr_rows", rows)
