"""Promises about what X may be: sparse, read-only, a frame, out of range, little."""

import copy
import tempfile
import warnings
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
import polars as pl
from contract.answers import samples_given, with_gaps
from contract.rows import (
    ask,
    assert_alike,
    assert_near_state,
    assert_same_state,
    assert_sound,
    draw,
    parameters_of,
    promise,
    public_methods,
    questions,
    questions_of_features,
    random_methods,
    refused,
    state,
)
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from skboltz import DataRangeWarning, DivergenceError

# Sparse -------------------------------------------------------------------------------


def takes_sparse(row):
    return row.tags.sparse


@promise(takes_sparse)
def sparse_is_dense(row):
    """A sparse X of any format makes the same model, and has the same answers."""
    for name in ("csc", "coo", "lil", "dok", "dia", "bsr"):
        X = getattr(sparse, f"{name}_array")(row.data.X)
        assert_near_state(row.fit(X), row.fitted)
    for form in (sparse.csr_array, sparse.csr_matrix, sparse.coo_matrix):
        assert_near_state(row.fit(form(row.data.X)), row.fitted)
        for name in questions_of_features(row.fitted):
            found = ask(row.fitted, name, form(row.data.cues))
            assert isinstance(found, np.ndarray)
            assert_alike(found, ask(row.fitted, name, row.data.cues), name, 1e-9)


@contextmanager
def densified():
    """The numbers of rows that are made dense at a time."""
    sizes = []
    with patch.multiple(sparse.csr_array, toarray=_spied(sparse.csr_array, sizes)):
        with patch.multiple(
            sparse.csr_matrix, toarray=_spied(sparse.csr_matrix, sizes)
        ):
            yield sizes


def _spied(kind, sizes):
    toarray = kind.toarray

    def spy(self, *args, **kwargs):
        sizes.append(self.shape[0])
        return toarray(self, *args, **kwargs)

    return spy


@promise(takes_sparse)
def sparse_is_never_dense_as_a_whole(row):
    """It becomes dense a batch, or a block of rows, at a time.

    But for what `impute` returns, and for a look of likelihoods at a few values.
    """
    n = 5000
    X = sparse.csr_array(np.resize(row.data.X, (n, row.data.X.shape[1])))
    y = None if row.data.y is None else np.resize(row.data.y, n)
    estimator = row.make()
    names = estimator.get_params()
    short = {name: 50 for name in names if name.split("__")[-1] == "batch_size"}
    once = {name: 1 for name in names if name.split("__")[-1] == "n_iter"}
    with densified() as sizes:
        row.fit(X, y, into=estimator, **short, **once)
        for name in questions_of_features(estimator):
            if name not in ("impute", "score_samples", "lower_bound"):
                ask(estimator, name, X)
    assert sizes and max(sizes) < n


@promise(lambda row: not takes_sparse(row))
def sparse_is_refused(row):
    """Where sparse rows are of no use, an error asks for dense ones."""
    refused(lambda: row.fit(sparse.csr_array(row.data.X)), "dense", "parse")


@promise(lambda row: takes_sparse(row) and row.learns_gaps)
def sparse_gaps_are_refused(row):
    """NaN among the values of a sparse X asks for a dense one."""
    X = sparse.csr_array(with_gaps(row.data.X))
    refused(lambda: row.fit(X), "dense")


# Memory -------------------------------------------------------------------------------


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def strided(X):
    """Every other row and column of a larger array."""
    large = np.full((2 * X.shape[0], 2 * X.shape[1]), 7, X.dtype)
    large[::2, ::2] = X
    return large[::2, ::2]


