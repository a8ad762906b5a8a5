"""Small deep belief networks that every test of them runs over."""

from typing import NamedTuple

import numpy as np
from oracles import BeliefOracle, configurations

from skboltz.models import BeliefNetwork, BeliefParams, Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, GAUSSIAN, SPIN, Bias, GaussianParams
from skboltz.utils import each


class BeliefCase(NamedTuple):
    """A network, its parameters, and the oracle that knows all about it."""

    name: str
    net: BeliefNetwork
    params: BeliefParams
    oracle: BeliefOracle
    n_labels: int = 0


def oracle_of(net, params):
    """The oracle of a network with any parameters."""
    units = [layer.visible_unit for layer in (*net.layers, net.top)]
    units.append(net.top.hidden_unit)
    scaled = units[0] is GAUSSIAN
    log_variance = params.generative[0].visible.log_variance if scaled else None
    return BeliefOracle(
        [(p.weights, p.visible.bias) for p in params.generative],
        [(p.weights, p.hidden.bias) for p in params.recognition],
        (params.top.weights, params.top.visible.bias, params.top.hidden.bias),
        [(unit.low, unit.high) for unit in units],
        log_variance,
    )


def _layer(rng, visible, n_visible, n_hidden, scale, log_variance):
    b, c = scale * rng.normal(size=n_visible), scale * rng.normal(size=n_hidden)
    weights = scale * np.asfortranarray(rng.normal(size=(n_hidden, n_visible)))
    below = GaussianParams(b, log_variance.copy()) if visible is GAUSSIAN else Bias(b)
    return BipartiteParams(weights, below, Bias(c))


def _case(name, units, sizes, n_labels=0, scale=1.0):
    """Both directions at random, so that q is far from the posterior."""
    rng = np.random.default_rng([len(name), *sizes])
    log_variance = rng.normal(size=sizes[0])
    net = BeliefNetwork(
        tuple(Bipartite(*units[n : n + 2]) for n in range(len(sizes) - 2)),
        Bipartite(*units[-2:]),
    )
    draws = [
        [
            _layer(rng, units[n], *sizes[n : n + 2], scale, log_variance)
            for n in range(len(sizes) - 2)
        ]
        for _ in range(2)
    ]
    top = _layer(rng, units[-2], sizes[-2] + n_labels, sizes[-1], scale, log_variance)
    params = BeliefParams(*map(tuple, draws), top)
    return BeliefCase(name, net, params, oracle_of(net, params), n_labels)


BITS, SPINS = BERNOULLI, SPIN
BELIEF = [
    _case("one directed", [BITS] * 3, (3, 2, 2)),
    _case("two directed", [BITS] * 4, (3, 2, 3, 2)),
    _case("spins", [SPINS] * 4, (3, 3, 2, 2), scale=0.6),
    _case("bits and spins", [BITS, SPINS, BITS, SPINS], (3, 2, 3, 2), scale=0.7),
    _case("with labels", [BITS] * 4, (3, 2, 2, 3), n_labels=2),
    _case("gaussian", [GAUSSIAN, BITS, BITS, BITS], (2, 2, 3, 2)),
    _case("gaussian below spins", [GAUSSIAN, SPINS, BITS], (2, 3, 2), scale=0.7),
]
SAMPLED = [BELIEF[1], BELIEF[3], BELIEF[4], BELIEF[5]]


def milder(case, factor):
    """The same network with parameters that many times as large, and its oracle."""
    params = each(lambda array: factor * array, case.params)
    return case._replace(params=params, oracle=oracle_of(case.net, params))


def some_rows(case, n_rows=4):
    """Different rows of data, and rows of labels (None if there are none)."""
    rng = np.random.default_rng(n_rows)
    n_visible = len(case.params.generative[0].visible.bias)
    if case.oracle.log_variance is None:
        rows = np.array(configurations(case.oracle.values[0], n_visible), dtype=float)
        v = rng.permutation(rows)[:n_rows]
    else:
        v = rng.normal(size=(n_rows, n_visible))
    labels = rng.choice(case.oracle.values[-2], (n_rows, case.n_labels))
    return v, labels if case.n_labels else None


def some_states(case, n_rows=4):
    """Rows of (v, h1, .., h_L-1), and labels."""
    rng = np.random.default_rng(n_rows + 1)
    v, labels = some_rows(case, n_rows)
    states = [v]
    for layer, params in zip(case.net.layers, case.params.generative, strict=True):
        values = [layer.hidden_unit.low, layer.hidden_unit.high]
        states.append(rng.choice(values, (n_rows, len(params.weights))))
    return states, labels


def row(states, number):
    """One row of every array, as tuples."""
    return [tuple(x[number].tolist()) for x in states]


def label_row(labels, number):
    return () if labels is None else tuple(labels[number].tolist())
