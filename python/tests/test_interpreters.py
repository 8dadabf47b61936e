"""Several interpreters in one process, with a lock of their own where Python has that (3.12). NumPy does not load there, so
what goes in are lists and what comes out are bytes."""

from __future__ import annotations

import importlib.util
import sys

import pytest
from child import run

MODULE = next((name for name in ("_interpreters", "_xxsubinterpreters") if importlib.util.find_spec(name)), None)
pytestmark = pytest.mark.skipif(MODULE is None, reason="no sub-interpreters")

BEFORE = f"import {MODULE} as interpreters\nown_lock = {sys.version_info >= (3, 12)}\n" + '''
WORK = """
import random
from ken._ken import Model, Table
random.seed(5)
columns = [("a", [random.gauss(0, 1) for _ in range(300)]), ("b", [random.choice("xyz") for _ in range(300)]),
           ("c", [random.random() < 0.5 for _ in range(300)])]
y = [a + (b == "x") for a, b in zip(columns[0][1], columns[1][1])]
def work(threads):
    table = Table.from_columns(columns)
    model = Model("boosting", {"trees": "20", "max_leaves": "7"})
    model.set_recipe(Model("recipe"))
    model.fit(table, y, task="regress", threads=threads)
    scale = Model("scale")
    scale.fit(Table.from_columns(columns[:1]), y)
    made = scale.transform(Table.from_columns(columns[:1]))
    again = Model.from_bytes(model.to_bytes())
    try:
        model.fit(table, y[:7])
    except ValueError:
        pass
    else:
        raise AssertionError
    try:
        Model("no_such_thing")
    except Exception as error:
        assert error.code == "KEN_E_NOT_FOUND", error
    return again.to_bytes(), made.n_rows
"""
space = {}
exec(WORK, space)
expected = space["work"](1)[0]
CHECK = WORK + f"""
for threads in (1, 2, 1):
    assert work(threads)[0] == {expected!r}
left = Table.from_columns(columns), Model("ridge")  # for the end of the interpreter
"""
def there(code):
    one = interpreters.create()
    try:
        failed = interpreters.run_string(one, code)
        assert not failed, failed
    finally:
        interpreters.destroy(one)
'''


def test_an_interpreter_after_the_other():
    run("""
        for _ in range(15):
            there(CHECK)
        assert space["work"](2)[0] == expected
    """, before=BEFORE)


def test_interpreters_side_by_side():
    run("""
        errors = []
        def thread():
            try:
                for _ in range(4 if own_lock else 1):
                    there(CHECK)
            except BaseException as error:
                errors.append(error)
        threads = [threading.Thread(target=thread) for _ in range(3 if own_lock else 1)]
        for one in threads: one.start()
        for _ in range(20):
            assert space["work"](2)[0] == expected
        for one in threads: one.join()
        assert not errors, errors
    """, before=BEFORE)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="NumPy loads where the lock is shared, and warns")
def test_arrays_that_cannot_be_made_there_are_an_exception():
    run("""
        there(WORK + '''
model = Model("ridge")
model.fit(Table.from_columns(columns[:1]), y, task="regress")
for ask in (lambda: model.predict(Table.from_columns(columns[:1])), lambda: model.attr("coef"),
            lambda: Table.from_columns(columns[:1]).to_numpy()):
    try:
        ask()
    except ImportError:
        pass
    else:
        raise AssertionError("NumPy loads in an interpreter with a lock of its own: test what it gives")
''')
    """, before=BEFORE)


def test_the_main_interpreter_s_types_are_its_own():
    run("""
        there(CHECK + "import ken._ken; ken._ken.Table = ken._ken.Model = None; ken._ken.things = None")
        assert Table is sys.modules["ken._ken"].Table
        import ken._ken
        assert ken._ken.things()
    """, before=BEFORE)
