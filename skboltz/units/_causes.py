"""Two-valued units above, given units of a layer below that depend on them.

Given their effects, causes are no longer independent: one explains the other away, and
Gibbs sampling has to update them one after the other (Neal 1992, "Connectionist
learning of belief networks").  A cause that goes high changes log P(effects) by what
their statistics gain, less what their `log_partition` grows by; the latter is here.
"""

import math

import numpy as np


class Causes:
    """Updates of causes of any units below, by their `log_partition`.

    Parameters
    ----------
    unit : Unit
        The kind of the effects; one for each column, given their fields.
    params : NamedTuple
        Theirs.
    steps : ndarray of shape (n_causes, n_effects), float64
        By how much the field of each effect grows as a cause goes high.
    """

    def __init__(self, unit, params, steps):
        self.unit, self.params, self.steps = unit, params, steps

    def sweep(self, field, known, is_high, bound):
        """Update every cause of every chain, in order; `is_high` is overwritten.

        Cause j goes high where the growth of `log_partition` that this brings, summed
        over the known effects, is below bound j; else low.

        Parameters
        ----------
        field : ndarray of shape (n_chains, n_effects), float64
            Of the effects, from the causes as they are; overwritten.
        known : ndarray of shape (n_chains, n_effects), bool
        is_high : ndarray of shape (n_chains, n_causes), bool
        bound : ndarray of shape (n_chains, n_causes), float64
        """
        value = self._values(field)
        for j, step in enumerate(self.steps):
            change = np.where(is_high[:, [j]], -step, step)
            other = field + change
            others = self._values(other)
            growth = np.where(known, others - value, 0).sum(axis=1)
            was = is_high[:, j].copy()
            is_high[:, j] = np.where(was, -growth, growth) < bound[:, j]
            turned = is_high[:, j] != was
            field[turned], value[turned] = other[turned], others[turned]

    def _values(self, field):
        return self.unit.log_partition(self.params, field)


class CausesOfTwoValued(Causes):
    """Updates of causes of two-valued units, by a kernel.

    With the log-odds g of an effect, `log_partition` is low field + log(1 + exp(g)),
    and as a cause changes g by d, the last term grows by log(P(low) + P(high) exp(d)).
    Where the exponentials of such changes are no numbers, it is the sum of any units.

    Parameters
    ----------
    kernels : module
    unit : TwoValuedUnit
    params : Bias
    steps : ndarray of shape (n_causes, n_effects), float64
    """

    def __init__(self, kernels, unit, params, steps):
        super().__init__(unit, params, steps)
        self.kernels, changes = kernels, unit.gap(steps)
        self._most = math.log(kernels.LARGEST)
        largest = float(np.abs(changes).max(initial=0.0))
        self._fits = largest <= self._most
        if self._fits:
            self._group = 2 ** int(math.log2(self._most / max(largest, 1.0)))
            self._factors = np.exp(np.stack([changes, -changes]))

    def sweep(self, field, known, is_high, bound):
        if not self._fits:
            super().sweep(field, known, is_high, bound)
            return
        if self.unit.low:
            bound = bound - known @ (self.unit.low * self.steps).T
        limit = np.where(is_high, -bound, bound)
        exponent = np.floor(limit / self._most)
        # A limit without end is decided by its exponent alone; far out, a probability
        # is exactly 0.
        with np.errstate(over="ignore", invalid="ignore"):
            rest = np.exp(limit - exponent * self._most)
            gap = self.unit.gap(field)
            on, off = 1 / (1 + np.exp(-gap)), 1 / (1 + np.exp(gap))
        on[~known], off[~known] = 0, 1
        run = is_high, on, off, self._factors, rest, exponent, self._group
        self.kernels.cause_sweep(*run)
