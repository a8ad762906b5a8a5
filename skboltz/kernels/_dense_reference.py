"""Sequential updates of spins in a dense associative memory, in NumPy.

With memories xi of +1 and -1 and overlaps o_mu = sum_j xi_j^mu s_j, the energies with
unit i down and up differ by

    field_i = sum_mu xi_i^mu D(o_mu - xi_i^mu s_i),    D(x) = F(x + 1) - F(x - 1).

The overlaps are integers, so D is a table.  Entry x of it may be counted from the
largest overlap of each probe (`anchor` 1) or not (`anchor` 0): an exponential is then
never too large nor, where it matters, too small.
"""

import numpy as np

__all__ = ["dense_fields", "dense_sweep"]


def dense_fields(differences, memories, spins, overlaps, largest):
    """The field of every unit, all at once.

    Parameters
    ----------
    differences : Differences
        Values of D, the place of D(0) among them, and the anchor.
    memories : ndarray of shape (n_units, n_memories), int8
    spins : ndarray of shape (n_units, n_probes), int8
        The states; 0 takes no part in the overlaps.
    overlaps : ndarray of shape (n_memories, n_probes), int16 or int32
    largest : ndarray of shape (n_probes,), int32
        The largest overlap of each probe.

    Returns
    -------
    ndarray of shape (n_units, n_probes), float64
        Added up in the order of the memories.
    """
    fields = np.empty(spins.shape)
    base = _base(differences, largest)
    for i in range(len(memories)):
        memory = memories[i][:, None]
        fields[i] = _field(differences.values, base, memory, spins[i], overlaps)
    return fields


def dense_sweep(differences, memories, order, clamped, spins, overlaps, largest):
    """Update the units in an order; a unit without a field keeps its state.

    `spins`, `overlaps` and `largest` are overwritten, see :func:`dense_fields`.

    Parameters
    ----------
    order : ndarray of int
    clamped : ndarray of shape (n_units, n_probes), bool
        Units that stay as they are.

    Returns
    -------
    ndarray of shape (n_probes,), bool
        Whether anything of a probe has changed.
    """
    moved = np.zeros(spins.shape[1], dtype=bool)
    base = _base(differences, largest)
    for i in order:
        memory, s = memories[i][:, None], spins[i]
        field = _field(differences.values, base, memory, s, overlaps)
        flips = np.flatnonzero((field * s < 0) & ~clamped[i])
        if len(flips):
            overlaps[:, flips] -= 2 * memory * s[flips]
            largest[flips] = overlaps[:, flips].max(axis=0)
            base = _base(differences, largest)
            s[flips] *= -1
            moved[flips] = True
    return moved


def _base(differences, largest):
    """Where in the table each probe has the overlap 0."""
    return differences.origin - differences.anchor * largest


def _field(values, base, memory, spins, overlaps):
    terms = values[overlaps - memory * spins + base]
    terms *= memory
    if terms.shape[1] == 1:  # NumPy would add up a single column in pairs
        return np.add.accumulate(terms, axis=0)[-1]
    return np.add.reduce(terms, axis=0)
