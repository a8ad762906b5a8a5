"""Gibbs updates of two-valued causes given their effects, compiled."""

import numpy as np
from numba import njit

from ._causes_reference import LARGEST

_compiled = njit(cache=True, nogil=True, error_model="numpy")

_CHAINS = 16  # whose effects stay in the cache while the factors of a cause are there


@_compiled
def _cause_sweep(is_high, on, off, factors, limit, exponent, group, terms):
    by_fours = group >= 4 and len(terms) % 4 == 0
    for first in range(0, len(is_high), _CHAINS):
        last = min(first + _CHAINS, len(is_high))
        for j in range(is_high.shape[1]):
            for c in range(first, last):
                change = factors[1, j] if is_high[c, j] else factors[0, j]
                if by_fours:
                    size = 4
                    width = _fours(on[c], off[c], change, terms)
                else:
                    size = 1
                    width = _singles(on[c], off[c], change, terms)
                kept, count = _product(terms, width, size, group)
                goal = exponent[c, j]
                if count < goal or (count == goal and kept < limit[c, j]):
                    is_high[c, j] = not is_high[c, j]
                    _turn(on[c], off[c], change)


@_compiled
def _singles(on, off, change, terms):
    for i in range(len(terms)):
        terms[i] = off[i] + on[i] * change[i]
    return len(terms)


@_compiled
def _fours(on, off, change, terms):
    """As _singles, halved twice, in one pass."""
    n = len(terms) // 4
    for i in range(n):
        first = off[i] + on[i] * change[i]
        second = off[n + i] + on[n + i] * change[n + i]
        third = off[2 * n + i] + on[2 * n + i] * change[2 * n + i]
        fourth = off[3 * n + i] + on[3 * n + i] * change[3 * n + i]
        terms[i] = (first * third) * (second * fourth)
    return n


@_compiled
def _product(terms, width, size, group):
    while size < group and width > 1:
        half = (width + 1) // 2
        for i in range(width - half):
            terms[i] *= terms[half + i]
        width, size = half, 2 * size
    kept, count = 1.0, 0.0
    for i in range(width):
        kept *= terms[i]
        if kept < 1:
            kept *= LARGEST
            count -= 1
        elif kept >= LARGEST:
            kept *= 1 / LARGEST
            count += 1
    return kept, count


@_compiled
def _turn(on, off, change):
    for i in range(len(on)):
        total = off[i] + on[i] * change[i]
        on[i] = on[i] * change[i] / total
        off[i] = off[i] / total


def cause_sweep(is_high, on, off, factors, limit, exponent, group):
    terms = np.empty(on.shape[1])
    _cause_sweep(is_high, on, off, factors, limit, exponent, group, terms)
