"""Networks whose sums are exact, and the dynamics that recall by them."""

from fractions import Fraction

import numpy as np
import pytest
from judges import ALPHA, comes_from
from kernel_twins import TWINS
from oracles import configurations, pairwise_energy
from scipy.integrate import quad
from scipy.stats import norm

from skboltz import config_context, kernels
from skboltz.sampling import (
    DYNAMICS,
    Asynchronous,
    GradedResponse,
    Purpose,
    Status,
    Stochastic,
    Stream,
    Synchronous,
    recall,
    spin_energy,
    spin_field,
    spin_network,
)

STREAM = Stream(key=(1, 2), purpose=Purpose.CHAINS)
SEEDS = range(20)


def coins(shape, seed=0):
    return np.random.default_rng([99, seed]).choice([-1.0, 1.0], shape)


def couplings(n, seed=0, symmetric=True, whole=True):
    """Couplings and biases; whole ones are small, so that ties are frequent."""
    rng = np.random.default_rng([n, seed])
    if whole:
        J, b = (rng.integers(-2, 3, shape).astype(float) for shape in [(n, n), n])
    else:
        J, b = (rng.standard_normal(shape) for shape in [(n, n), n])
    J = np.triu(J, 1) + np.triu(J, 1).T if symmetric else J
    np.fill_diagonal(J, 0)
    return J, b


def run(dynamics, net, cues, clamped=None, stream=STREAM, **options):
    """Recall, with the states and the energies of all steps."""
    clamped = np.zeros(cues.shape, bool) if clamped is None else clamped
    states, energies = [], []

    def watch(motion):
        states.append(motion.state.copy())
        energies.append(dynamics.energy(net, motion))

    end = recall.run(dynamics, net, cues, clamped, stream, watch=watch, **options)
    return end, np.array(states), np.array(energies)


def exact_fields(J, b, states):
    """Fields by fractions."""
    J, b = [[Fraction(x) for x in row] for row in J.tolist()], b.tolist()
    return np.array(
        [
            [
                float(Fraction(b[i]) + sum(J[i][j] * int(s[j]) for j in range(len(b))))
                for i in range(len(b))
            ]
            for s in states.tolist()
        ]
    )


# Networks -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reach, dtype",
    [
        (3, np.float32),
        (2**24 - 1, np.float32),
        (2**24, np.float64),
        (2**53 - 1, np.float64),
    ],
)
def test_whole_numbers_keep_their_values(reach, dtype):
    J, b = np.array([[0.0, reach - 1], [-1.0, 0.0]]), np.array([-1.0, 0.0])
    net = spin_network(J, b)
    assert net.coupling.dtype == net.bias.dtype == net.outgoing.dtype == dtype
    np.testing.assert_array_equal(net.coupling, J)
    np.testing.assert_array_equal(net.outgoing, J.T)
    np.testing.assert_array_equal(net.bias, b)
    ones = np.ones((1, 2), dtype)
    assert spin_field(net, ones).tolist() == [[reach - 2, -1]]
    assert spin_field(net, ones * [1, -1]).tolist() == [[-reach, -1]]


@pytest.mark.parametrize("size", [1e-200, 1e-3, 1.0, 1e3, 1e200])
@pytest.mark.parametrize("n", [1, 2, 33])
def test_rounding_keeps_the_stated_precision(n, size):
    J, b = (size * x for x in couplings(n, whole=False))
    net = spin_network(J, b)
    # Half a unit of 2^(ceil(log2 reach) + 1 - 53), and ceil(x) < x + 1.
    reach = (np.abs(J).sum(axis=1) + np.abs(b)).max()
    assert np.abs(net.coupling - J).max() < 2.0**-52 * reach
    assert np.abs(net.bias - b).max() < 2.0**-52 * reach
    np.testing.assert_array_equal(net.coupling, net.coupling.T)
    assert not np.diag(net.coupling).any()


def test_dyadic_couplings_are_not_rounded():
    J, b = couplings(20, symmetric=False)
    net = spin_network(J / 64, b / 64)
    np.testing.assert_array_equal(net.coupling, J / 64)
    np.testing.assert_array_equal(net.bias, b / 64)


