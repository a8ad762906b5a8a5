"""Sequential updates of two-valued units, one after the other, in NumPy.

A unit becomes `high` where its field is above its threshold, `low` where below, and
keeps its state where they are equal.  A threshold of 0 is the limit of temperature 0,
logistic noise times the temperature is Gibbs sampling (heat bath), and -inf or +inf
clamps a unit to `high` or to `low`.

With a `mirror` of -1, units that are low have the opposite of the threshold.  Then
exponential noise times the temperature is Metropolis sampling, and -inf clamps both
states.
"""

import numpy as np
from scipy import sparse

__all__ = ["block_sweep", "flip_sweep"]


def flip_sweep(state, field, outgoing, order, threshold, low, high, mirror=1):
    """Update the units of every chain in an order; fields follow each flip.

    `state` and `field`, both (n_chains, n_units), are overwritten; row i of
    `outgoing`, dense or CSR, is what a change of unit i by 1 adds to the fields.
    `threshold` may have several sweeps, (n_sweeps, n_chains, n_units).

    Returns
    -------
    ndarray of shape (n_chains,)
        How many flips there were.
    """
    flips = np.zeros(len(state), np.int64)
    for limits in threshold.reshape(-1, *state.shape):
        for i in order:
            new = _decided(state[:, i], field[:, i], limits[:, i], low, high, mirror)
            change = new - state[:, i]
            chains = np.flatnonzero(change)
            if len(chains):
                state[:, i] = new
                _pass_on(field, outgoing, i, chains, change[chains, None])
                flips[chains] += 1
    return flips


def _pass_on(field, outgoing, i, chains, change):
    if sparse.issparse(outgoing):
        row = slice(outgoing.indptr[i], outgoing.indptr[i + 1])
        field[np.ix_(chains, outgoing.indices[row])] += change * outgoing.data[row]
    else:
        field[chains] += change * outgoing[i]


def block_sweep(state, field, coupling, order, threshold, low, high, mirror=1):
    """Update some units of every chain in an order; only their fields follow.

    `state` and `field`, both (n_units, n_chains), are overwritten; `coupling`
    holds what these units give to each other, [receiver, sender].
    """
    for position, i in enumerate(order):
        new = _decided(state[i], field[i], threshold[i], low, high, mirror)
        change = new - state[i]
        state[i] = new
        later = order[position + 1 :]
        field[later] += coupling[later, i][:, None] * change


def _decided(state, field, threshold, low, high, mirror):
    """The states after an update."""
    is_high, number = state == high, state.dtype.type
    flips = np.where(is_high, field < threshold, field > mirror * threshold)
    return np.where(flips, np.where(is_high, number(low), number(high)), state)
