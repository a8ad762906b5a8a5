"""DeepBeliefNetwork asked about rows of which something is missing."""

import itertools

import numpy as np
import pytest
from belief_cases import oracle_of
from judges import comes_from
from oracles import configurations
from sklearn.base import clone

from skboltz import BernoulliRBM, DeepBeliefNetwork, EnergyImputer, GaussianBernoulliRBM
from skboltz.estimators.questions import _belief
from skboltz.likelihood import belief_sums

NAN = np.nan
RNG = np.random.default_rng(0)
X = (RNG.random((60, 4)) < 0.4).astype(float)
X[:, 1] = X[:, 0]
REAL = RNG.normal(3, 2, size=(50, 3))
RBM = BernoulliRBM(method="cd", learning_rate=0.3, n_iter=20)
STATES = np.array(configurations((0.0, 1.0), 4), dtype=float)
ROW = np.array([1.0, NAN, 0.0, NAN])


def layer(rng, n_hidden, n_visible):
    weights, *biases = (
        1.5 * rng.normal(size=size)
        for size in ((n_hidden, n_visible), n_hidden, n_visible)
    )
    return BernoulliRBM.from_params(weights, *biases)


@pytest.fixture(scope="module", params=["none", "up-down"])
def dbn(request):
    """Two directed layers under a machine; if tuned, its directions have parted."""
    rng, tuned = np.random.default_rng(3), request.param == "up-down"
    layers = [layer(rng, *sizes) for sizes in ((3, 4), (3, 3), (2, 3))]
    up = [0.3 * machine.components_ for machine in layers[:2]] if tuned else None
    return DeepBeliefNetwork.from_params(
        layers, recognition_weights=up, fine_tuning=request.param, random_state=0
    )


@pytest.fixture(params=["sums", "chains"])
def way(request, monkeypatch):
    """By exact sums, or as if there were too many states."""
    if request.param == "chains":
        monkeypatch.setattr(belief_sums, "is_summed", lambda net, params: False)
    return request.param


def law(dbn):
    """P(v) of all rows, by enumeration of all layers."""
    oracle = oracle_of(*dbn._network())
    return np.exp([oracle.log_likelihood(tuple(row)) for row in STATES])


def given(dbn, row):
    """P(v | known) of all rows."""
    known = ~np.isnan(row)
    p = law(dbn) * (STATES[:, known] == row[known]).all(axis=1)
    return p / p.sum()


def test_missing_values_are_filled_with_their_means(dbn, way):
    near = 1e-9 if way == "sums" else 0.06
    rows = np.array([ROW, [NAN] * 4, [0.0, 1.0, 1.0, NAN]])
    found = dbn.impute(rows)
    expected = [given(dbn, row) @ STATES for row in rows]
    np.testing.assert_allclose(found, expected, atol=near)
    np.testing.assert_array_equal(dbn.impute(X), X)
    np.testing.assert_array_equal(
        dbn.impute(rows, strategy="mode"), np.round(expected).clip(0, 1)
    )


def test_one_pass_up_and_down_fills_in_something_else(dbn):
    """Negative control: means of means, as they were the only thing to be had."""
    guess = dbn.layers_[0].impute(ROW[None])
    assert abs(guess - given(dbn, ROW) @ STATES).max() > 0.02


def test_what_is_given_stays_and_the_rest_is_drawn(dbn, way):
    """1000 rows of chains of their own, by the law of what is missing."""
    p = given(dbn, ROW)
    drawn = dbn.sample(1000, given=ROW, burn_in=60, random_state=0)
    assert comes_from(drawn, p, 0.0, 1.0)
    assert not comes_from(drawn, law(dbn), 0.0, 1.0)
    means = dbn.sample(
        1000, given=ROW, burn_in=60, visible="means", random_state=0
    ).mean(axis=0)
    np.testing.assert_allclose(means, p @ STATES, atol=0.1)
    assert (
        dbn.impute(np.tile(ROW, (5, 1)), strategy="sample")[:, [0, 2]] == [1, 0]
    ).all()


