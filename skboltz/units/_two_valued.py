"""Units with two values: all of their mathematics follows from `low` and `high`."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import entr

from ._causes import CausesOfTwoValued
from ._contract import Bias, Unit

# Beyond it exp is no number, or what is left of 1 has no digits.
_LARGEST_RISE = {"f": 60.0, "d": 600.0}


@dataclass(frozen=True)
class TwoValuedUnit(Unit):
    """A unit that is either `low` or `high`.

    Its base energy is -bias * x and its field is bias + input, so that
    P(x | input) is proportional to exp(field * x).  All the rest follows: the
    unit is `high` with probability 1 / (1 + exp(-gap)), where
    gap = (high - low) * field.

    Parameters
    ----------
    low, high : float
        The two values, `low` < `high`.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units import Bias, TwoValuedUnit
    >>> unit = TwoValuedUnit(low=0.0, high=1.0)
    >>> field = np.array([0.0, np.log(3.0)])
    >>> unit.mean(Bias(np.zeros(2)), field)
    array([0.5 , 0.75])
    """

    low: float
    high: float

    countable: ClassVar = True
    mean_tells_all: ClassVar = True
    mean_serves: ClassVar = True
    binary: ClassVar = True

    @property
    def span(self):
        return self.high - self.low

    def gap(self, field):
        """Log-odds of `high` against `low`."""
        return self.span * field

    # Values as shares of the way from `low` to `high`, and couplings of two units ---

    @property
    def middle(self):
        """Half-way between the two values."""
        return (self.low + self.high) / 2

    def distance(self, part=1.0):
        """How far it is to go that part of the way from `low` to `high`."""
        return (self.high - self.low) * part

    def share(self, x):
        """Part of the way from `low` to `high` at which x lies: of a mean, P(high)."""
        return (x - self.low) / self.distance()

    def at(self, share, total=1.0):
        """The value at a share; a sum of values, from that of shares and weights."""
        return self.low * total + self.distance(share)

    def is_high(self, x):
        """Whether x is nearer to `high` than to `low`."""
        return 2 * x > self.low + self.high

    def value(self, is_high, dtype):
        """`high` where asked for, else `low`."""
        return self._value(is_high, dtype)

    def flipped(self, x):
        """x mirrored at the middle; the mirror of an end is exactly the other one."""
        mirrored = np.where(x == self.high, self.low, self.low + self.high - x)
        return np.where(x == self.low, self.high, mirrored)

    def variance(self, mean):
        """Of a unit of this mean: (mean - low) (high - mean)."""
        return (mean - self.low) * (self.high - mean)

    def entropy(self, mean):
        """-p log p - q log q of a unit of this mean, p its P(high) and q its P(low)."""
        return entr(self.share(mean)) + entr((self.high - mean) / self.distance())

    def field_of(self, gap):
        """The field at which log-odds are `gap`."""
        return gap / self.distance()

    def pair_gap(self, coupling):
        """Log odds ratio of two units that are coupled: (high - low)^2 J."""
        return self.distance() ** 2 * coupling

    def coupling_of(self, pair_gap):
        """The coupling at which the log odds ratio of two units is `pair_gap`."""
        return pair_gap / self.distance() ** 2

    def pair_mean(self, both_high, either_high, total=1.0):
        """E[xy] of two units from P(both high) and P(x high) + P(y high).

        (low + d s) (low + d t) with d = high - low, s and t each 0 or 1; a weighted sum
        over rows from sums of these and of the weights.
        """
        d = self.distance()
        return d**2 * both_high + d * self.low * either_high + self.low**2 * total

    def both_high(self, pair_mean, either_high):
        """P(both high) of two units from E[xy] and P(x high) + P(y high)."""
        d = self.distance()
        return (pair_mean - self.low**2) / d**2 - self.low / d * either_high

    def in_terms_of(self, other):
        """Numbers a and c of x = a + c y, y the same state in the values of `other`."""
        c = self.distance() / other.distance()
        return self.low - c * other.low, c

    def near_zero(self):
        """The unit itself if 0 lies between its values, else as far moved as it takes.

        Numbers far from 0 say nothing but where the values lie; what matters is lost in
        their rounding.
        """
        low = min(max(self.low, -self.distance()), 0.0)
        return self if low == self.low else TwoValuedUnit(low, low + self.distance())

    def log_partition(self, params, field):
        """log(exp(low * field) + exp(high * field)), led by the larger term."""
        larger = np.maximum(self.low * field, self.high * field)
        return larger + np.log1p(np.exp(-abs(self.gap(field))))

    def log_partition_gain(self, params, field, steps):
        """What `log_partition` of each row gains by steps of its field.

        low s + log(q + p exp((high - low) s)), where a column is high with the
        probability p = 1 - q: the logarithm of a mean, which keeps its digits.
        """
        rise = self.gap(steps)
        if not np.abs(rise).max(initial=0) < _LARGEST_RISE[rise.dtype.char]:
            return super().log_partition_gain(params, field, steps)
        with np.errstate(over="ignore", divide="ignore"):
            odds = np.exp(-self.gap(field))
            p, q = 1 / (1 + odds), 1 / (1 + 1 / odds)
        terms = np.exp(rise, out=rise)
        terms *= p[:, None]
        terms += q[:, None]
        total = np.log(terms, out=terms).sum(axis=-1)
        return total + self.low * steps.sum(axis=-1) if self.low else total

    def mean(self, params, field):
        # Far out, exp overflows to infinity and the probability is exactly 0.
        with np.errstate(over="ignore"):
            return self.low + self.span / (1 + np.exp(-self.gap(field)))

    def mode(self, params, field):
        return self._value(field > 0, field.dtype)

    def nearest(self, x):
        """The nearer of the two values."""
        return self._value(2 * x > self.low + self.high, x.dtype)

    def sample(self, params, field, u):
        """`high` where u, uniform on (0, 1), is below 1 / (1 + exp(-gap))."""
        # Far out, exp overflows to infinity and the probability is exactly 0.
        with np.errstate(over="ignore"):
            return self._value(u < 1 / (1 + np.exp(-self.gap(field))), field.dtype)

    def fast_sample(self, kernels, params, input, noise, mean=None, room=None):
        """As `sample`."""
        if self.near_zero() is not self:  # its mean has lost the digits that count
            return self.sample(params, self.field(params, input), noise)
        if mean is None:
            mean = self.fast_mean(kernels, params, input)
        return kernels.two_valued_sample(self.low, self.high, mean, noise, room)

    def fast_draw(self, kernels, params, input, place, mean=None, room=None):
        """As `fast_sample`, by the noise of a place."""
        if self.near_zero() is not self:
            return super().fast_draw(kernels, params, input, place)
        if mean is None:
            mean = self.fast_mean(kernels, params, input)
        return kernels.two_valued_draw(self.low, self.high, mean, place, room)

    def fast_mean(self, kernels, params, input, out=None):
        """As `mean`, written to `out` if that is given."""
        return kernels.two_valued_mean(self.low, self.high, input, params.bias, out)

    def fast_tail_mean(self, kernels, params, input, out):
        """Write the mean, exact to its tails."""
        tail = kernels.two_valued_tail_mean
        tail(self.low, self.high, input, params.bias, out)

    def fast_log_ratio(self, kernels, input, old, new, mean=None):
        """`log_partition` at the new field minus that at the old, for each row."""
        ends = ((factor, params.bias) for factor, params in (old, new))
        ratio = kernels.two_valued_log_ratio
        return ratio(self.low, self.high, input, *ends, mean)

    def causes(self, kernels, params, steps):
        """How two-valued units above are drawn given these, by a kernel."""
        return CausesOfTwoValued(kernels, self, params, steps)

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean, and so their variance."""
        share = (mean - self.low) / self.span
        return Bias((np.log(share) - np.log1p(-share)) / self.span)

    def smoothed(self, mean, weight):
        """As if one more sample were seen at each value: Laplace's rule.

        Log-odds are then finite.
        """
        share = np.clip((mean - self.low) / self.span, 0, 1)
        return self.low + self.span * (share * weight + 1) / (weight + 2)

    def interior(self, mean):
        """A mean kept a little from both values, so that free units can have it.

        By a hundredth of the way, but all units together by no more than one unit's
        whole way: of many rare features a hundredth would be far more than there are.
        """
        least = min(0.01, 1 / np.shape(mean)[-1])
        share = least + (1 - 2 * least) * (mean - self.low) / self.span
        return self.low + self.span * np.clip(share, least, 1 - least)

    def allowance(self, params, x):
        """Nats that a fair coin for each column would cost."""
        return x.shape[1] * math.log(2)

    def n_states(self, n_columns):
        """How many states so many columns have.

        More than can be counted where a subclass takes values between or beyond.
        """
        two = math.isfinite(self.span)
        return 2 ** int(n_columns) if two else math.inf  # of Python: no overflow

    def states(self, numbers, n_columns):
        """States of given numbers: bit i of the number says whether unit i is high."""
        bits = numbers[:, None] >> np.arange(n_columns, dtype=np.int64) & 1
        return np.where(bits, float(self.high), float(self.low))

    def neighbours(self, x):
        """Rows of states and, for each unit, the row with that unit turned over.

        Shape (n_rows, n_units, n_units).
        """
        turned = np.eye(x.shape[1], dtype=bool)
        other = x.dtype.type(self.low + self.high) - x
        return np.where(turned, other[:, None], x[:, None])

    def _value(self, is_high, dtype):
        return np.where(is_high, dtype.type(self.high), dtype.type(self.low))
