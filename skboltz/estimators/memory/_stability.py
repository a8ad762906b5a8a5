"""Which stored memories are stable, and what would hold those that are not."""

import numpy as np

from ...models import Exponential, RectifiedPolynomial
from ...sampling import SpinMemory

_PRODUCTS = 2**29  # of a unit and a memory: so many are looked at, about 0.1 s
_OVERHEAD = 100  # of an overlap, in such products
_MOST_BITS = 1021  # of a power that a float holds, less one for rounding


def loose_units(memory):
    """How many units have no field that holds them, in each of some memories.

    In all of them where that is cheap, else in some evenly spaced ones.

    Parameters
    ----------
    memory : SpinMemory

    Returns
    -------
    ndarray of int
    """
    n_units, n_memories = memory.units.shape
    cost = n_memories * (n_units + _OVERHEAD)
    n_tried = int(np.clip(_PRODUCTS // cost, 1, n_memories))
    tried = np.linspace(0, n_memories - 1, n_tried).round().astype(int)
    parts = range(0, n_tried, memory.n_together)
    return np.concatenate(
        [memory.loose(tried[start : start + memory.n_together]) for start in parts]
    )


def what_is_loose(loose, n_units, which="memories"):
    """A sentence on memories of which some have units that no field holds."""
    held = np.count_nonzero(loose == 0)
    return (
        f"{held} of {len(loose)} {which} are stable; in each of the others the field "
        f"does not hold {loose[loose > 0].mean():.3g} of {n_units} units, on average"
    )


def dense_remedy(units):
    """Parameters of a dense memory that holds some patterns.

    The first two have been tried on them.  The last is proven to find all that differ
    (see :func:`skboltz.theory.retrieval_beta`), as real numbers near their values.

    Parameters
    ----------
    units : ndarray of shape (n_units, n_memories), int8

    Returns
    -------
    str
    """
    n_units, n_memories = units.shape
    degree = int((_MOST_BITS - np.log2(n_memories)) / np.log2(n_units + 1))
    candidates = {
        '"exponential"': Exponential(),
        f'"rectified", degree={degree}': RectifiedPolynomial(degree),
    }
    for text, interaction in candidates.items():
        if not loose_units(SpinMemory(interaction, units, (0, 0))).any():
            return text
    distinct = "np.unique(memories_, axis=0)"  # in which nothing is missing
    return f'beta=skboltz.theory.retrieval_beta({distinct}, "euclidean")'
