"""Tables of every kind that Python has, into the library and out of it."""

from __future__ import annotations

import ctypes
import datetime
import gc
import pickle
import threading
import weakref

import numpy as np
import pytest

from ken._ken import Model, Table
from ken._tables import as_column, as_table, feature_names, table

pd = pytest.importorskip("pandas")


# --- what comes in --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", ["f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?", ">f8", ">f4", ">i4",
                                   ">u2", ">f2"])
def test_numbers_of_every_kind_are_read_alike(dtype):
    wide = np.array([[0, 1, 2], [3, 1, 5], [1, 0, 9]])
    X = wide.astype(dtype)
    for kind in (X, np.asfortranarray(X), X[::-1, ::-1], X[:, ::2], X.astype(object)):
        np.testing.assert_array_equal(as_table(kind).to_numpy(), np.asarray(kind).astype(float))


def test_memory_that_is_not_aligned_or_not_writable_is_read():
    X = np.arange(12.0).reshape(4, 3)
    odd = np.empty(X.nbytes + 1, np.uint8)[1:].view("f8").reshape(4, 3)
    odd[:] = X
    odd.flags.writeable = False
    np.testing.assert_array_equal(as_table(odd).to_numpy(), X)


def test_objects_become_what_their_cells_are():
    cells = np.array([[1, "a", None, True, 1.5], [2, "b", float("nan"), False, pd.NA], [pd.NA, None, 3, None, 2]], dtype=object)
    assert table(cells).dtypes == ["i64", "string", "i64", "bool", "f64"]
    columns = [as_column(cells[:, j]).to_numpy().ravel() for j in (0, 2, 3, 4)]
    np.testing.assert_array_equal(columns, [[1, 2, np.nan], [np.nan, np.nan, 3], [1, 0, np.nan], [1.5, np.nan, 2]])


def test_whole_numbers_stay_whole_until_one_is_not():
    assert as_column([2**62 + 1, 3]).dtypes == ["i64"]
    assert as_column([2**63, 3]).dtypes == ["f64"]
    np.testing.assert_array_equal(as_column([True, 2, 2.5]).to_numpy().ravel(), [1, 2, 2.5])


def test_dates_of_every_kind():
    day = datetime.date(2020, 3, 1)
    cells = [datetime.datetime(2020, 3, 1), None, pd.Timestamp("2020-03-01", tz="UTC"), np.datetime64("NaT"), day, pd.NaT]
    assert as_column(cells).dtypes == ["time"]
    for unit in ("Y", "M", "D", "h", "m", "s", "ms", "us", "ns"):
        assert as_column(np.array(["2020-03-01", "NaT"], dtype=f"M8[{unit}]")).dtypes == ["time"]
    np.testing.assert_array_equal(as_column(np.array([90, "NaT"], dtype="m8[s]")).to_numpy().ravel(), [90, np.nan])


def test_frames_of_pandas():
    frame = pd.DataFrame({"f": [1.0, 2], "i": [1, 2], "c": pd.Categorical(["u", None]), "n": pd.array([1, None], dtype="Int64"),
                          "b": pd.array([True, None], dtype="boolean"), "t": pd.to_datetime(["2020-01-01", None]),
                          "s": ["x", None]})
    whole = table(frame)
    assert whole.names == list(frame.columns)
    assert whole.dtypes == ["f64", "i64", "category", "i64", "bool", "time", "string"]
    np.testing.assert_array_equal(as_column(frame["n"]).to_numpy().ravel(), [1, np.nan])


def test_sparse_matrices():
    sparse = pytest.importorskip("scipy.sparse")
    dense = np.array([[0, 1.5, 0], [2, 0, 0]])
    for kind in (sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix):
        np.testing.assert_array_equal(as_table(kind(dense)).to_numpy(), dense)
    with pytest.raises(MemoryError, match="made dense"):
        as_table(sparse.csr_matrix((10**7, 10**6)))


def test_masks_are_missing_cells():
    masked = np.ma.masked_array([[1, 2], [3, 4]], mask=[[False, True], [False, False]])
    np.testing.assert_array_equal(as_table(masked).to_numpy(), [[1, np.nan], [3, 4]])


