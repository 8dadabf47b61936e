"""Every class of the catalogue in the places where scikit-learn's users put them."""
import copy
import inspect
import json
import pathlib
import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_outlier_detector, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import ken
from ken import _checks

CATALOG = json.loads((pathlib.Path(ken.__file__).parent / "_catalog.json").read_text())["things"]
CLASSES = list(_checks.classes())
ESTIMATORS = [c for c in CLASSES if c._task != "auto"]
TRANSFORMERS = [c for c in CLASSES if c._task == "auto"]
BOTH = [c for c in ESTIMATORS if c._task in ("regress", "classify")]


def small(kind):
    """With few trees, to be quick."""
    made = kind()
    return made.set_params(trees=8) if "trees" in made.get_params() else made


def data_of(kind):
    return load_diabetes(return_X_y=True) if kind._task == "regress" else load_iris(return_X_y=True)


@parametrize_with_checks([kind() for kind in CLASSES], expected_failed_checks=_checks.expected_failures)
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)


def test_every_thing_has_its_classes():
    wanted = {t["name"] for t in CATALOG if t["kind"] in ("estimator", "transformer")}
    assert {c._thing for c in CLASSES} == wanted
    for thing in CATALOG:
        if thing["kind"] == "estimator":
            found = {c._task for c in CLASSES if c._thing == thing["name"]}
            assert found == set(thing["tasks"])


@pytest.mark.parametrize("kind", CLASSES)
def test_signature_is_the_catalogue_s(kind):
    thing = next(t for t in CATALOG if t["name"] == kind._thing)
    parameters = inspect.signature(kind).parameters
    for row in thing["parameters"]:
        assert parameters[row["name"]].default == row["default"]
        assert f"{row['name']} : " in kind.__doc__
    for attr in thing["attributes"]:
        assert isinstance(getattr(kind, attr["name"] + "_"), property)
    assert not set(parameters) & {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize("kind", CLASSES)
def test_an_attribute_is_learned(kind):
    made = small(kind)
    for attr in [a for t in CATALOG if t["name"] == kind._thing for a in t["attributes"]]:
        with pytest.raises(AttributeError):
            getattr(made, attr["name"] + "_")
    with pytest.raises(NotFittedError):
        made.model_


@pytest.mark.parametrize("kind", BOTH)
def test_copies_predict_the_same_bits(kind):
    X, y = data_of(kind)
    made = small(kind).fit(X, y)
    wanted = made.predict(X)
    loaded = type(made._model).from_bytes(made.model_.to_bytes())
    for other in (pickle.loads(pickle.dumps(made)), copy.deepcopy(made), clone(made).fit(X, y)):
        assert np.array_equal(other.predict(X), wanted)
        assert other.get_params().keys() == made.get_params().keys()
    codes = loaded.predict(X)
    assert np.array_equal(made.classes_[codes.astype(int)] if is_classifier(made) else codes, wanted)
    assert np.array_equal(np.concatenate([made.predict(X[i:i + 1]) for i in range(20)]), wanted[:20])
    assert np.array_equal(made.set_params(n_jobs=3).fit(X, y).predict(X), wanted)


@pytest.mark.parametrize("kind", BOTH)
def test_cross_validates_and_searches(kind):
    X, y = data_of(kind)
    X, y = X[::3], y[::3]
    scores = cross_val_score(make_pipeline(ken.preprocess.Scale(), small(kind)), X, y, cv=ken.data.Kfold(folds=3))
    assert np.isfinite(scores).all()
    thing = next(t for t in CATALOG if t["name"] == kind._thing)
    searched = [r for r in thing["parameters"] if "search" in r]
    if searched:
        row = searched[0]
        low, high = row["search"]
        values = [min(high, max(low, v)) for v in (low, low * 2 + 1)]
        values = [int(v) if row["type"] == "integer" else float(v) for v in values]
        found = GridSearchCV(small(kind), {row["name"]: [np.float64(v) if row["type"] == "number" else np.int64(v)
                                                       for v in values]}, cv=2).fit(X, y)
        assert found.best_params_[row["name"]] in values


def test_processes_of_joblib():
    X, y = load_breast_cancer(return_X_y=True)
    one = cross_val_score(ken.boosting.BoostingClassifier(trees=20, learning_rate=0.2), X, y, cv=4, n_jobs=1)
    two = cross_val_score(ken.boosting.BoostingClassifier(trees=20, learning_rate=0.2), X, y, cv=4, n_jobs=2)
    assert np.array_equal(one, two) and one.min() > 0.9


@pytest.mark.parametrize("labels", [[3, 1, 7], [-1.0, 0.0, 2.0], ["b", "a", "ä"], [10, 9, 100]])
@pytest.mark.parametrize("kind", [c for c in BOTH if c._task == "classify"])
def test_classes_keep_their_type(kind, labels):
    X, y = load_iris(return_X_y=True)
    for dtype in (None, object) if isinstance(labels[0], str) else (None, np.float32, np.int16):
        named = np.asarray(labels, dtype=dtype)[y]
        made = small(kind).fit(X, named)
        assert made.classes_.dtype == named.dtype and made.predict(X).dtype == named.dtype
        assert made.classes_.tolist() == sorted(labels)
        if "baseline" not in kind._thing_tags:
            assert (made.predict(X) == named).mean() > 0.9
        assert np.array_equal(made.classes_[made.predict_proba(X).argmax(1)], made.predict(X))


def test_classes_may_be_bools():
    X, y = load_breast_cancer(return_X_y=True)
    made = ken.linear.Logistic().fit(X, y == 1)
    assert made.classes_.dtype == bool and made.score(X, y == 1) > 0.9
    assert np.array_equal(made.decision_function(X) > 0, made.predict(X))


def test_coefficients_are_scikit_learn_s():
    from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge

    X, y = load_diabetes(return_X_y=True)
    for ours, theirs in ((ken.linear.Ridge(alpha=0.3), Ridge(alpha=0.3)), (ken.linear.Linear(), LinearRegression())):
        ours.fit(X, y), theirs.fit(X, y)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8)
        assert isinstance(ours.intercept_, float)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-10)
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    ours = ken.linear.Logistic(l2=1.0).fit(X, y)
    theirs = LogisticRegression(C=1.0, tol=1e-12, max_iter=10000).fit(X, y)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)


