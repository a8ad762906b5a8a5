"""Kernels of dense associative memories: equal bits, and the energies' differences."""

import numpy as np
import pytest
from kernel_twins import TWINS

from skboltz.kernels import _dense_reference
from skboltz.models import Exponential, Polynomial, RectifiedPolynomial

INTERACTIONS = [
    Polynomial(1),
    Polynomial(2),
    Polynomial(3),
    Polynomial(20),
    RectifiedPolynomial(2),
    RectifiedPolynomial(5),
    Exponential(),
]
SHAPES = [(1, 1, 1), (2, 1, 5), (7, 3, 1), (7, 30, 2), (33, 200, 17), (100, 257, 64)]


def case(n_units, n_memories, n_probes, dtype=np.int16, seed=0):
    rng = np.random.default_rng(seed)
    memories = rng.choice(np.array([-1, 1], np.int8), (n_units, n_memories))
    spins = rng.choice(np.array([-1, 1], np.int8), (n_units, n_probes))
    overlaps = (memories.T.astype(int) @ spins).astype(dtype)
    clamped = rng.random((n_units, n_probes)) < 0.2
    largest = overlaps.max(axis=0).astype(np.int32)
    return memories, rng.permutation(n_units), clamped, spins, overlaps, largest


def swept(kernels, interaction, memories, order, clamped, *state):
    state = [part.copy() for part in state]
    differences = interaction.differences(len(memories))
    moved = kernels.dense_sweep(differences, memories, order, clamped, *state)
    return [moved, *state]


def fields(kernels, interaction, memories, order, clamped, *state):
    return kernels.dense_fields(
        interaction.differences(len(memories)), memories, *state
    )


@pytest.mark.parametrize("interaction", INTERACTIONS, ids=repr)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_twins_return_the_same_bits(interaction, shape, dtype):
    arguments = case(*shape, dtype)
    results = [
        [fields(k, interaction, *arguments), *swept(k, interaction, *arguments)]
        for k in TWINS
    ]
    for parts in zip(*results, strict=True):
        for part in parts[1:]:
            assert part.dtype == parts[0].dtype
            assert part.tobytes() == parts[0].tobytes()


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize("interaction", INTERACTIONS, ids=repr)
def test_a_probe_has_the_same_bits_alone(kernels, interaction):
    memories, order, *state = case(33, 300, 20)
    together = swept(kernels, interaction, memories, order, *state)
    together.append(fields(kernels, interaction, memories, order, *state))
    for c in range(20):
        one = [np.ascontiguousarray(part[..., c : c + 1]) for part in state]
        alone = swept(kernels, interaction, memories, order, *one)
        alone.append(fields(kernels, interaction, memories, order, *one))
        for all_of_them, it in zip(together, alone, strict=True):
            part = np.ascontiguousarray(all_of_them[..., c : c + 1])
            assert part.tobytes() == it.tobytes()


@pytest.mark.parametrize("n_rows", [1, 2, 3, 128, 1000, 4097])
@pytest.mark.parametrize("n_columns", [1, 2, 3, 64])
def test_sums_go_row_by_row(n_rows, n_columns):
    """What the bits rest on, with terms whose sum depends on the order."""
    rng = np.random.default_rng(0)
    size = 10.0 ** rng.integers(-8, 9, (n_rows, n_columns))
    values = rng.standard_normal(n_rows * n_columns) * size.ravel()
    overlaps = np.arange(n_rows * n_columns).reshape(n_rows, n_columns)
    zero, one = np.zeros(n_columns, int), np.ones((n_rows, 1), np.int8)
    found = _dense_reference._field(values, zero, one, zero, overlaps)
    total = values[overlaps[0]].copy()
    for row in overlaps[1:]:
        total += values[row]
    assert found.tobytes() == total.tobytes()


# Against the energy -----------------------------------------------------------------


def energy(function, memories, s):
    """-sum_mu F(xi . s) in whole numbers."""
    return -sum(function(int(o)) for o in memories.T.astype(int) @ s.astype(int))


def by_energies(function, memories, order, clamped, spins):
    """One sweep that compares the energies of both values of every unit."""
    spins, ties = spins.copy(), 0
    for c in range(spins.shape[1]):
        s = spins[:, c]
        for i in order:
            if clamped[i, c]:
                continue
            ends = []
            for value in (-1, 1):
                trial = s.copy()
                trial[i] = value
                ends.append(energy(function, memories, trial))
            ties += ends[0] == ends[1]
            if ends[0] != ends[1]:
                s[i] = 1 if ends[1] < ends[0] else -1
    return spins, ties


