"""Chains of Gaussian visible units: no drift, known features, paths and their works."""

import itertools
import math

import numpy as np
import pytest
from judges import ALPHA, comes_from, state_numbers
from kernel_twins import TWINS
from model_cases import GAUSSIAN, by_name
from oracles import GaussianOracle
from scipy.stats import kstest, norm, poisson

from skboltz import config_context, kernels
from skboltz.likelihood import bridge_estimate
from skboltz.sampling import (
    Langevin,
    Purpose,
    Stream,
    annealing,
    conditional_gibbs,
    gibbs,
    tempering,
)
from skboltz.units import GAUSSIAN as GAUSSIAN_UNIT
from skboltz.units import Bias, GaussianParams
from skboltz.utils import each

N_CHAINS, N_SWEEPS = 12_000, 3
KERNELS = ["numpy", "numba"][: len(TWINS)]
STREAM = Stream(key=(1, 2), purpose=Purpose.SAMPLE)


# The judge -----------------------------------------------------------------------


def fits(z):
    """Whether numbers may all be standard normal, independent or not."""
    z = np.ravel(z)
    return abs(z).max(initial=0) < norm.isf(ALPHA / 2 / max(len(z), 1))


def means_z(samples, expected):
    """Gaps of the means of columns to what is expected, by their standard errors."""
    error = samples.std(axis=0) / math.sqrt(len(samples))
    return (samples.mean(axis=0) - expected) / error


def visible_moments(oracle, free):
    """E[v_i] and E[v_i v_j], i <= j, of some features, by the mixture."""
    weights, means, variances = oracle.mixture()
    means = means[:, free]
    products = means[:, :, None] * means[:, None] + np.diag(variances[free])
    return weights @ np.concatenate(
        [means, products[:, *np.triu_indices(len(free))]], 1
    )


def visible_law(oracle, v):
    """Whether rows may be independent draws from P(v)."""
    v = np.asarray(v, np.float64)
    first, second = np.triu_indices(v.shape[1])
    samples = np.concatenate([v, v[:, first] * v[:, second]], axis=1)
    features = np.arange(v.shape[1])
    z = means_z(samples, visible_moments(oracle, features))
    return fits(z) and histograms_fit(oracle, v, oracle.nothing)


def histograms_fit(oracle, v, known):
    """Each missing v_i through the distribution function of its mixture."""
    free = np.flatnonzero(np.isnan(known))
    return all(
        kstest(v[:, i], lambda x, i=i: oracle.cdf(i, x, known)).pvalue
        > ALPHA / len(free)
        for i in free
    )


def hidden_fits(case, h, known):
    """Whether hidden states may be independent draws from P(h | known)."""
    unit, p = case.model.hidden_unit, np.array(case.oracle.posterior(known))
    rare = len(h) * (1 - p.max())
    if rare > 20:  # two bins at least, of 10 counts each
        return comes_from(h, p, unit.low, unit.high)
    numbers = state_numbers(h, unit.low, unit.high)
    return (numbers != p.argmax()).sum() <= poisson.isf(ALPHA, rare)


def residuals_fit(case, v, h, known):
    """Whether (v_i - m_i(h)) / s_i are standard normal whatever h is."""
    unit, oracle = case.model.hidden_unit, case.oracle
    _, means, variances = oracle.mixture()
    numbers = state_numbers(h, unit.low, unit.high)
    free = np.isnan(known)
    z = ((v - means[numbers]) / np.sqrt(variances))[:, free]
    sums = [z[numbers == k].sum(axis=0) for k in np.unique(numbers)]
    roots = np.sqrt(np.bincount(numbers)[np.unique(numbers)])
    # The mean of z^2 has the variance 2 / n.
    squares = ((z**2).mean(axis=0) - 1) * math.sqrt(len(z) / 2)
    return fits(np.array(sums) / roots[:, None]) and fits(squares)


def stays(case, chains, known=None):
    """Whether chains may be independent draws from P(v, h | known)."""
    known = np.array(case.oracle.nothing if known is None else known)
    v = np.asarray(chains.visible, np.float64)
    return (
        hidden_fits(case, chains.hidden, known)
        and residuals_fit(case, v, chains.hidden, known)
        and histograms_fit(case.oracle, v, known)
    )


