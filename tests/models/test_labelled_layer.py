"""Bits next to one label below hidden bits, in every room, against explicit loops.

The visible layer of the top machine of a deep belief net that knows its labels.
"""

import numpy as np
import pytest
from judges import ALPHA, comes_from, exact_start, oracle_p
from learning_parts import recipe, step_of
from model_cases import BipartiteCase, as_array, by_name
from oracles import LabelledOracle, finite_difference
from scipy.stats import norm

from skboltz.learning import (
    ContrastiveDivergence,
    Data,
    Enumeration,
    Offsets,
    PersistentContrastiveDivergence,
    TemperedContrastiveDivergence,
    epoch,
    guarded_epoch,
    initial_params,
)
from skboltz.learning.two_phase._positive import data_phase
from skboltz.likelihood import (
    Effort,
    estimate_log_partition,
    exact_log_likelihood,
    exact_log_partition,
    n_terms,
)
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream, annealing, gibbs, mean_field, modes
from skboltz.units import BERNOULLI, Bias, CategoricalUnit, Columns
from skboltz.units._categorical import gumbel

N_CHAINS = 40_000
STREAM = Stream((3, 4), Purpose.CHAINS)
PHASES = {
    "CD": ContrastiveDivergence(2),
    "PCD": PersistentContrastiveDivergence(k=2, n_chains=50),
    "exact": Enumeration(),
    "tempered": TemperedContrastiveDivergence(k=1, n_chains=20, n_rungs=3),
}


def labelled(name, n_bits, n_classes, n_hidden, scale):
    rng = np.random.default_rng([n_bits, n_classes, n_hidden])
    n_visible = n_bits + n_classes
    shapes = (n_hidden, n_visible), n_visible, n_hidden
    weights, b, c = (scale * rng.normal(size=shape) for shape in shapes)
    unit = Columns(((BERNOULLI, n_bits), (CategoricalUnit(), n_classes)))
    return BipartiteCase(
        name,
        Bipartite(unit, BERNOULLI),
        BipartiteParams(weights, Bias(b), Bias(c)),
        LabelledOracle(weights, b, c, n_bits),
    )


CASES = [labelled("two classes", 3, 2, 3, 1.0), labelled("three", 2, 3, 4, 1.3)]
LARGER = labelled("larger", 5, 4, 4, 1.0)

all_cases = pytest.mark.parametrize(**by_name(CASES))


def rows_of(case, n=7, seed=3):
    states = as_array(case.oracle.visible_states)
    return states[np.random.default_rng(seed).integers(len(states), size=n)]


# The model ------------------------------------------------------------------------


@all_cases
def test_energy_and_free_energy_of_all_states(case):
    v = as_array(case.oracle.visible_states)
    for h in case.oracle.hidden_states:
        found = case.model.energy(case.params, v, np.tile(as_array([h]), (len(v), 1)))
        expected = [case.oracle.energy[w, h] for w in case.oracle.visible_states]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-13)
    expected = [case.oracle.free_energy(w) for w in case.oracle.visible_states]
    found = case.model.free_energy(case.params, v)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@all_cases
def test_conditionals_are_ratios_of_joints(case):
    model, params, oracle = case.model, case.params, case.oracle
    field = model.hidden_field(params, as_array(oracle.visible_states))
    expected = [oracle.hidden_mean(v) for v in oracle.visible_states]
    found = model.hidden_unit.mean(params.hidden, field)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    field = model.visible_field(params, as_array(oracle.hidden_states))
    expected = [oracle.visible_mean(h) for h in oracle.hidden_states]
    found = model.visible_unit.mean(params.visible, field)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@all_cases
