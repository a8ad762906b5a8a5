"""Sequential sweeps: the textbook chain, and one that stays in its distribution."""

import numpy as np
import pytest
from judges import comes_from
from kernel_twins import TWINS
from oracles import configurations, pairwise_energy

from skboltz import config_context, kernels
from skboltz.sampling import Purpose, Stream, sequential

KERNELS = ["numpy", "numba"][: len(TWINS)]
UNITS = [(0.0, 1.0), (-1.0, 1.0)]
SYMMETRIC = [True, False]
N_UNITS, N_CHAINS, N_SWEEPS = 7, 40_000, 3


def network(n_units, symmetric, seed=0):
    """Whole couplings [receiver, sender] and biases: all sums are exact."""
    rng = np.random.default_rng(seed)
    coupling = rng.integers(-4, 5, (n_units, n_units)).astype(np.float32)
    if symmetric:
        coupling = np.triu(coupling, 1) + np.triu(coupling, 1).T
    np.fill_diagonal(coupling, 0)
    return coupling, rng.integers(-4, 5, n_units).astype(np.float32)


def chains(n_units, n_chains, low, high, seed=1):
    """States and thresholds; many ties, and some clamped units."""
    rng = np.random.default_rng(seed)
    state = rng.choice(np.float32([low, high]), (n_units, n_chains))
    threshold = rng.integers(-20, 21, state.shape).astype(np.float32)
    clamped = rng.random(state.shape) < 0.1
    threshold[clamped] = np.where(state == high, -np.inf, np.inf)[clamped]
    return state, threshold


# 65 units need two blocks, 129 chains two shards.
@pytest.mark.parametrize("shape", [(1, 1), (64, 128), (65, 129), (150, 300)])
@pytest.mark.parametrize("symmetric", SYMMETRIC)
@pytest.mark.parametrize("low, high", UNITS)
@pytest.mark.parametrize("name", KERNELS)
def test_blocks_are_the_textbook_loop(name, low, high, symmetric, shape):
    coupling, bias = network(shape[0], symmetric)
    state, threshold = chains(*shape, low, high)
    expected = state.astype(float)
    for i in range(shape[0]):
        field = coupling[i].astype(float) @ expected + bias[i]
        above, below = field > threshold[i], field < threshold[i]
        expected[i] = np.where(above, high, np.where(below, low, expected[i]))
    flipped, before = np.ascontiguousarray(state.T), state.copy()
    with config_context(kernels=name):
        sequential.sweep(coupling, bias, state, threshold, low, high)
        outgoing = np.ascontiguousarray(coupling.T)
        order, limits = np.arange(shape[0]), np.ascontiguousarray(threshold.T)
        field = flipped @ outgoing + bias
        kernels.flip_sweep(flipped, field, outgoing, order, limits, low, high)
    np.testing.assert_array_equal(state, expected)
    np.testing.assert_array_equal(flipped.T, expected)
    clamped = np.isinf(threshold)
    np.testing.assert_array_equal(state[clamped], before[clamped])


def test_a_threshold_may_be_common_to_all_chains():
    coupling, bias = network(70, False)
    state, threshold = chains(70, 140, -1, 1)
    common, each = state.copy(), state.copy()
    sequential.sweep(coupling, bias, common, threshold[:, :1], -1, 1)
    repeated = np.repeat(threshold[:, :1], 140, axis=1)
    sequential.sweep(coupling, bias, each, repeated, -1, 1)
    np.testing.assert_array_equal(common, each)


@pytest.mark.skipif(len(KERNELS) < 2, reason="this run is without Numba on purpose")
def test_both_kernels_walk_the_same_chain():
    rng = np.random.default_rng(2)
    coupling = rng.standard_normal((100, 100)).astype(np.float32)
    np.fill_diagonal(coupling, 0)
    bias, walks = rng.standard_normal(100).astype(np.float32), []
    start, _ = chains(100, 200, -1, 1)
    noise = rng.logistic(size=(10, *start.shape)).astype(np.float32)
    for name in KERNELS:
        state = start.copy()
        with config_context(kernels=name):
            for threshold in noise:
                sequential.sweep(coupling, bias, state, threshold, -1, 1)
        walks.append(state)
    np.testing.assert_array_equal(*walks)


# No drift -------------------------------------------------------------------------


class Machine:
    """A small pairwise machine and its distribution, enumerated by loops."""

    def __init__(self, low, high):
        rng = np.random.default_rng(5)
        coupling = np.triu(rng.normal(0, 0.7, (N_UNITS, N_UNITS)), 1)
        self.coupling, self.bias = coupling + coupling.T, rng.normal(0, 0.7, N_UNITS)
        self.low, self.high = low, high
        self.states = configurations((low, high), N_UNITS)
        weight = np.exp(
            [-pairwise_energy(self.coupling, self.bias, s) for s in self.states]
        )
        self.probability = weight / weight.sum()

    def walk(self, sweep=sequential.sweep, temperature=1.0, bias=None):
        """States of chains that start in the distribution, after some sweeps."""
        rng = np.random.default_rng(0)
        numbers = rng.choice(len(self.states), N_CHAINS, p=self.probability)
        state = np.array(self.states, np.float32)[numbers].T.copy()
        stream = Stream(key=(1, 2), purpose=Purpose.SAMPLE)
        bias = self.bias if bias is None else bias
        args = self.coupling.astype(np.float32), bias.astype(np.float32)
        for _ in range(N_SWEEPS):
            noise, stream = stream.draw(state.shape, np.float32)
            # High iff (high - low) field > temperature times logistic noise.
            noise *= np.float32(temperature / (self.high - self.low))
            sweep(*args, state, noise, self.low, self.high)
        return state.T

    def holds(self, rows):
        return comes_from(rows, self.probability, self.low, self.high)


MACHINES = [Machine(*unit) for unit in UNITS]
each_machine = pytest.mark.parametrize("machine", MACHINES, ids=["bits", "spins"])


@pytest.mark.parametrize("name", KERNELS)
@each_machine
def test_chains_stay_in_the_distribution(machine, name):
    with config_context(kernels=name):
        assert machine.holds(machine.walk())


@each_machine
def test_a_temperature_off_by_a_fifth_is_rejected(machine):
    assert not machine.holds(machine.walk(temperature=1.2))


@each_machine
def test_a_forgotten_bias_is_rejected(machine):
    assert not machine.holds(machine.walk(bias=np.zeros(N_UNITS)))


@each_machine
def test_fields_from_before_the_sweep_are_rejected(machine):
    def stale(coupling, bias, state, threshold, low, high):
        field = coupling @ state + bias[:, None]
        state[:] = np.where(field > threshold, high, low)

    assert not machine.holds(machine.walk(sweep=stale))
