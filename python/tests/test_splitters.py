"""Splitters as `cv=`."""
import json
import pathlib

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score

import ken
from ken import data

THINGS = json.loads((pathlib.Path(ken.__file__).parent / "_catalog.json").read_text())["things"]
KINDS = [getattr(data, "".join(p.capitalize() for p in t["name"].split("_"))) for t in THINGS if t["kind"] == "splitter"]
SETS = [t for t in THINGS if t["kind"] == "dataset"]


def arguments():
    X, y = load_iris(return_X_y=True)
    return X, y, np.arange(150) // 5


@pytest.mark.parametrize("kind", KINDS)
def test_splits_part_the_rows(kind):
    X, y, groups = arguments()
    made = kind()
    splits = list(made.split(X, y, groups))
    assert len(splits) == made.get_n_splits(X, y, groups)
    for train, test in splits:
        assert len(test) and len(train) and not set(train) & set(test)
        assert max(train.max(), test.max()) < 150
    again = list(made.split(X, y, groups))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(splits, again))
    assert repr(made).startswith(kind.__name__)


@pytest.mark.parametrize("kind", KINDS)
def test_splitters_cross_validate(kind):
    X, y, groups = arguments()
    order = np.random.default_rng(0).permutation(150)
    scores = cross_val_score(ken.linear.Logistic(), X[order], y[order], cv=kind(), groups=groups)
    assert scores.min() > 0.7
    found = GridSearchCV(ken.tree.TreeClassifier(), {"max_depth": [1, 3]}, cv=kind()).fit(X[order], y[order], groups=groups)
    assert found.best_params_["max_depth"] == 3


def test_folds_test_each_row_once():
    X, y, groups = arguments()
    for cv in (data.Kfold(folds=7), data.StratifiedKfold(folds=5), data.GroupKfold(folds=3)):
        tested = np.concatenate([test for _, test in cv.split(X, y, groups)])
        assert sorted(tested) == list(range(150))
    assert cross_val_predict(ken.linear.Logistic(), X, y, cv=data.StratifiedKfold()).shape == (150,)


def test_strata_and_groups_are_kept():
    X, y, groups = arguments()
    for train, test in data.StratifiedKfold(folds=5).split(X, np.array(["a", "b", "c"])[y]):
        assert np.bincount(y[test]).tolist() == [10, 10, 10]
    for train, test in data.GroupKfold().split(X, y, groups):
        assert not set(groups[train]) & set(groups[test])
    for train, test in data.TimeSplit(folds=3).split(X):
        assert train.max() < test.min()
    backwards = np.arange(150)[::-1]
    for train, test in data.TimeSplit(folds=3).split(X, time=backwards):
        assert backwards[train].max() < backwards[test].min()


def test_seeds():
    X, y, _ = arguments()
    test = [next(data.Kfold(random_state=s).split(X))[1].tolist() for s in (None, 0, 1, np.random.RandomState(1))]
    assert test[0] == test[1] != test[2] != test[3]
    assert data.Kfold(folds=4, repeats=3).get_n_splits() == 12


def test_wrong_arguments():
    X, y, groups = arguments()
    with pytest.raises(ValueError, match="group"):
        list(data.GroupKfold().split(X, y))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        list(data.Kfold().split(X, y[:3]))
    with pytest.raises(ValueError, match="folds"):
        list(data.Kfold(folds=1).split(X))
    with pytest.raises(ValueError):
        list(data.Kfold(folds=200).split(X))


@pytest.mark.parametrize("thing", SETS, ids=lambda t: t["name"])
def test_data_sets(thing):
    load = getattr(data, thing["name"].split(":")[-1])
    table = load()
    assert table.n_rows > 50 and thing["target"] in table.names
    X, y = load(return_X_y=True)
    assert X.n_rows == len(y) == table.n_rows and X.n_columns == table.n_columns - 1
    kind = ken.tree.TreeClassifier if "classify" in thing["tasks"] else ken.tree.TreeRegressor
    rows = np.array([v is not None and v == v for v in y])
    if rows.all():
        assert kind(max_depth=8).fit(X, y).score(X, y) > 0.5
    if thing["parameters"]:
        more = load(rows=77, random_state=5)
        assert more.n_rows == 77
        assert np.array_equal(load(rows=77, random_state=5).column(0).to_numpy(), more.column(0).to_numpy())
