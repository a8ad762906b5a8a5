"""Attention block by block equals attention at once."""

import numpy as np
import pytest
from scipy.special import logsumexp, softmax

from skboltz.kernels import _dense_softmax, attend, most_similar

pytestmark = pytest.mark.no_kernel

rng = np.random.default_rng(0)
PATTERNS = rng.standard_normal((50, 7))
QUERIES = 3 * rng.standard_normal((23, 7))
OFFSET = rng.standard_normal(50)


@pytest.fixture(params=[(1, 1), (4, 7), (23, 50), (512, 1024)], ids=str)
def blocks(request, monkeypatch):
    monkeypatch.setattr(_dense_softmax, "QUERY_ROWS", request.param[0])
    monkeypatch.setattr(_dense_softmax, "PATTERN_ROWS", request.param[1])


@pytest.mark.parametrize("offset", [None, OFFSET], ids=["plain", "offset"])
@pytest.mark.parametrize("dtype, rtol", [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_attention(blocks, offset, dtype, rtol):
    average, log_sum = attend(QUERIES.astype(dtype), PATTERNS.astype(dtype), offset)
    scores = QUERIES @ PATTERNS.T + (0 if offset is None else offset)
    assert average.dtype == log_sum.dtype == dtype
    expected = softmax(scores, axis=1) @ PATTERNS
    np.testing.assert_allclose(average, expected, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(log_sum, logsumexp(scores, axis=1), rtol=rtol)


def test_other_values_and_features(blocks):
    codes = np.arange(50) % 3

    def members(rows):
        return (codes[rows, None] == np.arange(3)).astype(float)

    shares, _ = attend(QUERIES, PATTERNS, OFFSET, values=members)
    p = softmax(QUERIES @ PATTERNS.T + OFFSET, axis=1)
    np.testing.assert_allclose(shares, p @ members(slice(None)), rtol=1e-12)
    average, _ = attend(QUERIES, PATTERNS, features=np.square)
    p = softmax(QUERIES @ (PATTERNS**2).T, axis=1)
    np.testing.assert_allclose(average, p @ PATTERNS, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
@pytest.mark.parametrize("centre", [np.float32, np.float64])
def test_a_centre_is_subtracted_from_the_patterns(blocks, dtype, centre):
    patterns = (100 + 10 * PATTERNS).astype(dtype)
    centre = patterns.mean(axis=0).astype(centre)
    less = patterns.astype(np.float64) - centre
    for found, expected in zip(
        attend(QUERIES, patterns, OFFSET, centre=centre),
        attend(QUERIES, less, OFFSET),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    index, score = most_similar(QUERIES, patterns, OFFSET, centre)
    np.testing.assert_array_equal(index, most_similar(QUERIES, less, OFFSET)[0])
    np.testing.assert_allclose(score, most_similar(QUERIES, less, OFFSET)[1])


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_patterns_of_any_type(blocks, dtype):
    patterns = (PATTERNS > 0).astype(dtype)
    found, _ = attend(QUERIES, patterns)
    expected = softmax(QUERIES @ patterns.T.astype(float), axis=1) @ patterns
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_most_similar(blocks):
    index, score = most_similar(QUERIES, PATTERNS, OFFSET)
    scores = QUERIES @ PATTERNS.T + OFFSET
    np.testing.assert_array_equal(index, scores.argmax(axis=1))
    np.testing.assert_allclose(score, scores.max(axis=1), rtol=1e-12)
    twice = np.vstack([PATTERNS, PATTERNS])
    assert (most_similar(QUERIES, twice)[0] < 50).all()  # the first of equal ones


def test_sharp_scores_far_apart(blocks):
    """Weights below all normal numbers, the largest score first or last."""
    patterns = np.arange(50, dtype=float)[:, None]
    for beta in (1e3, -1e3):
        average, log_sum = attend(np.array([[beta]]), patterns)
        best = 49.0 if beta > 0 else 0.0
        assert average[0, 0] == pytest.approx(best, abs=1e-100)
        assert log_sum[0] == best * beta


def test_an_overflow_is_seen(blocks):
    huge = np.float32([[1e30, 1e30], [1e30, -1e30], [1.0, 0.0]])
    log_sum = attend(huge, huge)[1]
    np.testing.assert_array_equal(np.isfinite(log_sum), [False, False, True])
    score = most_similar(huge, huge)[1]
    np.testing.assert_array_equal(np.isfinite(score), [False, False, True])
