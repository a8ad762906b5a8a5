"""Causes drawn one after the other, given their effects."""

import importlib
import math

import numpy as np
import pytest
from kernel_twins import TWINS

from skboltz.kernels import _reference
from skboltz.units import BERNOULLI, SPIN, Bias, GaussianParams, GaussianUnit
from skboltz.units._causes import Causes

SHAPES = [(1, 1, 1), (3, 4, 9), (17, 5, 32), (20, 7, 130)]  # chains, causes, effects
SCALES = [0.3, 4.0, 90.0]
MOST = math.log(_reference.LARGEST)


def inputs(shape, scale):
    """What the kernel takes, with effects that are not known, and all kinds of limits.

    Half of the limits are near the product they are compared with.
    """
    n_chains, n_causes, n_effects = shape
    rng = np.random.default_rng([*shape, int(10 * scale)])
    changes = scale * rng.uniform(-1, 1, (n_causes, n_effects))
    odds = np.exp(scale * rng.uniform(-1, 1, (n_chains, n_effects)))
    on, off = odds / (1 + odds), 1 / (1 + odds)
    known = rng.random(on.shape) < 0.8
    on[~known], off[~known] = 0, 1
    limit = scale * rng.normal(size=(n_chains, n_causes)) * np.sqrt(n_effects)
    exponent = np.floor(limit / MOST)
    group = 2 ** int(math.log2(MOST / max(scale, 1)))
    factors = np.exp(np.stack([changes, -changes]))
    is_high = rng.random((n_chains, n_causes)) < 0.5
    return is_high, on, off, factors, np.exp(limit - MOST * exponent), exponent, group


def swept(kernels, args):
    """States and probabilities of the effects after a sweep."""
    is_high, on, off, *rest = args
    states = is_high.copy(), on.copy(), off.copy()
    kernels.cause_sweep(*states, *rest)
    return states


@pytest.mark.skipif(len(TWINS) < 2, reason="this run is without Numba on purpose")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("scale", SCALES)
def test_twins(shape, scale):
    args = inputs(shape, scale)
    reference, compiled = (swept(kernels, args) for kernels in TWINS)
    for one, other in zip(reference, compiled, strict=True):
        assert one.tobytes() == other.tobytes()
    if shape[0] > 1:
        assert (reference[0] != args[0]).any() and (reference[0] == args[0]).any()


# Against the energy ---------------------------------------------------------------


def causes_of(kernels, unit, weights):
    """Causes in 0 and 1 of effects without biases."""
    params = Bias(np.zeros(weights.shape[1]))
    return unit.causes(kernels, params, weights)


def log_p(x, h, weights, low, high):
    """log P(known x | h), effect by effect."""
    total = 0.0
    for i, value in enumerate(x):
        if math.isnan(value):
            continue
        field = sum(h[j] * weights[j][i] for j in range(len(h)))
        lows, highs = low * field, high * field
        top = max(lows, highs)
        norm = top + math.log(math.exp(lows - top) + math.exp(highs - top))
        total += value * field - norm
    return total


def textbook(x, h, weights, low, high, noise):
    """Each cause is high where its log-odds, of whole rows, are above its noise."""
    h = list(h)
    for j in range(len(h)):
        odds = [
            log_p(x, [*h[:j], end, *h[j + 1 :]], weights, low, high) for end in (0, 1)
        ]
        h[j] = float(odds[1] - odds[0] > noise[j])
    return h


def drawn(kernels, x, h, weights, unit, noise):
    """The same by a sweep."""
    known = ~np.isnan(x)
    is_high, bound = h > 0, np.where(known, x, 0) @ weights.T - noise
    causes = causes_of(kernels, unit, weights)
    causes.sweep(h @ weights, known, is_high, bound)
    return is_high.astype(float)


def problem(unit, scale, n_effects=12):
    rng = np.random.default_rng(n_effects)
    weights = scale * rng.normal(size=(4, n_effects))
    x = rng.choice([unit.low, unit.high], (30, n_effects))
    x[rng.random(x.shape) < 0.3] = np.nan
    h = rng.choice([0.0, 1.0], (30, 4))
    return x, h, weights, rng.logistic(size=h.shape)


