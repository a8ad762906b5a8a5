"""log Z of pairwise machines by annealing: against enumeration, torus and traps."""

import pickle
from functools import cache, partial

import numpy as np
import pytest
from joblib import parallel_config
from model_cases import PAIRWISE, by_name
from oracles import configurations, log_sum, pairwise_energy
from scipy.special import gammaln, logsumexp

from skboltz.likelihood import (
    METHODS,
    Effort,
    bridge_estimate,
    chains_apart,
    doubts,
    estimate_log_partition,
    forward_estimate,
    reverse_estimate,
    visited_bound,
)
from skboltz.models import Pairwise, PairwiseParams
from skboltz.sampling import Purpose, Stream, annealing, modes, tempering
from skboltz.sampling._paths import PairwisePath
from skboltz.units import BERNOULLI, SPIN, Bias

LIGHT = Effort(betas=30, n_chains=100, n_sweeps=20)
# BLAS computes with what lies beyond the end of small arrays, and throws it away.
pytestmark = pytest.mark.filterwarnings(
    "ignore:invalid value encountered in matmul:RuntimeWarning"
)


@pytest.fixture
def short_tuning(monkeypatch):
    """A ladder placed twice, not four times: it need not be the best one."""
    tuned = partial(tempering.tuned_ladder, n_rounds=2, n_sweeps=20)
    monkeypatch.setattr(tempering, "tuned_ladder", tuned)


LADDERS = {}


@pytest.fixture
def ladders_once(short_tuning, monkeypatch):
    """Ladders that are remembered from one method to the next."""
    tuned = tempering.tuned_ladder

    def remembered(*args):
        asked = pickle.dumps(args)
        if asked not in LADDERS:
            LADDERS[asked] = tuned(*args)
        return LADDERS[asked]

    monkeypatch.setattr(tempering, "tuned_ladder", remembered)


def machine(unit, n_units, scale, dtype=np.float64):
    rng = np.random.default_rng([n_units, int(10 * scale)])
    upper = np.triu(rng.normal(0, scale, (n_units, n_units)), 1)
    bias = rng.normal(0, scale, n_units)
    coupling = (upper + upper.T).astype(dtype)
    return Pairwise(unit), PairwiseParams(coupling, Bias(bias.astype(dtype)))


def enumerated(model, params):
    coupling, bias = (a.astype(float).tolist() for a in (params[0], params.units.bias))
    states = configurations((model.unit.low, model.unit.high), len(bias))
    return states, [pairwise_energy(coupling, bias, s) for s in states]


def log_z(model, params):
    return log_sum(-energy for energy in enumerated(model, params)[1])


MACHINES = {
    "bits": machine(BERNOULLI, 9, 1.5, np.float32),
    "spins": machine(SPIN, 9, 0.4),
    "strong spins": machine(SPIN, 9, 1.0),
}
each_machine = pytest.mark.parametrize("name", ["bits", "spins"])


@pytest.mark.parametrize(**by_name(PAIRWISE))
def test_one_step_from_everywhere_gives_z_exactly(case):
    """E over the base of f_1/f_0 is Z_1/Z_0: summed over all states, not sampled."""
    unit, n = case.model.unit, len(case.params.coupling)
    path = annealing.base_path(
        case.model, case.params, np.full(n, unit.low + 0.3 * unit.distance())
    )
    states = np.array(configurations((unit.low, unit.high), n))
    chains = annealing.from_visible(path, states, None)
    ratio = path.log_ratio(path.at(0.0), path.at(1.0), chains)
    base = np.where(states == unit.high, np.log(0.3), np.log(0.7)).sum(axis=1)
    found = path.base_log_partition() + logsumexp(base + ratio)
    exact = log_sum(-case.energy(tuple(s)) for s in states)
    assert np.isclose(found, exact, atol=1e-10)


@each_machine
def test_forward_falls_short_and_reverse_exceeds(name):
    """In expectation, by Jensen's inequality; with four steps the gap is plain."""
    model, params = MACHINES[name]
    exact, n = log_z(model, params), 10_000
    forward, reverse, z = led_both_ways(name, n, 5)
    gap = np.array([forward.mean(), -reverse.mean()]) + z - exact
    errors = np.array([forward.std(), reverse.std()]) / n**0.5
    assert gap[0] < -4 * errors[0] and gap[1] > 4 * errors[1]
    # The means of the weights themselves are unbiased.
    for estimate in (
        forward_estimate(forward, z),
        reverse_estimate(reverse, z),
        bridge_estimate(forward, reverse, z),
    ):
        assert abs(estimate.value - exact) < 5 * estimate.standard_error
        assert abs(estimate.value + 0.3 - exact) > 5 * estimate.standard_error


def led_both_ways(name, n, n_betas, seed=0):
    """Log weights of chains from the base, of chains from the model; log Z of the base.

    Both start in their distribution exactly.
    """
    model, params = MACHINES[name]
    path, betas = annealing.base_path(model, params), np.linspace(0, 1, n_betas)
    stream = Stream((1, seed), Purpose.SAMPLE)
    up = annealing.run(path, annealing.init(path, stream, n), betas)
    states, p = joint(name)
    rows = np.random.default_rng(seed).choice(len(p), n, p=p)
    start = states[rows].astype(params.coupling.dtype)
    down = annealing.from_visible(path, start, stream._replace(shard=1))
    down = annealing.run(path, down, betas[::-1])
    return up.log_weight, down.log_weight, path.base_log_partition()


