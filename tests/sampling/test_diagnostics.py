"""Diagnostics against explicit loops, known answers and chains that went wrong.

The oracles below are written with plain loops over Python numbers, from the papers.
"""

from math import ceil, copysign, inf, isnan, log, log10, sqrt
from statistics import NormalDist, fmean, median, variance

import numpy as np
import pytest
from judges import ALPHA
from scipy.signal import lfilter
from scipy.stats import chi2, norm

from skboltz.sampling import (
    autocorrelation,
    autocorrelation_time,
    effective_sample_size,
    r_hat,
)

pytestmark = pytest.mark.no_kernel

DIAGNOSTICS = [autocorrelation, autocorrelation_time, effective_sample_size, r_hat]
SIGMAS = norm.isf(ALPHA / 2)


def autoregressive(phi, n_chains, n_steps, seed=0):
    """Stationary chains x_s = phi x_(s-1) + noise: rho_t = phi^t."""
    noise = np.random.default_rng(seed).standard_normal((n_chains, n_steps))
    noise[:, 0] /= sqrt(1 - phi**2)
    return lfilter([1], [1, -phi], noise)


def exact_time(phi):
    return (1 + phi) / (1 - phi)


def relative_error(last_lag, n_draws):
    """Standard error of tau by tau, summed up to a lag (Sokal 1997)."""
    return sqrt(2 * (2 * last_lag + 1) / n_draws)


# Oracles ------------------------------------------------------------------------


def autocovariance_by_loops(chain, mean, lag):
    n = len(chain)
    return sum((chain[s] - mean) * (chain[s + lag] - mean) for s in range(n - lag)) / n


def autocorrelation_by_loops(traces):
    mean = fmean(x for chain in traces for x in chain)
    covariance = [
        fmean(autocovariance_by_loops(chain, mean, lag) for chain in traces)
        for lag in range(len(traces[0]))
    ]
    return [c / covariance[0] for c in covariance]


def time_by_loops(traces):
    tau = 1.0
    for lag, rho in enumerate(autocorrelation_by_loops(traces)):
        tau += 2 * rho if lag else 0
        if lag >= 5 * tau:
            break
    return max(tau, 1 / log10(len(traces) * len(traces[0])))


def halves_by_loops(traces):
    n = len(traces[0]) // 2
    return [half for chain in traces for half in (chain[:n], chain[-n:])]


def size_by_loops(traces):
    halves = halves_by_loops(traces)
    n = len(halves[0])
    means = [fmean(half) for half in halves]
    within = fmean(variance(half) for half in halves)
    total = within * (n - 1) / n + variance(means)

    def rho(lag):
        c = fmean(
            autocovariance_by_loops(half, mean, lag)
            for half, mean in zip(halves, means, strict=True)
        )
        return 1 - (within - c) / total if lag else 1.0

    tau, smallest = -1.0, inf
    for even in range(0, n, 2):
        if even + 1 == n or rho(even) + rho(even + 1) <= 0:
            tau += max(rho(even), 0)
            break
        smallest = min(smallest, rho(even) + rho(even + 1))
        tau += 2 * smallest
    n_draws = n * len(halves)
    return n_draws / max(tau, 1 / log10(n_draws))


def scale_by_loops(halves):
    """R-hat of the normal scores of some chains, neither folded nor split."""
    draws = [x for half in halves for x in half]
    quantile, n = NormalDist().inv_cdf, len(halves[0])

    def score(x):
        below, ties = sum(y < x for y in draws), draws.count(x)
        return quantile((below + (ties + 1) / 2 - 3 / 8) / (len(draws) + 1 / 4))

    scores = [[score(x) for x in half] for half in halves]
    within = fmean(map(variance, scores))
    return sqrt((n - 1) / n + variance(map(fmean, scores)) / within)


def r_hat_by_loops(traces):
    halves = halves_by_loops(traces)
    middle = median(x for half in halves for x in half)
    folded = [[abs(x - middle) for x in half] for half in halves]
    return max(scale_by_loops(halves), scale_by_loops(folded))


def cases():
    rng = np.random.default_rng(3)
    for n_chains, n_steps in [(1, 4), (2, 5), (3, 31), (4, 60), (1, 101)]:
        for phi in (-0.8, 0.0, 0.9):
            yield autoregressive(phi, n_chains, n_steps, seed=n_steps)
        yield rng.standard_cauchy((n_chains, n_steps))
        yield rng.poisson(2, (n_chains, n_steps)) - 1e3  # ties, far from 0
        yield rng.random((n_chains, n_steps)) + 2 * np.arange(n_chains)[:, None]


