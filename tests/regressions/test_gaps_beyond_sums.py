"""Rows with many gaps, wrong in silence from 14 hidden units on.

A user fitted a Gaussian machine of 16 hidden units to six clusters and removed 7 of 10
features: `impute`, said to be E[missing | known], was off by more than half a standard
deviation in 17 of 60 rows, `score_samples` by up to 0.9 nats, and by 89 nats where
clusters were far apart.  Sums ended at 10^5 terms for a row, and beyond them a single
chain stood for the posterior, or annealing that nothing checked.
"""

import warnings

import numpy as np
import pytest
from scipy.special import logsumexp

from skboltz import BernoulliRBM, GaussianBernoulliRBM, UnreliableEstimateWarning
from skboltz.likelihood import (
    _climbing,
    _partly_known,
    _posterior,
    conditional_means,
    exact_log_partition,
    marginal_free_energy,
    pairwise_free_energy,
    pairwise_means,
)
from skboltz.likelihood._visited import Led, Sent, verdict
from skboltz.models import Bipartite, BipartiteParams, Pairwise, PairwiseParams
from skboltz.sampling import (
    Purpose,
    Stream,
    conditional_gibbs,
    mean_field,
    pairwise_chains,
    states,
)
from skboltz.units import BERNOULLI, GAUSSIAN, SPIN, Bias, GaussianParams

VISIBLE = {"bits": BERNOULLI, "spins": SPIN, "real": GAUSSIAN}


def machine(kind, n_hidden, n_visible, apart=4.0, seed=0):
    """One or two hidden units on make a cluster, each as heavy as none on."""
    rng = np.random.default_rng(seed)
    unit = VISIBLE[kind]
    weights = rng.normal(0, apart / np.sqrt(n_visible), (n_hidden, n_visible))
    bias = rng.normal(0, 0.5, n_visible)
    if kind == "real":
        own = GaussianParams(bias, np.zeros(n_visible))
    else:
        own = Bias(bias)
    off = unit.log_partition(own, unit.field(own, np.zeros(n_visible))).sum()
    on = unit.log_partition(own, unit.field(own, weights)).sum(axis=1)
    params = BipartiteParams(weights, own, Bias(off - on))
    return Bipartite(unit, BERNOULLI), params


def rows_of(model, params, n_missing, n_rows=12, seed=1):
    """Rows drawn from the machine, each with gaps of its own."""
    rng = np.random.default_rng(seed)
    n_hidden, n_visible = params.weights.shape
    h = states(BERNOULLI, n_hidden)
    log_weight = -model.swap().free_energy(model.swap_params(params), h)
    p = np.exp(log_weight - logsumexp(log_weight))
    field = model.visible_field(params, h[rng.choice(len(h), n_rows, p=p)])
    kind = model.visible_unit.noise
    noise, _ = Stream((seed, 3), Purpose.DATA).draw(field.shape, np.float64, kind)
    rows = model.visible_unit.sample(params.visible, field, noise)
    for row in rows:
        row[rng.permutation(n_visible)[:n_missing]] = np.nan
    return rows


def enumerated(model, params, rows):
    """Free energies and means of rows, hidden state by hidden state."""
    unit, own = model.visible_unit, params.visible
    h = states(BERNOULLI, len(params.weights))
    free_energy, visible, hidden = [], rows.copy(), []
    for number, row in enumerate(rows):
        known = ~np.isnan(row)
        part = type(own)(*(values[known] for values in own))
        rest = type(own)(*(values[~known] for values in own))
        statistic = unit.statistic(part, row[known])
        field = unit.field(rest, h @ params.weights[:, ~known])
        log_weight = h @ (params.hidden.bias + params.weights[:, known] @ statistic)
        log_weight = log_weight + unit.log_partition(rest, field).sum(axis=1)
        total = logsumexp(log_weight)
        p = np.exp(log_weight - total)
        free_energy.append(unit.base_energy(part, row[None, known])[0] - total)
        visible[number, ~known] = p @ unit.mean(rest, field)
        hidden.append(p @ h)
    return np.array(free_energy), visible, np.array(hidden)


@pytest.mark.parametrize("kind", VISIBLE)
@pytest.mark.parametrize("n_missing", [2, 7])
def test_sums_of_up_to_a_million_terms_are_exact(kind, n_missing):
    """Two gaps: their states are summed. Seven: the hidden states, for all rows."""
    model, params = machine(kind, 14, 10)
    rows = rows_of(model, params, n_missing)
    free_energy, visible, hidden = enumerated(model, params, rows)
    found = marginal_free_energy(model, params, rows)
    np.testing.assert_allclose(found, free_energy, atol=1e-9)
    found = conditional_means(model, params, rows)
    np.testing.assert_allclose(found[0], visible, atol=1e-9)
    np.testing.assert_allclose(found[1], hidden, atol=1e-9)


