"""Sequential updates: twins, exact thresholds, and the textbook loop."""

import numpy as np
import pytest
from kernel_twins import TWINS
from oracles import configurations, pairwise_energy

SHAPES = [(1, 1), (1, 9), (7, 1), (5, 33), (130, 20)]  # chains, units
DTYPES = [np.float32, np.float64]
UNITS = [(0.0, 1.0), (-1.0, 1.0)]


def inputs(shape, dtype, low, high, whole):
    """State, coupling [receiver, sender], bias, order and threshold of some chains.

    Whole numbers make sums exact and ties frequent; couplings are not symmetric.
    """
    chains, units = shape
    rng = np.random.default_rng([chains, units, whole])
    state = rng.choice([low, high], shape)
    if whole:
        coupling, bias = (rng.integers(-3, 4, k) for k in [(units, units), units])
        threshold = rng.integers(-2, 3, shape).astype(float)
    else:
        coupling, bias = (rng.standard_normal(k) for k in [(units, units), units])
        threshold = rng.standard_normal(shape)
    np.fill_diagonal(coupling, 0)
    clamped = rng.random(shape) < 0.2
    threshold[clamped] = np.where(state == high, -np.inf, np.inf)[clamped]
    numbers = (x.astype(dtype) for x in (state, coupling, bias))
    return *numbers, rng.permutation(units), threshold.astype(dtype)


def flip_swept(kernels, state, coupling, bias, order, threshold, low, high):
    """State, field and number of flips of every chain after `flip_sweep`."""
    state, outgoing = state.copy(), np.ascontiguousarray(coupling.T)
    field = state @ outgoing + bias
    flips = kernels.flip_sweep(state, field, outgoing, order, threshold, low, high)
    return state, field, flips


def block_swept(kernels, state, coupling, bias, order, threshold, low, high):
    """State of every chain after `block_sweep`."""
    state = np.ascontiguousarray(state.T)
    field = coupling @ state + bias[:, None]
    threshold = np.ascontiguousarray(threshold.T)
    kernels.block_sweep(state, field, coupling, order, threshold, low, high)
    return (state.T,)


def textbook(state, coupling, bias, order, threshold, low, high):
    """One chain after the other, one unit after the other, every field anew."""
    coupling, bias = coupling.tolist(), bias.tolist()
    rows, flips = [], []
    for s, t in zip(state.tolist(), threshold.tolist(), strict=True):
        before = 0
        for i in order.tolist():
            field = bias[i]
            for j in range(len(s)):
                field += coupling[i][j] * s[j]
            new = high if field > t[i] else low if field < t[i] else s[i]
            before += new != s[i]
            s[i] = new
        rows.append(s)
        flips.append(before)
    return np.array(rows), np.array(flips)


@pytest.mark.skipif(len(TWINS) < 2, reason="this run is without Numba on purpose")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("low, high", UNITS)
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("swept", [flip_swept, block_swept])
def test_twins(swept, shape, dtype, low, high, whole):
    args = inputs(shape, dtype, low, high, whole)
    reference, compiled = (swept(kernels, *args, low, high) for kernels in TWINS)
    for one, other in zip(reference, compiled, strict=True):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


@pytest.mark.skipif(len(TWINS) < 2, reason="this run is without Numba on purpose")
@pytest.mark.parametrize("dtype", DTYPES)
def test_twins_of_block_sweep_leave_the_same_fields(dtype):
    state, coupling, bias, order, threshold = inputs((9, 20), dtype, -1, 1, False)
    fields = []
    for kernels in TWINS:
        units = np.ascontiguousarray(state.T)
        field = coupling @ units + bias[:, None]
        limits = np.ascontiguousarray(threshold.T)
        kernels.block_sweep(units, field, coupling, order, limits, -1, 1)
        fields.append(field.tobytes())
    assert fields[0] == fields[1]


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("low, high", UNITS)
def test_both_sweeps_are_the_textbook_loop(kernels, shape, dtype, low, high):
    args = inputs(shape, dtype, low, high, True)
    expected, changes = textbook(*args, low, high)
    state, field, flips = flip_swept(kernels, *args, low, high)
    np.testing.assert_array_equal(state, expected)
    np.testing.assert_array_equal(flips, changes)
    _, coupling, bias, *_ = args
    np.testing.assert_array_equal(field, expected @ coupling.T + bias)
    (state,) = block_swept(kernels, *args, low, high)
    np.testing.assert_array_equal(state, expected)


