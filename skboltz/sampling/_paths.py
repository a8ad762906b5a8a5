"""Paths: distributions between independent units and a model.

A path knows the wiring, so that annealing and tempering know time only.  To lead
chains to another kind of model, write a path with the methods of these two, and
register it with :func:`base_path`.
"""

from functools import singledispatch
from typing import NamedTuple

import numpy as np

from .. import kernels
from ..models import Bipartite, BipartiteParams, Pairwise, PairwiseParams
from ..utils import each
from . import _sequential as sequential


class Layers(NamedTuple):
    """Parameters of the units of both layers, without couplings."""

    visible: NamedTuple
    hidden: NamedTuple


class Point(NamedTuple):
    """A place on a path.

    Attributes
    ----------
    beta : float
    units : NamedTuple
        Parameters of the units there, in float64; couplings are scaled by beta.
    """

    beta: float
    units: NamedTuple


class BipartitePath(NamedTuple):
    """Distributions between independent units and a bipartite model.

    At the inverse temperature beta the energy is (1 - beta) that of the base + beta
    that of the target, up to a constant; the base has no weights, so that those of the
    target are scaled by beta (Salakhutdinov & Murray 2008, section 4.1).  The
    statistics of the units are those of the target throughout.

    Attributes
    ----------
    model : Bipartite
    base : Layers
        The independent units at beta = 0.
    target : BipartiteParams
        The model at beta = 1.
    """

    model: Bipartite
    base: Layers
    target: BipartiteParams

    def at(self, beta):
        """The point at an inverse temperature."""
        model, target = self.model, self.target
        visible = _blend(model.visible_unit, self.base.visible, target.visible, beta)
        hidden = _blend(model.hidden_unit, self.base.hidden, target.hidden, beta)
        return Point(beta, Layers(visible, hidden))

    def base_log_partition(self):
        """log Z of the independent units at beta = 0."""
        units = self.model.visible_unit, self.model.hidden_unit
        return _free_log_partition(units, self.at(0.0).units)

    def draw(self, stream, n_chains):
        """Visible states of the independent units, and the stream after them."""
        unit, dtype = self.model.visible_unit, self.target.weights.dtype
        no_input = np.zeros((n_chains, self.target.weights.shape[1]), dtype)
        return stream.sample(unit, _cast(self.base.visible, dtype), no_input)

    def input(self, visible):
        """What the hidden units receive from visible states at beta = 1."""
        return self.model.hidden_input(self.target, visible)

    def step(self, old, new, states, stream):
        """:meth:`log_ratio`, and :meth:`sweep` at the new point.

        Both ask for the hidden means there.

        Returns
        -------
        gain : ndarray of shape (n_chains,)
        visible : ndarray of shape (n_chains, n_visible)
        stream : Stream
        """
        upper, mean = self.model.hidden_unit, None
        if upper.mean_serves:
            params = _cast(new.units.hidden, states.input.dtype)
            mean = kernels.mean(upper, params, self._input_at(new, states))
        gain = self.log_ratio(old, new, states, mean)
        return gain, *self.sweep(new, states, stream, mean)

    def log_ratio(self, old, new, states, mean=None):
        """log f(v; new) / f(v; old) = F(v; old) - F(v; new), in float64.

        `states` has the fields `visible` and `input`; the hidden means at the new
        point may be given.
        """
        dtype = states.input.dtype
        ends = (
            (self._factor(point, dtype), _cast(point.units.hidden, dtype))
            for point in (old, new)
        )
        gain = kernels.log_ratio(self.model.hidden_unit, states.input, *ends, mean)
        change = self.model.visible_unit.base_energy_change
        return gain - change(old.units.visible, new.units.visible, states.visible)

    def sweep(self, point, states, stream, mean=None):
        """Visible states after h from P(h | v; beta) and v from P(v | h; beta)."""
        upper, lower = self.model.hidden_unit, self.model.visible_unit
        dtype, input = states.input.dtype, self._input_at(point, states)
        params = _cast(point.units.hidden, dtype)
        hidden, stream = stream.sample(upper, params, input, mean)
        back = self.model.visible_input(self.target, hidden)
        gain = lower.gain(point.units.visible, self.target.visible)
        back *= np.asarray(point.beta * gain, dtype)
        return stream.sample(lower, _cast(point.units.visible, dtype), back)

    def _input_at(self, point, states):
        return self._factor(point, states.input.dtype) * states.input

    def _factor(self, point, dtype):
        """What the inputs of hidden units count there, a number if all count alike."""
        unit = self.model.hidden_unit
        factor = point.beta * unit.gain(point.units.hidden, self.target.hidden)
        return factor.astype(dtype) if np.ndim(factor) else factor

    def backward(self):
        """The path itself: from v to v by way of h is the same in both directions."""
        return self


