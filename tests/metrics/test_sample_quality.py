"""Scores of samples against loops, enumerated expectations and hand examples."""

import itertools
import math
import statistics

import numpy as np
import pytest
from judges import ALPHA
from scipy.special import comb

from skboltz.metrics import _sample_moments, _sample_quality
from skboltz.metrics._sample_moments import _third_cumulants, _triples, moment_errors
from skboltz.metrics._sample_quality import (
    _cut_to_equal,
    _halves,
    adversarial_accuracy,
    mmd,
    sample_quality,
)

pytestmark = pytest.mark.no_kernel

RNG = np.random.default_rng(0)
BINARY = tuple(RNG.integers(0, 2, (n, 5)).astype(float) for n in (7, 8, 9))
REAL = tuple(100 + RNG.normal(size=(n, 4)) for n in (6, 7, 8))
BETWEEN = tuple(RNG.random((n, 3)) for n in (8, 6, 5))
SETS = [BINARY, REAL, BETWEEN]
each_kind = pytest.mark.parametrize("sets", SETS, ids=["binary", "real", "between"])

# Oracles: loops over rows and features ---------------------------------------------


def moments_by_loop(rows, order):
    n, d = len(rows), len(rows[0])
    mean = [sum(row[i] for row in rows) / n for i in range(d)]
    if order == 1:
        return mean
    divisor = n - 1 if order == 2 else (n - 1) * (n - 2) / n
    return [
        sum(math.prod(row[i] - mean[i] for i in term) for row in rows) / divisor
        for term in itertools.combinations(range(d), order)
    ]


def rms_by_loop(a, b):
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / len(a))


def kernel(x, y, bandwidth):
    return math.exp(-(math.dist(x, y) ** 2) / (2 * bandwidth**2))


def mmd_by_loop(s, t, bandwidth, biased=False):
    """Eq. 3 of Gretton et al. 2012; eq. 5, the V-statistic, if biased."""

    def within(rows):
        n = len(rows)
        pairs = [(i, j) for i in range(n) for j in range(n) if biased or i != j]
        return sum(kernel(rows[i], rows[j], bandwidth) for i, j in pairs) / len(pairs)

    across = sum(kernel(x, y, bandwidth) for x in s for y in t) / (len(s) * len(t))
    return within(s) + within(t) - 2 * across


def adversary_by_loop(s, t, tie=0.5):
    """(accuracy, of held-out rows, of samples); exact for dyadic values."""

    def half(rows, others):
        total = 0.0
        for i, row in enumerate(rows):
            across = min(math.dist(row, x) for x in others)
            own = min(math.dist(row, x) for j, x in enumerate(rows) if j != i)
            total += tie if across == own else float(across > own)
        return total / len(rows)

    of_t, of_s = half(t, s), half(s, t)
    return (of_t + of_s) / 2, of_t, of_s


def draws(states, probability, n):
    """Every sequence of n states, with its probability."""
    for numbers in itertools.product(range(len(states)), repeat=n):
        rows = [states[number] for number in numbers]
        yield rows, math.prod(probability[number] for number in numbers)


def expectation(score, states, p, n_s, n_t, q=None):
    """Mean of a score(samples, held_out) over all samples from p, data from q."""
    return sum(
        weight_s * weight_t * score(s, t)
        for s, weight_s in draws(states, p, n_s)
        for t, weight_t in draws(states, p if q is None else q, n_t)
    )


# Moments ----------------------------------------------------------------------------


@each_kind
@pytest.mark.parametrize("order", [1, 2, 3])
def test_moment_errors_by_loop(sets, order):
    s, t, r = sets
    found = moment_errors(s, t, order=order, reference=r)
    moments = [moments_by_loop(x.tolist(), order) for x in sets]
    assert found.n_terms == len(moments[0]) == math.comb(s.shape[1], order)
    for i, of in ((0, "value"), (2, "baseline")):
        rms = rms_by_loop(moments[i], moments[1])
        assert getattr(found.rms, of) == pytest.approx(rms, rel=1e-9, abs=1e-12)
        if len(moments[0]) > 1:  # not the single triple of three features
            correlation = statistics.correlation(moments[i], moments[1])
            assert getattr(found.correlation, of) == pytest.approx(correlation)


