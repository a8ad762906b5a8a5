"""Two layers, coupled to each other only: the wiring of every RBM."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..units import Growth, Unit

_KEPT = 0.99  # of the weights at which Z becomes infinite


class BipartiteParams(NamedTuple):
    """Parameters of a bipartite model.

    Attributes
    ----------
    weights : ndarray of shape (n_hidden, n_visible)
    visible, hidden : NamedTuple
        Parameters of the units of each layer.
    """

    weights: np.ndarray
    visible: NamedTuple
    hidden: NamedTuple

    def arrays(self):
        """All arrays, the weights first."""
        return (self.weights, *self.visible, *self.hidden)

    def clear_visible(self, units):
        """Set to 0, in place, all that concerns some visible units."""
        self.weights[:, units] = 0
        for parameter in self.visible:
            parameter[units] = 0


@dataclass(frozen=True)
class Bipartite:
    """Energy E(v, h) = base(v) + base(h) - psi(h)' W phi(v).

    For Bernoulli units this is the restricted Boltzmann machine of Smolensky
    (1986), E(v, h) = -b'v - c'h - h'Wv, and P(v, h) = exp(-E(v, h)) / Z.  Gaussian
    visible units have phi(v) = v / s^2 and the base energy (v - b)^2 / (2 s^2), and P
    is then a density of v.

    Parameters
    ----------
    visible_unit, hidden_unit : Unit
        What the units of each layer are, see :mod:`skboltz.units`.  Where neither layer
        is bounded the sum that is Z may have no end.  Of two quadratic layers it is
        finite while the couplings are weak, see :meth:`is_normalisable`.

    Raises
    ------
    ValueError
        If Z has no end, or none but for weights that no training keeps to: with counts
        in one layer, the other must be bounded.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.models import Bipartite, BipartiteParams
    >>> from skboltz.units import BERNOULLI, Bias
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> params = BipartiteParams(
    ...     weights=np.array([[2.0, -1.0]]),
    ...     visible=Bias(np.array([0.5, 0.0])),
    ...     hidden=Bias(np.array([1.0])),
    ... )
    >>> v, h = np.array([[1.0, 1.0]]), np.array([[1.0]])
    >>> rbm.energy(params, v, h)  # -(0.5) - (1.0) - (2.0 - 1.0)
    array([-2.5])
    """

    visible_unit: Unit
    hidden_unit: Unit

    def __post_init__(self):
        growths = self.visible_unit.growths, self.hidden_unit.growths
        for one, other in (growths, growths[::-1]):
            if Growth.V_LOG_V in one and other - {Growth.BOUNDED}:
                raise ValueError(
                    "Counts without a limit need units with a limit in the other "
                    "layer: beside rectified units or other counts the sum over all "
                    "states has no end for any positive weight, and beside Gaussian "
                    "ones for any weight but 0, as the energy of v counts grows as "
                    "v log v alone. Take bits for the other layer, or counts with a "
                    "limit, such as BinomialUnit."
                )

    @cached_property
    def may_diverge(self):
        """Whether Z is infinite for some weights: both layers are quadratic."""
        both = self.visible_unit.growths & self.hidden_unit.growths
        return Growth.QUADRATIC in both

    def is_normalisable(self, params):
        """Whether Z is finite: always, unless both layers have quadratic energies.

        The quadratic form of the energy is then positive definite, by Cholesky's
        decomposition of I - M M', where M are the weights by the standard deviations of
        the statistics that they couple.  Of units from 0 on that is more than it takes.

        Returns
        -------
        bool

        Examples
        --------
        Two Gaussian units of variance 1 with a weight w have the precisions 1 +- w.

        >>> import numpy as np
        >>> from skboltz.models import Bipartite, BipartiteParams
        >>> from skboltz.units import STANDARD_GAUSSIAN, Bias
        >>> model = Bipartite(STANDARD_GAUSSIAN, STANDARD_GAUSSIAN)
        >>> free = Bias(np.zeros(1))
        >>> pairs = [BipartiteParams(np.array([[w]]), free, free) for w in (0.99, 1.01)]
        >>> [model.is_normalisable(params) for params in pairs]
        [True, False]
        """
        if not self.may_diverge:
            return True
        coupling = self._standardised(params)
        if not np.isfinite(coupling).all():
            return False
        few = coupling if len(coupling) < coupling.shape[1] else coupling.T
        try:
            np.linalg.cholesky(np.eye(len(few)) - few @ few.T)
        except np.linalg.LinAlgError:
            return False
        return True

    def check_normalisable(self, params):
        """Refuse weights of which there is no distribution.

        What is no number is not for it to judge.

        Raises
        ------
        ValueError
            Unless :meth:`is_normalisable`.
        """
        if not self.is_normalisable(params):
            coupling = self._standardised(params)
            if not np.isfinite(coupling).all():
                return
            norm = np.linalg.norm(coupling, 2)
            raise ValueError(
                f"The weights are too large: both layers have quadratic energies, and "
                f"by the standard deviations of their units the weights have the norm "
                f"{norm:.6g}, which must be below 1. Beyond it Z is infinite, unless "
                f"values from 0 on keep it finite, and there is nothing to draw from. "
                f"Make the weights smaller; `restrain` of the model does."
            )

    def restrain(self, params):
        """Make weights smaller, in place, as far as it takes for Z to be finite."""
        if not self.may_diverge or self.is_normalisable(params):
            return
        coupling = self._standardised(params)
        if np.isfinite(coupling).all():  # else nothing helps
            params.weights[:] *= _KEPT / np.linalg.norm(coupling, 2)

    def memory(self, params):
        """Share of where it stood that a sweep of block Gibbs keeps, at most.

        Known of two layers of Gaussian units, where it is the squared norm of the
        weights by standard deviations; 0, which says nothing, of layers of others.
        """
        if not self.may_diverge:
            return 0.0
        return float(np.linalg.norm(self._standardised(params), 2) ** 2)

    def _standardised(self, params):
        """Weights in units of what they couple, in double precision."""
        above = self.hidden_unit.spread(params.hidden).astype(np.float64)
        below = self.visible_unit.spread(params.visible).astype(np.float64)
        return above[:, None] * params.weights * below

    def hidden_input(self, params, v):
        """What the hidden units receive from v, their biases not included."""
        unit = self.visible_unit
        return v @ unit.scaled_weights(params.visible, params.weights).T

    def visible_input(self, params, h):
        """What the visible units receive from h, their biases not included."""
        return self.hidden_unit.statistic(params.hidden, h) @ params.weights

    def hidden_field(self, params, v):
        return self.hidden_unit.field(params.hidden, self.hidden_input(params, v))

    def visible_field(self, params, h):
        return self.visible_unit.field(params.visible, self.visible_input(params, h))

    def energy(self, params, v, h):
        """E(v, h) of paired rows, shape (n_samples,)."""
        psi = self.hidden_unit.statistic(params.hidden, h)
        return (
            self.visible_unit.base_energy(params.visible, v)
            + self.hidden_unit.base_energy(params.hidden, h)
            - (psi * self.hidden_input(params, v)).sum(axis=1)
        )

    def free_energy(self, params, v):
        """F(v) = -log sum_h exp(-E(v, h)), shape (n_samples,)."""
        field = self.hidden_field(params, v)
        marginal = self.hidden_unit.log_partition(params.hidden, field).sum(axis=1)
        return self.visible_unit.base_energy(params.visible, v) - marginal

    def strongest(self, params):
        """The log odds ratio of the two units that are coupled most strongly.

        Between units of any value there is none: 0.
        """
        n_hidden, n_visible = params.weights.shape
        visible = _spans(self.visible_unit, n_visible)
        hidden = _spans(self.hidden_unit, n_hidden)
        return float((np.abs(params.weights) * visible * hidden[:, None]).max())

    def swap(self):
        """The same model, with the roles of the layers exchanged."""
        return Bipartite(self.hidden_unit, self.visible_unit)

    def swap_params(self, params):
        return BipartiteParams(params.weights.T, params.hidden, params.visible)

    def enumerates_visible(self, n_visible, n_hidden):
        """Whether sums run over the states of the visible layer, not the hidden one.

        The one that has fewer: real units have more than can be counted.
        """
        of_visible = self.visible_unit.n_states(n_visible)
        return of_visible <= self.hidden_unit.n_states(n_hidden)

    def small_side(self, params):
        """Number of units and unit of the layer to enumerate, with its free energy.

        Returns
        -------
        unit, n_units, n_terms, free_energy
            Summing exp(-free_energy(states)) over the states of `n_units` units
            gives Z; `n_terms` is the length of the sum for one state.
        """
        n_hidden, n_visible = params.weights.shape
        if self.enumerates_visible(n_visible, n_hidden):
            return self.visible_unit, n_visible, n_hidden, _bind(self, params)
        swapped = _bind(self.swap(), self.swap_params(params))
        return self.hidden_unit, n_hidden, n_visible, swapped


def _spans(unit, n_columns):
    """high - low of every column; 0 where it is without end."""
    spans = np.broadcast_to(unit.high - unit.low, n_columns)
    return np.where(np.isfinite(spans), spans, 0.0)


def _bind(model, params):
    return lambda states: model.free_energy(params, states)
