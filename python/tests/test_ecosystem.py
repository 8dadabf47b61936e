"""What users' tools do with the estimators: searches, pools of processes, studies, explanations, stores of models."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from child import SANITIZED

pytest.importorskip("sklearn", "1.6")

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import BaggingClassifier, StackingRegressor, VotingRegressor
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_predict, cross_val_score
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline

import ken.preprocess
from ken.boosting import BoostingClassifier, BoostingRegressor
from ken.linear import Linear, Logistic, Ridge
from ken.tree import ForestRegressor

pytestmark = pytest.mark.skipif(SANITIZED, reason="the calls are those of the other tests; all around them would crawl")
FEW = {"trees": 20, "max_leaves": 7}


@pytest.fixture(scope="module")
def tumours():
    return load_breast_cancer(return_X_y=True)


@pytest.fixture(scope="module")
def sugar():
    return load_diabetes(return_X_y=True)


# --- scikit-learn's own ------------------------------------------------------------------------------------------------------
def test_processes_score_as_this_one(tumours):
    for model in (BoostingClassifier(**FEW), make_pipeline(ken.preprocess.Scale(), Logistic())):
        here = cross_val_score(model, *tumours, cv=4, scoring="roc_auc")
        np.testing.assert_array_equal(cross_val_score(model, *tumours, cv=4, scoring="roc_auc", n_jobs=2), here)
        assert here.mean() > 0.97


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib_by_every_backend(tumours, backend):
    joblib = pytest.importorskip("joblib")
    X, y = tumours
    model = BoostingClassifier(**FEW).fit(X, y)
    expected = pickle.dumps(model)
    with joblib.parallel_config(backend, n_jobs=2):
        fits = joblib.Parallel()(joblib.delayed(BoostingClassifier(**FEW).fit)(X, y) for _ in range(3))
        answers = joblib.Parallel()(joblib.delayed(model.predict_proba)(X[k:]) for k in range(3))
    assert all(fit.model_.to_bytes() == model.model_.to_bytes() for fit in fits)
    for k, answer in enumerate(answers):
        np.testing.assert_array_equal(answer, model.predict_proba(X)[k:])
    assert pickle.loads(expected).model_.to_bytes() == model.model_.to_bytes()


def test_memory_mapped_data_of_joblib(tumours, tmp_path):
    joblib = pytest.importorskip("joblib")
    X, y = tumours
    joblib.dump(X, tmp_path / "x")
    mapped = joblib.load(tmp_path / "x", mmap_mode="r")
    assert BoostingClassifier(**FEW).fit(mapped, y).model_.to_bytes() == BoostingClassifier(**FEW).fit(X, y).model_.to_bytes()
    joblib.dump(BoostingClassifier(**FEW).fit(X, y), tmp_path / "model", compress=3)
    assert joblib.load(tmp_path / "model").score(X, y) > 0.9


def test_a_search_is_pickled_with_what_it_found(tumours):
    search = GridSearchCV(make_pipeline(ken.preprocess.Scale(), Logistic()), {"logistic__l2": [0.01, 1.0]}, cv=3, n_jobs=2)
    search.fit(*tumours)
    again = pickle.loads(pickle.dumps(search))
    assert again.best_params_ == search.best_params_
    np.testing.assert_array_equal(again.predict_proba(tumours[0]), search.predict_proba(tumours[0]))
    found = RandomizedSearchCV(BoostingClassifier(trees=10), {"max_leaves": [3, 7, 15], "learning_rate": [0.1, 0.3]}, n_iter=3,
                               cv=2, random_state=0).fit(*tumours)
    assert set(found.best_params_) == {"max_leaves", "learning_rate"}


def test_meta_estimators_take_them(tumours, sugar):
    X, y = sugar
    for model in (StackingRegressor([("a", Ridge()), ("b", BoostingRegressor(**FEW))], Linear(), cv=3),
                  VotingRegressor([("a", Ridge()), ("b", ForestRegressor(trees=10))]),
                  TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1),
                  make_pipeline(SelectFromModel(BoostingRegressor(**FEW)), Linear()), RFE(Linear(), n_features_to_select=4)):
        assert model.fit(X, y).score(X, y) > 0.35, model
    assert MultiOutputRegressor(Ridge()).fit(X, np.c_[y, -y]).predict(X).shape == (len(X), 2)
    for model in (CalibratedClassifierCV(BoostingClassifier(**FEW), cv=3), BaggingClassifier(Logistic(), n_estimators=3)):
        assert model.fit(*tumours).score(*tumours) > 0.9, model
    assert cross_val_predict(BoostingClassifier(**FEW), *tumours, cv=3, method="predict_proba").shape == (569, 2)


def test_inspection(sugar):
    X, y = sugar
    model = BoostingRegressor(**FEW).fit(X, y)
    assert permutation_importance(model, X, y, n_repeats=3, random_state=0).importances_mean.argmax() in (2, 8)
    assert partial_dependence(model, X, [2], grid_resolution=10)["average"].shape == (1, 10)


def test_columns_of_a_frame():
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({"size": rng.normal(size=300), "colour": rng.choice(["red", "blue"], 300)})
    y = frame["size"] + 2 * (frame["colour"] == "red")
    columns = ColumnTransformer([("n", ken.preprocess.Scale(), ["size"]), ("c", ken.preprocess.OneHot(), ["colour"])])
    model = make_pipeline(columns, Linear()).set_output(transform="pandas").fit(frame, y)
    assert model.score(frame, y) > 0.99
    assert BoostingRegressor(trees=100).fit(frame, y).score(frame, y) > 0.9  # texts as they are


# --- Optuna --------------------------------------------------------------------------------------------------------------------
def test_a_study(tumours):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    X, y = tumours

    def objective(trial):
        model = BoostingClassifier(trees=trial.suggest_int("trees", 20, 40), n_jobs=1,
                                   max_leaves=trial.suggest_int("max_leaves", 2, 15),
                                   learning_rate=trial.suggest_float("learning_rate", 0.1, 0.5, log=True))
        return cross_val_score(model, X, y, cv=2, scoring="roc_auc").mean()

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(objective, n_trials=6, n_jobs=2)  # in threads, so that what is drawn differs from run to run
    assert study.best_value > 0.9
    assert BoostingClassifier(**study.best_params).fit(X, y).fit(X, y).score(X, y) > 0.9


# --- shap ----------------------------------------------------------------------------------------------------------------------
def test_shap_explains_by_predict_alone(sugar):
    shap = pytest.importorskip("shap")
    X, y = sugar
    model = BoostingRegressor(**FEW).fit(X[:, :4], y)
    found = shap.Explainer(model.predict, X[:50, :4], algorithm="exact")(X[:5, :4])
    # exact values against a background are what the library calls so
    ours = model.contributions(X[:5, :4], background=X[:50, :4])
    np.testing.assert_allclose(found.values, ours[:, :-1], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(found.base_values, ours[:, -1], rtol=1e-9)


def test_shap_takes_a_model_itself(sugar, tumours):
    shap = pytest.importorskip("shap")
    X, y = sugar
    model = Ridge().fit(X, y)
    found = shap.Explainer(model, X[:100])(X[:5])  # by its coefficients
    np.testing.assert_allclose(found.values.sum(1) + found.base_values, model.predict(X[:5]), rtol=1e-9)
    masker = shap.maskers.Independent(X, max_samples=1000)
    linear = shap.LinearExplainer(model, masker)
    np.testing.assert_allclose(linear.shap_values(X[:5]), model.coef_ * (X[:5] - X.mean(0)), rtol=1e-7, atol=1e-9)
    X, y = tumours
    model = BoostingClassifier(**FEW).fit(X, y)
    found = shap.Explainer(model.predict_proba, X[:20], seed=0)(X[:2])
    np.testing.assert_allclose(found.values.sum(1) + found.base_values, model.predict_proba(X[:2]), rtol=1e-9)


def test_contributions_are_those_of_shap_s_tree_explainer(sugar):
    """The same tree in scikit-learn: paths that trees take count alike."""
    shap = pytest.importorskip("shap")
    from sklearn.tree import DecisionTreeRegressor

    from ken.tree import TreeRegressor

    X, y = sugar
    theirs = DecisionTreeRegressor(max_depth=3).fit(X, y)
    ours = TreeRegressor(max_depth=3).fit(X, y)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-9)
    explainer = shap.TreeExplainer(theirs)
    found = ours.contributions(X[:50])
    np.testing.assert_allclose(found[:, :-1], explainer.shap_values(X[:50]), rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found[:, -1], np.ravel(explainer.expected_value)[0], rtol=1e-9)
    values = shap.Explanation(found[:, :-1], found[:, -1], X[:50])  # as its plots take them
    assert values.abs.mean(0).values.argmax() in (2, 8)


# --- MLflow --------------------------------------------------------------------------------------------------------------------
def test_a_model_goes_into_mlflow_and_comes_back(tumours, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow")
    sklearn = pytest.importorskip("mlflow.sklearn")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    X, y = tumours
    model = make_pipeline(ken.preprocess.Scale(), BoostingClassifier(**FEW)).fit(X, y)
    mlflow.set_tracking_uri((tmp_path / "runs").as_uri())
    with mlflow.start_run():
        mlflow.log_params({name: value for name, value in model[-1].get_params().items() if value is not None})
        logged = sklearn.log_model(model, name="model", serialization_format="cloudpickle", pip_requirements=["ken"])
    for again in (sklearn.load_model(logged.model_uri), mlflow.pyfunc.load_model(logged.model_uri)):
        np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert roc_auc_score(y, sklearn.load_model(logged.model_uri).predict_proba(X)[:, 1]) > 0.99


def test_cloudpickle(tumours):
    pickler = pytest.importorskip("cloudpickle")
    model = BoostingClassifier(**FEW).fit(*tumours)
    np.testing.assert_array_equal(pickle.loads(pickler.dumps(model)).predict(tumours[0]), model.predict(tumours[0]))
