"""Machines with an enumerable log Z: easy ones, and ones that trap every chain."""

from typing import NamedTuple

import numpy as np

from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import BERNOULLI, SPIN, Bias


class EstimateCase(NamedTuple):
    name: str
    model: Bipartite
    params: BipartiteParams


def _random(name, unit, n_hidden, n_visible, scale, bias_scale):
    rng = np.random.default_rng([n_hidden, n_visible, int(10 * scale)])
    return EstimateCase(
        name,
        Bipartite(unit, unit),
        BipartiteParams(
            rng.normal(0, scale, (n_hidden, n_visible)),
            Bias(rng.normal(0, bias_scale, n_visible)),
            Bias(rng.normal(0, bias_scale, n_hidden)),
        ),
    )


def _one_strong_unit(name, excess):
    """A hidden unit that turns every visible one on, at odds of e^excess or so.

    On the way from independent units its state is unlikely until the very end: a
    first-order transition, at which every annealed chain misses the turn.
    """
    n, weight = 100, 3.0
    rng = np.random.default_rng(0)
    weights = np.vstack([np.full(n, weight), rng.normal(0, 0.3, (3, n))])
    off, on = n * np.log1p(np.exp(-1.5)), n * np.log1p(np.exp(weight - 1.5))
    hidden = np.array([off - on + excess, 0.0, 0.0, 0.0])
    params = BipartiteParams(weights, Bias(np.full(n, -1.5)), Bias(hidden))
    return EstimateCase(name, Bipartite(BERNOULLI, BERNOULLI), params)


EASY = [
    _random("weak", BERNOULLI, 10, 20, 0.3, 0.5),
    _random("strong", BERNOULLI, 10, 20, 2.0, 1.0),
    _random("spins", SPIN, 8, 20, 0.4, 0.3),
]
HARD = [
    _one_strong_unit("dominant", 10.0),
    _one_strong_unit("balanced", 0.0),
    _one_strong_unit("overwhelming", 30.0),
]
