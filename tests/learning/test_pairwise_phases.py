"""Phases and gradients of pairwise machines against enumerated likelihoods."""

import math

import numpy as np
import pytest
from judges import ALPHA
from oracles import PairwiseOracle, configurations, finite_difference
from scipy.stats import binom, norm

from skboltz import learning
from skboltz.learning import Batch, Data
from skboltz.learning.pairwise import _clamped_phases
from skboltz.learning.two_phase._gradient import Offsets
from skboltz.learning.two_phase._positive import DataPhase
from skboltz.models import Pairwise, PairwiseParams
from skboltz.sampling import Purpose, Stream, pairwise_chains, partly_known
from skboltz.units import BERNOULLI, SPIN, Bias, TwoValuedUnit

NAN = np.nan
N_VISIBLE, N_UNITS = 3, 5
STREAM = Stream((3, 4), Purpose.CHAINS)
UNITS = {"bits": BERNOULLI, "spins": SPIN, "lopsided": TwoValuedUnit(-0.5, 2.0)}
EACH_UNIT = pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
ALL = ~np.eye(N_UNITS, dtype=bool)
LAYERED = ALL.copy()
LAYERED[N_VISIBLE:, N_VISIBLE:] = False
LAYERED[0, 1] = LAYERED[1, 0] = False
MASKS = pytest.mark.parametrize("mask", [ALL, LAYERED], ids=["all", "some"])
NO_OFFSETS = Offsets(np.zeros(N_VISIBLE), np.zeros(N_UNITS - N_VISIBLE))


def params_of(unit, mask=ALL, scale=1.0, n_units=N_UNITS):
    rng = np.random.default_rng(n_units)
    upper = np.triu(rng.normal(size=(n_units, n_units)), 1)
    coupling = scale * 2 / unit.distance() ** 2 * np.where(mask, upper + upper.T, 0)
    return PairwiseParams(
        coupling, Bias(scale / unit.distance() * rng.normal(size=n_units))
    )


def model_of(unit, n_visible=N_VISIBLE):
    return Pairwise(unit, n_visible)


def rows_of(unit, gaps=False):
    rows = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 1], [0, 0, 1], [1, 0, 0]], float)
    if gaps:
        rows[[0, 1, 1, 3], [1, 0, 2, 2]] = NAN
    return unit.low + unit.distance() * rows


def exact_sums(unit, params, rows, weight=None):
    model = model_of(unit)
    positive = learning.Inferred(partly_known.exact)
    data, _ = positive.step(model, params, None, Batch(rows, weight=weight))
    negative, _ = learning.FreeEnumeration().step(model, params, STREAM, data)
    return data.sums, negative


def step_of(gradient, sums, offsets=NO_OFFSETS, rate=1.0, unit=SPIN):
    model = model_of(unit)
    step = gradient.step(model, None, *sums, rate, offsets)
    gradient.finish(model, None, step, offsets, rate)
    return step


def oracle_of(unit, params):
    arrays = params.coupling, params.units.bias
    return PairwiseOracle(*arrays, (unit.low, unit.high))


def mean_log_likelihood(unit, params, rows, weight=None):
    oracle = oracle_of(unit, params)
    each = np.array([oracle.log_likelihood(row) for row in rows])
    return np.average(each, weights=weight)


def slope(function, params, offsets=None):
    """By pairs and biases; with offsets, at fixed biases of the centered machine."""
    i, j = np.triu_indices(len(params.coupling), 1)
    m = np.zeros(len(params.coupling)) if offsets is None else np.concatenate(offsets)
    centered = params.units.bias + params.coupling @ m

    def at(theta):
        coupling = np.zeros_like(params.coupling)
        coupling[i, j] = coupling[j, i] = theta[len(m) :]
        return function(PairwiseParams(coupling, Bias(theta[: len(m)] - coupling @ m)))

    found = finite_difference(at, np.concatenate([centered, params.coupling[i, j]]))
    pairs = np.zeros_like(params.coupling)
    pairs[i, j] = pairs[j, i] = found[len(m) :]
    return pairs, found[: len(m)]


