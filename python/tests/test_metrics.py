"""Metrics against scikit-learn's, over random rows."""
import numpy as np
import pytest
import sklearn.metrics as theirs
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, cross_val_score

import ken
from ken import metrics

LABELS = {
    "accuracy": theirs.accuracy_score, "balanced_accuracy": theirs.balanced_accuracy_score,
    "mcc": theirs.matthews_corrcoef, "kappa": theirs.cohen_kappa_score,
}
for name, function in (("precision", theirs.precision_score), ("recall", theirs.recall_score), ("f1", theirs.f1_score)):
    for average in ("macro", "micro", "weighted"):
        LABELS[f"{name}_{average}"] = (lambda f, a: lambda t, p, **kw: f(t, p, average=a, zero_division=0, **kw))(function, average)
BINARY = {"precision": theirs.precision_score, "recall": theirs.recall_score, "f1": theirs.f1_score}
NUMBERS = {
    "mae": theirs.mean_absolute_error, "rmse": theirs.root_mean_squared_error, "r2": theirs.r2_score,
    "explained_variance": theirs.explained_variance_score, "mape": theirs.mean_absolute_percentage_error,
    "poisson_deviance": theirs.mean_poisson_deviance, "median_ae": theirs.median_absolute_error,
}


def close(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def weights_of(rng, n):
    return (None, rng.random(n), rng.integers(0, 3, n).astype(float) + (np.arange(n) == 0))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", LABELS)
def test_labels(name, seed):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(5, 80)), int(rng.integers(2, 6))
    names = [np.arange(k), np.array(["c%d" % i for i in range(k)]), np.arange(k) * 2.0 - 3][seed % 3]
    y, p = names[rng.integers(0, k, n)], names[rng.integers(0, k, n)]
    for weight in weights_of(rng, n):
        close(getattr(metrics, name)(y, p, sample_weight=weight), LABELS[name](y, p, sample_weight=weight))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", [*BINARY, "fbeta"])
def test_labels_of_two_classes(name, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 80))
    names = np.array([["no", "yes"], ["a", "b"]][seed % 2])
    y, p = names[rng.integers(0, 2, n)], names[rng.integers(0, 2, n)]
    y[0], y[1] = names
    for weight in weights_of(rng, n):
        for positive in names:
            if name == "fbeta":
                close(metrics.fbeta(y, p, beta=1.5, sample_weight=weight, pos_label=positive),
                      theirs.fbeta_score(y, p, beta=1.5, pos_label=positive, sample_weight=weight, zero_division=0))
            else:
                close(getattr(metrics, name)(y, p, sample_weight=weight, pos_label=positive),
                      BINARY[name](y, p, pos_label=positive, sample_weight=weight, zero_division=0))


@pytest.mark.parametrize("seed", range(20))
def test_scores_of_two_classes(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 80))
    y = rng.integers(0, 2, n)
    y[:2] = 0, 1
    score = np.round(rng.random(n), 1 + seed % 3)  # with ties
    for weight in weights_of(rng, n)[:2]:
        close(metrics.roc_auc(y, score, sample_weight=weight), theirs.roc_auc_score(y, score, sample_weight=weight))
        close(metrics.average_precision(y, score, sample_weight=weight),
              theirs.average_precision_score(y, score, sample_weight=weight))
        close(metrics.log_loss(y, score, sample_weight=weight), theirs.log_loss(y, score, sample_weight=weight))
        close(metrics.brier(y, score, sample_weight=weight), theirs.brier_score_loss(y, score, sample_weight=weight))
    close(metrics.roc_auc(y, 7 * score - 3), theirs.roc_auc_score(y, score))
    close(metrics.average_precision(y, 1 - score, pos_label=0), theirs.average_precision_score(1 - y, 1 - score))
    close(metrics.roc_auc(y, np.column_stack([1 - score, score])), theirs.roc_auc_score(y, score))


