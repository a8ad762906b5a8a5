"""The network: passes and slopes by explicit loops, and where it starts from."""

import math
from itertools import pairwise

import numpy as np
import pytest
from judges import ALPHA
from model_cases import BIPARTITE, GAUSSIAN, by_name
from network_loops import as_lists, log_likelihood, masks_of, pass_up, slopes
from oracles import finite_difference, log_sum
from scipy.stats import kstest, norm

from skboltz.learning import Layer, NetworkParams, network
from skboltz.learning.feedforward._network import _lengthen
from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, Bias

SIZES = [(3, 4, 2), (3, 4, 2, 3), (2, 3, 2, 3, 4)]
WEIGHT = np.array([1.0, 0.5, 2.0, 0.0, 3.0])
N_ROWS = len(WEIGHT)
KEPT_VISIBLE, KEPT = 0.8, 0.6

all_sizes = pytest.mark.parametrize("sizes", SIZES)
both_types = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def some_network(sizes, dtype=float, scale=1.0):
    rng = np.random.default_rng(sizes)
    layers = []
    for n_inputs, n_outputs in pairwise(sizes):
        weights = scale * rng.normal(size=(n_outputs, n_inputs))
        bias = scale * rng.normal(size=n_outputs)
        layers.append(Layer(np.asfortranarray(weights, dtype), bias.astype(dtype)))
    return NetworkParams(tuple(layers))


def some_rows(sizes, n_rows=N_ROWS):
    rng = np.random.default_rng([*sizes, n_rows])
    return rng.normal(size=(n_rows, sizes[0])), rng.integers(sizes[-1], size=n_rows)


def some_masks(sizes, n_rows=N_ROWS):
    """Of the features and the hidden units, kept with different probabilities."""
    rng, masks = np.random.default_rng([*sizes, 7]), []
    for n, size in enumerate(sizes[:-1]):
        kept = KEPT if n else KEPT_VISIBLE
        masks.append((rng.random((n_rows, size)) < kept) / kept)
    return masks


def no_masks(sizes):
    return [None] * (len(sizes) - 1)


def explicit(params, rows, masks=None):
    """Features and log P(class) of all rows, by loops."""
    layers = as_lists(params.arrays())
    made = [
        pass_up(layers, x, None if masks is None else masks_of(masks, r))
        for r, x in enumerate(rows.tolist())
    ]
    return [np.array(part) for part in zip(*made, strict=True)]


# Passes ---------------------------------------------------------------------------


@all_sizes
def test_a_pass_up_is_that_of_explicit_loops(sizes):
    params, (x, _) = some_network(sizes), some_rows(sizes)
    features, log_proba = explicit(params, x)
    np.testing.assert_allclose(network.features(params, x), features, atol=1e-13)
    np.testing.assert_allclose(network.log_proba(params, x), log_proba, atol=1e-13)
    passed = network.forward(params, x, no_masks(sizes))
    np.testing.assert_array_equal(passed.log_proba, network.log_proba(params, x))


@all_sizes
def test_masks_multiply_what_a_layer_takes_in(sizes):
    params, (x, _), masks = some_network(sizes), some_rows(sizes), some_masks(sizes)
    _, log_proba = explicit(params, x, masks)
    passed = network.forward(params, x, masks)
    np.testing.assert_allclose(passed.log_proba, log_proba, atol=1e-13)
    for mask, taken in zip(masks, passed.inputs, strict=True):
        assert (taken[mask == 0] == 0).all() and (taken[mask > 0] != 0).all()


@both_types
@pytest.mark.parametrize("size", [1e3, 1e30])
def test_huge_fields_have_finite_log_probabilities(dtype, size):
    weights = np.array([[size], [0.0], [-size], [size]])
    layer = Layer(np.asfortranarray(weights, dtype), np.array([0, 0, 0, -1], dtype))
    found = network.log_softmax(layer, np.ones((1, 1), dtype))
    assert found.dtype == dtype and np.isfinite(found).all()
    field = (weights[:, 0].astype(dtype) + layer.bias).astype(float)
    below = (field - field.max()).tolist()  # of which log 2 is not lost
    expected = [f - log_sum(below) for f in below]
    rtol = 8 * np.finfo(dtype).eps
    # Fields of 1000 are rounded to multiples of half an eps of them.
    atol = 1000 * np.finfo(dtype).eps
    np.testing.assert_allclose(found[0], expected, rtol, atol)


