"""Small machines that every algebraic and statistical test runs over.

To test a new unit or model, add a row here.
"""

from typing import Any, NamedTuple

import numpy as np
from oracles import BipartiteOracle, pairwise_energy

from skboltz.models import Bipartite, BipartiteParams, Pairwise, PairwiseParams
from skboltz.units import BERNOULLI, SPIN, Bias

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