@pytest.mark.parametrize("seed", range(20))
def test_probabilities_of_many_classes(seed):
    rng = np.random.default_rng(seed)
    n, k = int(rng.integers(20, 80)), int(rng.integers(3, 6))
    y = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    proba = rng.dirichlet(np.ones(k), n)
    for weight in weights_of(rng, n)[:2]:
        close(metrics.log_loss(y, proba, sample_weight=weight), theirs.log_loss(y, proba, sample_weight=weight))
        close(metrics.roc_auc_ovr(y, proba, sample_weight=weight),
              theirs.roc_auc_score(y, proba, multi_class="ovr", sample_weight=weight))
    close(metrics.roc_auc_ovo(y, proba), theirs.roc_auc_score(y, proba, multi_class="ovo"))
    close(metrics.brier(y, proba), theirs.brier_score_loss(y, proba))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(name, seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(3, 80))
    y, p = rng.gamma(2, size=n), rng.gamma(2, size=n)
    for weight in weights_of(rng, n)[:1 if name == "median_ae" else 3]:
        close(getattr(metrics, name)(y, p, sample_weight=weight), NUMBERS[name](y, p, sample_weight=weight))
    close(metrics.max_error(y, p), theirs.max_error(y, p))
    close(metrics.pinball(y, p, quantile=0.3), theirs.mean_pinball_loss(y, p, alpha=0.3))


@pytest.mark.parametrize("seed", range(10))
def test_ndcg_of_groups(seed):
    """Exponential gains, as in Burges et al. 2005: scikit-learn's gain is the grade itself, so grades are mapped."""
    rng = np.random.default_rng(seed)
    groups = np.repeat([3, 1, 7], 12)
    y, p = rng.integers(0, 4, 36), rng.random(36)
    wanted = [theirs.ndcg_score([2.0 ** y[groups == g] - 1], [p[groups == g]], k=5) for g in (3, 1, 7)]
    close(metrics.ndcg(y, p, k=5, groups=groups), np.mean(wanted))


def test_the_rows_may_lack_a_class():
    proba = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]])
    close(metrics.log_loss(["a", "b"], proba, labels=["a", "b", "c"]),
          theirs.log_loss(["a", "b"], proba, labels=["a", "b", "c"]))
    with pytest.raises(ValueError, match="3 columns of probabilities for 2 classes"):
        metrics.log_loss(["a", "b"], proba)
    assert np.isnan(metrics.roc_auc([1, 1], [0.1, 0.2]))


def test_intervals():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 500)
    p = np.where(rng.random(500) < 0.8, y, 1 - y)
    found = metrics.interval("accuracy", y, p)
    assert found.method == "wilson" and found.low < found.value < found.high
    close(found.value, theirs.accuracy_score(y, p))
    from scipy.stats import binomtest

    wilson = binomtest(int((y == p).sum()), 500).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose([found.low, found.high], [wilson.low, wilson.high], rtol=1e-9)
    again = [metrics.interval("rmse", y, p, level=0.9, random_state=3, n_jobs=j) for j in (1, 2)]
    assert again[0] == again[1] and again[0].method == "bootstrap"
    assert metrics.interval("roc_auc", y, p * 0.5 + 0.1).method == "delong"


def test_wrong_arguments():
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        metrics.accuracy([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="did you mean 'roc_auc'"):
        metrics.scorer("roc_acu")
    with pytest.raises(ValueError, match="none of the classes"):
        metrics.accuracy([0, 1], [0, 2], labels=[0, 1])
    with pytest.raises(ValueError, match="negative"):
        metrics.accuracy([0, 1], [0, 1], sample_weight=[1, -1])
    with pytest.raises(ValueError, match="beta"):
        metrics.fbeta([0, 1], [0, 1], beta=-1)
    with pytest.raises(TypeError, match="numbers"):
        metrics.rmse(["a"], [1])


def test_scorers():
    X, y = load_breast_cancer(return_X_y=True)
    made = ken.linear.Ridge
    ours = cross_val_score(ken.linear.Logistic(), X, y, scoring=metrics.scorer("roc_auc"), cv=3)
    np.testing.assert_allclose(ours, cross_val_score(ken.linear.Logistic(), X, y, scoring="roc_auc", cv=3), rtol=1e-12)
    loss = cross_val_score(made(), X, y.astype(float), scoring=metrics.scorer("rmse"), cv=3)
    np.testing.assert_allclose(loss, cross_val_score(made(), X, y.astype(float), cv=3,
                                                     scoring="neg_root_mean_squared_error"), rtol=1e-12)
    wrapped = theirs.make_scorer(metrics.f1_macro)
    assert GridSearchCV(ken.tree.TreeClassifier(), {"max_depth": [1, 3]}, scoring=wrapped, cv=2).fit(X, y).best_score_ > 0.8
    assert repr(metrics.scorer("fbeta", beta=2.0)) == "ken.metrics.scorer('fbeta', beta=2.0)"