# Slopes ---------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_slopes_by_the_outputs_are_finite_differences(weighted):
    rng = np.random.default_rng(0)
    field, codes = rng.normal(size=(5, 3)), np.array([0, 2, 2, 1, 0])
    weight = WEIGHT if weighted else None

    def total(f):
        return sum(
            (w if weighted else 1.0) * (own[k] - log_sum(own))
            for w, own, k in zip(WEIGHT, f.tolist(), codes, strict=True)
        )

    logs = np.array([[x - log_sum(own) for x in own] for own in field.tolist()])
    before = logs.copy()
    delta, found = network.output_slopes(logs, codes, weight)
    np.testing.assert_allclose(delta, finite_difference(total, field), atol=1e-9)
    assert found == pytest.approx(total(field), abs=1e-13)
    np.testing.assert_array_equal(logs, before)


def found_slopes(params, x, codes, weight, masks, keep):
    passed = network.forward(params, x, masks)
    delta, total = network.output_slopes(passed.log_proba, codes, weight)
    return network.backward(params, passed, delta, keep), total


def expected_slopes(params, x, codes, weight, masks):
    def objective(layers):
        return log_likelihood(layers, x, codes, weight, masks)

    return slopes(params.arrays(), objective)


@pytest.mark.parametrize("dropped", [False, True])
@all_sizes
def test_slopes_of_all_parameters_are_finite_differences(sizes, dropped):
    params, (x, codes) = some_network(sizes), some_rows(sizes)
    masks, keep = (some_masks(sizes), KEPT) if dropped else (no_masks(sizes), 1.0)
    found, total = found_slopes(params, x, codes, WEIGHT, masks, keep)
    expected = expected_slopes(params, x, codes, WEIGHT, masks)
    for a, b in zip(found.arrays(), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-8)
    layers = as_lists(params.arrays())
    expected = log_likelihood(layers, x, codes, WEIGHT, masks)
    assert total == pytest.approx(expected, abs=1e-12)


def test_slopes_that_forget_the_share_of_kept_units_are_rejected():
    sizes = SIZES[1]
    params, (x, codes), masks = some_network(sizes), some_rows(sizes), some_masks(sizes)
    found, _ = found_slopes(params, x, codes, WEIGHT, masks, 1.0)
    expected = expected_slopes(params, x, codes, WEIGHT, masks)
    assert abs(found.arrays()[0] - expected[0]).max() > 1e-3


@both_types
def test_slopes_have_the_shape_of_the_parameters_and_change_nothing_else(dtype):
    sizes = SIZES[2]
    params, (x, codes) = some_network(sizes, dtype), some_rows(sizes)
    masks = [mask.astype(dtype) for mask in some_masks(sizes)]
    x, weight = x.astype(dtype), WEIGHT.astype(dtype)
    given = (x, codes, weight, *masks, *params.arrays())
    before = [array.copy() for array in given]
    found, _ = found_slopes(params, x, codes, weight, masks, KEPT)
    for made, own in zip(found.arrays(), params.arrays(), strict=True):
        assert (made.shape, made.dtype) == (own.shape, own.dtype) == (own.shape, dtype)
        assert made.flags.f_contiguous
        assert not np.shares_memory(made, own)
    for array, old in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, old)


# Where it starts from -------------------------------------------------------------


def target(n_inputs, n_outputs):
    """Mean squared length of n_inputs numbers uniform up to sqrt(6 / (in + out))."""
    limit = math.sqrt(6 / (n_inputs + n_outputs))
    return n_inputs * limit**2 / 3


def is_long(case):
    """Whether no vector of weights, as hidden units see it, needs lengthening."""
    params = case.params
    scale = np.exp(-getattr(params.visible, "log_variance", np.zeros(1)))
    n_outputs, n_inputs = params.weights.shape
    lengths = ((params.weights * scale) ** 2).sum(axis=1)
    return lengths.min() > target(n_inputs, n_outputs)


RBMS = [case for case in (*BIPARTITE, *GAUSSIAN) if case.model.hidden_unit == BERNOULLI]
LONG = [case for case in RBMS if is_long(case)]


def start(*layers, n_classes=3, seed=0):
    return network.unrolled(layers, n_classes, np.random.default_rng(seed))


def test_long_vectors_are_among_machines_of_bits_and_of_gaussian_units():
    assert {case.model.visible_unit.countable for case in LONG} == {False, True}


