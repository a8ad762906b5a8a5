"""Rows of features as values of visible units, and back."""

from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.utils import gen_batches

from ...sampling import conditional_gibbs

# Rows whose arrays of hidden units stay in the cache together.
_CHUNK = 256


class Rows(NamedTuple):
    """How rows of features become values of visible units.

    Attributes
    ----------
    dtype : dtype
        The precision of the parameters.
    scaling : Scaling or None
        From features to values of the visible units, if these are not the same.
    """

    dtype: Any
    scaling: Any = None

    def chunks(self, X, size=_CHUNK):
        """Rows of X in chunks, as dense values of the visible units."""
        for rows in gen_batches(X.shape[0], size):
            part = X[rows]
            part = part.toarray() if sparse.issparse(part) else part
            yield rows, self.encoded(part)

    def are_values(self, X):
        """Whether rows of X are values of the visible units, as they are."""
        return self.scaling is None and X.dtype == self.dtype and not sparse.issparse(X)

    def encoded(self, part):
        """Features as values of the visible units, in the model's precision."""
        if self.scaling is None:
            return part.astype(self.dtype, copy=False)
        return self.scaling.forward(part, self.dtype)

    def decoded(self, v):
        """Values of the visible units as features."""
        return v if self.scaling is None else self.scaling.backward(v)

    def by_chunk(self, function, X):
        """What a function says of all rows, asked chunk by chunk."""
        return np.concatenate([function(v) for _, v in self.chunks(X)])

    def values(self, X):
        """All rows of X as values of the visible units."""
        return self.by_chunk(lambda v: v, X)

    def restored(self, X, values):
        """`values` as features, but for what X holds, which stays to the last bit."""
        rows = self.decoded(values)
        return conditional_gibbs.filled(X, rows).astype(rows.dtype, copy=False)

    def log_volume(self, n_features):
        """log |dx/dv| of each feature x that is the value v of a visible unit."""
        if self.scaling is None:
            return np.zeros(n_features)
        return self.scaling.log_volume()
