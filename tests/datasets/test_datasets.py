"""Data sets against explicit loops and published entropies."""

import itertools
import math
from collections import Counter

import numpy as np
import pytest

from skboltz.datasets import (
    make_bars_and_stripes,
    make_labeled_shifter,
    make_shifting_bar,
)

pytestmark = pytest.mark.no_kernel


def rows_of(X):
    return Counter(tuple(int(x) for x in row) for row in X)


def bars_and_stripes(side):
    """Images by orientation and lines, with their repetitions."""
    images = Counter()
    for lines in itertools.product((0, 1), repeat=side):
        images[tuple(lines[r] for r in range(side) for c in range(side))] += 1
        images[tuple(lines[c] for r in range(side) for c in range(side))] += 1
    return images


@pytest.mark.parametrize("side", [1, 2, 3, 4])
def test_bars_and_stripes_with_duplicates(side):
    X, _ = make_bars_and_stripes(side, duplicates=True)
    assert rows_of(X) == bars_and_stripes(side)


@pytest.mark.parametrize("side", [1, 2, 3, 4])
def test_bars_and_stripes_without_duplicates(side):
    X, _ = make_bars_and_stripes(side)
    assert rows_of(X) == Counter(set(bars_and_stripes(side)))


@pytest.mark.parametrize(
    "side, duplicates, total",
    [
        (2, False, 10.7506),
        (3, False, 36.9468),
        (4, False, 102.0359),
        (5, False, 255.8823),
        (2, True, 13.8629),
        (3, True, 41.5888),
        (4, True, 108.1310),
    ],
)
def test_published_bounds_of_bars_and_stripes(side, duplicates, total):
    X, entropy = make_bars_and_stripes(side, duplicates=duplicates)
    assert round(len(X) * entropy, 4) == total


@pytest.mark.parametrize("n_bits", [1, 2, 4])
def test_labeled_shifter(n_bits):
    expected = Counter()
    for bits in itertools.product((0, 1), repeat=n_bits):
        for s, shift in enumerate((-1, 0, 1)):
            moved = tuple(bits[(i - shift) % n_bits] for i in range(n_bits))
            expected[bits + moved + tuple(int(s == k) for k in range(3))] += 1
    X, entropy = make_labeled_shifter(n_bits)
    assert rows_of(X) == expected
    assert math.isclose(entropy, math.log(3 * 2**n_bits))


def test_published_bound_of_the_labeled_shifter():
    X, entropy = make_labeled_shifter(8)
    assert X.shape == (768, 19) and round(len(X) * entropy, 4) == 5102.4305


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("n_bits, length", [(9, 1), (5, 3), (4, 2)])
def test_shifting_bar(n_bits, length, flipped):
    expected = Counter(
        tuple(int(((i - place) % n_bits < length) != flipped) for i in range(n_bits))
        for place in range(n_bits)
    )
    X, entropy = make_shifting_bar(n_bits, bar_length=length, flipped=flipped)
    assert rows_of(X) == expected and math.isclose(entropy, math.log(n_bits))


def test_published_bound_of_the_shifting_bar():
    X, entropy = make_shifting_bar(9)
    assert round(len(X) * entropy, 4) == 19.7750


MAKERS = [make_bars_and_stripes, make_labeled_shifter, make_shifting_bar]


@pytest.mark.parametrize("make", MAKERS)
def test_rows_drawn_are_patterns_and_reproducible(make):
    patterns, entropy = make()
    X, same = make(n_samples=500, random_state=3)
    again, _ = make(n_samples=500, random_state=3)
    assert X.dtype == np.float32 and X.shape == (500, patterns.shape[1])
    assert entropy == same
    assert set(rows_of(X)) <= set(rows_of(patterns))
    np.testing.assert_array_equal(X, again)


@pytest.mark.parametrize(
    "make, params, message",
    [
        (make_bars_and_stripes, {"side": 0}, "side must be an integer from 1 to 12"),
        (make_bars_and_stripes, {"n_samples": -1}, "n_samples must be an integer"),
        (make_labeled_shifter, {"n_bits": 2.5}, "n_bits .* found 2.5"),
        (make_shifting_bar, {"n_bits": 1}, "n_bits must be an integer at least 2"),
        (make_shifting_bar, {"bar_length": 9}, "bar_length .* from 1 to 8, found 9"),
    ],
)
def test_bad_sizes_are_named(make, params, message):
    with pytest.raises(ValueError, match=message):
        make(**params)


def test_what_the_entropy_bounds():
    """All patterns for every model, and drawn rows for one that was made before them.

    A model of the drawn rows themselves has more: their shares are unequal.
    """
    X, entropy = make_bars_and_stripes(3)
    assert np.isclose(-entropy, -np.log(len(X)))  # that of the law of all patterns
    drawn, same = make_bars_and_stripes(3, 100, random_state=0)
    assert same == entropy
    _, counts = np.unique(drawn, axis=0, return_counts=True)
    by_heart = (counts / 100) @ np.log(counts / 100)
    assert by_heart > -entropy + 0.01
