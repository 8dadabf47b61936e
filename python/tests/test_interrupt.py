"""Ctrl-C, handlers of signals, and progress callables that raise: the work ends, Python and the model stay sound."""

from __future__ import annotations

import pytest
from child import SANITIZED, run

# CPU seconds that one thread may go on for after the signal: other processes on the machine do not matter.
LIMIT = 2.0 if SANITIZED else 0.1

INTERRUPT = """
def interrupted(work, after):
    "CPU seconds from SIGINT to KeyboardInterrupt; None: the work ended first."
    sent = []
    def send():
        time.sleep(after)
        sent.append(time.process_time())
        os.kill(os.getpid(), signal.SIGINT)
    thread = threading.Thread(target=send)
    try:
        thread.start()
        work()
        thread.join()
        time.sleep(0.05)
        return None
    except KeyboardInterrupt:
        late = time.process_time() - sent[0]
        thread.join()
        return late
"""


@pytest.mark.parametrize("name, settings", [
    ("boosting", {"trees": "100000", "max_leaves": "255"}), ("forest", {"trees": "10000"}),
    ("sgd", {"epochs": "100000", "tol": "0", "patience": "0"}), ("adaboost", {"stages": "10000"}), ("quantile_forest", {"trees": "10000"}),
])
def test_a_fit_is_interrupted_at_once_and_python_goes_on(name, settings):
    task = "regress" if name == "quantile_forest" else "classify"
    out = run(f"""
        X, y = data()
        table, lates = Table.from_matrix(X), []
        few = Model("ridge"); few.fit(X[:500], y[:500], task="regress"); before = few.to_bytes()
        rng = np.random.default_rng(1)
        while len(lates) < 5:
            model = Model({name!r}, {settings!r})
            late = interrupted(lambda: model.fit(table, y, task={task!r}), rng.uniform(0, 0.4))
            lates.append(late)
            try:
                model.predict(X[:2])
            except ValueError as error:
                assert "not fitted" in str(error)
            else:
                raise SystemExit("half a fit predicts")
        few.fit(X[:500], y[:500], task="regress")
        assert few.to_bytes() == before
        print(*lates)
    """, before=INTERRUPT)
    lates = [float(late) for late in out.split()]
    assert sorted(lates)[2] < LIMIT and max(lates) < 10 * LIMIT, lates


def test_a_prediction_is_interrupted():
    out = run("""
        X, y = data(60_000)
        model = fitted(X, y, "knn", task="classify")
        print(interrupted(lambda: [model.predict(X, "proba") for _ in range(1000)], 0.3))
        assert model.predict(X[:10]).shape == (10,)
    """, before=INTERRUPT)
    assert float(out) < LIMIT


def test_the_same_model_fits_again_with_the_same_bits():
    run("""
        X, y = data(20_000)
        settings = {"trees": "40", "max_leaves": "31"}
        whole = fitted(X, y, settings=settings, task="classify").to_bytes()
        model = Model("boosting", settings)
        for k in range(6):
            interrupted(lambda: [model.fit(X, y, task="classify") for _ in range(100)], 0.05 + 0.03 * k)
        model.fit(X, y, task="classify", threads=2)
        assert model.to_bytes() == whole
    """, before=INTERRUPT)


def test_a_second_signal_does_not_hurt():
    run("""
        X, y = data()
        def send():
            for _ in range(2):
                time.sleep(0.1)
                os.kill(os.getpid(), signal.SIGINT)
        thread, caught = threading.Thread(target=send), 0
        try:
            try:
                thread.start()
                Model("boosting", {"trees": "100000"}).fit(X, y, task="classify")
            except KeyboardInterrupt:
                caught += 1
                thread.join()  # the second one comes here, or while the work still ended
                time.sleep(0.1)
        except KeyboardInterrupt:
            caught += 1
        thread.join()
        assert caught
        fitted(X[:1000], y[:1000], task="classify")
    """)


def test_a_handler_that_does_not_raise_lets_the_fit_end():
    run("""
        X, y = data(20_000)
        calls = []
        signal.signal(signal.SIGALRM, lambda *_: calls.append(1))
        signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
        model = fitted(X, y, settings={"trees": "300"}, task="classify")
        signal.setitimer(signal.ITIMER_REAL, 0)
        assert calls and model.fitted
    """)


def test_a_handler_may_fit_and_its_exception_comes_out():
    run("""
        X, y = data(20_000)
        class Stop(Exception): pass
        def handler(*_):
            fitted(X[:100], y[:100], "ridge", task="regress")
            try:
                model.predict(X[:3])
            except RuntimeError as error:
                assert "in use" in str(error)
            raise Stop
        signal.signal(signal.SIGALRM, handler)
        model = Model("boosting", {"trees": "100000"})
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        try:
            model.fit(X, y, task="classify")
        except Stop:
            pass
        else:
            raise SystemExit("not stopped")
        assert not model.fitted
    """)


def test_progress_is_told_and_what_it_raises_comes_out():
    run("""
        X, y = data(20_000)
        seen = []
        fitted(X, y, settings={"trees": "200", "max_leaves": "63"}, progress=lambda *said: seen.append(said), task="classify")
        assert seen and all(0 <= said[1] <= said[2] == 200 for said in seen), seen[:3]
        assert [said[1] for said in seen] == sorted({said[1] for said in seen})
        for kind in (ValueError, KeyboardInterrupt, SystemExit, MemoryError):
            def tell(*said):
                raise kind("no more")
            try:
                fitted(X, y, settings={"trees": "100000"}, progress=tell, task="classify")
            except kind as error:
                assert str(error) == "no more"
            else:
                raise AssertionError(kind)
        for odd in (3, "text"):
            try:
                fitted(X, y, settings={"trees": "100000"}, progress=odd, task="classify")
            except TypeError:
                pass
    """)


def test_the_signal_is_the_main_thread_s():
    run("""
        X, y = data(50_000)
        ends = []
        def work():
            fitted(X, y, settings={"trees": "30"}, task="classify")
            ends.append(1)
        thread = threading.Thread(target=work)
        thread.start()
        try:
            time.sleep(0.1)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(30)
        except KeyboardInterrupt:
            pass
        thread.join()
        assert ends == [1]
    """)


def test_threads_of_the_library_leave_signals_to_python():
    run("""
        X, y = data(20_000)
        def masks():
            for task in os.listdir("/proc/self/task"):
                try:
                    blocked = [line for line in open(f"/proc/self/task/{task}/status") if line.startswith("SigBlk")][0]
                    yield int(task), int(blocked.split()[1], 16)
                except OSError:
                    pass  # it has ended
        seen, there = [], dict(masks())  # some are of NumPy's own library
        fitted(X, y, settings={"trees": "300"}, progress=lambda *_: seen.append(dict(masks())), threads=3, task="classify")
        sigint, sigsegv = 1 << (signal.SIGINT - 1), 1 << (signal.SIGSEGV - 1)
        others = {task: mask for here in seen for task, mask in here.items() if task not in there}
        assert len(others) >= 3 and all(mask & sigint and not mask & sigsegv for mask in others.values()), others
    """)