def test_lists_of_rows_may_mix_types_of_columns():
    assert table([[1, "a"], [2, "b"]]).dtypes == ["i64", "string"]
    assert as_table({"a": [1, 2], "b": ["x", "y"]}).names == ["a", "b"]
    records = np.array([(1, 2.5)], dtype=[("a", "i4"), ("b", "f8")])
    assert as_table(records).names == ["a", "b"]


# --- what does not -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("X, kind, text", [
    (np.arange(3.0), ValueError, "Reshape your data"),
    (np.zeros((2, 2, 2)), ValueError, "dim 3"),
    (np.zeros((0, 3)), ValueError, r"Found array with 0 sample\(s\) \(shape=\(0, 3\)\) while a minimum of 1 is required"),
    (np.zeros((3, 0)), ValueError, r"0 feature\(s\) \(shape=\(3, 0\)\) while a minimum of 1 is required"),
    (np.zeros((2, 2)) * 1j, ValueError, "Complex data not supported"),
    (np.array([[1j, 2]], dtype=object), ValueError, "Complex data not supported"),
    ([[1, 2], [3]], ValueError, "row 1 has 1 cells where row 0 has 2"),
    (np.array([[{"a": 1}, 2]], dtype=object), TypeError, "argument must be .* string.* number"),
    (np.array([["a", 2], [3, 3]], dtype=object), ValueError, "column x0, row 1: found a number in a column of texts"),
    (np.array([["\ud800"]]), ValueError, "no valid Unicode"),
    (5, TypeError, "expected a table"),
])
def test_what_is_no_table_is_said(X, kind, text):
    with pytest.raises(kind, match=text):
        as_table(X)


def test_columns_that_do_not_fit_are_said():
    with pytest.raises(ValueError, match="b has 3 rows"):
        Table.from_columns([("a", [1, 2]), ("b", [1, 2, 3])])
    with pytest.raises(ValueError, match="row 1: code 2 of a category of 2 levels"):
        Table.from_columns([("a", (np.array([0, 2]), ["x", "y"]))])
    with pytest.raises(ValueError, match="mask"):
        Table.from_columns([("a", [1, 2], np.array([True]))])


def test_names_of_features():
    assert feature_names(pd.DataFrame({"a": [1]})) == ["a"]
    assert feature_names(np.zeros((1, 2))) is None
    assert feature_names(np.zeros(1, [("a", "i4"), ("b", "f8")])) == ["a", "b"]
    assert feature_names({"a": [1]}) == feature_names(table({"a": [1]})) == ["a"]
    for package, make in (("pyarrow", "table"), ("polars", "DataFrame")):
        assert feature_names(getattr(pytest.importorskip(package), make)({"a": [1], "b": [2]})) == ["a", "b"]
    assert feature_names(pd.DataFrame([[1]])) is None
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        feature_names(pd.DataFrame([[1, 2]], columns=["a", 1]))


# --- pickles, looks, parts ---------------------------------------------------------------------------------------------------
def sample() -> Table:
    return table({"f": [1.5, None, 3], "i": [1, None, 3], "b": [True, None, False], "s": ["a", None, "ü"], "n": ["", None, ""],
                  "c": (np.array([0, -1, 1]), ["x", "y"]), "t": np.array(["2020-01-01", "NaT", "1960-01-01T12:00:01"], "M8[s]")})


def same(a: Table, b: Table) -> None:
    """Equal names, types, cells and holes."""
    assert a.names == b.names and a.dtypes == b.dtypes and a.n_rows == b.n_rows
    for j, dtype in enumerate(a.dtypes):
        x, y = a._cells(j), b._cells(j)
        if dtype == "string":
            assert x == y
        elif dtype == "category":
            texts = [[None if code < 0 else levels[code] for code in codes] for codes, levels in (x, y)]
            assert texts[0] == texts[1]
        else:
            gone = [np.zeros(a.n_rows, bool) if mask is None else mask for _, mask in (x, y)]
            np.testing.assert_array_equal(*gone)
            np.testing.assert_array_equal(x[0][~gone[0]], y[0][~gone[0]])


def test_pickles_come_back_whole():
    for whole in (sample(), sample().head(0), table({"a": [None, "x"]}).head(1)):
        same(pickle.loads(pickle.dumps(whole)), whole)