class PairwisePath(NamedTuple):
    """Distributions between independent units and a pairwise model.

    As for a bipartite model; all units are visible, f(s; beta) = exp(b(beta)'s +
    beta/2 s'Js) with b(beta) = (1 - beta) base + beta target.

    Attributes
    ----------
    model : Pairwise
    base : NamedTuple
        Parameters of the independent units at beta = 0.
    target : PairwiseParams
        The model at beta = 1.
    mirrored : ndarray of shape (n_units, n_units), default=None
        The couplings between units numbered from the last to the first: if given,
        sweeps visit the units in that order.
    """

    model: Pairwise
    base: NamedTuple
    target: PairwiseParams
    mirrored: np.ndarray | None = None

    def at(self, beta):
        """The point at an inverse temperature."""
        units = _blend(self.model.unit, self.base, self.target.units, beta)
        return Point(beta, units)

    def base_log_partition(self):
        """log Z of the independent units at beta = 0."""
        return _free_log_partition([self.model.unit], [self.at(0.0).units])

    def draw(self, stream, n_chains):
        """States of the independent units, and the stream after them."""
        noise, stream = self._noise(stream, n_chains)
        return self._free(self.base, noise), stream

    def input(self, visible):
        """What every unit receives from the others at beta = 1."""
        return self.model.input(self.target, visible)

    def step(self, old, new, states, stream):
        """As that of :class:`BipartitePath`."""
        return self.log_ratio(old, new, states), *self.sweep(new, states, stream)

    def log_ratio(self, old, new, states):
        """log f(s; new) / f(s; old), in float64.

        `states` has the fields `visible`, all units, and `input`.
        """
        pairs = (states.visible * states.input).sum(axis=1, dtype=np.float64)
        change = self.model.unit.base_energy_change
        bias_gain = -change(old.units, new.units, states.visible)
        return bias_gain + (new.beta - old.beta) / 2 * pairs

    def sweep(self, point, states, stream):
        """States after one update of every unit given the others, in order."""
        dtype = self.target.coupling.dtype
        noise, stream = self._noise(stream, len(states.visible))
        beta = dtype.type(point.beta)
        if beta == 0:  # or too small for the precision
            return self._free(point.units, noise), stream
        bias = _cast(point.units, dtype).bias
        return self._coupled(beta, bias, states.visible, noise), stream

    def backward(self):
        """The path whose sweeps undo those of this one: in the opposite order.

        In the distribution that both leave alone, going from s to s' by one is as
        likely as going from s' to s by the other.  Works of chains led both ways
        obey Crooks' relation, that the bridge needs, only so.
        """
        if self.mirrored is not None:
            return self._replace(mirrored=None)
        mirrored = np.ascontiguousarray(self.target.coupling[::-1, ::-1])
        return self._replace(mirrored=mirrored)

    def _noise(self, stream, n_chains):
        coupling = self.target.coupling
        return stream.draw((len(coupling), n_chains), coupling.dtype)

    def _free(self, units, noise):
        """A unit turns high iff gap(bias) > noise, as of coupled ones."""
        unit, bias = self.model.unit, _cast(units, noise.dtype).bias
        return unit.value(unit.gap(bias) > noise.T, noise.dtype)

    def _coupled(self, beta, bias, visible, noise):
        """A unit turns high iff gap(bias + beta input) > noise.

        That is input > (field_of(noise) - bias) / beta: the couplings need no copy.
        """
        unit = self.model.unit
        noise = unit.field_of(noise)
        noise -= bias[:, None]
        with np.errstate(over="ignore"):  # at infinity the input does not matter
            noise /= beta
        in_order = slice(None) if self.mirrored is None else slice(None, None, -1)
        coupling = self.target.coupling if self.mirrored is None else self.mirrored
        state = np.array(visible.T[in_order], dtype=noise.dtype, order="C")
        threshold, no_bias = noise[in_order], np.zeros_like(bias)
        sequential.sweep(coupling, no_bias, state, threshold, unit.low, unit.high)
        return np.ascontiguousarray(state[in_order].T)


@singledispatch
def base_path(model, target, visible_mean=None):
    """A path from independent units of given means, hidden ones without bias.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Another kind of model registers a function of its own.
    target : BipartiteParams or PairwiseParams
    visible_mean : ndarray of shape (n_visible,), default=None
        Means of the visible units at beta = 0, strictly between their values: the
        base rates of the data; by default those of the target without couplings.
        All units of a pairwise model are visible.

    Returns
    -------
    BipartitePath or PairwisePath

    Raises
    ------
    ValueError
        If Z of the target is infinite.

    Examples
    --------
    Two free spins: Z is 2 cosh(0) twice, so log Z = 2 log 2.

    >>> import numpy as np
    >>> from skboltz.models import Pairwise, PairwiseParams
    >>> from skboltz.sampling import annealing
    >>> from skboltz.units import SPIN, Bias
    >>> coupling = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> params = PairwiseParams(coupling, Bias(np.array([0.0, 0.0])))
    >>> path = annealing.base_path(Pairwise(SPIN), params)
    >>> round(path.base_log_partition(), 6)
    1.386294
    """
    raise TypeError(f"no path is known to a model of type {type(model).__name__}.")


@base_path.register
def _(model: Bipartite, target, visible_mean=None):
    model.check_normalisable(target)
    visible = _base_units(model.visible_unit, target.visible, visible_mean)
    hidden = target.hidden._replace(bias=np.zeros_like(target.hidden.bias))
    return BipartitePath(model, Layers(visible, hidden), target)


@base_path.register
def _(model: Pairwise, target, visible_mean=None):
    units = _base_units(model.unit, target.units, visible_mean)
    return PairwisePath(model, units, target)


def _base_units(unit, params, mean):
    return params if mean is None else unit.with_mean(params, mean.astype(np.float64))


def _blend(unit, base, target, beta):
    """Parameters of units between those of base and target, in float64."""
    return unit.blend(_cast(base, np.float64), _cast(target, np.float64), beta)


def _free_log_partition(units, params):
    total = 0.0
    for unit, own in zip(units, params, strict=True):
        total += unit.log_partition(own, unit.field(own, 0.0)).sum()
    return float(total)


def _cast(params, dtype):
    return each(lambda array: array.astype(dtype), params)