class Stale:
    """Broken kernels: fields do not follow the changes."""

    @staticmethod
    def flip_sweep(state, field, outgoing, order, threshold, low, high):
        silent = np.zeros_like(outgoing)
        return TWINS[0].flip_sweep(state, field, silent, order, threshold, low, high)

    @staticmethod
    def block_sweep(state, field, coupling, order, threshold, low, high):
        silent = np.zeros_like(coupling)
        TWINS[0].block_sweep(state, field, silent, order, threshold, low, high)


class TiesRise(Stale):
    """Broken kernels: ties make a unit high."""

    @staticmethod
    def flip_sweep(state, field, outgoing, order, threshold, low, high):
        threshold = np.nextafter(threshold, -np.inf)
        return TWINS[0].flip_sweep(state, field, outgoing, order, threshold, low, high)

    @staticmethod
    def block_sweep(state, field, coupling, order, threshold, low, high):
        threshold = np.nextafter(threshold, -np.inf)
        TWINS[0].block_sweep(state, field, coupling, order, threshold, low, high)


@pytest.mark.parametrize("kernels", [Stale, TiesRise])
@pytest.mark.parametrize("swept", [flip_swept, block_swept])
def test_broken_sweeps_differ_from_the_textbook_loop(swept, kernels):
    args = inputs((5, 33), np.float32, -1.0, 1.0, True)
    expected, _ = textbook(*args, -1.0, 1.0)
    assert (swept(kernels, *args, -1.0, 1.0)[0] != expected).any()


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("low, high", UNITS)
@pytest.mark.parametrize("swept", [flip_swept, block_swept])
def test_units_switch_exactly_at_their_log_odds(swept, kernels, dtype, low, high):
    rng = np.random.default_rng(0)
    coupling = rng.integers(-8, 9, (4, 4)) / 4  # dyadic, so that fields are exact
    coupling = np.triu(coupling, 1) + np.triu(coupling, 1).T
    bias = rng.integers(-8, 9, 4) / 4
    for s in configurations((low, high), 4):
        for i in range(4):
            # log P(high | rest) / P(low | rest) by energies; the field is that by
            # the distance of the two values.
            energies = [
                pairwise_energy(coupling, bias, s[:i] + (x,) + s[i + 1 :])
                for x in (low, high)
            ]
            field = dtype((energies[0] - energies[1]) / (high - low))
            limits = np.array(
                [np.nextafter(field, dtype(-np.inf)), field, dtype(np.inf)]
            )
            limits[2] = np.nextafter(field, limits[2])
            threshold = np.repeat(limits[:, None], 4, axis=1)
            state = np.array([s] * 3, dtype)
            args = state, coupling.astype(dtype), bias.astype(dtype), np.array([i])
            new = swept(kernels, *args, threshold, low, high)[0]
            assert new[:, i].tolist() == [high, s[i], low]
            rest = np.arange(4) != i
            np.testing.assert_array_equal(new[:, rest], state[:, rest])


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("low, high", UNITS)
@pytest.mark.parametrize("swept", [flip_swept, block_swept])
def test_infinite_thresholds_clamp(swept, kernels, low, high):
    state, coupling, bias, order, _ = inputs((20, 12), np.float32, low, high, False)
    wanted = np.random.default_rng(3).choice([low, high], state.shape)
    threshold = np.where(wanted == high, -np.inf, np.inf).astype(np.float32)
    # Fields far beyond any threshold but an infinite one.
    args = 1e30 * coupling, 1e30 * bias, order, threshold
    new = swept(kernels, state, *args, low, high)[0]
    np.testing.assert_array_equal(new, wanted)
    again = swept(kernels, new, *args, low, high)
    np.testing.assert_array_equal(again[0], wanted)
    if swept is flip_swept:
        assert not again[2].any()


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("swept", [flip_swept, block_swept])
def test_units_outside_the_order_stay(swept, kernels):
    args = list(inputs((6, 10), np.float64, -1.0, 1.0, True))
    args[3] = args[3][:4]
    expected, _ = textbook(*args, -1.0, 1.0)
    new = swept(kernels, *args, -1.0, 1.0)[0]
    np.testing.assert_array_equal(new, expected)
    rest = np.setdiff1d(np.arange(10), args[3])
    np.testing.assert_array_equal(new[:, rest], args[0][:, rest])
