"""Processes: children of fork and of spawn, and the end of the interpreter at any moment."""

from __future__ import annotations

import sys

import pytest
from child import SANITIZED, run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no fork")


def test_a_child_of_fork_works_and_so_does_its_parent():
    run("""
        X, y = data(5000)
        model = fitted(X, y, task="classify", threads=3)
        expected, bytes_ = model.predict(X, threads=3), model.to_bytes()
        for generation in range(3):
            child = os.fork()
            if child == 0:
                again = fitted(X, y, task="classify", threads=3)  # the parent's pool is not here
                same = again.to_bytes() == bytes_ and np.array_equal(model.predict(X, threads=3), expected)
                os._exit(0 if same else 3)
            assert os.waitpid(child, 0)[1] == 0
            assert fitted(X, y, task="classify", threads=3).to_bytes() == bytes_
    """)


def test_a_child_ends_as_python_ends():
    run("""
        X, y = data(5000)
        model = fitted(X, y, task="classify", threads=2)
        child = os.fork()
        if child == 0:
            model.predict(X)
            sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    """, abandons=True)  # the parent's pools


def test_fork_while_another_thread_fits_and_predicts():
    run("""
        X, y = data(20_000)
        fitting, steady = Model("boosting", {"trees": "100000"}), fitted(X, y, task="classify")
        going, stop = threading.Event(), threading.Event()
        class Stop(Exception): pass
        def tell(*said):
            going.set()
            if stop.is_set():
                raise Stop
        def work():
            try:
                fitting.fit(X, y, task="classify", progress=tell, threads=2)
            except Stop:
                pass
        def reads():
            while not stop.is_set():
                steady.predict(X)
        threads = [threading.Thread(target=work), threading.Thread(target=reads)]
        for thread in threads: thread.start()
        going.wait()
        for _ in range(10):
            child = os.fork()
            if child == 0:
                status = 0
                try:
                    fitting.predict(X)
                    status = 3
                except RuntimeError:
                    pass
                steady.fit(X[:500], y[:500], task="classify", threads=2)  # whoever read it is not here
                os._exit(status)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for thread in threads: thread.join()
    """)


def test_fork_out_of_a_progress_callable_and_out_of_a_handler():
    run("""
        X, y = data(20_000)
        parent, children = os.getpid(), []
        def tell(*said):
            if not children:
                child = os.fork()
                if child:
                    children.append(child)
        def handler(*_):
            child = os.fork()
            if child:
                children.append(child)
        for forks in (lambda model: model.fit(X, y, task="classify", progress=tell, threads=2),
                      lambda model: model.fit(X, y, task="classify", threads=2)):
            model = Model("boosting", {"trees": "600"})
            if children:
                signal.signal(signal.SIGALRM, handler)
                signal.setitimer(signal.ITIMER_REAL, 0.2)
            try:
                forks(model)
            except RuntimeError as error:
                assert os.getpid() != parent and "forked from" in str(error), error
                for ask in (lambda: model.predict(X[:2]), lambda: model.fit(X, y)):
                    try:
                        ask()
                        os._exit(3)
                    except RuntimeError:
                        pass
                del model
                fitted(X[:500], y[:500], task="classify", threads=2)
                os._exit(0)
            assert os.getpid() == parent and model.fitted
        for child in children:
            assert os.waitpid(child, 0)[1] == 0
        assert len(children) == 2
    """)


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_pools_of_processes(way, tmp_path):
    script = tmp_path / "pool.py"
    script.write_text("""
import multiprocessing, sys
import numpy as np
from ken._ken import Model

def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2000, 5))
    return X, X[:, 0] - X[:, 1]

def fit(model):
    X, y = data()
    model.fit(X, y, threads=2)
    return model

if __name__ == "__main__":
    X, y = data()
    here = fit(Model("boosting", {"trees": "20"}))
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        for there in pool.map(fit, [Model("boosting", {"trees": "20"}) for _ in range(4)] + [here]):
            assert there.to_bytes() == here.to_bytes()
    print("good")
""")
    out = run(f"""
        import subprocess
        print(subprocess.run([sys.executable, {str(script)!r}, {way!r}], capture_output=True, text=True, check=True).stdout)
    """)
    assert "good" in out


# --- the end ------------------------------------------------------------------------------------------------------------------
FITTING = """
X, y = data(50_000)
def work():
    while True:
        fitted(X, y, settings={"trees": "1000"}, task="classify", threads=2)
def start(daemon):
    thread = threading.Thread(target=work, daemon=daemon)
    thread.start()
    time.sleep(0.2)
"""


@pytest.mark.parametrize("end, status", [
    ("pass", 0), ("sys.exit(5)", 5), ("os._exit(6)", 6), ("raise SystemExit(8)", 8), ("os.kill(os.getpid(), 15); time.sleep(9)", -15),
    ("raise ValueError('last')", 1)])
def test_the_process_ends_while_a_daemon_fits(end, status):
    run(f"start(True)\n{end}\n", before=FITTING, status=status, timeout=30, abandons=True)


def test_what_is_there_at_the_end_is_freed_in_any_order():
    for options in ((), ("-X", "dev"), ("-X", "importtime")):
        run("""
            import atexit
            X, y = data(2000)
            model, table = fitted(X, y, task="classify", threads=2), Table.from_matrix(X)
            scale = fitted(X, y, "scale")
            made = scale.transform(table)
            sys.keep = [model, made.column(1)]
            builtins = sys.modules["builtins"]
            builtins.model, builtins.work = model, fitted
            atexit.register(lambda: model.predict(X, threads=2))
            atexit.register(lambda: fitted(X, y, task="classify", threads=3))
            class Late:
                def __del__(self):
                    model.predict(self.X[:2])
                    model.predict(self.X, threads=2)
            late = Late(); late.X = X
            late.itself = late
        """, options=options)


def test_the_module_may_be_imported_anew():
    run("""
        import gc, importlib, weakref
        X, y = data(500)
        first = fitted(X, y, task="classify")
        for _ in range(5):
            del sys.modules["ken._ken"]
            module = importlib.import_module("ken._ken")
            again = module.Model("boosting", {"trees": "5"})
            again.fit(X, y, task="classify")
            assert again.to_bytes() == first.to_bytes()
            assert module.Model is not Model and not isinstance(again, Model)
            try:
                again.predict(Table.from_matrix(X))  # a table of another module's type is none
            except TypeError:
                pass
            gc.collect()
    """)


@pytest.mark.skipif(SANITIZED, reason="the sanitizer wants its memory")
def test_memory_that_runs_out_is_a_memory_error():
    run("""
        import resource
        X, y = data(100_000, 10)
        fitted(X[:1000], y[:1000], task="classify")
        table = Table.from_matrix(X)
        held = int(open("/proc/self/statm").read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
        errors = 0
        for more in [k << 20 for k in (1, 3, 8, 24)]:
            for name, settings in (("boosting", {"trees": "5"}), ("forest", {"trees": "3"}), ("knn", None), ("logistic", None), ("scale", None)):
                resource.setrlimit(resource.RLIMIT_AS, (held + more, resource.RLIM_INFINITY))
                try:
                    model = Model(name, settings)
                    model.fit(table, y, task="auto" if name == "scale" else "classify", threads=1 + (more >> 20) % 2)
                    model.transform(table) if name == "scale" else model.predict(X[:2000], "proba")
                    Table.from_matrix(X.astype("f2"))
                except MemoryError:
                    errors += 1
                finally:
                    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert errors > 5, errors
        assert fitted(X[:1000], y[:1000], task="classify").fitted
    """, timeout=200)
