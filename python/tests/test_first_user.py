"""What somebody new does wrong: what it says must name the remedy."""
import re
import subprocess
import sys

import numpy as np
import pytest

import ken

pandas = pytest.importorskip("pandas")
pytest.importorskip("sklearn", "1.6")
from ken.boosting import BoostingClassifier, BoostingRegressor  # noqa: E402
from ken.linear import Logistic, Ridge  # noqa: E402

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0]
CLASSES = (Y > 0).astype(int)
HOLES = np.where(np.arange(180).reshape(60, 3) == 10, np.nan, X)
NAMED = pandas.DataFrame(X, columns=["a", "b", "c"])
TEXTS = NAMED.assign(s=np.where(CLASSES, "u", "v"))

WRONG = {
    "a misspelt parameter": (lambda: Ridge(alhpa=1), TypeError, "did you mean 'alpha'"),
    "a parameter of others": (lambda: BoostingRegressor(n_estimators=9), TypeError, "it has trees, learning_rate"),
    "a misspelt name of one": (lambda: Ridge(solver="qrr").fit(X, Y), ValueError, "did you mean 'qr'"),
    "a bool for a name": (lambda: Ridge(solver=True).fit(X, Y), TypeError, "one of its names"),
    "out of range": (lambda: Ridge(alpha=-1).fit(X, Y), ValueError, "at least 0"),
    "texts for numbers": (lambda: Ridge().fit(TEXTS, Y), TypeError, "column 's'.*preprocess.Recipe"),
    "texts in an array": (lambda: Ridge().fit(TEXTS.to_numpy(), Y), ValueError, "preprocess.Recipe"),
    "holes": (lambda: Logistic().fit(HOLES, CLASSES), ValueError, "contains NaN.*preprocess.Impute"),
    "holes in a frame": (lambda: Logistic().fit(pandas.DataFrame(HOLES), CLASSES), ValueError, "row 4.*Recipe"),
    "a column that is gone": (lambda: Ridge().fit(NAMED, Y).predict(NAMED[["a", "b"]]), ValueError, "missing:\n- c"),
    "no target": (lambda: Logistic().fit(X, np.array([None] + ["a", "b"] * 29 + ["a"], object)), ValueError, "row 0; drop"),
    "texts as target": (lambda: Ridge().fit(X, np.array(["a", "b"] * 30)), ValueError, "a classifier takes names"),
    "numbers as classes": (lambda: Logistic().fit(X, Y), ValueError, "regression target"),
    "one class": (lambda: BoostingClassifier().fit(X, np.ones(60)), ValueError, "at least two classes"),
    "three classes": (lambda: ken.metrics.roc_auc([0, 1, 2], [.1, .2, .3]), ValueError, "two classes, found 3.*roc_auc_ovr"),
    "a path": (lambda: ken.train("churn.csv", target="y"), TypeError, re.escape("ken.read_csv('churn.csv')")),
    "a class in no room": (lambda: ken.Ridge, AttributeError, "it is ken.linear.Ridge"),
}


@pytest.mark.parametrize("what", WRONG)
def test_mistakes_name_their_remedy(what):
    mistake, kind, words = WRONG[what]
    with pytest.raises(kind) as error:
        mistake()
    assert re.search(words, str(error.value), re.DOTALL), str(error.value)


def test_true_and_false_are_what_they_are_called():
    fitted = BoostingRegressor(trees=5, early_stopping=True, linear_leaves=False).fit(X, Y)
    named = BoostingRegressor(trees=5, early_stopping="on", linear_leaves="false").fit(X, Y)
    assert np.array_equal(fitted.predict(X), named.predict(X))


def test_a_room_lists_what_it_offers():
    assert dir(ken.linear) == sorted(ken.linear.__all__) and "Ridge" in dir(ken.linear)
    assert {"linear", "boosting", "train", "read_csv"} <= set(dir(ken))


def test_no_parameter_hides_a_method():
    from importlib import import_module

    for room, name in {place for places in ken._index.THINGS.values() for place in places.values()}:
        kind = getattr(import_module(f"ken.{room}"), name)
        assert not set(kind()._rows) & set(dir(kind)), name


def test_a_fit_is_a_model_of_the_program(tmp_path):
    fitted = BoostingClassifier(trees=5).fit(TEXTS, CLASSES)
    fitted.model_.save(tmp_path / "m.ken")
    again = ken.load(tmp_path / "m.ken")
    assert np.array_equal(again.predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    assert np.array_equal(again.predict(TEXTS), fitted.predict(TEXTS))


def test_columns_are_targets():
    table = ken.data.credit_g()
    X_, y = ken.data.credit_g(return_X_y=True)
    by_column = BoostingClassifier(trees=5).fit(X_, table["class"])
    assert np.array_equal(by_column.predict_proba(X_), BoostingClassifier(trees=5).fit(X_, y).predict_proba(X_))


def test_pictures_need_no_drawing():
    shown = Ridge().fit(NAMED, Y)._repr_html_()
    assert "Coefficients" in shown and "<td" in shown.split("Coefficients")[1]


def test_without_scikit_learn_it_is_named():
    code = ("import sys; sys.modules.update(dict.fromkeys(['sklearn', 'pandas', 'polars', 'pyarrow', 'tqdm', 'scipy']))\n"
            "import ken\n"
            "print(ken.metrics.roc_auc([0, 1], [.1, .9]), len(ken.table({'a': [1, 2]})))\n"
            "try: ken.linear\n"
            "except ModuleNotFoundError as error: print(error)\n")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[:1] == ["1.0 2"], done.stderr
    assert "pip install scikit-learn" in done.stdout
