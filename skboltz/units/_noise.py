"""Noise of every kind from uniform numbers."""

import numpy as np
from scipy.special import ndtri


def from_uniform(kind, u):
    """Standard noise of a kind, each number from the uniform one in its place.

    Where units of several kinds stand side by side one array serves all of them, and
    each takes its columns as its own kind.  Both tails keep their digits, as u and
    1 - u are exact.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units._noise import from_uniform
    >>> from_uniform("normal", np.array([0.5]))
    array([0.])
    """
    return _MADE[kind](u)


def _odds(u):
    return u / (1 - u)


def _normal(u):
    """The inverse of the normal distribution function, by the nearer tail."""
    tail = ndtri(np.minimum(u, 1 - u).astype(np.float64))
    return np.copysign(tail, u - 0.5).astype(u.dtype)


_MADE = {
    "uniform": np.asarray,
    "odds": _odds,
    "logistic": lambda u: np.log(_odds(u)),
    "exponential": lambda u: -np.log(u),
    "normal": _normal,
}
