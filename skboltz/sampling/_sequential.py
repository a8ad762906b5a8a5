"""Sequential sweeps of fully coupled units at the speed of matrix products.

Units of many chains are updated one by one, block after block.  The field of a block
comes fresh from one product with all current states, and inside the block every
change is passed on to the units after it: this is the same chain as the textbook
loop.  Nothing is carried from sweep to sweep but the states, so nothing drifts.
Measured in doc/decisions/0005-sequential-sweeps.md.
"""

import numpy as np

from .. import kernels

BLOCK = 64  # units whose couplings among each other are passed on one by one
CHAINS = 128  # chains whose fields of a block stay in the innermost caches


def sweep(coupling, bias, state, threshold, low, high, mirror=1):
    """One update of every unit of every chain, in order; `state` is overwritten.

    Parameters
    ----------
    coupling : ndarray of shape (n_units, n_units)
        [receiver, sender]; a zero diagonal.
    bias : ndarray of shape (n_units,), (n_units, 1) or (n_units, n_chains)
        A chain may have biases of its own; an infinite one holds its unit.
    state : ndarray of shape (n_units, n_chains)
    threshold : ndarray of shape (n_units, n_chains) or (n_units, 1)
        A unit becomes `high` if its field is above it, `low` if below.
    low, high : float
    mirror : {1, -1}, default=1
        -1 for exponential noise: Metropolis.
    """
    if threshold.shape != state.shape:
        threshold = np.broadcast_to(threshold, state.shape)
    bias = bias if bias.ndim == 2 else bias[:, None]
    for chains in _slices(state.shape[1], CHAINS):
        part = np.ascontiguousarray(state[:, chains])
        for units in _slices(len(state), BLOCK):
            field = coupling[units] @ part
            field += bias[units] if bias.shape[1] == 1 else bias[units, chains]
            kernels.block_sweep(
                part[units],
                field,
                np.ascontiguousarray(coupling[units, units]),
                np.arange(units.stop - units.start),
                np.ascontiguousarray(threshold[units, chains]),
                low,
                high,
                mirror,
            )
        state[:, chains] = part


def _slices(n, size):
    """Parts of a size, by less checking than scikit-learn does of its own."""
    return [slice(start, min(start + size, n)) for start in range(0, n, size)]
