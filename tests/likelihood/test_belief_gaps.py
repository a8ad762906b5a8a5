"""Rows of belief networks of which something is missing, against enumeration."""

import itertools
import math

import numpy as np
import pytest
from belief_cases import BELIEF, milder, some_rows
from oracles import log_sum
from scipy.integrate import quad

from skboltz import UnreliableEstimateWarning
from skboltz.likelihood import (
    _belief_posterior,
    belief_sums,
    conditional_means,
    features_expected,
    importance_bound,
    log_weights,
    lower_bound,
    pseudo_log_likelihood,
)
from skboltz.models import BeliefNetwork, Bipartite, BipartiteParams, untied
from skboltz.units import BERNOULLI, Bias

PLAIN = [case for case in BELIEF if not case.n_labels]
BITS = [case for case in PLAIN if case.oracle.log_variance is None]
REAL = [case for case in PLAIN if case.oracle.log_variance is not None]
KEY = (1, 2)


def name_of(case):
    return case.name.replace(" ", "-")


def rows_of(case):
    """Rows that miss one feature, others, all and none of them."""
    v = some_rows(case, 6)[0].copy()
    v[0, 0] = v[1, 1:] = v[2] = v[3, -1] = np.nan
    return v


def completed(case, row):
    """Every complete row that agrees with what is known."""
    values = case.oracle.values[0]
    choices = [values if math.isnan(x) else (x,) for x in row]
    return list(itertools.product(*choices))


def log_known(case, row):
    """log P(known features)."""
    oracle = case.oracle
    nothing = (0.0,) * len(row)
    return log_sum(
        oracle.log_joint((nothing, *path))
        - oracle.log_conditional(0, nothing, path[0])
        + oracle.log_known(row, path[0])
        for path in oracle.hidden_states()
    )


def exact_means(case, row):
    rows = completed(case, row)
    p = np.exp([case.oracle.log_likelihood(v) for v in rows])
    return p @ np.array(rows) / p.sum()


def pseudo(case, row):
    """sum_i log P(v) - log P(all but v_i)."""
    total = 0.0
    for i in range(len(row)):
        others = [math.nan if k == i else x for k, x in enumerate(row)]
        total += log_known(case, row) - log_known(case, others)
    return total


# Sums -----------------------------------------------------------------------------


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_sums_are_the_likelihoods_of_what_is_known(case):
    v, sums = rows_of(case), belief_sums.sums_of(case.net, case.params)
    assert belief_sums.is_summed(case.net, case.params)
    found = belief_sums.log_sums(sums, v) - case.oracle.top.log_z
    np.testing.assert_allclose(found, [log_known(case, row) for row in v], atol=1e-12)
    whole = found[4:] - [case.oracle.log_likelihood(tuple(row)) for row in v[4:]]
    np.testing.assert_allclose(whole, 0, atol=1e-12)
    np.testing.assert_allclose(found[2], 0, atol=1e-12)


@pytest.mark.parametrize("case", BITS, ids=name_of)
def test_means_of_what_is_missing(case):
    v = rows_of(case)
    found, expected = conditional_means(case.net, case.params, v)[0], []
    expected = [exact_means(case, row) for row in v]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("case", REAL, ids=name_of)
def test_means_of_real_features_that_are_missing(case):
    row = np.array([0.3, np.nan])

    def density(x):
        return math.exp(case.oracle.log_likelihood((0.3, x)))

    total = quad(density, -15, 15, limit=200)[0]
    mean = quad(lambda x: x * density(x), -15, 15, limit=200)[0] / total
    found = conditional_means(case.net, case.params, row[None])[0]
    np.testing.assert_allclose(found, [[0.3, mean]], rtol=1e-6)
    np.testing.assert_allclose(math.exp(log_known(case, row)), total, rtol=1e-6)