# The gradient -----------------------------------------------------------------------


@EACH_UNIT
@MASKS
@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("weight", [None, np.array([1.0, 0.0, 2.5, 0.5, 1.0])])
def test_exact_phases_give_the_slope_of_the_likelihood(unit, mask, gaps, weight):
    params, rows = params_of(unit, mask), rows_of(unit, gaps)
    step = step_of(
        learning.PairwiseGradient(mask), exact_sums(unit, params, rows, weight)
    )
    pairs, biases = slope(lambda p: mean_log_likelihood(unit, p, rows, weight), params)
    # Central differences with steps of 1e-5: an error of about 1e-10, and rounding
    # of 1e-16 / 1e-5 times a likelihood of order 10.
    np.testing.assert_allclose(step.coupling, np.where(mask, pairs, 0), atol=1e-8)
    np.testing.assert_allclose(step.units.bias, biases, atol=1e-8)
    # The control: what is missing taken for low is another likelihood.
    if gaps:
        filled = np.nan_to_num(rows, nan=unit.low)
        other = step_of(
            learning.PairwiseGradient(mask), exact_sums(unit, params, filled, weight)
        )
        assert abs(other.coupling - np.where(mask, pairs, 0)).max() > 1e-3


@EACH_UNIT
@MASKS
def test_the_centered_step_is_the_slope_in_centered_parameters_of_spins(unit, mask):
    """Of spins t: dJ_t = dJ / c^2 for s = a + c t, and J = J_t / c^2 in turn."""
    params, rows = params_of(unit, mask), rows_of(unit, gaps=True)
    rng = np.random.default_rng(1)
    offsets = Offsets(rng.normal(size=N_VISIBLE), rng.normal(size=2))
    sums = exact_sums(unit, params, rows)
    gradient, c = learning.CenteredPairwiseGradient(mask), (unit.high - unit.low) / 2
    step = step_of(gradient, sums, offsets, unit=unit)
    pairs, biases = slope(lambda p: mean_log_likelihood(unit, p, rows), params, offsets)
    pairs, biases = np.where(mask, pairs, 0) / c**4, biases / c**2
    np.testing.assert_allclose(step.coupling, pairs, atol=1e-8 / c**4)
    np.testing.assert_allclose(gradient.pull(model_of(unit), 0.1), 0.1 / c**4)
    # A step of (pairs, biases) in the centered machine, as the plain one sees it.
    expected = biases - pairs @ np.concatenate(offsets)
    np.testing.assert_allclose(step.units.bias, expected, atol=1e-8)
    plain = step_of(learning.PairwiseGradient(mask), sums, offsets, unit=unit)
    assert abs(plain.coupling - pairs).max() > 1e-3


@MASKS
def test_signs_of_the_slope(mask):
    params, rows = params_of(SPIN, mask), rows_of(SPIN)
    step = step_of(
        learning.SignedPairwiseGradient(mask), exact_sums(SPIN, params, rows), rate=0.2
    )
    pairs, biases = slope(lambda p: mean_log_likelihood(SPIN, p, rows), params)
    assert (abs(pairs[mask]) > 1e-6).all() and (abs(biases) > 1e-6).all()
    expected = np.where(mask, 0.2 * np.sign(pairs), 0)
    np.testing.assert_allclose(step.coupling, expected, atol=1e-15)
    np.testing.assert_allclose(step.units.bias, 0.2 * np.sign(biases), atol=1e-15)


GRADIENTS = [
    learning.PairwiseGradient,
    learning.CenteredPairwiseGradient,
    learning.SignedPairwiseGradient,
]