def test_the_bridge_needs_sweeps_that_are_undone_on_the_way_back(monkeypatch):
    """Crooks' relation; the negative control sweeps in one order both ways."""
    name = "strong spins"
    exact, errors = log_z(*MACHINES[name]), []
    for _ in range(2):
        estimate = bridge_estimate(*led_both_ways(name, 20_000, 5))
        errors.append(abs(estimate.value - exact) / estimate.standard_error)
        monkeypatch.setattr(PairwisePath, "backward", as_it_is)
    assert errors[0] < 4 and errors[1] > 8


def as_it_is(path):
    return path


@cache
def joint(name):
    """All states of a machine, and how likely they are."""
    states, energies = enumerated(*MACHINES[name])
    p = np.exp(-np.array(energies))
    return np.array(states), p / p.sum()


@each_machine
def test_error_bars_cover_log_z(name):
    """60 seeds: what misses 6 % does so 15 times or more with a probability of 2e-6.

    The negative control: intervals that are two standard errors off.
    """
    exact, missed, missed_off = log_z(*MACHINES[name]), np.zeros(3), np.zeros(3)
    for seed in range(60):
        forward, reverse, z = led_both_ways(name, 400, 15, seed)
        estimates = (
            forward_estimate(forward, z),
            reverse_estimate(reverse, z),
            bridge_estimate(forward, reverse, z),
        )
        error = [(e.value - exact) / e.standard_error for e in estimates]
        missed += abs(np.array(error)) > 1.96
        missed_off += abs(np.array(error) + 2) > 1.96
    assert missed.max() <= 14 and missed_off.min() > 14


@each_machine
@pytest.mark.parametrize("method", METHODS)
def test_estimates_are_covered_and_do_not_warn(name, method, ladders_once):
    """12 seeds: 95 % intervals miss 4 or more with a probability of 2 in 1000."""
    model, params = MACHINES[name]
    exact, missed, warned = log_z(model, params), 0, 0
    for seed in range(12):
        estimate, reasons = estimate_log_partition(
            *(model, params), method=method, effort=Effort(60, 100, 20), key=(seed, 5)
        )
        low, high = estimate.interval()
        missed += not low <= exact <= high
        warned += bool(reasons)
        assert estimate.method == method
        assert abs(estimate.value - exact) < 6 * estimate.standard_error
        assert estimate.standard_error < 0.2  # no interval so wide that it says nothing
    assert missed <= 3 and warned <= 3


@each_machine
def test_a_broken_sampler_is_noticed(name, short_tuning, monkeypatch):
    """Noise at half of its strength: a colder chain, and a warning."""
    model, params = MACHINES[name]
    draw = Stream.draw

    def weak(self, shape, dtype):
        noise, stream = draw(self, shape, dtype)
        return noise * np.dtype(dtype).type(0.5), stream

    monkeypatch.setattr(Stream, "draw", weak)
    estimate, reasons = estimate_log_partition(model, params, effort=LIGHT)
    exact = log_z(model, params)
    assert reasons or abs(estimate.value - exact) > 4 * estimate.standard_error


def test_the_means_of_the_data_change_the_path_not_the_answer(short_tuning):
    model, params = MACHINES["spins"]
    exact, found = log_z(model, params), []
    for mean in (None, np.linspace(-0.5, 0.5, 9)):
        estimate, _ = estimate_log_partition(
            model, params, effort=LIGHT, visible_mean=mean, states=np.ones((1, 9))
        )
        assert abs(estimate.value - exact) < 4 * estimate.standard_error
        found.append(estimate.value)
    assert found[0] != found[1]


def test_the_result_does_not_depend_on_the_number_of_jobs(short_tuning):
    model, params = MACHINES["bits"]
    effort = Effort(betas=5, n_chains=60, n_sweeps=2)
    with parallel_config(backend="threading"):  # processes take seconds to start
        one, two = (
            estimate_log_partition(model, params, effort=effort, n_jobs=n_jobs)
            for n_jobs in (1, 2)
        )
    np.testing.assert_equal(one, two)


# The square Ising torus -------------------------------------------------------------

CRITICAL = np.log(1 + np.sqrt(2)) / 2
LOG_Z = 15.52191546  # 4 x 4, transfer matrix


def torus(side, beta):
    sites = np.arange(side * side).reshape(side, side)
    coupling = np.zeros((side * side, side * side))
    for axis in (0, 1):
        coupling[sites, np.roll(sites, 1, axis)] += beta
    return PairwiseParams(coupling + coupling.T, Bias(np.zeros(side * side)))


