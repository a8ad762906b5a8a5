"""Modes: states that no whole layer can better, found by descent."""

import numpy as np

_MOST_STEPS = 100


def descend(model, params, visible):
    """Let each layer take its likeliest state in turn, until nothing changes.

    Returns
    -------
    visible : ndarray of shape (n_rows, n_visible)
    hidden : ndarray of shape (n_rows, n_hidden)
        E(v, h) is not above that of the start; a row that still changes after 100
        steps is returned as it is then.
    """
    for _ in range(_MOST_STEPS):
        hidden = model.hidden_unit.mode(
            params.hidden, model.hidden_field(params, visible)
        )
        better = _visible_mode(model, params, hidden)
        if (better == visible).all():
            break
        visible = better
    return visible, hidden


def _visible_mode(model, params, hidden):
    return model.visible_unit.mode(params.visible, model.visible_field(params, hidden))


def find(model, params, visible):
    """Distinct modes below given rows and below every hidden unit alone.

    The hidden units start all low, all high, and each high alone: what one hidden
    unit prefers is where a mode hides that chains from other states do not meet.

    Returns
    -------
    visible : ndarray of shape (n_modes, n_visible)
        The lowest free energy first.
    hidden : ndarray of shape (n_modes, n_hidden)
    """
    alone = _visible_mode(model, params, _hidden_starts(model, params))
    starts = np.concatenate([visible.astype(alone.dtype), alone])
    visible, hidden = descend(model, params, np.unique(starts, axis=0))
    visible, first = np.unique(visible, axis=0, return_index=True)
    order = np.argsort(model.free_energy(params, visible), kind="stable")
    return visible[order], hidden[first[order]]


def _hidden_starts(model, params):
    n, unit, dtype = len(params.weights), model.hidden_unit, params.weights.dtype
    high = np.concatenate([np.zeros((1, n)), np.ones((1, n)), np.eye(n)])
    return np.where(high, dtype.type(unit.high), dtype.type(unit.low))
