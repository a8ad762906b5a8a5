"""Poisson units: counts without a limit."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import gammaln, pdtr, pdtrc

from ._contract import Bias, Growth, Unit
from ._counts import normal_guess, quantile, summed

_DEVIATIONS, _MORE = 10.0, 40.0  # beyond is less than 1e-17 of the law, at any rate
_MOST_POINTS = 2**20
_SUMMED = 30.0  # rates of which the probabilities of counts are summed one by one


@dataclass(frozen=True)
class PoissonUnit(Unit):
    """A unit that counts: 0, 1, 2, ... with the rate exp(field).

    Its base energy is log v! - b v, so that P(v | input) is Poisson's law of the rate
    exp(b + input) (Gehler, Holub & Welling 2006, "The rate adapting Poisson model for
    information retrieval and object recognition").

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units import POISSON, Bias
    >>> params = Bias(np.log([2.0]))
    >>> field = POISSON.field(params, np.log([[1.75]]))
    >>> POISSON.mean(params, field).round(6), POISSON.mode(params, field)
    (array([[3.5]]), array([[3.]]))
    >>> POISSON.base_energy(params, np.array([[3.0]])).round(6)  # log 3! - 3 log 2
    array([-0.287682])
    """

    low: ClassVar = 0.0
    high: ClassVar = np.inf
    countable: ClassVar = True
    growths: ClassVar = frozenset({Growth.V_LOG_V})
    noise: ClassVar = "odds"

    def energies(self, params, x):
        """log x! - b x, of the shape of x; infinite below 0."""
        return _log_orders(x) - params.bias * x

    def base_energy(self, params, x):
        """sum_i log x_i! - b_i x_i, shape (n_samples,); infinite below 0."""
        return _log_orders(x).sum(axis=1) - x @ params.bias

    def log_partition(self, params, field):
        """log sum_v exp(field v) / v! = exp(field)."""
        return self.mean(params, field)

    def mean(self, params, field):
        """The rate."""
        with np.errstate(over="ignore"):
            return np.exp(field)

    def mode(self, params, field):
        return np.floor(self.mean(params, field))

    def nearest(self, x):
        return np.maximum(np.rint(x), 0).astype(x.dtype, copy=False)

    def sample(self, params, field, odds):
        """The smallest v with P(V <= v) >= u."""
        rate = self.mean(params, field.astype(np.float64)).ravel()
        rate = np.minimum(rate, np.finfo(np.float64).max)
        odds = odds.astype(np.float64).ravel()
        count, doubtful = normal_guess(rate, np.sqrt(rate), odds), rate > _SUMMED
        few = np.flatnonzero(~doubtful)
        small = rate[few]
        count[few], doubtful[few] = summed(
            np.exp(-small), lambda k, part: small[part] / k, odds[few]
        )
        count = quantile(pdtr, pdtrc, (rate,), count, odds, doubtful)
        return count.reshape(field.shape).astype(field.dtype, copy=False)

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean."""
        return Bias(np.log(mean))

    def smoothed(self, mean, weight):
        """As if half a count more were seen: what Jeffreys' prior gives.

        Log-rates are then finite.
        """
        return (np.maximum(mean, 0) * weight + 0.5) / np.maximum(weight, 0.5)

    def interior(self, mean):
        """A mean kept a little from 0, so that free units can have it."""
        return np.maximum(mean, mean.dtype.type(0.01))

    def neighbours(self, x):
        """Rows with one unit a count higher, or lower where there is one."""
        step = np.eye(x.shape[1], dtype=x.dtype)
        return np.concatenate([x[:, None] + step, np.maximum(x[:, None] - step, 0)], 1)

    def reach(self, params, low, high):
        """Least and largest count of fields between two limits, nearly always."""
        least, most = np.exp(low), np.exp(high)
        least = np.maximum(np.floor(least - _DEVIATIONS * np.sqrt(least)), 0)
        return least, np.ceil(most + _DEVIATIONS * np.sqrt(most) + _MORE)

    def points(self, params, low, high):
        """All counts that fields between two limits have."""
        least, most = (end[0] for end in self.reach(params, low, high))
        if not most - least < _MOST_POINTS:
            raise ValueError(
                f"Counts up to {most:.3g} are too many to be summed one by one: the "
                f"couplings allow fields from {low[0]:.3g} to {high[0]:.3g}."
            )
        x = np.arange(least, most + 1)
        return x[:, None], np.ones(len(x))


def _log_orders(x):
    """log x!, which the gamma function knows for what is no count as well."""
    return np.where(x < 0, x.dtype.type(np.inf), gammaln(x + 1))


POISSON = PoissonUnit()
