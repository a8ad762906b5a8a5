"""The Boltzmann machine behind the estimator: answers, samples, learning, refusals."""

import pickle

import numpy as np
import pytest
from judges import comes_from
from oracles import PairwiseOracle, configurations
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skboltz import (
    BoltzmannMachine,
    DataRangeWarning,
    DivergenceError,
    EnumerationTooLargeError,
)
from skboltz.likelihood import _partly_known as of_rows

NAN = np.nan
VALUES = {"bits": (0, 1), "spins": (-1, 1), "lopsided": (-0.5, 2.0)}
EACH_VALUES = pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
RNG = np.random.default_rng(0)
BITS = (RNG.random((60, 4)) < [0.3, 0.5, 0.6, 0.4]).astype(float)
BITS[:, 1] = np.where(RNG.random(60) < 0.7, BITS[:, 0], BITS[:, 1])
PARTLY = np.where(RNG.random(BITS.shape) < 0.2, NAN, BITS)
PARTLY[np.isnan(PARTLY).all(axis=1), 0] = 1.0
METHODS = ["pcd", "exact", "annealing", "mean-field", "tap"]
SOLVERS = ["moments", "pseudo-likelihood"]


def at(values, rows):
    """Rows of bits in other values."""
    low, high = values
    return low + (high - low) * rows


def fitted(values=(0, 1), n_hidden=3, scale=1.0, hidden_hidden=True, dtype=float):
    """A machine of four visible units with known parameters, and its oracle."""
    machine = BoltzmannMachine(
        n_hidden, values=values, n_iter=1, hidden_hidden=hidden_hidden, random_state=0
    ).fit(at(values, BITS).astype(dtype))
    n, span = 4 + n_hidden, values[1] - values[0]
    rng = np.random.default_rng([n_hidden, hidden_hidden])
    upper = np.triu(rng.normal(size=(n, n)), 1) * 2 * scale / span**2
    if not hidden_hidden:
        upper[4:, 4:] = 0
    machine.coupling_ = (upper + upper.T).astype(dtype)
    machine.intercept_ = (scale * rng.normal(size=n) / span).astype(dtype)
    exactly = machine.coupling_.astype(float), machine.intercept_.astype(float)
    return machine, PairwiseOracle(*exactly, values)


def all_rows(values):
    return np.array(configurations(values, 4), dtype=float)


def gaps(values):
    o, x = values
    m = o + 0.3 * (x - o)
    return np.array(
        [[o, NAN, x, NAN], [x, x, NAN, o], [m, NAN, x, o], [NAN, NAN, NAN, x]]
    )


# Answers ----------------------------------------------------------------------------


