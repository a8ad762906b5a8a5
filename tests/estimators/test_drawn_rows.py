"""Rows that `sample` draws when it is told nothing of its chains.

Machines that can be enumerated give independent rows without a sweep.  Others give
rows of few chains, as far apart as these remember, or of a chain each.
"""

from itertools import islice

import numpy as np
import pytest
from judges import comes_from
from oracles import BipartiteOracle, GaussianOracle, PairwiseOracle
from scipy.stats import kstest
from sklearn.exceptions import ConvergenceWarning

from skboltz import (
    BernoulliRBM,
    BoltzmannMachine,
    DeepBeliefNetwork,
    GaussianBernoulliRBM,
    sampling,
)
from skboltz.estimators.questions import _chains
from skboltz.estimators.questions._samples import sample_stream
from skboltz.sampling import Stream

N_ROWS, FEW, ALPHA = 20_000, 100, 1e-6
NAN = np.nan


def bits(n_visible, n_hidden, strength):
    """Weights at random; biases under which every unit is about as often on as off."""
    weights = np.random.default_rng(1).normal(0, strength, (n_hidden, n_visible))
    biases = -weights.sum(axis=1) / 2, -weights.sum(axis=0) / 2
    return BernoulliRBM.from_params(weights, *biases)


def reals():
    weights = np.array([[1.2, -0.5, 0.3], [-0.7, 0.9, 0.4]])
    biases = np.array([-0.3, 0.2]), np.array([0.1, -0.4, 0.0])
    variance = np.array([0.3, -0.2, 0.1])
    return GaussianBernoulliRBM.from_params(weights, *biases, log_variance=variance)


def pairs(n_hidden, values):
    rng = np.random.default_rng(2)
    upper = np.triu(rng.normal(0, 0.5, (4 + n_hidden, 4 + n_hidden)), 1)
    return BoltzmannMachine.from_params(
        upper + upper.T, rng.normal(size=len(upper)), n_features=4, values=values
    )


MACHINES = {
    "bits": bits(4, 3, 1.2),
    "bits below many": bits(3, 6, 0.8),
    "reals": reals(),
    "pairs": pairs(0, (0, 1)),
    "spins with hidden ones": pairs(2, (-1, 1)),
}
each_machine = pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)


def follows(machine, rows, hotter=1.0):
    """Whether rows may be of the law of a machine, by loops; its weights / hotter."""
    if isinstance(machine, BoltzmannMachine):
        values = machine._visible_unit.low, machine._visible_unit.high
        oracle = PairwiseOracle(machine.coupling_ / hotter, machine.intercept_, values)
        return comes_from(rows, oracle.visible_marginal(4), *values)
    weights, c = machine.components_ / hotter, machine.intercept_hidden_
    if isinstance(machine, GaussianBernoulliRBM):
        b, log_variance = machine.intercept_visible_, machine.log_variance_
        oracle = GaussianOracle(weights, b, log_variance, c, (0, 1))
        tests = [
            kstest(x, lambda t, i=i: oracle.cdf(i, t)) for i, x in enumerate(rows.T)
        ]
        return all(test.pvalue > ALPHA for test in tests)
    oracle = BipartiteOracle(weights, machine.intercept_visible_, c, (0, 1), (0, 1))
    return comes_from(rows, oracle.visible_marginal(), 0, 1)


def beyond_sums(monkeypatch):
    """As if no machine could be enumerated."""
    monkeypatch.setattr(sampling.exact_start, "MOST_TERMS", 0)


@each_machine
def test_small_machines_give_exact_rows_without_a_sweep(machine, monkeypatch):
    monkeypatch.setattr(_chains, "BURN_IN", 10**9)  # would never end
    rows = machine.sample(N_ROWS, random_state=0)
    assert follows(machine, rows) and not follows(machine, rows, hotter=1.6)
    of_chains = machine.sample(50, n_chains=25, random_state=0)
    np.testing.assert_array_equal(of_chains[:25], machine.sample(25, random_state=0))
    given = machine.sample(given=rows[:5], random_state=0)
    np.testing.assert_array_equal(given, rows[:5])


def test_few_machines_need_few_numbers(monkeypatch):
    """One of noise for each unit of a row, and one to pick its state."""
    drawn, draw = [], Stream.draw

    def counted(self, shape, *args):
        drawn.append(np.prod(shape))
        return draw(self, shape, *args)

    monkeypatch.setattr(Stream, "draw", counted)
    for machine, n_units in (
        (bits(6, 6, 1.0), 12),
        (reals(), 5),
        (pairs(0, (0, 1)), 4),
    ):
        drawn.clear()
        machine.sample(10_000, random_state=0)
        assert sum(drawn) <= 10_000 * n_units


@each_machine
@pytest.mark.parametrize("method", ["gibbs", "tempering"])
def test_rows_of_few_chains_are_of_the_machine(machine, method, monkeypatch):
    beyond_sums(monkeypatch)
    chosen = spied(monkeypatch)
    rows = machine.sample(N_ROWS, method=method, random_state=0)
    assert 1 <= chosen.pop() <= 50
    assert follows(machine, rows) and not follows(machine, rows, hotter=1.6)


def spied(monkeypatch):
    """Intervals between rows, as they are chosen."""
    chosen, interval = [], sampling.thinning.interval

    def seen(*args):
        chosen.append(interval(*args))
        return chosen[-1]

    monkeypatch.setattr(sampling.thinning, "interval", seen)
    return chosen