@pytest.mark.parametrize("case", BITS, ids=name_of)
def test_means_of_one_machine_by_itself_are_others(case):
    """Negative control: the first layer as an RBM knows nothing of those above."""
    v = rows_of(case)
    alone = conditional_means(case.net.layers[0], case.params.generative[0], v)[0]
    expected = [exact_means(case, row) for row in v]
    assert abs(alone - expected).max() > 0.05


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_pseudo_likelihoods(case):
    v = some_rows(case, 6)[0]
    found = pseudo_log_likelihood(case.net, case.params, v)
    np.testing.assert_allclose(found, [pseudo(case, row) for row in v], atol=1e-10)


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_states_are_drawn_by_their_shares(case):
    v = rows_of(case)[:2]
    sums, n = belief_sums.sums_of(case.net, case.params), 4000
    (_, share), *_ = belief_sums.shares(sums, v)
    generator = np.random.default_rng(0)
    for row in range(2):
        drawn = belief_sums.draws(sums, np.tile(v[row], (n, 1)), generator)
        same = (drawn[:, None] == sums.states).all(axis=2).mean(axis=0)
        error = np.sqrt(share[row] * (1 - share[row]) / n)
        assert (abs(same - share[row]) <= 6 * error + 1e-12).all()


@pytest.mark.parametrize("case", BITS, ids=name_of)
def test_functions_of_what_is_missing(case):
    v = rows_of(case)

    def function(rows):
        return np.stack([rows.prod(axis=1), rows[:, 0] ** 3 + rows[:, 1]], axis=1)

    found = features_expected(case.net, case.params, v, function)
    for row, values in zip(v, found, strict=True):
        rows = completed(case, row)
        p = np.exp([case.oracle.log_likelihood(x) for x in rows])
        expected = p @ function(np.array(rows)) / p.sum()
        np.testing.assert_allclose(values, expected, atol=1e-12)


def test_a_network_of_many_units_is_not_summed():
    case = BITS[1]
    assert belief_sums.n_terms(case.net, case.params) == 4 * 3 + 4 * 8 + 8 * 2
    labelled = next(case for case in BELIEF if case.n_labels)
    assert not belief_sums.is_summed(labelled.net, labelled.params)


# Bounds ---------------------------------------------------------------------------


@pytest.mark.parametrize("case", PLAIN, ids=name_of)
def test_bounds_are_of_what_is_known(case):
    """Mean weights are P(known): by K draws within a few relative errors."""
    mild = milder(case, 0.3)
    v = rows_of(mild)
    weights = log_weights(mild.net, mild.params, v, KEY, 4000) - mild.oracle.top.log_z
    expected = np.array([log_known(mild, row) for row in v])
    relative = np.exp(weights - expected)
    error = relative.std(axis=0, ddof=1) / np.sqrt(len(weights))
    assert (error < 0.1).all()
    assert (abs(relative.mean(axis=0) - 1) < 6 * error + 1e-9).all()
    assert (lower_bound(weights) <= importance_bound(weights)).all()
    assert (lower_bound(weights) < expected + 6 * error).all()
    known = [tuple(np.nan_to_num(row)) for row in v[:4]]
    wrong = np.array([mild.oracle.log_likelihood(row) for row in known])
    assert (abs(np.exp(wrong - expected[:4]) - 1) > 6 * error[:4]).all()


# Chains, where sums are too long --------------------------------------------------


@pytest.fixture
def without_sums(monkeypatch):
    """As if every network had too many states."""
    monkeypatch.setattr(belief_sums, "is_summed", lambda net, params: False)