# Block Gibbs ---------------------------------------------------------------------


def cast(params, dtype):
    return each(lambda array: array.astype(dtype), params)


def run(case, params, dtype=np.float64, step=gibbs.step):
    """Chains after some sweeps with given parameters, from an exact start."""
    start = case.oracle.draw(N_CHAINS, np.random.default_rng(0)).astype(dtype)
    params = cast(params, dtype)
    chains = gibbs.from_visible(case.model, params, start, STREAM)
    for _ in range(N_SWEEPS):
        chains = step(case.model, params, chains)
    return chains


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_chains_stay_in_the_distribution(case, dtype):
    chains = run(case, case.params, dtype)
    assert chains.visible.dtype == chains.hidden.dtype == dtype
    assert stays(case, chains)


def wrong(params, what):
    """Parameters with one thing wrong: chains under them must leave the law."""
    w, (b, z), (c,) = params
    if what == "variance":
        return params._replace(visible=GaussianParams(b, z + math.log(1.2)))
    if what == "visible bias":
        return params._replace(visible=GaussianParams(0 * b, z))
    if what == "hidden bias":
        return params._replace(hidden=Bias(0 * c))
    # What v does to h is not divided by the variance, what h does to v is as before.
    return params._replace(weights=w * np.exp(z / 2))


WRONG = ["variance", "visible bias", "hidden bias", "weights"]


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_what_is_wrong_is_rejected(case, what):
    assert not stays(case, run(case, wrong(case.params, what)))


def test_noise_used_twice_is_rejected():
    case = GAUSSIAN[0]

    def stale(model, params, chains):
        return gibbs.step(model, params, chains)._replace(stream=chains.stream)

    assert not stays(case, run(case, case.params, step=stale))


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_hidden_states_are_drawn_from_their_conditional(case):
    row = case.oracle.draw(1, np.random.default_rng(1))[0]
    rows = np.tile(row, (N_CHAINS, 1))
    chains = gibbs.from_visible(case.model, case.params, rows, STREAM)
    assert hidden_fits(case, chains.hidden, row)
    expected = case.oracle.hidden_mean(row)
    np.testing.assert_allclose(chains.hidden_mean[0], expected, rtol=1e-9, atol=1e-12)


def test_init_is_exact_without_weights():
    case = GAUSSIAN[3]
    params = case.params._replace(weights=np.zeros_like(case.params.weights))
    chains = gibbs.init(case.model, params, STREAM, N_CHAINS)
    hidden = case.model.hidden_unit
    free = GaussianOracle(*params.arrays(), (hidden.low, hidden.high))
    assert stays(case._replace(oracle=free), chains)
    assert not stays(case, chains)


@pytest.mark.skipif(len(KERNELS) < 2, reason="this run is without Numba on purpose")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_kernels_walk_the_same_chain(dtype):
    walks = []
    for name in KERNELS:
        with config_context(kernels=name):
            walks.append(run(GAUSSIAN[2], GAUSSIAN[2].params, dtype))
    for one, other in zip(walks[0][:3], walks[1][:3], strict=True):
        assert one.tobytes() == other.tobytes()


# Langevin moves ------------------------------------------------------------------


def langevin(**settings):
    draw = Langevin(**settings).draw_visible
    return lambda *args: gibbs.step(*args, draw)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("step_size", [0.1, 0.5, 1.9])
@pytest.mark.parametrize(**by_name(GAUSSIAN[3:5]))
def test_adjusted_langevin_moves_stay(case, step_size, dtype):
    step = langevin(n_steps=4, step_size=step_size)
    chains = run(case, case.params, dtype, step)
    assert chains.visible.dtype == dtype and stays(case, chains)


@pytest.mark.parametrize("step_size", [0.5, 1.5])
@pytest.mark.parametrize(**by_name(GAUSSIAN[3:5]))
def test_unadjusted_langevin_moves_are_too_wide(case, step_size):
    step = langevin(n_steps=4, step_size=step_size, adjusted=False)
    assert not stays(case, run(case, case.params, step=step))


# What is known -------------------------------------------------------------------


