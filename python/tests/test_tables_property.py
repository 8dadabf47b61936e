"""Whatever form a table has, the library sees the same cells; whatever goes out comes back."""

from __future__ import annotations

import numpy as np
import pytest

hypothesis = pytest.importorskip("hypothesis")
pd = pytest.importorskip("pandas")
pa = pytest.importorskip("pyarrow")
pl = pytest.importorskip("polars")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.extra import numpy as hnp  # noqa: E402

from ken import _ken  # noqa: E402
from ken._tables import as_column, as_table, table  # noqa: E402

few = settings(max_examples=60, deadline=None)


# --- one matrix in many forms -----------------------------------------------------------------------------------------------
def misaligned(X):
    out = np.empty(X.nbytes + 1, np.uint8)[1:].view(X.dtype).reshape(X.shape)
    out[:] = X
    return out


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def sliced_arrow(X):
    padded = np.vstack([X[:1], X, X[:1]])
    return pa.table({f"x{j}": padded[:, j].copy() for j in range(X.shape[1])}).slice(1, len(X))


def chunked_arrow(X):
    whole = pa.table({f"x{j}": X[:, j].copy() for j in range(X.shape[1])})
    cut = len(X) // 2
    return pa.concat_tables([whole.slice(0, cut), whole.slice(0, 0), whole.slice(cut)])


def sparse(kind):
    def make(X):
        return getattr(pytest.importorskip("scipy.sparse"), kind)(X)
    return make


FORMS = {
    "fortran": np.asfortranarray, "backwards": lambda X: X[::-1, ::-1].copy()[::-1, ::-1], "steps": lambda X: np.repeat(X, 2, 0)[::2],
    "swapped": lambda X: X.astype(X.dtype.newbyteorder()), "misaligned": misaligned, "read-only": read_only,
    "object": lambda X: X.astype(object), "list": lambda X: X.tolist(), "masked": np.ma.masked_array,
    "pandas": pd.DataFrame, "pandas columns": lambda X: pd.DataFrame({f"x{j}": X[:, j] for j in range(X.shape[1])}),
    "pandas object": lambda X: pd.DataFrame(X.astype(object)),
    "pandas nullable": lambda X: pd.DataFrame(X).convert_dtypes(),
    "pandas arrow": lambda X: pd.DataFrame(X).astype(pd.ArrowDtype(pa.float64())),
    "polars": lambda X: pl.DataFrame({f"x{j}": X[:, j].copy() for j in range(X.shape[1])}),
    "arrow sliced": sliced_arrow, "arrow chunked": chunked_arrow, "csr": sparse("csr_matrix"), "csc": sparse("csc_array"),
    "table": lambda X: table(X.tolist()), "through arrow": lambda X: pa.table(as_table(X)), "memoryless": lambda X: OnlyArray(X),
}


class OnlyArray:
    """What has nothing but __array__."""

    def __init__(self, X):
        self.X = X

    def __array__(self, dtype=None, copy=None):
        return self.X if dtype is None else self.X.astype(dtype)


def model_of(n_columns: int) -> _ken.Model:
    rng = np.random.default_rng(n_columns)
    X = rng.normal(size=(40, n_columns))
    model = _ken.Model("ridge")
    model.fit(as_table(X), np.asarray(X @ np.arange(1, n_columns + 1), float))
    return model


MODELS = {d: model_of(d) for d in (1, 2, 5)}


@pytest.mark.parametrize("form", FORMS)
@few
@given(data=st.data())
def test_every_form_of_a_matrix_predicts_alike(form, data):
    shape = data.draw(st.tuples(st.integers(1, 12), st.sampled_from([1, 2, 5])))
    X = data.draw(hnp.arrays(np.float64, shape, elements=st.floats(-1e6, 1e6, width=32)))
    other = FORMS[form](X)
    names = [f"x{j}" for j in range(shape[1])]
    mine = as_table(other, names=names)
    np.testing.assert_array_equal(mine.to_numpy(), X)
    model = MODELS[shape[1]]
    np.testing.assert_array_equal(model.predict(mine), model.predict(as_table(X)))


@few
@given(X=hnp.arrays(st.sampled_from([np.float16, np.float32, np.int8, np.int16, np.int32, np.uint8, np.uint16, np.uint32, np.bool_]),
                    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6)),
       order=st.sampled_from("CF"), swap=st.booleans())
def test_every_type_of_number_is_exact(X, order, swap):
    X = np.array(X.astype(X.dtype.newbyteorder()) if swap else X, order=order)
    np.testing.assert_array_equal(as_table(X).to_numpy(), X.astype(float))
    for j in range(X.shape[1]):
        np.testing.assert_array_equal(as_column(X[:, j]).to_numpy().ravel(), X[:, j].astype(float))
        if not swap:
            np.testing.assert_array_equal(as_column(pa.array(X[:, j].copy())).to_numpy().ravel(), X[:, j].astype(float))


