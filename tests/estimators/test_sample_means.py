"""`sample(visible="means")`: means beside the states, with the mean of the machine."""

from copy import deepcopy

import numpy as np
import pytest
from oracles import BipartiteOracle, GaussianOracle, PairwiseOracle, configurations
from scipy.stats import norm

from skboltz import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    GaussianBernoulliRBM,
)

RNG = np.random.default_rng(0)
X = (RNG.random((60, 4)) < 0.4).astype(float)
N_ROWS, ALPHA = 20_000, 1e-6


def bits():
    rbm = BernoulliRBM(3, n_iter=1, random_state=0).fit(X)
    rbm.components_ = RNG.normal(0, 1.5, (3, 4))
    rbm.intercept_visible_, rbm.intercept_hidden_ = RNG.normal(size=4), np.zeros(3)
    return rbm


def reals():
    rbm = GaussianBernoulliRBM(2, n_iter=1, standardize=False, random_state=0)
    rbm.fit(X - X.mean(axis=0))
    rbm.components_ = RNG.normal(0, 0.7, (2, 4))
    rbm.intercept_visible_ = RNG.normal(0, 0.3, 4)
    rbm.intercept_hidden_ = np.array([-0.5, 0.2])
    rbm.log_variance_ = RNG.normal(0, 0.5, 4)
    return rbm


def pairs(n_hidden, values=(0, 1)):
    upper = np.triu(RNG.normal(0, 1, (4 + n_hidden, 4 + n_hidden)), 1)
    return BoltzmannMachine.from_params(
        upper + upper.T, RNG.normal(size=len(upper)), n_features=4, values=values
    )


def inside():
    machine = BoltzmannMachine(2, n_iter=3, learning_rate=0.5, random_state=0)
    labels = (X[:, 0] != X[:, 1]).astype(int)
    return BoltzmannClassifier(machine, generative_share=1).fit(X, labels).estimator_


MACHINES = {
    "bits": bits(),
    "reals": reals(),
    "pairs": pairs(0),
    "spins with hidden ones": pairs(3, (-1, 1)),
    "inside a classifier": inside(),
}
each_machine = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)


def oracle_of(machine):
    if isinstance(machine, BoltzmannMachine):
        values = machine._visible_unit.low, machine._visible_unit.high
        return PairwiseOracle(machine.coupling_, machine.intercept_, values)
    w, b, c = machine.components_, machine.intercept_visible_, machine.intercept_hidden_
    if isinstance(machine, GaussianBernoulliRBM):
        return GaussianOracle(w, b, machine.log_variance_, c, (0, 1))
    return BipartiteOracle(w, b, c, (0, 1), (0, 1))


def exact_mean(machine):
    oracle, n = oracle_of(machine), machine.n_features_in_
    if isinstance(oracle, PairwiseOracle):
        return oracle.moments([np.nan] * oracle.n_units)[0][:n]
    mean = oracle.moments()[0]
    return mean + machine.mean_ if isinstance(oracle, GaussianOracle) else mean


def means_to_be(machine, state):
    """What may stand beside a visible state: E[v | h], or E[v_i | the rest], any h."""
    oracle = oracle_of(machine)
    if isinstance(oracle, BipartiteOracle):
        return [oracle.visible_mean(h) for h in oracle.hidden_states]
    if isinstance(oracle, GaussianOracle):
        hidden = configurations((0, 1), len(machine.components_))
        plain = machine.intercept_visible_ + machine.mean_
        return [
            [
                plain[i] + sum(h[j] * machine.components_[j, i] for j in range(len(h)))
                for i in range(len(plain))
            ]
            for h in hidden
        ]
    found = []
    for h in configurations(oracle.values, oracle.n_units - len(state)):
        whole = [*state, *h]
        rests = (
            [*whole[:i], np.nan, *whole[i + 1 :]] for i in range(machine.n_features_in_)
        )
        found.append([oracle.moments(rest)[0][i] for i, rest in enumerate(rests)])
    return found


def z_of_means(rows, mean):
    """The largest difference of a mean of independent rows, in standard errors."""
    error = rows.std(axis=0, ddof=1) / np.sqrt(len(rows))
    return (np.abs(rows.mean(axis=0) - mean) / error).max()


@each_machine
def test_means_and_states_have_the_mean_of_the_machine(machine):
    mean, limit = exact_mean(machine), norm.isf(ALPHA / (2 * machine.n_features_in_))
    states, means = (
        machine.sample(N_ROWS, visible=visible, burn_in=30, random_state=0)
        for visible in ("states", "means")
    )
    assert z_of_means(states, mean) < limit and z_of_means(means, mean) < limit
    assert (means.var(axis=0) < states.var(axis=0)).all()
    assert not np.array_equal(means, states)


@each_machine
def test_the_mean_of_a_hotter_machine_is_rejected(machine):
    mean, hot = exact_mean(machine), deepcopy(machine)
    if hasattr(hot, "coupling_"):
        hot.coupling_, hot.intercept_ = hot.coupling_ / 1.3, hot.intercept_ / 1.3
    else:
        hot.components_ = hot.components_ / 1.3
    means = hot.sample(N_ROWS, visible="means", burn_in=30, random_state=0)
    assert z_of_means(means, mean) > norm.isf(ALPHA / (2 * machine.n_features_in_))


@each_machine
@pytest.mark.parametrize("method", ["gibbs", "tempering", "annealing"])
def test_means_are_those_beside_the_same_states(machine, method):
    options = {"method": method, "n_chains": 4, "burn_in": 5, "thin": 2}
    states = machine.sample(10, random_state=1, **options)
    means = machine.sample(10, random_state=1, visible="means", **options)
    assert means.shape == states.shape and means.dtype == states.dtype
    for state, mean in zip(states, means, strict=True):
        gaps = np.abs(np.array(means_to_be(machine, state)) - mean).max(axis=1)
        assert gaps.min() < 1e-12


@each_machine
def test_what_is_given_stays_beside_the_means_of_the_rest(machine):
    states = machine.sample(20, random_state=2)
    given = np.where(RNG.random(states.shape) < 0.5, np.nan, states)
    rows = machine.sample(given=given, visible="means", burn_in=5, random_state=0)
    known = ~np.isnan(given)
    np.testing.assert_array_equal(rows[known], given[known])
    drawn = machine.sample(given=given, burn_in=5, random_state=0)
    assert (rows[~known] != drawn[~known]).all()


@each_machine
def test_there_are_states_and_means(machine):
    with pytest.raises(ValueError, match='visible must be "states" or "means".*mean'):
        machine.sample(visible="mean")
