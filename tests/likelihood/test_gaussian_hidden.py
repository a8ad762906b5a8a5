"""What is asked of machines with Gaussian hidden units, against closed forms."""

import numpy as np
import pytest
from oracles import PairOracle, configurations, log_gaussian_integral

from skboltz.likelihood import (
    Effort,
    estimate_log_partition,
    exact_log_likelihood,
    exact_log_partition,
    forward_estimate,
    pseudo_log_likelihood,
    visited_bound,
)
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream, annealing, mean_field, modes
from skboltz.units import BERNOULLI, GAUSSIAN, SPIN, Bias, GaussianParams

UNITS = {"bits": BERNOULLI, "spins": SPIN, "Gaussian": GAUSSIAN}
ABOVE = GaussianParams(np.array([0.8, -0.5, 0.3]), np.array([1.6, -1.0, 0.5]))
STREAM = Stream((5, 6), Purpose.CHAINS)


def machine(visible):
    rng = np.random.default_rng(1)
    weights = 0.25 * np.exp(ABOVE.log_variance / 2)[:, None] * rng.normal(size=(3, 4))
    below, values = Bias(rng.normal(size=4)), (visible.low, visible.high)
    if visible is GAUSSIAN:
        below, values = GaussianParams(below.bias, np.zeros(4)), None
    params = BipartiteParams(weights, below, ABOVE)
    return Bipartite(visible, GAUSSIAN), params, PairOracle(*params, values, None)


machines = pytest.mark.parametrize("visible", UNITS.values(), ids=UNITS)
with_states = pytest.mark.parametrize(
    "visible", [BERNOULLI, SPIN], ids=["bits", "spins"]
)


@with_states
def test_likelihoods_are_exact_by_the_states_of_the_visible_layer(visible):
    model, params, oracle = machine(visible)
    log_z = exact_log_partition(model, params)
    assert np.isclose(log_z.value, oracle.log_z, rtol=1e-12)
    states = configurations((visible.low, visible.high), 4)
    found = exact_log_likelihood(model, params, np.array(states), log_z)
    expected = [oracle.log_likelihood(v) for v in states]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)


@with_states
def test_the_pseudo_likelihood_is_a_sum_of_ratios(visible):
    """The door raised AttributeError: Gaussian units have no gap."""
    model, params, oracle = machine(visible)
    low, high = visible.low, visible.high
    states = configurations((low, high), 4)
    log_p = {v: oracle.log_likelihood(v) for v in states}

    def of_site(v, i):
        both = [log_p[(*v[:i], x, *v[i + 1 :])] for x in (low, high)]
        return log_p[v] - np.logaddexp(*both)

    expected = [sum(of_site(v, i) for i in range(4)) for v in states]
    found = pseudo_log_likelihood(model, params, np.array(states))
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@machines
@pytest.mark.parametrize("method", ["ais", "bridge"])
def test_annealing_is_right_within_its_error_bars(visible, method):
    model, params, oracle = machine(visible)
    effort = Effort(betas=100, n_chains=100, n_sweeps=10)
    found, reasons = estimate_log_partition(
        model, params, method=method, effort=effort, key=(1, 2)
    )
    assert abs(found.value - oracle.log_z) < 4 * found.standard_error < 0.2
    assert not reasons


def path_from_another_base(visible):
    """From hidden units of unit variance, as under tempered chains: those learn on."""
    model, params, oracle = machine(visible)
    path = annealing.base_path(model, params)
    zeros = np.zeros_like(params.hidden.bias)
    base = path.base._replace(hidden=GaussianParams(zeros, zeros))
    return path._replace(base=base), oracle


def worst_ratio(visible):
    """How far log f(v; 0.7) / f(v; 0.2) is off, but for what is the same for all v.

    f(v; beta) is the integral over h of exp(-(1 - beta) base - beta E).
    """
    path, oracle = path_from_another_base(visible)
    v = np.random.default_rng(2).choice([0.0, 1.0], (6, 4))

    def log_f(row, beta):
        def energy(h):
            return (1 - beta) * (h @ h) / 2 + beta * oracle.energy(row, h)

        # The visible units of the base are those of the machine, without weights.
        w, oracle.weights = oracle.weights, np.zeros((3, 4)).tolist()
        alone = oracle.energy(row, ABOVE.bias)
        oracle.weights = w
        return log_gaussian_integral(energy, 3) - (1 - beta) * alone

    expected = [log_f(row, 0.7) - log_f(row, 0.2) for row in v]
    chains = annealing.from_visible(path, v, STREAM)
    found = path.log_ratio(path.at(0.2), path.at(0.7), chains)
    return np.ptp(found - expected)


@machines
def test_a_path_may_start_from_other_variances(visible):
    assert worst_ratio(visible) < 1e-12
    path, oracle = path_from_another_base(visible)
    chains = annealing.init(path, STREAM, 2000)
    chains = annealing.run(path, chains, np.linspace(0, 1, 51))
    found = forward_estimate(chains.log_weight, path.base_log_partition())
    assert abs(found.value - oracle.log_z) < 4 * found.standard_error < 0.2


def test_inputs_that_count_by_the_wrong_variance_are_noticed(monkeypatch):
    path = type(annealing.base_path(*machine(GAUSSIAN)[:2]))
    monkeypatch.setattr(path, "_factor", lambda self, point, dtype: point.beta)
    assert worst_ratio(BERNOULLI) > 0.01


@machines
def test_bounds_hold(visible):
    """Densities at points, summed, are no bound; they "surely" bounded by 2 nats more.

    Small variances make densities large.
    """
    model, params, oracle = machine(visible)
    found, partners = modes.find(model, params, np.ones((1, 4)))
    assert np.isfinite(found).all() and np.isfinite(partners).all()
    assert visited_bound(model, params, partners)[0] <= oracle.log_z
    assert mean_field.lower_bound(model, params, found) <= oracle.log_z
