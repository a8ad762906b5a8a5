"""The hot loops compiled: the same operations in the same order as the reference."""

import numpy as np
from numba import njit

# Whole arrays through NumPy's own functions: there is nothing to compile.
from . import _reference
from ._causes_numba import LARGEST, cause_sweep  # noqa: F401
from ._dense_numba import dense_fields, dense_sweep  # noqa: F401
from ._philox import LANES
from ._reference import two_valued_tail_mean  # noqa: F401
from ._sequential_numba import block_sweep, flip_sweep  # noqa: F401

# Salmon et al. (2011), and the reference implementation Random123.
_M0, _M1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_W0, _W1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_ROUNDS = 10
_LOW, _HALF = np.uint64(0xFFFFFFFF), np.uint64(32)

# Without error_model="numpy" every division is guarded and none is vectorised.
_compiled = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _product(a, b):
    """Upper and lower word of a 128-bit product, by halves so as to vectorise."""
    a0, a1, b0, b1 = a & _LOW, a >> _HALF, b & _LOW, b >> _HALF
    low = a0 * b0
    middle = a1 * b0 + (low >> _HALF)
    other = a0 * b1 + (middle & _LOW)
    high = a1 * b1 + (middle >> _HALF) + (other >> _HALF)
    return high, (other << _HALF) | (low & _LOW)


@_compiled
def _rounds(k0, k1, x0, x1, x2, x3):
    """Ten rounds of Philox4x64 on many counter values side by side, in place."""
    for _ in range(_ROUNDS):
        for i in range(len(x0)):
            high0, low0 = _product(x0[i], _M0)
            high1, low1 = _product(x2[i], _M1)
            x0[i] = high1 ^ x1[i] ^ k0
            x2[i] = high0 ^ x3[i] ^ k1
            x1[i] = low1
            x3[i] = low0
        k0 += _W0
        k1 += _W1


@_compiled
def _count(counter, first, lanes):
    """The counter values first + 1, first + 2, ..., with their carries."""
    step = np.uint64(first + 1)
    word = counter[0] + step
    for i in range(LANES):
        lanes[0, i] = word + np.uint64(i)
    for j in range(1, 4):
        lanes[j] = counter[j]
    if word < step or word + np.uint64(LANES) < word:
        _carry(counter, step, lanes)


@_compiled
def _carry(counter, step, lanes):
    """The higher words where the lowest has run over."""
    for i in range(LANES):
        carry = lanes[0, i] < step + np.uint64(i)
        for j in range(1, 4):
            lanes[j, i] = counter[j] + np.uint64(carry)
            carry = carry and lanes[j, i] == 0


@_compiled
def _fill_words(key, counter, words):
    lanes = np.empty((4, LANES), np.uint64)
    for first in range(0, len(words), 4 * LANES):
        _count(counter, first // 4, lanes)
        _rounds(key[0], key[1], lanes[0], lanes[1], lanes[2], lanes[3])
        for w in range(min(4 * LANES, len(words) - first)):
            words[first + w] = lanes[w % 4, w // 4]


@_compiled
def _fill_odds_32(key, counter, out):
    lanes = np.empty((4, LANES), np.uint64)
    words = lanes.reshape(4 * LANES).view(np.uint32)
    half, total = np.float32(0.5), np.float32(2**23)
    for first in range(0, len(out), 8 * LANES):
        _count(counter, first // 8, lanes)
        _rounds(key[0], key[1], lanes[0], lanes[1], lanes[2], lanes[3])
        part = out[first : first + 8 * LANES]
        for i in range(len(part)):
            # A signed integer has an instruction for its conversion.
            share = np.float32(np.int32(words[i] >> np.uint32(9))) + half
            part[i] = share / (total - share)


@_compiled
def _fill_odds_64(key, counter, out):
    lanes = np.empty((4, LANES), np.uint64)
    words = lanes.reshape(4 * LANES)
    half, total = np.float64(0.5), np.float64(2**52)
    for first in range(0, len(out), 4 * LANES):
        _count(counter, first // 4, lanes)
        _rounds(key[0], key[1], lanes[0], lanes[1], lanes[2], lanes[3])
        part = out[first : first + 4 * LANES]
        for i in range(len(part)):
            share = np.float64(np.int64(words[i] >> np.uint64(12))) + half
            part[i] = share / (total - share)


@_compiled
def _sample_flat(low, high, span, input, bias, threshold, out):
    for i in range(input.shape[0]):
        for j in range(input.shape[1]):
            gap = span * (input[i, j] + bias[j])
            out[i, j] = high if gap > threshold[i, j] else low


@_compiled
def _gaussian_flat(input, bias, sigma, noise):
    for i in range(input.shape[0]):
        for j in range(input.shape[1]):
            noise[i, j] = (input[i, j] + bias[j]) + sigma[j] * noise[i, j]


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


def philox_words(key, counter, n_words):
    words = np.empty(n_words, dtype=np.uint64)
    _fill_words(np.array(key, np.uint64), np.array(counter, np.uint64), words)
    return words


def odds(key, counter, n, dtype):
    out = np.empty(n, dtype=dtype)
    key, counter = np.array(key, np.uint64), np.array(counter, np.uint64)
    if dtype == np.float32:
        _fill_odds_32(key, counter, out)
    else:
        _fill_odds_64(key, counter, out)
    return out


def two_valued_sample(low, high, input, bias, threshold):
    values = np.empty_like(input)
    number = input.dtype.type
    _sample_flat(
        number(low), number(high), number(high - low), input, bias, threshold, values
    )
    return values


def gaussian_sample(input, bias, sigma, noise):
    _gaussian_flat(input, bias, sigma, noise)
    return noise


def two_valued_mean(low, high, input, bias):
    mean = np.empty_like(input)
    number = input.dtype.type
    half = number((high - low) / 2)
    _scaled_field(half, input, bias, mean)
    np.tanh(mean, out=mean)
    _affine(half, number((high + low) / 2), mean)
    return mean


def two_valued_log_ratio(low, high, input, old, new):
    ratio = _reference.two_valued_log_ratio
    return ratio(low, high, input, old, new, _log_ratio_terms, _quotient)


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