def test_means_by_hand():
    errors = moment_errors([[0, 1], [1, 1]], [[0, 0], [0, 0]], order=1)
    assert errors.rms.value == math.sqrt((0.5**2 + 1) / 2)
    assert math.isnan(errors.correlation.value)  # the data have equal means


def test_parity_is_seen_by_triples_only():
    """Rows of even parity: no covariance, third cumulant -1/3; all rows: 0."""
    every = list(itertools.product((0, 1), repeat=3))
    even = [row for row in every if sum(row) % 2 == 0]
    rms = [moment_errors(every, even, order=k).rms.value for k in (1, 2, 3)]
    np.testing.assert_allclose(rms, [0, 0, 1 / 3], atol=1e-15)


def test_perfect_and_reversed_correlation():
    t = np.array([[0, 0, 0], [1, 2, 5]])
    assert moment_errors(3 * t, t, order=1).correlation.value == pytest.approx(1)
    assert moment_errors(-t, t, order=1).correlation.value == pytest.approx(-1)


def test_third_cumulants_are_unbiased():
    """Over all draws of 3 rows; the plain mean of the products is not."""
    states, p = [(0, 0, 0), (1, 1, 1)], (0.8, 0.2)
    truth = 0.2 * 0.8 * (0.8 - 0.2)  # third central moment of one bit
    triple = np.array([[0], [1], [2]])
    average = sum(
        weight * _third_cumulants(np.array(rows, dtype=float), triple)[0]
        for rows, weight in draws(states, p, 3)
    )
    assert math.isclose(average, truth, rel_tol=1e-12)
    assert abs(average * 2 / 9 - truth) > 0.05  # 1/n in place of n/((n-1)(n-2))


def test_a_constant_feature_has_moments_of_exactly_zero():
    rows = np.column_stack([np.full(7, 0.1), np.full(7, 0.7), np.full(7, 0.3)])
    for order in (2, 3):
        errors = moment_errors(rows, rows[:5], order=order)
        assert errors.rms.value == 0
        assert math.isnan(errors.correlation.value)


def test_moments_of_data_with_a_large_offset():
    s, t, _ = REAL
    for order in (2, 3):
        near = moment_errors(s - 100, t - 100, order=order).rms.value
        far = moment_errors(s + 1e6, t + 1e6, order=order).rms.value
        assert far == pytest.approx(near, rel=1e-7)  # 1e6 eps / spread = 2e-10


@pytest.mark.parametrize("n_features", [3, 4, 9])
def test_all_triples_if_they_are_few(n_features):
    triples = _triples(n_features, 10_000, None)
    every = set(itertools.combinations(range(n_features), 3))
    assert triples.shape == (3, len(every))
    assert set(map(tuple, triples.T.tolist())) == every


@pytest.mark.parametrize("n_features", [5, 60, 5000])
def test_drawn_triples_are_distinct_ordered_and_repeatable(n_features):
    triples = _triples(n_features, 9, 3)
    assert triples.shape == (3, 9)
    assert len(set(map(tuple, triples.T.tolist()))) == 9
    assert (np.diff(triples, axis=0) > 0).all()
    assert triples.min() >= 0
    assert triples.max() < n_features
    np.testing.assert_array_equal(triples, _triples(n_features, 9, 3))
    assert (triples != _triples(n_features, 9, 4)).any()


def test_every_triple_is_drawn_equally_often():
    """3 of the 10 triples of 5 features: each in a share 0.3 of draws (Hoeffding)."""
    n_draws, rng = 2000, np.random.RandomState(0)
    counts = np.zeros((5, 5, 5))
    for _ in range(n_draws):
        np.add.at(counts, tuple(_triples(5, 3, rng)), 1)
    shares = counts[tuple(_triples(5, 10, None))] / n_draws
    bound = math.sqrt(math.log(2 * 10 / ALPHA) / (2 * n_draws))
    assert abs(shares - 0.3).max() < bound