def test_what_else_models_say():
    X, y = load_diabetes(return_X_y=True)
    forest = ken.tree.ForestRegressor(trees=10).fit(X, y)
    assert forest.apply(X).shape == (len(X), 10)
    shap = forest.contributions(X[:5])
    np.testing.assert_allclose(shap.sum(1), forest.predict(X[:5]), rtol=1e-9)
    pairs = forest.interaction_values(X[:5])
    np.testing.assert_allclose(pairs.sum(2), shap, atol=1e-8)
    against = forest.contributions(X[:5], background=X[:50])
    np.testing.assert_allclose(against.sum(1), forest.predict(X[:5]), rtol=1e-9)
    np.testing.assert_allclose(forest.feature_importances_.sum(), 1)
    quantiles = ken.boosting.BoostingRegressor(trees=20, quantiles=[0.1, 0.5, 0.9], loss="quantile").fit(X, y)
    assert quantiles.predict_quantiles(X).shape == (len(X), 3)
    assert (quantiles.predict_interval(X)[:, 0] <= quantiles.predict_interval(X)[:, 1]).all()
    sets = ken.ensemble.ConformalClassifier(base="logistic").fit(*load_iris(return_X_y=True))
    assert sets.predict_set(load_iris().data).dtype == bool
    assert not hasattr(ken.linear.Ridge(), "apply") and not hasattr(ken.tree.ForestClassifier(), "decision_function")
    assert hasattr(ken.boosting.BoostingRegressor(), "predict_quantiles")
    assert not hasattr(ken.boosting.BoostingRegressor(trees=3).fit(X, y), "predict_quantiles")


