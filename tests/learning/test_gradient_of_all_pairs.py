"""Steps of every pair of layers, Gaussian units above or below, against differences."""

from typing import Any, NamedTuple

import numpy as np
import pytest
from oracles import PairOracle, finite_difference

from skboltz.learning import CenteredGradient, Enumeration, Gradient, Offsets
from skboltz.learning._sums import Block, Sums
from skboltz.learning.two_phase._positive import data_phase
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream
from skboltz.units import BERNOULLI, GAUSSIAN, SPIN, Bias, GaussianParams

STREAM = Stream((3, 4), Purpose.CHAINS)


class Case(NamedTuple):
    model: Any
    params: Any
    rows: np.ndarray
    offsets: Offsets


def values(unit):
    return None if unit is GAUSSIAN else (unit.low, unit.high)


def layer(unit, n, rng):
    """Parameters of units of unequal variances; values that such units may take."""
    bias = rng.normal(size=n)
    if unit is GAUSSIAN:
        log_variance = np.linspace(0.7, -0.8, n)
        deviation = np.exp(log_variance / 2)
        drawn = bias + deviation * rng.normal(size=(5, n))
        return GaussianParams(bias, log_variance), drawn, deviation
    return Bias(bias), rng.choice(values(unit), (5, n)), np.ones(n)


def made(visible, hidden, n_visible, n_hidden):
    rng = np.random.default_rng([n_visible, n_hidden])
    below, rows, width = layer(visible, n_visible, rng)
    above, drawn, height = layer(hidden, n_hidden, rng)
    # Weak enough for the joint precision of two Gaussian layers to be positive.
    weights = 0.2 * height[:, None] * rng.normal(size=(n_hidden, n_visible)) * width
    offsets = Offsets(rows.mean(axis=0) + 0.3, drawn.mean(axis=0) - 0.2)
    params = BipartiteParams(weights, below, above)
    return Case(Bipartite(visible, hidden), params, rows, offsets)


KINDS = {"bits": BERNOULLI, "spins": SPIN, "Gaussian": GAUSSIAN}
CASES = [
    pytest.param(made(below, above, *sizes), id=f"{name} under {other}, {sizes}")
    for name, below in KINDS.items()
    for other, above in KINDS.items()
    for sizes in ((3, 1), (2, 3))
]
all_pairs = pytest.mark.parametrize("case", CASES)


def rebuilt(case, arrays):
    """The arrays as parameters of the case."""
    arrays, n_below = list(arrays), len(case.params.visible)
    below = type(case.params.visible)(*arrays[1 : 1 + n_below])
    above = type(case.params.hidden)(*arrays[1 + n_below :])
    return BipartiteParams(arrays[0], below, above)


def mean_log_likelihood(case, params):
    units = case.model.visible_unit, case.model.hidden_unit
    oracle = PairOracle(*params, *map(values, units))
    return sum(oracle.log_likelihood(row) for row in case.rows) / len(case.rows)


def slopes(case, arrays, as_params):
    """Finite differences of the mean log-likelihood by each array."""

    def with_array(i):
        return lambda array: mean_log_likelihood(
            case, as_params([*arrays[:i], array, *arrays[i + 1 :]])
        )

    return [finite_difference(with_array(i), array) for i, array in enumerate(arrays)]


def gaussian_sums(params):
    """Sums of weight 1 of two Gaussian layers, from their joint covariance."""
    w, (b, z), (c, y) = params
    n = len(b)
    coupling = np.exp(-y)[:, None] * w * np.exp(-z)
    precision = np.diag(np.exp(-np.concatenate([z, y])))
    precision[n:, :n], precision[:n, n:] = -coupling, -coupling.T
    covariance = np.linalg.inv(precision)
    mean = covariance @ np.concatenate([b * np.exp(-z), c * np.exp(-y)])
    squares = np.diag(covariance) + (mean - np.concatenate([b, c])) ** 2
    halves = squares * np.exp(-np.concatenate([z, y])) / 2
    product = covariance[n:, :n] + np.outer(mean[n:], mean[:n])
    above = GaussianParams(mean[n:], halves[n:])
    below = GaussianParams(mean[:n], halves[:n])
    return Sums((Block(None, product),), above, below, 1.0)


def step_of(case, gradient):
    """The step of both exact phases at a rate of 1."""
    data = data_phase(case.model, case.params, case.rows)
    if case.model == Bipartite(GAUSSIAN, GAUSSIAN):
        negative = gaussian_sums(case.params)
    else:
        negative, _ = Enumeration().step(case.model, case.params, STREAM, data)
    phases = data.sums, negative, 1.0, case.offsets
    step = gradient.step(case.model, case.params, *phases)
    gradient.finish(case.model, case.params, step, case.offsets, 1.0)
    return step.arrays()


def assert_close(found, expected):
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7, err_msg=f"array {i}")


@all_pairs
def test_the_plain_step_is_the_slope_of_the_log_likelihood(case):
    expected = slopes(case, case.params.arrays(), lambda a: rebuilt(case, a))
    assert_close(step_of(case, Gradient()), expected)


def offset_statistics(case, params):
    """Offsets of the values, as statistics: divided by variances that may move."""
    below, above = case.offsets
    if case.model.visible_unit is GAUSSIAN:
        below = below * np.exp(-params.visible.log_variance)
    if case.model.hidden_unit is GAUSSIAN:
        above = above * np.exp(-params.hidden.log_variance)
    return below, above


def with_biases(case, params, sign):
    """Plain parameters from centered ones (sign -1), or the other way round (+1).

    E has -(psi - l)'W(phi - m): the biases of the plain machine are b = b' - W'l and
    c = c' - W m.
    """
    below, above = offset_statistics(case, params)
    w = params.weights
    return params._replace(
        visible=params.visible._replace(bias=params.visible.bias + sign * above @ w),
        hidden=params.hidden._replace(bias=params.hidden.bias + sign * w @ below),
    )


@all_pairs
def test_the_centered_step_is_the_slope_in_centered_parameters(case):
    def plain(arrays):
        return with_biases(case, rebuilt(case, arrays), -1)

    centered = with_biases(case, case.params, +1).arrays()
    slope = slopes(case, centered, plain)
    # What a small step along it does to the parameters of the plain machine.
    ends = [
        plain([a + h * s for a, s in zip(centered, slope, strict=True)]).arrays()
        for h in (1e-5, -1e-5)
    ]
    expected = [(up - down) / 2e-5 for up, down in zip(*ends, strict=True)]
    assert_close(step_of(case, CenteredGradient()), expected)
