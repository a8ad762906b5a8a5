"""The generator against the known-answer vectors of Random123."""

import numpy as np
import pytest
from kernel_twins import TWINS
from oracles import PHILOX_KNOWN_ANSWERS

from skboltz.kernels import _reference


def counter_before(counter):
    """The counter value one less, as four words."""
    number = sum(word << 64 * i for i, word in enumerate(counter)) - 1
    return tuple(number >> 64 * i & (2**64 - 1) for i in range(4))


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("counter, key, words", PHILOX_KNOWN_ANSWERS)
def test_known_answers(kernels, counter, key, words):
    made = kernels.philox_words(key, counter_before(counter), 4)
    assert made.dtype == np.uint64
    assert tuple(int(word) for word in made) == words


@pytest.mark.parametrize("kernels", TWINS)
def test_a_longer_array_starts_like_a_shorter_one(kernels):
    key, counter = (1, 2), (3, 4, 5, 6)
    long = kernels.philox_words(key, counter, 1001)
    for n in (0, 1, 3, 4, 5, 256, 257):
        np.testing.assert_array_equal(kernels.philox_words(key, counter, n), long[:n])


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_odds_at_both_ends_are_finite_and_reciprocal(kernels, dtype, monkeypatch):
    """u = (w + 1/2) / 2^m is symmetric about 1/2, never 0 and never 1."""
    bits = 23 if dtype == np.float32 else 52
    lowest = 0.5 / (2**bits - 0.5)
    odds = kernels.odds((0, 0), (0, 0, 0, 0), 100_001, np.dtype(dtype))
    assert odds.dtype == dtype and odds.shape == (100_001,)
    assert odds.min() >= dtype(lowest) and odds.max() <= dtype(1 / lowest)


def test_odds_are_those_of_the_highest_bits():
    """Word by word, in the order of the lanes: all first words of 32 blocks, ..."""
    key, counter = (9, 8), (7, 6, 5, 4)
    blocks = _reference.philox_words(key, counter, 256).reshape(2, 32, 4)
    words = [int(w) for part in blocks for lane in part.T for w in lane]
    halves = [half for w in words for half in (w & 0xFFFFFFFF, w >> 32)]
    u32 = [((half >> 9) + 0.5) / 2**23 for half in halves]
    u64 = [((w >> 12) + 0.5) / 2**52 for w in words]
    for kernels in TWINS:
        odds = kernels.odds(key, counter, 511, np.dtype(np.float32))
        np.testing.assert_allclose(odds, [u / (1 - u) for u in u32[:511]], rtol=1e-6)
        odds = kernels.odds(key, counter, 255, np.dtype(np.float64))
        np.testing.assert_allclose(odds, [u / (1 - u) for u in u64[:255]], rtol=1e-14)