def test_sixteen_hidden_units_are_summed():
    model, params = machine("real", 16, 10)
    rows = rows_of(model, params, 7, n_rows=5)
    free_energy, visible, _ = enumerated(model, params, rows)
    found = marginal_free_energy(model, params, rows)
    np.testing.assert_allclose(found, free_energy, atol=1e-9)
    found, _ = conditional_means(model, params, rows)
    np.testing.assert_allclose(found, visible, atol=1e-8)


@pytest.fixture
def no_sums(monkeypatch):
    """Every row with gaps is left to chains."""
    monkeypatch.setattr(_posterior, "EXACT_TERMS", 0)


def far_off(model, params, rows, visible):
    """Rows whose means are more than half a standard deviation (or 0.25) off."""
    _, exact, _ = enumerated(model, params, rows)
    limit = 0.5 if model.visible_unit is GAUSSIAN else 0.25 * model.visible_unit.span
    return (abs(visible - exact).max(axis=1) > limit).sum()


@pytest.mark.parametrize("kind", VISIBLE)
def test_chains_find_the_clusters_of_a_row(kind, no_sums):
    model, params = machine(kind, 10, 10)
    rows = rows_of(model, params, 7, n_rows=30)
    free_energy, _, _ = enumerated(model, params, rows)
    found, doubted = with_doubts(marginal_free_energy, model, params, rows)
    assert doubted <= 3 and (abs(found - free_energy) > 0.4).sum() <= doubted
    (visible, _), doubted = with_doubts(conditional_means, model, params, rows)
    assert doubted <= 3 and far_off(model, params, rows, visible) <= doubted


def with_doubts(function, *arguments):
    """What a function returns, and of how many rows it warns."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = function(*arguments)
    return found, sum(int(str(warned.message).split()[1]) for warned in caught)


def test_one_chain_does_not():
    """The negative control: 250 sweeps of a chain from the biases, as it was."""
    model, params = machine("real", 10, 10)
    rows = rows_of(model, params, 7, n_rows=30)
    walk = conditional_gibbs.walk(
        *(model, params, rows, np.zeros_like(rows)), Stream((0, 0), Purpose.SAMPLE)
    )
    sweeps = [next(walk).visible_mean for _ in range(250)][50:]
    visible = conditional_gibbs.filled(rows, np.mean(sweeps, axis=0))
    assert far_off(model, params, rows, visible) >= 3


def test_a_row_does_not_see_the_others(no_sums):
    model, params = machine("real", 10, 10)
    rows = rows_of(model, params, 7, n_rows=6)
    weights = marginal_free_energy(model, params, rows)
    means = conditional_means(model, params, rows)
    order = np.array([4, 1])
    np.testing.assert_allclose(
        marginal_free_energy(model, params, rows[order]), weights[order], rtol=1e-12
    )
    for found, whole in zip(
        conditional_means(model, params, rows[order]), means, strict=True
    ):
        np.testing.assert_allclose(found, whole[order], rtol=1e-9, atol=1e-12)


def far_clusters():
    """25 standard deviations apart; eight gaps, so that little is known."""
    model, params = machine("real", 10, 10, apart=25.0)
    return model, params, rows_of(model, params, 8, n_rows=10)


@pytest.mark.filterwarnings("ignore:In .* so much is unknown")
def test_clusters_far_apart_are_found_by_climbing(no_sums, monkeypatch):
    model, params, rows = far_clusters()
    free_energy, _, _ = enumerated(model, params, rows)
    found = marginal_free_energy(model, params, rows)
    np.testing.assert_allclose(found, free_energy, atol=0.1)
    # The negative control: chains that start in one state miss them by far.
    monkeypatch.setattr(_climbing, "modes_of", lambda model, params: np.zeros((1, 10)))
    monkeypatch.setattr(_climbing, "_climbed", lambda machine, h: h)
    found = marginal_free_energy(model, params, rows)
    assert (found - free_energy > 50).sum() >= 3


def fitted(model, params):
    rbm = GaussianBernoulliRBM(len(params.weights), standardize=False, n_iter=0)
    rbm.fit(np.random.default_rng(0).normal(size=(20, params.weights.shape[1])))
    rbm.components_, rbm.intercept_hidden_ = params.weights, params.hidden.bias
    rbm.intercept_visible_, rbm.log_variance_ = params.visible
    return rbm


@pytest.mark.parametrize("method", ["transform", "impute", "free_energy"])
def test_the_warning_points_at_the_user_and_its_advice_helps(method, monkeypatch):
    """Chains that find each other's states in part only are doubted."""
    model, params, rows = far_clusters()
    rbm = fitted(model, params)
    monkeypatch.setattr(_posterior, "EXACT_TERMS", 400)
    with pytest.warns(UnreliableEstimateWarning, match="of 10 rows so much") as caught:
        getattr(rbm, method)(rows)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        few_gaps = np.where(np.arange(10) < 8, np.nan_to_num(rows), rows)
        bits = BernoulliRBM(10, n_iter=0).fit(np.eye(10))
        getattr(bits, method)(np.where(np.isnan(few_gaps), np.nan, 1.0))
        fewer = GaussianBernoulliRBM(5, n_iter=0).fit(np.nan_to_num(rows))
        getattr(fewer, method)(rows)


