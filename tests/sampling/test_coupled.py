"""Coupled units in fields of their own, against sums over all states."""

import math

import numpy as np
import pytest
from oracles import configurations, log_sum, pairwise_energy

from skboltz.models import independent_set
from skboltz.sampling import coupled
from skboltz.units import BERNOULLI, SPIN, TwoValuedUnit

pytestmark = pytest.mark.no_kernel

UNITS = {
    "spin": SPIN,
    "bernoulli": BERNOULLI,
    "lopsided": TwoValuedUnit(low=-0.5, high=2.0),
}


def symmetric(matrix):
    upper = np.triu(matrix, 1)
    return upper + upper.T


def normal(n_units, seed=0):
    return symmetric(np.random.default_rng([n_units, seed]).normal(size=(n_units,) * 2))


def kept(n_units, is_coupled, seed=0):
    """Random couplings where is_coupled(i, j), i < j."""
    pairs = np.fromfunction(is_coupled, (n_units, n_units), dtype=int)
    return symmetric(np.where(pairs, normal(n_units, seed), 0))


COUPLINGS = {
    "dense": normal(5),
    "zero": np.zeros((4, 4)),
    "sparse": kept(6, lambda i, j: (i + j) % 3 == 0),
    "chain": kept(6, lambda i, j: j - i == 1),
    "bipartite": kept(6, lambda i, j: (i < 2) & (j >= 2)),
    "shuffled star": kept(5, lambda i, j: (i == 3) | (j == 3)),
    "one": np.zeros((1, 1)),
    "none": np.zeros((0, 0)),
}
N_ENUMERATED = {
    "dense": 4,
    "zero": 0,
    "sparse": 3,
    "chain": 3,
    "bipartite": 2,
    "shuffled star": 1,
    "one": 0,
    "none": 0,
}


def fields(coupling, n_rows=3):
    rng = np.random.default_rng([len(coupling), n_rows])
    return rng.normal(size=(n_rows, len(coupling)))


def enumerated(unit, coupling, field, weight):
    """log Z, means and weighted pair sums, state by state."""
    n = len(coupling)
    states = configurations((unit.low, unit.high), n)
    log_z, mean, pairs = np.zeros(len(field)), np.zeros(field.shape), np.zeros((n, n))
    for row, bias in enumerate(field):
        energy = [pairwise_energy(coupling, bias, s) for s in states]
        log_z[row] = log_sum(-e for e in energy)
        for s, e in zip(states, energy, strict=True):
            p = math.exp(-e - log_z[row])
            for i in range(n):
                mean[row, i] += p * s[i]
                for j in range(n):
                    pairs[i, j] += (i != j) * weight[row] * p * s[i] * s[j]
    return log_z, mean, pairs


def assert_all_close(found, expected, tolerance=1e-12):
    # Sums of at most 2^6 terms of order 1 to 100, in double precision.
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("coupling", COUPLINGS.values(), ids=COUPLINGS)
def test_moments_are_sums_over_all_states(unit, coupling):
    field, weight = fields(coupling), np.array([1.0, 0.25, 3.0])
    found = coupled.moments(unit, coupling, field, weight)
    assert_all_close(found, enumerated(unit, coupling, field, weight))
    np.testing.assert_array_equal(found.pairs, found.pairs.T)
    np.testing.assert_array_equal(np.diag(found.pairs), 0)
    np.testing.assert_array_equal(
        coupled.log_partition(unit, coupling, field), found.log_partition
    )


@pytest.mark.parametrize("name", COUPLINGS)
def test_terms_count_the_states_of_the_units_that_are_enumerated(name):
    coupling, n_enumerated = COUPLINGS[name], N_ENUMERATED[name]
    assert coupled.n_states(coupling) == 2**n_enumerated
    assert coupled.n_terms(coupling) == 2**n_enumerated * max(len(coupling), 1)


def test_terms_are_counted_beyond_the_range_of_machine_integers():
    coupling = np.ones((301, 301)) - np.eye(301)
    assert coupled.n_terms(coupling) == 2**300 * 301
    assert type(coupled.n_terms(coupling)) is int