def known_rows(case):
    """One row with every pattern of missing values but that of none."""
    row = case.oracle.draw(1, np.random.default_rng(2))[0]
    masks = itertools.product([True, False], repeat=len(row))
    return [np.where(mask, np.nan, row) for mask in masks if any(mask)]


def clamped(case, known, given, params=None):
    """Chains after some clamped sweeps, from an exact start."""
    params = case.params if params is None else params
    start = case.oracle.draw(N_CHAINS, np.random.default_rng(3), known)
    chains = gibbs.from_visible(case.model, params, start, STREAM)
    return conditional_gibbs.run(case.model, params, chains, given, N_SWEEPS)


@pytest.mark.parametrize(**by_name(GAUSSIAN[1:]))
def test_clamped_chains_stay_in_the_conditional_distribution(case):
    for known in known_rows(case)[1:]:
        chains = clamped(case, known, known)
        is_known = ~np.isnan(known)
        assert (chains.visible[:, is_known] == known[is_known]).all()
        assert stays(case, chains, known)


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize(**by_name(GAUSSIAN[1:]))
def test_clamped_chains_that_are_wrong_are_rejected(case, what):
    known = known_rows(case)[1]
    assert not stays(case, clamped(case, known, known, wrong(case.params, what)), known)


@pytest.mark.parametrize(**by_name(GAUSSIAN[2:4]))
def test_known_values_not_put_back_are_noticed(case):
    """By what the chains make of the missing ones, and of the hidden units."""
    known = known_rows(case)[1]
    chains = clamped(case, known, np.full_like(known, np.nan))
    assert not hidden_fits(case, chains.hidden, known)


def test_init_leaves_what_is_known():
    case = GAUSSIAN[3]
    given = np.repeat(np.array(known_rows(case)), 100, axis=0)
    chains = conditional_gibbs.init(case.model, case.params, given, STREAM)
    is_known = ~np.isnan(given)
    np.testing.assert_array_equal(chains.visible[is_known], given[is_known])
    assert np.isfinite(chains.visible).all()


@pytest.mark.parametrize(**by_name([GAUSSIAN[2], GAUSSIAN[4]]))
def test_means_over_chains_are_conditional_means(case):
    """100 chains with noise of their own: errors from the spread of their means.

    After 30 sweeps nothing is left of the start: in these machines a sweep forgets
    a third of it at least.
    """
    rows = np.array(known_rows(case))
    found = [walked_means(case, rows, i) for i in range(100)]
    for made, mean in zip(
        zip(*found, strict=True), expected_means(case, rows), strict=True
    ):
        made, varies = np.array(made), np.std(made, axis=0) > 1e-12
        np.testing.assert_allclose(made[0][~varies], mean[~varies], rtol=1e-12)
        assert fits(means_z(made[:, varies], mean[varies]))


def walked_means(case, rows, shard):
    """Averages over 10 sweeps of a chain for each row."""
    stream, total = STREAM._replace(shard=shard), [0.0, 0.0]
    start = np.nan_to_num(rows)
    walk = conditional_gibbs.walk(case.model, case.params, rows, start, stream)
    for sweep in itertools.islice(walk, 30, 40):
        total[0] = total[0] + conditional_gibbs.filled(rows, sweep.visible_mean) / 10
        total[1] = total[1] + sweep.hidden_mean / 10
    return total


def expected_means(case, rows):
    oracle = case.oracle
    return (
        np.array([oracle.visible_mean(row) for row in rows]),
        np.array([oracle.hidden_mean(row) for row in rows]),
    )


# Paths ---------------------------------------------------------------------------


def wide_path(case):
    """From units with the moments of the machine, wider than its components."""
    mean, square, _, _ = case.oracle.moments()
    path = annealing.base_path(case.model, case.params)
    wide = GaussianParams(mean, np.log(square - mean**2))
    return path._replace(base=path.base._replace(visible=wide))