@pytest.mark.parametrize(**by_name(LONG))
def test_an_unrolled_machine_has_its_own_hidden_means(case):
    n_visible = case.params.weights.shape[1]
    v = np.random.default_rng(1).normal(size=(6, n_visible))
    if case.model.visible_unit.countable:
        v = np.array(case.oracle.visible_states)
    params = start((case.model, case.params, True))
    expected = [case.oracle.hidden_mean(tuple(x)) for x in v.tolist()]
    np.testing.assert_allclose(network.features(params, v), expected, atol=1e-12)
    np.testing.assert_allclose(network.log_proba(params, v), -math.log(3), atol=1e-14)
    assert not params.layers[-1].weights.any() and not params.layers[-1].bias.any()
    for own in params.arrays():
        assert not any(np.shares_memory(own, array) for array in case.params.arrays())


def test_an_unrolled_stack_has_the_means_of_the_means_below():
    rng, below = np.random.default_rng(2), GAUSSIAN[5]
    rbm = Bipartite(BERNOULLI, BERNOULLI)
    weights, c = 3 * rng.normal(size=(3, 2)), rng.normal(size=3)
    above = BipartiteParams(weights, Bias(np.zeros(2)), Bias(c))
    params = start((below.model, below.params, True), (rbm, above, True))
    v = rng.normal(size=(5, 2))
    h = np.array([below.oracle.hidden_mean(tuple(x)) for x in v.tolist()])
    expected = 1 / (1 + np.exp(-(h @ weights.T + c)))
    np.testing.assert_allclose(network.features(params, v), expected, atol=1e-12)


def looks_uniform(weights, limit):
    law = kstest(weights.ravel() / (2 * limit), "uniform", (-0.5, 1))
    return law.pvalue > ALPHA


def blank(n_outputs, n_inputs, dtype=float):
    zeros = np.zeros((n_outputs, n_inputs), dtype)
    return BipartiteParams(zeros, Bias(zeros[0]), Bias(zeros[:, 0]))


@both_types
def test_layers_that_learnt_nothing_start_by_the_law_of_glorot(dtype):
    rbm, limit = Bipartite(BERNOULLI, BERNOULLI), 4 * math.sqrt(6 / (200 + 100))
    layer = start((rbm, blank(100, 200, dtype), False)).layers[0]
    assert layer.weights.shape == (100, 200) and not layer.bias.any()
    assert layer.weights.dtype == layer.bias.dtype == dtype
    assert layer.weights.flags.f_contiguous
    assert abs(layer.weights).max() <= limit
    assert looks_uniform(layer.weights, limit)
    # Negative controls: limits that are 5 % off, and a bell of the same variance.
    assert not looks_uniform(1.05 * layer.weights, limit)
    bell = np.random.default_rng(0).normal(0, limit / math.sqrt(3), (100, 200))
    assert not looks_uniform(bell, limit)


def test_random_layers_are_all_different():
    rbm = Bipartite(BERNOULLI, BERNOULLI)
    untrained = (rbm, blank(20, 20), False)
    first, second, _ = start(untrained, untrained).layers
    assert np.unique(np.append(first.weights, second.weights)).size == 800


@both_types
def test_vectors_that_are_long_enough_stay_bit_by_bit(dtype):
    rng = np.random.default_rng(3)
    weights = np.asfortranarray(rng.normal(size=(6, 4)), dtype)
    weights *= np.array([0.01, 3, 0.01, 3, 0, 3])[:, None].astype(dtype)
    before, long = weights.copy(), (weights**2).sum(axis=1) > target(4, 6)
    _lengthen(weights, np.random.default_rng(0))
    assert 0 < long.sum() < 6
    assert weights[long].tobytes() == before[long].tobytes()
    assert (weights[~long] != before[~long]).all() and weights.dtype == dtype


N_SHORT, WIDTH = 20_000, 5


def lengthened(share):
    """Squared lengths, and coordinates, of vectors that had a share of theirs."""
    goal = target(WIDTH, N_SHORT)
    vector = np.array([3.0, 0, 0, -4, 0]) / 5 * math.sqrt(share * goal)
    weights = np.asfortranarray(np.tile(vector, (N_SHORT, 1)))
    _lengthen(weights, np.random.default_rng(4))
    return (weights**2).sum(axis=1) / goal, (weights - vector) / math.sqrt(goal)


def has_mean(values, expected):
    error = values.std(axis=0, ddof=1) / math.sqrt(len(values))
    distance = abs(values.mean(axis=0) - expected) / error
    return (2 * norm.sf(distance) > ALPHA).all()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_short_vectors_have_the_length_of_random_ones_on_average(share):
    length, added = lengthened(share)
    assert has_mean(length, 1.0)
    assert has_mean(added, 0.0)  # in no direction more than in others,
    assert has_mean(added**2, (1 - share) / WIDTH)  # and in all as much
    assert not has_mean(1.05 * length, 1.0)
