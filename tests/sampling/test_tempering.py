"""Parallel tempering: no drift on any rung, mode weights, ladders, and descent."""

import numpy as np
import pytest
from judges import comes_from
from model_cases import BIPARTITE, by_name

from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream, annealing, gibbs, modes, tempering
from skboltz.units import BERNOULLI, Bias

BETAS = np.array([0.0, 0.4, 1.0])
STREAM = Stream(key=(3, 4), purpose=Purpose.SAMPLE)


def table(case, path, beta):
    """P(v; beta) of every visible state, from the energies mixed by hand."""
    layers = path.at(beta).units
    params = case.params._replace(
        weights=beta * case.params.weights, visible=layers.visible, hidden=layers.hidden
    )
    states = np.array(case.oracle.visible_states, dtype=float)
    p = np.exp(-case.model.free_energy(params, states))
    return states, p / p.sum()


def exact_replicas(case, path, n_chains, seed=0):
    rng, visible = np.random.default_rng(seed), []
    for beta in BETAS:
        states, p = table(case, path, beta)
        visible.append(states[rng.choice(len(p), n_chains, p=p)])
    return tempering.from_visible(path, np.stack(visible), STREAM)


def rungs_stay(case, path, replicas):
    unit = case.model.visible_unit
    return [
        comes_from(rows, table(case, path, beta)[1], unit.low, unit.high)
        for rows, beta in zip(replicas.visible, BETAS, strict=True)
    ]


@pytest.mark.parametrize(**by_name(BIPARTITE[1:]))
def test_every_rung_stays_in_its_distribution(case):
    path = annealing.base_path(case.model, case.params)
    replicas = exact_replicas(case, path, 30_000)
    assert all(rungs_stay(case, path, tempering.run(path, BETAS, replicas, 3)))


@pytest.mark.parametrize("broken", ["always", "upside down"])
def test_broken_exchanges_are_rejected(broken, monkeypatch):
    case = BIPARTITE[3]
    path = annealing.base_path(case.model, case.params)
    replicas = exact_replicas(case, path, 30_000)
    gain = tempering._gain
    if broken == "always":
        monkeypatch.setattr(tempering, "_gain", lambda *args: 0 * gain(*args))
    else:
        monkeypatch.setattr(tempering, "_gain", lambda *args: -gain(*args))
    assert not all(rungs_stay(case, path, tempering.run(path, BETAS, replicas, 3)))


def two_modes(excess):
    """Two modes, eight units on or off, whose log-odds are known by enumeration."""
    weights = np.full((1, 8), 6.0)
    hidden = np.array([-24.0 + excess])
    params = BipartiteParams(weights, Bias(np.full(8, -3.0)), Bias(hidden))
    return Bipartite(BERNOULLI, BERNOULLI), params


def test_tempering_finds_the_weight_of_a_mode_where_gibbs_is_trapped():
    """Both start in the lighter mode; the heavier has its exact weight by algebra."""
    model, params = two_modes(1.0)
    on = 1.0 + 8 * np.log1p(np.exp(3.0)) - 24.0
    off = 8 * np.log1p(np.exp(-3.0))
    weight = 1 / (1 + np.exp(off - on))
    assert 0.7 < weight < 0.75
    n, start = 400, np.zeros((400, 8))
    chains = gibbs.from_visible(model, params, start, STREAM)
    trapped = gibbs.run(model, params, chains, 200).hidden.mean()
    assert trapped < weight - 0.3
    path = annealing.base_path(model, params, np.full(8, 0.5))
    betas, stream = tempering.tuned_ladder(path, STREAM._replace(shard=1))
    rows = np.tile(start, (len(betas), 1, 1))
    replicas = tempering.from_visible(path, rows, stream)
    replicas = tempering.run(path, betas, replicas, 200)
    hidden = model.hidden_unit.mean(
        params.hidden, replicas.input[-1] + params.hidden.bias
    )
    error = np.sqrt(weight * (1 - weight) / n)
    assert abs(hidden.mean() - weight) < 4 * error
    assert replicas.trips > 10


@pytest.mark.parametrize("target_rate", [0.4, 0.7])
def test_the_ladder_reaches_the_rate_it_aims_at(target_rate):
    rng = np.random.default_rng(0)
    params = BipartiteParams(
        rng.normal(0, 1.0, (12, 30)), Bias(np.zeros(30)), Bias(np.zeros(12))
    )
    path = annealing.base_path(Bipartite(BERNOULLI, BERNOULLI), params)
    betas, stream = tempering.tuned_ladder(path, STREAM, target_rate=target_rate)
    assert betas[0] == 0 and betas[-1] == 1 and (np.diff(betas) > 0).all()
    replicas = tempering.init(path, stream, betas, 100)
    rates = tempering.run(path, betas, replicas, 100).swap_rates()
    assert abs(rates.mean() - target_rate) < 0.12
    assert rates.min() > target_rate - 0.25


def test_round_trips_by_hand():
    """One chain on two rungs whose replicas change places at every sweep."""
    model, params = two_modes(0.0)
    same = params._replace(weights=0 * params.weights)  # every exchange is accepted
    path = annealing.base_path(model, same._replace(hidden=Bias(np.zeros(1))))
    betas = np.array([0.0, 1.0])
    replicas = tempering.init(path, STREAM, betas, 1)
    trips = []
    for _ in range(8):
        replicas = tempering.step(path, betas, replicas)
        trips.append(replicas.trips)
    # Exchanges are tried at every other sweep: down, up, down again is four of them.
    assert trips == [0, 0, 0, 0, 1, 1, 2, 2]
    np.testing.assert_array_equal(replicas.swap_rates(), [1.0])


def test_descent_ends_where_no_layer_can_better_the_energy():
    for case in BIPARTITE:
        v = np.array(case.oracle.visible_states, dtype=float)
        low_v, low_h = modes.descend(case.model, case.params, v)
        for start, end, h in zip(v, low_v, low_h, strict=True):
            lowest = min(case.oracle.energy[tuple(start), s] for s in hidden(case))
            energy = case.oracle.energy[tuple(end), tuple(h)]
            assert energy <= lowest + 1e-12
            others = [case.oracle.energy[tuple(w), tuple(h)] for w in visible(case)]
            assert energy <= min(others) + 1e-12


def hidden(case):
    return case.oracle.hidden_states


def visible(case):
    return case.oracle.visible_states


def test_the_lowest_state_is_among_the_modes_found():
    for case in BIPARTITE:
        v, h = modes.find(case.model, case.params, np.zeros((1, case.oracle.n_visible)))
        energies = [
            case.oracle.energy[tuple(a), tuple(b)] for a, b in zip(v, h, strict=True)
        ]
        assert np.isclose(min(energies), min(case.oracle.energy.values()))
        assert len(np.unique(v, axis=0)) == len(v)
