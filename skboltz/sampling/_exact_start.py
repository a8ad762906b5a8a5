"""Chains that start in the distribution they are to draw from.

Sweeps leave that distribution as it is, so that every state of such a chain is a
sample, however slowly it moves.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from ..models import Bipartite, BipartiteParams
from . import _conditional_gibbs as conditional_gibbs
from ._enumeration import in_float64, states
from ._gibbs import draw_visible, from_visible
from ._partly_known import patterns

MOST_TERMS = 2**18  # that a start may take: some milliseconds
_AT_ONCE = 2**17  # elements of the largest array: in the cache
_WHOLE = 16  # times as many terms, where nothing is given: a tenth of a second
_ROWS = 32  # rows with gaps that may take as many terms: a chain takes longer


def of_layers(model, params, stream, n_chains):
    """Chains of a bipartite model; None if its smaller layer has too many states."""
    if _n_terms(model, params) > _WHOLE * MOST_TERMS:
        return None
    wide = in_float64(params)
    unit, n_units, n_terms, free_energy = model.small_side(wide)
    n_states, size = unit.n_states(n_units), max(1, _AT_ONCE // n_terms)
    log_weight = [
        -free_energy(states(unit, n_units, start, min(start + size, n_states)))
        for start in range(0, n_states, size)
    ]
    u, stream = _uniform(stream, n_chains)
    drawn = _draws(np.concatenate(log_weight)[:, None], u)
    layer = unit.states(drawn, n_units).astype(params.weights.dtype)
    if not model.enumerates_visible(*params.weights.shape[::-1]):
        layer, stream = draw_visible(model, params, layer, stream)
    return from_visible(model, params, layer, stream)


class _Rest(NamedTuple):
    """The missing and the hidden units of chains that know the same features.

    Attributes
    ----------
    chains : ndarray of int
        Which chains these are.
    missing : ndarray of shape (n_visible,), bool
    model : Bipartite
    params : BipartiteParams
        In double precision, without the pull of what is known.
    pull : ndarray of shape (n_known, n_hidden)
        What the hidden units receive from the known features, as they come.
    which : ndarray of shape (n_chains,)
        Which of these pulls a chain has.
    """

    chains: np.ndarray
    missing: np.ndarray
    model: Bipartite
    params: BipartiteParams
    pull: np.ndarray
    which: np.ndarray


def of_given(model, params, stream, given):
    """Chains of a bipartite model that know some visible units; NaN where they do not.

    None if there are too many states, of the smaller side for each set of rows that
    know the same features: 2^18 terms, or 2^13 for each row of many.
    """
    held, given = conditional_gibbs.held(model, given)
    rests, wide = [], in_float64(params)
    room = MOST_TERMS * max(1, len(given) // _ROWS)
    for chains, missing in patterns(given):
        if not missing.any():
            continue
        own = _of_columns(model, wide, missing)
        n_terms = _n_terms(*own)
        if n_terms > room:  # for one row: none needs to be looked at
            return None
        known = np.where(missing, 0, given[chains]).astype(np.float64)
        known, which = np.unique(known, axis=0, return_inverse=True)
        room -= n_terms * len(known)
        if room < 0:
            return None
        pull = model.hidden_input(wide, known)
        rests.append(_Rest(chains, missing, *own, pull, which.ravel()))
    n_chains, dtype = len(given), params.weights.dtype
    u, stream = _uniform(stream, n_chains)
    hidden, known = np.zeros((n_chains, len(params.weights)), dtype), given.copy()
    for rest in rests:
        n_hidden, n_missing = rest.params.weights.shape
        if rest.model.enumerates_visible(n_missing, n_hidden):
            drawn = _drawn(rest, _of_missing, u[rest.chains])
            known[np.ix_(rest.chains, rest.missing)] = drawn
        else:
            hidden[rest.chains] = _drawn(rest, _of_hidden, u[rest.chains])
    visible, stream = draw_visible(held, params, hidden, stream)
    visible = conditional_gibbs.filled(known, visible).astype(dtype, copy=False)
    return from_visible(held, params, visible, stream)


def _of_columns(model, params, columns):
    """The model of some of the visible units, and its parameters."""
    visible = type(params.visible)(*(array[columns] for array in params.visible))
    left = BipartiteParams(params.weights[:, columns], visible, params.hidden)
    return replace(model, visible_unit=model.visible_unit.restricted(columns)), left


def _n_terms(model, params):
    unit, n_units, terms, _ = model.small_side(params)
    return unit.n_states(n_units) * terms


def _drawn(rest, weigh, u):
    """States of a layer for each chain, some of the pulls at a time."""
    drawn = np.empty(len(u), int)
    size = max(1, _AT_ONCE // _n_terms(rest.model, rest.params))
    for first in range(0, len(rest.pull), size):
        layer, log_weight = weigh(rest, rest.pull[first : first + size])
        own = (rest.which >= first) & (rest.which < first + size)
        drawn[own] = _draws(log_weight, u[own], rest.which[own] - first)
    return layer[drawn]


def _of_missing(rest, pull):
    """States of the missing units, and the log of what they weigh by every pull."""
    lower, upper = rest.model.visible_unit, rest.model.hidden_unit
    layer = states(lower, rest.params.weights.shape[1])
    input = rest.model.hidden_input(rest.params, layer)[:, None] + pull
    field = upper.field(rest.params.hidden, input)
    log_weight = upper.log_partition(rest.params.hidden, field).sum(axis=-1)
    return layer, log_weight - lower.base_energy(rest.params.visible, layer)[:, None]


def _of_hidden(rest, pull):
    """States of the hidden units, and the log of what they weigh by every pull."""
    model, params = rest.model.swap(), rest.model.swap_params(rest.params)
    layer = states(model.visible_unit, len(rest.params.weights))
    pulled = model.visible_unit.statistic(params.visible, layer) @ pull.T
    return layer, pulled - model.free_energy(params, layer)[:, None]


def of_pairs(unit, chains):
    """Chains of a pairwise model, in other states; None if these are too many."""
    n_units, n_chains = chains.state.shape
    n_all = unit.n_states(n_units)
    if n_all * n_units > MOST_TERMS:
        return None
    bias, which = np.unique(chains.bias, axis=1, return_inverse=True)
    if n_all * bias.shape[1] > MOST_TERMS:
        return None
    every = states(unit, n_units)
    pairs = 0.5 * ((every @ chains.coupling.astype(float)) * every).sum(axis=1)
    held = np.isinf(bias)  # by biases without end
    log_weight = pairs[:, None] + every @ np.where(held, 0, bias).astype(float)
    is_high = unit.is_high(every)
    wrong = is_high @ (held & (bias < 0)) + ~is_high @ (held & (bias > 0))
    log_weight[wrong > 0] = -np.inf
    u, stream = _uniform(chains.stream, n_chains)
    drawn = _draws(log_weight, u, which.ravel())
    state = np.ascontiguousarray(every[drawn].T.astype(chains.state.dtype))
    return chains._replace(state=state, stream=stream)


def _uniform(stream, n_chains):
    """A number in [0, 1) for each chain, and the stream after them."""
    u = stream.generator().random(n_chains)
    return u, stream._replace(step=stream.step + 1)


def _draws(log_weight, u, which=0):
    """Numbers of states, of chain c by u_c from column which_c."""
    below = np.cumsum(np.exp(log_weight - logsumexp(log_weight, axis=0)), axis=0)
    below /= below[-1]  # by its own end, which then is 1: no u is above it
    which = np.broadcast_to(which, len(u))
    drawn = np.empty(len(u), int)
    for column in np.unique(which):
        chains = which == column
        drawn[chains] = np.searchsorted(below[:, column], u[chains], side="right")
    return drawn
