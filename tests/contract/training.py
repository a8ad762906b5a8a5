"""Promises about learning: seeds, going on, weights, callbacks, types."""

import copy
import inspect
import io
import pickle
import warnings
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
from contract.answers import samples_given, with_gaps
from contract.rows import (
    ask,
    assert_near_state,
    assert_same_state,
    assert_sound,
    draw,
    global_generator,
    promise,
    questions,
    questions_of_features,
    random_methods,
    refused,
    state,
    watched,
)
from kernel_twins import TWINS
from scipy import sparse
from sklearn.base import clone

from skboltz import DivergenceError, config_context
from skboltz.callbacks import EpochCallback

NAN = np.nan


@promise()
def fit_depends_on_its_seed_alone(row):
    """Equal seeds make equal models; no global generator is asked or moved."""
    before = global_generator()
    assert_same_state(row.fitted, row.fit())
    np.testing.assert_array_equal(global_generator(), before)
    assert row.fit(into=(made := row.make())) is made


@promise(lambda row: row.epochs is not None)
def another_seed_learns_another_model(row):
    """Training draws from `random_state`."""
    names = [name for name in row.make().get_params() if name.endswith("random_state")]
    other = state(row.fit(**dict.fromkeys(names, 1)))
    assert any((other[key] != value).any() for key, value in state(row.fitted).items())


