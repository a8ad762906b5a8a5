"""log Z by annealing: exact identities, coverage, and what is caught when it fails."""

import numpy as np
import pytest
from estimate_cases import EASY, HARD
from joblib import parallel_config
from model_cases import BIPARTITE, by_name

from skboltz.likelihood import (
    DEFAULT_EFFORT,
    Effort,
    bridge_estimate,
    chains_apart,
    doubts,
    estimate_log_partition,
    exact_log_partition,
    forward_estimate,
    ladder,
    reverse_estimate,
    visited_bound,
)
from skboltz.sampling import Purpose, Stream, annealing, mean_field, tempering
from skboltz.units import Bias

RNG = np.random.default_rng(0)
LIGHT = Effort(betas=100, n_chains=100, n_sweeps=30)


def path_of(case, mean=None):
    return annealing.base_path(case.model, case.params, mean)


def exact_chains(case, n_chains, seed=0):
    """Rows drawn from the exact distribution of a small machine."""
    p = case.oracle.visible_marginal()
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(p), n_chains, p=p / p.sum())
    return np.array(case.oracle.visible_states, dtype=float)[rows]


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_both_ends_of_the_path_are_the_base_and_the_model(case):
    mean = np.linspace(0.3, 0.6, case.oracle.n_visible)
    unit = case.model.visible_unit
    path = path_of(case, unit.low + unit.span * mean)
    z = path.base_log_partition()
    base = path.at(0.0).units
    total = 0.0
    for v in case.oracle.visible_states:
        energy = unit.base_energy(base.visible, np.array([v], dtype=float))[0]
        share = (np.array(v) - unit.low) / unit.span
        p = np.prod(np.where(share == 1, mean, 1 - mean))
        n_hidden = 2.0**case.oracle.n_hidden
        assert np.isclose(np.exp(-energy - z) * n_hidden, p)
        total += np.exp(-energy) * n_hidden
    assert np.isclose(np.log(total), z)


@pytest.mark.parametrize(**by_name(BIPARTITE))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_log_ratios_are_differences_of_free_energies(case, dtype):
    """Against the energies of the model whose parameters are mixed by hand."""
    path, beta, new = path_of(case), 0.3, 0.55
    v = np.array(case.oracle.visible_states, dtype=dtype)
    params = case.params._replace(weights=case.params.weights.astype(dtype))
    chains = annealing.from_visible(path._replace(target=params), v, None)
    found = path.log_ratio(path.at(beta), path.at(new), chains)
    expected = mixed_free_energy(case, path, beta, v) - mixed_free_energy(
        case, path, new, v
    )
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    np.testing.assert_allclose(found, expected, atol=tolerance * 100, rtol=tolerance)


def mixed_free_energy(case, path, beta, v):
    layers = path.at(beta).units
    params = case.params._replace(
        weights=beta * case.params.weights, visible=layers.visible, hidden=layers.hidden
    )
    return case.model.free_energy(params, v.astype(float))


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_one_step_from_everywhere_gives_z_exactly(case):
    """E over the base of f_1/f_0 is Z_1/Z_0: summed over all states, not sampled."""
    path = path_of(case)
    v = np.array(case.oracle.visible_states, dtype=float)
    chains = annealing.from_visible(path, v, None)
    ratio = path.log_ratio(path.at(0.0), path.at(1.0), chains)
    log_base = -mixed_free_energy(case, path, 0.0, v)
    assert np.isclose(
        np.log(np.exp(log_base + ratio).sum()), case.oracle.log_z, atol=1e-10
    )


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_forward_falls_short_and_reverse_exceeds(case):
    """In expectation, by Jensen's inequality; with four steps the gap is plain."""
    path, betas = path_of(case), np.linspace(0, 1, 5)
    stream = Stream((1, 2), Purpose.SAMPLE)
    z = path.base_log_partition()
    up = annealing.run(path, annealing.init(path, stream, 20_000), betas)
    start = exact_chains(case, 20_000)
    down = annealing.from_visible(path, start, stream._replace(shard=1))
    down = annealing.run(path, down, betas[::-1])
    gap = np.array([up.log_weight.mean(), -down.log_weight.mean()]) + z
    errors = np.array([up.log_weight.std(), down.log_weight.std()]) / 20_000**0.5
    assert gap[0] < case.oracle.log_z + 4 * errors[0]
    assert gap[1] > case.oracle.log_z - 4 * errors[1]
    # The means of the weights themselves are unbiased.
    for estimate in (
        forward_estimate(up.log_weight, z),
        reverse_estimate(down.log_weight, z),
        bridge_estimate(up.log_weight, down.log_weight, z),
    ):
        assert abs(estimate.value - case.oracle.log_z) < 5 * estimate.standard_error