def test_looks():
    whole = sample()
    assert len(whole) == 3 and whole.columns == whole.names
    assert "1960-01-01T12:00:01" in str(whole) and "category" in str(whole) and "3 rows" in repr(whole)
    assert "<td>ü</td>" in whole._repr_html_() and "&lt;b&gt;" in table({"<b>": [1]})._repr_html_()
    assert whole["i"].names == ["i"] and whole[["s", "f"]].names == ["s", "f"]
    assert whole.head(2).n_rows == 2 and whole.head().n_rows == 3
    with pytest.raises(KeyError, match="'z': the table's columns are f, i, b"):
        whole["z"]
    with pytest.raises(TypeError, match="indexed by the name"):
        whole[0]


def test_few_texts_become_categories_for_models():
    many = [f"text {i}" for i in range(1000)]
    whole = as_table({"few": ["b", "a", None, "b"] * 250, "many": many})
    assert whole.dtypes == ["category", "string"]
    codes, levels = whole._cells(0)
    assert levels == ["a", "b"] and codes[:4].tolist() == [1, 0, -1, 1]


# --- Arrow -----------------------------------------------------------------------------------------------------------------
def test_round_trips_of_every_type():
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    whole = sample()
    same(table(whole.to_polars()), whole)
    same(table(whole.to_arrow()), whole)
    same(table(whole.to_arrow().to_batches()[0]), whole)
    same(table(polars.DataFrame(pyarrow.table(whole))), whole)
    same(table(whole.to_pandas()), whole)


def test_arrow_types():
    pa = pytest.importorskip("pyarrow")
    import decimal

    values = {"half": pa.array(np.array([1.5, 2], np.float16)), "u64": pa.array([1, 2**63], pa.uint64()),
              "dec": pa.array([decimal.Decimal("1.25"), None], pa.decimal128(20, 2)), "null": pa.nulls(2),
              "date": pa.array([0, 1], pa.date32()), "date64": pa.array([0, 86400000], pa.date64()),
              "zone": pa.array([0, 1], pa.timestamp("ms", "Europe/Berlin")), "gone": pa.array([1, None], pa.duration("ms")),
              "day": pa.array([0, 1500], pa.time32("ms")), "large": pa.array(["ü", None], pa.large_string()),
              "view": pa.array(["short", "more than twelve bytes"], pa.string_view()), "bytes": pa.array([b"a", b"b"]),
              "truth": pa.array([True, None])}
    whole = table(pa.table(values))
    assert dict(zip(whole.names, whole.dtypes)) == {
        "half": "f32", "u64": "f64", "dec": "f64", "null": "f64", "date": "time", "date64": "time", "zone": "time", "gone": "f64",
        "day": "f64", "large": "string", "view": "string", "bytes": "string", "truth": "bool"}
    assert whole["view"]._cells(0) == ["short", "more than twelve bytes"]
    assert str(whole["zone"]._cells(0)[0][1]) == "1970-01-01T00:00:00.001000"
    np.testing.assert_array_equal(whole[["half", "dec", "gone", "day"]].to_numpy(), [[1.5, 1.25, 0.001, 0], [2, np.nan, np.nan, 1.5]])
    for nested in (pa.array([[1]]), pa.array([{"a": 1}]), pa.array([1, 1]).run_end_encode() if hasattr(pa.Array, "run_end_encode")
                   else pa.array([[1]])):
        with pytest.raises(TypeError, match="column 'n'"):
            table(pa.table({"n": nested}))


@pytest.mark.parametrize("slices", [[(0, 10)], [(3, 7)], [(0, 0)], [(1, 4), (4, 4), (4, 10)], [(0, 3), (5, 6)]])
def test_slices_and_chunks(slices):
    pa = pytest.importorskip("pyarrow")
    columns = {"f": pa.array([1.0, None, 3, 4, None, 6, 7, 8, 9, 10]), "i": pa.array([None, *range(9)]),
               "b": pa.array([True, None, False, True, False] * 2), "s": pa.array(["a", None, "ccc", "", "e"] * 2),
               "d": pa.array(["u", "v", None, "u", "w"] * 2).dictionary_encode()}
    whole = pa.table(columns)
    cut = pa.concat_tables([whole.slice(a, b - a) for a, b in slices])
    mine = table(cut)
    assert mine.n_rows == cut.num_rows
    for name in columns:
        cells = mine[name]._cells(0)
        if name == "s":
            assert cells == cut[name].to_pylist()
        elif name == "d":
            assert [None if code < 0 else cells[1][code] for code in cells[0]] == cut[name].to_pylist()
        else:
            gone = np.zeros(mine.n_rows, bool) if cells[1] is None else cells[1]
            assert [None if hole else value for value, hole in zip(cells[0].tolist(), gone)] == cut[name].to_pylist()