def test_the_critical_torus_is_within_the_error_bars(short_tuning):
    """Three seeds; more than one of them outside of 95 % is 7 in 1000."""
    model, params, inside = Pairwise(SPIN), torus(4, CRITICAL), 0
    for seed in range(3):
        estimate, reasons = estimate_log_partition(
            model, params, effort=Effort(100, 100, 30), key=(seed, 1)
        )
        low, high = estimate.interval()
        inside += low <= LOG_Z <= high
        assert abs(estimate.value - LOG_Z) < 4 * estimate.standard_error
        assert not reasons
    assert inside >= 2
    effort = Effort(300, 200, 10)
    off, _ = estimate_log_partition(model, torus(4, 1.02 * CRITICAL), effort=effort)
    assert abs(off.value - LOG_Z) > 10 * off.standard_error  # 2 % are seen


# A first-order transition -----------------------------------------------------------


def crowd(excess, n, bias=-2.5):
    """Bits that all attract each other: all on weighs e^excess times nearly all off.

    Energies depend on the number that are on, so that Z is a sum of n + 1 terms.
    """
    off = n * np.log1p(np.exp(bias))
    strength = 2 * (off - n * bias + excess) / (n * (n - 1))
    coupling = strength * (np.ones((n, n)) - np.eye(n))
    k = np.arange(n + 1)
    choices = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    exact = logsumexp(choices + strength * k * (k - 1) / 2 + bias * k)
    params = PairwiseParams(coupling, Bias(np.full(n, bias)))
    return Pairwise(BERNOULLI), params, exact


@pytest.mark.parametrize("excess", [0.0, 10.0])
def test_a_mode_that_is_missed_is_covered_or_warned_of(excess, short_tuning):
    model, params, exact = crowd(excess, 100)
    for seed in range(2):
        estimate, reasons = estimate_log_partition(
            model, params, effort=LIGHT, key=(seed, 5)
        )
        low, high = estimate.interval()
        assert reasons or low <= exact <= high


def test_plain_annealing_alone_is_sure_and_wrong():
    """The negative control: without the checks nobody would know."""
    model, params, exact = crowd(10.0, 200)
    estimate, reasons = estimate_log_partition(
        model, params, method="ais", effort=Effort(100, 50)
    )
    assert estimate.forward + 10 < exact and estimate.effective_sample_size > 30
    # Only what descent found says so.
    assert len(reasons) == 1 and "surely not below" in reasons[0]
    assert exact - 0.5 < estimate.value < exact


def test_the_estimate_is_not_below_the_mode_that_descent_found(short_tuning):
    """With nine keys of ten descents find the mode and chains do not."""
    model, params, exact = crowd(10.0, 100)
    raised = []
    for seed in range(5):
        estimate, reasons = estimate_log_partition(
            model, params, effort=LIGHT, key=(seed, 5)
        )
        if any("surely not below" in reason for reason in reasons):
            raised.append(estimate.value)
    assert raised and exact - 1 < min(raised) and max(raised) <= exact + 1e-9


# The checks -------------------------------------------------------------------------


@each_machine
def test_the_states_seen_bound_z_from_below(name):
    model, params = MACHINES[name]
    states, energies = enumerated(model, params)
    rows = np.array(states, params.coupling.dtype)
    bound, n = visited_bound(model, params, rows[[0, 5, 9, 5, 0]])
    assert n == 3
    assert np.isclose(bound, log_sum(-energies[i] for i in (0, 5, 9)))
    whole, _ = visited_bound(model, params, np.tile(rows, (2, 1)))
    assert np.isclose(whole, log_z(model, params))


@each_machine
def test_separation_sees_means_and_energies(name):
    model, params = MACHINES[name]
    states, p = joint(name)
    rng = np.random.default_rng(3)
    first, second = states[rng.choice(len(p), (2, 300), p=p)]
    assert chains_apart(model, params, first, second) < 4
    apart = second.copy()
    apart[:, 0] = model.unit.high
    assert chains_apart(model, params, first, apart) > 4.5
    # All in one mode.
    lowest, _ = modes.find(model, params, first)
    assert chains_apart(model, params, first, np.tile(lowest[0], (300, 1))) > 4.5


def test_separation_sees_energies_where_all_means_agree():
    """Pairs of equal spins against pairs of opposite ones: every mean is 0."""
    params = PairwiseParams(np.array([[0.0, 1.0], [1.0, 0.0]]), Bias(np.zeros(2)))
    signs = np.tile([1.0, -1.0], 50)[:, None]
    same, opposite = signs * [1.0, 1.0], signs * [1.0, -1.0]
    assert chains_apart(Pairwise(SPIN), params, same, opposite) > 4.5
    assert chains_apart(Pairwise(SPIN), params, same, same[::-1]) == 0


def test_the_energy_of_visible_units_is_their_free_energy():
    model, params = MACHINES["spins"]
    states, energies = enumerated(model, params)
    found = model.free_energy(params, np.array(states))
    np.testing.assert_allclose(found, energies, atol=1e-12)


def test_twenty_chains_say_that_they_are_too_few(short_tuning):
    model, params = MACHINES["spins"]
    estimate, reasons = estimate_log_partition(
        model, params, effort=Effort(20, 20, 2), method="reverse_ais"
    )
    assert any("take n_chains=60 or more" in reason for reason in reasons)
    assert doubts(estimate, 20) != reasons
