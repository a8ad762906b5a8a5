"""What a phase returns: sums over its rows, and their total weight."""

from typing import NamedTuple

import numpy as np


class Sums(NamedTuple):
    """Unnormalised sums of the statistics of a phase.

    The sum that belongs to the weights, of h v' over the rows, is kept as two
    factors: both phases are then summed in one matrix product.  Where the statistic
    of a unit is its value times a factor, the factor comes last.

    Attributes
    ----------
    hidden_factor : ndarray of shape (n_rows, n_hidden)
    visible_factor : ndarray of shape (n_rows, n_visible)
        hidden_factor' @ visible_factor is the sum for the weights.
    hidden, visible : NamedTuple
        Sums for the parameters of the units of each layer; the one for a bias is
        the sum of the values.
    weight : float
        Total weight of the rows.
    """

    hidden_factor: np.ndarray
    visible_factor: np.ndarray
    hidden: NamedTuple
    visible: NamedTuple
    weight: float

    def means(self):
        """Mean of the visible and of the hidden units."""
        return self.visible.bias / self.weight, self.hidden.bias / self.weight


def sums(model, params, v, h, weight=None):
    """Sums over rows of v and the means h given them, each counted `weight` times."""
    return Sums(
        h if weight is None else h * weight[:, None],
        v,
        model.hidden_unit.sums_of_means(params.hidden, h, weight),
        model.visible_unit.sums(params.visible, v, weight),
        float(len(v) if weight is None else weight.sum()),
    )