@contextmanager
def layouts(X):
    """The same rows in every way in which arrays lie in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        np.save(path, X)
        mapped = np.load(path, mmap_mode="r")
        yield [np.asfortranarray(X), strided(X), read_only(X), mapped, X.tolist()]
        del mapped


@promise()
def any_layout_will_do(row):
    """Fortran order, strides, read-only, memory-mapped or a list: X stays as it is."""
    X, cues = row.data.X, row.data.cues
    with layouts(X) as fits, layouts(cues) as asks:
        for rows, others in zip(fits, asks, strict=True):
            assert_near_state(row.fit(rows), row.fitted)
            for name in questions_of_features(row.fitted):
                expected = ask(row.fitted, name, cues)
                assert_alike(ask(row.fitted, name, others), expected, name)
            if row.has("sample") and "start" in parameters_of(row.fitted.sample):
                sample = partial(row.fitted.sample, len(cues), burn_in=1)
                drawn = sample(start=others, random_state=0)
                expected = sample(start=cues, random_state=0)
                np.testing.assert_array_equal(drawn, expected)
            for name in random_methods(row):
                drawn = draw(row.fitted, name, others, 0)
                np.testing.assert_array_equal(drawn, draw(row.fitted, name, cues, 0))
            np.testing.assert_array_equal(rows, X)
            np.testing.assert_array_equal(others, cues)


@promise(lambda row: row.learns_gaps)
def rows_with_gaps_are_not_written_to(row):
    """What is filled in is filled into a copy."""
    X = read_only(with_gaps(row.data.X))
    before = X.copy()
    estimator = row.fit(X)
    rows = read_only(with_gaps(row.data.cues))
    for name in ("transform", "predict", "impute"):
        if name in questions(estimator):
            ask(estimator, name, rows)
    if samples_given(row):
        estimator.sample(given=rows, burn_in=1)
    if hasattr(estimator, "partial_fit"):
        row.fit(X, how="partial_fit", into=estimator)
    np.testing.assert_array_equal(X, before)


# Frames -------------------------------------------------------------------------------


def names_of(row):
    return [f"feature {i}" for i in range(row.data.X.shape[1])]


def pandas_of(row, X):
    return pd.DataFrame(X, columns=names_of(row))


def polars_of(row, X):
    return pl.DataFrame(X, schema=names_of(row))


@promise()
def frames_are_arrays_with_names(row):
    """Frames of pandas and polars; other names, or another order, are refused."""
    for frame in (pandas_of, polars_of):
        estimator = row.fit(frame(row, row.data.X))
        names = getattr(estimator, "feature_names_in_", ())
        assert list(names) == names_of(row)
        assert_near_state(estimator, row.fitted)
        cues = frame(row, row.data.cues)
        for name in questions_of_features(estimator):
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)
                found = ask(estimator, name, cues)
            assert_alike(found, ask(row.fitted, name, row.data.cues), name)
            other = cues[names_of(row)[::-1]]
            refused(lambda n=name, e=estimator, X=other: ask(e, n, X), "names")


@promise(lambda row: row.has("transform"))
def frames_come_out_if_asked_for(row):
    """`set_output` gives frames with the names of `get_feature_names_out`."""
    expected = row.fitted.transform(row.data.cues)
    assert isinstance(expected, np.ndarray)
    for kind, frame in [("pandas", pandas_of), ("polars", polars_of)]:
        estimator = row.make().set_output(transform=kind)
        row.fit(frame(row, row.data.X), into=estimator)
        found = estimator.transform(frame(row, row.data.cues))
        assert isinstance(found, type(frame(row, row.data.X)))
        assert list(found.columns) == list(estimator.get_feature_names_out())
        assert_alike(found.to_numpy(), expected, "transform")


@promise(lambda row: row.learns_gaps)
def none_and_na_are_gaps(row):
    """None in a list, NA of pandas and null of polars are missing values."""
    X = with_gaps(row.data.X)
    expected = row.fit(X)
    holes, names = np.where(np.isnan(X), None, X), names_of(row)
    tables = (
        holes,
        pd.DataFrame(holes, columns=names).convert_dtypes(),
        pl.DataFrame(holes.tolist(), schema=names, orient="row"),
    )
    for table in tables:  # integers of pandas are learnt in float32
        assert_near_state(row.fit(table), expected, rtol=1e-4, atol=1e-5)


# Values -------------------------------------------------------------------------------


def said(call, category):
    """What a call warns of, and what it returns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return [str(w.message) for w in caught if issubclass(w.category, category)], result


@promise()
def what_is_ordinary_is_silent(row):
    """Ordinary rows raise no warning of their values, in `fit` and afterwards."""
    messages, _ = said(row.fit, DataRangeWarning)
    for name in questions(row.fitted):
        more, _ = said(lambda name=name: ask(row.fitted, name, row.data.cues), Warning)
        messages += more
    assert not messages, messages


@promise(lambda row: row.data.values is not None)
def values_out_of_range_warn(row):
    """In `fit` and afterwards; nothing stops, and all stays finite."""
    X = 3 * row.data.X
    messages, estimator = said(lambda: row.fit(X), DataRangeWarning)
    assert messages and "3" in messages[0], messages
    assert_sound(row, estimator)
    cues = 3 * row.data.cues
    for name in questions_of_features(row.fitted):
        ask_name = partial(ask, row.fitted, name, cues)
        messages, answer = said(ask_name, DataRangeWarning)
        assert messages, name
        assert answer.dtype.kind != "f" or not np.isnan(answer).any(), name


def doors(row):
    """Every method that takes rows, as a function of them."""
    for how in ("fit", "partial_fit"):
        if hasattr(row.make(), how):
            yield how, lambda X, how=how: row.fit(X, row.data.y, how=how)
    for name in [*questions_of_features(row.fitted), "gibbs", "reconstruct"]:
        if row.has(name):
            yield name, lambda X, name=name: getattr(row.fitted, name)(X)
    if row.has("sample") and "given" in parameters_of(row.fitted.sample):
        yield "sample", lambda X: row.fitted.sample(given=X)


