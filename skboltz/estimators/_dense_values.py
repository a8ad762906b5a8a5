"""What rows of a dense associative memory stand for: real numbers or spins."""

from typing import NamedTuple

import numpy as np

from . import _patterns
from ._validation import float_type


class RealValues:
    """Rows as they are, in float32 or float64."""

    values = None

    def encode(self, X):
        return X.astype(float_type(X), copy=False)

    def decode(self, states, dtype):
        return states

    def warn(self, estimator, X, stacklevel):
        """Any number will do."""


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
        if self.values[0] < 0 and dtype.kind in "bu":
            dtype = np.int8
        return _patterns.from_spins(states, self.values, dtype)

    def warn(self, estimator, X, stacklevel):
        """A DataRangeWarning where X is neither of the two values."""
        _patterns.warn_other_values(estimator, X, self.values, stacklevel)