def test_a_base_is_an_estimator_or_a_name():
    X, y = load_iris(return_X_y=True)
    named = ken.ensemble.AdaboostClassifier(base="tree", stages=5).set_params(base__max_depth=2)
    made = ken.ensemble.AdaboostClassifier(base=ken.tree.TreeClassifier(max_depth=2), stages=5)
    assert named.get_params()["base__max_depth"] == 2
    assert np.array_equal(named.fit(X, y).predict(X), made.fit(X, y).predict(X))
    assert clone(made).get_params()["base__max_depth"] == 2
    from sklearn.tree import DecisionTreeClassifier

    with pytest.raises(TypeError, match="must be an estimator of ken"):
        ken.ensemble.AdaboostClassifier(base=DecisionTreeClassifier()).fit(X, y)
    with pytest.raises(ValueError, match="nosuch"):
        ken.ensemble.AdaboostClassifier(base="nosuch").fit(X, y)


def test_wrong_parameters_are_said_at_fit():
    X, y = load_diabetes(return_X_y=True)
    for alpha, error, words in ((-1, ValueError, "alpha"), ("much", TypeError, "alpha must be a number"),
                                ([1], TypeError, "alpha must be a number"), (float("nan"), ValueError, "alpha"),
                                (True, TypeError, "number")):
        with pytest.raises(error, match=words):
            ken.linear.Ridge(alpha=alpha).fit(X, y)
    with pytest.raises(ValueError, match="solver"):
        ken.linear.Ridge(solver="magic").fit(X, y)
    with pytest.raises(TypeError, match="True or False"):
        ken.linear.Ridge(fit_intercept="yes").fit(X, y)
    with pytest.raises(ValueError, match="n_jobs"):
        ken.linear.Ridge(n_jobs=0).fit(X, y)
    assert ken.linear.Ridge(alpha=np.float32(0.5), fit_intercept=np.bool_(False)).fit(X, y).intercept_ == 0


def test_early_stopping_goes_by_eval_set():
    X, y = load_breast_cancer(return_X_y=True)
    train, held = np.arange(len(y)) % 2 == 0, np.arange(len(y)) % 2 == 1
    made = ken.boosting.BoostingClassifier(trees=500, learning_rate=0.3)
    made.fit(X[train], y[train], eval_set=(X[held], y[held]))
    assert made.apply(X[:1]).shape[1] < 500 and made.score(X[held], y[held]) > 0.93
    with pytest.raises(ValueError, match="eval_set"):
        made.fit(X[train], y[train], eval_set=X)


def test_fit_more_goes_on_where_the_fit_ended():
    X, y = load_breast_cancer(return_X_y=True)
    whole = ken.boosting.BoostingClassifier(trees=20).fit(X, y)
    parts = ken.boosting.BoostingClassifier(trees=10).fit(X, y).set_params(trees=20).fit_more(X, y)
    assert np.array_equal(parts.predict_proba(X), whole.predict_proba(X))
    with pytest.raises(ValueError, match="no class"):
        parts.fit_more(X, y + 1)


def test_refit_keeps_the_questions():
    X, y = load_diabetes(return_X_y=True)
    made = ken.boosting.BoostingRegressor(trees=10).fit(X, y)
    leaves, before = made.apply(X), made.predict(X)
    assert np.array_equal(made.refit(X, y + 1000, decay=0.5).apply(X), leaves)
    assert (made.predict(X) > before).all()
    with pytest.raises(ValueError, match="decay"):
        made.refit(X, y, decay=2)
    with pytest.raises(NotFittedError):
        ken.boosting.BoostingRegressor().refit(X, y)