@EACH_VALUES
@pytest.mark.parametrize("n_hidden, hidden_hidden", [(0, True), (3, True), (3, False)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_are_enumerated_likelihoods(values, n_hidden, hidden_hidden, dtype):
    machine, oracle = fitted(values, n_hidden, 1.0, hidden_hidden, dtype)
    rows = all_rows(values)
    scores = machine.score_samples(rows)
    # Free energies are rounded to the precision of the parameters: at most 20 nats.
    atol = 1e-10 if dtype == np.float64 else 20 * np.finfo(np.float32).eps
    assert np.isclose(np.exp(scores).sum(), 1, atol=2 * atol)
    np.testing.assert_allclose(np.exp(scores), oracle.visible_marginal(4), atol=atol)
    found = machine.score_samples(gaps(values))
    np.testing.assert_allclose(
        found, [oracle.log_likelihood(r) for r in gaps(values)], atol=2 * atol
    )
    assert machine.free_energy(rows).dtype == dtype
    log_z = machine.log_partition()
    assert log_z.method == "exact" and np.isclose(log_z.value, oracle.log_z)


@EACH_VALUES
@pytest.mark.parametrize("new", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("n_hidden", [0, 3])
def test_other_values_are_the_same_distribution(values, new, n_hidden):
    machine, _ = fitted(values, n_hidden)
    before = machine.coupling_.copy()
    other = machine.with_values(new)
    bits = all_rows((0, 1))
    np.testing.assert_allclose(
        other.score_samples(at(new, bits)),
        machine.score_samples(at(values, bits)),
        atol=1e-10,
    )
    if n_hidden:
        shares = [
            (m.transform(at(v, bits)) - v[0]) / (v[1] - v[0])
            for m, v in ((machine, values), (other, new))
        ]
        np.testing.assert_allclose(*shares, atol=1e-10)
    assert other.values == new and machine.values == values
    other.coupling_[:] = 0
    np.testing.assert_array_equal(machine.coupling_, before)


@pytest.mark.parametrize("how", ["partial_fit", "warm_start"])
def test_a_machine_of_other_values_begins_anew_or_says_so(how):
    machine, _ = fitted()
    other = machine.with_values((-1, 1))
    rows = 2 * BITS - 1
    try:
        if how == "partial_fit":
            other.partial_fit(rows)
        else:
            other.set_params(warm_start=True).fit(rows)
    except ValueError as error:
        assert "with_values" in str(error) or "state" in str(error)
    else:
        assert np.isfinite(other.score(rows))


@EACH_VALUES
@pytest.mark.parametrize("hidden_hidden", [True, False])
def test_features_are_enumerated_means(values, hidden_hidden):
    machine, oracle = fitted(values, hidden_hidden=hidden_hidden)
    rows = np.vstack([all_rows(values), gaps(values)])
    expected = [oracle.moments(oracle.with_hidden(r))[0][4:] for r in rows]
    np.testing.assert_allclose(machine.transform(rows), expected, atol=1e-10)


@EACH_VALUES
@pytest.mark.parametrize("n_hidden", [0, 3])
def test_conditionals_are_enumerated(values, n_hidden):
    machine, oracle = fitted(values, n_hidden)
    rows = all_rows(values)
    rows[0, 1] = values[0] + 0.3 * (values[1] - values[0])
    high = [[oracle.conditional(row.tolist(), i) for i in range(4)] for row in rows]
    np.testing.assert_allclose(machine.conditional_proba(rows), high, atol=1e-10)
    pseudo = machine.pseudo_log_likelihood(rows[1:])
    share = (rows[1:] - values[0]) / (values[1] - values[0])
    each = np.where(share == 1, np.log(high[1:]), np.log1p(-np.array(high[1:])))
    np.testing.assert_allclose(pseudo, each.sum(axis=1), atol=1e-10)


@EACH_VALUES
def test_energies_are_term_by_term(values):
    machine, oracle = fitted(values)
    states = np.array(configurations(values, 7), dtype=float)
    expected = [oracle.energy(s) for s in states.tolist()]
    np.testing.assert_allclose(machine.energy(states), expected, atol=1e-12)
    with pytest.raises(ValueError, match="n_units|7"):
        machine.energy(states[:, :4])


@EACH_VALUES
def test_gaps_are_filled_by_enumerated_means(values):
    machine, oracle = fitted(values)
    rows = np.vstack([gaps(values), at(values, BITS[:2])])
    expected = np.array([oracle.moments(oracle.with_hidden(r))[0][:4] for r in rows])
    filled = machine.impute(rows)
    np.testing.assert_allclose(filled, expected, atol=1e-10)
    known = ~np.isnan(rows)
    np.testing.assert_array_equal(filled[known], rows[known])
    mode = machine.impute(rows, strategy="mode")
    nearest = np.where(expected > sum(values) / 2, values[1], values[0])
    np.testing.assert_array_equal(mode, np.where(known, rows, nearest))


@pytest.mark.parametrize("broken, dtype", [(False, np.float32), (True, float)])
def test_gaps_are_filled_by_draws(broken, dtype):
    machine, oracle = fitted((-1, 1), scale=0.7, dtype=dtype)
    row = gaps((-1, 1))[0]
    judged = oracle.table(oracle.with_hidden(row)).reshape(4, 8).sum(axis=1)
    if broken:
        machine.coupling_ = machine.coupling_ / 2
    rows = np.repeat(row[None], 1000, axis=0).astype(dtype)
    drawn = machine.impute(rows, strategy="sample", random_state=0)
    assert drawn.dtype == dtype
    np.testing.assert_array_equal(drawn[:, [0, 2]], rows[:, [0, 2]])
    assert comes_from(drawn[:, [1, 3]], judged, -1, 1) != broken


@EACH_VALUES
def test_beyond_enumeration_features_are_near(values, monkeypatch):
    """200 dependent sweeps: within 0.15 of a unit's range, whoever is in the batch."""
    machine, oracle = fitted(values, scale=0.7)
    rows = np.vstack([all_rows(values)[::5], gaps(values)])
    monkeypatch.setattr(of_rows, "EXACT_TERMS", 0)
    found = machine.transform(rows)
    expected = [oracle.moments(oracle.with_hidden(r))[0][4:] for r in rows]
    span = values[1] - values[0]
    assert abs(found - expected).max() / span < 0.15
    some = [0, 3, 4, 6]  # whole rows and gaps
    alone = np.vstack([machine.transform(rows[[i]]) for i in some])
    np.testing.assert_allclose(found[some], alone, atol=1e-10)
    np.testing.assert_array_equal(alone[-1:], machine.transform(rows[some[-1:]]))
    with pytest.raises(EnumerationTooLargeError, match="hidden_hidden=False"):
        machine.conditional_proba(rows[:2])
    machine.coupling_ = machine.coupling_ / 3  # the judge would notice
    assert abs(machine.transform(rows) - expected).max() / span > 0.15


def test_many_coupled_hidden_units_have_features():
    """Thirty coupled hidden units, tied to one visible unit each, seen by hand."""
    machine = BoltzmannMachine(30, n_iter=0, random_state=0).fit(BITS)
    machine.coupling_ = np.zeros((34, 34))
    machine.coupling_[0, 4:] = machine.coupling_[4:, 0] = 2.0
    weak = 1e-9 * (1 - np.eye(30))  # coupled, but to no effect
    machine.coupling_[4:, 4:] = weak
    machine.intercept_ = np.full(34, -1.0)
    found = machine.transform(BITS)
    expected = 1 / (1 + np.exp(1 - 2 * BITS[:, :1]))
    # Means given all others, which these units do not feel: no noise at all.
    np.testing.assert_allclose(found, np.repeat(expected, 30, axis=1), atol=1e-6)


# Samples ----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["gibbs", "tempering", "annealing"])
@pytest.mark.parametrize("values, n_hidden", [((0, 1), 3), ((-0.5, 2.0), 0)])
def test_every_method_samples_the_machine(method, values, n_hidden):
    machine, oracle = fitted(values, n_hidden, scale=0.8)
    p = oracle.visible_marginal(4)
    n = 3000 if method == "tempering" else 10_000
    burn_in = 40 if method == "annealing" else 20
    options = {"method": method, "burn_in": burn_in, "random_state": 0}
    assert comes_from(machine.sample(n, **options), p, *values)
    machine.coupling_ = machine.coupling_ / 1.7
    assert not comes_from(machine.sample(n, **options), p, *values)


@EACH_VALUES
@pytest.mark.parametrize("n_hidden", [0, 3])
def test_samples_given_some_features_are_conditional(values, n_hidden):
    machine, oracle = fitted(values, n_hidden, scale=0.8)
    low, high = values
    row = np.array([low + 0.3 * (high - low), NAN, high, NAN])
    table = oracle.table(oracle.with_hidden(row)).reshape(4, -1).sum(axis=1)
    rows = machine.sample(10_000, given=row, burn_in=10, random_state=0)
    np.testing.assert_array_equal(rows[:, [0, 2]], np.tile(row[[0, 2]], (10_000, 1)))
    assert comes_from(rows[:, [1, 3]], table, *values)
    rounded = row.copy()
    rounded[0] = low
    rows = machine.sample(10_000, given=rounded, burn_in=10, random_state=0)
    assert not comes_from(rows[:, [1, 3]], table, *values)


def test_each_row_given_has_gaps_of_its_own():
    machine, oracle = fitted((-1, 1), scale=0.8)
    distinct, n = gaps((-1, 1)), 5000
    rows = machine.sample(
        given=np.repeat(distinct, n, axis=0), burn_in=10, random_state=0
    )
    for row, block in zip(distinct, np.split(rows, len(distinct)), strict=True):
        free = np.isnan(row)
        p = oracle.table(oracle.with_hidden(row)).reshape(2 ** free.sum(), -1)
        np.testing.assert_array_equal(block[:, ~free], np.tile(row[~free], (n, 1)))
        assert comes_from(block[:, free], p.sum(axis=1), -1, 1)


@pytest.mark.parametrize("n_hidden", [0, 3])
def test_chains_start_where_they_are_told_to(n_hidden):
    machine, oracle = fitted((0, 1), n_hidden)
    start = BITS[:7]
    rows = machine.sample(7, start=start, burn_in=0, random_state=0)
    np.testing.assert_array_equal(rows, start)
    # From exact starts one sweep stays in the law.
    p, states = oracle.visible_marginal(4), all_rows((0, 1))
    exact = states[np.random.default_rng(0).choice(16, 10_000, p=p / p.sum())]
    rows = machine.sample(10_000, start=exact, burn_in=1, random_state=0)
    assert comes_from(rows, p, 0, 1)
    with pytest.raises(ValueError, match="start has"):
        machine.sample(5, start=start)


@pytest.mark.parametrize("n_hidden", [0, 3])
def test_whole_rows_given_come_back(n_hidden):
    machine, _ = fitted((0, 1), n_hidden)
    np.testing.assert_array_equal(machine.sample(given=BITS, burn_in=2), BITS)
    np.testing.assert_array_equal(machine.impute(BITS, strategy="sample"), BITS)


def test_thinned_chains_are_every_third_row():
    machine, _ = fitted()
    options = {"n_chains": 5, "burn_in": 4, "random_state": 3}
    whole = machine.sample(65, **options).reshape(-1, 5, 4)
    thin = machine.sample(25, thin=3, **options).reshape(-1, 5, 4)
    np.testing.assert_array_equal(thin, whole[::3])


# Learning ---------------------------------------------------------------------------


def kl(machine, rows):
    """Nats above the empirical distribution of the rows."""
    _, counts = np.unique(rows, axis=0, return_counts=True)
    p = counts / counts.sum()
    return (p * np.log(p)).sum() - machine.score(rows)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_hidden", [0, 3])
def test_every_method_learns(method, n_hidden):
    """Two units that are equal: a free model is log 2 nats away from the pair."""
    rows = np.repeat([[0, 0], [1, 1], [0, 0], [1, 1], [1, 0], [0, 1]], 10, axis=0)
    machine = BoltzmannMachine(
        n_hidden, method=method, n_iter=60, learning_rate=0.3, batch_size=30,
        n_chains=200, random_state=0,
    ).fit(rows.astype(float))  # fmt: skip
    p = np.array([1, 1, 2, 2]) / 6
    free = (p * np.log(p)).sum() + 2 * np.log(2)
    assert kl(machine, rows) < 0.3 * free


@pytest.mark.parametrize("n_sweeps", [1, 5, 10, 20])
def test_a_number_of_betas_goes_through_the_published_temperatures(n_sweeps):
    stages = np.repeat([2.0, 1.5, 1.2, 1.0], [2, 2, 2, 4])
    shares = np.ceil(np.arange(1, n_sweeps + 1) * 10 / n_sweeps).astype(int)
    options = {"method": "annealing", "n_iter": 1, "n_average": 2, "random_state": 0}
    one, other = (
        BoltzmannMachine(2, betas=betas, **options).fit(BITS)
        for betas in (n_sweeps, 1 / stages[shares - 1])
    )
    np.testing.assert_array_equal(one.coupling_, other.coupling_)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_hidden", [0, 2])
@pytest.mark.parametrize("rows", [BITS, PARTLY], ids=["whole", "gaps"])
def test_every_method_resumes_bit_for_bit(method, n_hidden, rows):
    options = {
        "method": method, "batch_size": 25, "momentum": 0.5, "schedule": "constant",
        "random_state": 0, "clamping_noise": (0.1, 0.05), "n_average": 2,
        "betas": (1 / 1.5, 1.0, 1.0),
    }  # fmt: skip
    whole = BoltzmannMachine(n_hidden, n_iter=4, **options).fit(rows)
    half = BoltzmannMachine(n_hidden, n_iter=2, warm_start=True, **options).fit(rows)
    half = pickle.loads(pickle.dumps(half)).fit(rows)
    assert half.n_iter_ == 4 and len(half.history_["epoch"]) == 4
    assert whole.coupling_.tobytes() == half.coupling_.tobytes()
    assert whole.intercept_.tobytes() == half.intercept_.tobytes()
    assert np.isfinite(whole.coupling_).all()


def test_a_large_hidden_layer_resumes_bit_for_bit():
    """Beyond 1024 states the chains of the rows are remembered."""
    options = {"batch_size": 25, "schedule": "constant", "random_state": 0}
    whole = BoltzmannMachine(13, n_iter=4, **options).fit(BITS)
    half = BoltzmannMachine(13, n_iter=2, warm_start=True, **options).fit(BITS)
    half = pickle.loads(pickle.dumps(half)).fit(BITS)
    assert whole.coupling_.tobytes() == half.coupling_.tobytes()


def test_gradients_do_not_see_which_value_is_zero():
    """Without hidden units X and 1 - X are learnt alike; the plain gradient differs."""
    scores = {}
    for gradient in ("centered", "plain"):
        machines = [
            BoltzmannMachine(
                0, method="exact", gradient=gradient, n_iter=10, random_state=0
            ).fit(rows)
            for rows in (BITS, 1 - BITS)
        ]
        one, two = machines
        gap = one.score_samples(BITS) - two.score_samples(1 - BITS)
        scores[gradient] = abs(gap).max()
    assert scores["centered"] < 1e-10 < scores["plain"]


@pytest.mark.parametrize("values", [(-1, 1), (-0.5, 2.0)])
def test_the_exact_gradient_reaches_the_moments(values):
    """The convex problem: ascent and Newton end at one machine."""
    rows = at(values, BITS)
    solved = BoltzmannMachine(0, values=values, method="moments").fit(rows)
    climbed = BoltzmannMachine(
        0, values=values, method="exact", n_iter=200, learning_rate=0.5, momentum=0.9,
        batch_size=100,
    ).fit(rows)  # fmt: skip
    assert solved.score(rows) >= climbed.score(rows) - 1e-12
    np.testing.assert_allclose(climbed.score(rows), solved.score(rows), atol=1e-4)


def test_learning_from_gaps_is_near_learning_from_whole_rows():
    """10 parameters from 800 rows: 10 / 1600 nats; filled by the lowest value, more."""
    machine, _ = fitted(n_hidden=0)
    rows = machine.sample(800, burn_in=50, random_state=0)
    holes = np.random.default_rng(1).random(rows.shape) < 0.3
    holes[holes.all(axis=1), 0] = False
    partly = np.where(holes, NAN, rows)

    def divergence(data, method):
        found = BoltzmannMachine(
            0, method=method, n_iter=60, learning_rate=0.2,
            momentum=0.9, batch_size=400,
            n_chains=400, random_state=0,
        ).fit(data)  # fmt: skip
        states = all_rows((0, 1))
        p = np.exp(machine.score_samples(states))
        return p @ (np.log(p) - found.score_samples(states))

    whole = divergence(rows, "exact")
    guessed = divergence(np.nan_to_num(partly), "exact")
    for method in ("exact", "pcd"):
        assert divergence(partly, method) < whole + 0.02 < guessed


@pytest.mark.parametrize("method", METHODS)
def test_masks_hold_while_learning(method):
    mask = np.ones((6, 6), int) - np.eye(6, dtype=int)
    mask[0, 3] = mask[3, 0] = mask[4, 5] = mask[5, 4] = 0
    options = {"method": method, "n_iter": 2, "random_state": 0}
    for given in (mask, sparse.csr_array(mask), mask.tolist(), mask.astype(bool)):
        machine = BoltzmannMachine(2, mask=given, **options).fit(BITS)
        np.testing.assert_array_equal(machine.coupling_[mask == 0], 0)
        assert (machine.coupling_[mask == 1] != 0).all()
    layers = {"visible_visible": False, "hidden_hidden": False}
    machine = BoltzmannMachine(2, **layers, **options).fit(BITS)
    assert not machine.coupling_[:4, :4].any() and not machine.coupling_[4:, 4:].any()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("gradient", ["centered", "sign"])
@pytest.mark.parametrize("weight", [None, np.linspace(0.3, 1.9, 60)])
def test_couplings_are_symmetric_to_the_last_bit(method, gradient, weight):
    """Nothing would ever pull two triangles together that rounding drove apart."""
    machine = BoltzmannMachine(
        3, method=method, gradient=gradient, n_iter=2, batch_size=7, n_chains=33,
        n_average=3, betas=(1 / 1.5, 1.0), random_state=0,
    ).fit(BITS.astype(np.float32), sample_weight=weight)  # fmt: skip
    np.testing.assert_array_equal(machine.coupling_, machine.coupling_.T)
    assert not machine.coupling_.diagonal().any()


@pytest.mark.parametrize("method", [*METHODS, *SOLVERS])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32, np.float16])
def test_small_types_learn_in_single_precision(method, dtype):
    """But for whole numbers given to the solvers, which work in double precision."""
    whole = method in SOLVERS and np.dtype(dtype).kind in "biu"
    precision = np.float64 if whole else np.float32
    n_hidden = 0 if method in SOLVERS else 2
    machine = BoltzmannMachine(n_hidden, method=method, n_iter=1, random_state=0)
    machine.fit(BITS.astype(dtype))
    assert machine.coupling_.dtype == machine.intercept_.dtype == precision
    assert machine.free_energy(BITS.astype(dtype)).dtype == precision
    same = BoltzmannMachine(n_hidden, method=method, n_iter=1, random_state=0)
    same.fit(BITS.astype(precision))
    np.testing.assert_array_equal(machine.coupling_, same.coupling_)
    if n_hidden:
        assert machine.transform(BITS).dtype == precision
    assert machine.sample(3, burn_in=1).dtype == precision
    other = machine.with_values((-1, 1))
    assert other.coupling_.dtype == other.intercept_.dtype == precision


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n_hidden", [0, 2])
@pytest.mark.parametrize(
    "rows",
    [BITS[:1], BITS[:, :1], BITS[:1, :1], np.ones((8, 3)), np.zeros((8, 3))],
    ids=["one row", "one feature", "one value", "all high", "all low"],
)
def test_little_data_are_learnt(method, n_hidden, rows):
    machine = BoltzmannMachine(n_hidden, method=method, n_iter=3, random_state=0)
    machine.fit(rows)
    assert np.isfinite(machine.coupling_).all() and machine.score(rows) < 0
    machine.partial_fit(rows)
    assert machine.sample(4, burn_in=2).shape == (4, rows.shape[1])
    assert np.isfinite(machine.pseudo_log_likelihood(rows)).all()


@pytest.mark.parametrize("method", SOLVERS)
@pytest.mark.parametrize("rows", [BITS[:1], BITS[:, :1], np.ones((8, 3))])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_little_data_are_solved(method, rows):
    machine = BoltzmannMachine(0, method=method).fit(rows)
    assert (
        np.isfinite(machine.coupling_).all() and np.isfinite(machine.intercept_).all()
    )
    assert machine.score(rows) <= 1e-9


def test_partial_fit_goes_on():
    rows = PARTLY
    machine = BoltzmannMachine(2, random_state=0, batch_size=10)
    assert machine.partial_fit(rows[:30]) is machine
    for part in np.array_split(rows, 4):
        machine.partial_fit(part)
    assert machine.n_iter_ == 5 and np.isfinite(machine.coupling_).all()
    with pytest.raises(ValueError, match="features"):
        machine.partial_fit(rows[:, :3])


def test_a_warm_start_of_other_hidden_units_is_named():
    machine = BoltzmannMachine(2, n_iter=1, warm_start=True).fit(BITS)
    with pytest.raises(ValueError, match="n_hidden is 3"):
        machine.set_params(n_hidden=3).fit(BITS)


@pytest.mark.parametrize("first", SOLVERS)
def test_chains_go_on_from_a_solution(first):
    machine = BoltzmannMachine(0, method=first, random_state=0).fit(BITS)
    solved = machine.coupling_.copy()
    machine.set_params(method="pcd", warm_start=True, n_iter=1, learning_rate=1e-6)
    np.testing.assert_allclose(machine.fit(BITS).coupling_, solved, atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_weights_of_batches_count(method):
    """Rows of weight 0 might as well not be there; a full batch, exact sums."""
    weight = np.append(np.ones(40), np.zeros(20))
    machine = BoltzmannMachine(2, method=method, n_iter=3, random_state=0)
    found = machine.fit(BITS, sample_weight=weight)
    assert np.isfinite(found.coupling_).all()
    if method == "exact":
        fewer = BoltzmannMachine(2, method=method, n_iter=3, random_state=0)
        fewer.fit(BITS[:40])
        np.testing.assert_allclose(found.coupling_, fewer.coupling_, atol=1e-10)


@pytest.mark.parametrize("method", ["exact", *SOLVERS])
def test_a_weight_is_a_repetition(method):
    weight = np.random.default_rng(0).integers(0, 4, 60)
    n_hidden = 2 if method == "exact" else 0
    one, two = (
        BoltzmannMachine(
            n_hidden, method=method, n_iter=3, batch_size=500, random_state=0
        )
        for _ in range(2)
    )
    one.fit(BITS, sample_weight=weight)
    two.fit(np.repeat(BITS, weight, axis=0))
    # Solvers end within a gradient of 1e-7; couplings are steeper.
    np.testing.assert_allclose(one.coupling_, two.coupling_, atol=1e-4)
    np.testing.assert_allclose(
        one.score_samples(BITS), two.score_samples(BITS), atol=1e-5
    )


@pytest.mark.parametrize("method", [*METHODS, *SOLVERS])
@pytest.mark.parametrize("weight", [np.zeros(60), -np.ones(60), np.full(60, NAN)])
def test_weights_of_nothing_are_refused(method, weight):
    machine = BoltzmannMachine(0, method=method, n_iter=1)
    with pytest.raises(ValueError, match="weight"):
        machine.fit(BITS, sample_weight=weight)


# Solvers ----------------------------------------------------------------------------


def moments_by_loops(rows, weight):
    mean, pairs = np.zeros(rows.shape[1]), np.zeros((rows.shape[1],) * 2)
    for w, row in zip(weight / weight.sum(), rows, strict=True):
        mean += w * row
        pairs += w * np.outer(row, row)
    np.fill_diagonal(pairs, 0)
    return mean, pairs


@EACH_VALUES
@pytest.mark.parametrize("weight", [None, np.linspace(0, 2, 60)])
def test_moments_are_met(values, weight):
    rows = at(values, BITS)
    machine = BoltzmannMachine(0, values=values, method="moments")
    machine.fit(rows, sample_weight=weight)
    oracle = PairwiseOracle(machine.coupling_, machine.intercept_, values)
    found = oracle.moments([NAN] * 4)
    weight = np.ones(60) if weight is None else weight
    expected = moments_by_loops(rows, weight)
    gap = max(abs(a - b).max() for a, b in zip(found, expected, strict=True))
    assert gap < 1e-8
    assert abs(machine.moment_gap_ - gap) < 1e-8
    penalised = BoltzmannMachine(0, values=values, method="moments", l2=0.5).fit(rows)
    oracle = PairwiseOracle(penalised.coupling_, penalised.intercept_, values)
    found, expected = oracle.moments([NAN] * 4), moments_by_loops(rows, np.ones(60))
    gap = max(abs(a - b).max() for a, b in zip(found, expected, strict=True))
    assert gap > 1e-4 and np.isclose(penalised.moment_gap_, gap)
    # At the maximum the slope is the penalty's: D[s_i s_j] = l2 J_ij.
    slope = expected[1] - found[1]
    np.testing.assert_allclose(slope, 0.5 * penalised.coupling_, atol=1e-8)


def test_moments_of_a_mask_are_met_where_it_allows():
    mask = np.zeros((4, 4), bool)
    mask[[0, 1, 1, 2], [1, 0, 2, 1]] = True
    machine = BoltzmannMachine(0, method="moments", mask=mask).fit(BITS)
    assert machine.moment_gap_ < 1e-8
    np.testing.assert_array_equal(machine.coupling_ != 0, mask)
    _, pairs = PairwiseOracle(machine.coupling_, machine.intercept_, (0, 1)).moments(
        [NAN] * 4
    )
    _, expected = moments_by_loops(BITS, np.ones(60))
    assert abs(pairs - expected)[mask].max() < 1e-8 < abs(pairs - expected).max()


def test_twelve_units_are_solved():
    rng = np.random.default_rng(0)
    rows = (rng.random((400, 12)) < 0.4).astype(float)
    rows[:, 1] = np.where(rng.random(400) < 0.5, rows[:, 0], rows[:, 1])
    machine = BoltzmannMachine(0, method="moments").fit(rows)
    assert machine.moment_gap_ < 1e-8
    pairs = moments_by_loops(rows, np.ones(400))[1]
    drawn = machine.sample(20_000, burn_in=10, random_state=0)
    assert abs(drawn.T @ drawn / 20_000 - pairs)[0, 1] < 4 * 0.5 / np.sqrt(20_000)


def test_the_pseudo_likelihood_finds_the_machine_of_much_data():
    machine, _ = fitted((-1, 1), n_hidden=0, scale=0.7)
    rows = machine.sample(20_000, burn_in=50, random_state=0)
    found = BoltzmannMachine(0, values=(-1, 1), method="pseudo-likelihood").fit(rows)
    # Each coupling is known to about 2 / sqrt(n).
    assert abs(found.coupling_ - machine.coupling_).max() < 0.06
    assert found.moment_gap_ < 0.03 and found.n_iter_ > 1
    sparse_one = BoltzmannMachine(
        0, values=(-1, 1), method="pseudo-likelihood", l1=10.0
    ).fit(rows)
    assert not sparse_one.coupling_.any()


def test_a_moment_gap_that_cannot_be_enumerated_is_unknown():
    rows = (np.random.default_rng(0).random((50, 40)) < 0.5).astype(float)
    machine = BoltzmannMachine(0, method="pseudo-likelihood", l2=0.5).fit(rows)
    assert np.isnan(machine.moment_gap_)


@pytest.mark.parametrize("method", SOLVERS)
def test_solvers_are_without_partial_fit_and_say_why(method):
    machine = BoltzmannMachine(0, method=method)
    assert not hasattr(machine, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit") as error:
        machine.partial_fit(BITS)
    assert "solves for all rows at once" in str(error.value.__cause__ or error.value)
    with pytest.raises(ValueError, match=r"n_hidden=0, found 2"):
        BoltzmannMachine(2, method=method).fit(BITS)
    with pytest.raises(ValueError, match="NaN.*pcd"):
        machine.fit(PARTLY)


# Refusals ---------------------------------------------------------------------------


def test_without_hidden_units_there_are_no_features():
    machine = BoltzmannMachine(0, n_iter=1).fit(BITS)
    for name in ("transform", "fit_transform", "get_feature_names_out"):
        assert not hasattr(machine, name)
        assert hasattr(BoltzmannMachine(2), name)
    with pytest.raises(AttributeError) as error:
        machine.transform(BITS)
    assert "n_hidden > 0" in str(error.value.__cause__ or error.value)
    assert machine.get_params()["n_hidden"] == 0


def test_set_output_gives_frames():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(BITS, columns=list("abcd"))
    machine = BoltzmannMachine(2, n_iter=1).set_output(transform="pandas")
    for found in (machine.fit(frame).transform(frame), machine.fit_transform(frame)):
        assert list(found.columns) == ["boltzmannmachine0", "boltzmannmachine1"]
        assert len(found) == 60
    assert list(machine.feature_names_in_) == list("abcd")
    assert list(machine.with_values((-1, 1)).feature_names_in_) == list("abcd")


SYMMETRIC = np.ones((6, 6)) - np.eye(6)
ASYMMETRIC = SYMMETRIC * (np.arange(36).reshape(6, 6) != 3)
LONELY = SYMMETRIC * np.outer(np.arange(6) < 5, np.arange(6) < 5)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"mask": ASYMMETRIC}, "mask is not symmetric"),
        ({"mask": np.ones((6, 6))}, "diagonal"),
        ({"mask": SYMMETRIC[:5, :5]}, r"mask must be.*\(6, 6\)"),
        ({"mask": np.full((6, 6), "a")}, "mask must be"),
        ({"mask": LONELY}, "hidden unit 1"),
        ({"visible_hidden": False}, "visible_hidden=True"),
        ({"betas": (0.5, np.inf, 1.0)}, "betas must be"),
        ({"betas": (-1.0, 1.0)}, "betas must be"),
        ({"betas": (1.0, 0.5, 1.0)}, "betas must be"),
        ({"betas": (0.5, 0.5)}, "betas must be.*ending with 1"),
        ({"betas": ()}, "betas must be"),
        ({"betas": ((0.5, 2), (1.0, 1))}, "betas must be"),
        ({"betas": 0}, "betas"),
        ({"betas": 2.0}, "betas"),
        ({"clamping_noise": (0.1,)}, "clamping_noise must be"),
        ({"clamping_noise": (0.1, 1.5)}, "clamping_noise must be"),
        ({"clamping_noise": (-0.1, 0.5)}, "clamping_noise must be"),
        ({"values": (1, 0)}, "values must be"),
        ({"values": (0, np.inf)}, "values must be"),
        ({"n_hidden": -1}, "n_hidden"),
        ({"method": "guess"}, "method"),
        ({"gradient": "steep"}, "gradient"),
        ({"k": 0}, "k"),
        ({"n_chains": 0}, "n_chains"),
        ({"n_average": 0}, "n_average"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"method": "moments", "n_hidden": 0, "l1": 0.1}, "l1=0.1"),
    ],
)
def test_what_is_wrong_is_named(options, message):
    machine = BoltzmannMachine(**{"n_hidden": 2, "n_iter": 1, **options})
    with pytest.raises(ValueError, match=message):
        machine.fit(BITS)