@promise()
def fit_forgets(row):
    """What was learnt before leaves no trace, whatever `fit` saw then."""
    estimator, X = row.make(), row.data.X
    row.fit(X[::-1][: len(X) // 2], into=estimator)
    row.fit(into=estimator)
    assert_same_state(estimator, row.fitted)
    row.fit(X[:, :4], into=estimator)
    assert estimator.n_features_in_ == 4
    assert_same_state(estimator, row.fit(X[:, :4]))


def learns_in_parts(row):
    return hasattr(row.make(), "partial_fit")


@promise(lambda row: learns_in_parts(row) and row.epochs is not None)
def partial_fit_is_an_epoch(row):
    """`partial_fit` returns self and goes on: twice is `fit` with two epochs."""
    estimator = row.make()
    assert row.fit(how="partial_fit", into=estimator) is estimator
    row.fit(how="partial_fit", into=estimator)
    assert_same_state(estimator, row.fit(**{row.epochs: 2}))


@promise(lambda row: learns_in_parts(row) and row.epochs is None)
def partial_fit_adds_memories(row):
    """Memories stored in parts are those stored at once."""
    estimator, X = row.make(), row.data.X
    y = [None, None] if row.data.y is None else [row.data.y[:2], row.data.y[2:]]
    row.fit(X[:2], y[0], how="partial_fit", into=estimator)
    row.fit(X[2:], y[1], how="partial_fit", into=estimator)
    assert_same_state(estimator, row.fitted)


@promise(learns_in_parts)
def partial_fit_goes_on_and_fit_begins_anew(row):
    """It changes what is there, takes any number of rows, and `fit` forgets it."""
    estimator = copy.deepcopy(row.fitted)
    before, X = state(estimator), row.data.X
    y = None if row.data.y is None else row.data.y[:3]
    row.fit(X[:3], y, how="partial_fit", into=estimator)
    after = state(estimator)
    same = [np.array_equal(before.get(key), after[key]) for key in after]
    assert not all(same)
    row.fit(into=estimator)
    assert_same_state(estimator, row.fitted)


def pickled(estimator):
    return pickle.loads(pickle.dumps(estimator))


def resumes(row):
    return row.epochs is not None and "warm_start" in row.make().get_params()


@promise(resumes)
def fit_pickle_resume_is_never_having_stopped(row):
    """To the last bit, with `warm_start`."""
    whole = row.fit(**{row.epochs: 5})
    half = pickled(row.fit(**{row.epochs: 2, "warm_start": True}))
    half.set_params(**{row.epochs: 3})
    row.fit(into=half)
    assert_same_state(half, whole)
    X = row.data.cues
    for name in questions(whole):
        one, two = ask(half, name, X), ask(whole, name, X)
        np.testing.assert_array_equal(one, two, err_msg=name)


@promise(lambda row: resumes(row) and row.learns_gaps)
def with_gaps_it_resumes_alike(row):
    """What was sampled for missing values is a part of the state."""
    X = with_gaps(row.data.X)
    whole = row.fit(X, **{row.epochs: 4})
    half = row.fit(X, **{row.epochs: 1, "warm_start": True})
    half = pickled(half).set_params(**{row.epochs: 3})
    assert_same_state(row.fit(X, into=half), whole)


@promise(learns_in_parts)
def a_pickle_goes_on(row):
    """What follows a pickle, or a copy, is what follows without one."""
    X = row.data.X
    for how, params in [("partial_fit", {}), ("fit", {"warm_start": True})]:
        if params and not resumes(row):
            continue
        copies = row.fit(), copy.deepcopy(row.fitted), pickled(row.fitted)
        one, two, three = (
            row.fit(X[:7], how=how, into=estimator, **params) for estimator in copies
        )
        assert_same_state(one, two)
        assert_same_state(one, three)


# Types --------------------------------------------------------------------------------

OF_THE_DATA = (".mean_", ".scale_", ".sigma_")  # standardized in double precision


def floats(estimator):
    for name, value in state(estimator).items():
        of_data = name.endswith(OF_THE_DATA) or "history_" in name
        if value.dtype.kind == "f" and value.ndim and not of_data:
            yield name, value.dtype


@promise()
def precision_is_kept(row):
    """float32 stays float32 and float64 float64, in what is learnt and answered."""
    for dtype in (np.float32, np.float64):
        X, cues = row.data.X.astype(dtype), row.data.cues.astype(dtype)
        estimator = row.fit(X)
        for name, found in floats(estimator):
            assert found == dtype, name
        made = {name: draw(estimator, name, cues, 0) for name in random_methods(row)}
        for name in ("transform", "impute", "free_energy", "recall"):
            if name in questions(estimator):
                made[name] = ask(estimator, name, cues)
        if row.learns_gaps:
            gaps = with_gaps(cues).astype(dtype)
            for name in ("transform", "impute"):
                if name in questions(estimator):
                    made[f"{name} of gaps"] = ask(estimator, name, gaps)
            if samples_given(row):
                made["sample given"] = estimator.sample(given=gaps, burn_in=2)
        if hasattr(estimator, "inverse_transform"):
            made["inverse_transform"] = estimator.inverse_transform(made["transform"])
        for name, value in made.items():
            assert value.dtype == dtype or name == "spurious_states", name


@promise()
def small_types_are_learnt_in_float32(row):
    """Booleans, integers and float16 are learnt, and asked, like float32."""
    X, cues = row.data.X, row.data.cues
    if row.data.values is None:
        X, cues = np.round(4 * X), np.round(4 * cues)
    types = [np.int8, np.int64, np.float16]
    types += [bool, np.uint8] if row.data.values == (0, 1) else []
    reference = row.fit(X.astype(np.float32))
    for dtype in types:
        found = row.fit(X.astype(dtype))
        assert all(kind == np.float32 for _, kind in floats(found)), dtype
        assert_near_state(found, reference, rtol=0, atol=0)
        for name in questions_of_features(found):
            expected = ask(reference, name, cues.astype(np.float32))
            np.testing.assert_array_equal(
                ask(found, name, cues.astype(dtype)), expected, err_msg=name
            )
        if row.tags.sparse and dtype is not np.float16:
            counts = row.fit(sparse.csr_array(X.astype(dtype)))
            assert_near_state(counts, reference, rtol=1e-4, atol=1e-5)


# Missing values -----------------------------------------------------------------------


@promise(lambda row: row.learns_gaps)
def gaps_are_learnt_around(row):
    """NaN in `fit` is a missing value: the fit is sound, and so are its answers."""
    assert_sound(row, row.fit(with_gaps(row.data.X)))


@promise(lambda row: not row.learns_gaps)
def gaps_are_refused_with_a_remedy(row):
    """Where NaN is not taken, `fit` says so, and what to do."""
    text = refused(lambda: row.fit(with_gaps(row.data.X)), "NaN")
    assert "ill " in text or "generative_share=1" in text, text


OF_GAPS = ("transform", "predict", "predict_proba", "free_energy", "score_samples")


@promise(lambda row: row.learns_gaps)
def questions_take_gaps(row):
    """NaN is missing in every question whose answer it does not forbid."""
    X = with_gaps(row.data.cues)
    X[1] = NAN
    for name in (*OF_GAPS, "impute"):
        if name in questions(row.fitted):
            answer = ask(row.fitted, name, X)
            assert answer.dtype.kind != "f" or np.isfinite(answer).all(), name


@promise(lambda row: row.learns_gaps)
def rows_without_values_have_no_part(row):
    """A fit is the same with them and without, and a fit of nothing else is refused."""
    X, y = row.data.X, row.data.y
    with_empty = np.insert(X, [0, 3, len(X)], NAN, axis=0)
    labels = None if y is None else np.insert(y, [0, 3, len(X)], y[0])
    assert_same_state(row.fit(with_empty, labels), row.fitted)
    refused(lambda: row.fit(np.full_like(X, NAN)), "no known value", "missing")


@promise(lambda row: row.learns_gaps)
def a_feature_without_values_is_named(row):
    """Of a feature of which nothing is known, a warning or an error tells."""
    X = row.data.X.astype(float)
    X[:, 2] = NAN
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            estimator = row.fit(X)
        except ValueError as error:
            assert "feature 2" in str(error) or "complete" in str(error)
            return
    assert any("feature 2" in str(warning.message) for warning in caught)
    assert_sound(row, estimator)


# Weights ------------------------------------------------------------------------------


def takes_weights(row):
    return "sample_weight" in inspect.signature(row.make().fit).parameters


def of_rows(row, X, y, **weight):
    estimator = row.make()
    return estimator.fit(X, **row.labels(estimator, X, y), **weight)


@promise(takes_weights)
def a_weight_is_a_repetition(row):
    """Weight 2 is the row twice, and weight 0 is no row."""
    X, y = row.data.X, row.data.y
    weight = np.arange(len(X)) % 3
    weighted = of_rows(row, X, y, sample_weight=weight)
    rows = np.repeat(np.arange(len(X)), weight)
    repeated = of_rows(row, X[rows], None if y is None else y[rows])
    for name in questions(weighted):
        if name in ("predict", "overlap"):  # which memory, or what follows of others
            continue
        one, two = (ask(est, name, row.data.cues) for est in (weighted, repeated))
        np.testing.assert_allclose(one, two, rtol=1e-7, atol=1e-9, err_msg=name)


@promise(takes_weights)
def weights_of_nothing_are_refused(row):
    """Negative, not finite, none at all, or as many as there are no rows."""
    X, y = row.data.X, row.data.y
    n = len(X)
    ones = np.ones(n)
    for weight in (-ones, 0 * ones, ones[:-1], np.where(ones > 0, NAN, 0)):
        refused(
            lambda weight=weight: of_rows(row, X, y, sample_weight=weight),
            "weight",
        )
    ones.flags.writeable = False
    same = of_rows(row, X, y, sample_weight=ones)
    assert_same_state(same, of_rows(row, X, y, sample_weight=ones.astype(int)))


# Epochs -------------------------------------------------------------------------------


class Snapshots(EpochCallback):
    """Keeps what it is shown, and stops or breaks off when it is told to."""

    def __init__(self, stop=None, error=None):
        self.stop, self.error, self.seen = stop, error, []

    def on_epoch_end(self, model, X):
        self.seen.append(model)
        if self.error is not None and model.n_iter_ == self.stop:
            raise self.error
        return model.n_iter_ == self.stop


def has_epochs(row):
    return row.epochs is not None


@promise(has_epochs)
def callbacks_see_each_epoch(row):
    """Once each, as a snapshot of the model after as many epochs; True stops."""
    callback, watcher = Snapshots(), Snapshots(stop=2)
    name = row.epochs
    whole = row.fit(into=watched(row.make(), callback), **{name: 3})
    assert_same_state(whole, row.fit(**{name: 3}))
    assert [model.n_iter_ for model in callback.seen] == [1, 2, 3]
    stopped = row.fit(into=watched(row.make(), watcher), **{name: 3})
    assert_same_state(stopped, row.fit(**{name: 2}))
    for n, model in enumerate(callback.seen[:2], start=1):
        early = Snapshots()
        row.fit(into=watched(row.make(), early), **{name: n})
        assert_same_state(model, early.seen[-1])


@promise(has_epochs)
def an_interrupt_leaves_the_last_epoch(row):
    """Ctrl-C after an epoch leaves the model of that many epochs."""
    callback = Snapshots(stop=2, error=KeyboardInterrupt())
    estimator = watched(row.make(), callback)
    try:
        row.fit(into=estimator, **{row.epochs: 4})
    except KeyboardInterrupt:
        assert_same_state(estimator, row.fit(**{row.epochs: 2}))
        assert_sound(row, estimator)
    else:
        raise AssertionError("the interrupt was swallowed")


def rates(row, estimator):
    names = estimator.get_params()
    found = [name for name in names if name.split("__")[-1] == "learning_rate"]
    return ["learning_rate"] if row.epochs == "n_iter" else found


@promise(lambda row: has_epochs(row) and rates(row, row.make()))
def a_divergence_names_the_rate(row):
    """It stops with a clear error, and the last good state goes on answering."""
    estimator, X = row.make(), row.data.X.astype(np.float32)
    estimator.set_params(
        **dict.fromkeys(rates(row, estimator), 1e38), **{row.epochs: 20}
    )
    try:
        row.fit(X, into=estimator)
    except DivergenceError as error:
        assert "`learning_rate`" in str(error) and "ower" in str(error)
        assert_sound(row, estimator, row.data.cues.astype(np.float32))
    else:
        raise AssertionError("a rate of 1e38 was taken")


@promise(has_epochs)
def verbose_writes_to_stdout_alone(row):
    """A line for each epoch, and nothing unless it is asked for."""
    names = [n for n in row.make().get_params() if n.split("__")[-1] == "verbose"]
    for verbose in (0, 1):
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            said = row.fit(**dict.fromkeys(names, verbose))
        assert bool(out.getvalue()) == bool(verbose) and not err.getvalue()
        assert_same_state(said, row.fitted)


@promise(lambda row: len(TWINS) > 1)
def kernels_return_the_same_bits(row):
    """With Numba and without: fits, answers and samples."""
    fits, answers, X = [], [], row.data.cues
    for kernels in ("numpy", "numba"):
        with config_context(kernels=kernels):
            estimator = row.fit()
            fits.append(estimator)
            made = [ask(estimator, name, X) for name in questions(estimator)]
            drawn = [draw(estimator, name, X, 0) for name in random_methods(row)]
            answers.append(made + drawn)
    assert_same_state(*fits)
    for one, two in zip(*answers, strict=True):
        np.testing.assert_array_equal(one, two)


# Parameters ---------------------------------------------------------------------------


@promise()
def parameters_are_copied_and_shown(row):
    """clone, get_params, set_params and repr know all of them; fit changes none."""
    estimator = row.make()
    before = pickle.dumps(estimator.get_params())
    fitted = row.fit(into=estimator)
    assert pickle.dumps(fitted.get_params()) == before
    copied = clone(fitted)
    assert repr(copied) == repr(row.make())
    assert not state(copied)
    assert_same_state(row.fit(into=copied), row.fitted)
    shallow = fitted.get_params(deep=False)
    assert set(shallow) == set(inspect.signature(type(fitted)).parameters)
    again = type(fitted)().set_params(**shallow)
    for name, value in shallow.items():
        assert getattr(again, name) is value, name


@promise()
def bad_parameters_are_named(row):
    """A value of no use is refused by `fit` with the name of its parameter."""
    for name in row.make().get_params(deep=False):
        text = refused(lambda name=name: row.fit(**{name: object()}), name)
        assert "found" in text or "Got" in text or "got" in text or "must" in text, text
    refused(lambda: row.make().set_params(no_such=1), "no_such")


@promise()
def pickles_answer_alike(row):
    """And so do copies, deep or not."""
    X = row.data.cues
    copies = (
        pickled(row.fitted),
        copy.deepcopy(row.fitted),
        copy.copy(row.fitted),
    )
    for other in copies:
        assert_same_state(other, row.fitted)
        for name in questions(row.fitted):
            one, two = (ask(estimator, name, X) for estimator in (row.fitted, other))
            np.testing.assert_array_equal(one, two, err_msg=name)
