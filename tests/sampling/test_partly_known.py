"""Machines of which some units are known: sums against loops, chains that stay put."""

import math

import numpy as np
import pytest
from judges import comes_from
from oracles import PairwiseOracle

from skboltz import likelihood
from skboltz.likelihood import _partly_known as of_rows
from skboltz.likelihood import sampled_class_proba
from skboltz.models import PairwiseParams
from skboltz.sampling import Purpose, Stream, pairwise_chains, partly_known
from skboltz.units import BERNOULLI, SPIN, Bias, TwoValuedUnit

NAN = np.nan
N = 8_000
N_VISIBLE = 4
STREAM = Stream((5, 8), Purpose.SAMPLE)
UNITS = {"bits": BERNOULLI, "spins": SPIN, "lopsided": TwoValuedUnit(-0.5, 2.0)}
EACH_UNIT = pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
COUPLED_OR_NOT = pytest.mark.parametrize("hidden_hidden", [True, False])
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def machine(unit, hidden_hidden=True, dtype=np.float64, n_hidden=3, scale=1.0):
    """Four visible units and some hidden ones, and the oracle of their parameters."""
    n = N_VISIBLE + n_hidden
    rng = np.random.default_rng([n, hidden_hidden])
    upper = np.triu(rng.normal(size=(n, n)), 1)
    if not hidden_hidden:
        upper[N_VISIBLE:, N_VISIBLE:] = 0
    size = scale / unit.distance() ** 2  # of the same strength for all units
    coupling = (size * 2 * (upper + upper.T)).astype(dtype)
    bias = (scale / unit.distance() * rng.normal(size=n)).astype(dtype)
    exactly = coupling.astype(float), bias.astype(float)
    oracle = PairwiseOracle(*exactly, (unit.low, unit.high))
    return PairwiseParams(coupling, Bias(bias)), oracle


def rows_with_gaps(unit, n_units=7, dtype=np.float64):
    """Whole rows, several patterns of gaps, values between, all or nothing known."""
    o, x, m = unit.low, unit.high, unit.low + 0.25 * unit.distance()
    hidden = [NAN] * (n_units - 4)
    rows = [
        [o, x, x, o, *hidden],
        [x, NAN, o, NAN, *hidden],
        [x, x, x, o, *hidden],
        [NAN, x, o, o, *hidden],
        [m, NAN, x, NAN, *hidden],
        [m, o, x, m, *hidden],
        [NAN, NAN, NAN, x, *hidden[1:], o],
        [NAN] * n_units,
        [o, x, x, x, *[x] * len(hidden)],
    ]
    return np.array(rows, dtype)


# Sums -------------------------------------------------------------------------------


@EACH_UNIT
@COUPLED_OR_NOT
@DTYPES
def test_moments_are_sums_over_what_is_free(unit, hidden_hidden, dtype):
    params, oracle = machine(unit, hidden_hidden, dtype)
    known = rows_with_gaps(unit, dtype=dtype)
    weight = np.linspace(0.0, 2.0, len(known)).astype(dtype)
    found = partly_known.moments(unit, params, known, weight)
    expected = [oracle.moments(row) for row in known.astype(float)]
    # In double precision whatever the parameters: sums of 2^7 terms of order 1.
    np.testing.assert_allclose(found.mean, [m for m, _ in expected], atol=1e-11)
    pairs = sum(w * p for w, (_, p) in zip(weight.astype(float), expected, strict=True))
    np.testing.assert_allclose(found.pairs, pairs, atol=1e-10)
    assert found.mean.dtype == found.pairs.dtype == np.float64
    unweighted = partly_known.moments(unit, params, known).pairs
    np.testing.assert_allclose(unweighted, sum(p for _, p in expected), atol=1e-10)


@EACH_UNIT
@COUPLED_OR_NOT
@DTYPES
def test_free_energies_and_means_sum_out_what_is_free(unit, hidden_hidden, dtype):
    params, oracle = machine(unit, hidden_hidden, dtype)
    known = rows_with_gaps(unit, dtype=dtype)
    rows = known.astype(float)
    found = likelihood.pairwise_free_energy(unit, params, known)
    expected = [oracle.free_energy(row) for row in rows]
    np.testing.assert_allclose(found, expected, atol=1e-11)
    means = likelihood.pairwise_means(unit, params, known)
    np.testing.assert_allclose(means, [oracle.moments(r)[0] for r in rows], atol=1e-11)