@pytest.mark.parametrize("case", [milder(case, 0.5) for case in BITS], ids=name_of)
def test_chains_come_near(case, without_sums):
    """600 states of four chains, some of them alike: a few hundredths of the range."""
    v, span = rows_of(case), case.oracle.values[0][1] - case.oracle.values[0][0]
    found = conditional_means(case.net, case.params, v)[0]
    expected = np.array([exact_means(case, row) for row in v])
    assert 0 < abs(found - expected).max() < 0.05 * span
    np.testing.assert_array_equal(found[~np.isnan(v)], v[~np.isnan(v)])
    whole = some_rows(case, 6)[0]
    found = pseudo_log_likelihood(case.net, case.params, whole)
    expected = np.array([pseudo(case, row) for row in whole])
    assert 0 < abs(found - expected).max() < 0.1

    def first(rows):
        return rows[:, :1] == case.oracle.values[0][1]

    found = features_expected(case.net, case.params, v[:3], first)
    means = np.array([exact_means(case, row)[0] for row in v[:3]])
    assert abs(found[:, 0] - (means - case.oracle.values[0][0]) / span).max() < 0.05


def test_chains_of_real_features_come_near(without_sums):
    case = milder(REAL[0], 0.5)
    row = np.array([[0.3, np.nan]])
    found = conditional_means(case.net, case.params, row)[0]
    sums = belief_sums.sums_of(case.net, case.params)
    assert 0 < abs(found[0, 1] - belief_sums.means(sums, row)[0, 1]) < 0.1


def network_of(weights, bias, prior):
    """One directed layer of features, under units that are independent beforehand."""
    rbm, n_hidden = Bipartite(BERNOULLI, BERNOULLI), len(weights)
    down = BipartiteParams(
        np.array(weights), Bias(np.array(bias)), Bias(np.zeros(n_hidden))
    )
    top = BipartiteParams(
        np.zeros((1, n_hidden)), Bias(np.array(prior)), Bias(np.zeros(1))
    )
    return BeliefNetwork((rbm,), rbm), untied([down], top)


@pytest.mark.filterwarnings("ignore::skboltz.UnreliableEstimateWarning")
def test_rivals_that_explain_a_feature_are_weighed(without_sums):
    """Either of two units explains the first feature: single flips do not lead across.

    The second feature tells which of them it is: their odds are e beforehand.
    """
    weights, bias = [[36.0, 10.0], [36.0, 0.0]], [-18.0, -5.0]
    net, params = network_of(weights, bias, [-8.0, -9.0])
    row = np.array([[1.0, np.nan]])
    exact = belief_sums.means(belief_sums.sums_of(net, params), row)[0, 1]
    sweeps = _belief_posterior.BeliefSweeps(net, params)
    asked = _belief_posterior._of_visible(net, params)
    few, _ = _belief_posterior._of_few(sweeps, row, asked)
    assert np.ptp(few[0, :, 1]) > 0.5  # they have not met
    found = conditional_means(net, params, row)[0]
    assert 0.6 < exact < 0.9 and abs(found[0, 1] - exact) < 0.2


def test_what_a_chain_says_depends_on_no_other(without_sums):
    case = milder(BITS[1], 0.5)
    v = rows_of(case)
    whole = conditional_means(case.net, case.params, v)[0]
    alone = [conditional_means(case.net, case.params, v[[i]])[0][0] for i in range(6)]
    np.testing.assert_allclose(whole, alone, atol=1e-12)


def test_chains_that_have_not_met_warn(without_sums, monkeypatch):
    """Sweeps that move nothing leave every chain where it started.

    Ten units of which each is known by a feature: no dream is like the row.
    """
    signs = 8.0 * (-1.0) ** np.arange(10)
    weights = np.hstack([8 * np.eye(10), signs[:, None]])
    net, params = network_of(weights, [-4.0] * 10 + [0.0], [0.0] * 10)
    params = params._replace(
        recognition=(params.generative[0]._replace(weights=np.zeros((10, 11))),)
    )
    row = np.array([[1.0] * 10 + [np.nan]])
    conditional_means(net, params, row)
    stuck = _belief_posterior.BeliefSweeps
    monkeypatch.setattr(stuck, "step", lambda self, chains, given, beta=1.0: chains)
    with pytest.warns(UnreliableEstimateWarning, match="rows chains of the hidden"):
        conditional_means(net, params, row)
