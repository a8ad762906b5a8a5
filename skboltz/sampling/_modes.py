"""Modes: states that no layer, or no unit, can better on its own, found by descent."""

from functools import singledispatch

import numpy as np

from ..models import Bipartite, Pairwise
from ..utils import distinct
from . import _sequential as sequential

_MOST_STEPS = 100


@singledispatch
def descend(model, params, visible):
    """Let each layer take its likeliest state in turn, until nothing changes.

    In a pairwise model each unit does, one after the other.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Another kind of model registers a function of its own.
    params : BipartiteParams or PairwiseParams
    visible : ndarray of shape (n_rows, n_visible)

    Returns
    -------
    visible : ndarray of shape (n_rows, n_visible)
    hidden : ndarray of shape (n_rows, n_hidden)
        E(v, h) is not above that of the start; a row that still changes after 100
        steps is returned as it is then. Of a pairwise model the same as `visible`.

    Examples
    --------
    Of two spins that want to be equal, the first gives way; then both are content.

    >>> import numpy as np
    >>> from skboltz.models import Pairwise, PairwiseParams
    >>> from skboltz.sampling import modes
    >>> from skboltz.units import SPIN, Bias
    >>> coupling = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> params = PairwiseParams(coupling, Bias(np.zeros(2)))
    >>> modes.descend(Pairwise(SPIN), params, np.array([[-1.0, 1.0]]))[0]
    array([[1., 1.]])
    """
    raise TypeError(f"no descent is known in a model of type {type(model).__name__}.")


@descend.register
def _(model: Bipartite, params, visible):
    for _ in range(_MOST_STEPS):
        hidden = partners(model, params, visible)
        better = _visible_mode(model, params, hidden)
        if (better == visible).all():
            break
        visible = better
    return visible, hidden


@descend.register
def _(model: Pairwise, params, visible):
    unit, coupling = model.unit, params.coupling
    state = np.array(visible.T, dtype=coupling.dtype, order="C")
    bias, threshold = params.units.bias, np.zeros((len(state), 1), state.dtype)
    for _ in range(_MOST_STEPS):
        before = state.copy()
        sequential.sweep(coupling, bias, state, threshold, unit.low, unit.high)
        if (state == before).all():
            break
    visible = np.ascontiguousarray(state.T)
    return visible, visible


@singledispatch
def partners(model, params, visible):
    """What stands beside visible states in a pair of modes.

    The likeliest hidden states; of a pairwise model, which has none, the states
    themselves.
    """
    raise TypeError(f"no modes are known of a model of type {type(model).__name__}.")


@partners.register
def _(model: Bipartite, params, visible):
    return model.hidden_unit.mode(params.hidden, model.hidden_field(params, visible))


@partners.register
def _(model: Pairwise, params, visible):
    return visible


@singledispatch
def free_energy(model, params, visible):
    """Minus the logarithm of what visible states weigh, shape (n_rows,).

    Those of a pairwise model are states of all its units, whose energy it is.
    """
    return model.free_energy(params, visible)


@free_energy.register
def _(model: Pairwise, params, visible):
    return model.energy(params, visible)


def find(model, params, visible):
    """Distinct modes below given rows and below every hidden unit alone.

    The hidden units start all low, all high, and each high alone: what one hidden
    unit prefers is where a mode hides that chains from other states do not meet. In
    a pairwise model all units do.  Where hidden units have no lowest or no highest
    value, visible ones start so; where these have none either, the likeliest visible
    state of free units is a start.

    Returns
    -------
    visible : ndarray of shape (n_modes, n_visible)
        The lowest free energy first.
    hidden : ndarray of shape (n_modes, n_hidden)
        Of a pairwise model the same as `visible`.
    """
    alone = _each_alone(model, params)
    starts = np.concatenate([visible.astype(alone.dtype), alone])
    visible, hidden = descend(model, params, starts[distinct(starts)[0]])
    first, _ = distinct(visible)
    order = np.argsort(free_energy(model, params, visible[first]), kind="stable")
    return visible[first[order]], hidden[first[order]]


@singledispatch
def _each_alone(model, params):
    """Visible states to descend from, whatever chains have met."""
    raise TypeError(f"no modes are known of a model of type {type(model).__name__}.")


@_each_alone.register
def _(model: Bipartite, params):
    n_hidden, n_visible = params.weights.shape
    dtype = params.weights.dtype
    if model.hidden_unit.n_states(n_hidden) < np.inf:
        starts = _starts(model.hidden_unit, n_hidden, dtype)
        return _visible_mode(model, params, starts)
    if model.visible_unit.n_states(n_visible) < np.inf:
        return _starts(model.visible_unit, n_visible, dtype)
    no_input = np.zeros((1, n_visible), dtype)
    field = model.visible_unit.field(params.visible, no_input)
    return model.visible_unit.mode(params.visible, field)


@_each_alone.register
def _(model: Pairwise, params):
    return _starts(model.unit, len(params.coupling), params.coupling.dtype)


def _visible_mode(model, params, hidden):
    return model.visible_unit.mode(params.visible, model.visible_field(params, hidden))


def _starts(unit, n, dtype):
    """Units all low, all high, and each high alone."""
    high = np.concatenate([np.zeros((1, n)), np.ones((1, n)), np.eye(n)])
    low, high_value = np.asarray(unit.low, dtype), np.asarray(unit.high, dtype)
    return np.where(high, high_value, low)
