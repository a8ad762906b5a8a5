"""What a reader found who attacked the house of columns with sums of his own.

Weights with which no Z exists were answered: annealing gave 6e47 nats, and means of
missing values of 5e44 came without a warning.  Where entries were absent, rows without
any real value could not be enumerated beside rows that had some.  More than a thousand
bits beside one real value were too many to be counted even as "too many".  A group of
eight columns or more, drawn by itself, was all 0 where its uniform number was next to
1.  Counts of rates beyond 1e8 fell short of their upper tail by up to half a deviation.
Of a count of -1.5, or of 4.5 successes in 3 trials, energies were finite, and a bare
logarithm of the gamma function.  Of two real layers near the edge of what has a Z,
chains moved so slowly that all agreed on where they had begun: means of missing values
were off by 0.8 deviations without a warning.
"""

import itertools
import math
import warnings

import numpy as np
import pytest
from scipy.special import ndtri

from skboltz import UnreliableEstimateWarning
from skboltz.estimators.questions._fitted import Fitted
from skboltz.estimators.questions._samples import check_strategy, imputed
from skboltz.learning import (
    Batch,
    Enumeration,
    Gradient,
    GradientAscent,
    HiddenMeans,
    SparsityTarget,
    TwoPhaseLearner,
    WeightDecay,
)
from skboltz.likelihood import (
    Effort,
    conditional_means,
    estimate_log_partition,
    is_tractable,
    marginal_free_energy,
)
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Langevin
from skboltz.units import (
    BERNOULLI,
    GAUSSIAN,
    POISSON,
    RECTIFIED,
    STANDARD_GAUSSIAN,
    Bias,
    BinomialUnit,
    CategoricalGroups,
    Columns,
    GaussianParams,
)

# Weights without a Z --------------------------------------------------------------


def _triple(weight, bias):
    """Two real units below one, a row that knows the second, and the mean of the first.

    By the precision [[1, -w], [-w, 1]] of what is left.
    """
    weights, own = np.array([[weight, 0.01]]), Bias(np.array([bias, 0.3]))
    params = BipartiteParams(weights, own, Bias(np.array([0.2])))
    model = Bipartite(STANDARD_GAUSSIAN, STANDARD_GAUSSIAN)
    precision = np.array([[1, -weight], [-weight, 1]])
    covariance = np.linalg.inv(precision)
    mean = covariance @ [bias, 0.2 + 0.01]
    row = np.array([[np.nan, 1.0]])
    return model, params, row, mean[0], np.sqrt(covariance[0, 0])


@pytest.mark.parametrize("question", [conditional_means, marginal_free_energy])
@pytest.mark.parametrize("weight", [-0.99, 0.9, 0.99])
def test_rows_of_which_chains_move_too_slowly_are_doubted(question, weight):
    model, params, row, *_ = _triple(weight, -2.0)
    with pytest.warns(UnreliableEstimateWarning, match="In 1 of 1 rows"):
        question(model, params, row)