def worth(rows):
    """Effective rows by rows, for the column that remembers most: by three lags."""
    chains = rows.reshape(-1, FEW, rows.shape[1])
    chains = chains - rows.mean(axis=0)
    square = (chains**2).mean(axis=(0, 1))
    tau = 1.0
    for lag in (1, 2, 3):
        tau = tau + 2 * (chains[lag:] * chains[:-lag]).mean(axis=(0, 1)) / square
    return 1 / tau.max()


def test_rows_beyond_sums_are_worth_nine_tenths_of_independent_ones(monkeypatch):
    """The largest of 20 columns, whose estimates have errors of 0.02."""
    machine, chosen = bits(20, 20, 0.65), spied(monkeypatch)
    options = {"n_chains": FEW, "random_state": 0}
    assert worth(machine.sample(40_000, **options)) < 0.4  # the control
    rows = machine.sample(40_000, random_state=0)
    assert 5 < chosen.pop() < 100 and not chosen
    assert worth(rows) > 0.9


def test_rows_of_chains_that_remember_too_long_are_of_a_chain_each(monkeypatch):
    machine, chosen = bits(20, 20, 1.6), spied(monkeypatch)
    rows = machine.sample(400, random_state=0)
    assert chosen == [None] and rows.shape == (400, 20)
    assert len(np.unique(rows, axis=0)) > 300
    # Of 400 rows that may be off by a third.
    assert worth(rows) > 0.5 > 0.3 > worth(machine.sample(400, n_chains=FEW))


def test_rows_next_to_each_other_are_of_different_chains(monkeypatch):
    beyond_sums(monkeypatch)
    chosen, machine = spied(monkeypatch), MACHINES["bits"]
    rows = machine.sample(1000, burn_in=300, random_state=0)
    thin = chosen.pop()
    stream = sample_stream(0)
    whole = _chains.chains_of(machine._fitted(), "gibbs", FEW, 300, stream)
    watched = list(islice(whole, 200 + 9 * thin + 1))
    np.testing.assert_array_equal(rows[:FEW], watched[200])
    np.testing.assert_array_equal(rows[-FEW:], watched[-1])


def test_what_is_asked_for_is_obeyed(monkeypatch):
    beyond_sums(monkeypatch)
    chosen, machine = spied(monkeypatch), MACHINES["bits"]
    each = machine.sample(500, n_chains=500, burn_in=40, random_state=0)
    start = np.zeros((500, 4))
    for rows in (
        machine.sample(500, thin=3, burn_in=40, random_state=0),
        machine.sample(1000, n_chains=500, burn_in=40, random_state=0)[:500],
    ):
        np.testing.assert_array_equal(rows, each)
    machine.sample(500, start=start), machine.sample(500, method="annealing")
    machine.sample(500, n_chains=100), machine.sample(given=start)
    assert not chosen


def test_rows_that_complete_the_same_one_are_of_few_chains(monkeypatch):
    beyond_sums(monkeypatch)
    chosen, machine = spied(monkeypatch), MACHINES["bits"]
    given = np.array([NAN, 1.0, NAN, 0.0])
    rows = machine.sample(N_ROWS, given=given, random_state=0)
    assert len(chosen) == 1 and (rows[:, [1, 3]] == given[[1, 3]]).all()
    oracle = BipartiteOracle(
        machine.components_,
        machine.intercept_visible_,
        machine.intercept_hidden_,
        (0, 1),
        (0, 1),
    )
    p = oracle.visible_marginal()
    p = p * [v[1] == 1 and v[3] == 0 for v in oracle.visible_states]
    assert comes_from(rows, p / p.sum(), 0, 1)
    p = oracle.visible_marginal()
    assert not comes_from(
        machine.sample(N_ROWS, random_state=0) * [1, 0, 1, 0], p, 0, 1
    )


def test_machines_that_lock_units_warn_once_and_give_rows_of_a_chain_each(monkeypatch):
    beyond_sums(monkeypatch)
    chosen = spied(monkeypatch)
    machine = BernoulliRBM.from_params([[40.0, 0.0]], [-20.0], [-20.0, 0.0])
    with pytest.warns(ConvergenceWarning, match="hold two units together") as record:
        rows = machine.sample(2000, burn_in=100, random_state=0)
    assert len(record) == 1 and not chosen and rows.shape == (2000, 2)


def test_a_network_draws_the_rows_of_its_top_in_the_same_ways(monkeypatch):
    low = bits(5, 4, 0.5)
    network = DeepBeliefNetwork.from_params([low, MACHINES["bits"]])
    with monkeypatch.context() as patched:
        patched.setattr(_chains, "BURN_IN", 10**9)
        assert network.sample(400, random_state=0).shape == (400, 5)
    beyond_sums(monkeypatch)
    chosen = spied(monkeypatch)
    assert network.sample(400, random_state=0).shape == (400, 5)
    assert len(chosen) == 1
    network.sample(400, thin=2, burn_in=3), network.sample(400, n_chains=100)
    assert len(chosen) == 1


def test_enumerations_in_parts_are_those_at_once(monkeypatch):
    machine = bits(6, 4, 1.0)
    given = np.where(np.random.default_rng(0).random((200, 6)) < 0.5, NAN, 1.0)
    options = {"random_state": 0, "burn_in": 0}
    whole = machine.sample(500, **options), machine.sample(given=given, **options)
    monkeypatch.setattr(sampling.exact_start, "_AT_ONCE", 50)
    parts = machine.sample(500, **options), machine.sample(given=given, **options)
    np.testing.assert_array_equal(whole[0], parts[0])
    np.testing.assert_array_equal(whole[1], parts[1])
