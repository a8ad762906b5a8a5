"""Bounds on the log-likelihood against the enumerated ones."""

from functools import cache

import numpy as np
import pytest
from belief_cases import BELIEF, label_row, milder, some_rows
from model_cases import BIPARTITE, as_array, by_name

from skboltz.likelihood import importance_bound, log_weights, lower_bound
from skboltz.models import BeliefNetwork, untied
from skboltz.sampling import Purpose, Stream, ancestral
from skboltz.utils import each

KEY, N = (5, 6), 2000
# A q nearer to the posterior: of all states that matter, some are drawn.
MILD = [milder(case, 0.2) for case in BELIEF]
CASES = {case.name: case for case in MILD}


def weights_of(case):
    """N log weights of every row, log Z subtracted."""
    return _weights_of(case.name)


@cache
def _weights_of(name):
    case = CASES[name]
    v, labels = some_rows(case)
    weights = log_weights(case.net, case.params, v, KEY, N, labels)
    return weights - case.oracle.top.log_z


def exact(case, function):
    """A function (v, labels) of the oracle, for every row."""
    v, labels = some_rows(case)
    rows = [tuple(x.tolist()) for x in v]
    return np.array([function(x, label_row(labels, r)) for r, x in enumerate(rows)])


def law_of(case, v, labels):
    """Probabilities and logarithms of all weights of a row."""
    paths = [(v, *h) for h in case.oracle.hidden_states()]
    log_q = np.array([case.oracle.log_q(path) for path in paths])
    log_p = np.array([case.oracle.log_joint(path, labels) for path in paths])
    return np.exp(log_q), log_p - log_q


def distance(case, function, expected):
    """Largest distance of means of a function of N log weights of each row.

    In standard errors, which are exact: those of the samples miss rare large weights.
    """
    made = function(weights_of(case)).mean(axis=0)
    return (abs(made - expected) / standard_error(case, function)).max()


def standard_error(case, function):
    """Of the mean of a function of N log weights, by enumeration."""

    def variance(v, labels):
        q, log_w = law_of(case, v, labels)
        return q @ (function(log_w) - q @ function(log_w)) ** 2

    return np.sqrt(exact(case, variance) / N)


@pytest.mark.parametrize(**by_name(MILD))
def test_the_mean_log_weight_is_the_variational_bound(case):
    assert distance(case, lambda w: w, exact(case, case.oracle.bound)) < 6
    weights = weights_of(case)
    np.testing.assert_array_equal(lower_bound(weights), weights.mean(axis=0))


@pytest.mark.parametrize(**by_name(MILD))
def test_the_mean_weight_is_the_likelihood(case):
    expected = np.exp(exact(case, case.oracle.log_likelihood))
    assert distance(case, np.exp, expected) < 6


@pytest.mark.parametrize(**by_name(MILD))
def test_the_entropy_of_the_guess_counts(case):
    """Negative control: without it the judge above sees another number."""
    oracle = case.oracle

    def without_entropy(v, labels):
        return oracle.expectation(v, lambda path: oracle.log_joint(path, labels))

    assert distance(case, lambda w: w, exact(case, without_entropy)) > 6