def recipe(unit, positive, negative, gradient, n_visible=N_VISIBLE, **decay):
    return learning.TwoPhaseLearner(
        model=model_of(unit, n_visible),
        positive=positive,
        negative=negative,
        gradient=gradient,
        optimiser=learning.GradientAscent(),
        decay=learning.WeightDecay(decay.get("l1", 0.0), decay.get("l2", 0.0)),
        sparsity=learning.SparsityTarget(),
        batch_size=100,
    )


def learnt(parts, params, rows, n_updates, rate=0.3):
    state = parts.init(params, rows.mean(axis=0), (1, 2))
    state = parts.copy(parts.resume(state, params, Data(rows, None)))
    for _ in range(n_updates):
        batch = Batch(rows, rows=np.arange(len(rows)))
        state, _ = parts.update(state, batch, rate)
    return state.params


@pytest.mark.parametrize("make", GRADIENTS)
def test_forbidden_couplings_stay_where_they_are(make):
    """Even if they are not 0, and whatever penalties pull at."""
    unit, rows = BERNOULLI, rows_of(BERNOULLI)
    params = params_of(unit, ALL)
    exact = learning.Inferred(partly_known.exact), learning.FreeEnumeration()
    after = learnt(recipe(unit, *exact, make(LAYERED)), params, rows, 5)
    moved = after.coupling != params.coupling
    np.testing.assert_array_equal(moved, LAYERED)
    np.testing.assert_allclose(after.coupling, after.coupling.T, atol=1e-14)


@pytest.mark.parametrize("make, alike", [(GRADIENTS[1], True), (GRADIENTS[0], False)])
def test_the_centered_gradient_does_not_see_which_value_is_zero(make, alike):
    """Visible bits turned round, the machine with them; the plain gradient sees it."""
    unit, rows = BERNOULLI, rows_of(BERNOULLI)
    params = params_of(unit)
    sign = np.array([-1, -1, -1, 1, 1])
    turned = PairwiseParams(
        params.coupling * np.outer(sign, sign),
        Bias(sign * (params.units.bias + params.coupling @ (sign < 0))),
    )
    one, two = (
        mean_log_likelihood(unit, p, x) for p, x in ((params, rows), (turned, 1 - rows))
    )
    assert math.isclose(one, two)
    exact = learning.Inferred(partly_known.exact), learning.FreeEnumeration()
    parts = recipe(unit, *exact, make(ALL))
    one = learnt(parts, params, rows, 10)
    two = learnt(parts, turned, 1 - rows, 10)
    scores = [
        mean_log_likelihood(unit, p, x) for p, x in ((one, rows), (two, 1 - rows))
    ]
    assert (abs(scores[0] - scores[1]) < 1e-10) == alike


@pytest.mark.parametrize("l1, l2", [(0.0, 0.3), (0.2, 0.0)])
def test_penalties_are_of_pairs(l1, l2):
    """An update is the slope of likelihood - l1 sum |J| - l2/2 sum J^2 over pairs."""
    unit, rows = SPIN, rows_of(SPIN)
    params = params_of(unit)
    exact = learning.Inferred(partly_known.exact), learning.FreeEnumeration()
    parts = recipe(unit, *exact, learning.PairwiseGradient(ALL), l1=l1, l2=l2)
    after = learnt(parts, params, rows, 1, rate=1e-3)

    def aim(p):
        upper = np.triu(p.coupling, 1)
        penalty = l1 * abs(upper).sum() + l2 / 2 * (upper**2).sum()
        return mean_log_likelihood(unit, p, rows) - penalty

    pairs, biases = slope(aim, params)
    found = (after.coupling - params.coupling) / 1e-3
    np.testing.assert_allclose(found, pairs, atol=1e-8)
    found = (after.units.bias - params.units.bias) / 1e-3
    np.testing.assert_allclose(found, biases, atol=1e-8)


# Learning to predict ----------------------------------------------------------------

N_CLASSES = 2


