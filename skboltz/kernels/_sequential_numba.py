"""Sequential updates of two-valued units, compiled."""

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _flip_sweep(state, field, outgoing, order, threshold, low, high, flips):
    for c in range(len(state)):
        s, f, t = state[c], field[c], threshold[c]
        if _is_stable(s, f, t, low, high):
            continue
        for i in order:
            # One branch, mostly not taken: two would often be foreseen wrongly.
            up, down = f[i] > t[i], f[i] < t[i]
            if (up & (s[i] != high)) | (down & (s[i] != low)):
                change = (high if up else low) - s[i]
                s[i] += change
                flips[c] += 1
                row = outgoing[i]
                for k in range(len(f)):
                    f[k] += change * row[k]


@_compiled
def _is_stable(state, field, threshold, low, high):
    """One pass in the order of memory, far faster than one in the order of updates."""
    unstable = 0
    for i in range(len(state)):
        up, down = field[i] > threshold[i], field[i] < threshold[i]
        unstable += (up & (state[i] != high)) | (down & (state[i] != low))
    return unstable == 0


@_compiled
def _block_sweep(state, field, coupling, order, threshold, low, high, change):
    for position in range(len(order)):
        i = order[position]
        for c in range(len(change)):
            change[c] = _decide(state[i, c], field[i, c], threshold[i, c], low, high)
            state[i, c] += change[c]
        for later in range(position + 1, len(order)):
            k = order[later]
            weight = coupling[k, i]
            for c in range(len(change)):
                field[k, c] += weight * change[c]


@_compiled
def _decide(state, field, threshold, low, high):
    new = high if field > threshold else low if field < threshold else state
    return new - state


def flip_sweep(state, field, outgoing, order, threshold, low, high):
    flips, number = np.zeros(len(state), np.int64), state.dtype.type
    values = number(low), number(high)
    _flip_sweep(state, field, outgoing, order, threshold, *values, flips)
    return flips


def block_sweep(state, field, coupling, order, threshold, low, high):
    change, number = np.empty_like(state[0]), state.dtype.type
    values = number(low), number(high)
    _block_sweep(state, field, coupling, order, threshold, *values, change)