@pytest.mark.parametrize(
    "options",
    [
        {"betas": np.array([0.5, 0.5, 1.0])},
        {"betas": [0.5, 1]},
        {"betas": np.int64(3)},
        {"clamping_noise": np.array([0.1, 0.05])},
        {"clamping_noise": [0.1, 0.05]},
        {"clamping_noise": (0, 0)},
        {"values": np.array([0, 1])},
        {"values": [0, 1]},
    ],
    ids=str,
)
def test_arrays_and_lists_are_as_good_as_tuples(options):
    machine = BoltzmannMachine(2, method="annealing", n_iter=1, n_average=1, **options)
    assert np.isfinite(machine.fit(BITS).score(BITS))


@pytest.mark.parametrize("n", [30, 100])
@pytest.mark.parametrize("method, remedy", [("exact", "pcd"), ("moments", "pseudo")])
def test_sums_that_would_not_end_are_refused(n, method, remedy):
    rows = (np.random.default_rng(0).random((20, n)) < 0.5).astype(float)
    with pytest.raises(EnumerationTooLargeError, match=f'method="{method}".*{remedy}'):
        BoltzmannMachine(0, method=method).fit(rows)


def test_moments_of_uncoupled_units_are_no_sum_over_their_states(monkeypatch):
    """A mask does not help Newton's method unless it sums what is free in closed form.

    30 units without couplings: solved or refused, but not 2^30 states visited.
    """
    from skboltz.learning.pairwise import _inverse_ising

    blocks = _inverse_ising.blocks

    def few(unit, n_units, n_terms):
        if n_units > 22:
            pytest.fail(f"2^{n_units} states visited")
        return blocks(unit, n_units, n_terms)

    monkeypatch.setattr(_inverse_ising, "blocks", few)
    rows = (np.random.default_rng(0).random((50, 30)) < 0.5).astype(float)
    machine = BoltzmannMachine(0, method="moments", visible_visible=False)
    try:
        machine.fit(rows)
    except EnumerationTooLargeError:
        return
    assert machine.moment_gap_ < 1e-8


