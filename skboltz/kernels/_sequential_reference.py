"""Sequential updates of two-valued units, one after the other, in NumPy.

A unit becomes `high` where its field is above its threshold, `low` where below, and
keeps its state where they are equal.  A threshold of 0 is the limit of temperature 0,
logistic noise times the temperature is Gibbs sampling (heat bath), and -inf or +inf
clamps a unit to `high` or to `low`.
"""

import numpy as np

__all__ = ["block_sweep", "flip_sweep"]


def flip_sweep(state, field, outgoing, order, threshold, low, high):
    """Update the units of every chain in an order; fields follow each flip.

    `state` and `field`, both (n_chains, n_units), are overwritten; row i of
    `outgoing` is what a change of unit i by 1 adds to the fields.

    Returns
    -------
    ndarray of shape (n_chains,)
        How many units have changed.
    """
    flips = np.zeros(len(state), np.int64)
    for i in order:
        change = _decide(state[:, i], field[:, i], threshold[:, i], low, high)
        chains = np.flatnonzero(change)
        if len(chains):
            state[chains, i] += change[chains]
            field[chains] += change[chains, None] * outgoing[i]
            flips[chains] += 1
    return flips


def block_sweep(state, field, coupling, order, threshold, low, high):
    """Update some units of every chain in an order; only their fields follow.

    `state` and `field`, both (n_units, n_chains), are overwritten; `coupling`
    holds what these units give to each other, [receiver, sender].
    """
    for position, i in enumerate(order):
        change = _decide(state[i], field[i], threshold[i], low, high)
        state[i] += change
        later = order[position + 1 :]
        field[later] += coupling[later, i][:, None] * change


def _decide(state, field, threshold, low, high):
    """By how much each state changes."""
    change = np.zeros_like(state)
    np.subtract(high, state, out=change, where=field > threshold)
    np.subtract(low, state, out=change, where=field < threshold)
    return change