def oracle_at(case, path, beta):
    """The machine of the energy (1 - beta) E_base + beta E, by its definition."""
    w, (b, z), (c,) = case.params
    base = path.base.visible
    s2, base_s2 = np.exp(z), np.exp(base.log_variance)
    precision = (1 - beta) / base_s2 + beta / s2
    bias = ((1 - beta) * base.bias / base_s2 + beta * b / s2) / precision
    unit = case.model.hidden_unit
    return GaussianOracle(
        beta * w / s2 / precision,
        bias,
        -np.log(precision),
        beta * c,
        (unit.low, unit.high),
    )


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_a_path_begins_at_free_units(case):
    """log Z of normal laws, and of hidden units without bias: log 2 each."""
    path = wide_path(case)
    expected = 0.5 * (math.log(2 * math.pi) + path.base.visible.log_variance).sum()
    expected += len(case.params.weights) * math.log(2)
    assert math.isclose(path.base_log_partition(), expected, rel_tol=1e-12)
    rows, _ = path.draw(STREAM, N_CHAINS)
    assert visible_law(oracle_at(case, path, 0.0), rows)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_a_base_of_given_means_keeps_the_variances(case):
    mean = np.linspace(-1.0, 2.0, case.oracle.n_visible)
    base = annealing.base_path(case.model, case.params, mean).base
    np.testing.assert_array_equal(base.visible.bias, mean)
    np.testing.assert_array_equal(
        base.visible.log_variance, case.params.visible.log_variance
    )


@pytest.mark.parametrize(**by_name(GAUSSIAN))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_ratios_are_differences_of_free_energies(case, dtype):
    """Up to what a blend leaves out: a constant of each inverse temperature."""
    path, v = wide_path(case), case.oracle.draw(20, np.random.default_rng(4))
    path = path._replace(target=cast(case.params, dtype))
    states = annealing.from_visible(path, v.astype(dtype), None)
    for beta, new in ((0.0, 1.0), (0.3, 0.55), (0.9, 0.2)):
        found = path.log_ratio(path.at(beta), path.at(new), states)
        old, later = oracle_at(case, path, beta), oracle_at(case, path, new)
        expected = [old.free_energy(row) - later.free_energy(row) for row in v]
        # At the ends nothing is left out; energies of 100 have 6e-6 in float32.
        shift = 0 if (beta, new) == (0.0, 1.0) else found[0] - expected[0]
        tolerance = 1e-10 if dtype == np.float64 else 3e-4
        np.testing.assert_allclose(found - shift, expected, atol=tolerance)
        assert found.dtype == np.float64


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_ratios_along_a_ladder_add_up(case):
    """Constants of the blends, whatever they are, cancel between the ends."""
    path, v = wide_path(case), case.oracle.draw(20, np.random.default_rng(4))
    states = annealing.from_visible(path, v, None)
    betas = np.array([0.0, 0.2, 0.7, 1.0])
    steps = [
        path.log_ratio(path.at(a), path.at(b), states)
        for a, b in zip(betas[:-1], betas[1:], strict=True)
    ]
    whole = path.log_ratio(path.at(0.0), path.at(1.0), states)
    np.testing.assert_allclose(sum(steps), whole, atol=1e-10)


@pytest.mark.parametrize(
    **by_name([case for case in GAUSSIAN if case.oracle.n_visible <= 2])
)
def test_one_step_from_everywhere_gives_z_exactly(case):
    """The integral of f_0 times f_1 / f_0, over a grid and not sampled."""
    path, base = wide_path(case), wide_path(case).base.visible
    grids = [case.oracle.grid(i) for i in range(case.oracle.n_visible)]
    axes, gaps = zip(*grids, strict=True)
    v = np.array(list(itertools.product(*axes)))
    ratio = path.log_ratio(
        path.at(0.0), path.at(1.0), annealing.from_visible(path, v, None)
    )
    log_base = -((v - base.bias) ** 2 / (2 * np.exp(base.log_variance))).sum(axis=1)
    log_base += len(case.params.weights) * math.log(2)
    z = math.log(np.exp(log_base + ratio).sum() * math.prod(gaps))
    assert math.isclose(z, case.oracle.log_z, rel_tol=1e-11, abs_tol=1e-11)


# Annealing -----------------------------------------------------------------------

N_WORKS, BETAS = 4_000, np.linspace(0, 1, 31)


def works(case, path):
    """Log weights of chains led up from the base, and down from the machine."""
    up = annealing.run(path, annealing.init(path, STREAM, N_WORKS), BETAS)
    start = case.oracle.draw(N_WORKS, np.random.default_rng(5))
    down = annealing.from_visible(path, start, STREAM._replace(shard=1))
    down = annealing.run(path, down, BETAS[::-1])
    return up.log_weight, down.log_weight


