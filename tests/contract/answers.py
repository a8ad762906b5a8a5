"""Promises about answers: row by row, repeatable, and probabilities that are some."""

import itertools
import pickle

import numpy as np
from contract.rows import (
    ask,
    assert_alike,
    draw,
    global_generator,
    parameters_of,
    promise,
    public_methods,
    questions,
    random_methods,
    refused,
)
from scipy.integrate import trapezoid

NAN = np.nan


def with_gaps(X, every=3):
    """Some rows of which a value is missing."""
    X = np.array(X, dtype=float)
    for i in range(0, len(X), every):
        X[i, i % X.shape[1]] = NAN
    return X


def states_of(row):
    """All rows of values that units may have."""
    n = row.data.X.shape[1]
    return np.array(list(itertools.product(row.data.values, repeat=n)), dtype=float)


def takes_gaps(estimator, name, X):
    """Whether a question takes NaN; another promise says which have to."""
    try:
        ask(estimator, name, X)
    except ValueError as error:
        assert "NaN" in str(error), error
        return False
    return True


def asked_of(row):
    """Questions with the rows to ask about, those with gaps where they may be."""
    for name in questions(row.fitted):
        yield name, row.data.cues
        gappy = with_gaps(row.data.cues)
        if takes_gaps(row.fitted, name, gappy):
            yield name, gappy