@pytest.mark.parametrize("weight", [-0.8, 0.3, 0.8])
def test_rows_of_which_chains_move_are_right_without_a_word(weight):
    model, params, row, mean, deviation = _triple(weight, -2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (found, *_), _ = conditional_means(model, params, row)
    assert abs(found[0] - mean) < 0.4 * deviation


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_a_number_of_trials_is_an_integer_from_1_on(n):
    with pytest.raises(ValueError, match="n must be an integer"):
        BinomialUnit(n)


def _pair(visible, hidden, weight):
    params = BipartiteParams(np.array([[weight]]), Bias(np.zeros(1)), Bias(np.zeros(1)))
    return Bipartite(visible, hidden), params


QUESTIONS = {
    "log Z by the bridge": lambda *at: estimate_log_partition(*at, method="bridge"),
    "log Z by annealing": lambda *at: estimate_log_partition(*at, method="ais"),
    "free energy": lambda *at: marginal_free_energy(*at, np.array([[np.nan]])),
    "means": lambda *at: conditional_means(*at, np.array([[np.nan]])),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("hidden", [STANDARD_GAUSSIAN, RECTIFIED])
def test_weights_with_which_z_is_infinite_are_refused(hidden, question):
    model, params = _pair(STANDARD_GAUSSIAN, hidden, 1.2)
    with pytest.raises(ValueError, match="norm 1.2, which must be below 1"):
        question(model, params)


def test_weights_made_smaller_as_the_refusal_says_have_a_z():
    model, params = _pair(STANDARD_GAUSSIAN, STANDARD_GAUSSIAN, -1.2)
    model.restrain(params)
    w = params.weights[0, 0]
    effort = Effort(betas=1000, n_chains=100)
    found, reasons = estimate_log_partition(model, params, effort=effort)
    # The precision is [[1, -w], [-w, 1]].
    exact = math.log(2 * math.pi) - 0.5 * math.log(1 - w**2)
    assert not reasons
    assert abs(found.value - exact) < 4 * found.standard_error


# Absent entries, of columns with more parameters than others ----------------------


def _log_likelihood(weights, bias, log_variance, c, rows, mask):
    """Mean of log P over rows of a bit, a real value and a bit, by loops."""
    total = 0.0
    for x, there in zip(rows, mask, strict=True):
        log_weights = {}
        for bits in itertools.product((0, 1), repeat=len(weights)):
            energy = -sum(h * cj for h, cj in zip(bits, c, strict=True))
            log_z, own = -energy, -energy
            for i in np.flatnonzero(there):
                input = sum(h * w for h, w in zip(bits, weights[:, i], strict=True))
                if i == 1:
                    s2 = math.exp(log_variance)
                    own += input * x[i] / s2 - (x[i] - bias[i]) ** 2 / (2 * s2)
                    log_z += 0.5 * math.log(2 * math.pi * s2)
                    log_z += ((bias[i] + input) ** 2 - bias[i] ** 2) / (2 * s2)
                else:
                    own += (bias[i] + input) * x[i]
                    log_z += math.log1p(math.exp(bias[i] + input))
            log_weights[bits] = own, log_z
        own, log_z = zip(*log_weights.values(), strict=True)
        total += math.log(sum(map(math.exp, own)) / sum(map(math.exp, log_z)))
    return total / len(rows)


def test_the_gradient_of_rows_without_any_of_the_real_columns():
    rng = np.random.default_rng(0)
    weights, bias, c = rng.normal(size=(2, 3)), rng.normal(size=3), rng.normal(size=2)
    log_variance = np.array([0.0, 0.4, 0.0])
    unit = Columns(((BERNOULLI, 1), (GAUSSIAN, 1), (BERNOULLI, 1)))
    model = Bipartite(unit, BERNOULLI)
    params = BipartiteParams(weights, GaussianParams(bias, log_variance), Bias(c))
    rows = np.array([[1, 0.7, 0], [0, 0, 1.0], [0, -0.3, 0], [0, 0, 0]])
    mask = np.array([[1, 1, 1], [1, 0, 1], [0, 1, 0], [0, 0, 0]], bool)
    parts = TwoPhaseLearner(
        model,
        HiddenMeans(),
        Enumeration(),
        Gradient(),
        GradientAscent(),
        WeightDecay(),
        SparsityTarget(),
        batch_size=4,
    )
    state = parts.copy(parts.init(params, rows.mean(axis=0), (1, 2)))
    after, _ = parts.update(state, Batch(rows, mask), 1.0)
    before = params.arrays()
    places = [(k, i) for k, a in enumerate(before) for i in np.ndindex(a.shape)]
    for k, i in places:
        if k == 2 and i != (1,):
            continue  # a bit has no variance
        ends = []
        for step in (1e-5, -1e-5):
            moved = [a.copy() for a in (weights, bias, log_variance, c)]
            moved[k][i] += step
            moved[2] = moved[2][1]
            ends.append(_log_likelihood(*moved, rows, mask))
        slope = (ends[0] - ends[1]) / 2e-5
        change = after.params.arrays()[k][i] - before[k][i]
        assert change == pytest.approx(slope, abs=1e-8), (k, i)
    assert (after.params.visible.log_variance[[0, 2]] == 0).all()


# Counting, and the ends of laws ---------------------------------------------------


def test_bits_without_number_beside_a_real_value_are_too_many_to_enumerate():
    unit = Columns(((BERNOULLI, 2000), (STANDARD_GAUSSIAN, 1)))
    assert unit.n_states(2001) == math.inf
    hidden = 40
    params = BipartiteParams(
        np.zeros((hidden, 2001)), Bias(np.zeros(2001)), Bias(np.zeros(hidden))
    )
    assert not is_tractable(Bipartite(unit, BERNOULLI), params)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [2, 8, 9, 100, 1000])
def test_one_column_of_a_group_is_on_whatever_the_noise(size, dtype):
    unit, params = CategoricalGroups(size), Bias(np.zeros(size, dtype))
    for seed in range(40):
        field = np.random.default_rng(seed).normal(size=(1, size)).astype(dtype)
        for odds in (np.finfo(dtype).max, np.finfo(dtype).tiny):
            drawn = unit.sample(params, field, np.full((1, size), odds, dtype))
            assert drawn.sum() == 1


@pytest.mark.parametrize("rate", [1e5, 1e8, 1e10, 1e13])
def test_tails_of_huge_counts_are_those_of_their_normal_law(rate):
    """By Cornish and Fisher's first term, which is right to a thousandth there."""
    tail = np.array([0.1, 1e-6, 1e-10, 1e-15])
    z, params = -ndtri(tail), Bias(np.zeros(4))
    field = np.full((1, 4), np.log(rate))
    deviation = np.sqrt(rate)
    for sign, odds in ((1, (1 - tail) / tail), (-1, tail / (1 - tail))):
        drawn = POISSON.sample(params, field, odds[None])[0]
        expected = np.exp(field[0]) + sign * deviation * z + (z * z - 1) / 6
        assert abs(drawn - expected).max() < 0.02 * deviation


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("unit", "beyond"),
    [(POISSON, [-1, -1.5, -0.5]), (BinomialUnit(3), [-1, -0.5, -1.5, 3.5, 4, 4.5])],
)
def test_counts_beyond_their_limits_are_impossible(unit, beyond, dtype):
    params = Bias(np.ones(1, dtype))
    x = np.array(beyond, dtype)[:, None]
    assert (unit.energies(params, x) == np.inf).all()
    assert (unit.base_energy(params, x) == np.inf).all()
    inside = np.array([[0.0], [1.5], [3.0]], dtype)
    assert np.isfinite(unit.base_energy(params, inside)).all()
    assert unit.base_energy(params, inside).dtype == dtype