def expected(x, h, weights, unit, noise):
    rows = zip(x, h, noise, strict=True)
    ends = unit.low, unit.high
    return [textbook(v, g, weights.tolist(), *ends, n) for v, g, n in rows]


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("unit", [BERNOULLI, SPIN])
@pytest.mark.parametrize("scale", [0.5, 5.0, 60.0, 300.0])
def test_a_sweep_is_the_textbook_loop(kernels, unit, scale):
    """Also where products leave the range of a double, and where factors do."""
    x, h, weights, noise = problem(unit, scale)
    found = drawn(kernels, x, h, weights, unit, noise)
    np.testing.assert_array_equal(found, expected(x, h, weights, unit, noise))


@pytest.mark.parametrize("kernels", TWINS)
def test_a_unit_turns_over_at_its_log_odds(kernels):
    """A hair below and above the log-odds of the energy, for many known effects."""
    x, h, weights, _ = problem(BERNOULLI, 1.0, n_effects=200)
    for j in range(4):
        ends = [np.array(h), np.array(h)]
        ends[0][:, j], ends[1][:, j] = 0, 1
        low, high = (
            [log_p(*pair, weights.tolist(), 0, 1) for pair in zip(x, end, strict=True)]
            for end in ends
        )
        odds = np.subtract(high, low)
        for beside, value in ((-1e-9, 1), (1e-9, 0)):
            noise = np.where(h > 0, -np.inf, np.inf)  # others stay
            noise[:, j] = odds + beside
            assert (
                drawn(kernels, x, h, weights, BERNOULLI, noise)[:, j] == value
            ).all()


class Forgetful:
    """Broken kernels: what is known does not follow the changes."""

    LARGEST = _reference.LARGEST

    @staticmethod
    def cause_sweep(is_high, on, off, factors, limit, exponent, group):
        for j in range(is_high.shape[1]):
            one = is_high[:, [j]].copy()
            part = factors[:, [j]], limit[:, [j]], exponent[:, [j]], group
            _reference.cause_sweep(one, on.copy(), off.copy(), *part)
            is_high[:, [j]] = one


def test_effects_that_stay_behind_are_seen():
    x, h, weights, noise = problem(BERNOULLI, 5.0)
    found = drawn(Forgetful, x, h, weights, BERNOULLI, noise)
    assert (found != expected(x, h, weights, BERNOULLI, noise)).any()


# Units of any kind ----------------------------------------------------------------


@pytest.mark.parametrize("unit", [BERNOULLI, SPIN])
def test_the_sum_of_any_unit_is_that_of_the_kernel(unit):
    x, h, weights, noise = problem(unit, 2.0)
    known = ~np.isnan(x)
    bound = np.where(known, x, 0) @ weights.T - noise
    found = h > 0
    Causes(unit, Bias(np.zeros(12)), weights).sweep(h @ weights, known, found, bound)
    expected = drawn(_reference, x, h, weights, unit, noise)
    np.testing.assert_array_equal(found, expected)


def test_real_effects():
    """log P(x | h) = -(x - h W)^2 / 2, of variance 1."""
    rng = np.random.default_rng(0)
    weights, x = rng.normal(size=(3, 5)), rng.normal(size=(40, 5))
    x[rng.random(x.shape) < 0.3] = np.nan
    h, noise = rng.choice([0.0, 1.0], (40, 3)), rng.logistic(size=(40, 3))
    known, is_high = ~np.isnan(x), h > 0
    params = GaussianParams(np.zeros(5), np.zeros(5))
    causes = GaussianUnit().causes(_reference, params, weights)
    causes.sweep(h @ weights, known, is_high, np.where(known, x, 0) @ weights.T - noise)
    for row in range(40):
        for j in range(3):
            log_p = []
            for end in (0.0, 1.0):
                h[row, j] = end
                log_p.append(-0.5 * np.nansum((x[row] - h[row] @ weights) ** 2))
            h[row, j] = log_p[1] - log_p[0] > noise[row, j]
    np.testing.assert_array_equal(is_high, h > 0)


def test_the_active_kernels_have_it():
    from skboltz import kernels

    module = importlib.import_module(kernels.active().__name__)
    assert module.LARGEST == _reference.LARGEST and callable(module.cause_sweep)
