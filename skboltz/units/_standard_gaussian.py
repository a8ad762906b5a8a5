"""Gaussian units of variance 1, whose only parameter is a bias."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._contract import Bias, Growth, Unit

_LOG_2PI = float(np.log(2 * np.pi))
# See the Gaussian unit of any variance.
_SPACING, _MARGIN = 0.75, 9.0


@dataclass(frozen=True)
class StandardGaussianUnit(Unit):
    """A unit with real values of variance 1 around bias + input.

    Its base energy is h^2 / 2 - c h. As hidden units they make of a machine what factor
    analysis is, or, beside others, carry what has no classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units import STANDARD_GAUSSIAN, Bias
    >>> params = Bias(np.array([1.0]))
    >>> STANDARD_GAUSSIAN.base_energy(params, np.array([[3.0]]))  # 9 / 2 - 3
    array([1.5])
    >>> STANDARD_GAUSSIAN.mean(params, np.array([[1.5]]))
    array([[1.5]])
    """

    low: ClassVar = -np.inf
    high: ClassVar = np.inf
    growths: ClassVar = frozenset({Growth.QUADRATIC})
    noise: ClassVar = "normal"

    def energies(self, params, x):
        """x^2 / 2 - c x, of the shape of x."""
        return x * (x / 2 - params.bias)

    def base_energy(self, params, x):
        """sum_i x_i^2 / 2 - c_i x_i, shape (n_samples,)."""
        return np.einsum("ri,ri->r", x, x) / 2 - x @ params.bias

    def log_partition(self, params, field):
        """field^2 / 2 + log(2 pi) / 2."""
        return (field * field + field.dtype.type(_LOG_2PI)) / 2

    def mean(self, params, field):
        return field

    def mode(self, params, field):
        return field

    def sample(self, params, field, noise):
        """field + noise, where the noise is standard normal."""
        return field + noise

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean."""
        return Bias(mean)

    def spread(self, params):
        """Standard deviation of free units."""
        return np.ones_like(params.bias)

    def reach(self, params, low, high):
        """Least and largest value of fields between two limits, to 9 beyond."""
        return low - _MARGIN, high + _MARGIN

    def points(self, params, low, high):
        """Points 0.75 apart, from 9 below the least field to 9 above the largest."""
        least, most = low[0] - _MARGIN, high[0] + _MARGIN
        x = np.linspace(least, most, int(np.ceil((most - least) / _SPACING)) + 1)
        return x[:, None], np.full(len(x), x[1] - x[0])


STANDARD_GAUSSIAN = StandardGaussianUnit()
