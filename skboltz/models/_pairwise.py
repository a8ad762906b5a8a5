"""One set of units, coupled in pairs: Hopfield network and Boltzmann machine."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..units import Bias, TwoValuedUnit
from ..utils import each
from ._bipartite import Bipartite, BipartiteParams


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

    @property
    def weights(self):
        """What penalties pull at: the couplings."""
        return self.coupling

    def arrays(self):
        """All arrays, the couplings first."""
        return (self.coupling, *self.units)

    def clear_visible(self, units):
        """Set to 0, in place, all that concerns some units; visible ones come first."""
        self.coupling[units] = self.coupling[:, units] = 0
        for parameter in self.units:
            parameter[units] = 0


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
    n_visible : int, default=None
        How many of the units are visible, the first ones; None means all.

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
    n_visible: int | None = None

    @property
    def visible_unit(self):
        """What the visible units are: the same as all."""
        return self.unit

    def in_layers(self):
        """The same machine where :func:`is_layered` says that it has two layers."""
        return Bipartite(self.unit, self.unit)

    def input(self, params, s):
        """What every unit receives from the others, its bias not included."""
        return self.unit.statistic(params.units, s) @ params.coupling

    def field(self, params, s):
        return self.unit.field(params.units, self.input(params, s))

    def restrain(self, params):
        """Change nothing: a sum over states has an end, whatever the couplings."""

    def energy(self, params, s):
        """E(s) of every row, shape (n_samples,)."""
        phi = self.unit.statistic(params.units, s)
        pairs = 0.5 * (phi * self.input(params, s)).sum(axis=1)
        return self.unit.base_energy(params.units, s) - pairs

    def free_energy(self, params, s):
        """E(s) again: every unit is visible, none is summed over."""
        return self.energy(params, s)

    def strongest(self, params):
        """The log odds ratio of the two units that are coupled most strongly."""
        return float(self.unit.pair_gap(np.abs(params.coupling).max()))

    def small_side(self, params):
        """What to enumerate: all units but those that see no other of their kind.

        Given the others, the units of an independent set are on their own, and
        their sum is a product: F(s) = E(s) - sum_i log z_i(b_i + (J s)_i), where
        s are the units enumerated and z_i is the sum over the values of unit i.

        Returns
        -------
        unit, n_units, n_terms, free_energy
            Summing exp(-free_energy(states)) over the states of `n_units` units
            gives Z; `n_terms` is the length of the sum for one state.
        """
        free = independent_set(params.coupling)
        n_enumerated = int(np.count_nonzero(~free))

        def free_energy(s):
            return self._summed_over(params, free, s)

        return self.unit, n_enumerated, len(free), free_energy

    def _summed_over(self, params, free, s):
        """-log sum over the units that are free of exp(-E), the others being s."""
        kept = _part(params, ~free)
        units = _part(params, free).units
        statistic = self.unit.statistic(kept.units, s)
        field = self.unit.field(units, statistic @ params.coupling[np.ix_(~free, free)])
        return self.energy(kept, s) - self.unit.log_partition(units, field).sum(axis=1)


def is_layered(coupling, n_visible):
    """Whether units are coupled across two layers alone, as those of an RBM.

    Parameters
    ----------
    coupling : ndarray of shape (n_units, n_units)
        Or the mask of what may be coupled; visible units come first.
    n_visible : int

    Examples
    --------
    The first unit of a chain of three sees the second, and that one the third.

    >>> import numpy as np
    >>> from skboltz.models import is_layered
    >>> chain = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    >>> is_layered(chain, 1)
    False
    >>> is_layered(chain[np.ix_([0, 2, 1], [0, 2, 1])], 2)
    True
    """
    inside = coupling[:n_visible, :n_visible], coupling[n_visible:, n_visible:]
    return 0 < n_visible < len(coupling) and not any(part.any() for part in inside)


def in_layers(params, n_visible):
    """Parameters of a machine of two layers as those of a bipartite model.

    Parameters
    ----------
    params : PairwiseParams
        Of which :func:`is_layered` holds.
    n_visible : int

    Returns
    -------
    BipartiteParams
        Its arrays are views.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.models import PairwiseParams, in_layers, of_layers
    >>> from skboltz.units import Bias
    >>> coupling = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> layers = in_layers(PairwiseParams(coupling, Bias(np.array([0.5, 0.0]))), 1)
    >>> layers.weights, layers.visible.bias, layers.hidden.bias
    (array([[2.]]), array([0.5]), array([0.]))
    >>> bool((of_layers(layers).coupling == coupling).all())
    True
    """
    bias = params.units.bias
    weights = params.coupling[n_visible:, :n_visible]
    return BipartiteParams(weights, Bias(bias[:n_visible]), Bias(bias[n_visible:]))


def of_layers(params):
    """Parameters of a bipartite model of one kind of unit as those of a pairwise one.

    Parameters
    ----------
    params : BipartiteParams

    Returns
    -------
    PairwiseParams
        With arrays of its own.
    """
    weights, bias = params.weights, [params.visible.bias, params.hidden.bias]
    n_visible = weights.shape[1]
    coupling = np.zeros((n_visible + len(weights),) * 2, weights.dtype)
    coupling[n_visible:, :n_visible] = weights
    coupling[:n_visible, n_visible:] = weights.T
    return PairwiseParams(coupling, Bias(np.concatenate(bias)))


def _part(params, chosen):
    """The machine of some of the units, as if the others were not there."""
    units = each(lambda parameter: parameter[chosen], params.units)
    return PairwiseParams(params.coupling[np.ix_(chosen, chosen)], units)


def independent_set(coupling):
    """A large set of units of which no two are coupled.

    Greedy: of the units left, the one with the fewest couplings to others that are
    left joins the set (the first of them), and those it is coupled to drop out.
    The set is a largest one where the couplings form a forest (a chain, a star, a
    tree) or join every unit of one layer to every unit of another; elsewhere it is
    a good one, and with all units coupled it is a single unit.

    Parameters
    ----------
    coupling : ndarray of shape (n_units, n_units)
        Units i and j are coupled where element (i, j) or (j, i) is not 0.

    Returns
    -------
    ndarray of shape (n_units,), bool
        Whether a unit is in the set.

    Examples
    --------
    In a chain of three, the ends see only the unit in the middle.

    >>> import numpy as np
    >>> from skboltz.models import independent_set
    >>> coupling = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, -2.0], [0.0, -2.0, 0.0]])
    >>> independent_set(coupling)
    array([ True, False,  True])
    """
    neighbour = _neighbours(coupling)
    if not neighbour.any():
        return np.ones(len(neighbour), dtype=bool)
    degree = neighbour.sum(axis=0)
    left = np.ones(len(neighbour), dtype=bool)
    chosen = np.zeros(len(neighbour), dtype=bool)
    while left.any():
        unit = np.argmin(np.where(left, degree, len(degree)))
        chosen[unit] = True
        gone = left & neighbour[unit]
        gone[unit] = True
        left &= ~gone
        degree = degree - neighbour[gone].sum(axis=0)
    return chosen


def _neighbours(coupling):
    """Whether two different units are coupled, in either direction."""
    is_coupled = coupling != 0
    is_coupled |= is_coupled.T
    np.fill_diagonal(is_coupled, False)
    return is_coupled


def converted(params, unit, new_unit):
    """The same machine with other values of its units: the same P of the same states.

    With s = a + c t, for the values s before and t after, -b's - 1/2 s'Js is up to a
    constant -b't - 1/2 t'Jt with c^2 J for J and c (b + a J1) for b.

    Parameters
    ----------
    params : PairwiseParams
    unit, new_unit : TwoValuedUnit

    Returns
    -------
    PairwiseParams

    Examples
    --------
    Spins coupled by J are binary units coupled by 4 J.

    >>> import numpy as np
    >>> from skboltz.models import PairwiseParams, converted
    >>> from skboltz.units import BERNOULLI, SPIN, Bias
    >>> coupling = np.array([[0.0, 0.5], [0.5, 0.0]])
    >>> binary = converted(PairwiseParams(coupling, Bias(np.zeros(2))), SPIN, BERNOULLI)
    >>> binary.coupling[0, 1], binary.units.bias
    (np.float64(2.0), array([-1., -1.]))
    """
    a, c = unit.in_terms_of(new_unit)
    pull = params.units.bias + a * params.coupling.sum(axis=1)
    return PairwiseParams(c**2 * params.coupling, params.units._replace(bias=c * pull))
