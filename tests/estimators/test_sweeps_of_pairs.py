"""`inverse_transform`, `reconstruct` and `gibbs` where all units may be coupled."""

import numpy as np
import pytest
from judges import comes_from
from oracles import PairwiseOracle, configurations

from skboltz import BoltzmannMachine

RNG = np.random.default_rng(0)
N, N_HIDDEN = 3, 2
J = np.triu(RNG.normal(0, 1.5, (N + N_HIDDEN, N + N_HIDDEN)), 1)
J, B = J + J.T, RNG.normal(size=N + N_HIDDEN)
VALUES = [(0.0, 1.0), (-1.0, 1.0)]
N_ROWS = 20_000


def machine(values, beta=1.0):
    given = {"n_features": N, "values": values, "random_state": 0}
    return BoltzmannMachine.from_params(beta * J, beta * B, **given)


@pytest.mark.parametrize("values", VALUES)
def test_visible_means_are_those_given_the_hidden_units(values):
    exact, found = PairwiseOracle(J, B, values), machine(values)
    hidden = configurations(values, N_HIDDEN)
    known = [[np.nan] * N + list(h) for h in hidden]
    expected = [exact.moments(row)[0][:N] for row in known]
    np.testing.assert_allclose(found.inverse_transform(hidden), expected, rtol=1e-9)
    with pytest.raises(ValueError, match="n_hidden = 2 values"):
        found.inverse_transform([[0.0]])


@pytest.mark.parametrize("values", VALUES)
def test_a_reconstruction_goes_by_the_hidden_units(values):
    exact, found = PairwiseOracle(J, B, values), machine(values)
    v = [values[1], values[0], values[1]]
    table = exact.table([*v, np.nan, np.nan])
    hidden = [state[N:] for state in exact.states([*v, np.nan, np.nan])]
    expected = table @ found.inverse_transform(hidden)
    again = found.reconstruct(np.tile(v, (N_ROWS, 1)), random_state=0).mean(axis=0)
    # Hidden units come from ten sweeps, whose rest is far below this error.
    error = (values[1] - values[0]) / 2 / np.sqrt(N_ROWS)
    np.testing.assert_allclose(again, expected, atol=5 * error)


@pytest.mark.parametrize("values", VALUES)
def test_a_sweep_keeps_the_distribution(values):
    exact = PairwiseOracle(J, B, values)
    law, states = exact.visible_marginal(N), np.array(configurations(values, N))
    start = states[RNG.choice(len(law), N_ROWS, p=law)]
    after = machine(values).gibbs(start)
    assert (after != start).any()
    assert comes_from(after, law, *values)
    assert not comes_from(machine(values, 1 / 1.2).gibbs(start), law, *values)


def test_more_sweeps_come_to_the_means_of_the_machine():
    exact, found = PairwiseOracle(J, B, (0, 1)), machine((0, 1))
    rows = np.zeros((N_ROWS, N))
    mean = found.reconstruct(rows, k=50, random_state=0).mean(axis=0)
    expected = exact.moments([np.nan] * (N + N_HIDDEN))[0][:N]
    np.testing.assert_allclose(mean, expected, atol=5 * 0.5 / np.sqrt(N_ROWS))


def test_gibbs_goes_on_with_a_sequence_of_its_own():
    one, other = machine((0, 1)), machine((0, 1))
    v = np.zeros((50, N))
    first, second = one.gibbs(v), one.gibbs(v)
    assert (first != second).any()
    np.testing.assert_array_equal(other.gibbs(v), first)
    assert one.gibbs(v[0]).shape == (N,)


def test_without_hidden_units_nothing_goes_by_them():
    pairs = BoltzmannMachine.from_params(J, B, random_state=0)
    assert not hasattr(pairs, "reconstruct")
    assert not hasattr(pairs, "inverse_transform")
    assert pairs.gibbs(np.zeros((2, N + N_HIDDEN))).shape == (2, N + N_HIDDEN)
