"""Missing values in training: each row remembers a guess, moved by Gibbs sweeps."""

import hashlib
from typing import NamedTuple

import numpy as np
from scipy import sparse

from ...sampling import Stream, conditional_gibbs, gibbs
from ...utils import has_missing

_SWEEPS = 5  # of each row whenever its batch comes


class Completion(NamedTuple):
    """Values for the missing entries of a data set.

    They are the visible ends of one persistent chain for each row, clamped where the
    row is known; so the positive phase tends to E[. | known], the gradient of the
    log-likelihood of what is known (Younes 1989).

    Attributes
    ----------
    values : ndarray of shape (n_missing,)
        Row by row.
    limits : ndarray of shape (n_rows + 1,)
        Where the values of each row begin and end.
    stream : Stream
    data : bytes
        A digest of the data they belong to.
    """

    values: np.ndarray
    limits: np.ndarray
    stream: Stream
    data: bytes

    def suits(self, X):
        """Whether they are guesses of the missing values of X."""
        return has_missing(X) and self.data == digest(X)


def start(model, params, X, stream):
    """Missing entries drawn from the biases; None if there are none."""
    if not has_missing(X):
        return None
    missing = np.isnan(X)
    limits = np.append(0, np.cumsum(missing.sum(axis=1)))
    held, given = conditional_gibbs.held(model, X)
    drawn = gibbs.init(held, params, stream, len(X))
    values = conditional_gibbs.filled(given, drawn.visible)[missing]
    values = values.astype(drawn.visible.dtype, copy=False)
    return Completion(values, limits, drawn.stream, digest(X))


def digest(X):
    """A short mark of a data set, dense or CSR."""
    parts = (X.data, X.indices, X.indptr) if sparse.issparse(X) else (X,)
    mark = hashlib.blake2b(repr(X.shape).encode(), digest_size=16)
    for part in parts:
        mark.update(np.ascontiguousarray(part))
    return mark.digest()


def complete(model, params, completion, rows, v):
    """A batch with its missing entries filled, and the guesses moved on.

    Parameters
    ----------
    completion : Completion
        Its values are changed in place.
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
    places = _places(completion.limits, rows)
    start = filled(completion, rows, v)
    chains = gibbs.from_visible(model, params, start, completion.stream)
    chains = conditional_gibbs.run(model, params, chains, v, _SWEEPS)
    completion.values[places] = chains.visible[missing]
    return chains.visible, completion._replace(stream=chains.stream)


def filled(completion, rows, v):
    """A batch with the guesses in place of its missing entries."""
    out, missing = v.copy(), np.isnan(v)
    if missing.any():
        out[missing] = completion.values[_places(completion.limits, rows)]
    return out


def _places(limits, rows):
    """Positions of the values of some rows, one row after another."""
    return np.concatenate([np.arange(limits[r], limits[r + 1]) for r in rows])
