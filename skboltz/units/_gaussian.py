"""Gaussian units: real values, normal given their input."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from ._contract import Growth, Unit

_LOG_2PI = float(np.log(2 * np.pi))
# Sums over points 0.75 s apart integrate a normal law to 2 exp(-2 (pi / 0.75)^2), about
# 1e-15; beyond 9 s there is 1e-18 of it.
_SPACING, _MARGIN = 0.75, 9.0


class GaussianParams(NamedTuple):
    """Parameters of a layer of Gaussian units, one each, shape (n_units,).

    Attributes
    ----------
    bias : ndarray
        Means b of free units.
    log_variance : ndarray
        Logarithms of the variances s^2.
    """

    bias: np.ndarray
    log_variance: np.ndarray


@dataclass(frozen=True)
class GaussianUnit(Unit):
    """A unit with real values x, of variance s^2 around bias + input.

    Its base energy is (x - b)^2 / (2 s^2), and it couples to other units by x / s^2
    (Cho, Ilin & Raiko 2011, "Improved learning of Gaussian-Bernoulli restricted
    Boltzmann machines"): whatever the variance, an input moves the mean
    by as much.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units import GAUSSIAN, GaussianParams
    >>> params = GaussianParams(np.array([1.0]), np.log([4.0]))
    >>> GAUSSIAN.base_energy(params, np.array([[3.0]]))  # (3 - 1)^2 / (2 x 4)
    array([0.5])
    >>> GAUSSIAN.mean(params, GAUSSIAN.field(params, np.array([[0.5]])))
    array([[1.5]])
    """

    low: ClassVar = -np.inf
    high: ClassVar = np.inf
    growths: ClassVar = frozenset({Growth.QUADRATIC})
    noise: ClassVar = "normal"
    parameters: ClassVar = GaussianParams

    def field(self, params, input):
        """The mean given an input."""
        return params.bias + input

    def energies(self, params, x):
        """(x_i - b_i)^2 / (2 s_i^2), of the shape of x."""
        return (x - params.bias) ** 2 / (2 * np.exp(params.log_variance))

    def base_energy(self, params, x):
        """sum_i (x_i - b_i)^2 / (2 s_i^2), shape (n_samples,)."""
        distance = x - params.bias
        return 0.5 * np.einsum("ri,ri,i->r", distance, distance, self.scale(params))

    def base_energy_change(self, params, new_params, x):
        """base_energy(new_params, x) - base_energy(params, x), in double precision."""
        x = x.astype(np.float64)
        return self.base_energy(new_params, x) - self.base_energy(params, x)

    def statistic(self, params, x):
        """What couples to other units, x / s^2."""
        return x * self.scale(params)

    def statistic_step(self, params, new, old):
        """(new - old) / s^2."""
        return (new - old) / np.exp(params.log_variance)

    def scale(self, params):
        """Factor of a value in its statistic."""
        return np.exp(-params.log_variance)

    def sums(self, params, x, weight=None):
        """Weighted sums over the rows of x and of (x - b)^2 / (2 s^2).

        -d(base energy)/d(bias) is x times :meth:`scale`, up to a constant, which no
        difference of means has; the second sum is that for the log-variance, less what
        :meth:`add_couplings` adds.
        """
        distance = x - params.bias
        rows = distance if weight is None else weight[:, None] * distance
        half_squares = np.einsum("ri,ri->i", rows, distance)
        half_squares *= 0.5 * self.scale(params)
        sums = x.sum(axis=0) if weight is None else weight @ x
        return GaussianParams(sums, half_squares)

    def expected_sums(self, params, field, weight=None):
        """What to expect of `sums` of units with these fields."""
        sums = self.sums(params, field, weight)
        total = len(field) if weight is None else weight.sum()
        # E(x - b)^2 = (field - b)^2 + s^2.
        return sums._replace(log_variance=sums.log_variance + 0.5 * total)

    # The field of a unit is its mean.
    sums_of_means = expected_sums

    def scaled_weights(self, params, weights):
        """Weights by which values themselves couple: cheaper than to scale these."""
        return weights * self.scale(params)

    def to_slopes(self, params, *arrays):
        """Slopes by the weights and the bias, from differences of values, in place."""
        scale = self.scale(params)
        for array in arrays:
            array *= scale

    def to_values(self, params, *arrays):
        """Differences of values from such slopes, in place."""
        variance = 1 / self.scale(params)
        for array in arrays:
            array *= variance

    def add_couplings(self, step, weights, slopes, offset=None):
        """The slope of the log-variance with what it does to the statistic, in place.

        E has -input x / s^2: its derivative by the log-variance is input x / s^2.  A
        centered bias is b + W'l: what it has beyond b pulls as well.
        """
        pull = np.einsum("ji,ji->i", weights, slopes)
        if offset is not None:
            pull += (offset @ weights) * step.bias
        step.log_variance[:] -= pull

    def carry(self, step, offset, weights, bias):
        """Biases of the others as the statistic x / s^2 moves with the variance."""
        bias += weights @ (offset * step.log_variance)

    def log_partition(self, params, field):
        """1/2 log(2 pi s^2) + (field^2 - b^2) / (2 s^2)."""
        excess = (field - params.bias) * (field + params.bias)
        # The constants join the units one by one: float32 stays float32.
        scale = 0.5 * (params.log_variance + params.log_variance.dtype.type(_LOG_2PI))
        return scale + 0.5 * self.scale(params) * excess

    def mean(self, params, field):
        return field

    def mode(self, params, field):
        return field

    def sample(self, params, field, noise):
        """field + s noise, where the noise is standard normal."""
        return field + np.exp(0.5 * params.log_variance) * noise

    def fast_sample(self, kernels, params, input, noise, mean=None):
        """As `sample`."""
        sigma = np.exp(0.5 * params.log_variance)
        return kernels.gaussian_sample(input, params.bias, sigma, noise)

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean and that variance, or 1."""
        log_variance = np.zeros_like(mean) if variance is None else np.log(variance)
        return GaussianParams(mean, log_variance)

    def with_mean(self, params, mean):
        """The same parameters but for the mean of free units."""
        return params._replace(bias=mean)

    def blend(self, base, target, beta):
        """Parameters whose base energy is (1 - beta) that of base + beta target's,

        up to a constant.
        """
        first, second = self.scale(base), self.scale(target)
        precision = (1 - beta) * first + beta * second
        pull = (1 - beta) * first * base.bias + beta * second * target.bias
        return GaussianParams(pull / precision, -np.log(precision))

    def gain(self, params, reference):
        """Factor by which an input counts that was computed for other variances."""
        return np.exp(params.log_variance - reference.log_variance)

    def spread(self, params):
        """Standard deviation of the statistic x / s^2 of free units: 1 / s."""
        return np.exp(-0.5 * params.log_variance)

    def reach(self, params, low, high):
        """Least and largest statistic of fields between two limits, to 9 s beyond."""
        margin = _MARGIN * np.exp(0.5 * params.log_variance)
        scale = self.scale(params)
        return (low - margin) * scale, (high + margin) * scale

    def points(self, params, low, high):
        """Points 0.75 s apart, from 9 s below the least field to 9 s above the largest.

        They integrate every mixture of normal laws with means between these.
        """
        sigma = np.exp(0.5 * params.log_variance[0])
        low, high = low[0] - _MARGIN * sigma, high[0] + _MARGIN * sigma
        size = int(np.ceil((high - low) / (_SPACING * sigma))) + 1
        x = np.linspace(low, high, size)
        return x[:, None], np.full(size, x[1] - x[0])


GAUSSIAN = GaussianUnit()
