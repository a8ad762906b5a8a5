"""Negative phases against expectations under the enumerated model."""

import numpy as np
import pytest
from judges import ALPHA
from model_cases import BIPARTITE, by_name
from scipy.stats import norm

from skboltz.learning import (
    ContrastiveDivergence,
    Enumeration,
    PersistentContrastiveDivergence,
)
from skboltz.learning._positive import data_phase
from skboltz.sampling import Purpose, Stream, gibbs


def negative_means(case, negative, state, rows=None):
    """E[hv'], E[v], E[h] of a negative phase, and its state."""
    rows = np.zeros((1, case.oracle.n_visible)) if rows is None else rows
    data = data_phase(case.model, case.params, rows)
    sums, state = negative.step(case.model, case.params, state, data)
    product = sums.hidden_factor.T @ sums.visible_factor / sums.weight
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
