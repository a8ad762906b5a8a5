"""Sequential updates: twins, exact thresholds, and the textbook loop."""

import numpy as np
import pytest
from kernel_twins import TWINS
from oracles import configurations, pairwise_energy
from scipy import sparse

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
    state = state.T.copy()
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
        units = state.T.copy()
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


# Metropolis, several sweeps at once, sparse couplings --------------------------------

MIRRORS = [1, -1]
LAYOUTS = {"dense": np.ascontiguousarray, "sparse": sparse.csr_array}
each_layout = pytest.mark.parametrize("layout", LAYOUTS)
each_mirror = pytest.mark.parametrize("mirror", MIRRORS)
N_SWEEPS = 4


def several(shape, dtype, low, high, whole):
    """As `inputs`, with the thresholds of several sweeps and half of the couplings."""
    state, coupling, bias, order, _ = inputs(shape, dtype, low, high, whole)
    rng = np.random.default_rng([*shape, whole, 7])
    coupling[rng.random(coupling.shape) < 0.5] = 0
    size = (N_SWEEPS, *shape)
    if whole:
        threshold = rng.integers(-2, 6, size).astype(dtype)
    else:
        threshold = rng.normal(0.5, 1, size).astype(dtype)
    extreme = rng.random(size) < 0.1
    threshold[extreme] = rng.choice([-np.inf, np.inf], extreme.sum())
    return state, coupling, bias, order, threshold


def swept(kernels, layout, state, coupling, bias, order, threshold, *rule):
    """State, field and flips after one call of `flip_sweep`; no input is changed."""
    outgoing = LAYOUTS[layout](coupling.T)
    state, field = state.copy(), state @ coupling.T + bias
    flips = kernels.flip_sweep(state, field, outgoing, order, threshold, *rule)
    return state, field, flips


def written_out(state, coupling, bias, order, threshold, low, high, mirror):
    """Chain by chain, sweep by sweep, unit by unit, every field anew."""
    coupling, bias = coupling.tolist(), bias.tolist()
    rows, flips = state.tolist(), [0] * len(state)
    for c, s in enumerate(rows):
        for limits in threshold.tolist():
            for i in order.tolist():
                field = bias[i]
                for j in range(len(s)):
                    field += coupling[i][j] * s[j]
                if s[i] == high and field < limits[c][i]:
                    s[i] = low
                    flips[c] += 1
                elif s[i] == low and field > mirror * limits[c][i]:
                    s[i] = high
                    flips[c] += 1
    return np.array(rows), np.array(flips)


@pytest.mark.skipif(len(TWINS) < 2, reason="this run is without Numba on purpose")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("low, high", UNITS)
@each_mirror
@each_layout
def test_twins_of_several_sweeps(layout, mirror, shape, dtype, low, high):
    args = several(shape, dtype, low, high, False)
    reference, compiled = (
        swept(kernels, layout, *args, low, high, mirror) for kernels in TWINS
    )
    for one, other in zip(reference, compiled, strict=True):
        assert one.dtype == other.dtype
        assert one.tobytes() == other.tobytes()


@pytest.mark.skipif(len(TWINS) < 2, reason="this run is without Numba on purpose")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("low, high", UNITS)
def test_twins_of_metropolis_in_blocks(shape, dtype, low, high):
    state, coupling, bias, order, threshold = several(shape, dtype, low, high, False)
    ends = []
    for kernels in TWINS:
        units = state.T.copy()
        field = coupling @ units + bias[:, None]
        for limits in threshold:
            limits = np.ascontiguousarray(limits.T)
            kernels.block_sweep(units, field, coupling, order, limits, low, high, -1)
        ends.append((units.tobytes(), field.tobytes()))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("shape", [(1, 9), (7, 1), (5, 33)])
@pytest.mark.parametrize("low, high", UNITS)
@each_mirror
@each_layout
def test_several_sweeps_are_the_loop(layout, mirror, kernels, shape, low, high):
    args = several(shape, np.float32, low, high, True)
    expected, changes = written_out(*args, low, high, mirror)
    state, field, flips = swept(kernels, layout, *args, low, high, mirror)
    np.testing.assert_array_equal(state, expected)
    np.testing.assert_array_equal(flips, changes)
    _, coupling, bias, *_ = args
    np.testing.assert_array_equal(field, expected @ coupling.T + bias)


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("low, high", UNITS)
@each_mirror
def test_a_block_is_the_loop(mirror, kernels, low, high):
    *args, threshold = several((5, 33), np.float32, low, high, True)
    state, coupling, bias, order = args
    for limits in threshold:
        expected, _ = written_out(*args, limits[None], low, high, mirror)
        units = state.T.copy()
        field, limits = coupling @ units + bias[:, None], np.ascontiguousarray(limits.T)
        kernels.block_sweep(units, field, coupling, order, limits, low, high, mirror)
        np.testing.assert_array_equal(units.T, expected)