def test_with_the_layers_exchanged_the_free_energy_sums_over_the_states(case):
    swapped, params = case.model.swap(), case.model.swap_params(case.params)
    found = swapped.free_energy(params, as_array(case.oracle.hidden_states))
    expected = [
        -np.logaddexp.reduce(
            [-case.oracle.energy[v, h] for v in case.oracle.visible_states]
        )
        for h in case.oracle.hidden_states
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


# Likelihoods ----------------------------------------------------------------------


@all_cases
def test_log_z_is_enumerated_by_the_layer_of_fewer_states(case):
    exact = exact_log_partition(case.model, case.params)
    assert np.isclose(exact.value, case.oracle.log_z, rtol=1e-13)
    n_hidden, n_visible = case.params.weights.shape
    n_states = len(case.oracle.visible_states)
    terms = min(2**n_hidden * n_visible, n_states * n_hidden)
    assert n_terms(case.model, case.params) == terms
    v = as_array(case.oracle.visible_states)
    found = exact_log_likelihood(case.model, case.params, v, exact)
    assert np.isclose(np.exp(found).sum(), 1)


@all_cases
def test_one_step_from_everywhere_gives_z_exactly(case):
    """E over the base of f_1/f_0 is Z_1/Z_0: summed over all states, not sampled."""
    mean = case.model.visible_unit.interior(rows_of(case).mean(axis=0))
    path = annealing.base_path(case.model, case.params, mean)
    v = as_array(case.oracle.visible_states)
    ratio = path.log_ratio(
        path.at(0.0), path.at(1.0), annealing.from_visible(path, v, None)
    )
    base, n_hidden = path.at(0.0).units.visible, case.oracle.n_hidden
    energy = case.model.visible_unit.base_energy(base, v)
    log_base = -energy + n_hidden * np.log(2)
    log_sum = np.logaddexp.reduce
    assert np.isclose(log_sum(log_base), path.base_log_partition())
    assert np.isclose(log_sum(log_base + ratio), case.oracle.log_z, atol=1e-10)
    np.testing.assert_allclose(np.exp(log_base - log_sum(log_base)) @ v, mean)


def errors(method, n_seeds, n_chains, mean=None):
    """(estimate - log Z) / standard error, and the number of doubts."""
    found, doubted = [], 0
    effort = Effort(betas=30, n_chains=n_chains, n_sweeps=10)
    for seed in range(n_seeds):
        estimate, reasons = estimate_log_partition(
            *(LARGER.model, LARGER.params),
            method=method,
            effort=effort,
            visible_mean=mean,
            key=(seed, 5),
        )
        found.append((estimate.value - LARGER.oracle.log_z) / estimate.standard_error)
        doubted += bool(reasons)
    return np.array(found), doubted


@pytest.mark.parametrize("method, n_seeds", [("ais", 8), ("reverse_ais", 1)])
def test_annealing_is_right_within_its_error_bars(method, n_seeds):
    """8 seeds: 95 % intervals miss 4 or more with a probability of 0.0004."""
    mean = LARGER.model.visible_unit.interior(rows_of(LARGER, 50).mean(axis=0))
    found, doubted = errors(method, n_seeds, 100, mean)
    assert (abs(found) > 1.96).sum() <= 3 and abs(found).max() < 5
    assert doubted <= n_seeds // 8


def test_the_bridge_is_right_within_its_error_bars():
    found, doubted = errors("bridge", 2, 100)
    assert abs(found).max() < 5 and not doubted


@pytest.mark.parametrize("method, n_chains", [("ais", 1000), ("bridge", 1000)])
def test_annealing_with_cold_labels_is_rejected(method, n_chains, monkeypatch):
    law = "skboltz.units._categorical.gumbel"
    monkeypatch.setattr(law, lambda noise: 0.1 * gumbel(noise))
    found, doubted = errors(method, 1, n_chains)
    assert abs(found).min() > 5 or doubted


@all_cases
def test_the_mean_field_bound_is_below_log_z(case):
    v = modes.find(case.model, case.params, as_array(case.oracle.visible_states))[0]
    bound = mean_field.lower_bound(case.model, case.params, v)
    assert case.oracle.log_z - 1 < bound < case.oracle.log_z
    # Without weights the units are independent, and the bound is log Z itself.
    free = case.params._replace(weights=np.zeros_like(case.params.weights))
    log_z = exact_log_partition(case.model, free).value
    assert np.isclose(mean_field.lower_bound(case.model, free, v), log_z)


# Chains ---------------------------------------------------------------------------


def logistic_labels(patch):
    """Labels by the largest field + logistic noise: another law than the softmax."""
    patch.setattr("skboltz.units._categorical.gumbel", lambda noise: noise)


def by_binary_number(case):
    """P(v) where judges look for it: at the number that the columns spell."""
    n = case.oracle.n_visible
    table = np.zeros(2**n)
    numbers = as_array(case.oracle.visible_states) @ 2.0 ** np.arange(n)[::-1]
    table[numbers.astype(int)] = oracle_p(case.oracle)
    return table


def stays(case, params=None, dtype=np.float64):
    """Whether chains from an exact start keep to their law for three sweeps."""
    w, b, c = case.params if params is None else params
    params = BipartiteParams(
        w.astype(dtype), Bias(b.bias.astype(dtype)), Bias(c.bias.astype(dtype))
    )
    start = exact_start(case.oracle, N_CHAINS, np.random.default_rng(0)).astype(dtype)
    chains = gibbs.from_visible(case.model, params, start, STREAM)
    visible = gibbs.run(case.model, params, chains, 3).visible
    n_bits = case.model.visible_unit.groups[0].n_columns
    assert visible.dtype == dtype and (visible[:, n_bits:].sum(axis=1) == 1).all()
    return comes_from(visible, by_binary_number(case), 0.0, 1.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@all_cases
def test_chains_stay_in_the_distribution(case, dtype):
    assert stays(case, dtype=dtype)


@all_cases
def test_broken_chains_are_rejected(case, monkeypatch):
    w, b, c = case.params
    hot = BipartiteParams(w / 1.2, Bias(b.bias / 1.2), Bias(c.bias / 1.2))
    assert not stays(case, hot)
    label = b.bias.copy()
    label[case.model.visible_unit.groups[0].n_columns :] = 0  # their biases forgotten
    assert not stays(case, case.params._replace(visible=Bias(label)))
    logistic_labels(monkeypatch)
    assert not stays(case)


# Learning -------------------------------------------------------------------------


def slopes(case, rows):
    """Finite differences of the enumerated mean log-likelihood."""
    rows = [tuple(row) for row in rows]
    n_bits = case.model.visible_unit.groups[0].n_columns
    arrays = case.params.weights, case.params.visible.bias, case.params.hidden.bias

    def with_array(i):
        def mean_log_likelihood(array):
            oracle = LabelledOracle(*arrays[:i], array, *arrays[i + 1 :], n_bits)
            return sum(oracle.log_likelihood(row) for row in rows) / len(rows)

        return mean_log_likelihood

    return [finite_difference(with_array(i), array) for i, array in enumerate(arrays)]


@all_cases
def test_the_exact_step_is_the_slope_of_the_log_likelihood(case):
    rows = rows_of(case)
    step = step_of(recipe(case, Enumeration()), case.params, rows, rate=1.0)
    for made, expected in zip(step, slopes(case, rows), strict=True):
        np.testing.assert_allclose(made, expected, atol=2e-9)
    # Rows that differ in one label have another slope.
    label = slice(case.model.visible_unit.groups[0].n_columns, None)
    rows[0, label] = np.roll(rows[0, label], 1)
    assert abs(step[0] - slopes(case, rows)[0]).max() > 1e-3


def test_the_centered_step_is_the_slope_in_centered_parameters():
    """By the chain rule, as the weights enter b = b_c - W'l and c = c_c - Wm."""
    case, rng, rate = CASES[0], np.random.default_rng(0), 1e-7
    rows = rows_of(case)
    offsets = Offsets(rng.random(5), rng.random(3))
    parts = recipe(case, Enumeration(), centered=True)
    step = step_of(parts, case.params, rows, rate, offsets=offsets)
    dw, db, dc = slopes(case, rows)
    dw = dw - np.outer(offsets.hidden, db) - np.outer(dc, offsets.visible)
    expected = dw, db - offsets.hidden @ dw, dc - dw @ offsets.visible
    for made, slope in zip(step, expected, strict=True):
        np.testing.assert_allclose(made / rate, slope, atol=1e-7)


def negative_means(case, negative, n_updates, rows):
    """E[hv'] and E[v] of the last of some updates at fixed parameters."""
    state = negative.init(case.model, case.params, STREAM)
    for _ in range(n_updates):
        data = data_phase(case.model, case.params, rows)
        sums, state = negative.step(case.model, case.params, state, data)
    product = sums.product() / sums.weight
    return np.vstack([product, sums.means()[0]])


def error_bound(case, n=N_CHAINS):
    """Values within [0, 1]: the error of their means is at most 1 / (2 sqrt(n))."""
    n_means = case.params.weights.size + case.oracle.n_visible
    return norm.isf(ALPHA / (2 * n_means)) / (2 * n**0.5)


N_SETTLING = 10_000
SETTLING = {
    "PCD": PersistentContrastiveDivergence(k=1, n_chains=N_SETTLING),
    "tempered": TemperedContrastiveDivergence(k=1, n_chains=N_SETTLING, n_rungs=3),
}


@pytest.mark.parametrize("negative", SETTLING.values(), ids=SETTLING)
def test_chains_settle_at_the_moments_of_the_model(negative, monkeypatch):
    case = CASES[0]
    mean_v, _, product = case.oracle.moments()
    expected = np.vstack([product, mean_v])

    def error():
        return abs(negative_means(case, negative, 25, rows_of(case)) - expected).max()

    assert error() < error_bound(case, N_SETTLING)
    logistic_labels(monkeypatch)
    assert error() > error_bound(case, N_SETTLING)


def after_sweep(case, start):
    """E[h v'] and E[v] after a sweep from one row, by products of conditionals."""
    states, hidden = case.oracle.visible_states, case.oracle.hidden_states
    joint = np.array([[case.oracle.joint(v, h) for h in hidden] for v in states])
    up = joint[states.index(start)] / joint[states.index(start)].sum()
    law = (joint / joint.sum(axis=0)) @ up
    means = np.array([case.oracle.hidden_mean(v) for v in states])
    return np.vstack([(means * law[:, None]).T @ states, law @ states])


def test_contrastive_divergence_takes_a_sweep_from_the_data():
    case = CASES[0]
    start = case.oracle.visible_states[2]
    rows, expected = np.tile(as_array([start]), (N_CHAINS, 1)), after_sweep(case, start)

    def error(k):
        found = negative_means(case, ContrastiveDivergence(k), 1, rows)
        return abs(found - expected).max()

    assert error(1) < error_bound(case)
    assert error(2) > error_bound(case)  # one sweep too many is seen


@all_cases
def test_a_training_starts_at_the_frequencies_of_the_labels(case):
    """Labels by Laplace's rule, one more sample of each class; bits likewise."""
    n_bits, n_classes = (g.n_columns for g in case.model.visible_unit.groups)
    rows = rows_of(case, 20)
    rows[:, n_bits:] = np.eye(n_classes)[0]  # the others are in no row
    mean = rows.mean(axis=0)
    params = initial_params(case.model, STREAM, mean, 20, 6, np.float32)
    assert {array.dtype for array in params.arrays()} == {np.dtype(np.float32)}
    assert type(params.visible) is Bias and params.weights.shape == (6, len(mean))
    found = case.model.visible_unit.mean(params.visible, params.visible.bias)
    bits = [(sum(column) + 1) / 22 for column in rows[:, :n_bits].T]
    label = [21 / (20 + n_classes), *[1 / (20 + n_classes)] * (n_classes - 1)]
    np.testing.assert_allclose(found, bits + label, rtol=1e-5)


# Two patterns, each with its label; the first bit is 0 in all rows.
PATTERNS = np.repeat([[0.0, 1, 0, 1, 0], [0, 0, 1, 0, 1]], 20, axis=0)


def training_of(negative, centered=False):
    """A recipe for the patterns, and its state at the start."""
    case, mean = CASES[0], PATTERNS.mean(axis=0)
    params = initial_params(case.model, STREAM, mean, len(PATTERNS), 4, np.float32)
    parts = recipe(case, negative, centered=centered, batch_size=20)
    return parts, parts.copy(parts.init(params, mean, (1, 2)))


@pytest.mark.parametrize("centered", [False, True])
@pytest.mark.parametrize("negative", PHASES.values(), ids=PHASES)
def test_training_learns_which_label_goes_with_which_bits(negative, centered):
    """Independent units reach no more than -3 log 2, the entropy is log 2."""
    parts, state = training_of(negative, centered)
    data = Data(PATTERNS, None)
    assert mean_log_likelihood(parts.model, state.params, PATTERNS) < -3 * np.log(2)
    for _ in range(100):
        state, _ = epoch(parts, state, data, 0.2)
    assert {array.dtype for array in state.params.arrays()} == {np.dtype(np.float32)}
    reached = mean_log_likelihood(parts.model, state.params, PATTERNS)
    assert -2 * np.log(2) < reached < -np.log(2)


def test_an_epoch_is_guarded_where_a_bit_is_the_same_in_all_rows():
    """Independent units of these means would have infinite biases."""
    parts, state = training_of(PHASES["CD"])
    *_, rate = guarded_epoch(parts, state, Data(PATTERNS, None), 0.2)
    assert rate == 0.2


def mean_log_likelihood(model, params, rows):
    log_z = exact_log_partition(model, params)
    return exact_log_likelihood(model, params, rows, log_z).mean()