@pytest.mark.parametrize("network", [0, 1])
def test_a_gibbs_sweep_leaves_the_law_of_the_network(dbn, network, monkeypatch):
    """Exact with sums; a pass up in place of P(h | v) has another law."""
    p, n = law(dbn), 20_000
    start = STATES[np.random.default_rng(network).choice(len(STATES), n, p=p)]
    rows = start
    for sweep in range(3):
        rows = dbn.gibbs(rows, random_state=sweep)
    assert comes_from(rows, p, 0.0, 1.0)
    assert 0.01 < (rows == start).all(axis=1).mean() < 0.9

    def by_recognition(sweeps, v, stream):
        known = _belief.belief_chains.given_of(sweeps.net, sweeps.params, v)
        return sweeps.recognised(known, stream)

    monkeypatch.setattr(_belief, "_given_whole", by_recognition)
    for sweep in range(3):
        rows = dbn.gibbs(rows, random_state=sweep)
    assert not comes_from(rows, p, 0.0, 1.0)


def test_without_sums_a_gibbs_sweep_comes_near(dbn, monkeypatch):
    monkeypatch.setattr(belief_sums, "is_summed", lambda net, params: False)
    p, n = law(dbn), 4000
    start = STATES[np.random.default_rng(1).choice(len(STATES), n, p=p)]
    rows = dbn.gibbs(start, random_state=0)
    share = np.array([(rows == state).all(axis=1).mean() for state in STATES])
    assert abs(share - p).sum() / 2 < 0.05


def test_scores_sum_out_what_is_missing(dbn):
    scores, p = dbn.score_samples(STATES), law(dbn)
    np.testing.assert_allclose(np.exp(scores), p, rtol=1e-9)
    rows = np.array([ROW, [NAN] * 4])
    expected = np.log([p[(STATES[:, [0, 2]] == [1, 0]).all(axis=1)].sum(), 1.0])
    np.testing.assert_allclose(dbn.score_samples(rows), expected, atol=1e-12)
    log_z = dbn.log_partition().value
    np.testing.assert_allclose(-dbn.free_energy(rows) - log_z, expected, atol=1e-9)
    by_draws, bound = dbn.score_samples(rows, 500), dbn.lower_bound(rows, 500)
    assert bound[0] < by_draws[0] and by_draws[1] == bound[1] == 0
    # Of weights with the mean P, one of e^14 P or more comes with a chance of 1e-6.
    assert by_draws[0] < expected[0] + 14


def test_pseudo_likelihoods(dbn, way):
    p = law(dbn)
    table = p.reshape((2,) * 4)
    expected = np.zeros(len(STATES))
    for i in range(4):
        others = table / table.sum(axis=i, keepdims=True)
        expected += np.log(others.reshape(-1))
    order = np.argsort(STATES @ [8, 4, 2, 1])
    np.testing.assert_allclose(
        dbn.pseudo_log_likelihood(STATES[order]),
        expected,
        atol=1e-9 if way == "sums" else 0.25,
    )


def test_features_of_rows_with_gaps_are_those_of_whole_ones_on_average(way):
    rng = np.random.default_rng(4)
    layers = [layer(rng, *sizes) for sizes in ((3, 4), (3, 3), (2, 3))]
    network = DeepBeliefNetwork.from_params(layers)
    expected = given(network, ROW) @ network.transform(STATES)
    near = 1e-9 if way == "sums" else 0.06
    np.testing.assert_allclose(network.transform(ROW[None])[0], expected, atol=near)
    network.set_params(output_layer=0)
    expected = given(network, ROW) @ network.transform(STATES)
    np.testing.assert_allclose(network.transform(ROW[None])[0], expected, atol=near)


