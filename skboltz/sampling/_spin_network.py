"""A network of spins that recalls: couplings, biases, and their field and energy."""

from typing import NamedTuple

import numpy as np


class SpinNetwork(NamedTuple):
    """Couplings and biases in units of `scale`, on a grid where sums are exact.

    Attributes
    ----------
    coupling : ndarray of shape (n_units, n_units)
        [receiver, sender], with a zero diagonal.
    bias : ndarray of shape (n_units,)
    outgoing : ndarray of shape (n_units, n_units)
        [sender, receiver]: the same array if couplings are symmetric.
    scale : float
        The couplings J of the energy are `scale * coupling`.
    """

    coupling: np.ndarray
    bias: np.ndarray
    outgoing: np.ndarray
    scale: float


def spin_network(coupling, bias, scale=1.0):
    """A network whose fields are exact sums, whatever the order of their terms.

    Couplings are rounded to multiples of a power of 2 such that no partial sum of a
    field needs more digits than the type has.  So ties are ties, and what is
    recalled depends neither on the order of additions nor on the other rows of a
    batch.  Integers keep their values, in float32 if their sums stay below 2^24; the
    rest keeps a relative precision of about 2^-53 n_units in float64.
    """
    coupling, bias = _on_grid(np.asarray(coupling, float), np.asarray(bias, float))
    symmetric = np.array_equal(coupling, coupling.T)
    outgoing = coupling if symmetric else np.ascontiguousarray(coupling.T)
    return SpinNetwork(coupling, bias, outgoing, float(scale))


def _on_grid(coupling, bias):
    reach = (np.abs(coupling).sum(axis=1) + np.abs(bias)).max(initial=0.0)
    whole = (coupling == np.rint(coupling)).all() and (bias == np.rint(bias)).all()
    if whole and reach < 2**53:
        dtype = np.float32 if reach < 2**24 else np.float64
        return coupling.astype(dtype), bias.astype(dtype)
    # Rounding may add half a unit to each term: one bit to spare.
    unit = np.exp2(max(np.ceil(np.log2(reach)) + 1 - 53, -1000))
    return np.rint(coupling / unit) * unit, np.rint(bias / unit) * unit


def field(network, states):
    """What each unit receives, its bias included, in units of the scale."""
    total = states @ network.outgoing
    total += network.bias
    return total


def energy(network, states, field):
    """E(s) = -1/2 s'Js - b's of every row, in double precision."""
    both = field.astype(np.float64) + network.bias
    return -0.5 * network.scale * (both * states).sum(axis=1)