def test_without_weight_every_row_counts_once():
    coupling = COUPLINGS["dense"]
    field = fields(coupling)
    assert_all_close(
        coupled.moments(SPIN, coupling, field),
        enumerated(SPIN, coupling, field, np.ones(3)),
    )


@pytest.mark.parametrize("name", ["dense", "chain", "bipartite", "zero"])
def test_many_blocks_and_tiles_give_the_same_as_one(monkeypatch, name):
    coupling = COUPLINGS[name]
    field, weight = fields(coupling, 7), np.arange(7.0)
    expected = enumerated(SPIN, coupling, field, weight)
    monkeypatch.setattr("skboltz.sampling._enumeration._BLOCK_ELEMENTS", 320)
    monkeypatch.setattr("skboltz.sampling._coupled._ROWS", 3)  # 3, 3 and 1 rows
    assert_all_close(coupled.moments(SPIN, coupling, field, weight), expected)


def test_the_arrays_of_a_block_stay_small(monkeypatch):
    sizes = []
    tile = coupled._tile

    def watched(*args):
        sizes.append((made := tile(*args)).free_field.size)
        return made

    monkeypatch.setattr(coupled, "_tile", watched)
    weights = np.ones((12, 40))
    coupling = np.block(
        [[np.zeros((12, 12)), weights], [weights.T, np.zeros((40, 40))]]
    )
    coupled.log_partition(SPIN, coupling, np.zeros((70, 52)))
    assert max(sizes) <= 2**18
    assert sum(sizes) == 70 * 2**12 * 40  # every row with every state, once


def test_float32_is_summed_in_float64():
    coupling = COUPLINGS["dense"].astype(np.float32)
    field = fields(coupling).astype(np.float32)
    found = coupled.moments(SPIN, coupling, field, np.ones(3, np.float32))
    assert {a.dtype for a in found} == {np.dtype(np.float64)}
    exact = enumerated(SPIN, *(a.astype(float) for a in (coupling, field)), np.ones(3))
    assert_all_close(found, exact)


@pytest.mark.parametrize("coupling", COUPLINGS.values(), ids=COUPLINGS)
def test_no_rows(coupling):
    n = len(coupling)
    found = coupled.moments(SPIN, coupling, np.zeros((0, n)))
    assert [a.shape for a in found] == [(0,), (0, n), (n, n)]
    np.testing.assert_array_equal(found.pairs, 0)


@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
@pytest.mark.parametrize("name", ["dense", "chain", "zero"])
def test_far_out_fields_freeze_the_units(unit, name):
    coupling = COUPLINGS[name]
    sign = np.where(np.arange(len(coupling)) % 2, 1.0, -1.0)
    with np.errstate(over="raise", invalid="raise"):
        found = coupled.moments(unit, coupling, 1e4 * np.stack([sign, -sign]))
    frozen = np.stack([np.where(f > 0, unit.high, unit.low) for f in (sign, -sign)])
    energy = [
        pairwise_energy(coupling, 1e4 * f, s)
        for f, s in zip((sign, -sign), frozen, strict=True)
    ]
    pairs = frozen.T @ frozen * (1 - np.eye(len(sign)))
    # log Z is near 1e5, so its last bit, and with it P(s), is off by 1e-11.
    assert_all_close(found, (-np.array(energy), frozen, pairs), tolerance=1e-10)


def test_without_couplings_units_have_their_own_means():
    field = fields(np.zeros((200, 200)), 80)
    found = coupled.moments(BERNOULLI, np.zeros((200, 200)), field)
    mean = 1 / (1 + np.exp(-field))
    np.testing.assert_allclose(found.mean, mean, rtol=1e-12)
    expected = mean.T @ mean * (1 - np.eye(200))
    np.testing.assert_allclose(found.pairs, expected, rtol=1e-12)


def test_only_what_is_independent_is_summed_in_closed_form():
    """Negative control: taking coupled units for independent is seen."""
    coupling, field = COUPLINGS["dense"], fields(COUPLINGS["dense"])
    cut = coupling.copy()
    cut[0, 1] = cut[1, 0] = 0
    assert independent_set(cut).sum() > independent_set(coupling).sum()
    found = coupled.log_partition(SPIN, cut, field)
    exact, _, _ = enumerated(SPIN, coupling, field, np.ones(3))
    assert (abs(found - exact) > 1e-3).all()
