"""Energies of dense associative memories, by explicit loops, and their identities."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import softmax

from skboltz.models import (
    Dot,
    Euclidean,
    Exponential,
    Polynomial,
    RectifiedPolynomial,
    Softmax,
)

pytestmark = pytest.mark.no_kernel

FUNCTIONS = {
    Polynomial(1): lambda x: x,
    Polynomial(2): lambda x: x**2,
    Polynomial(3): lambda x: x**3,
    Polynomial(7): lambda x: x**7,
    RectifiedPolynomial(2): lambda x: max(x, 0) ** 2,
    RectifiedPolynomial(5): lambda x: max(x, 0) ** 5,
    Exponential(): math.exp,
}
SPIN_CASES = pytest.mark.parametrize(
    "interaction, function", FUNCTIONS.items(), ids=map(repr, FUNCTIONS)
)
SIMILARITIES = {
    Dot(): lambda x, y: sum(a * b for a, b in zip(x, y, strict=True)),
    Euclidean(): lambda x, y: -sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) / 2,
}
REAL_CASES = pytest.mark.parametrize(
    "similarity, compare", SIMILARITIES.items(), ids=map(repr, SIMILARITIES)
)


def worth(function, memories, s):
    """sum_mu F(xi . s), term by term."""
    return sum(
        function(sum(int(a) * int(b) for a, b in zip(xi, s, strict=True)))
        for xi in memories
    )


def spins(seed, n_rows, n_units):
    return np.random.default_rng(seed).choice([-1, 1], (n_rows, n_units))


@SPIN_CASES
def test_energies_of_spins_are_sums_over_memories(interaction, function):
    memories, states = spins(0, 5, 6), spins(1, 20, 6)
    energies = interaction.energy(states @ memories.T)
    total = np.array([worth(function, memories, s) for s in states])
    if interaction == Exponential():
        total = np.log(total)
    np.testing.assert_allclose(energies, -total, rtol=1e-13)


@SPIN_CASES
def test_differences_are_those_of_the_energy(interaction, function):
    """Entry x of the table is F(x + 1) - F(x - 1), up to the anchor's factor."""
    n = 9
    table = interaction.differences(n)
    anchor = 4 if table.anchor else 0
    for x in range(-n + 1, n):
        if anchor and x > anchor + 1:
            continue  # the anchor is the largest overlap
        exact = function(x + 1) - function(x - 1)
        found = table.values[table.origin + x - anchor]
        if table.anchor:
            exact *= math.exp(-anchor)
        assert found == pytest.approx(exact, rel=1e-13, abs=0)


def test_powers_are_exact_up_to_2_to_the_53():
    x = np.arange(-1000, 1001)
    assert all(
        int(found) == int(value) ** 5
        for found, value in zip(Polynomial(5).value(x), x, strict=True)
    )


@SPIN_CASES
def test_weights_are_the_positive_shares(interaction, function):
    overlaps = np.array([[5, 3, -3], [-1, -1, -1]])
    weights = interaction.weights(overlaps)
    terms = [[max(function(int(o)), 0) for o in row] for row in overlaps]
    for found, row in zip(weights, terms, strict=True):
        total = sum(row)
        expected = [t / total for t in row] if total else [1 / 3] * 3
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_degrees_that_overflow_are_refused():
    Polynomial(90).check(1000, 10**6)
    with pytest.raises(ValueError, match=r"degree=120 is too large.*exponential"):
        Polynomial(120).check(1000, 10)
    overlaps = np.array([[1000]])
    assert np.isfinite(Polynomial(90).energy(overlaps)).all()


def test_exponential_energies_do_not_overflow():
    assert Exponential().energy(np.array([2000, 2000])) == pytest.approx(
        -2000 - math.log(2), abs=1e-9
    )


def softmax_energy(compare, beta, patterns, x):
    """E(x), term by term."""
    total = sum(math.exp(beta * compare(pattern, x)) for pattern in patterns)
    energy = -math.log(total) / beta
    if compare is SIMILARITIES[Dot()]:
        squares = [compare(p, p) for p in patterns]
        energy += compare(x, x) / 2 + math.log(len(patterns)) / beta + max(squares) / 2
    return energy


@REAL_CASES
@pytest.mark.parametrize("beta", [0.3, 2.0])
def test_softmax_energies_are_sums_over_patterns(similarity, compare, beta):
    rng = np.random.default_rng(0)
    patterns, states = rng.standard_normal((5, 3)), rng.standard_normal((7, 3))
    found = Softmax(beta, similarity).energy(patterns, states)
    expected = [softmax_energy(compare, beta, patterns, x) for x in states]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@REAL_CASES
@pytest.mark.parametrize("beta", [0.3, 2.0])
def test_an_update_is_the_average_by_the_softmax(similarity, compare, beta):
    rng = np.random.default_rng(0)
    patterns, states = rng.standard_normal((5, 3)), rng.standard_normal((7, 3))
    scores = [[beta * compare(p, x) for p in patterns] for x in states]
    found = Softmax(beta, similarity).update(patterns, states)
    np.testing.assert_allclose(found, softmax(scores, axis=1) @ patterns, rtol=1e-12)


@REAL_CASES
def test_an_update_is_a_step_down_the_gradient(similarity, compare):
    """x minus the update is the gradient of E, by finite differences."""
    rng = np.random.default_rng(0)
    patterns, x = rng.standard_normal((5, 3)), rng.standard_normal(3)
    part, h = Softmax(1.5, similarity), 1e-6
    ends = x + h * np.array([[1], [-1]])[:, :, None] * np.eye(3)
    up, down = (part.energy(patterns, end) for end in ends)
    gradient = x - part.update(patterns, x[None])[0]
    np.testing.assert_allclose(gradient, (up - down) / (2 * h), atol=1e-8)


@REAL_CASES
def test_partial_similarities_count_what_is_known(similarity, compare):
    rng = np.random.default_rng(0)
    patterns, x = rng.standard_normal((5, 4)), rng.standard_normal(4)
    for known in itertools.product([True, False], repeat=4):
        known = np.array(known)
        query = similarity.partial(np.where(known, x, np.nan), known)
        found = similarity.features(patterns) @ query
        exact = np.array([compare(p[known], x[known]) for p in patterns])
        # Up to what does not depend on the pattern.
        np.testing.assert_allclose(found - found[0], exact - exact[0], atol=1e-12)