def ratio_z(log_weights, log_ratio):
    """Gap of mean(w) to exp(log_ratio), by its standard error."""
    w = np.exp(log_weights - log_ratio)
    return (w.mean() - 1) / (w.std() / math.sqrt(len(w)))


def work_gaps(case, path, up, down):
    """Of the mean weights up and down to Z / Z_base and its inverse."""
    ratio = case.oracle.log_z - path.base_log_partition()
    return abs(ratio_z(up, ratio)), abs(ratio_z(down, -ratio))


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_works_are_unbiased_in_both_directions(case):
    """A gap of 4 standard errors has a chance of 6e-5: 1 in 500 over all of these."""
    path, z = wide_path(case), case.oracle.log_z
    base = path.base_log_partition()
    up, down = works(case, path)
    assert max(work_gaps(case, path, up, down)) < 4
    bridge = bridge_estimate(up, down, base)
    assert abs(bridge.value - z) < 4 * bridge.standard_error
    # By Jensen's inequality the means of the logarithms lie on both sides.
    errors = np.std(up) / N_WORKS**0.5, np.std(down) / N_WORKS**0.5
    assert base + up.mean() < z + 4 * errors[0]
    assert base - down.mean() > z - 4 * errors[1]


def broken_gain(monkeypatch):
    """Inputs of the target's variance taken for those of the rung."""
    monkeypatch.setattr(type(GAUSSIAN_UNIT), "gain", lambda *args: 1.0)


def broken_noise(monkeypatch):
    """A standard deviation too large by a tenth: a variance by a fifth."""
    twin = kernels.active()
    normal = twin.NOISE["normal"]

    def wide(*arguments):
        return math.sqrt(1.2) * normal(*arguments)

    monkeypatch.setitem(twin.NOISE, "normal", wide)


def broken_blend(monkeypatch):
    """Log-variances mixed in place of precisions, biases in place of pulls."""

    def linear(self, base, target, beta):
        ends = zip(base, target, strict=True)
        return GaussianParams(*((1 - beta) * a + beta * b for a, b in ends))

    monkeypatch.setattr(type(GAUSSIAN_UNIT), "blend", linear)


@pytest.mark.parametrize("broken", [broken_gain, broken_noise])
@pytest.mark.parametrize(**by_name([GAUSSIAN[i] for i in (1, 3, 6)]))
def test_works_of_broken_sweeps_are_rejected(case, broken, monkeypatch):
    path = wide_path(case)
    broken(monkeypatch)
    assert max(work_gaps(case, path, *works(case, path))) > 4


# Tempering -----------------------------------------------------------------------

RUNGS = np.array([0.0, 0.4, 1.0])


def rungs_stay(case, path):
    """Whether each rung is still in its law, begun exactly there."""
    oracles = [oracle_at(case, path, beta) for beta in RUNGS]
    rng = np.random.default_rng(6)
    visible = np.stack([oracle.draw(N_CHAINS, rng) for oracle in oracles])
    replicas = tempering.from_visible(path, visible, STREAM)
    replicas = tempering.run(path, RUNGS, replicas, N_SWEEPS)
    return all(
        visible_law(oracle, rows)
        for oracle, rows in zip(oracles, replicas.visible, strict=True)
    )


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_every_rung_stays_in_its_distribution(case):
    assert rungs_stay(case, wide_path(case))


@pytest.mark.parametrize("broken", [broken_gain, broken_noise, broken_blend])
@pytest.mark.parametrize(**by_name([GAUSSIAN[i] for i in (0, 3, 6)]))
def test_broken_rungs_are_rejected(case, broken, monkeypatch):
    path = wide_path(case)
    broken(monkeypatch)
    assert not rungs_stay(case, path)


@pytest.mark.parametrize("sign", [0, -1])
def test_broken_exchanges_are_rejected(sign, monkeypatch):
    case, gain = GAUSSIAN[3], tempering._gain
    monkeypatch.setattr(tempering, "_gain", lambda *args: sign * gain(*args))
    assert not rungs_stay(case, wide_path(case))
