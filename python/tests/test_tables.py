"""Tables of every kind that Python has, into the library and out of it."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from ken._ken import Table
from ken._tables import as_column, as_table, feature_names

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
    table = as_table(cells)
    assert table.dtypes == ["i64", "string", "i64", "bool", "f64"]
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
    table = as_table(frame)
    assert table.names == list(frame.columns)
    assert table.dtypes == ["f64", "i64", "category", "i64", "bool", "time", "string"]
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
    assert as_table([[1, "a"], [2, "b"]]).dtypes == ["i64", "string"]
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
    assert feature_names(pd.DataFrame([[1]])) is None
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        feature_names(pd.DataFrame([[1, 2]], columns=["a", 1]))
