"""Negative phases against expectations under the enumerated model."""

import numpy as np
import pytest
from judges import ALPHA
from model_cases import BIPARTITE, by_name
from scipy.stats import norm

from skboltz.learning import (
    ContrastiveDivergence,
    Enumeration,
    FastPersistentContrastiveDivergence,
    PersistentContrastiveDivergence,
    RandomRestart,
    TemperedContrastiveDivergence,
)
from skboltz.learning.two_phase._positive import data_phase
from skboltz.sampling import Purpose, Stream, annealing, gibbs, tempering
from skboltz.units import Bias


def negative_means(case, negative, state, rows=None):
    """E[hv'], E[v], E[h] of a negative phase, and its state."""
    rows = np.zeros((1, case.oracle.n_visible)) if rows is None else rows
    data = data_phase(case.model, case.params, rows)
    sums, state = negative.step(case.model, case.params, state, data)
    product = sums.product() / sums.weight
    return (product, *sums.means()), state


STREAM = Stream((3, 4), Purpose.CHAINS)


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_enumeration_gives_the_moments_of_the_model(case):
    negative = Enumeration()
    state = negative.init(case.model, case.params, STREAM)
    (product, mean_v, mean_h), _ = negative_means(case, negative, state)
    expected_v, expected_h, expected_product = case.oracle.moments()
    np.testing.assert_allclose(product, expected_product, atol=1e-12)
    np.testing.assert_allclose(mean_v, expected_v, atol=1e-12)
    np.testing.assert_allclose(mean_h, expected_h, atol=1e-12)


def test_enumeration_in_many_blocks_gives_the_same(monkeypatch):
    case = BIPARTITE[3]
    monkeypatch.setattr("skboltz.sampling._enumeration._BLOCK_ELEMENTS", 8)
    (product, mean_v, mean_h), _ = negative_means(case, Enumeration(), STREAM)
    for made, expected in zip(
        (mean_v, mean_h, product), case.oracle.moments(), strict=True
    ):
        np.testing.assert_allclose(made, expected, atol=1e-12)


def expected_after_sweeps(case, start, k):
    """E[h_mean v'] after k sweeps from one row, by products of conditionals."""
    states, hidden = case.oracle.visible_states, case.oracle.hidden_states
    joint = np.array([[case.oracle.joint(v, h) for h in hidden] for v in states])
    up = joint / joint.sum(axis=1, keepdims=True)
    down = (joint / joint.sum(axis=0)).T
    law = np.zeros(len(states))
    law[states.index(start)] = 1
    for _ in range(k):
        law = law @ up @ down
    means = np.array([case.oracle.hidden_mean(v) for v in states])
    return np.einsum("s,sj,si->ji", law, means, np.array(states, dtype=float))


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize(**by_name([BIPARTITE[1], BIPARTITE[5]]))
def test_contrastive_divergence_takes_k_sweeps_from_the_data(case, k):
    """Mean over many rows of one start: within the error of the mean."""
    n, start = 40_000, case.oracle.visible_states[2]
    rows = np.tile(np.array(start, dtype=float), (n, 1))

    def error(sweeps):
        (product, _, _), _ = negative_means(
            case, ContrastiveDivergence(sweeps), STREAM, rows
        )
        return abs(product - expected_after_sweeps(case, start, k)).max()

    # Products lie within [-1, 1]: the error of their mean is at most 1/sqrt(n).
    bound = norm.isf(ALPHA / product_size(case)) / np.sqrt(n)
    assert error(k) < bound
    if k == 1:
        assert error(2) > bound  # one sweep too many is seen


def product_size(case):
    return 2 * case.params.weights.size


@pytest.mark.parametrize("k", [1, 4])
def test_persistent_chains_go_on_where_they_were(k):
    case = BIPARTITE[1]
    negative = PersistentContrastiveDivergence(k=k, n_chains=5)
    chains = negative.init(case.model, case.params, STREAM)
    _, after = negative_means(case, negative, chains)
    expected = gibbs.run(case.model, case.params, chains, k)
    np.testing.assert_array_equal(after.visible, expected.visible)
    np.testing.assert_array_equal(after.hidden, expected.hidden)


def test_chains_may_run_before_they_are_needed():
    case, usual = BIPARTITE[1], {"k": 1, "n_chains": 5}
    fresh = PersistentContrastiveDivergence(**usual)
    burnt = PersistentContrastiveDivergence(**usual, burn_in=7)
    expected = fresh.init(case.model, case.params, STREAM)
    expected = gibbs.run(case.model, case.params, expected, 7)
    chains = burnt.init(case.model, case.params, STREAM)
    np.testing.assert_array_equal(chains.visible, expected.visible)
    assert chains.stream == expected.stream


def test_the_number_of_chains_is_not_that_of_the_rows():
    case = BIPARTITE[1]
    negative = PersistentContrastiveDivergence(k=1, n_chains=7)
    chains = negative.init(case.model, case.params, STREAM)
    data = data_phase(case.model, case.params, np.zeros((3, 4)))
    sums, _ = negative.step(case.model, case.params, chains, data)
    assert sums.weight == 7 and data.sums.weight == 3


def test_states_of_other_phases_are_not_accepted():
    case = BIPARTITE[1]
    five = PersistentContrastiveDivergence(k=1, n_chains=5)
    chains = five.init(case.model, case.params, STREAM)
    assert five.accepts(chains) and not five.accepts(STREAM)
    assert not PersistentContrastiveDivergence(k=1, n_chains=6).accepts(chains)
    for negative in (ContrastiveDivergence(1), Enumeration()):
        assert negative.accepts(STREAM) and not negative.accepts(chains)