@pytest.mark.parametrize(**by_name(MILD))
def test_the_importance_bound_lies_between(case):
    """Bounds of 10 weights each, which are independent of each other."""
    weights = weights_of(case).reshape(N // 10, 10, -1)
    tight = np.array([importance_bound(w) for w in weights])
    assert (tight >= np.array([lower_bound(w) for w in weights]) - 1e-12).all()
    error = 6 * tight.std(axis=0, ddof=1) / np.sqrt(len(tight))
    bound = exact(case, case.oracle.bound)
    above = exact(case, case.oracle.log_likelihood)
    assert (bound < above).all()
    assert (tight.mean(axis=0) > bound - error).all()
    assert (tight.mean(axis=0) < above + error).all()


@pytest.mark.parametrize(**by_name(MILD))
def test_with_many_weights_it_is_the_log_likelihood(case):
    """Delta method: its error is the relative one of the mean weight."""
    expected = exact(case, case.oracle.log_likelihood)
    error = standard_error(case, np.exp) / np.exp(expected)
    made = importance_bound(weights_of(case))
    assert (abs(made - expected) < 6 * error).all()
    assert (abs(made + np.log(N) - expected) > 6 * error).all()  # log K counts


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_with_the_true_posterior_every_weight_is_the_likelihood(case):
    """The transposed RBM on top is the complementary prior of the layer below."""
    net = BeliefNetwork((case.model,), case.model.swap())
    params = untied((case.params,), case.model.swap_params(case.params))
    v = as_array(case.oracle.visible_states)
    weights = log_weights(net, params, v, KEY, 5)
    expected = [-case.oracle.free_energy(s) for s in case.oracle.visible_states]
    np.testing.assert_allclose(weights, np.tile(expected, (5, 1)))
    np.testing.assert_allclose(lower_bound(weights), expected)
    np.testing.assert_allclose(importance_bound(weights), expected)


def test_without_weights_the_guess_is_exact():
    case = BELIEF[0]
    params = each(np.zeros_like, case.params)
    v, _ = some_rows(case)
    weights = log_weights(case.net, params, v, KEY, 3)
    log_z = 4 * np.log(2)
    np.testing.assert_allclose(weights - log_z, -3 * np.log(2))


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_without_directed_layers_it_is_minus_the_free_energy(case):
    net, params = BeliefNetwork((), case.model), untied((), case.params)
    v = as_array(case.oracle.visible_states)
    weights = log_weights(net, params, v, KEY, 3)
    expected = [-case.oracle.free_energy(s) for s in case.oracle.visible_states]
    np.testing.assert_allclose(weights, np.tile(expected, (3, 1)))


def test_labels_join_the_data_where_nothing_lies_between():
    case = BIPARTITE[1]
    net, params = BeliefNetwork((), case.model), untied((), case.params)
    v = as_array(case.oracle.visible_states)
    apart = log_weights(net, params, v[:, :3], KEY, 2, labels=v[:, 3:].astype(bool))
    np.testing.assert_array_equal(apart, log_weights(net, params, v, KEY, 2))


@pytest.mark.parametrize(**by_name(BELIEF))
def test_no_row_depends_on_another(case):
    v, labels = some_rows(case, 6)
    together = log_weights(case.net, case.params, v, KEY, 20, labels)
    for r in range(len(v)):
        own = None if labels is None else labels[[r]]
        alone = log_weights(case.net, case.params, v[[r]], KEY, 20, own)
        np.testing.assert_allclose(together[:, r], alone[:, 0], rtol=1e-12)


def test_noise_of_each_row_its_own_is_seen(monkeypatch):
    """Negative control of the test above."""
    monkeypatch.setattr(ancestral, "recognise_alike", ancestral.recognise)
    with pytest.raises(AssertionError):
        test_no_row_depends_on_another(BELIEF[1])


def test_samples_are_independent():
    """Lag-one correlations of N weights have the standard error 1 / sqrt(N)."""
    weights = weights_of(BELIEF[1])[:, 0]
    z = (weights - weights.mean()) / weights.std()
    assert abs((z[1:] * z[:-1]).mean()) < 6 / np.sqrt(N)


def test_scores_are_computed_in_float64():
    case = BELIEF[1]
    single = each(lambda array: array.astype(np.float32), case.params)
    v = some_rows(case)[0].astype(np.float32)
    weights = log_weights(case.net, single, v, KEY, 3)
    double = each(lambda array: array.astype(np.float64), single)
    assert weights.dtype == np.float64
    np.testing.assert_array_equal(
        weights, log_weights(case.net, double, v.astype(np.float64), KEY, 3)
    )


def test_the_noise_has_a_stream_of_its_own():
    assert Purpose.RECOGNITION not in {p for p in Purpose if p.name != "RECOGNITION"}
    case = BELIEF[1]
    v, _ = some_rows(case)
    stream = Stream(KEY, Purpose.RECOGNITION)
    states, _ = ancestral.recognise_alike(case.net, case.params, v, stream)
    expected = case.net.log_joint(case.params, states)
    expected = expected - case.net.log_recognition(case.params, states)
    made = log_weights(case.net, case.params, v, KEY, 1)[0]
    np.testing.assert_array_equal(made, expected)