def labelled(unit, between=False):
    """One feature, a class of two: four visible units in all are 2 + 2."""
    rows = np.array([[0, 1, 1, 0], [1, 1, 0, 1], [1, 0, 1, 0], [0, 0, 0, 1]], float)
    if between:
        rows[0, 0] = 0.3
    return unit.low + unit.distance() * rows


def mean_log_conditional(unit, params, rows, weight):
    oracle = oracle_of(unit, params)
    first = rows.shape[1] - N_CLASSES
    each = [
        math.log(
            oracle.class_proba(row.tolist(), first, N_CLASSES)[
                int(np.argmax(row[first:]))
            ]
        )
        for row in rows
    ]
    return np.average(each, weights=weight)


@EACH_UNIT
@pytest.mark.parametrize("n_hidden, hidden_hidden", [(0, 1), (2, 1), (2, 0)])
@pytest.mark.parametrize(
    "share, weight", [(None, None), (None, [1.0, 2, 0.5, 1]), (0.3, [1.0, 2, 0, 1])]
)
def test_given_inputs_the_slope_is_that_of_the_class(
    unit, n_hidden, hidden_hidden, share, weight
):
    weight = None if weight is None else np.array(weight)
    n = 4 + n_hidden
    mask = ~np.eye(n, dtype=bool)
    if not hidden_hidden:
        mask[4:, 4:] = False
    params = params_of(unit, mask, n_units=n)
    rows, model = labelled(unit, between=share is None), model_of(unit, 4)
    given, free = learning.GivenInputs(N_CLASSES), learning.FreeEnumeration()
    negative = given if share is None else learning.Mixture(given, free, share)
    positive = learning.Inferred(partly_known.exact)
    data, _ = positive.step(model, params, None, Batch(rows, weight=weight))
    state = negative.init(model, params, STREAM)
    assert negative.accepts(state)
    sums, _ = negative.step(model, params, state, data)
    step = step_of(learning.PairwiseGradient(mask), (data.sums, sums))

    def aim(p):
        conditional = mean_log_conditional(unit, p, rows, weight)
        if share is None:
            return conditional
        joint = mean_log_likelihood(unit, p, rows, weight)
        return (1 - share) * conditional + share * joint

    pairs, biases = slope(aim, params)
    np.testing.assert_allclose(step.coupling, np.where(mask, pairs, 0), atol=1e-8)
    np.testing.assert_allclose(step.units.bias, biases, atol=1e-8)
    # Another share of the joint likelihood is another slope.
    wrong, _ = free.step(model, params, STREAM, data)
    other = step_of(learning.PairwiseGradient(mask), (data.sums, wrong))
    assert abs(other.units.bias - biases).max() > 1e-3


def test_noisy_clamping_and_given_inputs_agree_on_the_inputs():
    """What both phases clamp cannot drive the biases of the inputs."""
    unit, n = BERNOULLI, 200
    params, model = (
        params_of(unit, ~np.eye(6, dtype=bool), n_units=6),
        model_of(unit, 4),
    )
    rows = np.repeat(labelled(unit), n, axis=0)
    schedule = learning.Schedule((1.0,), 1)
    positive = learning.AnnealedClamped(schedule, (0.3, 0.1))
    data, _ = positive.step(model, params, STREAM, Batch(rows))
    sums, _ = learning.GivenInputs(N_CLASSES).step(model, params, STREAM, data)
    clamped_means, given_means = data.sums.means()[0], sums.means()[0]
    np.testing.assert_allclose(clamped_means[:2], given_means[:2], atol=1e-12)


# Approximate inference --------------------------------------------------------------


def inferred(infer, unit, size, seed=0):
    """Means and pairs of four free units, and those of the enumeration."""
    rng = np.random.default_rng(seed)
    n = 4
    upper = np.triu(rng.normal(size=(n, n)), 1) / unit.distance() ** 2
    coupling = size * 4 * (upper + upper.T)
    field = rng.normal(size=(3, n)) / unit.distance() * 2
    weight = np.array([1.0, 0.5, 2.0])
    mean, pairs = infer(unit, coupling, field, weight)
    expected_mean, expected = np.zeros((3, n)), np.zeros((n, n))
    for row, w in enumerate(weight):
        oracle = PairwiseOracle(coupling, field[row], (unit.low, unit.high))
        expected_mean[row], table = oracle.moments([NAN] * n)
        expected += w * table
    off = ~np.eye(n, dtype=bool)
    return abs(mean - expected_mean).max(), abs(pairs - expected)[off].max()