def test_metadata_is_routed():
    import sklearn

    X, y = load_iris(return_X_y=True)
    with sklearn.config_context(enable_metadata_routing=True):
        made = ken.linear.Logistic().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        pipe = make_pipeline(ken.preprocess.Scale(), made)
        plain = clone(pipe).fit(X, y).predict_proba(X)
        weighted = pipe.fit(X, y, sample_weight=np.arange(150.0)).predict_proba(X)
        assert not np.allclose(plain, weighted)
        folds = cross_val_score(made, X, y, cv=3, params={"sample_weight": np.arange(150.0)})
        assert folds.shape == (3,)


def test_what_is_not_finite_is_said_in_scikit_learn_s_words():
    X, y = load_iris(return_X_y=True)
    made = ken.linear.Logistic().fit(X, y)
    for cell, word in ((np.nan, "NaN"), (np.inf, "infinity")):
        bad = X.copy()
        bad[3, 1] = cell
        for call in (lambda: ken.linear.Logistic().fit(bad, y), lambda: made.predict(bad), lambda: made.predict(bad[3:4])):
            with pytest.raises(ValueError, match=f"Input X contains {word}"):
                call()


def test_groups_offsets_and_bounds():
    X, y = load_diabetes(return_X_y=True)
    groups = np.arange(len(y)) // 10
    grades = (y > 150).astype(int) + (y > 250)
    rank = ken.boosting.BoostingRegressor(loss="lambdarank", trees=10).fit(X, grades, groups=groups)
    assert ken.metrics.ndcg(grades, rank.predict(X), groups=groups) > 0.8
    counts = np.round(y / 50)
    exposed = ken.boosting.BoostingRegressor(loss="poisson", trees=10)
    plain = exposed.fit(X, counts).predict(X)
    assert not np.allclose(exposed.fit(X, counts, offset=np.full(len(y), 1.0)).predict(X), plain)
    times = ken.boosting.BoostingRegressor(loss="cox", trees=10).fit(X, y, event=(y < 300).astype(int))
    assert ken.metrics.concordance_risk(y, times.predict(X), event=(y < 300)) > 0.6


@pytest.mark.parametrize("kind", TRANSFORMERS)
def test_transformers_name_their_columns(kind):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    X, y = load_iris(return_X_y=True, as_frame=True)
    y = y if kind._needs_y else None
    made = kind()
    out = made.fit_transform(X, y)
    names = made.get_feature_names_out()
    assert out.shape == (150, len(names))
    framed = clone(made).set_output(transform="pandas").fit_transform(X, y)
    assert isinstance(framed, pandas.DataFrame) and list(framed.columns) == list(names)
    np.testing.assert_array_equal(framed.to_numpy(dtype=float), out)
    if kind._thing != "recipe":
        nameless = clone(made).fit(X.to_numpy(), y)
        assert list(nameless.get_feature_names_out(X.columns)) == list(names)
    with_polars = clone(made).set_output(transform="polars").fit_transform(polars.DataFrame(X.to_dict("list")), y)
    assert isinstance(with_polars, polars.DataFrame) and with_polars.columns == list(names)


