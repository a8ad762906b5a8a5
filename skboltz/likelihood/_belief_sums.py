"""What a small belief network says of rows of which something is known, by exact sums.

Summing from the top down gives what each state of the lowest hidden layer weighs
beforehand,

    log P(h1) Z = log sum_{h2 .. h_L-1} P(h1 | h2) .. exp(-F(h_L-1)),

F the free energy and Z the partition function of the top machine.  It is the same for
all rows; a row adds log P(v_i | h1) of every feature that it knows.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp
from sklearn.utils import gen_batches

from ..models import log_values
from ..sampling import in_float64, states
from ._posterior import EXACT_TERMS

_ELEMENTS = 2**21  # of an array of rows and states


def n_terms(net, params):
    """Terms of the sums over all hidden layers, for a row.

    Of states of h1 with the features, of each layer with the next one, and of the last
    with the hidden units of the top.
    """
    sizes = [len(down.weights) for down in params.generative]
    counts = [
        layer.hidden_unit.n_states(size)
        for layer, size in zip(net.layers, sizes, strict=True)
    ]
    n_visible, n_top = params.generative[0].weights.shape[1], len(params.top.weights)
    between = sum(a * b for a, b in zip(counts, counts[1:], strict=False))
    return counts[0] * n_visible + between + counts[-1] * n_top


def is_summed(net, params):
    """Whether all hidden layers are summed out, in at most 10^6 terms for a row.

    Networks without directed layers, and those with labels, are none of this file.
    """
    if not net.layers or params.top.weights.shape[1] != len(
        params.generative[-1].weights
    ):
        return False
    return n_terms(net, params) <= EXACT_TERMS


class Sums(NamedTuple):
    """What every state of the lowest hidden layer makes of features.

    Attributes
    ----------
    layer : Bipartite
    down : BipartiteParams
        In double precision.
    states : ndarray of shape (n_states, n_hidden)
    log_weight : ndarray of shape (n_states,)
        log P(h1) Z.
    """

    layer: object
    down: tuple
    states: np.ndarray
    log_weight: np.ndarray

    @property
    def input(self):
        """What features receive from each state, shape (n_states, n_visible)."""
        return self.layer.visible_input(self.down, self.states)

    @property
    def field(self):
        """The fields of features given each state, shape (n_states, n_visible)."""
        return self.layer.visible_field(self.down, self.states)

    @property
    def means(self):
        """E[v | h1] of each state, shape (n_states, n_visible)."""
        return self.layer.visible_unit.mean(self.down.visible, self.field)

    def log_joint(self, v):
        """log P(v_known, h1) Z of rows and states, shape (n_rows, n_states)."""
        unit, own = self.layer.visible_unit, self.down.visible
        told, rest = log_values(unit, own, v)
        known = (~np.isnan(v)).astype(np.float64)
        norms = unit.log_partition(own, self.field)
        log_p = told @ self.input.T - known @ norms.T - rest.sum(axis=1)[:, None]
        return log_p + self.log_weight

    def batches(self, n_rows, n_arrays=1):
        """Slices of rows whose arrays of all states are not too large."""
        size = max(1, _ELEMENTS // (n_arrays * len(self.states)))
        return gen_batches(n_rows, size)


def sums_of(net, params):
    """What the layers above make of each state of the lowest one.

    Parameters
    ----------
    net : BeliefNetwork
        With a directed layer at least, small enough for :func:`is_summed`.
    params : BeliefParams
    """
    params = in_float64(params)
    above = _states(net, params, -1)
    log_weight = -net.top.free_energy(params.top, above)
    for place in range(len(net.layers) - 1, 0, -1):
        layer, down = net.layers[place], params.generative[place]
        own = _states(net, params, place - 1)
        pairs = Sums(layer, down, above, log_weight).log_joint(own)
        above, log_weight = own, logsumexp(pairs, axis=1)
    return Sums(net.layers[0], params.generative[0], above, log_weight)


def _states(net, params, place):
    unit, n_units = net.layers[place].hidden_unit, len(params.generative[place].weights)
    return states(unit, n_units)


def log_sums(sums, v):
    """log P(v_known) Z of every row, shape (n_rows,)."""
    v = v.astype(np.float64)
    parts = [
        logsumexp(sums.log_joint(v[rows]), axis=1) for rows in sums.batches(len(v))
    ]
    return np.concatenate(parts)


def shares(sums, v):
    """P(h1 | v_known) of some rows at a time, as (rows, ndarray of states)."""
    v = v.astype(np.float64)
    for rows in sums.batches(len(v)):
        joint = sums.log_joint(v[rows])
        yield rows, np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def means(sums, v):
    """E[v | v_known] of every row; what is known is not put back."""
    table = sums.means
    return np.concatenate([share @ table for _, share in shares(sums, v)])


def site_log_proba(sums, v):
    """log P(v_i | all other features) of complete rows, shape (n_rows, n_visible).

    log sum_h1 P(v, h1) - log sum_h1 P(v, h1) / P(v_i | h1).
    """
    v, field, input = v.astype(np.float64), sums.field, sums.input
    unit, own = sums.layer.visible_unit, sums.down.visible
    told, rest = log_values(unit, own, v)
    norms, found = unit.log_partition(own, field), np.empty(v.shape)
    for rows in sums.batches(len(v)):
        joint = sums.log_joint(v[rows])
        whole = logsumexp(joint, axis=1)
        for i in range(v.shape[1]):
            site = told[rows, i : i + 1] * input[:, i] - norms[:, i]
            site -= rest[rows, i : i + 1]
            found[rows, i] = whole - logsumexp(joint - site, axis=1)
    return found


def draws(sums, v, generator):
    """States of h1 drawn given each row, in its precision."""
    u, drawn = generator.random(len(v)), np.empty(len(v), int)
    for rows, share in shares(sums, v):
        below = np.cumsum(share, axis=1)
        below /= below[:, -1:]  # then it is 1, and no u is above it
        drawn[rows] = (below <= u[rows, None]).sum(axis=1)
    return sums.states[drawn].astype(v.dtype)


def expectation(sums, v, missing, function):
    """E[function(v)] of rows that all miss the same features, over these.

    Parameters
    ----------
    sums : Sums
    v : ndarray of shape (n_rows, n_visible)
    missing : ndarray of shape (n_visible,), bool
        With states that can be counted.
    function : callable
        Of complete rows.
    """
    unit, n_missing = sums.layer.visible_unit, np.count_nonzero(missing)
    every = states(unit.restricted(missing), n_missing)
    alone = np.full((len(every), v.shape[1]), np.nan)
    alone[:, missing] = every
    given_state = np.exp(sums.log_joint(alone) - sums.log_weight)
    size = max(1, _ELEMENTS // (len(every) * v.shape[1] + len(sums.states)))
    found = []
    for rows in gen_batches(len(v), size):
        part = np.repeat(v[rows][:, None], len(every), axis=1)
        part[:, :, missing] = every
        values = function(part.reshape(-1, v.shape[1]))
        values = values.reshape(len(part), len(every), -1)
        share = np.concatenate([own for _, own in shares(sums, v[rows])])
        weight = share @ given_state.T
        found.append((weight[:, None] @ values)[:, 0])
    return np.concatenate(found)
