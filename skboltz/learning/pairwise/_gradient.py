"""Learning of pairwise machines: sums of the phases, and steps from them.

The gradient of the mean log-likelihood is D[s_i s_j] by a coupling and D[s_i] by a
bias, D the mean over the data less the mean over the machine (Ackley, Hinton &
Sejnowski 1985); a coupling that the mask forbids stays where it is.

With offsets m the centered energy is -(s - m)'b - 1/2 (s - m)'J(s - m) (Montavon &
Mueller 2012).  Its gradient, in the parameters of the plain machine, is

    dJ = D[(s - m)(s - m)'] = D[ss'] - D[s]m' - mD[s]',   db = D[s] - dJ m.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ...models import PairwiseParams
from ...units import SPIN, Bias


class PairwiseSums(NamedTuple):
    """Unnormalised sums of the statistics of a phase.

    Attributes
    ----------
    pairs : ndarray of shape (n_units, n_units)
        Of s s', with a zero diagonal.
    units : Bias
        Of s.
    n_visible : int
        How many of the units are visible, the first ones.
    weight : float
        Total weight of the rows.
    """

    pairs: np.ndarray
    units: Bias
    n_visible: int
    weight: float

    def means(self):
        """Mean of the visible and of the hidden units."""
        mean = self.units.bias / self.weight
        return mean[: self.n_visible], mean[self.n_visible :]

    def visible_mean(self):
        """Mean of the visible units."""
        return self.means()[0]

    def reduced(self):
        """The same sums: they are no larger than the couplings."""
        return self

    def __add__(self, other):
        return PairwiseSums(
            self.pairs + other.pairs,
            Bias(self.units.bias + other.units.bias),
            self.n_visible,
            self.weight + other.weight,
        )


def pairwise_sums(model, params, moments, weight):
    """Sums from expectations of rows of these weights (default: 1 each)."""
    dtype = params.coupling.dtype
    weight = np.ones(len(moments.mean)) if weight is None else weight
    units = (weight @ moments.mean).astype(dtype)
    pairs = moments.pairs.astype(dtype, copy=False)
    return PairwiseSums(pairs, Bias(units), model.n_visible, float(weight.sum()))


def state_sums(model, states, weight=None):
    """Sums over rows of states of all units."""
    weighted = states if weight is None else states * weight[:, None]
    pairs = weighted.T @ states
    np.fill_diagonal(pairs, 0)
    total = float(len(states) if weight is None else weight.sum())
    return PairwiseSums(pairs, Bias(weighted.sum(axis=0)), model.n_visible, total)


@dataclass(frozen=True)
class _Masked:
    """A gradient of the pairs that a mask allows."""

    mask: np.ndarray

    @cached_property
    def _held(self):
        """Numbers of the others in the matrix, which is the same by rows or columns."""
        return np.flatnonzero(~self.mask)

    def _forbid(self, change):
        """Leave couplings where they are that the mask does not allow, in place."""
        change.coupling.reshape(-1, order="A")[self._held] = 0


class PairwiseGradient(_Masked):
    """The gradient as it is.

    Parameters
    ----------
    mask : ndarray of shape (n_units, n_units), bool
        Which units may be coupled; symmetric, with a zero diagonal.
    """

    def pull(self, model, rate):
        """The rate at which couplings move."""
        return rate

    def step(self, model, params, positive, negative, rate, offsets):
        """rate x gradient."""
        pairs, units = _differences(positive, negative, rate)
        return PairwiseParams(pairs, Bias(units))

    def finish(self, model, params, change, offsets, rate):
        """What is left to do to a change once penalties have pulled at its weights."""
        self._forbid(change)


class CenteredPairwiseGradient(_Masked):
    """The centered gradient, for units of any two values the one for spins.

    With s = a + c t, t of values -1 and 1, a step of the couplings of t is one of
    those of s times 1 / c^4, and one of the centered biases times 1 / c^2.

    Parameters
    ----------
    mask : ndarray of shape (n_units, n_units), bool
    """

    def pull(self, model, rate):
        """The rate at which couplings move."""
        return rate * per_value(model) ** 4

    def step(self, model, params, positive, negative, rate, offsets):
        """rate x gradient; its biases lack what `finish` adds."""
        scale = per_value(model) ** 2
        pairs, units = _differences(positive, negative, scale**2 * rate, offsets)
        return PairwiseParams(pairs, Bias(units / scale))

    def finish(self, model, params, change, offsets, rate):
        """Let the biases follow the couplings, in place."""
        self._forbid(change)
        change.units.bias[:] -= change.coupling @ np.concatenate(offsets)


class SignedPairwiseGradient(_Masked):
    """Steps of one size, of which only the sign follows the gradient.

    The gradient is that of the likelihood less its penalties.

    Ackley, Hinton & Sejnowski (1985) changed every weight by 2 at a temperature of
    10, that is by 0.2 at a temperature of 1.

    Parameters
    ----------
    mask : ndarray of shape (n_units, n_units), bool
    """

    def pull(self, model, rate):
        """That of the slopes, whose size is lost: penalties count beside them."""
        return 1.0

    def step(self, model, params, positive, negative, rate, offsets):
        """The gradient, of which `finish` takes the sign."""
        pairs, units = _differences(positive, negative, 1.0)
        return PairwiseParams(pairs, Bias(units))

    def finish(self, model, params, change, offsets, rate):
        """rate x sign of the gradient with the penalties in it, in place."""
        self._forbid(change)
        change.coupling[:] = rate * np.sign(change.coupling)
        change.units.bias[:] = rate * np.sign(change.units.bias)


def per_value(model):
    """1 / c: how far a spin moves as the unit moves by 1."""
    return SPIN.in_terms_of(model.visible_unit)[1]


def _differences(positive, negative, rate, offsets=None):
    """rate x (mean over the data - mean over the machine), of pairs and of units.

    With offsets m, pairs less D[s]m' + mD[s]'.
    """
    by_plus, by_minus = rate / positive.weight, rate / negative.weight
    units = by_plus * positive.units.bias - by_minus * negative.units.bias
    # Products round differently on both sides of the diagonal, and that would add up:
    # of half the pairs, both sides are added.
    half = positive.pairs * (by_plus / 2)
    half -= negative.pairs * (by_minus / 2)
    if offsets is not None:
        half -= np.outer(units, np.concatenate(offsets))
    # As the couplings lie in memory; transposed, a symmetric matrix is the same.
    return (half + half.T).T, units