@EACH_UNIT
@COUPLED_OR_NOT
@DTYPES
def test_gaps_are_log_odds_of_one_unit_given_the_others(unit, hidden_hidden, dtype):
    params, oracle = machine(unit, hidden_hidden, dtype)
    known = rows_with_gaps(unit, dtype=dtype)[[0, 2, 5]]
    found = likelihood.conditional_gaps(unit, params, known, N_VISIBLE)
    for row, gaps in zip(known.astype(float), found, strict=True):
        v = row[:N_VISIBLE].tolist()
        high = [oracle.conditional(v, i) for i in range(N_VISIBLE)]
        np.testing.assert_allclose(1 / (1 + np.exp(-gaps)), high, atol=1e-12)
    # Where a unit is itself is of no account to its own odds.
    other = known.copy()
    other[:, 1] = unit.high
    again = likelihood.conditional_gaps(unit, params, other, N_VISIBLE)
    np.testing.assert_allclose(again[:, 1], found[:, 1], atol=1e-12)


def test_gaps_without_hidden_units_are_fields():
    params, _ = machine(SPIN, n_hidden=0)
    v = np.array([[1.0, -1.0, 1.0, 1.0]])
    gaps = likelihood.conditional_gaps(SPIN, params, v, 4)
    np.testing.assert_allclose(gaps, 2 * (v @ params.coupling + params.units.bias))


@EACH_UNIT
@COUPLED_OR_NOT
@DTYPES
def test_classes_are_weighed_by_clamping_each(unit, hidden_hidden, dtype):
    """Units 1 to 3 are the classes: unlike the estimator's, they are not the last."""
    params, oracle = machine(unit, hidden_hidden, dtype)
    known = rows_with_gaps(unit, dtype=dtype)[[0, 3, 4, 5]]
    known[:, 1:4] = unit.high  # counts for nothing
    found = likelihood.class_proba(unit, params, known, 1, 3)
    for row, proba in zip(known.astype(float), found, strict=True):
        expected = oracle.class_proba(row[:N_VISIBLE].tolist(), 1, 3)
        np.testing.assert_allclose(proba, expected, atol=1e-12)


def test_huge_fields_give_no_nan():
    coupling = 1e4 * (np.ones((3, 3)) - np.eye(3))
    params = PairwiseParams(coupling, Bias(np.array([-1e4, 0.0, -1e4])))
    known = np.array([[1.0, NAN, NAN], [0.0, NAN, NAN]])
    with np.errstate(over="raise", invalid="raise"):
        found = partly_known.moments(BERNOULLI, params, known)
        free_energy = likelihood.pairwise_free_energy(BERNOULLI, params, known)
    # By hand: given 1, both others on (E = -2e4); given 0, s2 is free of s3 = 0 or 1:
    # E(0, s2, s3) is 0 for 00, 10 and 11, and 1e4 for 01.
    np.testing.assert_allclose(found.mean, [[1, 1, 1], [0, 2 / 3, 1 / 3]], atol=1e-12)
    np.testing.assert_allclose(free_energy, [-1e4, -math.log(3)], rtol=1e-12)


@EACH_UNIT
def test_beyond_enumeration_means_are_near_and_free_of_batch_mates(unit, monkeypatch):
    """200 dependent sweeps: within 0.15 of a unit's range (as for RBMs)."""
    params, oracle = machine(unit, scale=0.7)
    known = rows_with_gaps(unit)[:8]
    monkeypatch.setattr(of_rows, "EXACT_TERMS", 0)
    found = likelihood.pairwise_means(unit, params, known)
    expected = np.array([oracle.moments(row)[0] for row in known])
    assert abs(found - expected).max() / unit.distance() < 0.15
    for i in (1, 2, 5):  # rows that have mates with the same gaps
        alone = likelihood.pairwise_means(unit, params, known[[i]])[0]
        np.testing.assert_allclose(found[i], alone, atol=1e-12)
    hot = PairwiseParams(params.coupling / 3, params.units)
    wrong = likelihood.pairwise_means(unit, hot, known)
    assert (
        abs(wrong - expected).max() / unit.distance() > 0.15
    )  # the judge would notice


