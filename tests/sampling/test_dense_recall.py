"""Recall by dense memories: down in energy, row by row, from what is known."""

import numpy as np
import pytest

from skboltz import config_context
from skboltz.models import (
    Dot,
    Euclidean,
    Exponential,
    Polynomial,
    RectifiedPolynomial,
    Softmax,
)
from skboltz.sampling import PatternMemory, SpinMemory, dense_recall

SPIN_INTERACTIONS = [
    Polynomial(1),
    Polynomial(2),
    Polynomial(3),
    Polynomial(4),
    RectifiedPolynomial(2),
    RectifiedPolynomial(3),
    Exponential(),
]
SIMILARITIES = [Dot(), Euclidean()]
BETAS = [0.05, 0.5, 5.0]


def spins(seed, shape):
    return np.random.default_rng(seed).choice(np.array([-1, 1], np.int8), shape)


def spin_memory(interaction, patterns):
    return SpinMemory(interaction, np.ascontiguousarray(patterns.T), (1, 2))


def with_gaps(values, gap, seed=0):
    holes = np.random.default_rng(seed).random(values.shape) < 0.4
    holes[:, 0] = False
    holes[::3] = False  # complete rows among them
    return np.where(holes, gap, values), holes


def energies(memory, probes, max_iter=100):
    recalled, trace = dense_recall.trajectories(memory, probes, max_iter)
    return recalled, trace, np.array([memory.energy(states) for states in trace])


@pytest.mark.parametrize("interaction", SPIN_INTERACTIONS, ids=repr)
@pytest.mark.parametrize("gaps", [False, True])
def test_energies_of_spins_never_rise(interaction, gaps):
    memory = spin_memory(interaction, spins(0, (40, 20)))
    probes = spins(1, (60, 20))
    if gaps:
        probes, _ = with_gaps(probes, 0)
        probes = probes.astype(np.int8)
    recalled, _, energy = energies(memory, probes)
    assert recalled.converged.all()
    assert recalled.n_iter.max() >= 2
    # All are whole numbers but the logarithms of "exponential".
    slack = 1e-12 if interaction == Exponential() else 0
    assert (np.diff(energy, axis=0) <= slack).all()


@pytest.mark.parametrize("similarity", SIMILARITIES, ids=repr)
@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("gaps", [False, True])
def test_energies_of_patterns_never_rise(similarity, beta, gaps):
    rng = np.random.default_rng(0)
    patterns, probes = rng.standard_normal((40, 20)), rng.standard_normal((60, 20))
    if gaps:
        probes, _ = with_gaps(probes, np.nan)
    memory = PatternMemory(Softmax(beta, similarity), patterns, tol=1e-12)
    _, _, energy = energies(memory, probes, max_iter=300)
    # Rounding of sums of 40 terms of size 20.
    assert (np.diff(energy, axis=0) <= 1e-12).all()
    assert (energy[0] - energy[-1]).max() > 0.1


def test_steps_that_overshoot_are_noticed():
    """Twice and a half the step of attention goes up again."""
    rng = np.random.default_rng(0)
    patterns, x = rng.standard_normal((40, 20)), rng.standard_normal((60, 20))
    memory, energy = PatternMemory(Softmax(0.5), patterns, tol=1e-12), []
    for _ in range(30):
        energy.append(memory.energy(x))
        x = x + 2.5 * (memory.interaction.update(patterns, x) - x)
    assert (np.diff(energy, axis=0) > 1e-6).any()


@pytest.mark.parametrize("similarity", SIMILARITIES, ids=repr)
@pytest.mark.parametrize("beta", BETAS)
def test_steps_are_those_of_the_model(similarity, beta):
    rng = np.random.default_rng(0)
    patterns, probes = rng.standard_normal((40, 20)), rng.standard_normal((60, 20))
    part = Softmax(beta, similarity)
    memory = PatternMemory(part, patterns, tol=0.0)
    np.testing.assert_allclose(
        dense_recall.run(memory, probes, 1).states, part.update(patterns, probes)
    )
    np.testing.assert_allclose(memory.energy(probes), part.energy(patterns, probes))


@pytest.mark.parametrize("similarity", SIMILARITIES, ids=repr)
def test_gaps_start_at_what_the_known_say(similarity):
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((40, 20))
    probes, holes = with_gaps(rng.standard_normal((60, 20)), np.nan)
    part = Softmax(0.7, similarity)
    state = PatternMemory(part, patterns, tol=0.0).init(probes)
    for row, start, hole in zip(probes, state.values, holes, strict=True):
        known = part.update(patterns[:, ~hole], row[None, ~hole])
        p = np.exp(part.log_weights(patterns[:, ~hole], row[None, ~hole]))
        np.testing.assert_allclose(p @ patterns[:, ~hole], known)
        np.testing.assert_allclose(start[hole], (p @ patterns[:, hole])[0])
        np.testing.assert_array_equal(start[~hole], row[~hole])


