"""The hot loops compiled: the same operations in the same order as the reference."""

import numpy as np
from numba import njit

# Whole arrays through NumPy's own functions: there is nothing to compile.
from . import _reference
from ._causes_numba import LARGEST, cause_sweep  # noqa: F401
from ._dense_numba import dense_fields, dense_sweep  # noqa: F401
from ._noise import kinds
from ._sequential_numba import block_sweep, flip_sweep  # noqa: F401
from ._sfc64 import DROPPED

_WORDS = 512  # made at a time, in the innermost cache

# Without error_model="numpy" every division is guarded and none is vectorised.
_compiled = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _fill_words(state, out):
    """Go on from a state of SFC64, in place: the next words."""
    a, b, c, w = state[0], state[1], state[2], state[3]
    for i in range(len(out)):
        out[i] = a + b + w
        w += np.uint64(1)
        a = b ^ (b >> np.uint64(11))
        b = c + (c << np.uint64(3))
        c = ((c << np.uint64(24)) | (c >> np.uint64(40))) + out[i]
    state[0], state[1], state[2], state[3] = a, b, c, w


@_compiled
def _fill_uniform_32(state, out):
    words = np.empty(_WORDS, np.uint64)
    halves = words.view(np.uint32)
    half, unit = np.float32(2**-24), np.float32(2**-23)
    _fill_words(state, words[:DROPPED])
    for start in range(0, len(out), 2 * _WORDS):
        part = out[start : start + 2 * _WORDS]
        _fill_words(state, words[: (len(part) + 1) // 2])
        for i in range(len(part)):
            # A signed integer has an instruction for its conversion.
            part[i] = np.float32(np.int32(halves[i] >> np.uint32(9))) * unit + half


@_compiled
def _fill_uniform_64(state, out):
    words = np.empty(_WORDS, np.uint64)
    half, unit = np.float64(2**-53), np.float64(2**-52)
    _fill_words(state, words[:DROPPED])
    for start in range(0, len(out), _WORDS):
        part = out[start : start + _WORDS]
        _fill_words(state, words[: len(part)])
        for i in range(len(part)):
            part[i] = np.float64(np.int64(words[i] >> np.uint64(12))) * unit + half


@_compiled
def _sample_flat(low, high, span, mean, u, out):
    for i in range(mean.shape[0]):
        for j in range(mean.shape[1]):
            out[i, j] = high if u[i, j] * span + low < mean[i, j] else low


@_compiled
def _draw_flat_32(low, high, span, mean, state, out):
    words = np.empty(_WORDS, np.uint64)
    halves = words.view(np.uint32)
    half, unit = np.float32(2**-24), np.float32(2**-23)
    _fill_words(state, words[:DROPPED])
    for start in range(0, len(out), 2 * _WORDS):
        part, own = out[start : start + 2 * _WORDS], mean[start : start + 2 * _WORDS]
        _fill_words(state, words[: (len(part) + 1) // 2])
        for i in range(len(part)):
            u = np.float32(np.int32(halves[i] >> np.uint32(9))) * unit + half
            part[i] = high if u * span + low < own[i] else low


@_compiled
def _gaussian_flat(input, bias, sigma, noise):
    for i in range(input.shape[0]):
        for j in range(input.shape[1]):
            noise[i, j] = (input[i, j] + bias[j]) + sigma[j] * noise[i, j]


@_compiled
def _fill_spread(input, step, shift, span, out, minus):
    for i in range(input.shape[0]):
        for j in range(input.shape[1]):
            out[i, j] = (input[i, j] * step + shift[j]) * span
            minus[i, j] = -out[i, j]


@_compiled
def _fill_log_ratio_terms(
    input, beta, bias, new_beta, new_bias, middle, span, half, larger, tails
):
    for i in range(input.shape[0]):
        for j in range(input.shape[1]):
            field = input[i, j] * beta + bias[j]
            new = input[i, j] * new_beta + new_bias[j]
            gap, new_gap = abs(field * span), abs(new * span)
            larger[i, j] = (new - field) * middle + (new_gap - gap) * half
            tails[0, i, j] = -new_gap
            tails[1, i, j] = -gap


@_compiled
def _fill_quotient(tails, one, out):
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (tails[0, i, j] + one) / (tails[1, i, j] + one)


@_compiled
def _scaled_field(half, input, bias, out):
    for i in range(input.shape[0]):
        for j in range(input.shape[1]):
            out[i, j] = (input[i, j] + bias[j]) * half


@_compiled
def _negative_gap(span, bias, out):
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = (-bias[j] - out[i, j]) * span


@_compiled
def _tail_quotient(low, span, one, out):
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = low + span / (out[i, j] + one)


@_compiled
def _affine(half, middle, out):
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = out[i, j] * half + middle


@_compiled
def _add_step_with_momentum(weights, velocity, step, momentum):
    for i in range(weights.shape[0]):
        for j in range(weights.shape[1]):
            velocity[i, j] = velocity[i, j] * momentum + step[i, j]
            weights[i, j] += velocity[i, j]


@_compiled
def _shrink(step, weights, l1, l2):
    for i in range(weights.shape[0]):
        for j in range(weights.shape[1]):
            step[i, j] -= np.sign(weights[i, j]) * l1 + l2 * weights[i, j]


@_compiled
def _sparse_product(indptr, indices, data, columns, out):
    for i in range(len(indptr) - 1):
        row, p, stop = out[i], indptr[i], indptr[i + 1]
        while p + 4 <= stop:  # four at a time: four waits for memory at once
            a, b = columns[indices[p]], columns[indices[p + 1]]
            c, d = columns[indices[p + 2]], columns[indices[p + 3]]
            x, y, z, w = data[p], data[p + 1], data[p + 2], data[p + 3]
            for j in range(len(row)):
                row[j] = (((row[j] + x * a[j]) + y * b[j]) + z * c[j]) + w * d[j]
            p += 4
        while p < stop:
            value, column = data[p], columns[indices[p]]
            for j in range(len(row)):
                row[j] += value * column[j]
            p += 1


def uniform(place, n, dtype):
    out, state = np.empty(n, dtype=dtype), np.array(place, np.uint64)
    fill = _fill_uniform_32 if dtype == np.float32 else _fill_uniform_64
    fill(state, out)
    return out


def two_valued_sample(low, high, mean, u):
    values = np.empty_like(mean)
    number = mean.dtype.type
    _sample_flat(number(low), number(high), number(high - low), mean, u, values)
    return values


NOISE = kinds(uniform)


def two_valued_draw(low, high, mean, place):
    if mean.dtype != np.float32 or not mean.flags.c_contiguous:
        u = NOISE["uniform"](place, mean.shape, mean.dtype)
        return two_valued_sample(low, high, mean, u)
    values, number = np.empty_like(mean), np.float32
    ends = number(low), number(high), number(high - low)
    state = np.array(place, np.uint64)
    _draw_flat_32(*ends, mean.reshape(-1), state, values.reshape(-1))
    return values


def gaussian_sample(input, bias, sigma, noise):
    _gaussian_flat(input, bias, sigma, noise)
    return noise


def two_valued_mean(low, high, input, bias, out=None):
    mean = np.empty_like(input) if out is None else out
    number = input.dtype.type
    half = number((high - low) / 2)
    _scaled_field(half, input, bias, mean)
    np.tanh(mean, out=mean)
    _affine(half, number((high + low) / 2), mean)
    return mean


def two_valued_tail_mean(low, high, input, bias, out):
    number = input.dtype.type
    low, span, one = number(low), number(high - low), number(1)

    def exponent(part):
        _negative_gap(span, bias, part)

    def quotient(part):
        _tail_quotient(low, span, one, part)

    _reference.by_tails(input, out, exponent, quotient)


def two_valued_log_ratio(low, high, input, old, new, mean=None):
    compiled = {"terms": _log_ratio_terms, "quotient": _quotient}
    ratio = _reference.log_ratio
    return ratio(low, high, input, (old, new), mean, _spread, **compiled)


def _spread(input, step, shift, span):
    d, minus = np.empty_like(input), np.empty_like(input)
    _fill_spread(input, step, shift, span, d, minus)
    return d, minus


def _log_ratio_terms(input, beta, bias, new_beta, new_bias, middle, span):
    larger, tails = np.empty_like(input), np.empty((2, *input.shape), input.dtype)
    half = input.dtype.type(0.5)
    _fill_log_ratio_terms(
        input, beta, bias, new_beta, new_bias, middle, span, half, larger, tails
    )
    return larger, tails


def _quotient(tails):
    out = np.empty_like(tails[0])
    _fill_quotient(tails, tails.dtype.type(1), out)
    return out


def add_step_with_momentum(weights, velocity, step, momentum):
    _add_step_with_momentum(weights, velocity, step, weights.dtype.type(momentum))


def shrink(step, weights, l1, l2):
    _shrink(step, weights, weights.dtype.type(l1), weights.dtype.type(l2))


def sparse_product(X, weights):
    out = np.zeros((X.shape[0], len(weights)), dtype=weights.dtype)
    columns = np.ascontiguousarray(weights.T)
    _sparse_product(X.indptr, X.indices, X.data, columns, out)
    return out
