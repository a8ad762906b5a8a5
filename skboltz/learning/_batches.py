"""Batches: every epoch shuffled and cut into nearly equal parts."""

import numpy as np
from scipy import sparse


def cut(n_rows, batch_size):
    """Limits of ceil(n/b) batches whose sizes differ by at most one.

    Examples
    --------
    >>> from skboltz.learning import cut
    >>> cut(10, 4)  # three batches: 3, 4 and 3 rows
    array([ 0,  3,  7, 10])
    """
    n_batches = -(-n_rows // batch_size)
    return np.rint(np.linspace(0, n_rows, n_batches + 1)).astype(np.int64)


def batches(order, batch_size):
    """Consecutive parts of an order of rows."""
    limits = cut(len(order), batch_size)
    for start, stop in zip(limits[:-1], limits[1:], strict=True):
        yield order[start:stop]


def weighted_batches(order, weight, batch_size):
    """Batches with the weights of their rows, and their shares of a mean batch.

    A batch whose rows weigh more is to take a proportionally larger step, so that
    every row counts the same wherever it falls; one that weighs nothing is left out.

    Yields
    ------
    rows : ndarray of int
    weight : ndarray or None
    share : float
        Weight of the batch by the mean weight of all batches.
    """
    mean = _total(weight, len(order)) / -(-len(order) // batch_size)
    for rows in batches(order, batch_size):
        part = None if weight is None else weight[rows]
        share = _total(part, len(rows)) / mean
        if share:
            yield rows, part, share


def _total(weight, n_rows):
    return float(n_rows if weight is None else weight.sum())


def take(X, rows, dtype):
    """Some rows of X as a dense array of floats; X itself is never copied whole."""
    if sparse.issparse(X):
        return X[rows].toarray().astype(dtype, copy=False)
    return np.take(X, rows, axis=0).astype(dtype, copy=False)
