"""Threads of Python: the GIL is free while the library works; what two threads must not do at once is said."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from child import run

from ken._ken import Model, Table

SLOW = {"trees": "100000", "max_leaves": "63"}


class Stop(Exception):
    """Ends a fit from its progress callable."""


def table(n=2000, d=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    return X, X[:, 0] - X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=n)


def fit(X, y, name="boosting", settings=None, **how):
    model = Model(name, settings)
    model.fit(X, y, **how)
    return model


class Background:
    """A fit in another thread that goes on until it is told to stop."""

    def __init__(self, model, X, y):
        self.model, self.X, self.y = model, X, y
        self.going, self.end, self.error = threading.Event(), threading.Event(), None

    def tell(self, *said):
        self.going.set()
        if self.end.is_set():
            raise Stop

    def work(self):
        try:
            self.model.fit(self.X, self.y, progress=self.tell)
        except BaseException as error:
            self.error = error

    def __enter__(self):
        self.thread = threading.Thread(target=self.work)
        self.thread.start()
        assert self.going.wait(60)
        return self

    def __exit__(self, *unused):
        self.end.set()
        self.thread.join()
        assert isinstance(self.error, Stop), self.error


def test_fits_run_side_by_side():
    X, y = table(20_000)
    with Background(Model("boosting", SLOW), X, y) as first, Background(Model("boosting", SLOW), X, y) as second:
        for one in (first, second, first, second):  # each goes on while the other does
            one.going.clear()
            assert one.going.wait(60)


def test_python_runs_during_a_fit():
    X, y = table(20_000)
    with Background(Model("boosting", SLOW), X, y):
        assert fit(X[:200], y[:200], "ridge").predict(X[:3]).shape == (3,)


def test_a_model_that_is_being_fitted_says_so():
    X, y = table(20_000)
    model = fit(X[:500], y[:500], settings=SLOW | {"trees": "3"})
    model.set("trees", "100000")
    with Background(model, X, y):
        asks = [lambda: model.predict(X[:2]), lambda: model.predict(X), lambda: model.fit(X, y), lambda: model.to_bytes(),
                lambda: model.set("trees", "3"), lambda: model.clone(), lambda: model.attr("n_trees"), lambda: model.classes,
                lambda: model.features, lambda: model.params(), lambda: model.refit(X, y), lambda: model.fit_on(X, y)]
        for ask in asks:
            with pytest.raises(RuntimeError, match="in use by another thread"):
                ask()
    assert not model.fitted
    model.set("trees", "3")
    model.fit(X, y)
    assert model.to_bytes() == fit(X, y, settings=SLOW | {"trees": "3"}).to_bytes()


def test_one_model_predicts_in_many_threads_alike():
    X, y = table(5000)
    model = fit(X, y, settings={"trees": "20"})
    whole, one = model.predict(X), model.predict(X[:1])
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(model.predict, X if k % 3 else X[:1], threads=1 + k % 2) for k in range(120)]
        for k, job in enumerate(jobs):
            np.testing.assert_array_equal(job.result(), whole if k % 3 else one)


def test_many_threads_fit_and_free_what_others_made():
    X, y = table(400)
    X, names = Table.from_matrix(X), ["ridge", "boosting", "tree", "knn", "forest", "scale"]
    settings = {"boosting": {"trees": "5"}, "forest": {"trees": "5"}}

    def work(k):
        name = names[k % len(names)]
        model = Model(name, settings.get(name))
        model.fit(X, y, threads=1 + k % 3)
        if name == "scale":
            return name, model.transform(X)
        return name, model.predict(X), model

    first = {}
    with ThreadPoolExecutor(6) as pool:
        for done in pool.map(work, range(90)):  # models die here, not where they were made
            values = done[1].to_numpy() if done[0] == "scale" else done[1]
            np.testing.assert_array_equal(values, first.setdefault(done[0], values))


def test_tables_that_borrow_keep_the_model_as_it_is():
    X, y = table(100)
    model = fit(X, y, "scale")
    with ThreadPoolExecutor(2) as pool:
        made = pool.submit(model.transform, X).result()
        before = made.to_numpy()
        kept = made.column(0)
        del made
        with pytest.raises(RuntimeError, match="still in use|in use"):
            model.fit(2 * X, y)
        np.testing.assert_array_equal(kept.to_numpy()[:, 0], before[:, 0])
        del kept
        pool.submit(model.fit, 2 * X, y).result()
    assert not np.array_equal(model.transform(X).to_numpy(), before)


def test_memory_that_changes_during_a_fit_does_no_harm():
    run("""
        X, y = data(20_000, 6)
        labels = (y * 3).astype("i8")
        flags = np.zeros((20_000, 2), bool)
        stop = threading.Event()
        def spoil():
            rng = np.random.default_rng(3)
            while not stop.is_set():
                X[rng.integers(0, 20_000, 50)] = rng.choice([np.nan, np.inf, -1e300, 7.0, 1e18])
                labels[rng.integers(0, 20_000, 50)] = rng.integers(-9, 9)
                flags.view("u1")[rng.integers(0, 20_000, 50)] = rng.integers(0, 255)
        thread = threading.Thread(target=spoil)
        thread.start()
        for k in range(60):
            name = ("boosting", "forest", "tree", "logistic", "knn", "ridge", "sgd", "extra_trees")[k % 8]
            task = "regress" if name == "ridge" else "classify"
            settings = {"boosting": {"trees": "5"}, "forest": {"trees": "3"}, "extra_trees": {"trees": "3"}, "sgd": {"epochs": "2"}}
            model = Model(name, settings.get(name))
            table = Table.from_columns([("a", X[:, 0]), ("b", X[:, 1]), ("f", flags[:, 0]), ("g", flags[:, 1])])
            try:
                model.fit(table, labels, task=task, threads=2)
                model.predict(table if k % 2 else X[:, :4])
            except ValueError:
                pass
        stop.set()
        thread.join()
    """)
