"""Penalties: what pulls the parameters besides the likelihood."""

from dataclasses import dataclass

import numpy as np

from .. import kernels
from ._sums import Block


@dataclass(frozen=True)
class WeightDecay:
    """The penalty l1 * sum |W| + l2/2 * sum W^2, per sample.

    Parameters
    ----------
    l1, l2 : float
    """

    l1: float = 0.0
    l2: float = 0.0

    def pull(self, change, weights, rate):
        """Add the pull towards zero to a change of the weights, in place."""
        if self.l1 or self.l2:
            shrink = kernels.active().shrink
            shrink(change.T, weights.T, rate * self.l1, rate * self.l2)

    def penalty(self, weights):
        """l1 sum |W| + l2/2 sum W^2, in double precision."""
        total = 0.0
        if self.l1:
            total += self.l1 * float(np.abs(weights).sum(dtype=np.float64))
        if self.l2:
            total += self.l2 / 2 * float(np.square(weights, dtype=np.float64).sum())
        return total


@dataclass(frozen=True)
class SparsityTarget:
    """A pull of each hidden unit's mean activity q towards a target p.

    The penalty has the derivative cost * (q - p) by the total input of a unit
    (Hinton 2012, "A practical guide", section 11), as if the mean of each hidden
    unit under the data were lower by that much.

    Parameters
    ----------
    target : float or None
        The activity p; None for no pull.
    cost : float
    """

    target: float | None = None
    cost: float = 0.0

    def shift(self, sums, activity):
        """Sums of the positive phase with the pull included."""
        if self.target is None or not self.cost:
            return sums
        pull = self.cost * (activity - self.target)
        # A row more: sum_i w_i (h_i - pull) v_i' = sum_i w_i h_i v_i' - pull (sum v)'
        row = Block(-pull[None], sums.visible.bias[None])
        return sums._replace(
            blocks=(*sums.blocks, row),
            hidden=sums.hidden._replace(bias=sums.hidden.bias - sums.weight * pull),
        )