# --- cells that may be missing ----------------------------------------------------------------------------------------------
MISSING = [None, float("nan"), np.nan, pd.NA, pd.NaT]
KINDS = {
    "bool": st.booleans(), "i64": st.integers(-2**63, 2**63 - 1), "f64": st.floats(allow_nan=False),
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
}


def cells_of(column) -> list:
    """The column's cells as Python's objects, None where one is missing."""
    cells = column._cells(0)
    if column.dtypes[0] == "string":
        return cells
    values, more = cells
    if column.dtypes[0] == "category":
        return [None if code < 0 else more[code] for code in values]
    gone = np.zeros(len(values), bool) if more is None else more
    return [None if hole or value != value else value for value, hole in zip(values.tolist(), gone)]


@pytest.mark.parametrize("kind", KINDS)
@few
@given(data=st.data())
def test_objects_with_holes(kind, data):
    want = data.draw(st.lists(st.one_of(st.none(), KINDS[kind]), min_size=1, max_size=30))
    holes = st.sampled_from(MISSING)
    cells = [data.draw(holes) if cell is None else cell for cell in want]
    array = np.empty(len(cells), object)
    array[:] = cells
    for form in (cells, array, array[::-1][::-1], pd.Series(array, dtype=object), np.repeat(array, 2)[::2].reshape(-1, 1)):
        column = as_column(form)
        assert column.dtypes == ([kind] if any(cell is not None for cell in want) else ["f64"])
        assert cells_of(column) == want


@few
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8), min_size=1, max_size=20))
def test_texts_of_fixed_width(texts):
    wide = np.array(texts)
    swapped = wide.astype(wide.dtype.newbyteorder())
    for form in (wide, swapped, np.array([text.encode() for text in texts]), wide[::-1][::-1]):
        assert cells_of(as_column(form)) == texts


# --- there and back ----------------------------------------------------------------------------------------------------------
ARROW = {
    pa.float64(): st.floats(allow_nan=False), pa.float32(): st.floats(width=32, allow_nan=False), pa.int64(): KINDS["i64"],
    pa.int8(): st.integers(-128, 127), pa.uint32(): st.integers(0, 2**32 - 1), pa.bool_(): st.booleans(), pa.string(): KINDS["string"],
    pa.large_string(): KINDS["string"], pa.string_view(): KINDS["string"],
    pa.dictionary(pa.int8(), pa.string()): st.sampled_from(["a", "b", "", "ü"]),
    pa.timestamp("us"): st.integers(-2**53, 2**53), pa.timestamp("s", "UTC"): st.integers(-2**33, 2**33),
    pa.date32(): st.integers(-10**5, 10**5),
}
MICROSECONDS = {pa.timestamp("us"): 1, pa.timestamp("s", "UTC"): 10**6, pa.date32(): 86400 * 10**6}


@pytest.mark.parametrize("kind", ARROW, ids=str)
@few
@given(data=st.data())
def test_arrow_columns_in_pieces(kind, data):
    want = data.draw(st.lists(st.one_of(st.none(), ARROW[kind]), max_size=30))
    whole = pa.array(want, kind)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(want)), max_size=3)))
    pieces = [whole.slice(a, b - a) for a, b in zip([0, *cuts], [*cuts, len(want)])]
    expected = [cell if cell is None or kind not in MICROSECONDS else cell * MICROSECONDS[kind] for cell in want]
    for form in (whole, pa.chunked_array(pieces, kind), pa.chunked_array([whole.slice(0, 0), *pieces[::1]], kind)):
        column = as_column(form)
        values = cells_of(column)
        if kind in MICROSECONDS:
            codes = column._cells(0)[0].astype("i8").tolist()
            values = [None if code == np.iinfo("i8").min else code for code in codes]
        assert values == expected
        assert cells_of(as_column(pa.table(column))) == cells_of(column)


@st.composite
def frames(draw):
    n = draw(st.integers(1, 15))
    columns = {}
    for name, (kind, cells) in enumerate(KINDS.items()):
        columns[f"{kind}{name}"] = (kind, draw(st.lists(st.one_of(st.none(), cells), min_size=n, max_size=n)))
    return columns


@few
@given(frame=frames())
def test_frames_come_back(frame):
    types = {"bool": pl.Boolean, "i64": pl.Int64, "f64": pl.Float64, "string": pl.String}
    polars = pl.DataFrame({name: pl.Series(cells, dtype=types[kind], strict=False) for name, (kind, cells) in frame.items()})
    there = table(polars)
    assert there.dtypes == [kind for kind, _ in frame.values()]
    assert there.to_polars().equals(polars)
    back = [table(there.to_pandas()), table(there.to_arrow()), table(there.to_polars()), table(polars.to_pandas(use_pyarrow_extension_array=True))]
    for j, (name, (kind, cells)) in enumerate(frame.items()):
        assert cells_of(there[name]) == cells
        for form in back:
            assert form.names == there.names
            assert cells_of(form[name]) == cells