def test_drawn_triples_serve_all_sets():
    rows = np.random.default_rng(0).random((10, 20))
    errors = moment_errors(rows, rows, order=3, reference=rows, max_terms=7)
    assert errors.n_terms == 7
    assert errors.rms == (0, 0)
    assert errors.correlation == pytest.approx((1, 1))


# Maximum mean discrepancy -----------------------------------------------------------


@each_kind
def test_mmd_by_loop(sets):
    s, t, r = (x.tolist() for x in sets)
    found = mmd(s, t, bandwidth=0.8, reference=r)
    assert found.bandwidth == 0.8
    assert found.squared.value == pytest.approx(mmd_by_loop(s, t, 0.8), abs=1e-11)
    assert found.squared.baseline == pytest.approx(mmd_by_loop(r, t, 0.8), abs=1e-11)


STATES, P, Q = [(0, 0), (0, 1), (1, 1)], (0.5, 0.3, 0.2), (0.1, 0.2, 0.7)


def test_mmd_is_zero_in_expectation_for_equal_distributions():
    """Over all samples, so to rounding; the V-statistic is off by its bias.

    The V-statistic adds (1 - E k(x, x')) / n for each set, x and x' independent.
    """
    value = expectation(
        lambda s, t: mmd(s, t, bandwidth=1.0).squared.value, STATES, P, 3, 2
    )
    assert abs(value) < 1e-12
    biased = expectation(
        lambda s, t: mmd_by_loop(s, t, 1.0, biased=True), STATES, P, 3, 2
    )
    mean = sum(
        p * q * kernel(x, y, 1.0)
        for x, p in zip(STATES, P, strict=True)
        for y, q in zip(STATES, P, strict=True)
    )
    assert biased == pytest.approx((1 - mean) * (1 / 3 + 1 / 2))
    assert biased > 0.1


def test_mmd_is_that_of_the_distributions_in_expectation():
    gram = np.array([[kernel(x, y, 1.0) for y in STATES] for x in STATES])
    difference = np.subtract(P, Q)
    truth = difference @ gram @ difference
    value = expectation(
        lambda s, t: mmd(s, t, bandwidth=1.0).squared.value, STATES, P, 2, 3, q=Q
    )
    assert truth > 0.1
    assert math.isclose(value, truth, rel_tol=1e-10)


