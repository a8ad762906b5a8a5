"""Patterns of two values, {0, 1} or {-1, +1}, and the spins that stand for them."""

import numpy as np

from ..._exceptions import DataRangeWarning
from ...utils import has_missing, warn


def two_values(X):
    """The convention of some patterns: (-1, 1) if anything is negative, else (0, 1).

    NaN stands for an unknown value and says nothing.
    """
    return (-1, 1) if np.fmin.reduce(X, axis=None) < 0 else (0, 1)


def warn_other_values(estimator, X, values):
    """A DataRangeWarning where X is neither of the two values."""
    low, high = values
    other = (X != low) & (X != high) & (X == X)
    if other.any():
        warn(
            f"X has {np.count_nonzero(other)} values other than {low} and {high}, for "
            f"example {X[other][0]:.6g}; {type(estimator).__name__} takes those above "
            f"{(low + high) / 2:g} for {high} and the rest for {low}. If you mean "
            f"another threshold, pass {_binarized(X, low, high)}.",
            DataRangeWarning,
        )


def _binarized(X, low, high):
    """How to make two values of X, and keep its gaps."""
    values = f"np.where(X > threshold, {high}, {low})"
    return f"np.where(np.isnan(X), X, {values})" if has_missing(X) else values


def to_spins(X, values):
    """-1 and +1 in int8; what is NaN becomes 0."""
    low, high = values
    spins = (X > (low + high) / 2).astype(np.int8)
    spins *= 2
    spins -= 1
    if has_missing(X):
        spins[np.isnan(X)] = 0
    return spins


def from_spins(spins, values, dtype):
    """The two values of a convention for negative and positive spins.

    In int8 if the type asked for has no -1 and needs one.
    """
    low, high = values
    dtype = np.dtype(np.int8 if low < 0 and np.dtype(dtype).kind in "bu" else dtype)
    return np.where(spins > 0, dtype.type(high), dtype.type(low))