@EACH_UNIT
def test_beyond_enumeration_free_energies_are_near(unit, monkeypatch):
    params, oracle = machine(unit, scale=0.7)
    known = rows_with_gaps(unit)
    monkeypatch.setattr(of_rows, "EXACT_TERMS", 0)
    found = likelihood.pairwise_free_energy(unit, params, known[:5])
    expected = [oracle.free_energy(row) for row in known[:5]]
    np.testing.assert_allclose(found, expected, atol=0.1)
    some = [2, 4]  # both have a mate with the same gaps
    alone = [likelihood.pairwise_free_energy(unit, params, known[[i]])[0] for i in some]
    np.testing.assert_allclose(found[some], alone, atol=1e-10)


@EACH_UNIT
@pytest.mark.parametrize("broken", [False, True])
def test_sampled_classes_are_near(unit, broken):
    """200 dependent draws of a probability: its error is below 4 x 0.5 / sqrt(200 / 4).

    The mean of probabilities given the hidden units has less, 0.1 by experience.
    """
    params, oracle = machine(unit, scale=0.7)
    known = rows_with_gaps(unit)[[0, 3, 4, 5]]
    known[:, 1:4] = unit.low
    if broken:  # biases of the classes forgotten
        bias = params.units.bias + np.array([0, 2, 0, -2, 0, 0, 0]) / unit.distance()
        params = params._replace(units=Bias(bias))
    found = sampled_class_proba(unit, params, known, 1, 3)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    expected = [oracle.class_proba(row[:4].tolist(), 1, 3) for row in known]
    assert (abs(found - expected).max() < 0.1) != broken
    some = [0, 3]
    alone = [sampled_class_proba(unit, params, known[[i]], 1, 3)[0] for i in some]
    np.testing.assert_allclose(found[some], alone, atol=1e-12)


# Chains -----------------------------------------------------------------------------


def exact_states(oracle, known, beta, rng, n=N):
    """n states from P(state | row) of every row, one row after another."""
    parts = []
    for row in known:
        states, p = np.array(oracle.states(row)), oracle.table(row, beta)
        parts.append(states[rng.choice(len(p), n, p=p / p.sum())])
    return np.concatenate(parts)


def is_right(oracle, known, rows, beta):
    """Whether the free units of each row may come from their law."""
    low, high = oracle.values
    blocks = np.split(rows, len(known))
    for row, block in zip(known, blocks, strict=True):
        free = np.isnan(row)
        assert (block[:, ~free] == row[~free]).all()
        table = oracle.table(row, beta)
        if free.any() and not comes_from(block[:, free], table, low, high):
            return False
    return True


def forget_bias(chains):
    held = np.isinf(chains.bias)
    return chains._replace(
        bias=np.where(held, chains.bias, 0).astype(chains.bias.dtype)
    )


def let_go(chains):
    """The known units move."""
    held = np.isinf(chains.bias)
    return chains._replace(
        bias=np.where(held, 0, chains.bias).astype(chains.bias.dtype)
    )


def stale(chains):
    """The fields of another row."""
    return chains._replace(bias=np.roll(chains.bias, N, axis=1))


def as_it_is(chains):
    return chains


KNOWN = {
    "free": lambda unit: np.full((1, 7), NAN),
    "hidden alone": lambda unit: rows_with_gaps(unit)[[0, 2]],
    "gaps": lambda unit: rows_with_gaps(unit)[[0, 1, 3, 6]],
    "between": lambda unit: rows_with_gaps(unit)[[4, 5, 1]],
}


def swept(unit, known, beta, dtype=np.float64, spoil=as_it_is, run_beta=None):
    """Whether chains that start in the law are still in it after three sweeps."""
    params, oracle = machine(unit, dtype=dtype, scale=0.7)
    rng = np.random.default_rng(0)
    start = exact_states(oracle, known, beta, rng)
    rows = np.repeat(known, N, axis=0).astype(dtype)
    is_high = 2 * start > unit.low + unit.high
    chains = pairwise_chains.from_states(unit, params, rows, is_high, STREAM)
    betas = [beta if run_beta is None else run_beta] * 3
    chains = pairwise_chains.run(unit, spoil(chains), betas)
    found = pairwise_chains.filled(chains, rows)
    assert found.dtype == dtype
    return is_right(oracle, known.astype(dtype).astype(float), found, beta)


@EACH_UNIT
@pytest.mark.parametrize("beta", [1.0, 0.6])
@pytest.mark.parametrize("known", KNOWN.values(), ids=KNOWN)
def test_chains_stay_in_the_law_given_what_each_knows(unit, known, beta):
    assert swept(unit, known(unit), beta)


