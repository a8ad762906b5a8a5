"""One look at X: what checks, warnings and answers ask of all of its values."""

import math
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

_CACHED = 2**17  # elements that stay in the cache while they are looked at


class Look(NamedTuple):
    """What is told of all values of X by reading them once.

    Attributes
    ----------
    low, high : number
        The least and the largest that is known, in the type of X; NaN if none is.
    missing : bool
        Whether there is NaN.
    """

    low: Any
    high: Any
    missing: bool


def look(X):
    """Read a dense array once, tile by tile, or a sparse matrix with its zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.estimators.shared._look import look
    >>> low, high, missing = look(np.array([[0.5, np.nan], [2.0, 1.0]]))
    >>> float(low), float(high), missing
    (0.5, 2.0, True)
    """
    if not sparse.issparse(X):
        return _joined([_of_tile(tile) for tile in _tiles(X)])
    looks = [_of_tile(tile) for tile in _tiles(X.data)]
    if X.nnz < math.prod(X.shape):  # values that are not stored are 0
        zero = X.dtype.type(0)
        looks.append(Look(zero, zero, missing=False))
    return _joined(looks)


def _tiles(values):
    """An array in parts that follow each other in memory."""
    values = values.T if values.flags.f_contiguous else values
    size = max(1, _CACHED // max(1, math.prod(values.shape[1:])))
    return (values[i : i + size] for i in range(0, len(values), size))


def _of_tile(tile):
    low, high = np.minimum.reduce(tile, axis=None), np.maximum.reduce(tile, axis=None)
    if low == low:
        return Look(low, high, missing=False)
    # NaN wins over numbers above; these pass over it.
    return Look(np.fmin.reduce(tile, axis=None), np.fmax.reduce(tile, axis=None), True)


def _joined(looks):
    lows, highs, missing = zip(*looks, strict=True)
    return Look(np.fmin.reduce(lows), np.fmax.reduce(highs), any(missing))
