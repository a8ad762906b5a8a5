"""DenseAssociativeMemory: what it recalls, and what users pass."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skboltz import DataRangeWarning, DenseAssociativeMemory
from skboltz.models import (
    Euclidean,
    Exponential,
    Polynomial,
    RectifiedPolynomial,
    Softmax,
)
from skboltz.theory import retrieval_beta

SPIN_NAMES = ["polynomial", "rectified", "exponential"]
NAMES = ["softmax", *SPIN_NAMES]
DIGITS, LABELS = load_digits(return_X_y=True)
BITS = (DIGITS > 7).astype(float)
COINS = np.random.default_rng(0).integers(0, 2, (40, 64)).astype(float)


def memory(interaction="softmax", **params):
    return DenseAssociativeMemory(interaction, random_state=0, **params)


# Recall ---------------------------------------------------------------------------


@pytest.mark.parametrize("interaction", NAMES)
def test_digits_from_their_upper_halves(interaction):
    """1797 digits of 64 pixels, of which every fourth is asked for.

    Some digits share their upper halves.
    """
    asked = slice(3, None, 4)
    halves = BITS[asked].copy()
    halves[:, 32:] = np.nan
    recalled = memory(interaction).fit(BITS).transform(halves)
    np.testing.assert_array_equal(recalled[:, :32], BITS[asked, :32])
    found = (recalled.round() == BITS[asked]).all(axis=1)
    # Of the best possible, that tells all different upper halves, four fifths.
    _, alike = np.unique(BITS[:, :32], axis=0, return_inverse=True)
    unique = (np.bincount(alike) == 1)[alike][asked]
    low = {"polynomial": 0.0, "rectified": 0.0}.get(interaction, 0.8)
    assert found[unique].mean() > low


@pytest.mark.parametrize("interaction", ["softmax", "exponential"])
def test_digits_from_noise(interaction):
    """One pixel in twenty is wrong, three of a digit on average."""
    flipped = np.random.default_rng(0).random(BITS.shape) < 0.05
    right, cues = BITS[::4], np.where(flipped, 1 - BITS, BITS)[::4]
    found = memory(interaction).fit(BITS).transform(cues)
    assert (found.round() == right).all(axis=1).mean() > 0.6
    assert np.abs(found.round() - right).mean() < np.abs(cues - right).mean()


def test_the_default_finds_every_pattern_and_the_dot_product_does_not():
    numbers = np.arange(len(DIGITS))
    assert (memory().fit(DIGITS).predict(DIGITS) == numbers).all()
    dot = memory(similarity="dot", beta=10.0).fit(DIGITS)
    assert (dot.predict(DIGITS) == numbers).mean() < 0.3
    # Of equal norms the two are the same.
    X = DIGITS / np.linalg.norm(DIGITS, axis=1, keepdims=True)
    both = [memory(similarity=s, beta=100.0, max_iter=1) for s in ("dot", "euclidean")]
    found = [m.fit(X).transform(X) for m in both]
    np.testing.assert_allclose(found[0], found[1], atol=1e-9)


def test_one_step_is_attention():
    rng = np.random.default_rng(0)
    X, cues = rng.standard_normal((30, 5)), rng.standard_normal((7, 5))
    attention = memory(similarity="dot", beta=0.7, max_iter=1).fit(X)
    expected = softmax(0.7 * cues @ X.T, axis=1) @ X
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_allclose(attention.transform(cues), expected)


def test_retrieval_beta_recalls_all_in_one_step():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 20))
    beta = retrieval_beta(X, "euclidean")
    found = memory(beta=beta, max_iter=1).fit(X).transform(X)
    radius = 1 / (beta * len(X) * np.linalg.norm(X, axis=1).max())
    assert (np.linalg.norm(found - X, axis=1) <= radius).all()


@pytest.mark.parametrize("interaction", NAMES)
def test_recall_tells_what_transform_gives(interaction):
    found = memory(interaction).fit(BITS[:200])
    cues = BITS[200:260].copy()
    cues[::2, :20] = np.nan
    result = found.recall(cues)
    np.testing.assert_array_equal(result.patterns, found.transform(cues))
    np.testing.assert_array_equal(result.trajectory[-1], result.patterns)
    assert len(result.trajectory) == len(result.energies) == result.n_iter.max() + 1
    for states, energies in zip(result.trajectory, result.energies, strict=True):
        np.testing.assert_allclose(found.energy(states), energies, rtol=1e-9)
    scale = np.abs(result.energies).max()
    assert (np.diff(result.energies, axis=0) <= 1e-12 * scale).all()
    assert result.converged.all()
    np.testing.assert_allclose(
        found.familiarity(result.patterns), -found.energy(result.patterns)
    )
    assert (found.energy(result.patterns) <= result.energies[0] + 1e-9).all()


@pytest.mark.parametrize("interaction", NAMES)
def test_memories_are_more_familiar_than_noise(interaction):
    found = memory(interaction).fit(BITS[:500])
    shuffled = np.random.default_rng(0).permuted(BITS[:500], axis=1)
    known, strange = found.familiarity(BITS[:500]), found.familiarity(shuffled)
    assert np.mean(known > np.median(strange)) > 0.9


@pytest.mark.parametrize("interaction", NAMES)
def test_rows_that_go_on_warn_with_their_number(interaction):
    rng = np.random.default_rng(0)
    X = (rng.random((300, 30)) > 0.5).astype(float)
    params = {"beta": 2.0, "tol": 0.0} if interaction == "softmax" else {}
    found = memory(interaction, max_iter=2, **params).fit(X)
    cues = (rng.random((40, 30)) > 0.5).astype(float)
    with pytest.warns(ConvergenceWarning, match=r"\d+ of 40 rows .* 2 steps"):
        found.transform(cues)
    with pytest.warns(ConvergenceWarning) as caught:
        n = (~found.recall(cues).converged).sum()
    assert f"{n} of 40" in str(caught[0].message)


# Labels ------------------------------------------------------------------------------


@pytest.mark.parametrize("interaction", NAMES)
def test_labels(interaction):
    plain = memory(interaction).fit(BITS)
    assert not hasattr(plain, "predict_proba")
    assert not hasattr(plain, "score")
    names = np.array([f"digit {label}" for label in LABELS])
    named = memory(interaction).fit(BITS, names)
    cues = BITS[:50]
    index = plain.predict(cues)
    assert index.dtype.kind == "i"
    np.testing.assert_array_equal(named.predict(cues), names[index])
    proba = named.predict_proba(cues)
    assert proba.shape == (50, 10)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (proba >= 0).all()
    assert named.score(cues, names[:50]) == np.mean(names[index] == names[:50])
    np.testing.assert_array_equal(named.classes_, np.unique(names))


def test_probabilities_are_sums_of_the_softmax():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 4)), np.arange(40) % 3
    found = memory(similarity="dot", beta=0.6).fit(X, y)
    end = found.transform(X[:9] + 0.1)
    p = softmax(0.6 * end @ X.T, axis=1)
    expected = np.stack([p[:, y == k].sum(axis=1) for k in range(3)], axis=1)
    np.testing.assert_allclose(found.predict_proba(X[:9] + 0.1), expected)


def test_probabilities_are_shares_of_the_interaction():
    rng = np.random.default_rng(0)
    X, y = rng.choice([-1, 1], (6, 5)), np.arange(6) % 2
    found = memory("rectified", degree=2).fit(X, y)
    worth = np.maximum(found.transform(X) @ X.T, 0) ** 2
    expected = np.stack([worth[:, y == k].sum(axis=1) for k in (0, 1)], axis=1)
    np.testing.assert_allclose(
        found.predict_proba(X), expected / worth.sum(axis=1, keepdims=True)
    )


def test_labels_in_a_search_and_a_pipeline():
    X, y = DIGITS[:600], LABELS[:600]
    search = GridSearchCV(memory(), {"beta": [1e-3, 0.1]}, cv=3).fit(X, y)
    assert search.best_params_ == {"beta": 0.1}
    assert search.best_score_ > 0.9
    pipeline = make_pipeline(memory(beta=0.05), LogisticRegression(max_iter=2000))
    assert pipeline.fit(X, y).score(DIGITS[600:900], LABELS[600:900]) > 0.85


# Storing ------------------------------------------------------------------------------


@pytest.mark.parametrize("interaction", NAMES)
@pytest.mark.parametrize("labels", [None, LABELS[:300]])
def test_partial_fit_adds_memories(interaction, labels):
    X, cues = BITS[:300], BITS[300:350]
    y = [None, None] if labels is None else [labels[:100], labels[100:]]
    whole = memory(interaction).fit(X, labels)
    parts = memory(interaction).partial_fit(X[:100], y[0]).partial_fit(X[100:], y[1])
    np.testing.assert_array_equal(whole.memories_, parts.memories_)
    np.testing.assert_array_equal(whole.transform(cues), parts.transform(cues))
    np.testing.assert_array_equal(whole.predict(cues), parts.predict(cues))
    assert (parts.predict(X[:5]) == whole.predict(X[:5])).all()
    again = parts.fit(X[:100], y[0])
    assert len(again.memories_) == 100


def test_partial_fit_wants_labels_for_all_or_none():
    with pytest.raises(ValueError, match="no labels"):
        memory().fit(DIGITS[:5]).partial_fit(DIGITS[:5], LABELS[:5])
    with pytest.raises(ValueError, match="have labels"):
        memory().fit(DIGITS[:5], LABELS[:5]).partial_fit(DIGITS[:5])
    with pytest.raises(ValueError, match="inconsistent numbers"):
        memory().fit(DIGITS[:5], LABELS[:4])
    with pytest.raises(ValueError, match="1d array"):
        memory().fit(DIGITS[:5], np.ones((5, 2)))


@pytest.mark.parametrize("interaction", NAMES)
def test_incomplete_memories_are_completed_by_the_others(interaction):
    X = BITS[:200].copy()
    X[7, 40:] = np.nan
    found = memory(interaction).fit(X)
    assert not np.isnan(found.memories_).any()
    whole = memory(interaction).fit(np.delete(X, 7, axis=0))
    np.testing.assert_array_equal(found.memories_[7], whole.transform(X[7:8])[0])
    np.testing.assert_array_equal(
        np.delete(found.memories_, 7, axis=0), whole.memories_
    )
    assert np.isnan(X[7]).any()  # the user's own rows are as they were
    with pytest.raises(ValueError, match="at least one memory must be complete"):
        memory(interaction).fit(X[7:8])


@pytest.mark.parametrize("interaction", NAMES)
def test_the_energy_of_a_row_with_gaps_is_refused(interaction):
    cues = BITS[:5].copy()
    cues[3, 1:] = np.nan
    found = memory(interaction).fit(BITS[:50])
    with pytest.raises(ValueError, match="fill the gaps"):
        found.energy(cues)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, bool, np.int64])
def test_real_memories_are_not_copied(dtype):
    X = np.ascontiguousarray(BITS.astype(dtype))
    found = memory().fit(X)
    assert np.shares_memory(found.memories_, X)
    again = pickle.loads(pickle.dumps(found))
    assert np.shares_memory(again._memory.patterns, again.memories_)


def test_a_large_memory_is_worked_on_in_blocks():
    """Neither 30 MB as float32, nor the 24 MB of similarities."""
    X = np.random.default_rng(0).integers(0, 255, (30_000, 256), dtype=np.uint8)
    tracemalloc.start()
    found = memory(beta=1e-3).fit(X)
    assert (found.predict(X[:200]) == np.arange(200)).all()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 15e6


# What users pass ------------------------------------------------------------------


@pytest.mark.parametrize("interaction", NAMES)
@pytest.mark.parametrize(
    "dtype", [np.float16, np.float32, np.float64, np.uint8, np.int8, int, bool]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_types(interaction, dtype, order):
    X = np.asarray(COINS.astype(dtype), order=order)
    X.flags.writeable = False
    found = memory(interaction).fit(X)
    recalled = found.transform(X)
    np.testing.assert_allclose(recalled, COINS, atol=1e-3)
    np.testing.assert_array_equal(found.predict(X), np.arange(40))
    if interaction == "softmax":
        assert recalled.dtype == (np.float64 if dtype == np.float64 else np.float32)
    else:
        assert recalled.dtype == dtype


@pytest.mark.parametrize("interaction", SPIN_NAMES)
@pytest.mark.parametrize("low", [0, -1])
def test_both_pairs_of_values_come_back(interaction, low):
    X = np.where(COINS > 0, 1, low)
    found = memory(interaction).fit(X)
    assert found.values_ == (low, 1)
    np.testing.assert_array_equal(found.transform(X), X)
    assert set(np.unique(found.recall(X).trajectory)) == {low, 1}
    zero_one = memory(interaction).fit(COINS)
    cues = BITS[60:90]
    np.testing.assert_array_equal(
        found.transform(np.where(cues > 0, 1.0, low)) > 0, zero_one.transform(cues) > 0
    )
    np.testing.assert_array_equal(
        found.energy(np.where(cues > 0, 1.0, low)), zero_one.energy(cues)
    )


def test_minus_one_has_no_place_among_unsigned_cues():
    found = memory("polynomial").fit(np.where(BITS[:60] > 0, 1, -1))
    with pytest.warns(DataRangeWarning):
        recalled = found.transform(BITS[:5].astype(np.uint8))
    assert recalled.dtype == np.int8
    assert set(np.unique(recalled)) == {-1, 1}


@pytest.mark.parametrize("interaction", SPIN_NAMES)
def test_other_values_warn_and_count_as_the_nearer(interaction):
    with pytest.warns(DataRangeWarning, match="np.where"):
        found = memory(interaction).fit(0.8 * BITS[:60] + 0.1)
    exact = memory(interaction).fit(BITS[:60])
    with pytest.warns(DataRangeWarning):
        recalled = found.transform(0.8 * BITS[:60] + 0.1)
    np.testing.assert_array_equal(recalled, exact.transform(BITS[:60]))


@pytest.mark.parametrize("interaction", NAMES)
def test_small_memories(interaction):
    one = memory(interaction).fit([[1.0, 0.0, 1.0]], ["only"])
    np.testing.assert_array_equal(one.transform([[1.0, 0.0, 0.0]]), [[1, 0, 1]])
    assert one.predict([[1.0, 1.0, 1.0]])[0] == "only"
    np.testing.assert_array_equal(one.predict_proba([[1.0, 1.0, 1.0]]), [[1.0]])
    assert one.predict([[1, None, 1]])[0] == "only"
    column = memory(interaction).fit([[0.0], [1.0], [1.0]])
    assert column.transform([[1.0]]).shape == (1, 1)
    zeros = memory(interaction).fit(np.zeros((3, 2)))
    np.testing.assert_array_equal(zeros.transform([[0.0, 0.0]]), [[0, 0]])


def test_duplicates_weigh_twice():
    X = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]])
    found = memory(beta=0.5, max_iter=1).fit(X).transform([[0.5, 0.5]])
    np.testing.assert_allclose(found, [[2 / 3, 2 / 3]])
    np.testing.assert_array_equal(memory().fit(X).predict(X), [0, 1, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e12, 1e30])
@pytest.mark.parametrize("similarity", ["dot", "euclidean"])
def test_scales(dtype, scale, similarity):
    """What is recalled scales with X, as beta="auto" is one by its square."""
    X = DIGITS[:100] / np.linalg.norm(DIGITS[:100], axis=1, keepdims=True)
    X[::2, :5] = 0  # exact zeros stay
    cues = (X + 0.05)[:20]
    plain = memory(similarity=similarity).fit(X)
    found = memory(similarity=similarity).fit((scale * X).astype(dtype))
    recalled = found.transform((scale * cues).astype(dtype))
    assert recalled.dtype == dtype
    expected = plain.transform(cues)
    np.testing.assert_allclose(recalled / scale, expected, atol=2e-3)
    np.testing.assert_array_equal(
        found.predict((scale * cues).astype(dtype)), plain.predict(cues)
    )


def test_squares_that_overflow_are_refused():
    with pytest.raises(ValueError, match="squares overflow"):
        memory().fit([[1e200, 1.0], [1.0, 2.0]])


def test_degrees_that_overflow_are_refused():
    with pytest.raises(ValueError, match="degree=300 is too large"):
        memory("polynomial", degree=300).fit(BITS)
    with pytest.raises(ValueError, match="degree"):
        memory("polynomial", degree=0).fit(BITS)


@pytest.mark.parametrize(
    "name, part",
    [
        ("polynomial", Polynomial(4)),
        ("rectified", RectifiedPolynomial(4)),
        ("exponential", Exponential()),
        ("softmax", Softmax(0.3, Euclidean())),
    ],
)
def test_a_part_is_its_name(name, part):
    by_name = memory(name, degree=4, beta=0.3).fit(BITS[:100])
    by_part = clone(memory(part)).fit(BITS[:100])
    assert by_name.interaction_ == by_part.interaction_ == part
    cues = BITS[100:150]
    np.testing.assert_array_equal(by_name.transform(cues), by_part.transform(cues))


# One answer for a row --------------------------------------------------------------


def test_another_random_state_is_another_order():
    rng = np.random.default_rng(0)
    X, cues = rng.choice([-1, 1], (300, 30)), rng.choice([-1, 1], (100, 30))
    ends = [
        DenseAssociativeMemory("polynomial", random_state=seed).fit(X).transform(cues)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(ends[0], ends[1])
    assert (ends[0] != ends[2]).any()