def test_mmd_keeps_the_bound_of_gretton():
    """P(|MMD^2_u - MMD^2| > t) <= 2 exp(-t^2 floor(n/2) / 8), theorem 10 with K = 1."""
    rng, n = np.random.default_rng(0), 1600
    bound = math.sqrt(8 * math.log(2 / ALPHA) / (n // 2))
    s, t = rng.integers(0, 2, (2, n, 10))
    found = mmd(s, t, reference=s + 10, random_state=0)
    assert abs(found.squared.value) < bound < found.squared.baseline


def test_the_default_bandwidth_is_the_median_distance_of_held_out_rows():
    assert mmd([[5], [9]], [[0], [1], [3]]).bandwidth == 2
    t = REAL[1]
    distances = [math.dist(x, y) for x, y in itertools.combinations(t.tolist(), 2)]
    assert mmd(REAL[0], t).bandwidth == pytest.approx(statistics.median(distances))


def test_a_median_of_zero_gives_way_to_the_distances_above_zero():
    assert mmd([[0], [1]], [[0]] * 9 + [[2]]).bandwidth == 2


def test_the_bandwidth_of_many_rows_comes_from_some_of_them():
    t = np.random.default_rng(0).random((1500, 2))
    found = [mmd(t[:9], t, random_state=seed).bandwidth for seed in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    distances = np.sqrt(((t[:, None] - t) ** 2).sum(axis=2))
    # A share of pairs of 1000 rows is off by sqrt(log(2 / ALPHA) / (2 * 500)) = 0.12
    # at most (Hoeffding for U-statistics), so the median lies within these quantiles.
    margin = math.sqrt(math.log(2 / ALPHA) / 1000)
    low, high = np.quantile(distances, [0.5 - margin, 0.5 + margin])
    assert low < found[0] < high


def test_a_narrow_kernel_leaves_only_equal_rows():
    """Offsets and small bandwidths do not leak rounding into the kernel."""
    s = 1e6 + np.array([[0.0], [1.0], [2.0]])
    assert mmd(s, s[:2], bandwidth=1e-3).squared.value == pytest.approx(-2 * 2 / 6)


# Adversarial accuracy ---------------------------------------------------------------


@pytest.mark.parametrize("n, n_features, levels", [(2, 1, 2), (9, 3, 2), (12, 4, 5)])
def test_adversarial_accuracy_by_loop(n, n_features, levels):
    rng = np.random.default_rng(n)
    for _ in range(20):
        s, t, r = rng.integers(0, levels, (3, n, n_features)) / 4
        found = adversarial_accuracy(s, t, reference=r)
        for of, rows in (("value", s), ("baseline", r)):
            truth = adversary_by_loop(rows.tolist(), t.tolist())
            assert [getattr(part, of) for part in found] == pytest.approx(truth)


def test_halves_tell_which_set_was_missed():
    """Samples collapsed on one of two clusters of data."""
    t = [[0], [2], [100], [103]]
    s = [[0.125], [0.25], [0.375], [0.5]]
    found = adversarial_accuracy(s, t)
    assert found.of_held_out.value == 2 / 4  # of the rows at 100 and 103
    assert found.of_samples.value == 7 / 8  # 0.125 ties: 0 and 0.25 are as near
    assert found.accuracy.value == 11 / 16


@pytest.mark.parametrize("offset", [0, 1e6])
@pytest.mark.parametrize("decimals", [1, 16])
def test_copies_score_zero_and_distant_sets_one(offset, decimals):
    rng = np.random.default_rng(0)
    t = offset + np.unique(rng.random((60, 5)).round(decimals), axis=0)
    found = adversarial_accuracy(rng.permutation(t), t, reference=t + 50)
    assert found == ((0, 1),) * 3


def test_copies_of_rows_that_data_repeat_are_ties():
    rows = [[0, 1], [0, 1], [1, 1], [1, 1]]
    assert adversarial_accuracy(rows, rows).accuracy.value == 0.5


def bias_of_ties(rows, row):
    """C(n-1, K-1) / C(2n-1, K) / 2 for one row among the 2n - 1 others."""
    n = (len(rows) + 1) // 2
    distances = [math.dist(row, x) for x in rows]
    k = distances.count(min(distances))
    return comb(n - 1, k - 1) / comb(2 * n - 1, k) / 2


@pytest.mark.parametrize(
    "states, p, n",
    [
        ([(0,), (1,)], (0.7, 0.3), 4),
        ([(0, 0), (0, 1), (1, 1)], P, 3),
        ([(0,), (1,), (4,), (13,), (40,)], (0.2,) * 5, 2),
    ],
)
def test_ties_counted_half_give_one_half_in_expectation(states, p, n):
    """Over all samples: below 1/2 by at most 1/(4n - 2), and by what the docs say."""
    value = expectation(
        lambda s, t: adversarial_accuracy(s, t).accuracy.value, states, p, n, n
    )
    bias = sum(
        weight * bias_of_ties(rows[1:], rows[0])
        for rows, weight in draws(states, p, 2 * n)
    )
    assert math.isclose(value, 0.5 - bias, rel_tol=1e-12)
    assert 0 < bias <= 1 / (4 * n - 2) + 1e-12
    for wrong in (0.0, 1.0):
        broken = expectation(
            lambda s, t, tie=wrong: adversary_by_loop(s, t, tie)[0], states, p, n, n
        )
        assert abs(broken - (0.5 - bias)) > 0.05


def test_binary_data_score_one_half_on_average():
    """Hoeffding: R scores in [0, 1] average to within sqrt(log(2 / ALPHA) / 2 R)."""
    rng, n, n_sets = np.random.default_rng(0), 20, 1000
    pairs = rng.integers(0, 2, (n_sets, 2, n, 6))
    found = np.mean([adversarial_accuracy(s, t).accuracy.value for s, t in pairs])
    bound = math.sqrt(math.log(2 / ALPHA) / (2 * n_sets))
    assert -bound - 1 / (4 * n - 2) < found - 0.5 < bound
    some = pairs[:100].tolist()  # the wrong rules miss by more than 0.2
    strict = np.mean([adversary_by_loop(s, t, tie=0.0)[0] for s, t in some])
    lenient = np.mean([adversary_by_loop(s, t, tie=1.0)[0] for s, t in some])
    assert strict < 0.5 - bound - 1 / (4 * n - 2)
    assert lenient > 0.5 + bound


def test_the_larger_sets_are_cut_to_the_smallest():
    rows = np.random.default_rng(0).random((60, 2))
    sets = (rows[:10], rows[10:30], rows[30:])
    cut = _cut_to_equal(sets, np.random.RandomState(0))
    for whole, part in zip(sets, cut, strict=True):
        drawn = set(map(tuple, part.tolist()))  # distinct: without replacement
        assert len(part) == len(drawn) == 10
        assert drawn <= set(map(tuple, whole.tolist()))
    s, t, r = sets
    found = [adversarial_accuracy(s, t, reference=r, random_state=i) for i in (0, 0, 1)]
    assert found[0] == found[1] != found[2]
    assert found[0] == adversarial_accuracy(cut[0], cut[1], reference=cut[2])
    uncut = adversary_by_loop(s.tolist(), t.tolist())
    assert found[0].accuracy.value != pytest.approx(uncut[0])


# All scores -------------------------------------------------------------------------


def every_score(s, t, r):
    """All numbers of all scores; equal sizes, so that nothing is drawn."""
    found = sample_quality(s, t, r)
    parts = [*found.means, *found.covariances, *found.third_cumulants, *found.mmd]
    parts += found.adversarial_accuracy
    return np.concatenate([np.atleast_1d(part) for part in parts])


@each_kind
def test_scores_do_not_depend_on_the_order_of_rows_or_features(sets):
    s, t, r = (x[:5] for x in sets)
    truth = every_score(s, t, r)
    rng = np.random.default_rng(0)
    for _ in range(5):
        mixed = [rng.permutation(x) for x in (s, t, r)]
        np.testing.assert_allclose(every_score(*mixed), truth, atol=1e-12)
        features = rng.permutation(s.shape[1])
        mixed = [x[:, features] for x in (s, t, r)]
        np.testing.assert_allclose(every_score(*mixed), truth, atol=1e-12)


def test_ties_of_values_that_round_do_not_depend_on_the_order_of_features():
    rng = np.random.default_rng(0)
    s, t = rng.integers(0, 3, (2, 60, 7)) / 10 + 3.3
    truth = adversarial_accuracy(s, t)
    assert truth == adversarial_accuracy((s - 3.3).round(1) * 10, (t - 3.3) * 10)
    for _ in range(5):
        features = rng.permutation(7)
        assert adversarial_accuracy(s[:, features], t[:, features]) == truth


def test_blocks_change_nothing(monkeypatch):
    s, t, r = np.random.default_rng(0).integers(0, 2, (3, 23, 6))
    truth = every_score(s, t, r)
    for block in (1, 50, 100):
        monkeypatch.setattr(_sample_quality, "_BLOCK", block)
        monkeypatch.setattr(_sample_moments, "_BLOCK", block)
        np.testing.assert_allclose(every_score(s, t, r), truth, atol=1e-13)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_types_of_data_change_nothing(dtype):
    s, t, r = (x[:7] for x in BINARY)
    found = every_score(*(x.astype(dtype) for x in (s, t, r)))
    np.testing.assert_array_equal(found, every_score(s, t, r))


def test_sets_are_left_as_they_were():
    sets = [x.copy() for x in REAL]
    sample_quality(*sets)
    for x, before in zip(sets, REAL, strict=True):
        np.testing.assert_array_equal(x, before)


def test_scores_are_those_of_the_functions_alone():
    s, t, r = (x[:6] for x in REAL)
    found = sample_quality(s, t, r)
    assert found.means == moment_errors(s, t, order=1, reference=r)
    assert found.covariances == moment_errors(s, t, order=2, reference=r)
    assert found.third_cumulants == moment_errors(s, t, order=3, reference=r)
    assert found.mmd == mmd(s, t, reference=r)
    assert found.adversarial_accuracy == adversarial_accuracy(s, t, reference=r)
    assert found.n_rows == 6


def test_perfect_samples_have_the_scores_of_the_baseline():
    s, t, _ = (x[:6] for x in REAL)
    quality = sample_quality(s, t, s)
    for errors in quality[:3]:
        assert errors.rms.value == errors.rms.baseline
    assert quality.mmd.squared.value == quality.mmd.squared.baseline
    for part in quality.adversarial_accuracy:
        assert part.value == part.baseline


def test_without_reference_the_baseline_is_one_half_against_the_other():
    rows = np.arange(13.0)[:, None]
    first, second = _halves(rows, np.random.RandomState(0))
    assert len(first) == len(second) == 6
    assert len({*first[:, 0], *second[:, 0]}) == 12
    found = sample_quality(rows + 100, rows, random_state=0)
    assert found.n_rows == 6
    assert found.adversarial_accuracy.accuracy.value == 1
    assert found.means.rms.baseline <= 7 < found.means.rms.value
    assert sample_quality(rows[:4], rows, random_state=0).n_rows == 4
    assert sample_quality(rows, rows, rows[:5], random_state=0).n_rows == 5


def test_the_draws_follow_random_state():
    s, t = np.random.default_rng(0).random((2, 30, 45))  # more triples than max_terms
    first, again, other = (sample_quality(s, t, random_state=i) for i in (0, 0, 1))
    assert first == again
    assert first != other
    assert first.third_cumulants.n_terms == 10_000
    fewer = sample_quality(s, t, max_terms=11, bandwidth=3.0, random_state=0)
    assert fewer.third_cumulants.n_terms == 11
    assert fewer.mmd.bandwidth == 3


def test_lost_dependence_shows_beside_the_baseline():
    """Features shuffled one by one keep their means and lose their covariances.

    The data are four bits, each twice: 4 of 28 covariances are 1/4, the others 0.
    A covariance of n bits has a standard deviation of at most 1 / (4 sqrt(n)), the
    difference of two sets sqrt(2) times that; 6 of them are never passed.
    """
    rng, n = np.random.default_rng(0), 400
    rows = np.repeat(rng.integers(0, 2, (3 * n, 4)), 2, axis=1)
    s = np.column_stack([rng.permutation(column) for column in rows[:n].T])
    found = sample_quality(s, rows[n : 2 * n], rows[2 * n :], random_state=0)
    noise = 6 * math.sqrt(2) / (4 * math.sqrt(n))
    assert found.means.rms.value < 2 * noise  # of bits: twice as large
    assert found.covariances.rms.baseline < noise
    assert found.covariances.rms.value > (0.25 - noise) * math.sqrt(4 / 28)
    assert found.covariances.correlation.value < found.covariances.correlation.baseline
    # Each of the 16 states is in every data set more than once: nothing but ties.
    # Of the samples 15/16 are in no data; they tie or are nearer to one another.
    assert found.adversarial_accuracy.accuracy.baseline == 0.5
    assert found.adversarial_accuracy.of_samples.value > 0.5
    assert found.adversarial_accuracy.of_held_out.value >= 0.5


def test_moments_that_do_not_exist_are_none():
    rows = np.random.default_rng(0).random((6, 2))
    assert sample_quality(rows, rows, rows).third_cumulants is None
    found = sample_quality(rows[:, :1], rows[:, :1], rows[:, :1])
    assert found.covariances is None
    assert found.means.n_terms == 1


# Bad input --------------------------------------------------------------------------

T = np.arange(12.0).reshape(6, 2) % 5
SCORES = [
    pytest.param(lambda *sets: moment_errors(*sets, order=1), id="moments"),
    pytest.param(mmd, id="mmd"),
    pytest.param(adversarial_accuracy, id="adversary"),
    pytest.param(sample_quality, id="all"),
]


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite(score, bad):
    rows = T.copy()
    rows[1, 1] = bad
    with pytest.raises(ValueError, match="samples contains NaN or infinity; impute"):
        score(rows, T)
    with pytest.raises(ValueError, match="held_out contains NaN or infinity; impute"):
        score(T, rows)


@pytest.mark.parametrize("score", SCORES)
def test_sets_that_do_not_fit(score):
    with pytest.raises(ValueError, match="samples has 1 features, but held_out has 2"):
        score(T[:, :1], T)
    with pytest.raises(ValueError, match=r"samples has 1 row\(s\), but at least [23]"):
        score(T[:1], T)
    with pytest.raises(ValueError, match=r"held_out has 1 row\(s\), but at least [23]"):
        score(T, T[:1])
    for wrong in (T[0], T[None], T[:, :0], 3.0, None):
        with pytest.raises(ValueError, match="samples has shape .* 2-dimensional"):
            score(wrong, T)
    with pytest.raises(ValueError, match="held_out has shape"):
        score(T, T[0])


def test_a_reference_that_does_not_fit():
    for score in (mmd, adversarial_accuracy):
        with pytest.raises(ValueError, match="reference has 1 features"):
            score(T, T, reference=T[:, :1])
        with pytest.raises(ValueError, match=r"reference has 1 row\(s\)"):
            score(T, T, reference=T[:1])
    with pytest.raises(ValueError, match="reference contains NaN"):
        sample_quality(T, T, T * np.nan)


@pytest.mark.parametrize("order", [0, 4, "2", None])
def test_an_order_that_does_not_exist(order):
    with pytest.raises(ValueError, match="order must be 1, 2 or 3, found"):
        moment_errors(T, T, order=order)


def test_too_few_features_or_rows_for_the_order():
    with pytest.raises(ValueError, match=r"order is 3, but held_out has 2 feature"):
        moment_errors(T, T, order=3)
    rows = np.eye(3)
    with pytest.raises(ValueError, match=r"samples has 2 row\(s\), but at least 3"):
        moment_errors(rows[:2], rows, order=3)


@pytest.mark.parametrize("max_terms", [0, -1, 2.5, "all"])
def test_a_number_of_terms_that_is_none(max_terms):
    with pytest.raises(ValueError, match="max_terms must be an integer >= 1, found"):
        moment_errors(T, T, order=1, max_terms=max_terms)


@pytest.mark.parametrize("bandwidth", [0, -1.0, np.nan, np.inf, "median"])
def test_a_bandwidth_that_is_none(bandwidth):
    with pytest.raises(ValueError, match="bandwidth must be positive and finite"):
        mmd(T, T, bandwidth=bandwidth)


def test_equal_rows_set_no_bandwidth():
    with pytest.raises(ValueError, match="equal rows only.*pass a positive bandwidth"):
        mmd(T, np.ones((3, 2)))
    assert mmd(T, np.ones((3, 2)), bandwidth=1.0).squared.value > 0
    found = sample_quality(T, np.ones((6, 2)), bandwidth=1.0, random_state=0)
    assert found.mmd.squared.baseline == 0


def test_too_few_rows_for_two_halves():
    with pytest.raises(ValueError, match="held_out has 5 rows, but without reference"):
        sample_quality(T, T[:5])