def test_numbers_near_the_smallest_are_still_numbers():
    net = spin_network(np.array([[0, 1e-310], [1e-310, 0]]), np.zeros(2))
    assert np.isfinite(net.coupling).all()


def test_nothing_at_all_is_a_network():
    net = spin_network(np.zeros((3, 3)), np.zeros(3))
    assert not spin_field(net, coins((2, 3))).any()
    end = recall.run(Asynchronous(), net, coins((2, 3)), coins((2, 3)) > 2, STREAM)
    np.testing.assert_array_equal(end.state, coins((2, 3)))


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("seed", range(2))
def test_fields_are_exact_in_any_order_and_any_batch(seed, symmetric):
    n, rng = 40, np.random.default_rng(seed)
    J, b = couplings(n, seed, symmetric, whole=False)
    net, states = spin_network(J, b), coins((7, n), seed)
    expected = exact_fields(net.coupling, net.bias, states)
    np.testing.assert_array_equal(spin_field(net, states), expected)
    for row, field in zip(states, expected, strict=True):
        np.testing.assert_array_equal(spin_field(net, row[None])[0], field)
        terms = np.column_stack([net.coupling * row, net.bias])
        shuffled = rng.permuted(terms, axis=1)
        np.testing.assert_array_equal(np.cumsum(shuffled, axis=1)[:, -1], field)
    # Fields that follow flip by flip end at those of the states.
    field, hold = expected.copy(), np.zeros(states.shape)
    for _ in range(10):
        order = rng.permutation(n)
        kernels.flip_sweep(states, field, net.outgoing, order, hold, -1, 1)
    np.testing.assert_array_equal(field, exact_fields(net.coupling, net.bias, states))


@pytest.mark.parametrize("n", [3, 41, 90])
def test_fields_are_exact_where_all_terms_have_one_sign(n):
    rng = np.random.default_rng(n)
    J, b = rng.uniform(0.5, 1, (n, n)), rng.uniform(0.5, 1, n)
    np.fill_diagonal(J, 0)
    net, states = spin_network(J, b), np.vstack([np.ones(n), -np.ones(n)])
    expected = exact_fields(net.coupling, net.bias, states)
    np.testing.assert_array_equal(spin_field(net, states), expected)
    sums = exact_fields(J, b, states)  # as near as double precision comes
    assert (np.abs(sums - expected) <= n * 2.0**-52 * sums.max()).all()


def test_without_rounding_the_order_of_additions_shows():
    rng = np.random.default_rng(0)
    J, b = couplings(40, whole=False)
    terms = np.column_stack([J * coins(40), b])
    shuffled = rng.permuted(terms, axis=1)
    sums = (np.cumsum(x, axis=1)[:, -1] for x in (terms, shuffled))
    assert not np.array_equal(*sums)


def test_energy_by_loops():
    # A dyadic scale and whole couplings: everything is exact.
    J, b = couplings(9)
    net, states = spin_network(J, b, scale=0.25), coins((30, 9))
    energy = spin_energy(net, states, spin_field(net, states))
    assert energy.dtype == np.float64
    expected = [pairwise_energy(J / 4, b / 4, row) for row in states.tolist()]
    np.testing.assert_array_equal(energy, expected)


# Asynchronous ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_energy_never_rises(seed):
    J, b = couplings(15, seed)
    net, cues = spin_network(J, b), coins((40, 15), seed)
    end, states, energies = run(Asynchronous(1000), net, cues)
    assert (end.status == Status.FIXED_POINT).all()
    # It falls in every sweep in which something flips, ties being no reason to.
    change, moved = np.diff(energies, axis=0), (np.diff(states, axis=0) != 0).any(2)
    assert (change[moved] < 0).all()
    assert (change[~moved] == 0).all()
    assert (end.state * (end.state @ J + b) >= 0).all()
    np.testing.assert_array_equal(end.state, states[-1])
    # The last step is the first in which nothing moves.
    np.testing.assert_array_equal(end.n_iter, moved.sum(axis=0) + 1)


