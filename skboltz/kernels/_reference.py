"""The hot loops in NumPy: what each must compute, bit for bit.

Arrays named `input` are scratch: they are overwritten.
"""

import numpy as np

from ._causes_reference import LARGEST, cause_sweep
from ._dense_reference import dense_fields, dense_sweep
from ._philox import philox_lanes, philox_words
from ._sequential_reference import block_sweep, flip_sweep

_CACHED = 2**13  # elements that stay in the innermost cache

__all__ = [
    "LARGEST",
    "add_step_with_momentum",
    "block_sweep",
    "cause_sweep",
    "dense_fields",
    "dense_sweep",
    "flip_sweep",
    "gaussian_sample",
    "odds",
    "philox_words",
    "shrink",
    "sparse_product",
    "two_valued_log_ratio",
    "two_valued_mean",
    "two_valued_sample",
    "two_valued_tail_mean",
]


def odds(key, counter, n, dtype):
    """u / (1 - u) for n uniform numbers u in (0, 1), never 0 or 1.

    u = (w + 1/2) / 2^m, where w has the m highest bits of a random word: m = 23
    of 32 bits for float32 (two words from one, the lower half first) and m = 52
    of 64 bits for float64.  Numerator and denominator are exact.  Words come by
    lanes: the first of LANES blocks, then their second, third and fourth.
    """
    n_words = (n + 1) // 2 if dtype == np.float32 else n
    words = philox_lanes(key, counter, n_words)
    if dtype == np.float32:
        words = words.view(np.uint32)
        half, total, shift = np.float32(0.5), np.float32(2**23), np.uint32(9)
    else:
        half, total, shift = np.float64(0.5), np.float64(2**52), np.uint64(12)
    out, words = np.empty(n, dtype), words[:n]
    for start in range(0, n, _CACHED):  # six passes, all but the first in the cache
        part = out[start : start + _CACHED]
        # As signed integers: there is an instruction that converts these.
        high = words[start : start + _CACHED] >> shift
        part[:] = high.view(f"i{high.itemsize}")
        part += half
        np.divide(part, total - part, out=part)
    return out


def two_valued_sample(low, high, input, bias, threshold):
    """`high` where (high - low) * (input + bias) > threshold, else `low`."""
    input += bias
    if high - low != 1:
        input *= input.dtype.type(high - low)
    values = np.empty_like(input)
    np.greater(input, threshold, out=values)
    if (low, high) != (0, 1):
        values *= input.dtype.type(high - low)
        values += input.dtype.type(low)
    return values


def gaussian_sample(input, bias, sigma, noise):
    """(input + bias) + sigma * noise, in the memory of the noise."""
    input += bias
    noise *= sigma
    noise += input
    return noise


def two_valued_mean(low, high, input, bias):
    """(low + high)/2 + (high - low)/2 * tanh((high - low)/2 * (input + bias))."""
    half = input.dtype.type((high - low) / 2)
    middle = input.dtype.type((high + low) / 2)
    mean = input + bias
    mean *= half
    np.tanh(mean, out=mean)
    mean *= half
    mean += middle
    return mean


def two_valued_tail_mean(low, high, input, bias, out):
    """out = low + (high - low) / (1 + exp(-(high - low) * (input + bias))).

    Slower than by tanh, but with all digits of a mean that is nearly `low`.
    """
    number = input.dtype.type
    rows = max(1, 4 * _CACHED // max(1, input.shape[1]))
    for start in range(0, len(input), rows):
        part = input[start : start + rows]
        part += bias
        part *= number(low - high)
        # Far out, exp overflows to infinity and the mean is exactly `low`.
        with np.errstate(over="ignore"):
            np.exp(part, out=part)
        part += number(1)
        mean = out[start : start + rows]
        np.divide(number(high - low), part, out=mean)
        if low:
            mean += number(low)


def two_valued_log_ratio(low, high, input, old, new, terms=None, quotient=None):
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
