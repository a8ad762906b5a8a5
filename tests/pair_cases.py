"""Small machines of every pair of units that may stand above each other.

To test a new unit, add a row to KINDS.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import unit_laws
from unit_laws import LawOracle

from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import (
    BERNOULLI,
    GAUSSIAN,
    POISSON,
    RECTIFIED,
    SPIN,
    STANDARD_GAUSSIAN,
    Bias,
    BinomialUnit,
    CategoricalGroups,
    CategoricalUnit,
    Columns,
    GaussianParams,
)


class Kind(NamedTuple):
    """A unit, its law over so many columns, and how many columns its layers have."""

    unit: Any
    law: Callable
    n_columns: int
    log_variance: tuple = ()


TABLE = Columns(
    ((POISSON, 1), (BERNOULLI, 1), (GAUSSIAN, 1), (CategoricalGroups(2), 2))
)


def law_of_table(n):
    return unit_laws.side_by_side(
        unit_laws.poisson(1, 80),
        unit_laws.two_values(1, 0.0, 1.0),
        unit_laws.gaussian(1),
        unit_laws.one_of(2),
    )


KINDS = {
    "bits": Kind(BERNOULLI, lambda n: unit_laws.two_values(n, 0.0, 1.0), 3),
    "spins": Kind(SPIN, lambda n: unit_laws.two_values(n, -1.0, 1.0), 2),
    "label": Kind(CategoricalUnit(), lambda n: unit_laws.one_of(3), 3),
    "groups": Kind(CategoricalGroups(2), lambda n: unit_laws.one_of(2, 2), 4),
    "binomial": Kind(BinomialUnit(3), lambda n: unit_laws.binomial(n, 3), 2),
    "Poisson": Kind(POISSON, lambda n: unit_laws.poisson(n, 80), 2),
    "Gaussian": Kind(GAUSSIAN, unit_laws.gaussian, 2, (0.5, -0.6)),
    "standard Gaussian": Kind(STANDARD_GAUSSIAN, unit_laws.standard_gaussian, 2),
    "rectified": Kind(RECTIFIED, unit_laws.rectified, 2),
    "table": Kind(TABLE, law_of_table, 5, (0, 0, 0.5, 0, 0)),
}


class PairCase(NamedTuple):
    name: str
    model: Bipartite
    params: BipartiteParams
    oracle: LawOracle
    rows: np.ndarray
    laws: tuple

    def oracle_of(self, params):
        """The same machine with other parameters."""
        weights, *layers = params
        return LawOracle(weights, *zip(self.laws, layers, strict=True))

    def with_arrays(self, arrays):
        """Parameters from arrays, the weights first."""
        arrays, n_below = list(arrays), len(self.params.visible)
        below = type(self.params.visible)(*arrays[1 : 1 + n_below])
        return BipartiteParams(
            arrays[0], below, type(self.params.hidden)(*arrays[1 + n_below :])
        )


def layer(kind, n, rng):
    """Parameters of n columns of a kind."""
    bias = 0.5 * rng.normal(size=n)
    if kind.unit.parameters is Bias:
        return Bias(bias)
    return GaussianParams(bias, np.array(kind.log_variance[:n], float))


def standardised(params):
    """Weights by the deviations 1 / s of x / s^2; those of other values are 1."""
    below, above = (
        np.exp(-own[1] / 2) if len(own) > 1 else np.ones(len(own[0]))
        for own in params[1:]
    )
    return above[:, None] * params.weights * below


def made(below, above):
    """A machine whose weights leave the joint precision of real units positive."""
    lower, upper = KINDS[below], KINDS[above]
    n_below, n_above = lower.n_columns, upper.n_columns
    laws = lower.law(n_below), upper.law(n_above)
    if min(map(unit_laws.size_of, laws)) > 1000:  # too many points for sums over them
        n_above = 1
        laws = laws[0], upper.law(1)
    rng = np.random.default_rng([n_below, n_above, len(below), len(above)])
    params = BipartiteParams(
        0.35 * rng.normal(size=(n_above, n_below)),
        layer(lower, n_below, rng),
        layer(upper, n_above, rng),
    )
    model = Bipartite(lower.unit, upper.unit)
    if model.may_diverge:
        largest = np.linalg.norm(standardised(params), 2)
        params = params._replace(weights=params.weights * 0.6 / max(largest, 0.6))
    oracle = LawOracle(params.weights, *zip(laws, params[1:], strict=True))
    rows, _ = oracle.draw(5, rng)
    return PairCase(f"{below} under {above}", model, params, oracle, rows, laws)


def allowed(below, above):
    try:
        Bipartite(KINDS[below].unit, KINDS[above].unit)
    except ValueError:
        return False
    return True


NAMES = [(a, b) for a in KINDS for b in KINDS if allowed(a, b)]
REFUSED = [(a, b) for a in KINDS for b in KINDS if not allowed(a, b)]
PAIRS = [made(*names) for names in NAMES]


def named(name):
    return next(case for case in PAIRS if case.name == name)