def test_dictionaries_of_pieces_are_united():
    pa = pytest.importorskip("pyarrow")
    pieces = pa.chunked_array([pa.array(["a", "b"]).dictionary_encode(), pa.array(["c", "a", None]).dictionary_encode()])
    codes, levels = as_column(pieces)._cells(0)
    assert [None if code < 0 else levels[code] for code in codes] == ["a", "b", "c", "a", None]
    numbers = pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int8()), pa.array([10, 20]))
    assert as_column(numbers)._cells(0)[1] == ["10", "20"]


# --- memory --------------------------------------------------------------------------------------------------------------------
class Watched(np.ndarray):
    """An array that can be watched by a weak reference."""


def settle() -> None:
    for _ in range(3):
        gc.collect()


def test_tables_keep_what_they_borrow_and_no_longer():
    X = np.arange(12.0).reshape(4, 3).view(Watched)
    watch = weakref.ref(X)
    whole = as_table(X)
    one = whole.column(1)
    del X, whole
    settle()
    assert watch() is not None
    np.testing.assert_array_equal(one.to_numpy().ravel(), [1, 4, 7, 10])
    del one
    settle()
    assert watch() is None


def test_what_reads_a_table_by_arrow_keeps_it():
    pa = pytest.importorskip("pyarrow")
    X = np.arange(12.0).reshape(4, 3, order="F").view(Watched)
    watch = weakref.ref(X)
    lent = pa.table(as_table(X))
    assert lent["x1"].chunk(0).buffers()[1].address == X[:, 1].__array_interface__["data"][0]
    del X
    column = lent["x1"]
    del lent
    settle()
    assert watch() is not None and column.to_pylist() == [4, 5, 6, 7]
    del column
    settle()
    assert watch() is None


def test_a_table_may_be_released_by_another_thread():
    pa = pytest.importorskip("pyarrow")
    X = np.arange(4.0).reshape(4, 1).view(Watched)
    watch = weakref.ref(X)
    held = [pa.table(as_table(X))]
    del X
    thread = threading.Thread(target=held.clear)
    thread.start()
    thread.join()
    settle()
    as_table(np.zeros((1, 1)))  # whoever comes by lets go of it
    assert watch() is None


def test_capsules_that_nobody_reads_are_released():
    X = np.zeros((3, 2)).view(Watched)
    watch = weakref.ref(X)
    whole = as_table(X)
    capsules = [whole.__arrow_c_stream__(), whole.__arrow_c_array__(), whole.__arrow_c_schema__(), whole.__arrow_c_stream__(None)]
    del X, whole, capsules
    settle()
    assert watch() is None


def test_memory_is_borrowed_not_copied():
    pa, polars = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    column = np.arange(1000.0)
    address = column.__array_interface__["data"][0]
    frame = pd.DataFrame({"a": column, "b": np.arange(1000)}, copy=False)
    sources = [np.asfortranarray(np.column_stack([column, column])), frame, pa.table({"a": column}), polars.DataFrame({"a": column}),
               pd.DataFrame(np.asfortranarray(np.ones((5000, 3))), copy=False)]
    addresses = [sources[0].__array_interface__["data"][0], frame["a"].to_numpy().__array_interface__["data"][0], address,
                 sources[3]["a"].to_numpy().__array_interface__["data"][0], sources[4][0].to_numpy().__array_interface__["data"][0]]
    for source, want in zip(sources, addresses):
        assert pa.table(as_table(source)).column(0).chunk(0).buffers()[1].address == want, type(source)


