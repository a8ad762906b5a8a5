"""Exact enumeration: every state of a few units, in blocks."""

import math

import numpy as np

from ..utils import each

_BLOCK_ELEMENTS = 2**21  # of the largest array of a block: 16 MiB in float64


def states(unit, n_units, start=0, stop=None):
    """States number `start` to `stop` of the columns of a unit, one a row.

    Of two-valued units, bit i of the number says whether unit i is high.

    Parameters
    ----------
    unit : Unit
        Whose states can be counted.
    n_units : int
        Number of columns.
    start, stop : int, default=all
        States are numbered from 0 to `unit.n_states(n_units) - 1`.

    Returns
    -------
    ndarray of shape (stop - start, n_units), float64

    Examples
    --------
    >>> from skboltz.sampling import states
    >>> from skboltz.units import SPIN
    >>> states(SPIN, 2)
    array([[-1., -1.],
           [ 1., -1.],
           [-1.,  1.],
           [ 1.,  1.]])
    """
    stop = unit.n_states(n_units) if stop is None else stop
    return unit.states(np.arange(start, stop, dtype=np.int64), n_units)


def blocks(unit, n_units, n_terms):
    """All states, in blocks whose arrays of n_terms columns stay small."""
    size = max(1, _BLOCK_ELEMENTS // max(n_terms, n_units, 1))
    n_states = unit.n_states(n_units)
    if n_states == math.inf:
        raise ValueError(
            f"the states of {unit!r} cannot be enumerated: there is no end."
        )
    for start in range(0, n_states, size):
        yield states(unit, n_units, start, min(start + size, n_states))


def in_float64(params):
    """The same parameters, however nested, in double precision."""
    return each(lambda array: array.astype(np.float64), params)
