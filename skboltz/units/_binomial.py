"""Binomial units: counts of so many trials."""

from dataclasses import dataclass
from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy.special import bdtr, bdtrc, gammaln

from ._contract import Bias, Unit
from ._counts import normal_guess, quantile, summed

_SUMMED = 60  # trials of which the probabilities of counts are summed one by one


@dataclass(frozen=True)
class BinomialUnit(Unit):
    """A unit that counts successes, 0 to n, of n trials.

    It is the sum of n bits of one bias: its base energy is -b v - log C(n, v), and each
    trial is a success with probability 1 / (1 + exp(-field)) (Teh & Hinton 2001, "Rate-
    coded restricted Boltzmann machines for face recognition").

    Parameters
    ----------
    n : int
        Number of trials.

    Raises
    ------
    ValueError
        If n is less than 1, or no integer.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units import BinomialUnit, Bias
    >>> unit, params = BinomialUnit(4), Bias(np.zeros(1))
    >>> field = np.log([[3.0]])
    >>> unit.mean(params, field), unit.mode(params, field)
    (array([[3.]]), array([[3.]]))
    >>> np.exp(unit.log_partition(params, field)).round(6)  # (1 + 3)^4
    array([[256.]])
    """

    n: int

    low: ClassVar = 0.0
    countable: ClassVar = True
    noise: ClassVar = "odds"

    def __post_init__(self):
        if not isinstance(self.n, Integral) or self.n < 1:
            raise ValueError(f"n must be an integer from 1 on, found {self.n!r}.")

    @property
    def high(self):
        return float(self.n)

    def energies(self, params, x):
        """-b x - log C(n, x), of the shape of x; infinite beyond 0 and n."""
        return self._minus_log_choices(x) - params.bias * x

    def base_energy(self, params, x):
        """-sum_i b_i x_i + log C(n, x_i), shape (n_samples,)."""
        return self._minus_log_choices(x).sum(axis=1) - x @ params.bias

    def _minus_log_choices(self, x):
        all_orders = x.dtype.type(gammaln(self.n + 1))
        log_orders = gammaln(x + 1) + gammaln(self.n + 1 - x) - all_orders
        # The gamma function knows values beyond, but not that there are none.
        return np.where((x < 0) | (x > self.n), x.dtype.type(np.inf), log_orders)

    def log_partition(self, params, field):
        """n log(1 + exp(field))."""
        larger = np.maximum(field, 0)
        return self.n * (larger + np.log1p(np.exp(-abs(field))))

    def mean(self, params, field):
        return self.n * self._share(field)

    def _share(self, field):
        # Far out, exp overflows to infinity and the probability is exactly 0.
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-field))

    def mode(self, params, field):
        return np.minimum(np.floor((self.n + 1) * self._share(field)), self.n)

    def nearest(self, x):
        return np.clip(np.rint(x), 0, self.n).astype(x.dtype, copy=False)

    def sample(self, params, field, odds):
        """The smallest v with P(V <= v) >= u."""
        field, dtype = field.astype(np.float64), field.dtype
        flat, odds = field.ravel(), odds.astype(np.float64).ravel()
        # Of successes or of failures, whichever are fewer, so that P(0) is not tiny.
        failures = flat > 0
        share = self._share(-abs(flat))
        odds = np.where(failures, 1 / odds, odds)
        count, doubtful = self._guess(share, odds)
        count = quantile(self._cdf, self._tail, (share,), count, odds, doubtful)
        count = np.where(failures, self.n - count, count)
        return count.reshape(field.shape).astype(dtype, copy=False)

    def _guess(self, share, odds):
        """Counts, and where to doubt them."""
        if self.n > _SUMMED:
            deviation = np.sqrt(self.n * share * (1 - share))
            guess = normal_guess(self.n * share, deviation, odds)
            return np.minimum(guess, self.n), True
        ratio = share / (1 - share)
        return summed(
            (1 - share) ** self.n,
            lambda k, part: ratio[part] * ((self.n - k + 1) / k),
            odds,
        )

    def _cdf(self, k, share):
        return np.where(k >= self.n, 1.0, bdtr(k, self.n, share))

    def _tail(self, k, share):
        return np.where(k >= self.n, 0.0, bdtrc(k, self.n, share))

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean, and so their variance."""
        share = mean / self.n
        return Bias(np.log(share) - np.log1p(-share))

    def smoothed(self, mean, weight):
        """As if one more sample were seen at either end: Laplace's rule."""
        share = np.clip(mean / self.n, 0, 1)
        return self.n * (share * weight + 1) / (weight + 2)

    def interior(self, mean):
        """A mean kept a little from both ends, so that free units can have it."""
        return self.n * np.clip(0.01 + 0.98 * mean / self.n, 0.01, 0.99)

    def n_states(self, n_columns):
        """How many states so many columns have."""
        return (self.n + 1) ** int(n_columns)

    def states(self, numbers, n_columns):
        """States of given numbers, the first column turning fastest."""
        powers = (self.n + 1) ** np.arange(n_columns, dtype=np.int64)
        return (numbers[:, None] // powers % (self.n + 1)).astype(np.float64)

    def neighbours(self, x):
        """Rows with one unit a count higher, or lower, as far as there is one."""
        step = np.eye(x.shape[1], dtype=x.dtype)
        both = np.concatenate([x[:, None] + step, x[:, None] - step], axis=1)
        return np.clip(both, 0, self.n)
