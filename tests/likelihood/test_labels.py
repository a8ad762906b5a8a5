"""Labels of a top RBM: enumerated by loops, and by chains within their error."""

import math
from functools import cache

import numpy as np
import pytest
from oracles import (
    LabelledOracle,
    bipartite_energy,
    configurations,
    log_sum,
    one_hot,
)

from skboltz.likelihood import (
    hidden_means_given,
    log_label_proba,
    sampled_log_label_proba,
)
from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, Bias, CategoricalUnit, Columns

BURN_IN, SWEEPS = 50, 200
# Sizes of bits, labels and hidden units, and of the parameters.
SHAPES = [(3, 2, 3, 1.0), (2, 3, 4, 1.3), (4, 4, 2, 0.5), (1, 3, 3, 3.0)]

all_shapes = pytest.mark.parametrize("shape", SHAPES)
both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def machine(n_bits, n_labels, n_hidden, scale, seed=0):
    rng, n_visible = np.random.default_rng([n_bits, n_labels, seed]), n_bits + n_labels
    shapes = (n_hidden, n_visible), n_visible, n_hidden
    weights, b, c = (scale * rng.normal(size=shape) for shape in shapes)
    unit = Columns(((BERNOULLI, n_bits), (CategoricalUnit(), n_labels)))
    params = BipartiteParams(np.asfortranarray(weights), Bias(b), Bias(c))
    return Bipartite(unit, BERNOULLI), params


def means(shape, n_rows=5):
    """Rows of means of bits, and of bits."""
    rng = np.random.default_rng(n_rows)
    rows = rng.random((n_rows, shape[0]))
    return np.concatenate([rows, np.round(rows)])


def lists(params):
    return [
        a.tolist() for a in (params.weights, params.visible.bias, params.hidden.bias)
    ]


def log_weights(params, x, n_labels):
    """log sum_h exp(-E((x, label), h)) of every label, term by term."""
    states = configurations((0.0, 1.0), len(params.weights))
    return [
        log_sum(-bipartite_energy(*lists(params), (*x, *label), h) for h in states)
        for label in one_hot(n_labels)
    ]


def explicit_log_proba(params, rows, n_labels):
    logs = [log_weights(params, x, n_labels) for x in rows.tolist()]
    return np.array([[f - log_sum(own) for f in own] for own in logs])


def explicit_hidden_means(params, rows, n_labels):
    """E[h | x] over all labels and states of the hidden units together."""
    states, found = configurations((0.0, 1.0), len(params.weights)), []
    for x in rows.tolist():
        logs = {
            (label, h): -bipartite_energy(*lists(params), (*x, *label), h)
            for label in one_hot(n_labels)
            for h in states
        }
        total = log_sum(logs.values())
        pairs = [(math.exp(f - total), np.array(h)) for (_, h), f in logs.items()]
        found.append(sum(p * h for p, h in pairs))
    return np.array(found)


# Exactly --------------------------------------------------------------------------


@all_shapes
def test_label_probabilities_are_enumerated_ones(shape):
    (model, params), rows = machine(*shape), means(shape)
    found = log_label_proba(model, params, rows, shape[1])
    expected = explicit_log_proba(params, rows, shape[1])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, atol=1e-12)


@all_shapes
def test_of_bits_they_are_ratios_of_joint_probabilities(shape):
    (model, params), n_labels = machine(*shape), shape[1]
    arrays = params.weights, params.visible.bias, params.hidden.bias
    oracle = LabelledOracle(*arrays, shape[0])
    for x in configurations((0.0, 1.0), shape[0]):
        joint = np.array(
            [
                sum(oracle.joint(x + label, h) for h in oracle.hidden_states)
                for label in one_hot(n_labels)
            ]
        )
        found = log_label_proba(model, params, np.array([x]), n_labels)[0]
        np.testing.assert_allclose(np.exp(found), joint / joint.sum(), atol=1e-12)


@all_shapes
def test_hidden_means_are_enumerated_with_the_labels(shape):
    (model, params), rows = machine(*shape), means(shape)
    found = hidden_means_given(model, params, rows, shape[1])
    expected = explicit_hidden_means(params, rows, shape[1])
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_far_from_any_doubt_nothing_overflows():
    model, params = machine(3, 3, 4, 1.0)
    params = params._replace(weights=1e4 * params.weights)
    rows = means((3,))
    logs = log_label_proba(model, params, rows, 3)
    assert np.isfinite(logs).all() and (logs.max(axis=1) > -2).all()
    assert np.isfinite(hidden_means_given(model, params, rows, 3)).all()


@all_shapes
def test_single_precision_is_close_and_stays(shape):
    """Fields err by a few eps of their size, and that is below 100 / a few."""
    (model, params), rows = machine(*shape), means(shape)
    single = BipartiteParams(
        params.weights.astype(np.float32),
        Bias(params.visible.bias.astype(np.float32)),
        Bias(params.hidden.bias.astype(np.float32)),
    )
    atol, given = 100 * np.finfo(np.float32).eps, rows.astype(np.float32)
    found = log_label_proba(model, single, given, shape[1])
    expected = log_label_proba(model, params, rows, shape[1])
    np.testing.assert_allclose(found, expected, atol=atol)
    found = hidden_means_given(model, single, given, shape[1])
    assert found.dtype == np.float32
    expected = hidden_means_given(model, params, rows, shape[1])
    np.testing.assert_allclose(found, expected, atol=atol)


