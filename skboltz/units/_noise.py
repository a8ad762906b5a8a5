"""Noise of every kind from the odds u / (1 - u) of uniform numbers."""

import numpy as np
from scipy.special import ndtri


def from_odds(kind, odds):
    """Standard noise of a kind, each number from the odds in its place.

    Where units of several kinds stand side by side one array serves all of them, and
    each takes its columns as its own kind.  Both tails keep their digits, as
    u / (1 - u) knows how near u is to either end.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units._noise import from_odds
    >>> from_odds("normal", np.array([1.0]))  # u = 1/2
    array([0.])
    """
    return _MADE[kind](odds)


def _normal(odds):
    """The inverse of the normal distribution function, by the nearer tail."""
    wide = odds.astype(np.float64)
    tail = ndtri(np.minimum(wide, 1 / wide) / (1 + np.minimum(wide, 1 / wide)))
    return np.copysign(tail, wide - 1).astype(odds.dtype)


_MADE = {
    "odds": np.asarray,
    "logistic": np.log,
    "exponential": np.log1p,
    "normal": _normal,
}
