"""Exact enumeration: every state of a few units, in blocks."""

import numpy as np

from ..utils import each

_BLOCK_ELEMENTS = 2**21  # of the largest array of a block: 16 MiB in float64


def states(unit, n_units, start=0, stop=None):
    """States number `start` to `stop` of two-valued units, one a row.

    Bit i of the number says whether unit i is high.

    Parameters
    ----------
    unit : TwoValuedUnit
    n_units : int
    start, stop : int, default=all
        States are numbered from 0 to 2**n_units - 1.

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
    stop = 2**n_units if stop is None else stop
    numbers = np.arange(start, stop, dtype=np.int64)[:, None]
    is_high = numbers >> np.arange(n_units, dtype=np.int64) & 1
    return np.where(is_high, float(unit.high), float(unit.low))


def blocks(unit, n_units, n_terms):
    """All states, in blocks whose arrays of n_terms columns stay small."""
    size = max(1, _BLOCK_ELEMENTS // max(n_terms, n_units, 1))
    for start in range(0, 2**n_units, size):
        yield states(unit, n_units, start, min(start + size, 2**n_units))


def in_float64(params):
    """The same parameters, however nested, in double precision."""
    return each(lambda array: array.astype(np.float64), params)
