"""Small machines that every algebraic and statistical test runs over.

To test a new unit or model, add a row here.
"""

from typing import Any, NamedTuple

import numpy as np
from oracles import BipartiteOracle, GaussianOracle, pairwise_energy

from skboltz.models import Bipartite, BipartiteParams, Pairwise, PairwiseParams
from skboltz.units import BERNOULLI, SPIN, Bias, GaussianParams
from skboltz.units import GAUSSIAN as GAUSSIAN_UNIT

UNITS = {"bernoulli": BERNOULLI, "spin": SPIN}


class BipartiteCase(NamedTuple):
    """A machine, its parameters, and the oracle that knows all about it."""

    name: str
    model: Bipartite
    params: BipartiteParams
    oracle: BipartiteOracle


def _values(unit):
    return unit.low, unit.high


def _bipartite(name, visible, hidden, n_visible, n_hidden, scale, dyadic=False):
    rng = np.random.default_rng([n_visible, n_hidden, int(10 * scale)])
    arrays = [
        scale * rng.normal(size=shape)
        for shape in ((n_hidden, n_visible), n_visible, n_hidden)
    ]
    if dyadic:  # multiples of 1/8: sums of them are exact in float32 as well
        arrays = [np.round(8 * array) / 8 for array in arrays]
    weights, b, c = arrays
    return BipartiteCase(
        name,
        Bipartite(visible, hidden),
        BipartiteParams(weights, Bias(b), Bias(c)),
        BipartiteOracle(weights, b, c, _values(visible), _values(hidden)),
    )


BIPARTITE = [
    _bipartite("one by one", BERNOULLI, BERNOULLI, 1, 1, 1.0),
    _bipartite("wide", BERNOULLI, BERNOULLI, 4, 2, 1.0),
    _bipartite("tall", BERNOULLI, BERNOULLI, 3, 5, 1.0),
    _bipartite("strong", BERNOULLI, BERNOULLI, 4, 3, 4.0),
    _bipartite("spins", SPIN, SPIN, 4, 3, 0.7),
    _bipartite("spins below bits", SPIN, BERNOULLI, 3, 4, 0.8),
    _bipartite("bits below spins", BERNOULLI, SPIN, 4, 3, 0.8),
]

DYADIC = [
    _bipartite("dyadic bits", BERNOULLI, BERNOULLI, 4, 3, 1.0, dyadic=True),
    _bipartite("dyadic spins", SPIN, SPIN, 3, 4, 1.0, dyadic=True),
    _bipartite("dyadic mixed", BERNOULLI, SPIN, 3, 3, 1.0, dyadic=True),
]


def _gaussian(name, hidden, log_variance, n_hidden, scale):
    """Components about `scale` standard deviations apart, of comparable weights.

    The hidden biases undo what the weights do to the odds of a hidden unit, the others
    being at their middle, but for a small random rest.
    """
    log_variance = np.array(log_variance)
    n_visible = len(log_variance)
    rng = np.random.default_rng([n_visible, n_hidden, int(10 * scale), len(name)])
    deviation = np.exp(log_variance / 2)
    weights = scale * deviation * rng.normal(size=(n_hidden, n_visible))
    b = deviation * rng.normal(size=n_visible)
    middle = (hidden.low + hidden.high) / 2
    c = 0.5 * rng.normal(size=n_hidden)
    c -= weights @ ((b + middle * weights.sum(axis=0)) / deviation**2)
    return BipartiteCase(
        name,
        Bipartite(GAUSSIAN_UNIT, hidden),
        BipartiteParams(weights, GaussianParams(b, log_variance), Bias(c)),
        GaussianOracle(weights, b, log_variance, c, _values(hidden)),
    )


GAUSSIAN = [
    _gaussian("one by one", BERNOULLI, [0.4], 1, 1.5),
    _gaussian("two by one", BERNOULLI, [0.3, -0.5], 1, 1.0),
    _gaussian("two by three", BERNOULLI, [-0.4, 0.6], 3, 1.0),
    _gaussian("three by two", BERNOULLI, [0.2, -0.3, 0.5], 2, 1.0),
    _gaussian("under spins", SPIN, [0.5, -0.8], 2, 0.7),
    _gaussian("far apart", BERNOULLI, [0.3, -0.2], 2, 5.0),
    _gaussian("unequal variances", BERNOULLI, [-3.0, 0.0, 2.0], 2, 1.0),
]


class PairwiseCase(NamedTuple):
    name: str
    model: Pairwise
    params: PairwiseParams
    energy: Any


def _pairwise(name, unit, n_units, scale):
    rng = np.random.default_rng([n_units, int(10 * scale)])
    upper = np.triu(scale * rng.normal(size=(n_units, n_units)), 1)
    coupling, bias = upper + upper.T, scale * rng.normal(size=n_units)
    return PairwiseCase(
        name,
        Pairwise(unit),
        PairwiseParams(coupling, Bias(bias)),
        lambda s: pairwise_energy(coupling, bias, s),
    )


PAIRWISE = [
    _pairwise("pairwise bits", BERNOULLI, 5, 1.0),
    _pairwise("pairwise spins", SPIN, 5, 0.6),
    _pairwise("one spin", SPIN, 1, 1.0),
]


def by_name(cases):
    """Arguments of pytest.mark.parametrize."""
    return {"argnames": "case", "argvalues": cases, "ids": [c.name for c in cases]}


def as_array(states):
    return np.array(states, dtype=float)
