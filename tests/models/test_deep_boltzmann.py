"""A deep Boltzmann machine of two hidden layers: columns of which some are latent.

    E(v, h1, h2) = -b'v - c1'h1 - c2'h2 - h1'W1 v - h2'W2 h1

(Salakhutdinov & Hinton 2009, "Deep Boltzmann machines").  v and h2 see h1 alone, so
that side by side they are the visible layer of a bipartite machine.
"""

import itertools
import math

import numpy as np
import pytest
from learning_parts import recipe
from model_cases import BipartiteCase
from oracles import configurations, log_sum

from skboltz.learning import (
    Data,
    PersistentContrastiveDivergence,
    epoch,
    initial_params,
    is_sound,
)
from skboltz.likelihood import (
    conditional_means,
    exact_log_partition,
    marginal_free_energy,
)
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream
from skboltz.units import BERNOULLI, Bias, Columns

N_V, N_1, N_2 = 3, 3, 2
UNIT = Columns(((BERNOULLI, N_V), (BERNOULLI, N_2, "latent")))
MODEL = Bipartite(UNIT, BERNOULLI)
BITS = (0.0, 1.0)


def machine(seed=0):
    rng = np.random.default_rng(seed)
    w1, w2 = rng.normal(size=(N_1, N_V)), rng.normal(size=(N_2, N_1))
    return w1, w2, *(rng.normal(size=n) for n in (N_V, N_1, N_2))


def params_of(w1, w2, b, c1, c2):
    both = np.hstack([w1, w2.T])
    return BipartiteParams(both, Bias(np.concatenate([b, c2])), Bias(c1))


def energy(w1, w2, b, c1, c2, v, h1, h2):
    total = 0.0
    for bias, x in ((b, v), (c1, h1), (c2, h2)):
        total -= sum(a * y for a, y in zip(bias, x, strict=True))
    for j, k in itertools.product(range(N_1), range(N_V)):
        total -= h1[j] * w1[j][k] * v[k]
    for j, k in itertools.product(range(N_2), range(N_1)):
        total -= h2[j] * w2[j][k] * h1[k]
    return total


def weights_of(arrays, v):
    """-E of every state of both hidden layers."""
    return {
        (h1, h2): -energy(*arrays, v, h1, h2)
        for h1 in configurations(BITS, N_1)
        for h2 in configurations(BITS, N_2)
    }


VISIBLE = configurations(BITS, N_V)
ROWS = np.hstack([VISIBLE, np.full((len(VISIBLE), N_2), np.nan)])


def test_roles_are_known():
    np.testing.assert_array_equal(UNIT.has_role("latent"), [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(UNIT.has_role("data"), [1, 1, 1, 0, 0])
    assert not UNIT.has_role("label").any()
    assert UNIT.without("latent") == BERNOULLI


def test_log_z():
    arrays = machine()
    logs = [w for v in VISIBLE for w in weights_of(arrays, v).values()]
    found = exact_log_partition(MODEL, params_of(*arrays)).value
    assert math.isclose(found, log_sum(logs), rel_tol=1e-13)


def test_free_energies_of_the_data():
    arrays = machine()
    found = marginal_free_energy(MODEL, params_of(*arrays), ROWS)
    expected = [-log_sum(weights_of(arrays, v).values()) for v in VISIBLE]
    np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_posteriors_of_both_hidden_layers():
    arrays = machine(1)
    visible, first = conditional_means(MODEL, params_of(*arrays), ROWS)
    for row, v in enumerate(VISIBLE):
        weights = weights_of(arrays, v)
        total = log_sum(weights.values())
        one, two = np.zeros(N_1), np.zeros(N_2)
        for (h1, h2), log_weight in weights.items():
            share = math.exp(log_weight - total)
            one += share * np.array(h1)
            two += share * np.array(h2)
        np.testing.assert_allclose(first[row], one, rtol=1e-12)
        np.testing.assert_allclose(visible[row, N_V:], two, rtol=1e-12)


@pytest.mark.parametrize("centered", [False, True], ids=["plain", "centered"])
def test_it_learns_with_no_value_of_its_second_layer(centered):
    """Rows 000 and 111, each half of the time; no more than log 2 can be learnt."""
    data = np.repeat([[0.0] * 3, [1.0] * 3], 50, axis=0)
    rows = np.hstack([data, np.full((100, N_2), np.nan)])
    mean = np.append(data.mean(axis=0), UNIT.resting(5)[N_V:])
    start = initial_params(
        MODEL, Stream((5, 6), Purpose.WEIGHTS), mean, 100.0, N_1, np.float64
    )
    phase = PersistentContrastiveDivergence(k=2, n_chains=100)
    case = BipartiteCase("deep", MODEL, start, None)
    parts = recipe(case, phase, centered=centered, batch_size=20)
    state = parts.init(start, mean, (1, 2))
    state = parts.resume(state, start, Data(rows, None))
    before = likelihood(start, rows)
    for rate in np.linspace(0.2, 0.0, 200, endpoint=False):
        state, _ = epoch(parts, state, Data(rows, None), rate)
    assert is_sound(parts, state, Data(rows, None))
    assert before < -2.0 and likelihood(state.params, rows) > -1.0  # at most -0.69
    # The second layer takes part.
    assert np.linalg.norm(state.params.weights[:, N_V:]) > 0.25


def likelihood(params, rows):
    log_z = exact_log_partition(MODEL, params).value
    return float(np.mean(-marginal_free_energy(MODEL, params, rows) - log_z))