@pytest.mark.parametrize("interaction", SPIN_INTERACTIONS, ids=repr)
def test_unknown_spins_start_at_the_vote(interaction):
    patterns = spins(0, (6, 9))
    probes, holes = with_gaps(spins(1, (30, 9)), 0)
    start = spin_memory(interaction, patterns).init(probes.astype(np.int8)).values
    ties = 0
    for row, found, hole in zip(probes, start, holes, strict=True):
        overlap = patterns.astype(float) @ row
        weight = interaction.value(overlap + 1) - interaction.value(overlap - 1)
        vote = weight @ patterns
        sure = hole & (np.abs(vote) > 1e-9 * np.abs(weight).sum())
        assert (found[sure] == np.sign(vote[sure])).all()
        assert (found[~hole] == row[~hole]).all()
        tied = hole & (vote == 0)
        assert (found[tied] == 1).all() or interaction == Exponential()
        ties += tied.sum()
    assert ties > 0 or interaction == Exponential()


def test_what_is_known_stays():
    probes, holes = with_gaps(spins(1, (30, 20)), 0)
    memory = spin_memory(Polynomial(3), spins(0, (40, 20)))
    partial = holes.any(axis=1)
    end = dense_recall.run(memory, probes.astype(np.int8), 100).states
    kept = (end == probes) | holes
    assert kept[partial].all()
    assert not kept[~partial].all()  # in a complete row everything may change
    gaps, holes = with_gaps(np.random.default_rng(0).random((30, 20)), np.nan)
    patterns = np.random.default_rng(1).random((40, 20))
    memory = PatternMemory(Softmax(0.5), patterns, tol=1e-6)
    end = dense_recall.run(memory, gaps, 100).states
    kept = (end == gaps) | holes
    assert kept[partial].all()
    assert not kept[~partial].any(axis=1).all()


@pytest.mark.parametrize("interaction", SPIN_INTERACTIONS, ids=repr)
def test_a_row_of_spins_is_recalled_alike_in_any_company(interaction):
    memory = spin_memory(interaction, spins(0, (300, 25)))
    probes, _ = with_gaps(spins(1, (700, 25)), 0)
    probes = probes.astype(np.int8)
    together = dense_recall.run(memory, probes, 100)
    assert len(probes) > 2 * memory.n_together
    order = np.random.default_rng(2).permutation(len(probes))
    shuffled = dense_recall.run(memory, probes[order], 100)
    for all_of_them, other in zip(together, shuffled, strict=True):
        np.testing.assert_array_equal(all_of_them[order], other)
    for i in range(0, 700, 53):
        alone = dense_recall.run(memory, probes[i : i + 1], 100)
        for all_of_them, one in zip(together, alone, strict=True):
            np.testing.assert_array_equal(all_of_them[i : i + 1], one)


def test_an_order_for_each_row_would_be_noticed():
    """Another key gives another order, and some rows another end."""
    patterns, probes = spins(0, (300, 25)), spins(1, (700, 25))
    ends = [
        dense_recall.run(
            SpinMemory(Polynomial(3), np.ascontiguousarray(patterns.T), key), probes, 99
        ).states
        for key in [(1, 2), (3, 4)]
    ]
    assert (ends[0] != ends[1]).any()


@pytest.mark.parametrize("similarity", SIMILARITIES, ids=repr)
@pytest.mark.parametrize("dtype, atol", [(np.float64, 1e-12), (np.float32, 1e-5)])
def test_a_row_of_numbers_is_recalled_alike_in_any_company(similarity, dtype, atol):
    rng = np.random.default_rng(0)
    patterns = rng.standard_normal((1500, 30)).astype(dtype)
    probes, _ = with_gaps(rng.standard_normal((700, 30)), np.nan)
    probes = probes.astype(dtype)
    # 10 steps for every row: no threshold that rounding might cross.
    memory = PatternMemory(Softmax(0.3, similarity), patterns, tol=0.0)
    together = dense_recall.run(memory, probes, 10).states
    for i in range(0, 700, 53):
        alone = dense_recall.run(memory, probes[i : i + 1], 10).states
        np.testing.assert_allclose(together[i : i + 1], alone, atol=atol)


