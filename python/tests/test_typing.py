"""A typed client of the package, as mypy sees it: names complete, and what is wrong is found before it runs."""
import pathlib
import subprocess
import sys

import pytest

import ken

CLIENT = '''
from __future__ import annotations

import numpy as np

import ken
from ken.boosting import BoostingClassifier
from ken.data import Kfold, iris
from ken.linear import Ridge
from ken.metrics import interval, roc_auc, scorer
from ken.preprocess import OneHot

X = np.zeros((3, 2))
y = np.array([0.0, 1.0, 2.0])
model: Ridge = Ridge(alpha=0.5, solver="cholesky").fit(X, y)
coef: np.ndarray = model.coef_
intercept: float = model.intercept_
values: np.ndarray = model.predict(X)
boosted = BoostingClassifier(trees=10, early_stopping="on", class_weight={0: 1.0}).fit(X, y > 1)
proba: np.ndarray = boosted.predict_proba(X)
importances: np.ndarray = boosted.feature_importances_
area: float = roc_auc(y > 1, proba)
low: float = interval("accuracy", y > 1, y > 1).low
splits: int = Kfold(folds=3).get_n_splits()
names: list[str] = OneHot().fit(X).outputs_
made = ken.estimator("ridge")
score = scorer("rmse")
table = iris()
'''
WRONG = [('Ridge(solver="magic")', "arg-type"), ('Ridge(alfa=1)', "call-arg")]


def mypy(tmp_path, text):
    pytest.importorskip("mypy")
    (tmp_path / "client.py").write_text(text)
    return subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path / "cache"), "--ignore-missing-imports",
                           "client.py"], cwd=tmp_path, capture_output=True, text=True,
                          env={"MYPYPATH": str(pathlib.Path(ken.__file__).parents[1]), "PATH": "/usr/bin:/bin"})


def test_a_typed_client_is_accepted(tmp_path):
    done = mypy(tmp_path, CLIENT)
    assert done.returncode == 0, done.stdout


def test_mistakes_are_found(tmp_path):
    done = mypy(tmp_path, CLIENT + "\n".join(line for line, _ in WRONG))
    for _, code in WRONG:
        assert f"[{code}]" in done.stdout
    assert f"Found {len(WRONG)} errors" in done.stdout
