"""Gaussian units: real values, normal given their input."""

import math
from typing import ClassVar, NamedTuple

import numpy as np


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


class GaussianUnit:
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
    width: ClassVar = 1
    columnwise: ClassVar = True  # given its field, a column depends on no other
    enumerable: ClassVar = False
    scaled: ClassVar = True  # the statistic has a parameter
    noise: ClassVar = "normal"
    kernel: ClassVar = "gaussian"
    parameters: ClassVar = GaussianParams

    def __repr__(self):
        return "GaussianUnit()"

    def __eq__(self, other):
        return type(other) is type(self)

    def __hash__(self):
        return hash(type(self))

    def field(self, params, input):
        """The mean given an input."""
        return params.bias + input

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

    def scale(self, params):
        """Factor of a value in its statistic."""
        return np.exp(-params.log_variance)

    def parameter_sums(self, params, x, weight=None):
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
        """What to expect of `parameter_sums` of units with these fields."""
        sums = self.parameter_sums(params, field, weight)
        total = len(field) if weight is None else weight.sum()
        # E(x - b)^2 = (field - b)^2 + s^2.
        return sums._replace(log_variance=sums.log_variance + 0.5 * total)

    # The field of a unit is its mean.
    sums_of_means = expected_sums

    def add_couplings(self, step, pull):
        """A gradient with what the parameters do to the statistic, in place.

        E has -input x / s^2: its derivative by the log-variance is input x / s^2.

        Parameters
        ----------
        step : GaussianParams
        pull : ndarray of shape (n_units,)
            sum_j W_ji dL/dW_ji.
        """
        step.log_variance[:] -= pull

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

    def free_params(self, mean, variance):
        """Parameters under which free units have that mean and that variance."""
        return GaussianParams(mean, np.log(variance))

    def interior(self, mean):
        """A mean: every one can be that of free units."""
        return mean

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

    def restricted(self, columns):
        """The unit of some of the columns, given by a mask, the others being known."""
        return self

    def implied(self, x):
        """x, its missing values (NaN) filled where the known ones leave no choice.

        No column says anything of another here.
        """
        return x

    def given(self, x):
        """The unit of rows of which x is known, and NaN is not."""
        return self

    def n_states(self, n_columns):
        """How many states so many columns have: they cannot be counted."""
        return math.inf

    def gain(self, params, reference):
        """Factor by which an input counts that was computed for other variances."""
        return np.exp(params.log_variance - reference.log_variance)


_LOG_2PI = float(np.log(2 * np.pi))


GAUSSIAN = GaussianUnit()