@pytest.mark.parametrize("traces", list(cases()))
def test_all_equal_their_explicit_loops(traces):
    rows = traces.tolist()
    exact = {"rtol": 0, "atol": 1e-12}
    loops = autocorrelation_by_loops(rows)
    np.testing.assert_allclose(autocorrelation(traces), loops, **exact)
    close = {"rtol": 1e-10, "equal_nan": False}
    np.testing.assert_allclose(
        autocorrelation_time(traces), time_by_loops(rows), **close
    )
    np.testing.assert_allclose(
        effective_sample_size(traces), size_by_loops(rows), **close
    )
    np.testing.assert_allclose(r_hat(traces), r_hat_by_loops(rows), **close)


@pytest.mark.parametrize(
    "step, size, scale",
    [
        (0, 43.32481930517032, 0.9888608180912642),
        (0.5, 27.210383231335832, 1.086407991857638),
    ],
)
def test_the_values_are_those_of_arviz(step, size, scale):
    """Computed by ArviZ 0.21.0: ess(x, method="mean") and rhat(x)."""
    s, c = np.arange(60), np.arange(3)[:, None]
    x = np.sin(0.37 * s**2 + c) + np.sin(0.2 * s + c) + step * c
    np.testing.assert_allclose(effective_sample_size(x), size, rtol=1e-10)
    np.testing.assert_allclose(r_hat(x), scale, rtol=1e-10)


# Known answers ------------------------------------------------------------------


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.95])
def test_the_time_of_autoregressive_chains_is_known(phi):
    traces, tau = autoregressive(phi, 8, 20_000), exact_time(phi)
    # Biases are below a fiftieth of it: (2 M + 1) / n_draws by the estimated mean,
    # less by the divisor n_steps and by what lies beyond the window, exp(-10).
    tolerance = SIGMAS * relative_error(ceil(5 * tau), traces.size)
    assert abs(autocorrelation_time(traces) / tau - 1) < tolerance
    # Controls: half of it (Sokal's tau_int), and every other sweep forgotten.
    assert abs(autocorrelation_time(traces) / 2 / tau - 1) > tolerance
    if phi:
        assert abs(autocorrelation_time(traces[:, ::2]) / tau - 1) > tolerance


@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.5])
def test_the_sample_size_of_autoregressive_chains_is_known(phi):
    traces, tau = autoregressive(phi, 8, 20_000), exact_time(phi)
    # Geyer's sequence ends at the latest when phi^t < 1 / n_draws and then 20 pairs
    # of noise, remembered for about tau, were positive in a row (2^-20 = 1e-6).
    memory = 1 / -log(abs(phi)) if phi else 0
    last_lag = memory * log(traces.size) + 40 * max(1, tau / 2)
    tolerance = SIGMAS * relative_error(last_lag, traces.size)
    expected = traces.size / tau
    assert abs(expected / effective_sample_size(traces) - 1) < tolerance
    if phi:
        thinned = 2 * effective_sample_size(traces[:, ::2])
        assert abs(expected / thinned - 1) > tolerance


def highest_r_hat(n_chains, n_steps):
    """Of independent draws: n_half B / (n_half W) is chi square by its freedom."""
    freedom, n_half = 2 * n_chains - 1, n_steps // 2
    # Halved again, as the worse of two scores is taken.
    excess = chi2.isf(ALPHA / 2, freedom) / freedom - 1
    return sqrt(1 + excess / n_half)


def good(seed=0):
    return np.random.default_rng(seed).standard_normal((4, 1000))


@pytest.mark.parametrize("law", [np.asarray, np.exp, np.tan, np.rint])
def test_good_chains_agree(law):
    limit = highest_r_hat(4, 1000)
    assert limit < 1.01
    assert r_hat(law(good())) < limit


def in_different_modes():
    return good() + 6 * np.array([[0], [0], [1], [1]])


def of_different_scales():
    return good() * np.array([[1], [1], [1], [5]])


def drifting():
    return good()[:1] + np.linspace(0, 3, 1000)


@pytest.mark.parametrize(
    "chains", [in_different_modes, of_different_scales, drifting, lambda: -drifting()]
)
def test_bad_chains_disagree(chains):
    assert r_hat(chains()) > 1.1