def settled_means(case, negative, n_updates):
    """Mean moments over some updates at fixed parameters."""
    state = negative.init(case.model, case.params, STREAM)
    total = 0.0
    for _ in range(n_updates):
        (product, mean_v, mean_h), state = negative_means(case, negative, state)
        total = total + np.concatenate([product.ravel(), mean_v, mean_h])
    return total / n_updates, state


def model_means(case):
    mean_v, mean_h, product = case.oracle.moments()
    return np.concatenate([product.ravel(), mean_v, mean_h])


@pytest.mark.parametrize(**by_name(BIPARTITE[1:]))
def test_tempered_chains_settle_at_the_moments_of_the_model(case):
    """The last of 30 updates of many chains: within the error of a mean."""
    n = 10_000
    negative = TemperedContrastiveDivergence(k=1, n_chains=n, n_rungs=4)
    state = negative.init(case.model, case.params, STREAM)
    for _ in range(30):
        found, state = negative_means(case, negative, state)
    found = np.concatenate([part.ravel() for part in found])
    bound = norm.isf(ALPHA / product_size(case)) / np.sqrt(n)
    assert abs(found - model_means(case)).max() < bound
    # Another rung than the coldest would be noticed.
    hottest = state.replicas.visible[0].mean(axis=0)
    assert abs(hottest - case.oracle.moments()[0]).max() > bound


def test_stale_inputs_of_tempered_chains_are_renewed():
    """Weights that moved since the last update: the chains follow the new model."""
    case, n = BIPARTITE[1], 10_000
    negative = TemperedContrastiveDivergence(k=1, n_chains=n, n_rungs=3)
    other = case.params._replace(weights=-case.params.weights)
    state = negative.init(case.model, other, STREAM)
    for _ in range(60):
        found, state = negative_means(case, negative, state)
    found = np.concatenate([part.ravel() for part in found])
    bound = norm.isf(ALPHA / product_size(case)) / np.sqrt(n)
    assert abs(found - model_means(case)).max() < bound


def test_rungs_move_to_even_rates():
    case = BIPARTITE[3]
    negative = TemperedContrastiveDivergence(k=1, n_chains=50, n_rungs=6)
    _, state = settled_means(case, negative, 400)
    assert state.betas[0] == 0 and state.betas[-1] == 1
    assert (np.diff(state.betas) > 0).all()
    even = np.linspace(0, 1, 6)
    path = annealing.base_path(case.model, case.params)

    def spread(betas):
        replicas = tempering.init(path, STREAM, betas, 500)
        return np.ptp(tempering.run(path, betas, replicas, 100).swap_rates())

    assert spread(state.betas) < 0.5 * spread(even)


def test_without_fast_weights_fast_chains_are_persistent_chains():
    case = BIPARTITE[1]
    slow = PersistentContrastiveDivergence(k=2, n_chains=6)
    fast = FastPersistentContrastiveDivergence(k=2, n_chains=6, fast_rate=0.0)
    chains = slow.init(case.model, case.params, STREAM)
    state = fast.init(case.model, case.params, STREAM)
    for _ in range(3):
        expected, chains = negative_means(case, slow, chains)
        found, state = negative_means(case, fast, state)
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-15)


def test_fast_weights_follow_the_gradient_and_decay():
    """Two updates by hand: f1 = r g1, f2 = 0.95 f1 + r g2; chains feel W + f."""
    case, rate = BIPARTITE[1], 0.3
    fast = FastPersistentContrastiveDivergence(k=1, n_chains=6, fast_rate=rate)
    state = fast.init(case.model, case.params, STREAM)
    rows = np.array(case.oracle.visible_states, dtype=float)[:5]
    data = data_phase(case.model, case.params, rows)
    expected = 0.0
    for _ in range(2):
        driven = case.params._replace(weights=case.params.weights + state.fast.weights)
        driven = driven._replace(
            visible=Bias(case.params.visible.bias + state.fast.visible.bias),
            hidden=Bias(case.params.hidden.bias + state.fast.hidden.bias),
        )
        chains = gibbs.step(case.model, driven, state.chains)
        negative, state = fast.step(case.model, case.params, state, data)
        np.testing.assert_array_equal(state.chains.visible, chains.visible)
        gradient = data.sums.product() / 5 - negative.product() / 6
        expected = 0.95 * expected + rate * gradient
        np.testing.assert_allclose(state.fast.weights, expected, atol=1e-12)


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize(**by_name([BIPARTITE[1], BIPARTITE[5]]))
def test_restarts_are_k_sweeps_from_even_odds(case, k):
    n = 40_000
    starts = case.oracle.visible_states
    bound = norm.isf(ALPHA / product_size(case)) / np.sqrt(n)

    law = np.mean([expected_after_sweeps(case, start, k) for start in starts], 0)

    def error(sweeps):
        (product, _, _), _ = negative_means(case, RandomRestart(sweeps, n), STREAM)
        return abs(product - law).max()

    assert error(k) < bound
    # Weights at two thirds would be noticed.
    weak = case._replace(
        params=case.params._replace(weights=2 / 3 * case.params.weights)
    )
    (product, _, _), _ = negative_means(weak, RandomRestart(k, n), STREAM)
    assert abs(product - law).max() > bound


def test_no_phase_takes_the_state_of_another():
    case = BIPARTITE[1]
    phases = [
        PersistentContrastiveDivergence(k=1, n_chains=5),
        TemperedContrastiveDivergence(k=1, n_chains=5, n_rungs=3),
        FastPersistentContrastiveDivergence(k=1, n_chains=5, fast_rate=0.1),
    ]
    states = [phase.init(case.model, case.params, STREAM) for phase in phases]
    for i, phase in enumerate(phases):
        assert [phase.accepts(state) for state in states] == [j == i for j in range(3)]