EXACT = [
    (Polynomial(1), lambda x: x),
    (Polynomial(2), lambda x: x**2),
    (Polynomial(3), lambda x: x**3),
    (Polynomial(6), lambda x: x**6),
    (RectifiedPolynomial(2), lambda x: max(x, 0) ** 2),
    (RectifiedPolynomial(3), lambda x: max(x, 0) ** 3),
]


def agrees(kernels, interaction, function):
    """Whether sweeps are those by energies, over cases with ties; how many ties."""
    same, n_ties = True, 0
    for seed in range(5):
        arguments = case(8, 6, 10, seed=seed)
        found = swept(kernels, interaction, *arguments)[1]
        expected, ties = by_energies(function, *arguments[:4])
        same, n_ties = same and (found == expected).all(), n_ties + ties
    return same, n_ties


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize(
    "interaction, function", EXACT, ids=[repr(part) for part, _ in EXACT]
)
def test_sweeps_compare_energies_and_ties_stay(kernels, interaction, function):
    same, ties = agrees(kernels, interaction, function)
    assert same
    assert ties > 0


class Stale:
    """A broken kernel: the overlaps do not follow the flips."""

    @staticmethod
    def dense_sweep(differences, memories, order, clamped, spins, overlaps, largest):
        moved = np.zeros(spins.shape[1], bool)
        for i in order:
            moved |= TWINS[0].dense_sweep(
                differences,
                memories,
                [i],
                clamped,
                spins,
                overlaps.copy(),
                largest.copy(),
            )
        return moved


class NoTies:
    """A broken kernel: a unit without a field becomes +1."""

    @staticmethod
    def dense_sweep(differences, memories, order, clamped, spins, overlaps, largest):
        values = differences.values.copy()
        for i in order:
            state = spins, overlaps, largest
            field = TWINS[0].dense_fields(differences, memories, *state)[i]
            flip = (field == 0) & (spins[i] < 0) & ~clamped[i]
            overlaps[:, flip] += 2 * memories[i][:, None]
            spins[i, flip] = 1
            rest = differences._replace(values=values), memories, [i], clamped
            TWINS[0].dense_sweep(*rest, *state)
        return np.zeros(spins.shape[1], bool)


@pytest.mark.parametrize("broken", [Stale, NoTies])
def test_broken_kernels_are_noticed(broken):
    assert not agrees(broken, Polynomial(2), lambda x: x**2)[0]


@pytest.mark.parametrize("kernels", TWINS)
def test_a_wrong_interaction_is_noticed(kernels):
    assert not agrees(kernels, RectifiedPolynomial(3), lambda x: x**3)[0]


@pytest.mark.parametrize("kernels", TWINS)
@pytest.mark.parametrize(
    "interaction, function", EXACT, ids=[repr(part) for part, _ in EXACT]
)
def test_units_switch_exactly_at_a_tie(kernels, interaction, function):
    """Fields are whole numbers: one memory more or less decides."""
    memories, order, clamped, spins, overlaps, largest = case(8, 6, 10)
    found = fields(
        kernels, interaction, memories, order, clamped, spins, overlaps, largest
    )
    for i, c in np.ndindex(found.shape):
        ends = []
        for value in (-1, 1):
            trial = spins[:, c].copy()
            trial[i] = value
            ends.append(energy(function, memories, trial))
        assert found[i, c] == ends[0] - ends[1]


@pytest.mark.parametrize("kernels", TWINS)
def test_degree_2_is_the_hopfield_network(kernels):
    """Hebb's couplings without self-coupling: 4 J s is the difference of energies."""
    memories, order, clamped, spins, overlaps, largest = case(20, 9, 15)
    coupling = memories.astype(float) @ memories.T
    np.fill_diagonal(coupling, 0)
    rest = memories, order, clamped, spins, overlaps, largest
    found = fields(kernels, Polynomial(2), *rest)
    np.testing.assert_array_equal(found, 4 * coupling @ spins)


@pytest.mark.parametrize("kernels", TWINS)
def test_exponentials_move_random_states_of_a_thousand_units(kernels):
    """exp(-1000) is nothing, exp(+1000) infinite: the anchor keeps them in range."""
    arguments = case(1000, 50, 4)
    arguments[2][:] = False
    field = fields(kernels, Exponential(), *arguments)
    assert np.isfinite(field).all()
    assert (field != 0).mean() > 0.99
    moved, spins, overlaps, largest = swept(kernels, Exponential(), *arguments)
    assert moved.all()
    assert (largest == 1000).mean() >= 0.75  # at a memory after one sweep
    np.testing.assert_array_equal(overlaps, arguments[0].T.astype(int) @ spins)
    np.testing.assert_array_equal(largest, overlaps.max(axis=0))
