"""Missing values in training: each row remembers a guess, moved by a Gibbs sweep."""

import hashlib
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from ... import kernels
from ...sampling import Stream, conditional_gibbs, gibbs
from ...utils import chosen, has_missing

_ROWS = 256  # at once, before the first batch


class Bits(NamedTuple):
    """Guesses of two-valued units: a bit for every entry of the data, known or not.

    Attributes
    ----------
    bits : ndarray of uint8, shape (n_rows, n_bytes)
        Eight columns a byte.
    ends : ndarray of shape (2, n_columns)
        The lower and the higher value of each column.
    """

    bits: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, unit, X, dtype):
        """Room for the guesses of data."""
        n_rows, n_columns = X.shape
        ends = [np.broadcast_to(end, n_columns) for end in (unit.low, unit.high)]
        bits = np.zeros((n_rows, -(-n_columns // 8)), np.uint8)
        return cls(bits, np.array(ends, dtype))

    def write(self, rows, missing, v):
        """Keep what stands in the missing entries of some rows, in place."""
        self.bits[rows] = np.packbits(v == self.ends[1], axis=1)

    def read(self, rows, missing, v):
        """Some rows with the guesses in their missing entries."""
        is_high = np.unpackbits(self.bits[rows], axis=1, count=v.shape[1])
        low, high = self.ends
        return chosen(missing, low + (high - low) * is_high, v)


class Values(NamedTuple):
    """Guesses of units of any values: those of the missing entries, row by row.

    Attributes
    ----------
    values : ndarray of shape (n_missing,)
    limits : ndarray of shape (n_rows + 1,)
        Where the values of each row begin and end.
    """

    values: np.ndarray
    limits: np.ndarray

    @classmethod
    def of(cls, unit, X, dtype):
        """Room for the guesses of data."""
        parts = gen_batches(len(X), _ROWS)
        counts = [np.isnan(X[rows]).sum(axis=1) for rows in parts]
        limits = np.append(0, np.cumsum(np.concatenate(counts)))
        return cls(np.zeros(limits[-1], dtype), limits)

    def write(self, rows, missing, v):
        """Keep what stands in the missing entries of some rows, in place."""
        self.values[self._places(rows)] = v[missing]

    def read(self, rows, missing, v):
        """Some rows with the guesses in their missing entries."""
        v = v.copy()
        v[missing] = self.values[self._places(rows)]
        return v

    def _places(self, rows):
        """Positions of the values of some rows, one row after another."""
        first, last = self.limits[rows], self.limits[np.add(rows, 1)]
        sizes = last - first
        before = np.cumsum(sizes) - sizes
        return np.repeat(first - before, sizes) + np.arange(sizes.sum())


class Completion(NamedTuple):
    """Values for the missing entries of a data set.

    They are the visible ends of one persistent chain for each row, clamped where the
    row is known; so the positive phase tends to E[. | known], the gradient of the
    log-likelihood of what is known (Younes 1989).

    Attributes
    ----------
    guesses : Bits or Values
        Changed in place.
    stream : Stream
    data : bytes
        A digest of the data they belong to.
    """

    guesses: Any
    stream: Stream
    data: bytes

    def suits(self, X):
        """Whether they are guesses of the missing values of X."""
        return has_missing(X) and self.data == digest(X)


def start(model, params, X, stream):
    """Missing entries drawn from the biases; None if there are none."""
    if not has_missing(X):
        return None
    unit, dtype = model.visible_unit, params.weights.dtype
    kept = (Bits if unit.binary else Values).of(unit, X, dtype)
    for part in gen_batches(len(X), _ROWS):
        rows = np.arange(part.start, part.stop)
        held, v = conditional_gibbs.held(model, X[part])
        no_input = np.zeros(v.shape, dtype)
        own = held.visible_unit
        noise, stream = stream.draw(no_input.shape, dtype, own.noise)
        drawn = kernels.sample(own, params.visible, no_input, noise)
        v = conditional_gibbs.filled(v, drawn)
        kept.write(rows, np.isnan(X[part]), v)
    return Completion(kept, stream, digest(X))


def digest(X):
    """A short mark of a data set, dense or CSR."""
    parts = (X.data, X.indices, X.indptr) if sparse.issparse(X) else (X,)
    mark = hashlib.blake2b(repr(X.shape).encode(), digest_size=16)
    for part in parts:
        mark.update(np.ascontiguousarray(part))
    return mark.digest()


def complete(model, params, completion, rows, v):
    """A batch with its missing entries filled, after a sweep of their chains.

    Hidden states given the row with its guesses, then the missing entries given these:
    a Gibbs sweep of P(missing, h | known).  That the hidden units come first costs no
    product, as their means given the new guesses are asked for anyway.

    Parameters
    ----------
    completion : Completion
        Its guesses are changed in place.
    rows : ndarray of int
        Which rows of the data the batch has.
    v : ndarray of shape (n_rows, n_visible)
        With NaN.

    Returns
    -------
    v : ndarray without NaN
    completion : Completion
    """
    missing = np.isnan(v)
    if not missing.any():
        return v, completion
    upper, stream = model.hidden_unit, completion.stream
    model, given = conditional_gibbs.held(model, v)
    begun = completion.guesses.read(rows, missing, v)
    input = model.hidden_input(params, begun)
    noise, stream = stream.draw(input.shape, input.dtype, upper.noise)
    hidden = kernels.sample(upper, params.hidden, input, noise)
    drawn, stream = gibbs.draw_visible(model, params, hidden, stream)
    v = conditional_gibbs.filled(given, drawn)
    completion.guesses.write(rows, missing, v)
    return v, completion._replace(stream=stream)


def filled(completion, rows, v):
    """A batch with the guesses in place of its missing entries."""
    missing = np.isnan(v)
    return completion.guesses.read(rows, missing, v) if missing.any() else v