@promise()
def infinity_is_refused(row):
    """By every method that takes rows."""
    for bad in (np.inf, -np.inf):
        X = row.data.X.astype(float)
        X[1, 2] = bad
        for _, door in doors(row):
            refused(lambda door=door, X=X: door(X), "infinity", "inf")


@promise()
def what_is_no_table_of_numbers_is_refused(row):
    """Text, complex numbers, other shapes; the error names X or what is wrong."""
    X, y = row.data.X, row.data.y
    wrong = [
        (X.astype(str).astype(object) + "a", ("number", "numeric", "string")),
        (X + 1j, ("omplex",)),
        (X[None], ("dim",)),
        (X[:0], ("0 sample", "no rows")),
        (X[:, :0], ("0 feature", "states has shape")),
    ]
    refused(lambda: row.fit(X[0], y[:1] if y is not None else None), "1D array")
    for rows, words in wrong:
        refused(lambda rows=rows: row.fit(rows, y), *words)
        for name in questions(row.fitted):
            refused(partial(getattr(row.fitted, name), rows), "states has", *words)


@promise()
def another_width_is_refused(row):
    """With the number of features that there should be."""
    X, n = row.data.X, row.data.X.shape[1]
    for name, door in doors(row):
        if name in ("fit", "partial_fit"):
            continue
        text = refused(lambda door=door: door(X[:, :-1]), "feature", "units", "columns")
        assert str(n) in text or "units" in text, text
    if hasattr(row.fitted, "partial_fit"):
        estimator = copy.deepcopy(row.fitted)
        refused(
            lambda: row.fit(X[:, :-1], how="partial_fit", into=estimator),
            "feature",
        )


@promise()
def little_data_are_learnt(row):
    """One row, one feature, equal rows, constant columns: all are fits like others."""
    X = row.data.X
    constant = X.copy()
    constant[:, 1] = constant[0, 1]
    constant[:, 2] = X.max()
    equal = np.tile(X[:1], (5, 1)), np.full((8, 3), X.min()), np.full((8, 3), X.max())
    for rows in (X[:1], X[:, :1], X[:1, :1], *equal, constant):
        estimator = row.fit(rows)
        assert_sound(row, estimator, rows)
        if row.has("sample"):
            drawn = draw(estimator, "sample", rows, 0)
            assert drawn.shape == (12, rows.shape[1]) and np.isfinite(drawn).all()


@promise()
def huge_values_end_in_no_nan(row):
    """They are learnt, or refused in words, or diverge in words."""
    for huge in (1e30, 1e300):
        X = huge * row.data.X
        try:
            estimator = row.fit(X)
        except (ValueError, DivergenceError) as error:
            assert any(w in str(error) for w in ("X", "Lower", "scale", "large"))
            continue
        for name, value in state(estimator).items():
            if value.dtype.kind == "f" and "history" not in name:
                assert not np.isnan(value).any(), name


@promise()
def before_fit_it_says_so(row):
    """Every public method of an estimator that is not fitted raises NotFittedError."""
    estimator, X = row.make(), row.data.X
    for name in public_methods(estimator):
        method = getattr(estimator, name)
        if name in ("fit", "partial_fit", "fit_transform", "from_params"):
            continue
        required = {"X": X, "v": X, "states": X, "y": row.data.y, "values": (0, 2)}
        arguments = {
            key: required[key]
            for key in parameters_of(method)
            if key in required and not (name == "sample" and key == "y")
        }
        try:
            method(**arguments)
        except NotFittedError:
            continue
        raise AssertionError(f"{name} answered before fit")
    assert not hasattr(estimator, "n_features_in_")


@promise()
def tags_tell_the_truth(row):
    """NaN and sparse rows are taken where the tags say so, and nowhere else."""
    for allowed, X in [
        (row.tags.allow_nan, with_gaps(row.data.X)),
        (row.tags.sparse, sparse.csr_array(row.data.X)),
    ]:
        try:
            row.fit(X)
        except (ValueError, TypeError):
            assert not allowed
        else:
            assert allowed
    tags = get_tags(row.make())
    if row.has("transform"):
        kept = tags.transformer_tags.preserves_dtype
        for dtype in ("float32", "float64"):
            out = row.fit(row.data.X.astype(dtype)).transform(
                row.data.cues.astype(dtype)
            )
            assert (out.dtype == dtype) or dtype not in kept


@promise()
def it_stays_unchanged_by_copies_of_x(row):
    """X may change after a fit without the model changing, unless it says so."""
    X = row.data.X.copy()
    estimator = row.fit(X)
    before = {key: value.copy() for key, value in state(estimator).items()}
    X[:] = X[::-1].copy()
    after = state(estimator)
    for key, value in before.items():
        np.testing.assert_array_equal(after[key], value, err_msg=key)
    assert_same_state(row.fit(), row.fitted)