def test_only_folding_sees_a_scale():
    halves = halves_by_loops(of_different_scales()[:, ::5].tolist())
    assert scale_by_loops(halves) < highest_r_hat(4, 200)
    assert r_hat(of_different_scales()[:, ::5]) > 1.1


def test_chains_in_different_modes_are_worth_few_draws():
    traces = in_different_modes()
    alone = sum(effective_sample_size(chain[np.newaxis]) for chain in traces)
    assert alone > 3000
    # Two modes hold as much about the mean as a draw of each; tau sees them as well.
    assert effective_sample_size(traces) < 10
    assert autocorrelation_time(traces) > 500
    assert effective_sample_size(good()) > 3000


# Edges --------------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, 0.1, -1e300])
def test_constant_traces_teach_nothing(value):
    traces = np.full((3, 7), value)
    assert np.isnan(autocorrelation(traces)).all()
    assert autocorrelation_time(traces) == inf
    assert effective_sample_size(traces) == 0
    assert isnan(r_hat(traces))


def test_chains_that_stand_still_are_one_draw_each():
    traces = np.repeat([[0.1], [0.7], [-0.3]], 100, axis=1)
    # Within a chain only the triangle of the divisor is left.
    triangle = 1 - np.arange(100) / 100
    np.testing.assert_allclose(autocorrelation(traces), triangle, atol=1e-12)
    np.testing.assert_allclose(autocorrelation_time(traces), 100)
    # rho = 1 at the 50 lags of a half: tau = 2 * 50 - 1.
    np.testing.assert_allclose(effective_sample_size(traces), 300 / 99)
    assert r_hat(traces) == inf


def test_equal_distances_from_the_median_leave_the_bulk_alone():
    halves = [[0, 1], [0, 0], [1, 1], [1, 0]]
    expected = scale_by_loops(halves)
    np.testing.assert_allclose(r_hat([[0, 1, 0, 0], [1, 1, 1, 0]]), expected)


def test_alternating_chains_end_at_the_bound():
    signs = np.array([[copysign(1, s % 2 - 0.5) for s in range(1000)]])
    assert autocorrelation_time(signs) == 1 / 3
    assert effective_sample_size(signs) == 3000


@pytest.mark.parametrize("diagnostic", DIAGNOSTICS)
def test_shift_scale_and_order_of_chains_do_not_matter(diagnostic):
    traces = np.rint(8 * autoregressive(0.6, 3, 41))  # whole, so shifts are exact
    expected = diagnostic(traces)
    for other in (traces + 2.0**40, traces * -0.5, traces[::-1], traces * 2.0**900):
        np.testing.assert_allclose(diagnostic(other), expected, rtol=1e-9, atol=1e-12)
    tiny = traces * 2.0**-900
    np.testing.assert_allclose(diagnostic(tiny), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("diagnostic", DIAGNOSTICS)
def test_the_dtype_does_not_matter_and_nothing_is_overwritten(diagnostic):
    traces = np.random.default_rng(0).integers(0, 2, (2, 30))
    before, expected = traces.copy(), diagnostic(traces)
    for dtype in (bool, np.uint8, np.float32):
        np.testing.assert_array_equal(diagnostic(traces.astype(dtype)), expected)
    np.testing.assert_array_equal(diagnostic(traces.tolist()), expected)
    np.testing.assert_array_equal(traces, before)
    assert np.asarray(expected).dtype == np.float64


@pytest.mark.parametrize("diagnostic", DIAGNOSTICS)
@pytest.mark.parametrize(
    "traces, message",
    [
        (np.zeros(9), r"traces has shape \(9,\).*np.atleast_2d\(traces\)"),
        (np.zeros((2, 9, 1)), r"traces has shape \(2, 9, 1\).*n_chains, n_steps"),
        (np.zeros((0, 9)), r"traces has shape \(0, 9\).*at least one chain"),
        (np.zeros((2, 3)), "traces has 3 sweeps.*at least 4.*record longer"),
        ([[0, 1, np.nan, 2, np.inf]], "traces has 2 values that are nan or inf"),
        ([[0, 1, 2, 1j]], "traces has dtype complex.*record one real scalar"),
        ([["a", "b", "c", "d"]], "traces has dtype <U1.*real numbers"),
        (None, "traces has dtype object"),
    ],
)
def test_errors_say_what_to_do(diagnostic, traces, message):
    with pytest.raises(ValueError, match=message):
        diagnostic(traces)
