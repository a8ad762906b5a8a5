"""Sequential updates of two-valued units, compiled."""

import numpy as np
from numba import njit
from scipy import sparse

_compiled = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _flip_sweep(state, field, outgoing, order, threshold, low, high, mirror, flips):
    for c in range(len(state)):
        s, f = state[c], field[c]
        for sweep in range(len(threshold)):
            t = threshold[sweep, c]
            if _is_stable(s, f, t, high, mirror):
                continue
            for i in order:
                if _flips(s[i], f[i], t[i], high, mirror):
                    new = low if s[i] == high else high
                    change = new - s[i]
                    s[i] = new
                    flips[c] += 1
                    row = outgoing[i]
                    for k in range(len(f)):
                        f[k] += change * row[k]


@_compiled
def _sparse_flip_sweep(
    state, field, indptr, indices, data, order, threshold, low, high, mirror, flips
):
    for c in range(len(state)):
        s, f = state[c], field[c]
        for sweep in range(len(threshold)):
            t = threshold[sweep, c]
            for i in order:
                if _flips(s[i], f[i], t[i], high, mirror):
                    new = low if s[i] == high else high
                    change = new - s[i]
                    s[i] = new
                    flips[c] += 1
                    for p in range(indptr[i], indptr[i + 1]):
                        f[np.uint64(indices[p])] += change * data[p]


@_compiled
def _flips(state, field, threshold, high, mirror):
    """One branch, mostly not taken: two would often be foreseen wrongly."""
    is_high = state == high
    up, down = field > mirror * threshold, field < threshold
    return (is_high & down) | ((not is_high) & up)


@_compiled
def _is_stable(state, field, threshold, high, mirror):
    """One pass in the order of memory, far faster than one in the order of updates."""
    unstable = 0
    for i in range(len(state)):
        unstable += _flips(state[i], field[i], threshold[i], high, mirror)
    return unstable == 0


@_compiled
def _block_sweep(state, field, coupling, order, threshold, low, high, mirror, change):
    for position in range(len(order)):
        i = order[position]
        _receive(field[i], coupling[i], order[:position], change)
        for c in range(change.shape[1]):
            s = state[i, c]
            other = low if s == high else high
            flips = _flips(s, field[i, c], threshold[i, c], high, mirror)
            new = other if flips else s
            change[position, c] = new - s
            state[i, c] = new


@_compiled
def _receive(field, coupling, senders, change):
    """What the units before have changed, added one after the other.

    Four at a time: a field is then loaded and stored once for all of them.
    """
    n, whole = len(field), len(senders) - len(senders) % 4
    for p in range(0, whole, 4):
        one, two = coupling[senders[p]], coupling[senders[p + 1]]
        three, four = coupling[senders[p + 2]], coupling[senders[p + 3]]
        a, b, c, d = change[p], change[p + 1], change[p + 2], change[p + 3]
        for k in range(n):
            total = field[k] + one * a[k]
            total = total + two * b[k]
            total = total + three * c[k]
            field[k] = total + four * d[k]
    for p in range(whole, len(senders)):
        weight, last = coupling[senders[p]], change[p]
        for k in range(n):
            field[k] += weight * last[k]


def flip_sweep(state, field, outgoing, order, threshold, low, high, mirror=1):
    flips, values = np.zeros(len(state), np.int64), _numbers(state, low, high, mirror)
    threshold = threshold.reshape(-1, *state.shape)
    order = order.astype(np.uint64)  # what may be negative is checked for it
    if sparse.issparse(outgoing):
        lists = outgoing.indptr, outgoing.indices, outgoing.data
        _sparse_flip_sweep(state, field, *lists, order, threshold, *values, flips)
    else:
        _flip_sweep(state, field, outgoing, order, threshold, *values, flips)
    return flips


def block_sweep(state, field, coupling, order, threshold, low, high, mirror=1):
    values = _numbers(state, low, high, mirror)
    change = np.empty((len(order), state.shape[1]), state.dtype)
    _block_sweep(state, field, coupling, order, threshold, *values, change)


def _numbers(state, *values):
    """Numbers of the precision of the states: nothing is computed in another."""
    return tuple(map(state.dtype.type, values))
