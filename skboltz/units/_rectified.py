"""Rectified units: values from 0 on, normal but for what is cut off."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtri_exp

from ._contract import Growth, Unit

_LOG_2PI = float(np.log(2 * np.pi))
_FAR = -100.0  # fields below: the series has all digits, differences have not
_EXPONENTIAL = -1e4  # fields below: the law is exponential, but for a correction
_MARGIN = 9.0  # beyond the largest field, where there is 1e-18 of the law
_NODES = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True)
class RectifiedUnit(Unit):
    """A unit with values h >= 0, normal of variance 1 around bias + input but cut at 0.

    Its base energy is h^2 / 2 - c h for h >= 0, so that its mean is near
    max(0, bias + input): a rectified linear unit that is a random variable (Su, Liao,
    Chen & Carin 2016, "Nonlinear statistical learning with truncated Gaussian graphical
    models"; Nair & Hinton 2010, "Rectified linear units improve restricted Boltzmann
    machines", draw from another law of nearly this mean).

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units import RECTIFIED, Bias
    >>> params, field = Bias(np.zeros(2)), np.array([[0.0, -40.0]])
    >>> RECTIFIED.mean(params, field).round(6)  # sqrt(2 / pi), and nearly 1 / 40
    array([[0.797885, 0.024969]])
    >>> RECTIFIED.mode(params, field)
    array([[0., 0.]])
    """

    low: ClassVar = 0.0
    high: ClassVar = np.inf
    growths: ClassVar = frozenset({Growth.QUADRATIC})
    noise: ClassVar = "odds"

    def energies(self, params, x):
        """x^2 / 2 - c x, of the shape of x."""
        return x * (x / 2 - params.bias)

    def base_energy(self, params, x):
        """sum_i x_i^2 / 2 - c_i x_i, shape (n_samples,)."""
        return np.einsum("ri,ri->r", x, x) / 2 - x @ params.bias

    def log_partition(self, params, field):
        """field^2 / 2 + log(2 pi) / 2 + log Phi(field)."""
        f = field.astype(np.float64)
        # Below 0 as one function: the two terms would cancel.
        below = np.log(np.sqrt(np.pi / 2) * erfcx(-np.minimum(f, 0) / np.sqrt(2)))
        above = np.maximum(f, 0)
        above = (above * above + _LOG_2PI) / 2 + log_ndtr(above)
        return np.where(f < 0, below, above).astype(field.dtype, copy=False)

    def mean(self, params, field):
        """field + phi(field) / Phi(field), phi the normal density."""
        f = field.astype(np.float64)
        ratio = np.sqrt(2 / np.pi) / erfcx(-f / np.sqrt(2))
        near = f + np.where(f > -_FAR, 0.0, ratio)
        with np.errstate(divide="ignore"):
            a = 1 / np.square(np.minimum(f, _FAR))
        far = -(1 - a * (2 - a * (10 - 74 * a))) / np.minimum(f, _FAR)
        return np.where(f < _FAR, far, near).astype(field.dtype, copy=False)

    def mode(self, params, field):
        return np.maximum(field, 0)

    def sample(self, params, field, odds):
        """The h with P(H > h) = 1 - u, by tails whose logarithms keep their digits.

        P(H > h) = Phi(field - h) / Phi(field).
        """
        f, log_tail = field.astype(np.float64), -np.log1p(odds.astype(np.float64))
        near = f - ndtri_exp(log_tail + log_ndtr(f))
        far = _nearly_exponential(-np.minimum(f, _EXPONENTIAL), -log_tail)
        drawn = np.maximum(np.where(f < _EXPONENTIAL, far, near), 0)
        return drawn.astype(field.dtype, copy=False)

    def smoothed(self, mean, weight):
        """As if half a sample of 1 more were seen: the bias is then finite."""
        return (np.maximum(mean, 0) * weight + 0.5) / np.maximum(weight, 0.5)

    def interior(self, mean):
        """A mean kept a little from 0, so that free units can have it."""
        return np.maximum(mean, mean.dtype.type(0.01))

    def spread(self, params):
        """1, the standard deviation of a unit far from its limit; none has a larger."""
        return np.ones_like(params.bias)

    def reach(self, params, low, high):
        """Least and largest value of fields between two limits, nearly always."""
        return np.zeros_like(low), np.maximum(high, 0) + _MARGIN

    def points(self, params, low, high):
        """Gauss and Legendre's nodes, on intervals that double until they are 1 long.

        The first is as long as 1 / |field| where that is below 0: such laws are nearly
        exponential.
        """
        first = 1 / max(1.0, -low[0])
        ends = np.concatenate([[0], first * 2 ** np.arange(np.log2(1 / first) + 1)])
        top = max(high[0], 0) + _MARGIN + ends[-1]
        ends = np.concatenate([ends, np.arange(ends[-1] + 1, top + 1)])
        half, middle = np.diff(ends) / 2, (ends[1:] + ends[:-1]) / 2
        nodes, weights = _NODES
        x = middle[:, None] + half[:, None] * nodes
        return x.reshape(-1, 1), (half[:, None] * weights).ravel()


def _nearly_exponential(rate, t):
    """The h with rate h + h^2 / 2 + log(1 + h / rate) = t, to the order of 1 / rate^3.

    Less than that is minus the logarithm of Phi(-rate - h) / Phi(-rate).
    """
    return t / rate * (1 - (t / 2 + 1) / rate**2)


RECTIFIED = RectifiedUnit()