# Pairwise machines ----------------------------------------------------------------


def ferromagnet(bias):
    """Twelve spins that hold each other: all up or all down, exp(24 bias) to 1."""
    coupling = 0.6 * (np.ones((12, 12)) - np.eye(12))
    return PairwiseParams(coupling, Bias(np.full(12, bias)))


def known_first(n_rows=2):
    """Nothing known, and a first spin that is down."""
    rows = np.full((n_rows, 12), np.nan)
    rows[1:, 0] = -1.0
    return rows


@pytest.fixture
def no_pair_sums(monkeypatch):
    monkeypatch.setattr(_partly_known, "EXACT_TERMS", 0)


@pytest.mark.parametrize("bias", [0.0, 0.02, 0.1])
def test_both_ways_of_a_magnet_count(bias, no_pair_sums):
    params, rows = ferromagnet(bias), known_first()
    s = states(SPIN, 12)
    log_weight = -Pairwise(SPIN).energy(params, s)
    down = s[:, 0] < 0
    expected = [logsumexp(log_weight), logsumexp(log_weight[down])]
    found = pairwise_free_energy(SPIN, params, rows)
    np.testing.assert_allclose(found, -np.array(expected), atol=0.2)
    p = np.exp(log_weight - expected[0])
    means = pairwise_means(SPIN, params, rows)
    np.testing.assert_allclose(means[0], p @ s, atol=0.02)
    np.testing.assert_allclose(means[1], p[down] @ s[down] / p[down].sum(), atol=0.02)


def test_one_annealed_chain_goes_one_way():
    """The negative control: as it was, +1 or -1 where the truth is 0."""
    params, free = ferromagnet(0.0), np.full((1, 12), np.nan)
    stream = Stream((0, 0), Purpose.SAMPLE)
    chains = pairwise_chains.init_hot(SPIN, params, free, stream, alike=True)
    chains = pairwise_chains.run(SPIN, chains, np.linspace(0.02, 1, 50))
    total = 0.0
    for _ in range(200):
        chains = pairwise_chains.step(SPIN, chains)
        total = total + chains.visible.mean() / 200
    assert abs(total) > 0.9


def glass(n=14, seed=0):
    rng = np.random.default_rng(seed)
    coupling = np.triu(rng.normal(0, 1.0, (n, n)), 1)
    return PairwiseParams(coupling + coupling.T, Bias(rng.normal(0, 0.2, n)))


@pytest.mark.parametrize("seed", range(3))
def test_a_glass_is_summed_by_what_chains_visit(seed, no_pair_sums):
    params = glass(seed=seed)
    s = states(SPIN, 14)
    log_weight = -Pairwise(SPIN).energy(params, s)
    total = logsumexp(log_weight)
    free = np.full((1, 14), np.nan)
    (found,), doubted = with_doubts(pairwise_free_energy, SPIN, params, free)
    assert doubted or abs(found + total) < 0.1
    means, doubted = with_doubts(pairwise_means, SPIN, params, free)
    assert doubted or abs(means[0] - np.exp(log_weight - total) @ s).max() < 0.2


# What a reader of the first version found ------------------------------------------


def test_one_unit_that_no_chain_leaves_is_seen_among_many_that_are_free():
    """Means of all units together agree; two spins hold each other, 3 chains to 1."""
    rng, n = np.random.default_rng(0), 60
    coupling = np.triu(0.02 * rng.standard_normal((n, n)), 1)
    coupling[:2, 2:], coupling[0, 1] = 0, 6.0
    bias = np.zeros(n)
    bias[:2] = -0.5
    params = PairwiseParams(coupling + coupling.T, Bias(bias))
    known = np.full((1, n), np.nan)
    known[0, -1] = 1.0
    means, doubted = with_doubts(pairwise_means, SPIN, params, known)
    assert doubted or abs(means[0, 0] - np.tanh(-1.0)) < 0.15