def test_no_copy_of_a_large_matrix():
    resource = pytest.importorskip("resource")
    X = np.ones((1 << 20, 16))  # 128 MiB
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    whole = [as_table(X), as_table(X[::2, ::-1]), as_table(pd.DataFrame(X, copy=False))]
    assert sum(len(one) for one in whole) == 5 << 19
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 32 << 10


# --- producers that count -----------------------------------------------------------------------------------------------------
class CSchema(ctypes.Structure):
    pass


class CArray(ctypes.Structure):
    pass


class CStream(ctypes.Structure):
    pass


RELEASE_SCHEMA, RELEASE_ARRAY, RELEASE_STREAM = (ctypes.CFUNCTYPE(None, ctypes.POINTER(kind)) for kind in (CSchema, CArray, CStream))
GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(CStream), ctypes.POINTER(CSchema))
GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(CStream), ctypes.POINTER(CArray))
GET_ERROR = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.POINTER(CStream))
CSchema._fields_ = [("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_char_p), ("flags", ctypes.c_int64),
                    ("n_children", ctypes.c_int64), ("children", ctypes.c_void_p), ("dictionary", ctypes.c_void_p),
                    ("release", RELEASE_SCHEMA), ("private_data", ctypes.c_void_p)]
CArray._fields_ = [("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64), ("n_buffers", ctypes.c_int64),
                   ("n_children", ctypes.c_int64), ("buffers", ctypes.POINTER(ctypes.c_void_p)), ("children", ctypes.c_void_p),
                   ("dictionary", ctypes.c_void_p), ("release", RELEASE_ARRAY), ("private_data", ctypes.c_void_p)]
CStream._fields_ = [("get_schema", GET_SCHEMA), ("get_next", GET_NEXT), ("get_last_error", GET_ERROR), ("release", RELEASE_STREAM),
                    ("private_data", ctypes.c_void_p)]


class Producer:
    """A stream of one double column in pieces, which counts what is released and can fail at a piece."""

    def __init__(self, pieces, fail_at=None, format=b"g", length=None):
        self.pieces, self.fail_at, self.format, self.length = pieces, fail_at, format, length
        self.next, self.released = 0, {"schema": 0, "array": 0, "stream": 0}
        self.buffers = [(ctypes.c_void_p * 2)(None, piece.__array_interface__["data"][0]) for piece in pieces]
        self.message = ctypes.create_string_buffer(b"no more paper")
        self.callbacks = (GET_SCHEMA(self._schema), GET_NEXT(self._next), GET_ERROR(lambda _: ctypes.addressof(self.message)),
                          RELEASE_STREAM(lambda s: self._gone(s, "stream", RELEASE_STREAM)))
        self.release_schema = RELEASE_SCHEMA(lambda s: self._gone(s, "schema", RELEASE_SCHEMA))
        self.release_array = RELEASE_ARRAY(lambda a: self._gone(a, "array", RELEASE_ARRAY))
        self.stream = CStream(*self.callbacks, None)

    def _gone(self, what, kind, function):
        self.released[kind] += 1
        what.contents.release = function(0)

    def _schema(self, _, out):
        out[0] = CSchema(self.format, b"c", None, 2, 0, None, None, self.release_schema, None)
        return 0

    def _next(self, _, out):
        if self.next == self.fail_at:
            return 5
        if self.next == len(self.pieces):
            out[0] = CArray()
            return 0
        n = len(self.pieces[self.next]) if self.length is None else self.length
        out[0] = CArray(n, 0, 0, 2, 0, self.buffers[self.next], None, None, self.release_array, None)
        self.next += 1
        return 0

    def __arrow_c_stream__(self, requested_schema=None):
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        return new(ctypes.addressof(self.stream), b"arrow_array_stream", None)


def test_everything_is_released_exactly_once():
    pieces = [np.arange(3.0), np.arange(2.0)]
    one = Producer(pieces[:1])
    whole = Table.from_arrow(one)
    assert one.released == {"schema": 1, "array": 0, "stream": 1}  # the table borrows
    view = whole.column(0)
    del whole
    settle()
    np.testing.assert_array_equal(view.to_numpy().ravel(), pieces[0])
    del view
    settle()
    assert one.released == {"schema": 1, "array": 1, "stream": 1}
    two = Producer(pieces)
    np.testing.assert_array_equal(Table.from_arrow(two).to_numpy().ravel(), [0, 1, 2, 0, 1])
    assert two.released == {"schema": 1, "array": 2, "stream": 1}


@pytest.mark.parametrize("trouble, error, arrays", [({"fail_at": 1}, OSError, 1), ({"fail_at": 0}, OSError, 0),
                                                    ({"format": b"+l"}, TypeError, 2), ({"format": b"u"}, ValueError, 2),
                                                    ({"length": -1}, ValueError, 2)])
def test_errors_release_exactly_once_too(trouble, error, arrays):
    producer = Producer([np.arange(3.0), np.arange(2.0)], **trouble)
    with pytest.raises(error, match="no more paper" if error is OSError else None):
        Table.from_arrow(producer)
    settle()
    assert producer.released == {"schema": 1, "array": arrays, "stream": 1}
    with pytest.raises(RuntimeError, match="released"):
        Table.from_arrow(producer)


def test_a_stream_may_run_python_of_its_own():
    pa = pytest.importorskip("pyarrow")
    schema = pa.schema([("x", pa.int64())])

    def batches():
        for i in range(3):
            yield pa.record_batch([pa.array([i, i + 10])], schema=schema)
    reader = pa.RecordBatchReader.from_batches(schema, batches())
    np.testing.assert_array_equal(table(reader).to_numpy().ravel(), [0, 10, 1, 11, 2, 12])

    def broken():
        yield pa.record_batch([pa.array([1])], schema=schema)
        raise ValueError("the generator is out of breath")
    with pytest.raises(OSError, match="out of breath"):
        table(pa.RecordBatchReader.from_batches(schema, broken()))


# --- models ----------------------------------------------------------------------------------------------------------------------
def mixed(n: int = 300) -> tuple[dict[str, list], np.ndarray]:
    """Columns of texts, numbers with holes and truth values, and what depends on them."""
    rng = np.random.default_rng(3)
    city = rng.choice(["Bern", "Rome", "Oslo"], n)
    size = rng.normal(size=n)
    columns = {"city": [None if gone else str(name) for name, gone in zip(city, rng.random(n) < 0.1)],
               "size": [None if gone else float(x) for x, gone in zip(size, rng.random(n) < 0.1)],
               "open": [bool(x) for x in rng.random(n) < 0.5]}
    return columns, (city == "Rome") * 2.0 + size


def test_texts_categories_and_missing_cells_go_straight_to_models():
    polars, pa = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    columns, y = mixed()
    frame = pd.DataFrame(columns)
    forms = [columns, frame, frame.astype({"city": "category"}), frame.astype({"city": object}), polars.DataFrame(columns),
             polars.DataFrame(columns).with_columns(polars.col("city").cast(polars.Categorical)), pa.table(columns),
             pa.table(columns).set_column(0, "city", pa.chunked_array([pa.array(columns["city"][:99]).dictionary_encode(),
                                                                       pa.array(columns["city"][99:]).dictionary_encode()])),
             frame.to_numpy(object), [list(row) for row in zip(*columns.values())]]
    answers = []
    for form in forms:
        model = Model("boosting", {"trees": "20"})
        model.fit(as_table(form, names=list(columns)), y)
        answers.append(model.predict(as_table(form, names=list(columns))))
    assert np.corrcoef(answers[0], y)[0, 1] > 0.9
    for form, answer in zip(forms, answers):
        np.testing.assert_array_equal(answer, answers[0], err_msg=type(form).__name__)


class Raises:
    def __float__(self):
        raise KeyError("mine")


class Lies:
    def __arrow_c_array__(self, requested_schema=None):
        return 1, 2


def test_what_raises_or_lies_is_heard():
    with pytest.raises(TypeError, match="row 0: argument must be"):
        as_column([Raises()])
    with pytest.raises(ValueError):
        Table.from_arrow(Lies())
    with pytest.raises(TypeError, match="does not speak Arrow"):
        Table.from_arrow(3)
    with pytest.raises(ValueError, match="durations of months"):
        as_column(np.array([1], "m8[M]"))
    with pytest.raises(ValueError, match="row 0: the date lies beyond"):
        as_column(np.array([2**62], "M8[s]"))
