"""Batches: every epoch shuffled and cut into nearly equal parts."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ..sampling import Purpose, Stream
from ._scaling import Scaling


class Batch(NamedTuple):
    """What data give to a learner at a time.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_visible)
        Of the visible units. NaN says that a value is *missing*: there is one, and a
        positive phase samples it or sums it out.
    mask : ndarray of bool of shape (n_rows, n_visible) or None
        Which entries take part. The others are *absent*: their units are no part of the
        machine of the row, in either phase, and `values` are 0 there. None means that
        all take part.
    target : ndarray of shape (n_rows,) or (n_rows, n_targets), or None
        What is to be told of each row: the number of its class, or labels.
    weight : ndarray of shape (n_rows,) or None
        How much each row counts; None means once.
    rows : ndarray of int of shape (n_rows,) or None
        Places of the rows in the data, for what remembers something of each.
    """

    values: np.ndarray
    mask: np.ndarray | None = None
    target: np.ndarray | None = None
    weight: np.ndarray | None = None
    rows: np.ndarray | None = None

    @property
    def total_weight(self):
        """Sum of the weights of the rows."""
        return _total(self.weight, len(self.values))


class Data(NamedTuple):
    """Rows to learn from.

    Attributes
    ----------
    X : array or sparse matrix of shape (n_samples, n_features)
    weight : ndarray of shape (n_samples,) or None
    scaling : Scaling or None
        From the features to what the visible units take, if that is not the same.
    target : ndarray of shape (n_samples,) or (n_samples, n_targets), or None
        What is to be told of each row, see :class:`Batch`.
    mask : array or sparse matrix of bool, shape (n_samples, n_features), or None
        Which entries of X take part; what X has elsewhere does not matter.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.learning import Data
    >>> X, mask = np.array([[1.0, 5.0], [0.0, 1.0]]), np.array([[True, False]] * 2)
    >>> Data(X, None, mask=mask).batch(np.array([0]), np.float64).values
    array([[1., 0.]])
    """

    X: Any
    weight: np.ndarray | None
    scaling: Scaling | None = None
    target: np.ndarray | None = None
    mask: Any = None

    def of_epoch(self, shuffle):
        """The rows as an epoch sees them."""
        return self

    def batch(self, rows, dtype):
        """Some rows as values of the visible units; X itself is never copied whole."""
        if self.scaling is None:
            return _batch(self, rows, take(self.X, rows, dtype))
        features = take(self.X, rows, np.float64)
        return _batch(self, rows, self.scaling.forward(features, dtype))

    def present(self):
        """X, with 0 where it is absent."""
        return _present(self)


class DrawnData(NamedTuple):
    """Rows of probabilities, from which states are drawn anew in every epoch.

    Attributes
    ----------
    X : array or sparse matrix of shape (n_samples, n_features)
        The probabilities of units being on; NaN, for what is missing, stays.
    weight : ndarray of shape (n_samples,) or None
    stream : Stream or None
        Of the epoch; each row falls into one batch of it.
    target, mask
        As those of :class:`Data`.
    """

    X: Any
    weight: np.ndarray | None
    stream: Stream | None = None
    target: np.ndarray | None = None
    mask: Any = None

    def of_epoch(self, shuffle):
        """The rows with noise of their own for an epoch."""
        later = Stream(shuffle.key, Purpose.SHUFFLE, shuffle.step << 32, shard=1)
        return self._replace(stream=later)

    def batch(self, rows, dtype):
        """States of some rows, or their probabilities outside of an epoch."""
        p = take(self.X, rows, dtype)
        if self.stream is None:
            return _batch(self, rows, p)
        stream = self.stream._replace(step=self.stream.step + int(rows[0]))
        u, _ = stream.draw(p.shape, dtype, "uniform")
        states = (u < p).astype(dtype)
        states[np.isnan(p)] = np.nan
        return _batch(self, rows, states)

    def present(self):
        """X, with 0 where it is absent."""
        return _present(self)


def _batch(data, rows, values):
    """Values of some rows, with all that goes with them."""
    mask = None if data.mask is None else take(data.mask, rows, bool)
    if mask is not None:
        values = np.where(mask, values, 0)
    target = None if data.target is None else data.target[rows]
    weight = None if data.weight is None else data.weight[rows]
    return Batch(values, mask, target, weight, rows)


def _present(data):
    if data.mask is None or sparse.issparse(data.X):  # which has no NaN
        return data.X
    mask = data.mask.toarray() if sparse.issparse(data.mask) else data.mask
    return np.where(mask, data.X, 0)


def n_batches(n_rows, batch_size):
    """ceil(n/b): how many batches an epoch has."""
    return -(-n_rows // batch_size)


def cut(n_rows, batch_size):
    """Limits of ceil(n/b) batches whose sizes differ by at most one.

    Examples
    --------
    >>> from skboltz.learning import cut
    >>> cut(10, 4)  # three batches: 3, 4 and 3 rows
    array([ 0,  3,  7, 10])
    """
    limits = np.linspace(0, n_rows, n_batches(n_rows, batch_size) + 1)
    return np.rint(limits).astype(np.int64)


def batches(order, batch_size):
    """Consecutive parts of an order of rows."""
    limits = cut(len(order), batch_size)
    for start, stop in zip(limits[:-1], limits[1:], strict=True):
        yield order[start:stop]


def shares(order, weight, batch_size):
    """Rows of each batch, and its share of a mean batch.

    A batch whose rows weigh more is to take a proportionally larger step, so that
    every row counts the same wherever it falls; one that weighs nothing is left out.

    Yields
    ------
    rows : ndarray of int
    share : float
        Weight of the batch by the mean weight of all batches.
    """
    mean = _total(weight, len(order)) / n_batches(len(order), batch_size)
    for rows in batches(order, batch_size):
        share = _total(None if weight is None else weight[rows], len(rows)) / mean
        if share:
            yield rows, share


def _total(weight, n_rows):
    return float(n_rows if weight is None else weight.sum())


def take(X, rows, dtype):
    """Some rows of X as a dense array of floats; X itself is never copied whole."""
    if sparse.issparse(X):
        return X[rows].toarray().astype(dtype, copy=False)
    return np.take(X, rows, axis=0).astype(dtype, copy=False)