@EACH_UNIT
@pytest.mark.parametrize(
    "infer, orders", [(learning.naive, (2, 1)), (learning.tap, (3, 2))]
)
def test_mean_fields_are_right_to_their_order(unit, infer, orders, monkeypatch):
    """Halved couplings divide the errors of means and pairs by 2^order."""
    real = _clamped_phases.mean_field.magnetisations
    monkeypatch.setattr(  # rounds of 1e-6 would hide the order
        _clamped_phases.mean_field,
        "magnetisations",
        lambda *args, **options: real(*args, **options, tol=1e-14, n_steps=2000),
    )
    errors = np.array([inferred(infer, unit, size) for size in (0.02, 0.01)])
    found = np.log2(errors[0] / errors[1])
    np.testing.assert_allclose(found, orders, atol=0.2)


@EACH_UNIT
@pytest.mark.parametrize("coupling", [-3.0, -0.4, 0.0, 0.7, 3.0])
def test_both_high_is_the_law_of_two_units(unit, coupling):
    coupling = coupling / unit.distance() ** 2
    J, bias = (
        [[0, coupling], [coupling, 0]],
        [0.3 / unit.distance(), -0.8 / unit.distance()],
    )
    oracle = PairwiseOracle(J, bias, (unit.low, unit.high))
    states = configurations((unit.low, unit.high), 2)
    p = dict(zip(states, oracle.table([NAN, NAN]), strict=True))
    high = unit.high
    first = sum(q for s, q in p.items() if s[0] == high)
    second = sum(q for s, q in p.items() if s[1] == high)
    found = learning.both_high(
        np.array([first]),
        np.array([second]),
        unit.distance() ** 2 * np.array([coupling]),
    )
    np.testing.assert_allclose(found, p[high, high], rtol=1e-12)


def test_both_high_in_the_limits():
    """The bounds of Frechet at infinite odds; means of 0 and 1; all within range."""
    p1 = np.array([0.3, 0.9, 0.2, 0.0, 1.0, 0.0])
    p2 = np.array([0.4, 0.8, 0.2, 0.5, 0.5, 1.0])
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        together = learning.both_high(p1, p2, np.full(6, 800.0))
        apart = learning.both_high(p1, p2, np.full(6, -800.0))
        alone = learning.both_high(p1, p2, np.zeros(6))
    np.testing.assert_allclose(together, np.minimum(p1, p2), atol=1e-15)
    np.testing.assert_allclose(apart, np.maximum(p1 + p2 - 1, 0), atol=1e-15)
    np.testing.assert_allclose(alone, p1 * p2, atol=1e-15)


@pytest.mark.parametrize("infer", [partly_known.exact, learning.naive, learning.tap])
def test_with_nothing_to_infer_all_methods_are_products(infer):
    unit = SPIN
    params = params_of(unit, ALL[:3, :3], n_units=3)
    rows, weight = rows_of(unit), np.array([1.0, 2.0, 0.0, 1.0, 0.5])
    batch = Batch(rows, weight=weight)
    data, _ = learning.Inferred(infer).step(model_of(unit), params, None, batch)
    expected = (rows * weight[:, None]).T @ rows
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(data.sums.pairs, expected, atol=1e-12)
    np.testing.assert_allclose(data.sums.units.bias, weight @ rows)


# Sampled phases ---------------------------------------------------------------------

SCHEDULE = learning.Schedule((0.5,) * 5 + (0.8,) * 5 + (1.0,) * 10, 4)
N = 10_000