# Langevin steps ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "visible, suits",
    [
        (GAUSSIAN, True),
        (Columns(((GAUSSIAN, 2), (STANDARD_GAUSSIAN, 1))), True),
        (Columns(((GAUSSIAN, 2), (BERNOULLI, 1))), False),
        (Columns(((RECTIFIED, 1), (GAUSSIAN, 2))), False),
        (STANDARD_GAUSSIAN, False),
    ],
)
def test_langevin_steps_are_for_columns_that_are_all_real(visible, suits):
    """They would move a bit beside real columns as if it were real."""
    assert Langevin().suits(Bipartite(visible, BERNOULLI)) is suits


# The guard of a training ------------------------------------------------------------


def test_an_impossible_count_does_not_switch_the_guard_off():
    params, rows = Bias(np.zeros(2)), np.array([[2.0, 0.0], [1.0, 3.0], [0.0, -1.0]])
    allowed = POISSON.allowance(params, rows)
    assert allowed == POISSON.allowance(params, np.maximum(rows, 0)) < 10


# The likeliest value ----------------------------------------------------------------


def test_the_mode_of_counts_is_not_taken_for_the_count_next_to_their_mean():
    """Of 10 trials that all succeed or all fail the mean is 5, which hardly occurs."""
    count = 10 * np.log((1 + np.exp(4)) / (1 + np.exp(-4)))
    params = BipartiteParams(
        np.array([[8.0]]), Bias(np.array([-4.0])), Bias(np.array([-count]))
    )
    model, row = Bipartite(BinomialUnit(10), BERNOULLI), np.array([[np.nan]])
    (mean,), _ = conditional_means(model, params, row)
    np.testing.assert_allclose(mean, 5)
    with pytest.raises(ValueError, match='counts do not: take "mean"'):
        check_strategy(Fitted(model, params), "mode")
    assert imputed(Fitted(model, params), row, "mean") == pytest.approx(5)
    bits = Bipartite(Columns(((BERNOULLI, 1), (CategoricalGroups(2), 2))), BERNOULLI)
    check_strategy(Fitted(bits, None), "mode")
