"""The hot loops in NumPy: what each must compute, bit for bit.

Arrays named `input` are scratch: they are overwritten.
"""

import numpy as np

from ._causes_reference import LARGEST, cause_sweep
from ._dense_reference import dense_fields, dense_sweep
from ._noise import kinds
from ._sequential_reference import block_sweep, flip_sweep
from ._sfc64 import words
from ._small_ratio import small_ratio, spread_reference

_CACHED = 2**13  # elements that stay in the innermost cache

__all__ = [
    "LARGEST",
    "NOISE",
    "add_step_with_momentum",
    "block_sweep",
    "cause_sweep",
    "dense_fields",
    "dense_sweep",
    "flip_sweep",
    "gaussian_sample",
    "shrink",
    "sparse_product",
    "two_valued_draw",
    "two_valued_log_ratio",
    "two_valued_mean",
    "two_valued_sample",
    "two_valued_tail_mean",
    "uniform",
]


def uniform(place, n, dtype):
    """n uniform numbers u in (0, 1), never 0 or 1.

    u = (w + 1/2) / 2^m, where w has the m highest bits of a random word: m = 23
    of 32 bits for float32 (two words from one, the lower half first) and m = 52
    of 64 bits for float64.  u and 1 - u are exact.
    """
    if dtype == np.float32:
        found = words(place, (n + 1) // 2).view(np.uint32)[:n]
        shift, half, unit = np.uint32(9), np.float32(2**-24), np.float32(2**-23)
    else:
        found = words(place, n)
        shift, half, unit = np.uint64(12), np.float64(2**-53), np.float64(2**-52)
    out = np.empty(n, dtype)
    for start in range(0, n, _CACHED):  # four passes, all but the first in the cache
        part = out[start : start + _CACHED]
        # As signed integers: there is an instruction that converts these.
        high = found[start : start + _CACHED] >> shift
        part[:] = high.view(f"i{high.itemsize}")
        part *= unit
        part += half
    return out


NOISE = kinds(uniform)


def two_valued_sample(low, high, mean, u):
    """`high` where low + (high - low) u < mean, else `low`; u is overwritten."""
    if high - low != 1:
        u *= u.dtype.type(high - low)
    if low:
        u += u.dtype.type(low)
    values = np.empty_like(mean)
    np.less(u, mean, out=values)
    if high - low != 1:
        values *= mean.dtype.type(high - low)
    if low:
        values += mean.dtype.type(low)
    return values


def two_valued_draw(low, high, mean, place):
    """As `two_valued_sample`, by the uniform numbers of a place."""
    u = NOISE["uniform"](place, mean.shape, mean.dtype)
    return two_valued_sample(low, high, mean, u)


def gaussian_sample(input, bias, sigma, noise):
    """(input + bias) + sigma * noise, in the memory of the noise."""
    input += bias
    noise *= sigma
    noise += input
    return noise


def two_valued_mean(low, high, input, bias, out=None):
    """(low + high)/2 + (high - low)/2 * tanh((high - low)/2 * (input + bias))."""
    half = input.dtype.type((high - low) / 2)
    middle = input.dtype.type((high + low) / 2)
    mean = np.add(input, bias, out=out)
    mean *= half
    np.tanh(mean, out=mean)
    mean *= half
    mean += middle
    return mean


def two_valued_tail_mean(low, high, input, bias, out):
    """out = low + (high - low) / (1 + exp((high - low) * (-bias - input))).

    Slower than by tanh, but with all digits of a mean that is nearly `low`.  `out` may
    be the input itself.
    """
    number, n_columns = input.dtype.type, input.shape[1]
    one, span = number(1), number(high - low)
    n_rows = min(len(input), rows_of_tails(n_columns))
    shifts = np.tile(-bias, (n_rows, 1))  # NumPy is faster on arrays of one shape

    def exponent(part):
        np.subtract(shifts[: len(part)], part, out=part)
        if span != 1:
            part *= span

    def quotient(part):
        part += one
        np.divide(span, part, out=part)
        if low:
            part += number(low)

    by_tails(input, out, exponent, quotient)


def by_tails(input, out, exponent, quotient):
    """out = quotient(exp(exponent(input))), both in place and some rows at a time."""
    n_rows = rows_of_tails(input.shape[1])
    # Far out, exp overflows to infinity and the mean is exactly `low`.
    with np.errstate(over="ignore"):
        for start in range(0, len(input), n_rows):
            part = input[start : start + n_rows]
            mean = out[start : start + n_rows]
            exponent(part)
            np.exp(part, out=mean)
            quotient(mean)


def rows_of_tails(n_columns):
    """How many rows stay in the cache."""
    return max(1, 8 * _CACHED // max(1, n_columns))


def two_valued_log_ratio(low, high, input, old, new, mean=None):
    """As `large_ratio`; the mean at the new field, if it is known, saves time."""
    return log_ratio(low, high, input, (old, new), mean, spread_reference)


def log_ratio(low, high, input, ends, mean, spread, **compiled):
    """Sums over the units, by the form that suits the change; both twins' own."""
    (beta, bias), (new_beta, new_bias) = ends
    if mean is not None:
        change = input, input.dtype.type(new_beta - beta), new_bias - bias
        found = small_ratio(low, high, change, mean, spread)
        if found is not None:
            return found
    return large_ratio(low, high, input, *ends, **compiled)


def large_ratio(low, high, input, old, new, terms=None, quotient=None):
    """Sum over the units of A(f_new) - A(f_old), A(f) = log(exp(low f) + exp(high f)).

    `old` and `new` are pairs of beta and bias: f = beta input + bias.  With
    gap = (high - low) f, A(f) = (low + high)/2 f + |gap|/2 + log(1 + exp(-|gap|)).
    Rows are added up in float64.
    """
    number = input.dtype.type
    scales = number((low + high) / 2), number(high - low)
    fields = (number(old[0]), old[1], number(new[0]), new[1])
    ones, total = np.ones(input.shape[1]), np.empty(len(input))
    rows = max(1, 8 * _CACHED // max(1, input.shape[1]))
    for start in range(0, len(input), rows):
        part = slice(start, start + rows)
        larger, tails = (terms or _log_ratio_terms)(input[part], *fields, *scales)
        np.exp(tails, out=tails)
        ratio = (quotient or _quotient)(tails)
        np.log(ratio, out=ratio)
        ratio += larger
        total[part] = ratio.astype(np.float64) @ ones
    return total


def _log_ratio_terms(input, beta, bias, new_beta, new_bias, middle, span):
    """Difference of middle * f + |gap|/2, and both -|gap|, the new one first."""
    field, new = input * beta, input * new_beta
    field += bias
    new += new_bias
    gap, new_gap = np.abs(field * span), np.abs(new * span)
    larger = (new - field) * middle
    larger += (new_gap - gap) * input.dtype.type(0.5)
    return larger, np.negative(np.stack([new_gap, gap]))


def _quotient(tails):
    """(1 + new) / (1 + old)."""
    tails += tails.dtype.type(1)
    return tails[0] / tails[1]


def add_step_with_momentum(weights, velocity, step, momentum):
    """velocity <- momentum * velocity + step; weights += velocity."""
    velocity *= weights.dtype.type(momentum)
    velocity += step
    weights += velocity


def shrink(step, weights, l1, l2):
    """step -= l1 * sign(weights) + l2 * weights."""
    dtype = weights.dtype.type
    pull = np.sign(weights)
    pull *= dtype(l1)
    pull += dtype(l2) * weights
    step -= pull


def sparse_product(X, weights):
    """X @ weights.T for a CSR matrix X, a dense array."""
    return np.asarray(X @ np.ascontiguousarray(weights.T))
