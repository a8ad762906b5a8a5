"""One set of units, coupled in pairs: Hopfield network and Boltzmann machine."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..units import TwoValuedUnit


class PairwiseParams(NamedTuple):
    """Parameters of a pairwise model.

    Attributes
    ----------
    coupling : ndarray of shape (n_units, n_units)
        Symmetric, with a zero diagonal.
    units : NamedTuple
        Parameters of the units.
    """

    coupling: np.ndarray
    units: NamedTuple


@dataclass(frozen=True)
class Pairwise:
    """Energy E(s) = base(s) - 1/2 s'Js, with J symmetric and zero on its diagonal.

    For two-valued units E(s) = -b's - 1/2 s'Js, and P(s) = exp(-E(s)) / Z: the
    Hopfield network (Hopfield 1982) and the Boltzmann machine (Ackley, Hinton &
    Sejnowski 1985).

    Parameters
    ----------
    unit : unit
        What the units are, see :mod:`skboltz.units`.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.models import Pairwise, PairwiseParams
    >>> from skboltz.units import SPIN, Bias
    >>> coupling = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> params = PairwiseParams(coupling, Bias(np.array([0.5, 0.0])))
    >>> Pairwise(SPIN).energy(params, np.array([[1.0, 1.0], [1.0, -1.0]]))
    array([-2.5,  1.5])
    """

    unit: TwoValuedUnit

    def input(self, params, s):
        """What every unit receives from the others, its bias not included."""
        return self.unit.statistic(params.units, s) @ params.coupling

    def field(self, params, s):
        return self.unit.field(params.units, self.input(params, s))

    def energy(self, params, s):
        """E(s) of every row, shape (n_samples,)."""
        phi = self.unit.statistic(params.units, s)
        pairs = 0.5 * (phi * self.input(params, s)).sum(axis=1)
        return self.unit.base_energy(params.units, s) - pairs

    def small_side(self, params):
        """All units: nothing of a pairwise model can be summed out for free."""
        n_units = len(params.coupling)
        return self.unit, n_units, n_units, lambda s: self.energy(params, s)