def test_without_symmetry_the_energy_rises_somewhere():
    J, b = couplings(15, symmetric=False)
    energies = run(Asynchronous(), spin_network(J, b), coins((40, 15)))[2]
    assert (np.diff(energies, axis=0) > 0).any()


def test_a_flip_lowers_the_energy_by_twice_its_field():
    J, b = couplings(12)
    net, states = spin_network(J, b), coins((20, 12)).astype(np.float32)
    field = spin_field(net, states)
    for i in np.random.default_rng(0).permutation(12):
        before, gain = spin_energy(net, states, field), 2 * np.abs(field[:, i])
        hold, order = np.zeros_like(states), np.array([i])
        flips = kernels.flip_sweep(states, field, net.outgoing, order, hold, -1, 1)
        fall = before - spin_energy(net, states, field)
        np.testing.assert_array_equal(fall, flips * gain)


def test_a_chase_without_symmetry_never_ends():
    # Unit 0 wants to be like unit 1, which wants to be unlike unit 0.
    net = spin_network([[0, 1], [-1, 0]], [0, 0])
    end = run(Asynchronous(30), net, np.ones((1, 2)))[0]
    assert end.status[0] == Status.RUNNING
    assert end.n_iter[0] == 30


# Synchronous ----------------------------------------------------------------------


def next_states(J, b, states):
    field = states @ J.T + b
    return np.where(field == 0, states, np.sign(field))


@pytest.mark.parametrize("seed", SEEDS)
def test_symmetric_couplings_end_at_a_point_or_in_a_cycle_of_two(seed):
    J, b = couplings(15, seed)
    net, cues = spin_network(J, b), coins((40, 15), seed)
    end = run(Synchronous(1000), net, cues)[0]
    once = next_states(J, b, end.state)
    twice = next_states(J, b, once)
    np.testing.assert_array_equal(twice, end.state)
    still = (once == end.state).all(axis=1)
    np.testing.assert_array_equal(end.status == Status.FIXED_POINT, still)
    np.testing.assert_array_equal(end.status == Status.TWO_CYCLE, ~still)
    of_two = [spin_energy(net, s, spin_field(net, s)) for s in (end.state, once)]
    assert (of_two[0] <= of_two[1]).all()


def test_two_units_that_want_to_be_unlike_alternate():
    # Together up: fields -3 + 1. Together down: 3 + 1. Energies 3 - 2 and 3 + 2.
    net = spin_network([[0, -3], [-3, 0]], [1, 1])
    cues = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0]])
    end, _, energies = run(Synchronous(), net, cues)
    expected = [Status.TWO_CYCLE, Status.TWO_CYCLE, Status.FIXED_POINT]
    assert end.status.tolist() == expected
    assert end.state.tolist() == [[1, 1], [1, 1], [1, -1]]
    assert end.n_iter.tolist() == [2, 2, 1]
    assert energies[0].tolist() == [1, 5, -3]
    assert energies[-1].tolist() == [1, 1, -3]


def test_a_longer_cycle_runs_until_max_iter():
    ring = np.roll(np.eye(5), 1, axis=0)  # each unit becomes what the last one was
    cues = np.array([[1.0, 1, -1, -1, -1], [1, 1, 1, 1, 1]])
    end = run(Synchronous(7), spin_network(ring, np.zeros(5)), cues)[0]
    assert end.status.tolist() == [Status.RUNNING, Status.FIXED_POINT]
    assert end.n_iter.tolist() == [7, 1]
    np.testing.assert_array_equal(end.state, np.roll(cues, 7, axis=1))


# Graded response ------------------------------------------------------------------


def projection(n=30, n_memories=3, seed=0):
    """Memories, and the couplings of the pseudo-inverse rule."""
    X = coins((n_memories, n), seed)
    J = np.linalg.pinv(X) @ X
    J = (J + J.T) / 2
    np.fill_diagonal(J, 0)
    return X, J


