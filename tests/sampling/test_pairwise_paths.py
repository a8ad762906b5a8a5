"""Paths to pairwise models: sweeps on them, ladders, modes and mean fields."""

import itertools

import numpy as np
import pytest
from judges import comes_from
from model_cases import PAIRWISE, by_name
from oracles import configurations, pairwise_energy

from skboltz.models import Pairwise, PairwiseParams
from skboltz.sampling import (
    Purpose,
    Stream,
    annealing,
    mean_field,
    modes,
    sequential,
    tempering,
)
from skboltz.units import BERNOULLI, SPIN, Bias, TwoValuedUnit

STREAM = Stream(key=(5, 6), purpose=Purpose.SAMPLE)
COUPLED = PAIRWISE[:2]
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
N_CHAINS = 10_000
# BLAS computes with what lies beyond the end of small arrays, and throws it away.
pytestmark = pytest.mark.filterwarnings(
    "ignore:invalid value encountered in matmul:RuntimeWarning"
)


def states_of(case, n_units=None):
    n_units = len(case.params.coupling) if n_units is None else n_units
    return configurations((case.model.unit.low, case.model.unit.high), n_units)


def means_of_data(case):
    """Means that are not those of the target: base and target biases differ."""
    unit, n = case.model.unit, len(case.params.coupling)
    return unit.low + unit.distance() * np.linspace(0.3, 0.6, n)


def path_of(case, dtype=np.float64):
    params = PairwiseParams(
        case.params.coupling.astype(dtype), Bias(case.params.units.bias.astype(dtype))
    )
    return annealing.base_path(case.model, params, means_of_data(case))


def mixed_bias(case, beta):
    """b(beta) by hand: the base has the log-odds of its means."""
    unit, mean = case.model.unit, means_of_data(case)
    base = np.log((mean - unit.low) / (unit.high - mean)) / (unit.high - unit.low)
    return (1 - beta) * base + beta * case.params.units.bias


def log_f(case, beta, states):
    """log f(s; beta), from the energy of mixed parameters term by term."""
    coupling, bias = beta * case.params.coupling, mixed_bias(case, beta)
    return np.array([-pairwise_energy(coupling, bias, s) for s in states])


def table(case, beta):
    weight = np.exp(log_f(case, beta, states_of(case)))
    return weight / weight.sum()


# The path ---------------------------------------------------------------------------


@pytest.mark.parametrize(**by_name(PAIRWISE))
@DTYPES
def test_log_ratios_are_those_of_energies_mixed_by_hand(case, dtype):
    path, states = path_of(case, dtype), states_of(case)
    chains = annealing.from_visible(path, np.array(states, dtype), STREAM)
    found = path.log_ratio(path.at(0.3), path.at(0.55), chains)
    expected = log_f(case, 0.55, states) - log_f(case, 0.3, states)
    assert found.dtype == np.float64
    # A sum of some ten terms of size 1, each rounded.
    atol = 20 * np.finfo(dtype).eps
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


@pytest.mark.parametrize(**by_name(PAIRWISE))
def test_the_base_has_the_means_and_its_z(case):
    path, states = path_of(case), states_of(case)
    z = path.base_log_partition()
    assert np.isclose(z, np.log(np.exp(log_f(case, 0.0, states)).sum()))
    np.testing.assert_allclose(table(case, 0.0) @ np.array(states), means_of_data(case))
    rows = annealing.init(path, STREAM, N_CHAINS).visible
    unit = case.model.unit
    assert comes_from(rows, table(case, 0.0), unit.low, unit.high)
    assert not comes_from(rows, table(case, 0.2), unit.low, unit.high)


def test_the_base_of_no_means_has_the_biases_of_the_target():
    case = PAIRWISE[1]
    path = annealing.base_path(case.model, case.params)
    for beta in (0.0, 0.7):
        np.testing.assert_array_equal(path.at(beta).units.bias, case.params.units.bias)


def test_a_model_without_a_path_is_named():
    with pytest.raises(TypeError, match="float"):
        annealing.base_path(1.0, None)


# Sweeps -----------------------------------------------------------------------------


