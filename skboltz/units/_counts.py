"""Counts from uniform numbers, by inversion of their distribution function."""

import numpy as np
from scipy.special import ndtri

_HUGE = 1e7  # counts beyond are normal, and their tails beyond what SciPy sums
_CACHED = 2**13  # elements that are summed together
_EXTREME = 1e-6  # of either tail: sums from 0 on lose its digits
_NOTHING = 1e-18  # a probability that changes no sum


def quantile(cdf, tail, law, guess, odds, doubtful=True):
    """The smallest count k with P(X <= k) >= u, u / (1 - u) the odds given.

    From a guess it walks to the count that the distribution function says, by its
    nearer tail: u and 1 - u keep their digits however near they are to 0.

    Parameters
    ----------
    cdf, tail : callable
        P(X <= k) and P(X > k) of k and the arrays of `law`.
    law : tuple of ndarray, float64
        Parameters of the law of every number.
    guess, odds : ndarray, float64
        Of the same shape as the arrays of the law, flat; the guess is overwritten.
    doubtful : ndarray of bool, default=True
        Which guesses may be wrong.

    Returns
    -------
    ndarray, float64

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.special import pdtr, pdtrc
    >>> from skboltz.units._counts import quantile
    >>> rate, odds = np.full(3, 2.0), np.array([0.1, 1.0, 99.0])
    >>> quantile(pdtr, pdtrc, (rate,), rate.copy(), odds)
    array([0., 2., 6.])
    """
    ask = doubtful & (guess < _HUGE)
    for side, function, reaches in (
        (odds <= 1, cdf, lambda p, o: p >= o / (1 + o)),
        (odds > 1, tail, lambda p, o: p <= 1 / (1 + o)),
    ):
        i = np.flatnonzero(ask & side)

        def reached(k, i, function=function, reaches=reaches):
            return reaches(function(k, *(array[i] for array in law)), odds[i])

        now = reached(guess[i], i)
        up, down = i[~now], i[now]
        while len(up):
            guess[up] += 1
            up = up[~reached(guess[up], up)]
        while len(down := down[guess[down] > 0]):
            down = down[reached(guess[down] - 1, down)]
            guess[down] -= 1
    return guess


def normal_guess(mean, deviation, odds):
    """The count that a normal law of that mean and deviation has there."""
    tail = np.minimum(odds, 1 / odds)
    z = np.copysign(ndtri(tail / (1 + tail)), odds - 1)
    return np.maximum(np.rint(mean + deviation * z), 0)


def summed(first, ratio, odds):
    """The smallest k with P(0) + ... + P(k) >= u, and where the sum may miss its tail.

    Parameters
    ----------
    first, odds : ndarray, float64
        P(0), flat; and u / (1 - u).
    ratio : callable
        P(k) / P(k - 1) of k and a slice of the numbers.

    Returns
    -------
    k : ndarray, float64
    doubtful : ndarray of bool
    """
    k, u = np.zeros_like(first), odds / (1 + odds)
    for start in range(0, len(first), _CACHED):
        part = slice(start, start + _CACHED)
        term, left = first[part].copy(), u[part] - first[part]
        count = 0
        while (more := left > 0).any() and (count < 2 or term.max() > _NOTHING):
            k[part] += more
            count += 1
            term *= ratio(count, part)
            left -= term
    return k, (u < _EXTREME) | (odds > 1 / _EXTREME)
