"""A network of spins that recalls: couplings, biases, and their field and energy."""

from typing import NamedTuple

import numpy as np

_SQUARE = 256  # rows of two squares that stay in the cache
_CACHED = 2**16  # elements that do


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
    outgoing = coupling if _is_symmetric(coupling) else np.ascontiguousarray(coupling.T)
    return SpinNetwork(coupling, bias, outgoing, float(scale))


def _is_symmetric(coupling):
    """Whether it is its own transpose, by squares that stay in the cache."""
    parts = list(_parts(len(coupling), _SQUARE))
    return all(
        np.array_equal(coupling[rows, columns], coupling[columns, rows].T)
        for i, rows in enumerate(parts)
        for columns in parts[: i + 1]
    )


def _parts(n, size):
    return (slice(start, start + size) for start in range(0, n, size))


def _on_grid(coupling, bias):
    parts = list(_parts(len(coupling), max(1, _CACHED // max(1, len(coupling)))))
    reaches = [
        (np.abs(coupling[rows]).sum(axis=1) + np.abs(bias[rows])).max()
        for rows in parts
    ]
    reach = np.max(reaches, initial=0.0)
    if reach < 2**53 and all(map(_are_whole, (bias, *(coupling[p] for p in parts)))):
        dtype = np.float32 if reach < 2**24 else np.float64
        return coupling.astype(dtype), bias.astype(dtype)
    # Rounding may add half a unit to each term: one bit to spare.
    unit = np.exp2(max(np.ceil(np.log2(reach)) + 1 - 53, -1000))
    rounded = np.empty(coupling.shape)
    for rows in parts:
        np.divide(coupling[rows], unit, out=rounded[rows])
        np.rint(rounded[rows], out=rounded[rows])
        rounded[rows] *= unit
    return rounded, np.rint(bias / unit) * unit


def _are_whole(numbers):
    return (numbers == np.rint(numbers)).all()


def field(network, states):
    """What each unit receives, its bias included, in units of the scale."""
    total = states @ network.outgoing
    total += network.bias
    return total


def energy(network, states, field):
    """E(s) = -1/2 s'Js - b's of every row, in double precision."""
    both = field.astype(np.float64) + network.bias
    return -0.5 * network.scale * (both * states).sum(axis=1)
