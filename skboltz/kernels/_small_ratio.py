"""Ratios of partition functions of two-valued units whose fields have moved a little.

With A(f) = log(exp(low f) + exp(high f)), the log-odds d = (high - low) (f' - f) more,
and p the probability of `high` at the new field f',

    A(f') - A(f) = low (f' - f) - log(1 + p (exp(-d) - 1)).

Two functions in place of three, and p is what a sweep there asks for anyway.  It is
known to an absolute error alone, which does little harm while d is small.
"""

import numpy as np

LARGEST = 1.0  # change of the log-odds
_CACHED = 2**14  # elements worked on at a time


def small_ratio(low, high, change, mean, spread):
    """Sums over the units of A(f') - A(f), or None where log-odds change too much.

    Parameters
    ----------
    low, high : float
    change : tuple of input, step and shift
        f' - f = step * input + shift.
    mean : ndarray of shape (n_rows, n_units)
        At the new fields.
    spread : callable
        See :func:`spread_reference`, or its twin.

    Returns
    -------
    ndarray of shape (n_rows,), float64, or None
    """
    input, step, shift = change
    ones, total = np.ones(input.shape[1]), np.empty(len(input))
    rows = max(1, _CACHED // max(1, input.shape[1]))
    for start in range(0, len(input), rows):
        part = slice(start, start + rows)
        d, fall = spread(input[part], step, shift, input.dtype.type(high - low))
        least, most = d.min(initial=0), d.max(initial=0)
        if not max(most, -least) <= LARGEST:  # nor NaN
            return None
        np.expm1(fall, out=fall)
        fall *= mean[part] if (low, high) == (0, 1) else _share(low, high, mean[part])
        np.log1p(fall, out=fall)
        if low:
            d *= d.dtype.type(low / (high - low))
            d -= fall
        else:
            np.negative(fall, out=d)
        total[part] = d.astype(np.float64) @ ones
    return total


def _share(low, high, mean):
    share = mean - mean.dtype.type(low)
    share /= mean.dtype.type(high - low)
    return share


def spread_reference(input, step, shift, span):
    """span * (step * input + shift), and minus it."""
    d = input * step
    d += shift
    if span != 1:
        d *= span
    return d, -d