def test_rows_that_need_filling_are_named():
    machine = BoltzmannMachine(2, n_iter=1).fit(PARTLY)
    for name in ("conditional_proba", "pseudo_log_likelihood"):
        with pytest.raises(ValueError, match="NaN.*impute"):
            getattr(machine, name)(PARTLY)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_huge_values_warn_and_end_in_a_clear_error():
    with pytest.warns(DataRangeWarning, match="BoltzmannMachine"):
        BoltzmannMachine(2, n_iter=1).fit(3 * BITS)
    with pytest.warns(DataRangeWarning), pytest.raises(DivergenceError):
        BoltzmannMachine(2, n_iter=60).fit(1e200 * BITS)
    with pytest.warns(DataRangeWarning):
        machine = BoltzmannMachine(2, n_iter=1).fit(BITS)
        assert np.isfinite(machine.transform(1e9 * BITS)).all()


def test_a_rate_too_high_keeps_the_last_good_state():
    machine = BoltzmannMachine(2, l2=100.0, learning_rate=10.0, n_iter=400)
    with pytest.raises(DivergenceError, match="Lower `learning_rate`"):
        machine.fit(BITS)
    assert np.isfinite(machine.coupling_).all()


# With the rest of scikit-learn ------------------------------------------------------


def test_a_grid_search_selects_by_likelihood():
    search = GridSearchCV(
        BoltzmannMachine(n_iter=2, random_state=0),
        {"n_hidden": [0, 2], "k": [1, 3]},
        cv=2,
    ).fit(BITS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.score(BITS) < 0


def test_a_pipeline_learns_from_the_features():
    y = BITS[:, 0].astype(int)
    model = make_pipeline(
        BoltzmannMachine(8, n_iter=5, random_state=0),
        LogisticRegression(C=1e6, max_iter=2000),
    ).fit(PARTLY, y)
    assert model.fit(BITS, y).score(BITS, y) > 0.9
    names = model[:-1].get_feature_names_out()
    assert names[0] == "boltzmannmachine0"


def test_bits_learn_as_spins_do():
    """By the centered gradient, from the same machine; couplings are 4 times as large.

    So the square of a penalty on those of spins counts 16 times as much.
    """
    start = BoltzmannMachine(2, random_state=0, n_iter=0).fit(BITS)
    options = {"n_iter": 20, "method": "exact", "l2": 0.01, "warm_start": True}
    spins = start.with_values((-1, 1)).set_params(**options | {"l2": 0.16})
    spins.fit(2 * BITS - 1)
    bits = start.set_params(**options).fit(BITS)
    found = spins.with_values((0, 1))
    np.testing.assert_allclose(found.coupling_, bits.coupling_, atol=1e-10)
    np.testing.assert_allclose(found.intercept_, bits.intercept_, atol=1e-10)
    # Plain steps do not.
    options["gradient"] = "plain"
    plain = start.with_values((-1, 1)).set_params(**options).fit(2 * BITS - 1)
    bits = start.set_params(**options).fit(BITS)
    assert abs(plain.with_values((0, 1)).coupling_ - bits.coupling_).max() > 1e-3


def test_bits_given_to_spins_warn():
    with pytest.warns(DataRangeWarning, match="2 \\* X - 1"):
        BoltzmannMachine(0, values=(-1, 1), method="moments").fit(BITS)


def test_values_do_not_change_under_a_fitted_machine():
    machine = BoltzmannMachine(2, n_iter=1, random_state=0).fit(BITS)
    before = machine.score(BITS)
    machine.set_params(values=(-1, 1), warm_start=True)
    assert machine.score(BITS) == before
    with pytest.raises(ValueError, match="with_values"):
        machine.fit(2 * BITS - 1)


def test_errors_of_given_parameters_name_them():
    with pytest.raises(ValueError, match="intercept must be 2"):
        BoltzmannMachine.from_params(np.zeros((2, 2)), [1.0])


def test_the_moment_gap_of_a_solution_does_not_outlive_it():
    machine = BoltzmannMachine(0, method="moments", n_iter=1, random_state=0).fit(BITS)
    assert machine.moment_gap_ < 1e-8
    machine.set_params(method="exact").fit(BITS)
    assert not hasattr(machine, "moment_gap_")