@pytest.mark.parametrize("known", KNOWN.values(), ids=KNOWN)
def test_chains_stay_in_single_precision(known):
    assert swept(SPIN, known(SPIN), 1.0, np.float32)


@EACH_UNIT
@pytest.mark.parametrize(
    "known, spoil, run_beta",
    [
        ("free", forget_bias, 1.0),
        ("free", as_it_is, 1 / 1.2),
        ("hidden alone", stale, 1.0),
        ("hidden alone", as_it_is, 1.2),
        ("gaps", let_go, 1.0),
        ("gaps", forget_bias, 1.0),
        ("between", stale, 1.0),
    ],
)
def test_broken_chains_are_rejected(unit, known, spoil, run_beta):
    assert not swept(unit, KNOWN[known](unit), 1.0, spoil=spoil, run_beta=run_beta)


def test_values_taken_for_the_nearer_one_are_rejected():
    """A chain clamped to rounded values, judged by those that were given."""
    known = KNOWN["between"](BERNOULLI)[:1]
    params, oracle = machine(BERNOULLI)
    rng = np.random.default_rng(0)
    start = exact_states(oracle, known, 1.0, rng) > 0.5
    rows = np.repeat(np.round(known), N, axis=0)
    chains = pairwise_chains.from_states(BERNOULLI, params, rows, start, STREAM)
    chains = pairwise_chains.run(BERNOULLI, chains, [1.0] * 3)
    truth = np.repeat(known, N, axis=0)
    assert not is_right(oracle, known, pairwise_chains.filled(chains, truth), 1.0)


def test_chains_that_know_nothing_are_free_chains():
    params, _ = machine(SPIN)
    known = np.full((5, 7), NAN)
    is_high = np.random.default_rng(0).random((5, 7)) < 0.5
    state = np.where(is_high.T, 1.0, -1.0)
    one = pairwise_chains.free(params, np.ascontiguousarray(state), STREAM)
    two = pairwise_chains.from_states(SPIN, params, known, is_high, STREAM)
    one, two = (pairwise_chains.run(SPIN, c, [1.0, 0.5]) for c in (one, two))
    np.testing.assert_array_equal(one.state, two.state)
    np.testing.assert_array_equal(pairwise_chains.filled(one, known), one.visible)
    assert one.stream == two.stream


@EACH_UNIT
@DTYPES
@pytest.mark.parametrize("alike", [False, True])
def test_a_sweep_is_the_textbook_loop(unit, dtype, alike):
    """Dyadic parameters: fields are exact in both precisions."""
    params, _ = machine(unit)
    coupling, bias = (np.round(8 * a) / 8 for a in (params.coupling, params.units.bias))
    params = PairwiseParams(coupling.astype(dtype), Bias(bias.astype(dtype)))
    known = np.repeat(rows_with_gaps(unit), 3, axis=0)
    chains = pairwise_chains.init(unit, params, known.astype(dtype), STREAM, alike)
    before = pairwise_chains.filled(chains, known)
    after = pairwise_chains.filled(pairwise_chains.step(unit, chains, 0.5), known)
    shape = (7, 1) if alike else (7, len(known))
    noise, _ = chains.stream.draw(shape, dtype)
    for c, (row, s) in enumerate(zip(known, before, strict=True)):
        for i in np.flatnonzero(np.isnan(row)):
            field = bias[i] + sum(coupling[i, j] * s[j] for j in range(7))
            gap = 0.5 * unit.distance() * field
            s[i] = unit.high if gap > noise[i, 0 if alike else c] else unit.low
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("broken", [False, True])
def test_with_shared_noise_each_row_is_right(broken):
    """Over many keys each row of a batch has its own law, from exact starts."""
    n_keys, unit = 2000, SPIN
    params, oracle = machine(unit, scale=0.7)
    known = rows_with_gaps(unit)[[1, 3, 4]]
    start = exact_states(oracle, known, 1.0, np.random.default_rng(0), n_keys)
    start = start.reshape(len(known), n_keys, -1) > 0
    found = np.empty((len(known), n_keys, 7))
    for key in range(n_keys):
        stream = Stream((key, 0), Purpose.SAMPLE)
        chains = pairwise_chains.from_states(
            unit, params, known, start[:, key], stream
        )._replace(alike=True)
        chains = pairwise_chains.step(unit, chains, 0.7 if broken else 1.0)
        chains = pairwise_chains.step(unit, chains, 0.7 if broken else 1.0)
        found[:, key] = pairwise_chains.filled(chains, known)
    rows = found.reshape(-1, 7)
    assert is_right(oracle, known, rows, 1.0) is not broken


