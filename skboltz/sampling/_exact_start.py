"""Chains that start in the distribution they are to draw from.

Sweeps leave that distribution as it is, so that every state of such a chain is a
sample, however slowly it moves.
"""

import numpy as np
from scipy.special import logsumexp

from ..units import n_states
from ._enumeration import in_float64, states
from ._gibbs import draw_visible, from_visible

MOST_TERMS = 2**18  # that a start may take: some milliseconds


def of_layers(model, params, stream, n_chains):
    """Chains of a bipartite model; None if its smaller layer has too many states."""
    unit, n_units, terms, free_energy = model.small_side(in_float64(params))
    if n_states(unit, n_units) * terms > MOST_TERMS:
        return None
    layer = states(unit, n_units)
    drawn, stream = _draws(-free_energy(layer)[:, None], stream, n_chains)
    layer = layer[drawn].astype(params.weights.dtype)
    if not model.enumerates_visible(*params.weights.shape[::-1]):
        layer, stream = draw_visible(model, params, layer, stream)
    return from_visible(model, params, layer, stream)


def of_pairs(unit, chains):
    """Chains of a pairwise model, in other states; None if these are too many."""
    n_units, n_chains = chains.state.shape
    n_all = n_states(unit, n_units)
    if n_all * n_units > MOST_TERMS:
        return None
    bias, which = np.unique(chains.bias, axis=1, return_inverse=True)
    if n_all * bias.shape[1] > MOST_TERMS:
        return None
    every = states(unit, n_units)
    pairs = 0.5 * ((every @ chains.coupling.astype(float)) * every).sum(axis=1)
    held = np.isinf(bias)  # by biases without end
    log_weight = pairs[:, None] + every @ np.where(held, 0, bias).astype(float)
    is_high = 2 * every > unit.low + unit.high
    wrong = is_high @ (held & (bias < 0)) + ~is_high @ (held & (bias > 0))
    log_weight[wrong > 0] = -np.inf
    drawn, stream = _draws(log_weight, chains.stream, n_chains, which.ravel())
    state = np.ascontiguousarray(every[drawn].T.astype(chains.state.dtype))
    return chains._replace(state=state, stream=stream)


def _draws(log_weight, stream, n_chains, which=0):
    """Numbers of states, of chain c by column which_c, and the stream after them."""
    proba = np.exp(log_weight - logsumexp(log_weight, axis=0))
    below = np.cumsum(proba, axis=0) / proba.sum(axis=0)
    u = stream.generator().random(n_chains)
    which = np.broadcast_to(which, n_chains)
    drawn = np.empty(n_chains, int)
    for column in np.unique(which):
        chains = which == column
        drawn[chains] = np.searchsorted(below[:, column], u[chains], side="right")
    return drawn, stream._replace(step=stream.step + 1)