@pytest.mark.parametrize("data, machine", [(X, RBM), (REAL, GaussianBernoulliRBM())])
def test_a_network_of_one_layer_is_its_machine(data, machine):
    machine = clone(machine).set_params(n_iter=3, random_state=0)
    network = DeepBeliefNetwork((3,), layers=machine).fit(data)
    alone = clone(machine).set_params(n_components=3).fit(data)
    gaps = np.where(np.eye(8, data.shape[1]) > 0, NAN, data[:8])
    gaps[7] = NAN
    for name in ("impute", "score_samples", "free_energy", "transform", "lower_bound"):
        found = getattr(network, name)(gaps)
        own = "score_samples" if name == "lower_bound" else name
        np.testing.assert_allclose(found, getattr(alone, own)(gaps), atol=1e-9)
    whole = data[:5]
    np.testing.assert_allclose(
        network.pseudo_log_likelihood(whole), alone.pseudo_log_likelihood(whole)
    )
    for options in ({"given": gaps[:2]}, {"given": gaps[0], "visible": "means"}):
        np.testing.assert_array_equal(
            network.sample(2, burn_in=3, random_state=1, **options),
            alone.sample(2, burn_in=3, random_state=1, **options),
        )
    np.testing.assert_array_equal(
        network.gibbs(whole, random_state=1), alone.gibbs(whole, random_state=1)
    )


def real(scale):
    layers = [GaussianBernoulliRBM(n_iter=20, random_state=0), clone(RBM)]
    network = DeepBeliefNetwork((3, 2), layers=layers, random_state=0)
    return network.fit(scale * REAL)


def test_real_features_that_are_missing_count_in_their_own_unit():
    """Densities of what is known carry the Jacobian of what is known alone."""
    one, other = real(1.0), real(100.0)
    rows = REAL[:6].copy()
    rows[0, 1] = rows[1, :2] = rows[2] = NAN
    n_known = (~np.isnan(rows)).sum(axis=1)
    expected = one.score_samples(rows) - n_known * np.log(100)
    np.testing.assert_allclose(other.score_samples(100 * rows), expected, atol=1e-5)
    assert one.score_samples(rows)[2] == 0
    np.testing.assert_allclose(other.impute(100 * rows), 100 * one.impute(rows), 1e-5)
    grid = np.linspace(-30, 40, 4001)
    line = np.tile(rows[0], (len(grid), 1))
    line[:, 1] = grid
    p = np.exp(one.score_samples(line))
    total = p.sum() * (grid[1] - grid[0])
    np.testing.assert_allclose(np.log(total), one.score_samples(rows[:1])[0], atol=1e-6)
    mean = (grid * p).sum() / p.sum()
    np.testing.assert_allclose(one.impute(rows[:1])[0, 1], mean, rtol=1e-6)
    with pytest.raises(ValueError, match='strategy="mode" needs units'):
        one.impute(rows, strategy="mode")


def test_an_imputer_takes_a_network():
    holes = np.where(RNG.random(X.shape) < 0.2, NAN, X)
    network = DeepBeliefNetwork((3, 2), layers=clone(RBM), random_state=0)
    imputer = EnergyImputer(network, random_state=0).fit(holes)
    np.testing.assert_array_equal(
        imputer.transform(holes), imputer.estimator_.impute(holes)
    )


def test_gibbs_goes_on_with_a_sequence_of_its_own():
    network = DeepBeliefNetwork((3, 2), layers=RBM, random_state=0).fit(X)
    one, two = network.gibbs(X), network.gibbs(X)
    assert (one != two).any() and network.gibbs(X[0]).shape == (4,)
    again = network.fit(X)
    np.testing.assert_array_equal(again.gibbs(X), one)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"given": ROW, "method": "tempering"}, 'given needs method="gibbs"'),
        ({"given": ROW, "n_chains": 1, "n_samples": 2}, "leave n_chains out"),
        ({"given": ROW[:2]}, "given has 2 features"),
        ({"given": ROW, "start": [ROW]}, "start contains NaN"),
        ({"given": ROW, "start": np.zeros((3, 4))}, "start has 3 rows"),
    ],
)
def test_errors_name_what_is_wrong(dbn, options, message):
    with pytest.raises(ValueError, match=message):
        dbn.sample(**options)


def test_chains_may_start_from_rows(dbn):
    start = np.ones((20, 4))
    rows = dbn.sample(20, given=ROW, start=start, burn_in=1, random_state=0)
    assert (rows[:, [0, 2]] == [1, 0]).all()
    assert len(list(itertools.groupby(sorted(map(tuple, rows))))) > 1