def test_the_bridge_of_gaussian_work_is_exact():
    """Works of a Gaussian path obey Crooks' relation: log w ~ N(r - s^2/2, s^2)
    forward, log w ~ N(-r - s^2/2, s^2) back."""
    rng, r, s = np.random.default_rng(1), 7.0, 3.0
    errors = []
    for _ in range(400):
        forward = rng.normal(r - s**2 / 2, s, 150)
        reverse = rng.normal(-r - s**2 / 2, s, 50)
        estimate = bridge_estimate(forward, reverse, 1.0)
        errors.append((estimate.value - 1.0 - r) / estimate.standard_error)
    # Means of 400: a standard deviation of 1/20; a sign of the shift wrong is at 3.
    assert abs(np.mean(errors)) < 0.3 and 0.85 < np.std(errors) < 1.25


def test_equal_weights_are_worth_their_number():
    estimate = forward_estimate(np.full(50, 2.0), 3.0)
    assert (estimate.value, estimate.standard_error) == (5.0, 0.0)
    assert np.isclose(estimate.effective_sample_size, 50)


def test_the_standard_error_is_that_of_a_mean():
    """Against the spread of repeated estimates from log-normal weights."""
    rng = np.random.default_rng(2)
    estimates = [forward_estimate(rng.normal(0, 0.5, 200), 0.0) for _ in range(500)]
    spread = np.std([e.value for e in estimates])
    assert np.isclose(np.mean([e.standard_error for e in estimates]), spread, rtol=0.1)


@pytest.fixture
def few_ladders(monkeypatch):
    """Two ladders, each tuned once: that takes longer than the chains on it."""
    tuned, found = tempering.tuned_ladder, {}

    def tuned_once(path, stream):
        seed = stream.key[0] % 2
        if seed not in found:
            found[seed] = tuned(path, stream)
        return found[seed]

    monkeypatch.setattr(tempering, "tuned_ladder", tuned_once)


@pytest.mark.parametrize(**by_name(EASY))
@pytest.mark.usefixtures("few_ladders")
def test_easy_models_are_covered_and_do_not_warn(case):
    """12 seeds: 95 % intervals miss 4 or more with a probability of 0.002."""
    exact = exact_log_partition(case.model, case.params).value
    missed = warned = 0
    for seed in range(12):
        estimate, reasons = estimate_log_partition(
            case.model, case.params, effort=LIGHT, key=(seed, 5)
        )
        low, high = estimate.interval()
        missed += not low <= exact <= high
        warned += bool(reasons)
        assert abs(estimate.value - exact) < 6 * estimate.standard_error
    assert missed <= 3 and warned <= 1


@pytest.mark.parametrize(**by_name(HARD))
@pytest.mark.usefixtures("few_ladders")
def test_a_model_whose_mode_is_missed_is_covered_or_warns(case):
    exact = exact_log_partition(case.model, case.params).value
    for seed in range(4):
        estimate, reasons = estimate_log_partition(
            case.model, case.params, effort=LIGHT, key=(seed, 5)
        )
        low, high = estimate.interval()
        assert reasons or low <= exact <= high


@pytest.mark.parametrize(**by_name(HARD[:2]))
def test_plain_annealing_alone_is_sure_and_wrong(case):
    """The negative control: without the checks nobody would know."""
    exact = exact_log_partition(case.model, case.params).value
    estimate, reasons = estimate_log_partition(
        *(case.model, case.params),
        method="ais",
        effort=Effort(betas=1000, n_chains=50),
        key=(0, 5),
    )
    assert estimate.forward + 0.5 < exact and estimate.effective_sample_size > 45
    # Only what descent found says so.
    assert len(reasons) == 1 and "surely not below" in reasons[0]
    assert estimate.value < exact


def test_a_broken_sampler_is_noticed():
    """Fields by four thirds: a colder chain, and a warning."""
    case = EASY[1]
    sample = Stream.sample

    def cold(self, unit, params, input, mean=None, room=None):
        params = Bias((params.bias / 0.75).astype(input.dtype))
        return sample(self, unit, params, input / input.dtype.type(0.75))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stream, "sample", cold)
        estimate, reasons = estimate_log_partition(
            case.model, case.params, effort=LIGHT, key=(0, 5)
        )
    exact = exact_log_partition(case.model, case.params).value
    assert reasons or abs(estimate.value - exact) > 4 * estimate.standard_error


