"""What rows of a dense associative memory stand for: real numbers or spins."""

from typing import NamedTuple

import numpy as np

from ...utils import has_missing
from ..shared._validation import float_type
from . import _patterns

_EXACT_IN_FLOAT32 = 2**24


class RealValues:
    """Rows as they are, in float32 or, where they are float64 or need it, float64."""

    values = None

    def encode(self, X):
        dtype = np.float64 if _large_integers(X) else float_type(X)
        return X.astype(dtype, copy=False)

    def decode(self, states, dtype):
        return states

    def stored(self, X):
        """Rows as they are kept beside others."""
        return X

    def warn(self, estimator, X):
        """Any number will do."""


def _large_integers(X):
    """Whether integers are so large that float32 would round them."""
    if X.dtype.kind not in "iu" or X.dtype.itemsize < 4:
        return False
    return max(int(X.max()), -int(X.min())) > _EXACT_IN_FLOAT32


class TwoValues(NamedTuple):
    """Rows of two values, and the spins -1 and +1 that stand for them.

    Attributes
    ----------
    values : tuple of two int
        (0, 1) or (-1, 1).
    """

    values: tuple

    def encode(self, X):
        """-1, +1, and 0 where X is NaN."""
        return _patterns.to_spins(X, self.values)

    def decode(self, states, dtype):
        """The two values, in a type like that of X that holds both."""
        return _patterns.from_spins(states, self.values, dtype)

    def stored(self, X):
        """Rows in the two values, as they are kept beside others; NaN stays."""
        rows = self.decode(self.encode(X), X.dtype)
        if has_missing(X):
            rows[np.isnan(X)] = np.nan
        return rows

    def warn(self, estimator, X):
        """A DataRangeWarning where X is neither of the two values."""
        _patterns.warn_other_values(estimator, X, self.values)
