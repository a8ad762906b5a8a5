"""Sequential updates of spins in a dense associative memory, compiled."""

import numpy as np
from numba import njit

_compiled = njit(cache=True, nogil=True, error_model="numpy")


@_compiled
def _fill_field(values, memory, up, down, overlaps, field):
    # The sign of a zero, too, is that of NumPy's sum.
    field[:] = -0.0
    for m in range(len(memory)):
        overlap = overlaps[m]
        if memory[m] > 0:
            for c in range(len(field)):
                # Unsigned: an index that may be negative costs a comparison.
                field[c] += values[np.uint32(overlap[c] + up[c])]
        else:
            for c in range(len(field)):
                field[c] -= values[np.uint32(overlap[c] + down[c])]


@_compiled
def _fill_ends(base, spins, up, down):
    """Where in the table an overlap without the unit itself lies."""
    for c in range(len(base)):
        up[c] = base[c] - spins[c]
        down[c] = base[c] + spins[c]


@_compiled
def _dense_fields(values, base, memories, spins, overlaps, fields):
    up, down = np.empty_like(base), np.empty_like(base)
    for i in range(len(memories)):
        _fill_ends(base, spins[i], up, down)
        _fill_field(values, memories[i], up, down, overlaps, fields[i])


@_compiled
def _flip(memory, spin, overlaps, c):
    """Take the flip of a spin into the overlaps of a probe; the largest of them."""
    change = 2 * spin
    largest = overlaps[0, c] - memory[0] * change
    for m in range(len(memory)):
        new = overlaps[m, c] - memory[m] * change
        overlaps[m, c] = new
        largest = max(largest, new)
    return largest


@_compiled
def _dense_sweep(
    values, origin, anchor, memories, order, clamped, spins, overlaps, largest, moved
):
    base = origin - anchor * largest
    up, down = np.empty_like(base), np.empty_like(base)
    field = np.empty(len(base))
    for i in order:
        _fill_ends(base, spins[i], up, down)
        _fill_field(values, memories[i], up, down, overlaps, field)
        for c in range(len(field)):
            if field[c] * spins[i, c] < 0 and not clamped[i, c]:
                largest[c] = _flip(memories[i], spins[i, c], overlaps, c)
                base[c] = origin - anchor * largest[c]
                spins[i, c] = -spins[i, c]
                moved[c] = True


def dense_fields(differences, memories, spins, overlaps, largest):
    values, origin, anchor = differences
    fields = np.empty(spins.shape)
    base = np.int32(origin) - np.int32(anchor) * largest
    _dense_fields(values, base, memories, spins, overlaps, fields)
    return fields


def dense_sweep(differences, memories, order, clamped, spins, overlaps, largest):
    values, origin, anchor = differences
    moved = np.zeros(spins.shape[1], dtype=bool)
    ends = np.int32(origin), np.int32(anchor)
    state = spins, overlaps, largest, moved
    _dense_sweep(values, *ends, memories, order, clamped, *state)
    return moved