@pytest.mark.parametrize("method", ["bridge", "ais", "reverse_ais"])
def test_the_result_does_not_depend_on_the_number_of_jobs(method):
    case = EASY[0]
    effort = Effort(betas=20, n_chains=120, n_sweeps=3)
    # Processes take seconds to start: one method is enough for them.
    backend = "loky" if method == "bridge" else "threading"
    with parallel_config(backend=backend):
        one, two = (
            estimate_log_partition(
                case.model, case.params, method=method, effort=effort, n_jobs=n_jobs
            )
            for n_jobs in (1, 2)
        )
    np.testing.assert_equal(one, two)


def test_the_states_seen_bound_z_from_below():
    case = BIPARTITE[2]
    hidden = np.array(case.oracle.hidden_states, dtype=float)
    bound, n = visited_bound(case.model, case.params, hidden[:5])
    expected = np.log(
        sum(
            np.exp(-case.oracle.energy[v, h])
            for v in case.oracle.visible_states
            for h in case.oracle.hidden_states[:5]
        )
    )
    assert n == 5 and np.isclose(bound, expected) and bound < case.oracle.log_z
    whole, _ = visited_bound(case.model, case.params, np.tile(hidden, (3, 1)))
    assert np.isclose(whole, case.oracle.log_z)


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_mean_field_bounds_z_from_below(case):
    """By explicit sums for independent units with the means found."""
    starts = np.array(case.oracle.visible_states, dtype=float)
    bounds = [
        mean_field.lower_bound(case.model, case.params, row[None]) for row in starts
    ]
    assert max(bounds) <= case.oracle.log_z + 1e-10
    free = case.params._replace(weights=0 * case.params.weights)
    exact = exact_log_partition(case.model, free).value
    assert np.isclose(mean_field.lower_bound(case.model, free, starts), exact)
    # One step more never lowers it.
    steps = [
        mean_field.lower_bound(case.model, case.params, starts[:1], n_steps=n)
        for n in range(1, 6)
    ]
    assert (np.diff(steps) > -1e-12).all()
    assert np.isclose(steps[0], bound_by_loops(case, starts[0]))


def bound_by_loops(case, v):
    """-<E> + entropy of the units after one round from v, the hidden summed out."""
    params, unit = case.params, case.model.visible_unit
    hidden = case.model.hidden_unit.mean(None, params.weights @ v + params.hidden.bias)
    mean = unit.mean(None, params.weights.T @ hidden + params.visible.bias)
    share = (mean - unit.low) / unit.span
    entropy = -np.sum(share * np.log(share) + (1 - share) * np.log1p(-share))
    field = params.weights @ mean + params.hidden.bias
    low, high = case.model.hidden_unit.low, case.model.hidden_unit.high
    marginal = np.log(np.exp(low * field) + np.exp(high * field)).sum()
    return entropy + params.visible.bias @ mean + marginal


def test_separation_of_chains_from_one_law_is_small():
    case = BIPARTITE[1]
    rows = exact_chains(case, 400)
    assert chains_apart(case.model, case.params, rows[:200], rows[200:]) < 4
    apart = rows[200:].copy()
    apart[:, 0] = 1.0
    assert chains_apart(case.model, case.params, rows[:200], apart) > 4.5


def test_each_doubt_is_said():
    good = forward_estimate(np.linspace(0.9, 1.1, 100), 0.0)
    assert doubts(good, 100, apart=1.0) == []
    few = good._replace(effective_sample_size=1.2)
    assert "effective sample size" in doubts(few, 100)[0]
    torn = good._replace(reverse=9.0, gap_error=0.5)
    assert "disagree" in doubts(torn, 100)[0]
    assert "have not met" in doubts(good, 100, apart=6.0)[0]
    assert "surely not below" in doubts(good, 100, bound=5.0)[0]


def test_ladders():
    np.testing.assert_allclose(ladder(4, np.array([0.0, 1.0])), [0, 0.25, 0.5, 0.75, 1])
    given = np.array([0.0, 0.1, 1.0])
    np.testing.assert_array_equal(ladder(given, np.array([0.0, 1.0])), given)
    assert DEFAULT_EFFORT.betas == 1000