def test_energy_of_a_graded_response_by_integration():
    J, b = couplings(4)
    dynamics = GradedResponse(gain=3.0)
    net, cues = spin_network(J, b, scale=0.5), coins((5, 4))
    _, states, energies = run(dynamics, net, cues)
    for V, energy in zip(states[1], energies[1], strict=True):
        inverse = [quad(lambda v: np.arctanh(v) / 3, 0, v, epsabs=1e-12) for v in V]
        expected = pairwise_energy(J / 2, b / 2, V) + sum(x for x, _ in inverse)
        # quad bounds its own error; the rest are some tens of rounded operations.
        bound = sum(error for _, error in inverse) + 1e-14 * (1 + abs(expected))
        assert abs(energy - expected) < bound


def test_clamped_units_have_the_energy_of_spins():
    J, b = couplings(6)
    net, cues, clamped = spin_network(J, b), coins((5, 6)), np.ones((5, 6), bool)
    energies = run(GradedResponse(), net, cues, clamped)[2]
    expected = [pairwise_energy(J, b, row) for row in cues]
    np.testing.assert_array_equal(energies, np.broadcast_to(expected, energies.shape))


@pytest.mark.parametrize("seed", SEEDS)
def test_small_steps_lower_the_graded_energy(seed):
    J, b = couplings(12, seed, whole=False)
    dynamics = GradedResponse(gain=2.0, step_size=0.01, max_iter=300)
    energies = run(dynamics, spin_network(J, b), coins((10, 12), seed))[2]
    # Rounding of two sums of 12 fields of 12 terms each, and of 12 integrals.
    size = np.abs(J).sum() + np.abs(b).sum() + 12
    assert (np.diff(energies, axis=0) < 30 * np.finfo(float).eps * size).all()
    assert (energies[-1] < energies[0]).all()


def test_without_symmetry_the_graded_energy_rises_somewhere():
    J, b = couplings(12, symmetric=False, whole=False)
    dynamics = GradedResponse(gain=2.0, step_size=0.01, max_iter=300)
    energies = run(dynamics, spin_network(J, b), coins((10, 12)))[2]
    assert (np.diff(energies, axis=0) > 1e-6).any()


@pytest.mark.parametrize("scale", [1.0, 0.75])
@pytest.mark.parametrize("gain", [2.0, 4.0])
def test_graded_fixed_points(gain, scale):
    X, J = projection()
    b = 0.1 * coins(30, seed=5)
    dynamics = GradedResponse(gain=gain, tol=1e-13)
    cues = np.where(np.random.default_rng(0).random((20, 30)) < 0.2, -1, 1)
    end = run(dynamics, spin_network(J, b, scale), cues * X[np.arange(20) % 3])[0]
    J, b = scale * J, scale * b
    assert (end.status == Status.FIXED_POINT).all()
    # V moves by step_size gain (1 - V^2) (J V + b - u) to first order and by at most
    # tol, where u is the potential; so tanh(gain (J V + b)) is within tol / step_size
    # of V before this step, and V moves by tol in it.
    slope = 1 + gain * np.abs(J).sum(axis=1).max()
    bound = 2 * slope * (dynamics.tol / dynamics.step_size) + 100 * 2.0**-53
    assert np.abs(end.mean - np.tanh(gain * (end.mean @ J + b))).max() < bound
    np.testing.assert_array_equal(end.state, np.sign(end.mean))


@pytest.mark.parametrize("gain", [4.0, 100.0])
def test_a_graded_row_has_not_ended_while_its_potential_is_on_its_way(gain):
    # Large couplings: V stays at 1 for many steps while u goes to the other side.
    J, b = couplings(10)
    J, b, dynamics = 5 * J, 5 * b, GradedResponse(gain=gain)
    end = run(dynamics, spin_network(J, b), coins((200, 10)))[0]
    ended = end.status == Status.FIXED_POINT
    assert ended.sum() > 20
    # The test before the last step is within tol; by that step V moves by tol at most.
    bound = dynamics.tol * (2 + gain * np.abs(J).sum(axis=1).max())
    left = end.mean - np.tanh(gain * (end.mean @ J + b))
    assert np.abs(left)[ended].max() < bound