def swept_by_loops(case, beta, start, noise, order):
    unit, coupling, bias = case.model.unit, case.params.coupling, mixed_bias(case, beta)
    states = start.copy()
    for s, limits in zip(states, noise.T, strict=True):
        for i in order:
            field = bias[i] + beta * sum(coupling[i, j] * s[j] for j in range(len(s)))
            s[i] = unit.high if unit.distance() * field > limits[i] else unit.low
    return states


@pytest.mark.parametrize(**by_name(PAIRWISE))
@pytest.mark.parametrize("beta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("backward", [False, True])
def test_a_sweep_is_the_textbook_loop(case, beta, backward):
    path, start = path_of(case), np.array(states_of(case), dtype=float)
    path = path.backward() if backward else path
    chains = annealing.from_visible(path, start, STREAM)
    found, stream = path.sweep(path.at(beta), chains, STREAM)
    n_units = start.shape[1]
    noise, after = STREAM.draw((n_units, len(start)), np.float64)
    order = range(n_units)[::-1] if backward else range(n_units)
    expected = swept_by_loops(case, beta, start, noise, order)
    np.testing.assert_array_equal(found, expected)
    assert stream == after


@DTYPES
@pytest.mark.parametrize("beta", [1e-30, 1e-42, 1e-320])
def test_a_tiny_inverse_temperature_is_like_none(dtype, beta):
    path = path_of(PAIRWISE[0], dtype)
    chains = annealing.init(path, STREAM, 1000)
    found, _ = path.sweep(path.at(beta), chains, STREAM)
    none, _ = path.sweep(path.at(0.0), chains, STREAM)
    np.testing.assert_array_equal(found, none)


def exact_chains(case, path, beta, n_chains=N_CHAINS):
    rows = np.random.default_rng(0).choice(
        len(table(case, beta)), n_chains, p=table(case, beta)
    )
    visible = np.array(states_of(case), path.target.coupling.dtype)[rows]
    return annealing.from_visible(path, visible, STREAM)


def stays(case, beta, *, dtype=np.float64, at=None, bias=1.0):
    """Whether chains from the exact distribution are in it after three sweeps."""
    path, unit = path_of(case, dtype), case.model.unit
    point = path.at(beta)
    point = point._replace(
        beta=beta if at is None else at, units=Bias(bias * point.units.bias)
    )
    chains = exact_chains(case, path, beta)
    for _ in range(3):
        visible, stream = path.sweep(point, chains, chains.stream)
        chains = annealing.from_visible(path, visible, stream)
    assert visible.dtype == dtype
    return comes_from(visible, table(case, beta), unit.low, unit.high)


@pytest.mark.parametrize(**by_name(PAIRWISE))
@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
@DTYPES
def test_chains_stay_in_the_distribution(case, beta, dtype):
    assert stays(case, beta, dtype=dtype)


@pytest.mark.parametrize(**by_name(COUPLED))
@pytest.mark.parametrize("beta", [0.5, 1.0])
@pytest.mark.parametrize("broken", [{"bias": 0.0}, {"at": 0.7}], ids=["bias", "beta"])
def test_broken_sweeps_are_rejected(case, beta, broken):
    assert not stays(case, beta, **broken)


def flow(case, beta, states):
    """P(s) P(s -> t) of a sweep from the first unit to the last, by loops."""
    p = dict(zip(states, np.exp(log_f(case, beta, states)), strict=True))
    total, low, high = sum(p.values()), case.model.unit.low, case.model.unit.high
    matrix = np.empty((len(states), len(states)))
    for (a, s), (b, t) in itertools.product(enumerate(states), repeat=2):
        matrix[a, b] = p[s] / total
        for i in range(len(s)):
            rest = t[:i], s[i + 1 :]
            pair = sum(p[rest[0] + (x,) + rest[1]] for x in (low, high))
            matrix[a, b] *= p[rest[0] + (t[i],) + rest[1]] / pair
    return matrix


@pytest.mark.parametrize(**by_name(COUPLED))
def test_backward_sweeps_undo_sweeps(case):
    """From s to t as often as forward from t to s; forward sweeps do not."""
    path, unit, beta = path_of(case), case.model.unit, 0.8
    chains = exact_chains(case, path, beta, 60_000)
    back = flow(case, beta, states_of(case)).T.ravel()
    assert np.isclose(back.sum(), 1)
    verdicts = []
    for way in (path.backward(), path, path.backward().backward()):
        after, _ = way.sweep(way.at(beta), chains, STREAM)
        pairs = np.hstack([chains.visible, after])
        verdicts.append(comes_from(pairs, back, unit.low, unit.high))
    assert verdicts == [True, False, False]


def test_chains_led_down_sweep_backward():
    """The first step down from beta = 1, and one up, against sweeps by loops."""
    case = PAIRWISE[0]
    path, start = path_of(case), np.array(states_of(case), dtype=float)
    noise, _ = STREAM.draw(start.T.shape, np.float64)
    for betas, order in (((1.0, 0.5), range(5)[::-1]), ((0.0, 0.5), range(5))):
        chains = annealing.from_visible(path, start, STREAM)
        found = annealing.run(path, chains, betas).visible
        expected = swept_by_loops(case, 0.5, start, noise, order)
        np.testing.assert_array_equal(found, expected)


# Tempering --------------------------------------------------------------------------

BETAS = np.array([0.0, 0.4, 1.0])


def rungs_stay(case):
    path, unit = path_of(case), case.model.unit
    rungs = [exact_chains(case, path, beta).visible for beta in BETAS]
    replicas = tempering.from_visible(path, np.stack(rungs), STREAM)
    replicas = tempering.run(path, BETAS, replicas, 3)
    return all(
        comes_from(rows, table(case, beta), unit.low, unit.high)
        for rows, beta in zip(replicas.visible, BETAS, strict=True)
    )


@pytest.mark.parametrize(**by_name(COUPLED))
def test_every_rung_stays_in_its_distribution(case):
    assert rungs_stay(case)


@pytest.mark.parametrize(**by_name(COUPLED))
def test_exchanges_whatever_the_energy_are_rejected(case, monkeypatch):
    gain = tempering._gain
    monkeypatch.setattr(tempering, "_gain", lambda *args: 0 * gain(*args))
    assert not rungs_stay(case)


def test_tempering_finds_the_weight_of_a_mode_where_sweeps_are_trapped():
    """Eight spins, all up or all down; both start in the lighter mode, down."""
    coupling, bias = np.full((8, 8), 1.0) - np.eye(8), np.full(8, 0.06)
    model, params = Pairwise(SPIN), PairwiseParams(coupling, Bias(bias))
    states = configurations((-1.0, 1.0), 8)
    p = np.exp([-pairwise_energy(coupling, bias, s) for s in states])
    weight = p[[sum(s) > 0 for s in states]].sum() / p.sum()
    assert 0.6 < weight < 0.8
    n, start = 400, -np.ones((400, 8))
    path = annealing.base_path(model, params, np.zeros(8))
    chains = annealing.from_visible(path, start, STREAM)
    trapped = annealing.run(path, chains, np.ones(201)).visible
    assert (trapped.sum(axis=1) > 0).mean() < weight - 0.3
    betas, stream = tempering.tuned_ladder(path, STREAM._replace(shard=1))
    rows = np.tile(start, (len(betas), 1, 1))
    replicas = tempering.from_visible(path, rows, stream)
    replicas = tempering.run(path, betas, replicas, 150)
    up = (replicas.visible[-1].sum(axis=1) > 0).mean()
    assert abs(up - weight) < 4 * np.sqrt(weight * (1 - weight) / n)
    assert replicas.trips > 10


# Modes ------------------------------------------------------------------------------


@pytest.mark.parametrize(**by_name(PAIRWISE))
def test_descent_ends_where_no_unit_can_better_the_energy(case):
    start = np.array(states_of(case), dtype=float)
    unit = case.model.unit
    ends, same = modes.descend(case.model, case.params, start)
    assert same is ends
    for s, t in zip(start, ends, strict=True):
        energy = case.energy(tuple(t))
        assert energy <= case.energy(tuple(s)) + 1e-12
        for i in range(len(t)):
            other = t.copy()
            other[i] = unit.low + unit.high - t[i]
            assert energy <= case.energy(tuple(other)) + 1e-12


@pytest.mark.parametrize(**by_name(PAIRWISE))
@DTYPES
def test_modes_are_distinct_and_the_lowest_comes_first(case, dtype):
    params = path_of(case, dtype).target
    start = np.array(states_of(case)[:1], dtype=float)
    found, same = modes.find(case.model, params, start)
    energies = [case.energy(tuple(map(float, s))) for s in found]
    assert found.dtype == dtype and len(np.unique(found, axis=0)) == len(found)
    np.testing.assert_array_equal(found, same)
    assert (np.diff(energies) > -1e-5).all()
    assert np.isclose(energies[0], min(map(case.energy, states_of(case))))


# Mean field -------------------------------------------------------------------------

UNITS = pytest.mark.parametrize("unit", [BERNOULLI, SPIN], ids=["bits", "spins"])
EQUATIONS = pytest.mark.parametrize("tap", [False, True], ids=["naive", "tap"])


def weak_machine(unit, scale, n_units=8):
    """Couplings of x = +1 or -1 with that standard deviation, and biases of 0.5."""
    rng = np.random.default_rng(7)
    upper = np.triu(rng.normal(0, scale, (n_units, n_units)), 1)
    bias = rng.normal(0, 0.5, n_units)
    return in_units_of(unit, upper + upper.T, bias)


def in_units_of(unit, coupling, field):
    """Spin couplings and fields for other values: x = (s - mid) / half."""
    mid, half = (unit.low + unit.high) / 2, (unit.high - unit.low) / 2
    scaled = coupling / half**2
    return scaled, field / half - mid * scaled.sum(axis=1)


def asked_by_loops(unit, coupling, field, mean, tap):
    """Means in the fields of given means: spins' equations, each in its own loop."""
    mid, half = (unit.low + unit.high) / 2, (unit.high - unit.low) / 2
    x, n = (mean - mid) / half, len(mean)
    asked = []
    for i in range(n):
        local = half * (field[i] + sum(coupling[i, j] * mean[j] for j in range(n)))
        if tap:
            k = half**2 * coupling[i]
            local -= x[i] * sum(k[j] ** 2 * (1 - x[j] ** 2) for j in range(n))
        asked.append(mid + half * np.tanh(local))
    return np.array(asked)


@UNITS
@EQUATIONS
def test_means_solve_their_equations_in_every_row(unit, tap):
    coupling, bias = weak_machine(unit, 0.25)
    field = bias + np.random.default_rng(1).normal(0, 0.5, (6, 8))
    means, converged = mean_field.magnetisations(
        unit, coupling, field, tap=tap, tol=1e-9
    )
    assert converged.all()
    for row, own in zip(means, field, strict=True):
        asked = asked_by_loops(unit, coupling, own, row, tap)
        assert abs(row - asked).max() < 1.1e-9 * unit.distance()
        other = asked_by_loops(unit, coupling, own, row, not tap)
        assert abs(row - other).max() > 1e-4  # the two differ, and are told apart


@UNITS
@EQUATIONS
def test_the_first_move_by_hand(unit, tap):
    """A quarter of the way is left; then no row can have converged to 1e-300."""
    coupling, bias = weak_machine(unit, 0.5)
    start = np.full((1, 8), unit.low + 0.3 * unit.distance())
    found, converged = mean_field.magnetisations(
        *(unit, coupling, bias[None]),
        **{"tap": tap, "n_steps": 1, "damping": 0.25, "start": start},
    )
    asked = asked_by_loops(unit, coupling, bias, start[0], tap)
    np.testing.assert_allclose(found[0], 0.25 * start[0] + 0.75 * asked, rtol=1e-13)
    assert not converged.any()


@EQUATIONS
def test_other_values_of_the_units_have_the_same_answer(tap):
    spins, fields = weak_machine(SPIN, 0.3)
    expected, _ = mean_field.magnetisations(SPIN, spins, fields[None], tap=tap)
    for unit in (BERNOULLI, TwoValuedUnit(-0.5, 2.0)):
        coupling, field = in_units_of(unit, spins, fields)
        found, _ = mean_field.magnetisations(unit, coupling, field[None], tap=tap)
        share = (found - unit.low) / unit.distance()
        np.testing.assert_allclose(2 * share - 1, expected, atol=1e-13)


@UNITS
def test_tap_is_right_to_one_order_more(unit):
    """Half the couplings: a quarter of the naive error, an eighth of that of TAP."""
    errors = {True: [], False: []}
    for scale, tap in itertools.product((0.1, 0.05), (False, True)):
        coupling, bias = weak_machine(unit, scale)
        states = configurations((unit.low, unit.high), 8)
        p = np.exp([-pairwise_energy(coupling, bias, s) for s in states])
        exact = p @ np.array(states) / p.sum()
        found, _ = mean_field.magnetisations(
            unit, coupling, bias[None], tap=tap, tol=1e-12
        )
        errors[tap].append(np.linalg.norm(found[0] - exact))
    naive, better = (np.divide(*errors[tap]) for tap in (False, True))
    assert 3 < naive < 5 and 6.5 < better < 10
    assert errors[True][0] < errors[False][0] / 5


@EQUATIONS
def test_rows_do_not_depend_on_their_mates(tap):
    """Some converge at once, one never within these steps."""
    coupling, bias = weak_machine(SPIN, 0.6)
    field = bias * np.array([[0.0], [1.0], [30.0], [0.1]])
    args = {"tap": tap, "n_steps": 12}
    together, converged = mean_field.magnetisations(SPIN, coupling, field, **args)
    assert converged.any() and not converged.all()
    for i in range(len(field)):
        alone, own = mean_field.magnetisations(SPIN, coupling, field[[i]], **args)
        np.testing.assert_allclose(alone[0], together[i], rtol=1e-12, atol=1e-14)
        assert own[0] == converged[i]


@DTYPES
def test_moves_that_overshoot_become_shorter(dtype):
    """All-to-all repulsion: plain half-steps swing for ever, m = 0 is the answer."""
    coupling = -(np.ones((30, 30)) - np.eye(30)).astype(dtype)
    field, start = np.zeros((1, 30), dtype), np.full((1, 30), 0.5, dtype)
    means, converged = mean_field.magnetisations(SPIN, coupling, field, start=start)
    assert converged.all() and abs(means).max() < 1e-5 and means.dtype == dtype
    m = 0.5
    for _ in range(200):
        m = 0.5 * m + 0.5 * np.tanh(-29 * m)
    assert abs(m) > 0.1


@pytest.mark.parametrize(**by_name(PAIRWISE))
def test_independent_units_bound_z_from_below(case):
    states = np.array(states_of(case), dtype=float)
    log_z = np.log(np.exp([-case.energy(tuple(s)) for s in states]).sum())
    unit, n = case.model.unit, states.shape[1]
    rng = np.random.default_rng(0)
    share = np.vstack([rng.random((20, n)), np.zeros((1, n)), np.ones((1, n))])
    mean = unit.low + unit.distance() * share
    bounds = mean_field.independent_bound(unit, case.params, mean)
    for row, bound in zip(share, bounds, strict=True):
        assert np.isclose(bound, bound_by_loops(case, row))
        assert bound < log_z
    best = mean_field.lower_bound(case.model, case.params, states)
    assert bounds.max() - 1e-9 <= best <= log_z + 1e-12


def bound_by_loops(case, share):
    """Sum over all states of q (-E - log q) for units high with those chances."""
    total = 0.0
    for s in states_of(case):
        is_high = np.array(s) == case.model.unit.high
        q = np.prod(np.where(is_high, share, 1 - share))
        total += q * (-case.energy(s) - np.log(q)) if q else 0.0
    return total


def test_the_bound_of_free_units_is_z_itself():
    case = PAIRWISE[0]
    free = case.params._replace(coupling=0 * case.params.coupling)
    start = np.array(states_of(case)[:3], dtype=float)
    exact = np.log1p(np.exp(case.params.units.bias)).sum()
    # A mean off by 1e-6 costs its square.
    assert np.isclose(
        mean_field.lower_bound(case.model, free, start), exact, atol=1e-10
    )


def test_modes_with_all_units_at_their_ends_have_finite_bounds():
    coupling = 50 * (np.ones((6, 6)) - np.eye(6))
    params = PairwiseParams(coupling, Bias(np.zeros(6)))
    bound = mean_field.lower_bound(Pairwise(SPIN), params, np.ones((1, 6)))
    assert np.isclose(bound, 50 * 15)  # -E of one of the two modes


def test_sequential_sweeps_have_the_signature_paths_rely_on():
    """Fields are compared with the threshold, not gaps: the noise is divided."""
    state = np.zeros((1, 2))
    coupling, bias = np.zeros((1, 1)), np.array([1.0])
    sequential.sweep(coupling, bias, state, np.array([[0.9, 1.1]]), 0.0, 1.0)
    np.testing.assert_array_equal(state, [[1.0, 0.0]])