def first_order(excess):
    """One hidden unit turns 100 visible ones on, the other 39 are nearly free.

    On the way from independent units it is off until the very end, where its log odds
    become `excess`: annealed chains miss the turn, and all agree.
    """
    rng = np.random.default_rng(0)
    weights = np.zeros((40, 160))
    weights[0, :100] = 4.0
    weights[1:, 100:] = 0.1 * rng.standard_normal((39, 60))
    visible, hidden = np.zeros(160), np.zeros(40)
    visible[:100] = -2.0
    hidden[0] = excess - 100 * (np.logaddexp(0, 2.0) - np.logaddexp(0, -2.0))
    known = np.full((1, 160), np.nan)
    known[0, -1] = 1.0
    return BipartiteParams(weights, Bias(visible), Bias(hidden)), known


@pytest.mark.parametrize("excess", [0.0, 3.0])
def test_a_turn_that_annealing_misses_is_warned_of(excess):
    """Too many states count for any sum; mean field and the other chains tell."""
    params, known = first_order(excess)
    model = Bipartite(BERNOULLI, BERNOULLI)
    free = BipartiteParams(
        params.weights[1:, 100:],
        Bias(params.visible.bias[100:]),
        Bias(params.hidden.bias[1:]),
    )
    rest = marginal_free_energy(model, free, known[:, 100:])[0]
    truth = rest - np.logaddexp(0, excess) - 100 * np.logaddexp(0, -2.0)
    (found,), doubted = with_doubts(marginal_free_energy, model, params, known)
    assert doubted == 1 and abs(found - truth) < 1
    _, doubted = with_doubts(conditional_means, model, params, known)
    assert doubted == 1


@pytest.mark.parametrize("bias", [-1.6, -2.0])
def test_gaussian_hidden_units_have_a_floor_as_well(bias):
    """60 spins that one real unit holds, up or down; the truth by a fine grid of it."""
    weights = np.full((1, 61), 0.2)
    weights[0, -1] = 0.0
    visible = Bias(np.append(np.full(60, 0.3), 0.0))
    params = BipartiteParams(
        weights, visible, GaussianParams(np.array([bias]), np.zeros(1))
    )
    known = np.full((1, 61), np.nan)
    known[0, -1] = 1.0
    h = np.linspace(-60, 60, 20_001)
    log_density = -((h - bias) ** 2) / 2
    log_density += 60 * np.logaddexp(0.3 + 0.2 * h, -0.3 - 0.2 * h)
    truth = logsumexp(log_density) + np.log(h[1] - h[0])
    p = np.exp(log_density - logsumexp(log_density))
    model = Bipartite(SPIN, GAUSSIAN)
    (found,), _ = with_doubts(marginal_free_energy, model, params, known)
    assert abs(found + truth) < 0.3
    (means, _), _ = with_doubts(conditional_means, model, params, known)
    assert abs(means[0, 0] - p @ np.tanh(0.3 + 0.2 * h)) < 0.1


@pytest.mark.parametrize("kind", VISIBLE)
def test_a_pull_acts_like_a_bias_in_the_bound(kind):
    model, params = machine(kind, 6, 5)
    rng = np.random.default_rng(0)
    pull, start = rng.normal(size=(1, 6)), rng.normal(size=(3, 5))
    found = mean_field.bipartite_bounds(model, params, start, pull=pull)
    pulled = params._replace(hidden=Bias(params.hidden.bias + pull[0]))
    np.testing.assert_allclose(found, mean_field.lower_bounds(model, pulled, start))
    truth = exact_log_partition(model, pulled).value
    assert (found <= truth + 1e-12).all()


def test_chains_that_found_nothing_do_not_vouch_for_the_others():
    """What annealing met weighs e^-2000: nothing of it is left beside the rest."""
    led = Led(np.full(50, -2000.0), np.zeros((50, 1)), np.zeros((1, 1)))
    states_sent = np.array([[1.0], [2.0]])
    sent = Sent(np.full(2, -5.0), np.ones((2, 1)), states_sent)
    said = verdict(
        *(led, sent, np.array([np.inf])),
        log_values=lambda s: np.where(s[:, 0] == 0, -2000.0, 0.0),
        means_of=lambda s: s,
    )
    assert np.isclose(said.log_sum, np.log(2)) and said.doubtful