def error_bound(unit, n=N):
    """Of means of n independent products, none above the largest square."""
    largest = max(abs(unit.low), unit.high) ** 2
    return norm.isf(ALPHA / (2 * N_UNITS**2)) * max(largest, 1) / np.sqrt(n)


def settled(sums):
    return np.concatenate(
        [(sums.pairs / sums.weight).ravel(), sums.units.bias / sums.weight]
    )


@EACH_UNIT
@pytest.mark.parametrize("wrong", [1.0, 1.3])
def test_annealed_free_chains_settle_at_the_machine(unit, wrong):
    params, model = params_of(unit, scale=0.6), model_of(unit)
    run_at = params._replace(coupling=params.coupling / wrong)
    negative = learning.AnnealedFree(SCHEDULE, N)
    sums, _ = negative.step(model, run_at, STREAM, None)
    mean, pairs = oracle_of(unit, params).moments([NAN] * N_UNITS)
    error = abs(settled(sums) - np.concatenate([pairs.ravel(), mean])).max()
    assert (error < error_bound(unit)) == (wrong == 1)
    assert sums.weight == N


@EACH_UNIT
@pytest.mark.parametrize("wrong", [1.0, 2.0])
def test_annealed_clamped_chains_settle_given_the_rows(unit, wrong):
    params, model = params_of(unit, scale=0.8), model_of(unit)
    distinct = rows_of(unit, gaps=True)
    rows = np.repeat(distinct, N // 5, axis=0)
    each = np.array([1.0, 0.0, 1.0, 0.5, 1.0])
    weight = np.repeat(each, N // 5)
    run_at = params._replace(coupling=params.coupling / wrong)
    data, _ = learning.AnnealedClamped(SCHEDULE).step(
        model, run_at, STREAM, Batch(rows, weight=weight)
    )
    sums = data.sums
    oracle = oracle_of(unit, params)
    moments = [oracle.moments(oracle.with_hidden(row)) for row in distinct]
    share = each / each.sum()
    mean = sum(w * m for w, (m, _) in zip(share, moments, strict=True))
    pairs = sum(w * p for w, (_, p) in zip(share, moments, strict=True))
    error = abs(settled(sums) - np.concatenate([pairs.ravel(), mean])).max()
    bound = error_bound(unit, N * each.sum() ** 2 / 5 / (each**2).sum())
    assert (error < bound) == (wrong == 1)
    assert math.isclose(sums.weight, weight.sum())


@pytest.mark.parametrize("stated, right", [((0.15, 0.05), True), ((0.05, 0.15), False)])
@EACH_UNIT
def test_noise_flips_what_is_clamped_at_the_stated_rates(unit, stated, right):
    """High units with the first probability, low ones with the second; gaps stay."""
    n = 20_000
    row = np.array([unit.high, unit.low, NAN])
    rows = np.repeat(row[None], n, axis=0)
    positive = learning.AnnealedClamped(SCHEDULE, (0.15, 0.05))
    flipped, after = positive._flipped(unit, rows, STREAM)
    assert np.isnan(flipped[:, 2]).all() and after.step == STREAM.step + 1
    assert set(np.unique(flipped[:, :2])) == {unit.low, unit.high}
    counts = (flipped[:, :2] != row[:2]).sum(axis=0)
    tails = [
        2 * min(binom.cdf(c, n, p), binom.sf(c - 1, n, p))
        for c, p in zip(counts, stated, strict=True)
    ]
    assert (min(tails) > ALPHA) == right
    # Units flip on their own, and other noise is drawn the next time.
    both = (flipped[:, :2] != row[:2]).all(axis=1).sum()
    assert 2 * min(binom.cdf(both, n, 0.0075), binom.sf(both - 1, n, 0.0075)) > ALPHA
    assert (positive._flipped(unit, rows, after)[0][:, :2] != flipped[:, :2]).any()


def test_clamping_noise_moves_the_visible_means():
    unit = SPIN
    params, model = params_of(unit), model_of(unit)
    rows = np.repeat(rows_of(unit)[:1], 10_000, axis=0)
    positive = learning.AnnealedClamped(learning.Schedule((1.0,), 1), (0.15, 0.05))
    data, _ = positive.step(model, params, STREAM, Batch(rows))
    odds = np.where(rows[0] == 1, 0.15, 0.05)
    expected = rows[0] * (1 - 2 * odds)
    bound = norm.isf(ALPHA / 6) / np.sqrt(len(rows))
    assert abs(data.sums.means()[0] - expected).max() < bound
    assert abs(data.sums.means()[0] - rows[0]).max() > bound


# Memory -----------------------------------------------------------------------------


def started(positive, unit, params, X):
    return positive.init(model_of(unit), params, X, STREAM)


def test_each_row_has_a_chain_of_its_own():
    """Batches in any order: the chain of a row goes on where it stopped."""
    unit, params = SPIN, params_of(SPIN)
    X = rows_of(unit, gaps=True)
    positive = learning.ClampedGibbs(k=2)
    state = started(positive, unit, params, X)
    assert positive.accepts(state, X) and not positive.accepts(None, X)
    model = model_of(unit)  # first all rows once: new chains may have to settle
    _, state = positive.step(model, params, state, Batch(X, rows=np.arange(5)))
    before, rows = state.is_high.copy(), np.array([3, 1])
    data, after = positive.step(model, params, state, Batch(X[rows], rows=rows))
    untouched = [0, 2, 4]
    np.testing.assert_array_equal(after.is_high[untouched], before[untouched])
    assert after.stream.step == state.stream.step + 2 and data.sums.weight == 2
    # By hand, from what was remembered, with the same noise.
    known = partly_known.with_hidden(X[rows], 2)
    chains = pairwise_chains.from_states(
        unit, params, known, before[rows], state.stream
    )
    full = pairwise_chains.filled(pairwise_chains.run(unit, chains, [1, 1]), known)
    np.testing.assert_array_equal(after.is_high[rows], full == unit.high)
    expected = full.T @ full
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(data.sums.pairs, expected)


@pytest.mark.parametrize("broken", [False, True])
def test_remembered_chains_tend_to_the_law_given_each_row(broken):
    """Rows in shuffled batches, k=1; the memory of other rows is noticed."""
    unit, params, n = SPIN, params_of(SPIN, scale=1.0), 3000
    model, distinct = model_of(unit), rows_of(unit, gaps=True)[:3]
    X = np.repeat(distinct, n, axis=0)
    positive = learning.ClampedGibbs(k=1)
    state = started(positive, unit, params, X)
    rng = np.random.default_rng(0)
    for _ in range(20):
        for rows in np.array_split(rng.permutation(len(X)), 4):
            places = rows[::-1] if broken else rows
            _, state = positive.step(model, params, state, Batch(X[rows], rows=places))
    oracle = oracle_of(unit, params)
    found = np.where(state.is_high, 1.0, -1.0).reshape(3, n, N_UNITS).mean(axis=1)
    expected = [oracle.moments([*row, NAN, NAN])[0] for row in distinct]
    free = np.hstack([np.isnan(distinct), np.ones((3, 2), bool)])
    error = abs(found - expected)[free].max()
    bound = norm.isf(ALPHA / (2 * free.sum())) / np.sqrt(n)
    assert (error < bound) != broken


def test_other_data_begin_anew():
    unit, params = BERNOULLI, params_of(BERNOULLI)
    X = rows_of(unit)
    positive = learning.ClampedGibbs(k=1)
    state = started(positive, unit, params, X)
    assert not positive.accepts(state, X[:4])
    assert not positive.accepts(state, X[::-1])
    assert not positive.accepts(state, np.where(X == 1, NAN, X))
    exact = learning.Inferred(partly_known.exact)
    assert exact.accepts(None, X) and not exact.accepts(state, X)
    annealed = learning.AnnealedClamped(SCHEDULE)
    assert annealed.accepts(STREAM, X) and not annealed.accepts(state, X)
    assert not positive.accepts(STREAM, X)


def test_free_chains_go_on_where_they_were():
    unit, params = SPIN, params_of(SPIN)
    model, one, four = (
        model_of(unit),
        learning.FreeChains(1, 6),
        learning.FreeChains(4, 6),
    )
    state = one.init(model, params, STREAM)
    same = four.init(model, params, STREAM)
    data = DataPhase(None, None, None, None)
    for _ in range(4):
        sums, state = one.step(model, params, state, data)
    at_once, same = four.step(model, params, same, data)
    np.testing.assert_array_equal(state.units, same.units)
    np.testing.assert_array_equal(sums.pairs, at_once.pairs)
    assert state.stream == same.stream and sums.weight == 6
    assert one.accepts(state) and not learning.FreeChains(1, 7).accepts(state)
    assert not one.accepts(STREAM) and not learning.FreeEnumeration().accepts(state)


@EACH_UNIT
@pytest.mark.parametrize("wrong", [1.0, 1.3])
def test_free_chains_settle_at_the_machine(unit, wrong):
    params, model = params_of(unit, scale=0.6), model_of(unit)
    run_at = params._replace(coupling=params.coupling / wrong)
    negative = learning.FreeChains(15, N)
    state = negative.init(model, params, STREAM)
    sums, _ = negative.step(model, run_at, state, None)
    mean, pairs = oracle_of(unit, params).moments([NAN] * N_UNITS)
    error = abs(settled(sums) - np.concatenate([pairs.ravel(), mean])).max()
    assert (error < error_bound(unit)) == (wrong == 1)


def test_the_phases_of_a_mixture_see_different_noise():
    unit, params = SPIN, params_of(SPIN, ~np.eye(6, dtype=bool), n_units=6)
    model = model_of(unit, 4)
    chains = learning.FreeChains(1, 50)
    one, two = learning.Mixture(chains, chains, 0.5).init(model, params, STREAM)
    assert (one.units != two.units).any()
    mixture = learning.Mixture(learning.GivenInputs(2), chains, 0.5)
    state = mixture.init(model, params, STREAM)
    assert mixture.accepts(state) and not mixture.accepts(state[1])
    assert not mixture.accepts(STREAM) and not mixture.accepts((state[0], STREAM))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_have_the_precision_of_the_parameters(dtype):
    unit, wide = SPIN, params_of(SPIN)
    params = PairwiseParams(
        wide.coupling.astype(dtype), Bias(wide.units.bias.astype(dtype))
    )
    model, X = model_of(unit), rows_of(unit).astype(dtype)
    weight = np.ones(5, dtype)
    memory = learning.ClampedGibbs(1)
    phases = [
        (learning.Inferred(partly_known.exact), None),
        (learning.Inferred(learning.naive), None),
        (learning.Inferred(learning.tap), None),
        (memory, started(memory, unit, params, X)),
        (learning.AnnealedClamped(SCHEDULE, (0.1, 0.1)), STREAM),
    ]
    for phase, state in phases:
        batch = Batch(X, weight=weight, rows=np.arange(5))
        data, _ = phase.step(model, params, state, batch)
        assert data.sums.pairs.dtype == data.sums.units.bias.dtype == dtype
    for negative in (learning.FreeEnumeration(), learning.AnnealedFree(SCHEDULE, 5)):
        sums, _ = negative.step(model, params, STREAM, data)
        assert sums.pairs.dtype == sums.units.bias.dtype == dtype
    for make in GRADIENTS:
        offsets = Offsets(*(m.astype(dtype) for m in NO_OFFSETS))
        step = make(ALL).step(model, params, data.sums, sums, 0.1, offsets)
        assert step.coupling.dtype == step.units.bias.dtype == dtype, make
