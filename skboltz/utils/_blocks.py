"""Rows a part at a time, so that no copy of all of them is made."""

import numpy as np

_ELEMENTS = 2**18  # of some rows turned into double precision at a time


def blocks(X):
    """Slices of the rows of X, and these rows in double precision."""
    size = max(1, _ELEMENTS // max(1, X.shape[1]))
    for start in range(0, len(X), size):
        rows = slice(start, start + size)
        yield rows, X[rows].astype(np.float64)


def row_mean(X):
    """The mean of the rows of X, in double precision."""
    return sum(rows.sum(axis=0) for _, rows in blocks(X)) / len(X)