def test_with_shared_noise_rows_do_not_see_their_mates():
    params, _ = machine(BERNOULLI)
    known = rows_with_gaps(BERNOULLI)[:8]

    def run(rows):
        chains = pairwise_chains.init(BERNOULLI, params, rows, STREAM, alike=True)
        chains = pairwise_chains.run(BERNOULLI, chains, np.linspace(0.1, 1, 20))
        return pairwise_chains.filled(chains, rows)

    together = run(known)
    for row, states in zip(known, together, strict=True):
        np.testing.assert_array_equal(run(row[None])[0], states)
    twice = run(np.repeat(known[1:2], 4, axis=0))
    assert (twice == twice[0]).all()


@pytest.mark.parametrize("alike", [False, True])
def test_chains_of_which_all_is_known_stand_still(alike):
    params, _ = machine(SPIN, n_hidden=0)
    known = np.array([[1.0, -1.0, 1.0, 0.5], [1.0, 1.0, 1.0, 1.0]])
    chains = pairwise_chains.init(SPIN, params, known, STREAM, alike)
    chains = pairwise_chains.run(SPIN, chains, [0.5, 1.0])
    np.testing.assert_array_equal(pairwise_chains.filled(chains, known), known)


@DTYPES
def test_known_units_hold_at_any_temperature(dtype):
    """An inverse temperature below the precision makes all thresholds infinite."""
    params, _ = machine(SPIN, dtype=dtype)
    known = rows_with_gaps(SPIN, dtype=dtype)
    chains = pairwise_chains.init(SPIN, params, known, STREAM)
    held = np.isinf(chains.bias)
    with np.errstate(over="ignore", divide="ignore"):
        after = pairwise_chains.step(
            SPIN, chains, 1e-42 if dtype == np.float32 else 1e-320
        )
    np.testing.assert_array_equal(after.state[held], chains.state[held])


def test_starts_are_drawn_by_their_own_biases():
    unit = TwoValuedUnit(-0.5, 2.0)
    params, oracle = machine(unit)
    alone = PairwiseOracle(np.zeros((7, 7)), oracle.bias, oracle.values)
    known = np.full((N, 7), NAN)
    chains = pairwise_chains.init(unit, params, known, STREAM)
    nothing = known[:1]
    assert is_right(alone, nothing, chains.visible, 1.0)
    assert not is_right(oracle, nothing, chains.visible, 1.0)
    free = pairwise_chains.init_free(unit, params, N, STREAM)
    np.testing.assert_array_equal(free.state, chains.state)


@EACH_UNIT
def test_field_means_are_conditionals(unit):
    params, oracle = machine(unit)
    known = rows_with_gaps(unit)
    chains = pairwise_chains.init(unit, params, known, STREAM)
    found = pairwise_chains.field_means(unit, chains)
    full = pairwise_chains.filled(chains, known)
    for row, s, means in zip(known, full, found, strict=True):
        for mean, i in zip(means, chains.places, strict=True):
            if np.isnan(row[i]):
                given = s.copy()
                given[i] = NAN
                assert np.isclose(mean, oracle.moments(given)[0][i], atol=1e-12)


def test_reclamping_changes_what_is_known_and_nothing_else():
    params, _ = machine(BERNOULLI)
    known = rows_with_gaps(BERNOULLI)[[0, 1]]
    other = np.where(np.isnan(known), known, 1 - known)
    chains = pairwise_chains.init(BERNOULLI, params, known, STREAM)
    moved = pairwise_chains.reclamped(BERNOULLI, params, other, chains)
    fresh = pairwise_chains.init(BERNOULLI, params, other, STREAM)
    np.testing.assert_array_equal(moved.bias, fresh.bias)
    free = np.isnan(known[:, chains.places]).T
    np.testing.assert_array_equal(moved.state[free], chains.state[free])
    after = pairwise_chains.step(BERNOULLI, moved)
    states = pairwise_chains.filled(after, other)
    np.testing.assert_array_equal(states[~np.isnan(other)], other[~np.isnan(other)])