def test_rows_stop_by_themselves():
    patterns = np.eye(6)
    probes = np.vstack([patterns, np.full((1, 6), 1 / 6) + 1e-3 * np.arange(6)])
    memory = PatternMemory(Softmax(8.0), patterns, tol=1e-6)
    recalled, trace = dense_recall.trajectories(memory, probes, 50)
    assert recalled.converged.all()
    assert recalled.n_iter[:6].max() < recalled.n_iter[6]
    assert len(trace) == recalled.n_iter.max() + 1
    np.testing.assert_array_equal(trace[0], probes)
    np.testing.assert_array_equal(trace[-1], recalled.states)
    early = dense_recall.run(memory, probes, 2)
    assert not early.converged[6]
    assert (early.n_iter <= 2).all()
    np.testing.assert_array_equal(early.states, trace[2])


def test_both_kernels_recall_the_same():
    memory = spin_memory(Exponential(), spins(0, (300, 25)))
    probes, _ = with_gaps(spins(1, (100, 25)), 0)
    with config_context(kernels="numpy"):
        expected = dense_recall.run(memory, probes.astype(np.int8), 100)
    found = dense_recall.run(memory, probes.astype(np.int8), 100)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("similarity", SIMILARITIES, ids=repr)
@pytest.mark.parametrize("beta", [2e-49, 1e-10])
def test_beyond_float32_double_precision_takes_over(similarity, beta):
    """The smaller beta is 0 as a float32; with the larger, scores are 10^40."""
    patterns = np.float32(1e25) * np.eye(2, dtype=np.float32)
    probes = np.float32([[0.9e25, 0], [0, 0.9e25], [0.9e25, np.nan]])
    memory = PatternMemory(Softmax(beta, similarity), patterns, tol=1e-5)
    end = dense_recall.run(memory, probes, 50)
    assert end.states.dtype == np.float32
    np.testing.assert_allclose(end.states[:2], patterns, atol=1e-3 * 1e25)
    np.testing.assert_allclose(end.states[2], [0.9e25, 0], atol=1e-3 * 1e25)
    assert (memory.nearest(end.states) == [0, 1, 0]).all()
    assert np.isfinite(memory.energy(end.states)).all()


def test_beyond_double_precision_is_an_error():
    huge = PatternMemory(Softmax(1.0), np.array([[1e100, 0], [0, 1e100]]), tol=1e-5)
    with pytest.raises(ValueError, match="overflow"):
        dense_recall.run(huge, np.full((1, 2), 1e300), 3)


# Figures of Krotov & Hopfield (2016) ------------------------------------------------

RANDOM = spins(7, (2000, 100))
STARTS = spins(8, (40, 100))


def share_recalled(interaction):
    """Share of random starts that end at a memory, or at its reverse."""
    memory = spin_memory(interaction, RANDOM)
    ends = dense_recall.run(memory, STARTS, 100).states
    overlap = ends.astype(np.float32) @ RANDOM.T.astype(np.float32)
    if interaction.degree % 2 == 0 and type(interaction) is Polynomial:
        overlap = np.abs(overlap)
    return (overlap.max(axis=1) == 100).mean()


@pytest.mark.parametrize("kind", [Polynomial, RectifiedPolynomial])
def test_2000_memories_of_100_units(kind):
    """Appendix B: none is recalled for n = 2 and 3, nearly all for 4, all for 5."""
    assert share_recalled(kind(2)) == 0
    assert share_recalled(kind(3)) == 0
    assert share_recalled(kind(4)) > 0.7
    assert share_recalled(kind(5)) == 1
    assert share_recalled(kind(6)) == 1


XOR = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], np.int8)
SOLVE = [Polynomial(n) for n in (3, 5, 7, 31)]
SOLVE += [RectifiedPolynomial(n) for n in (2, 3, 4, 11)]
FAIL = [Polynomial(1), Polynomial(2)]


def answers(interaction):
    cues = XOR.copy()
    cues[:, 2] = 0
    return dense_recall.run(spin_memory(interaction, XOR), cues, 10).states[:, 2]


@pytest.mark.parametrize("interaction", SOLVE, ids=repr)
def test_exclusive_or(interaction):
    np.testing.assert_array_equal(answers(interaction), XOR[:, 2])
    # Every other state leads to a memory.
    states = 1 - 2 * np.array(list(np.ndindex(2, 2, 2)), np.int8)
    ends = dense_recall.run(spin_memory(interaction, XOR), states, 10).states
    assert (ends.prod(axis=1) == 1).all()


@pytest.mark.parametrize("interaction", FAIL, ids=repr)
def test_exclusive_or_is_beyond_low_degrees(interaction):
    assert (answers(interaction) != XOR[:, 2]).any()