@pytest.mark.parametrize("kernels", TWINS)
@each_mirror
@each_layout
def test_one_call_is_as_good_as_several(layout, mirror, kernels):
    state, coupling, bias, order, threshold = several((5, 33), np.float32, -1, 1, False)
    rule = -1.0, 1.0, mirror
    together = swept(kernels, layout, state, coupling, bias, order, threshold, *rule)
    outgoing = LAYOUTS[layout](coupling.T)
    field, flips = state @ coupling.T + bias, 0
    for limits in threshold:
        flips += kernels.flip_sweep(state, field, outgoing, order, limits, *rule)
    for one, other in zip(together, (state, field, flips), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("mistake", ["mirror", "order of sweeps", "one sweep", "stale"])
@each_layout
def test_wrong_sweeps_differ_from_the_loop(layout, mistake):
    args = several((5, 33), np.float32, -1.0, 1.0, True)
    expected, _ = written_out(*args, -1.0, 1.0, -1)
    state, coupling, bias, order, threshold = args
    if mistake == "order of sweeps":
        threshold = threshold[::-1].copy()
    if mistake == "one sweep":
        threshold = threshold[:1]
    outgoing = LAYOUTS[layout](coupling.T * (mistake != "stale"))
    field, mirror = state @ coupling.T + bias, 1 if mistake == "mirror" else -1
    TWINS[0].flip_sweep(state, field, outgoing, order, threshold, -1.0, 1.0, mirror)
    assert (state != expected).any()


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("low, high", UNITS)
@each_layout
def test_metropolis_flips_iff_the_cost_is_below_the_noise(
    layout, kernels, dtype, low, high
):
    rng = np.random.default_rng(0)
    coupling = np.triu(rng.integers(-8, 9, (4, 4)) / 4, 1)  # dyadic: fields are exact
    coupling, bias = coupling + coupling.T, rng.integers(-8, 9, 4) / 4
    for s in configurations((low, high), 4):
        for i in range(4):
            other = s[:i] + (low + high - s[i],) + s[i + 1 :]
            cost = pairwise_energy(coupling, bias, other)
            cost -= pairwise_energy(coupling, bias, s)
            limit = dtype(cost / (high - low))
            up = np.nextafter(limit, dtype(np.inf))
            down = np.nextafter(limit, dtype(-np.inf))
            threshold = np.repeat(np.array([[up], [limit], [down]]), 4, axis=1)
            args = np.array([s] * 3, dtype), coupling.astype(dtype), bias.astype(dtype)
            new, _, flips = swept(
                kernels, layout, *args, np.array([i]), threshold, low, high, -1
            )
            assert flips.tolist() == [1, 0, 0]
            np.testing.assert_array_equal(new, [other, s, s])


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("low, high", UNITS)
@each_layout
def test_minus_infinity_clamps_both_states(layout, kernels, low, high):
    args = inputs((20, 12), np.float32, low, high, False)
    state, coupling, bias, order, _ = args
    threshold = np.full((N_SWEEPS, *state.shape), -np.inf, np.float32)
    big = 1e30 * coupling, 1e30 * bias
    new, _, flips = swept(kernels, layout, state, *big, order, threshold, low, high, -1)
    np.testing.assert_array_equal(new, state)
    assert not flips.any()


@pytest.mark.parametrize("kernels", TWINS)
def test_sparse_couplings_without_entries(kernels):
    state, coupling, bias, order, threshold = several((5, 9), np.float64, -1, 1, True)
    args = state, 0 * coupling, bias, order, threshold, -1.0, 1.0, 1
    expected, _ = written_out(*args)
    new, field, _ = swept(kernels, "sparse", *args)
    np.testing.assert_array_equal(new, expected)
    np.testing.assert_array_equal(field, np.tile(bias, (5, 1)))