def test_texts_and_holes_go_straight_to_models_that_take_them():
    pandas = pytest.importorskip("pandas")
    table = ken.data.credit_g()
    frame = table.to_pandas()
    X, y = frame.drop(columns="class"), frame["class"].astype(str)
    X.iloc[3, 1] = None
    for made in (ken.boosting.BoostingClassifier(trees=40, learning_rate=0.3), ken.tree.ForestClassifier(trees=40)):
        assert made.fit(X, y).score(X, y) > 0.8 and list(made.feature_names_in_) == list(X.columns)
        assert set(made.classes_) == set(y)
        copied = pickle.loads(pickle.dumps(made))
        assert np.array_equal(copied.predict_proba(X), made.predict_proba(X))
        texts = clone(made).fit(X.astype({c: str for c in X.select_dtypes(exclude="number")}), y)  # no categories
        assert texts.score(X, y) > 0.8
    with pytest.raises((ValueError, TypeError)):
        ken.linear.Logistic().fit(X, y)
    own = ken.tree.TreeRegressor(max_depth=4)
    rows, target = ken.data.auto_mpg(return_X_y=True)  # a Table, with names of cars
    assert own.fit(rows, target).score(rows, target) > 0.5 and list(own.feature_names_in_) == list(rows.names)
    objects = np.array([["a", 1.0], ["b", 2.0], [None, np.nan], ["a", 4.0]] * 20, dtype=object)
    found = ken.tree.TreeClassifier().fit(objects, [0, 1, 1, 0] * 20).predict(objects)
    assert found.tolist() == [0, 1, 1, 0] * 20
    numbers, texts = X.select_dtypes("number").columns, X.select_dtypes(exclude="number").columns
    columns = ColumnTransformer([("n", make_pipeline(ken.preprocess.Impute(), ken.preprocess.Scale()), list(numbers)),
                                 ("t", ken.preprocess.OneHot(), list(texts))])
    both = make_pipeline(columns, ken.linear.Logistic()).fit(X, y)
    assert both.score(X, y) > 0.7
    assert len(columns.fit(X).get_feature_names_out()) == both[-1].n_features_in_
    assert isinstance(columns.set_output(transform="pandas").fit_transform(X), pandas.DataFrame)


def test_names_of_columns_are_compared():
    pytest.importorskip("pandas")
    X, y = load_iris(return_X_y=True, as_frame=True)
    made = ken.linear.Logistic().fit(X, y)
    with pytest.raises(ValueError, match="feature names"):
        made.predict(X[X.columns[::-1]])
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        made.predict(X.to_numpy()[:1])


def test_fit_transform_of_an_encoder_is_cross_fitted():
    pytest.importorskip("pandas")
    import pandas

    rng = np.random.default_rng(0)
    X = pandas.DataFrame({"c": [str(v) for v in range(200)]})  # every level once: only its own target could say anything
    y = rng.normal(size=200)
    made = ken.preprocess.TargetEncode()
    seen, fitted = made.fit_transform(X, y), made.fit(X, y).transform(X)
    assert not np.array_equal(seen, fitted)
    assert abs(np.corrcoef(seen[:, 0], y)[0, 1]) < 0.3


def test_words_become_columns():
    texts = np.array([["a red car"], ["a blue car"], ["red red house"]], dtype=object)
    made = ken.preprocess.Tfidf().fit(texts)
    assert any("red" in name for name in made.get_feature_names_out())
    assert made.transform(texts).shape[0] == 3


def test_outliers_are_minus_one():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.normal(size=(200, 2)), [[9, 9], [-9, 9]]])
    made = ken.anomaly.IsolationForest(contamination=0.01).fit(X)
    assert is_outlier_detector(made) and set(made.predict(X[-2:])) == {-1}
    assert np.array_equal(made.predict(X), np.where(made.score_samples(X) >= made.offset_, 1, -1))


def test_pictures_and_words():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    for kind in (ken.linear.Ridge, ken.boosting.BoostingRegressor):
        made = small(kind)
        assert "<svg" not in made._repr_html_().split("</style>")[-1].split("sk-top-container")[0]
        text = made.fit(X, y)._repr_html_()
        assert "aria-label" in text and "bmi" in text and repr(made).startswith(kind.__name__)


def test_progress_is_told():
    X, y = load_diabetes(return_X_y=True)
    seen = []
    ken.boosting.BoostingRegressor(trees=400, verbose=lambda *at: seen.append(at)).fit(np.repeat(X, 20, 0), np.repeat(y, 20))
    assert seen and seen[-1][1] <= 400 and len(seen[0]) == 5


def test_regressors_and_classifiers_say_so():
    for kind in BOTH:
        assert is_regressor(kind()) == (kind._task == "regress") and is_classifier(kind()) == (kind._task == "classify")