FUNCTIONS = [log_label_proba, hidden_means_given, sampled_log_label_proba]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_row_gives_the_same_alone_elsewhere_and_in_other_company(function):
    shape = SHAPES[1]
    (model, params), rows = machine(*shape), means(shape)
    before = rows.copy()
    found = function(model, params, rows, shape[1])
    np.testing.assert_array_equal(rows, before)
    for n, row in enumerate(rows):
        alone = function(model, params, row[None], shape[1])
        np.testing.assert_allclose(found[[n]], alone, atol=1e-12)
    turned = function(model, params, rows[::-1].copy(), shape[1])
    np.testing.assert_allclose(found, turned[::-1], atol=1e-12)
    company = np.concatenate([rows[:3], 1 - rows])
    again = function(model, params, company, shape[1])[:3]
    np.testing.assert_allclose(found[:3], again, atol=1e-12)


# By chains ------------------------------------------------------------------------


def hidden_law(params, x, label, states):
    """P(h | x, label) of all states, of any numbers as a label."""
    logs = [-bipartite_energy(*lists(params), (*x, *label), h) for h in states]
    return np.array([math.exp(f - log_sum(logs)) for f in logs])


def label_law(params, n_labels, state):
    """P(label | hidden): a softmax of their fields."""
    weights, bias, _ = lists(params)
    logs = []
    for label in range(n_labels):
        column = len(bias) - n_labels + label
        field = bias[column]
        for j, h in enumerate(state):
            field += h * weights[j][column]
        logs.append(field)
    return [math.exp(f - log_sum(logs)) for f in logs]


def law_of_estimate(params, x, n_labels):
    """Mean and standard error of the average over the sweeps, by enumeration.

    The hidden states h_t are a Markov chain: a label is drawn given h_t, and h_t+1
    given that.  With K its matrix, m_t the law of h_t and f(h) = P(label | h),
    E[f(h_s) f(h_t)] = sum m_s(h) f(h) (K^(t-s) f)(h).
    """
    states = configurations((0.0, 1.0), len(params.weights))
    down = np.array([label_law(params, n_labels, h) for h in states])
    up = np.array([hidden_law(params, x, y, states) for y in one_hot(n_labels)])
    chain, law = down @ up, hidden_law(params, x, [1 / n_labels] * n_labels, states)
    law = law @ np.linalg.matrix_power(chain, BURN_IN)
    later = [down]
    for _ in range(SWEEPS - 1):
        later.append(chain @ later[-1])
    sums = np.cumsum(later, axis=0)  # sum over t of what is to come, t steps and less
    mean, square = np.zeros(n_labels), np.zeros(n_labels)
    for s in range(SWEEPS):
        mean += law @ down
        square += 2 * law @ (down * sums[SWEEPS - 1 - s]) - law @ down**2
        law = law @ chain
    mean /= SWEEPS
    return mean, np.sqrt(np.maximum(square / SWEEPS**2 - mean**2, 0))


MACHINES = [machine(2, 3, 3, 1.0, seed) for seed in range(12)]
ROWS = means((2,), 2)


def law_of_all():
    laws = [law_of_estimate(params, x, 3) for _, params in MACHINES for x in ROWS]
    shape = len(MACHINES), len(ROWS), 3
    return [np.reshape(part, shape) for part in zip(*laws, strict=True)]


LAWS = law_of_all()


def distance(found):
    """Largest distance from what is expected of the estimates, in standard errors."""
    mean, error = LAWS
    return (abs(np.exp(found) - mean) / error).max()


@cache
def sampled(without_biases=False):
    made = []
    for model, params in MACHINES:
        if without_biases:
            bias = params.visible.bias.copy()
            bias[-3:] = 0
            params = params._replace(visible=Bias(bias))
        made.append(sampled_log_label_proba(model, params, ROWS, 3))
    return np.array(made)


def test_chains_come_to_the_exact_probabilities_in_expectation():
    """Of burn-in from a neutral label nothing is left beside the noise."""
    mean, error = LAWS
    exact = [np.exp(explicit_log_proba(params, ROWS, 3)) for _, params in MACHINES]
    assert (abs(mean - np.array(exact)) < 1e-3 * error).all()
    # The sweeps are worth 20 independent ones at least: the judge can see something.
    assert 0 < error.min() and error.max() < 0.5 / math.sqrt(20)


def test_chains_err_by_no_more_than_their_standard_error_lets_them():
    assert distance(sampled()) < 5.5


def test_forgotten_biases_of_labels_are_rejected():
    assert distance(sampled(without_biases=True)) > 5.5


def test_labels_taken_for_each_other_are_rejected():
    assert distance(sampled()[:, :, ::-1]) > 5.5


@both_types
def test_chains_give_probabilities_and_the_same_ones_again(dtype):
    model, params = MACHINES[0]
    params = BipartiteParams(
        params.weights.astype(dtype),
        Bias(params.visible.bias.astype(dtype)),
        Bias(params.hidden.bias.astype(dtype)),
    )
    rows = ROWS.astype(dtype)
    found = sampled_log_label_proba(model, params, rows, 3)
    assert found.dtype == np.float64
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, atol=1e-6)
    again = sampled_log_label_proba(model, params, rows, 3)
    np.testing.assert_array_equal(found, again)