def test_a_graded_response_is_in_double_precision():
    net = spin_network([[0.0, 3.0], [3.0, 0.0]], np.zeros(2))
    dynamics, cues = GradedResponse(gain=100.0), np.ones((1, 2), np.float32)
    end, _, energies = run(dynamics, net, cues)
    assert end.mean.dtype == np.float64
    assert np.isfinite(energies).all()


def test_a_high_gain_has_the_fixed_points_of_spins():
    J = np.round(8 * projection()[1])  # fields of 1 or more: V within exp(-200) of 1
    net = spin_network(J, np.zeros(30))
    start = run(Asynchronous(), net, coins((50, 30)))[0].state.astype(float)
    away = (start * (start @ J)).min(axis=1) >= 1
    assert away.sum() > 10
    end = run(GradedResponse(gain=100.0), net, start[away])[0]
    np.testing.assert_array_equal(end.state, start[away])
    np.testing.assert_array_equal(end.mean, start[away])
    low = run(GradedResponse(gain=0.01), net, start[away])[0]
    assert np.abs(low.mean).max() < 0.01  # the only fixed point is V = 0


# Stochastic -----------------------------------------------------------------------

N_ROWS, N_UNITS, TEMPERATURE = 20_000, 5, 1.7


class Bath:
    """A small network at a temperature, and rows drawn from its distribution."""

    def __init__(self, scale=0.5):
        self.J, self.b = couplings(N_UNITS, seed=4, whole=False)
        self.net = spin_network(self.J, self.b, scale)
        self.states = configurations((-1.0, 1.0), N_UNITS)
        energy = [
            pairwise_energy(scale * self.J, scale * self.b, s) for s in self.states
        ]
        weight = np.exp(-np.array(energy) / TEMPERATURE)
        self.probability = weight / weight.sum()
        numbers = np.random.default_rng(0).choice(
            len(self.states), N_ROWS, p=self.probability
        )
        self.rows = np.array(self.states)[numbers]

    def run(self, temperature=TEMPERATURE, net=None, n_average=1):
        dynamics = Stochastic((1 / temperature,) * 4, n_average)
        free = np.zeros(self.rows.shape, bool)
        net = self.net if net is None else net
        return recall.run(dynamics, net, self.rows, free, STREAM, shared=False)

    def holds(self, end):
        return comes_from(end.state, self.probability, -1, 1)


BATH = Bath()


@pytest.mark.parametrize("name", ["numpy", "numba"][: len(TWINS)])
def test_the_heat_bath_stays_in_its_distribution(name):
    with config_context(kernels=name):
        end = BATH.run()
    assert BATH.holds(end)
    assert (end.status == Status.AVERAGED).all()
    assert (end.n_iter == 4).all()


def test_a_temperature_off_by_a_fifth_is_rejected():
    assert not BATH.holds(BATH.run(1.2 * TEMPERATURE))


def test_a_forgotten_bias_is_rejected():
    assert not BATH.holds(BATH.run(net=spin_network(BATH.J, 0 * BATH.b, 0.5)))


def test_a_forgotten_scale_is_rejected():
    assert not BATH.holds(BATH.run(net=spin_network(BATH.J, BATH.b)))


@pytest.mark.parametrize("temperature, holds", [(1.0, True), (1.2, False)])
def test_means_are_those_of_the_distribution(temperature, holds):
    end = BATH.run(temperature * TEMPERATURE, n_average=4)
    expected = BATH.probability @ np.array(BATH.states)
    # Rows are independent and start in the distribution: the mean of their means is
    # normal; ALPHA is shared by the units and both sides.
    error = end.mean.std(axis=0, ddof=1) / np.sqrt(N_ROWS)
    z = np.abs(end.mean.mean(axis=0) - expected) / error
    assert (z.max() < norm.isf(ALPHA / (2 * N_UNITS))) == holds