@promise()
def answers_are_row_by_row(row):
    """A row is answered alike alone, among others, and in any order."""
    for name, X in asked_of(row):
        many = np.tile(X, (600 // len(X) + 1, 1))  # of several blocks of rows
        whole = ask(row.fitted, name, many)
        order = np.random.default_rng(0).permutation(len(X))
        alone = np.concatenate([ask(row.fitted, name, X[[i]]) for i in range(6)])
        for some, found in [
            (range(6), alone),
            (order, ask(row.fitted, name, X[order])),
            (range(1, len(X), 2), ask(row.fitted, name, X[1::2])),
            (range(len(many))[-5:], ask(row.fitted, name, many[-5:])),
        ]:
            assert_alike(found, whole[list(some)], name)


@promise()
def questions_change_nothing(row):
    """The same question has the same answer, and leaves estimator and rows alone."""
    rng = global_generator()
    for name, X in asked_of(row):
        before, rows = pickle.dumps(row.fitted), X.copy()
        one, two = ask(row.fitted, name, X), ask(row.fitted, name, X)
        np.testing.assert_array_equal(one, two, err_msg=name)
        np.testing.assert_array_equal(X, rows)
        assert pickle.dumps(row.fitted) == before, name
    np.testing.assert_array_equal(global_generator(), rng)


@promise()
def what_is_random_has_a_seed(row):
    """The same seed draws the same, another seed something else, none changes anything.

    A method that takes a seed either draws, or has an answer without one.
    """
    X, estimator = row.data.cues, row.fitted
    before = global_generator()
    for name in random_methods(row):
        kept = pickle.dumps(estimator)
        one, same, other = (draw(estimator, name, X, seed) for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, same, err_msg=name)
        differ = np.shape(one) != np.shape(other) or (one != other).any()
        assert differ or name == "spurious_states", name
        assert pickle.dumps(estimator) == kept, name
    for name in public_methods(estimator):
        takes = parameters_of(getattr(estimator, name))
        if "random_state" in takes and name not in row.lacks:
            known = (*random_methods(row), *questions(estimator))
            assert name in (*known, "log_partition"), name
    np.testing.assert_array_equal(global_generator(), before)


@promise(lambda row: row.is_density)
def score_is_the_mean_likelihood(row):
    """`score` is the mean of `score_samples`, which are -F - log Z."""
    X, estimator = row.data.X, row.fitted
    scores = estimator.score_samples(X)
    assert scores.shape == (len(X),)
    assert isinstance(estimator.score(X), float)
    np.testing.assert_allclose(estimator.score(X), scores.mean(), rtol=1e-12)


@promise(lambda row: row.is_density)
def a_likelihood_has_its_parts(row):
    """log P = -F - log Z, and log Z says how it was found."""
    X, estimator = row.data.X, row.fitted
    log_z = estimator.log_partition()
    assert log_z.method == "exact" and log_z.standard_error == 0
    expected = -estimator.free_energy(X) - log_z.value
    np.testing.assert_allclose(estimator.score_samples(X), expected, rtol=1e-9)
    if row.has("pseudo_log_likelihood"):
        assert np.isfinite(estimator.pseudo_log_likelihood(X)).all()


@promise(lambda row: row.is_density and row.data.values is not None)
def probabilities_sum_to_one(row):
    """All rows that there are have the probability 1 together."""
    total = np.exp(row.fitted.score_samples(states_of(row))).sum()
    np.testing.assert_allclose(total, 1, rtol=1e-9)


@promise(lambda row: row.is_density and row.data.values is not None and row.learns_gaps)
def gaps_are_summed_out(row):
    """P of what is known is the sum over what is missing, and 1 if nothing is known."""
    states = states_of(row)
    p = np.exp(row.fitted.score_samples(states))
    for missing in ([0], [1, 3], range(states.shape[1])):
        X = states.copy()
        X[:, list(missing)] = NAN
        known = np.delete(states, list(missing), axis=1)
        _, group = np.unique(known, axis=0, return_inverse=True)
        group = group.ravel() if known.size else np.zeros(len(states), int)
        expected = np.log(np.bincount(group, p))[group]
        np.testing.assert_allclose(
            row.fitted.score_samples(X), expected, rtol=1e-8, atol=1e-12
        )
    nothing = np.full((2, states.shape[1]), NAN)
    assert (row.fitted.score_samples(nothing) == 0).all()


@promise(lambda row: row.is_density and row.data.values is None)
def densities_integrate_to_one(row):
    """Over two real features, and over one of them where the other is known or not."""
    X = row.data.X[:, :2]
    estimator = row.fit(X)
    axes = [np.linspace(x.mean() - 15, x.mean() + 15, 301) for x in X.T]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    p = np.exp(estimator.score_samples(grid.reshape(-1, 2))).reshape(301, 301)
    over_last = trapezoid(p, axes[1], axis=1)
    np.testing.assert_allclose(trapezoid(over_last, axes[0]), 1, rtol=1e-6)
    known = np.column_stack([axes[0], np.full(301, NAN)])
    found = np.exp(estimator.score_samples(known))
    np.testing.assert_allclose(found, over_last, rtol=1e-6, atol=1e-12)
    assert (estimator.score_samples([[NAN, NAN]]) == 0).all()


@promise(lambda row: row.has("impute") and row.data.values is not None)
def nothing_known_gives_prior_means(row):
    """A row without values has the means of the features, and of the hidden units."""
    states = states_of(row)
    p = np.exp(row.fitted.score_samples(states))
    nothing = np.full((1, states.shape[1]), NAN)
    found = row.fitted.impute(nothing)[0]
    np.testing.assert_allclose(found, p @ states, rtol=1e-8)
    if row.has("transform"):
        expected = p @ row.fitted.transform(states)
        np.testing.assert_allclose(
            row.fitted.transform(nothing)[0], expected, rtol=1e-8
        )


def fills(row):
    """A function that fills gaps, of an imputer or a machine."""
    estimator = row.fitted
    return estimator.impute if row.has("impute") else estimator.transform


def is_imputer(row):
    return row.has("impute") or row.name.startswith("EnergyImputer")


@promise(is_imputer)
def imputing_keeps_what_is_known(row):
    """What is known stays to the last bit, and every gap is filled with a number."""
    for dtype in (np.float32, np.float64):
        X = with_gaps(row.data.cues).astype(dtype)
        X[1] = NAN
        filled, known = fills(row)(X), ~np.isnan(X)
        assert np.isfinite(filled).all() and filled.shape == X.shape
        np.testing.assert_array_equal(filled[known], X[known])
        if row.data.values is not None:
            low, high = row.data.values
            assert (filled >= low).all() and (filled <= high).all()
    whole = row.data.cues
    np.testing.assert_array_equal(fills(row)(whole), whole)


def samples_given(row):
    return row.has("sample") and "given" in parameters_of(row.fitted.sample)


@promise(samples_given)
def sampling_keeps_what_is_given(row):
    """`sample(given=X)` clamps what is present, and draws what is not."""
    X = with_gaps(row.data.cues)
    one, two = (row.fitted.sample(given=X, random_state=i) for i in (0, 1))
    known = ~np.isnan(X)
    np.testing.assert_array_equal(one[known], X[known])
    assert one.shape == X.shape and np.isfinite(one).all()
    assert (one != two).any()
    row_of = row.fitted.sample(5, given=X[0], random_state=0)
    assert row_of.shape == (5, X.shape[1])


@promise(lambda row: row.has("sample"))
def samples_are_rows_of_the_data(row):
    """As many as asked for, in the values of the units, by every method."""
    low_high = row.data.values
    rows = draw(row.fitted, "sample", None, 0)
    assert rows.shape == (12, row.data.X.shape[1])
    assert low_high is None or set(np.unique(rows)) <= set(low_high)
    named = parameters_of(row.fitted.sample)
    for wrong, name in [({"burn_in": -1}, "burn_in"), ({"thin": 0}, "thin")]:
        assert name in named
        try:
            row.fitted.sample(2, **wrong)
        except ValueError as error:
            assert name in str(error)
        else:
            raise AssertionError(f"{wrong} was taken")


@promise(lambda row: row.lacks)
def what_is_not_there_says_so(row):
    """A method that has no answer for some parameters says which it needs."""
    for name, words in row.lacks.items():
        refused(lambda name=name: getattr(row.fitted, name)(), words)


@promise(lambda row: row.has("inverse_transform"))
def features_lead_back(row):
    """`inverse_transform` gives rows of the data for what `transform` gives."""
    back = row.fitted.inverse_transform(row.fitted.transform(row.data.X))
    assert back.shape == row.data.X.shape and np.isfinite(back).all()
    if row.data.values is not None:
        low, high = row.data.values
        assert (low <= back).all() and (back <= high).all()


@promise(lambda row: row.has("predict_proba"))
def classes_have_probabilities(row):
    """They sum to 1, and the largest is what `predict` says."""
    X, y, estimator = row.data.cues, row.data.y, row.fitted
    proba = estimator.predict_proba(X)
    np.testing.assert_array_equal(estimator.classes_, row.classes)
    assert proba.shape == (len(X), len(row.classes)) and (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-6)
    best = estimator.classes_[proba.argmax(axis=1)]
    np.testing.assert_array_equal(estimator.predict(X), best)
    if row.has("predict_log_proba"):
        log_proba = estimator.predict_log_proba(X)
        np.testing.assert_allclose(np.exp(log_proba), proba, rtol=1e-6, atol=1e-300)
    X = row.data.X
    right, weight = estimator.predict(X) == y, np.arange(len(X))
    assert np.isclose(estimator.score(X, y), right.mean())
    weighted = estimator.score(X, y, sample_weight=weight)
    assert np.isclose(weighted, np.average(right, weights=weight))


@promise(lambda row: row.has("transform"))
def fit_transform_is_both(row):
    """`fit_transform` gives what `transform` gives after `fit`."""
    estimator, X = row.make(), row.data.X
    labels = row.labels(estimator, X)
    found = estimator.fit_transform(X, **labels)
    np.testing.assert_array_equal(found, row.fitted.transform(X))
    names = row.fitted.get_feature_names_out()
    assert found.shape == (len(X), len(names)) and len(set(names)) == len(names)


@promise(lambda row: row.has("log_partition"))
def jobs_change_no_result(row):
    """log Z by sampling is the same by one job and by two."""
    from joblib import parallel_config

    options = {"method": "bridge", "betas": 5, "n_chains": 8, "n_sweeps": 3}
    alone = row.fitted.log_partition(**options)
    with parallel_config(backend="threading"):
        shared = row.fitted.log_partition(**options, n_jobs=2)
    for one, two in zip(alone, shared, strict=True):
        np.testing.assert_array_equal(one, two)
