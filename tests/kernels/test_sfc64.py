"""The generator SFC64: its words, what is made of them, and places side by side."""

import numpy as np
import pytest
from kernel_twins import TWINS
from oracles import sfc64
from scipy.stats import binom

from skboltz.kernels import _sfc64
from skboltz.sampling import Purpose, Stream

PLACES = [(0, 0, 0, 0), (1, 2, 3, 4), (2**64 - 1,) * 4, (2**63, 5, 2**32, 2**64 - 3)]
N_PLACES = 20_000
MOST = 7.0  # standard errors of the largest of 64 or 4096


@pytest.mark.parametrize("place", PLACES)
def test_words_are_those_of_the_generator(place):
    expected = sfc64(place, 1016)[16:]
    assert _sfc64.words(place, 1000).tolist() == expected


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("n", [0, 1, 2, 1023, 1024, 1025, 2600])
def test_uniform_numbers_are_the_highest_bits(kernels, place, n):
    words = sfc64(place, 16 + n)[16:]
    halves = [half for w in words for half in (w & 0xFFFFFFFF, w >> 32)]
    u32 = [((half >> 9) + 0.5) / 2**23 for half in halves[:n]]
    u64 = [((w >> 12) + 0.5) / 2**52 for w in words]
    for dtype, expected in ((np.float32, u32), (np.float64, u64)):
        made = kernels.uniform(place, n, np.dtype(dtype))
        assert made.dtype == dtype
        assert made.tolist() == expected  # exactly: they have as many bits


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_ends_are_inside_and_mirrored(dtype):
    """u = (w + 1/2) / 2^m: the least and the largest have 1 - u exactly."""
    bits = 23 if dtype == np.float32 else 52
    least, largest = dtype(0.5 / 2**bits), dtype(1 - 0.5 / 2**bits)
    assert 0 < least and largest < 1 and dtype(1) - largest == least


def places(name, drop):
    """The first words of places that count up in one of their parts."""
    part = {"key": (0, 0), "other key": (1, 0), "purpose": (2, 32), "shard": (2, 0)}
    index, shift = part.get(name, (3, 0))
    start = [5, 77, 3 << 32, 0]
    made = np.empty(N_PLACES, np.uint64)
    for i in range(N_PLACES):
        place = list(start)
        place[index] += i << shift
        made[i] = _sfc64.words(place, 1)[0]
    return made >> np.arange(64, dtype=np.uint64)[:, None] & np.uint64(1)


def likeness(bits):
    """Largest correlation of a bit with one of the place before, in standard errors."""
    signs = 2.0 * bits - 1
    return abs(signs[:, 1:] @ signs[:, :-1].T).max() / np.sqrt(bits.shape[1] - 1)


NAMES = ["step", "shard", "purpose", "key", "other key"]


@pytest.mark.parametrize("name", NAMES)
def test_neighbouring_places_are_independent(name):
    assert likeness(places(name, 16)) < MOST


@pytest.mark.parametrize("name", ["step", "shard", "key", "other key"])
def test_the_judge_sees_that_eight_dropped_words_are_too_few(name, monkeypatch):
    monkeypatch.setattr(_sfc64, "DROPPED", 8)
    assert likeness(places(name, 8)) > MOST


@pytest.mark.parametrize("kernels", TWINS)
def test_rare_values_are_as_frequent_as_they_should_be(kernels):
    """Of ten million numbers, those below 1e-6: what float32 can tell of it."""
    n, p, found = 10_000_000, 1e-6, 0
    for step in range(10):
        u = kernels.uniform((8, 9, 1 << 32, step), n // 10, np.dtype(np.float32))
        found += int((u < p).sum())
    exact = np.count_nonzero((np.arange(100) + 0.5) / 2**23 < p) / 2**23
    assert abs(exact - p) < 2**-24
    low, high = binom.interval(1 - 1e-7, n, exact)
    assert low <= found <= high
    # A generator whose smallest numbers are twice as frequent is noticed by 1e-5.
    low, high = binom.interval(1 - 1e-7, n, 2e-5)
    assert not low <= n * 1e-5 <= high


def test_both_halves_of_an_array_are_of_one_sequence():
    """An array starts as a shorter one of the same place."""
    stream = Stream((3, 4), Purpose.CHAINS)
    long, _ = stream.draw((1000,), np.float32, "uniform")
    short, _ = stream.draw((10,), np.float32, "uniform")
    np.testing.assert_array_equal(long[:10], short)
