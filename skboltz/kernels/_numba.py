"""The hot loops compiled: the same operations in the same order as the reference."""

import numpy as np
from numba import njit

# Whole arrays through NumPy's own functions: there is nothing to compile.
from ._reference import (  # noqa: F401
    two_valued_log_partition_sum,
    two_valued_tail_mean,
)

# Salmon et al. (2011), and the reference implementation Random123.
_M0, _M1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_W0, _W1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_ROUNDS = 10
_LANES = 64

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
    for i in range(_LANES):
        step = np.uint64(first + i + 1)
        word = counter[0] + step
        carry = word < step
        lanes[0, i] = word
        for j in range(1, 4):
            word = counter[j] + np.uint64(carry)
            carry = carry and word == 0
            lanes[j, i] = word


@_compiled
def _fill_words(key, counter, words):
    lanes = np.empty((4, _LANES), np.uint64)
    x0, x1, x2, x3 = lanes[0], lanes[1], lanes[2], lanes[3]
    for first in range(0, len(words), 4 * _LANES):
        _count(counter, first // 4, lanes)
        _rounds(key[0], key[1], x0, x1, x2, x3)
        if len(words) - first >= 4 * _LANES:
            for i in range(_LANES):
                w = first + 4 * i
                words[w], words[w + 1], words[w + 2] = x0[i], x1[i], x2[i]
                words[w + 3] = x3[i]
        else:
            for w in range(len(words) - first):
                words[first + w] = lanes[w % 4, w // 4]


@_compiled
def _fill_odds(words, shift, half, total, out):
    for i in range(len(out)):
        # A signed integer has an instruction for its conversion, an unsigned none.
        share = out.dtype.type(np.int64(words[i] >> shift)) + half
        out[i] = share / (total - share)


@_compiled
def _sample_flat(low, high, span, input, bias, threshold, out):
    for i in range(input.shape[0]):
        for j in range(input.shape[1]):
            gap = span * (input[i, j] + bias[j])
            out[i, j] = high if gap > threshold[i, j] else low


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
    if dtype == np.float32:
        words = philox_words(key, counter, (n + 1) // 2).view(np.uint32)
        _fill_odds(words, np.uint32(9), np.float32(0.5), np.float32(2**23), out)
    else:
        words = philox_words(key, counter, n)
        _fill_odds(words, np.uint64(12), 0.5, 2.0**52, out)
    return out


def two_valued_sample(low, high, input, bias, threshold):
    values = np.empty_like(input)
    number = input.dtype.type
    _sample_flat(
        number(low), number(high), number(high - low), input, bias, threshold, values
    )
    return values


def two_valued_mean(low, high, input, bias):
    mean = np.empty_like(input)
    number = input.dtype.type
    half = number((high - low) / 2)
    _scaled_field(half, input, bias, mean)
    np.tanh(mean, out=mean)
    _affine(half, number((high + low) / 2), mean)
    return mean


def add_step_with_momentum(weights, velocity, step, momentum):
    _add_step_with_momentum(weights, velocity, step, weights.dtype.type(momentum))


def shrink(step, weights, l1, l2):
    _shrink(step, weights, weights.dtype.type(l1), weights.dtype.type(l2))


def sparse_product(X, weights):
    out = np.zeros((X.shape[0], len(weights)), dtype=weights.dtype)
    columns = np.ascontiguousarray(weights.T)
    _sparse_product(X.indptr, X.indices, X.data, columns, out)
    return out