def test_at_temperature_0_it_is_descent_in_a_fixed_order():
    J, b = couplings(80)
    net, cues = spin_network(J, b), coins((140, 80))
    end, states, _ = run(Stochastic((np.inf,) * 5, n_average=3), net, cues)
    state = cues.astype(np.float32)
    field, hold = spin_field(net, state), np.zeros_like(state)
    for sweep in range(5):
        kernels.flip_sweep(state, field, net.outgoing, np.arange(80), hold, -1, 1)
        np.testing.assert_array_equal(states[sweep + 1], state)
    np.testing.assert_array_equal(end.mean, states[-3:].mean(axis=0, dtype=float))
    np.testing.assert_array_equal(end.state, np.sign(states[-3:].sum(axis=0)))


def test_an_average_of_0_takes_the_last_state():
    net = spin_network(np.zeros((6, 6)), np.zeros(6))
    dynamics = Stochastic((1.0,) * 2, n_average=2)
    end, states, _ = run(dynamics, net, coins((50, 6)), shared=False)
    undecided = end.mean == 0
    assert undecided.any()
    np.testing.assert_array_equal(end.state[undecided], states[-1][undecided])


def test_the_temperature_is_that_of_the_sweep():
    # Without couplings a sweep at temperature 0 keeps all ties, and a bias wins.
    J, free = np.zeros((20, 20)), coins((30, 20))
    net = spin_network(J, np.ones(20))
    dynamics = Stochastic((0.01, np.inf), n_average=1)
    end, states, _ = run(dynamics, net, free, shared=False)
    assert (states[1] == -1).any()
    assert (end.state == 1).all()


def test_a_number_of_sweeps_goes_through_the_temperatures_of_recall():
    net, cues = spin_network(*couplings(30)), coins((20, 30))
    many = run(Stochastic(8), net, cues)[0]
    same = run(Stochastic(1 / np.repeat([0.4, 0.3, 0.2, 0.1], 2)), net, cues)[0]
    np.testing.assert_array_equal(many.mean, same.mean)
    assert Stochastic().max_iter == 20 and many.n_iter.max() == 8


def test_rows_may_share_their_noise():
    J, b = couplings(10)
    cues = np.repeat(coins((1, 10)), 5, axis=0)
    args = Stochastic((1 / 3,) * 5, n_average=2), spin_network(J, b), cues
    shared, own = (run(*args, shared=shared)[0].mean for shared in (True, False))
    assert (shared == shared[0]).all()
    assert (own != own[0]).any()


@pytest.mark.parametrize(
    "options, name",
    [
        ({"betas": (-1.0,) * 8}, "betas"),
        ({"betas": (np.nan,) * 8}, "betas"),
        ({"betas": 1.0}, "betas"),
        ({"betas": (1.0, 0.5)}, "betas"),
        ({"betas": 0}, "betas"),
        ({"betas": (1.0, 1.0), "n_average": 3}, "n_average"),
        ({"betas": 2, "n_average": 3}, "n_average"),
        ({"n_average": 0}, "n_average"),
    ],
)
def test_what_cannot_be_is_refused(options, name):
    with pytest.raises(ValueError, match=f"^{name} must"):
        Stochastic(**options)


# Every dynamics -------------------------------------------------------------------

each_dynamics = pytest.mark.parametrize("name", sorted(DYNAMICS))
MAX_ITER = {"asynchronous": 20, "synchronous": 20, "continuous": 60}


def dynamics_of(name):
    """A short one, so that some rows have not ended."""
    if name == "stochastic":
        return Stochastic((0.5, 1.0, 2.0, np.inf), n_average=2)
    return DYNAMICS[name](max_iter=MAX_ITER[name])


@each_dynamics
@pytest.mark.parametrize("symmetric", [True, False])
def test_clamped_units_never_move(name, symmetric):
    rng, n = np.random.default_rng(0), 14
    J, b = couplings(n, symmetric=symmetric)
    cues, clamped = coins((60, n)), rng.random((60, n)) < rng.random((60, 1))
    clamped[0], clamped[1] = True, False
    end, states, _ = run(dynamics_of(name), spin_network(J, b), cues, clamped)
    for state in [*states, end.state, end.mean]:
        np.testing.assert_array_equal(state[clamped], cues[clamped])
    assert (end.state != cues).any()
    assert set(np.unique(end.state)) == {-1, 1}


@each_dynamics
def test_free_units_see_what_is_clamped(name):
    # Unit 0 leads the others; its own bias would turn it round.
    J = np.zeros((4, 4))
    J[0, 1:] = J[1:, 0] = 1
    net, lead = spin_network(J, [-9, 0, 0, 0]), np.array([[1.0, -1, -1, -1]])
    clamped = np.array([[True, False, False, False]])
    dynamics = Stochastic((np.inf,), 1) if name == "stochastic" else DYNAMICS[name]()
    assert run(dynamics, net, lead, clamped)[0].state.tolist() == [[1, 1, 1, 1]]


@each_dynamics
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_a_row_does_not_depend_on_its_batch(name, whole, symmetric):
    rng, n = np.random.default_rng(1), 70
    J, b = couplings(n, 3, symmetric, whole)
    net, cues = spin_network(J, b, 1 / n), coins((40, n))
    clamped = rng.random(cues.shape) < 0.2
    unknown = (rng.random(cues.shape) < 0.2) & ~clamped
    cues[unknown] = 0
    dynamics = dynamics_of(name)
    end = recall.run(dynamics, net, cues, clamped, STREAM)
    for i in range(0, len(cues), 4):
        row = slice(i, i + 1)
        alone = recall.run(dynamics, net, cues[row], clamped[row], STREAM)
        np.testing.assert_array_equal(alone.state[0], end.state[i])
        assert alone.status[0] == end.status[i]
        if name != "continuous":  # graded states go through sums that are rounded
            np.testing.assert_array_equal(alone.mean[0], end.mean[i])
            assert alone.n_iter[0] == end.n_iter[i]


@each_dynamics
def test_unknown_units_start_where_the_known_ones_point(name):
    J, b = couplings(9, symmetric=False)
    b[8], J[8] = 0, 0  # nothing asks anything of unit 8
    cues = coins((60, 9))
    cues[np.random.default_rng(2).random(cues.shape) < 0.5] = 0
    expected = cues.copy()
    for row, known in zip(expected, cues, strict=True):
        for i in np.flatnonzero(known == 0):
            field = b[i] + sum(J[i, j] * known[j] for j in range(9))
            row[i] = -1 if field < 0 else 1
    net = spin_network(J, b)
    np.testing.assert_array_equal(recall.complete(net, cues), expected)
    start = run(dynamics_of(name), net, cues)[1][0]
    size = 0.9 if name == "continuous" else 1
    np.testing.assert_array_equal(start, size * expected)


@each_dynamics
def test_rows_that_have_ended_stay(name):
    J, b = couplings(14)
    end, states, energies = run(dynamics_of(name), spin_network(J, b), coins((60, 14)))
    assert len(states) == len(energies) == end.n_iter.max() + 1
    for row, n_iter in enumerate(end.n_iter):
        rest = states[n_iter:, row]
        np.testing.assert_array_equal(rest, np.broadcast_to(rest[0], rest.shape))


@each_dynamics
def test_cues_are_left_as_they_are(name):
    J, b = couplings(14)
    net, cues = spin_network(J, b), coins((10, 14)).astype(np.float32)
    kept, fresh = cues.copy(), net.coupling.copy()
    recall.run(dynamics_of(name), net, cues, np.zeros(cues.shape, bool), STREAM)
    np.testing.assert_array_equal(cues, kept)
    np.testing.assert_array_equal(net.coupling, fresh)


@each_dynamics
def test_no_rows_are_no_trouble(name):
    J, b = couplings(5)
    none = np.zeros((0, 5))
    end = recall.run(dynamics_of(name), spin_network(J, b), none, none > 0, STREAM)
    assert end.state.shape == (0, 5)
