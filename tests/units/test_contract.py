"""Every unit keeps every promise of the contract, and a broken one is found out."""

import numpy as np
import pytest
import unit_laws
from unit_contract import CHECKS, UnitCase, check_unit

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
    Growth,
    TwoValuedUnit,
    Unit,
)


def case_of(unit, law, log_variance=None):
    n = 1 + max(max(group.columns) for group in law)
    rng = np.random.default_rng(n)
    bias, other = 0.8 * rng.normal(size=(2, n))
    inputs = rng.normal(size=(3, n))
    if unit.parameters is Bias:
        return UnitCase(unit, law, Bias(bias), Bias(other), inputs)
    z = np.zeros(n) if log_variance is None else np.array(log_variance)
    moved = np.where(z == 0, 0, z - 0.3)
    own = GaussianParams(bias, z), GaussianParams(other, moved)
    return UnitCase(unit, law, *own, inputs)


MIXED = Columns(
    (
        (SPIN, 1),
        (CategoricalUnit(), 3, "label"),
        (GAUSSIAN, 2),
        (CategoricalGroups(2), 4),
        (BERNOULLI, 1, "latent"),
    )
)
MIXED_LAW = unit_laws.side_by_side(
    unit_laws.two_values(1, -1.0, 1.0),
    unit_laws.one_of(3),
    unit_laws.gaussian(2),
    unit_laws.one_of(2, 2),
    unit_laws.two_values(1, 0.0, 1.0),
)
CASES = {
    "bits": case_of(BERNOULLI, unit_laws.two_values(3, 0.0, 1.0)),
    "spins": case_of(SPIN, unit_laws.two_values(2, -1.0, 1.0)),
    "two values": case_of(TwoValuedUnit(-1, 3), unit_laws.two_values(2, -1.0, 3.0)),
    "Gaussian": case_of(GAUSSIAN, unit_laws.gaussian(2), [0.7, -0.8]),
    "label": case_of(CategoricalUnit(), unit_laws.one_of(4)),
    "groups of three": case_of(CategoricalGroups(3), unit_laws.one_of(3, 2)),
    "columns": case_of(MIXED, MIXED_LAW, [0, 0, 0, 0, 0.7, -0.8, 0, 0, 0, 0, 0]),
    "Poisson": case_of(POISSON, unit_laws.poisson(2)),
    "binomial": case_of(BinomialUnit(3), unit_laws.binomial(2, 3)),
    "standard Gaussian": case_of(STANDARD_GAUSSIAN, unit_laws.standard_gaussian(2)),
    "rectified": case_of(RECTIFIED, unit_laws.rectified(2)),
    "a table": case_of(
        Columns(
            (
                (POISSON, 1),
                (BERNOULLI, 1),
                (RECTIFIED, 1),
                (BinomialUnit(2), 1),
                (GAUSSIAN, 1),
                (CategoricalGroups(3), 3),
                (STANDARD_GAUSSIAN, 1),
            )
        ),
        unit_laws.side_by_side(
            unit_laws.poisson(1),
            unit_laws.two_values(1, 0.0, 1.0),
            unit_laws.rectified(1),
            unit_laws.binomial(1, 2),
            unit_laws.gaussian(1),
            unit_laws.one_of(3),
            unit_laws.standard_gaussian(1),
        ),
        [0, 0, 0, 0, -0.4, 0, 0, 0, 0],
    ),
    "bits and spins": case_of(
        Columns(((BERNOULLI, 2), (SPIN, 1))),
        unit_laws.side_by_side(
            unit_laws.two_values(2, 0.0, 1.0), unit_laws.two_values(1, -1.0, 1.0)
        ),
    ),
}
NO_SITES = {("label", "points"), ("columns", "points")}  # a label has none by itself
PAIRS = [
    pytest.param(case, check, id=f"{name}, {promise}")
    for name, case in CASES.items()
    for promise, check in CHECKS.items()
    if (name, promise) not in NO_SITES
]


@pytest.mark.parametrize("case, check", PAIRS)
def test_the_unit_keeps_its_promise(case, check):
    check(case)


class SpinOne(Unit):
    """A unit written elsewhere, with no more than it must have: -1, 0 or 1."""

    low, high, countable, noise = -1.0, 1.0, True, "odds"

    def __eq__(self, other):
        return type(other) is type(self)

    def __hash__(self):
        return hash(type(self))

    def log_partition(self, params, field):
        return np.log1p(2 * np.cosh(field))

    def mean(self, params, field):
        return 2 * np.sinh(field) / (1 + 2 * np.cosh(field))

    def mode(self, params, field):
        return np.sign(field)

    def sample(self, params, field, odds):
        u, total = odds / (1 + odds), 1 + 2 * np.cosh(field)
        low, high = u < np.exp(-field) / total, u > 1 - np.exp(field) / total
        return high.astype(field.dtype) - low

    def nearest(self, x):
        return np.clip(np.rint(x), -1, 1)

    def n_states(self, n_columns):
        return 3 ** int(n_columns)

    def states(self, numbers, n_columns):
        powers = 3 ** np.arange(n_columns)
        return numbers[:, None] // powers % 3 - 1.0


SPIN_ONE_LAW = unit_laws.each(2, [-1.0, 0.0, 1.0], [1, 1, 1], unit_laws.linear())


def test_a_unit_written_elsewhere_is_held_to_all_promises():
    check_unit(case_of(SpinOne(), SPIN_ONE_LAW))
    lacking = type("Lacking", (SpinOne,), {"nearest": Unit.nearest})()
    with pytest.raises(AssertionError):
        check_unit(case_of(lacking, SPIN_ONE_LAW))


def test_what_lacks_a_function_of_the_field_is_no_unit():
    half = type("Half", (Unit,), {"mean": SpinOne.mean, "mode": SpinOne.mode})
    with pytest.raises(TypeError, match="log_partition"):
        half()


# Negative controls ----------------------------------------------------------------


def default(name):
    """What most units do."""
    return {name: getattr(Unit, name)}


def instead(name, function):
    """A function of a unit, without the unit."""
    return {name: lambda _, *arguments: function(*arguments)}


def half_the_squares(params, x, weight=None):
    found = GAUSSIAN.sums(params, x, weight)
    return found._replace(log_variance=found.log_variance / 2)


def too_wide(params, field, noise):
    return field + 1.05 * (GAUSSIAN.sample(params, field, noise) - field)


def too_hot(params, field, odds):
    return CategoricalGroups(3).sample(params, field / 1.2, odds)


def too_few(params, low, high):
    return np.arange(-9.0, 10)[:, None], np.ones(19)


BROKEN = [
    ("bits", "log_partition",
     instead("log_partition", lambda p, f: np.logaddexp(0, 1.001 * f))),
    ("Gaussian", "log_partition", instead("log_partition", lambda p, f: f**2 / 2)),
    ("bits", "log_partition_gain",
     instead("log_partition_gain",
             lambda p, f, s: np.log1p(np.exp(f)[:, None] * s).sum(axis=-1))),
    ("bits", "mean", instead("mean", lambda p, f: BERNOULLI.mean(p, f) + 1e-6)),
    ("spins", "mode", instead("mode", lambda p, f: SPIN.mode(p, -f))),
    ("Gaussian", "mode", instead("mode", lambda p, f: f + 0.3)),
    ("bits", "sample",
     instead("sample", lambda p, f, z: BERNOULLI.sample(p, f / 1.05, z))),
    ("Gaussian", "sample", instead("sample", too_wide)),
    ("Gaussian", "sample",
     instead("sample", lambda p, f, z: GAUSSIAN.sample(p, f, z) + 0.01)),
    ("groups of three", "sample", instead("sample", too_hot)),
    ("bits", "columns_are_drawn_by_themselves",
     instead("sample", lambda p, f, z: BERNOULLI.sample(p, f, z[:, :1]))),
    ("bits", "by_kernels",
     instead("fast_mean", lambda k, p, i, out=None: BERNOULLI.mean(p, i))),
    ("bits", "by_kernels",
     instead("fast_sample", lambda k, p, i, z, *_: BERNOULLI.sample(p, i, z))),
    ("Gaussian", "by_kernels",
     instead("fast_log_ratio", lambda k, i, old, new, mean=None: 0.0 * i[:, 0])),
    ("bits", "base_energy", instead("base_energy", lambda p, x: x @ p.bias)),
    ("Gaussian", "base_energy", default("energies")),
    ("Gaussian", "base_energy_change", default("base_energy_change")),
    ("Gaussian", "statistic", default("scaled_weights")),
    ("Gaussian", "statistic", default("statistic_step")),
    ("Gaussian", "statistic", default("gain")),
    ("Gaussian", "sums", instead("sums", half_the_squares)),
    ("bits", "sums", instead("sums", lambda p, x, w=None: Bias(x.sum(axis=0)))),
    ("Gaussian", "slopes_and_values", default("to_values")),
    ("Gaussian", "parameters_of_the_statistic", default("add_couplings")),
    ("Gaussian", "parameters_of_the_statistic", default("carry")),
    ("Gaussian", "expected_sums", default("expected_sums")),
    ("spins", "expected_sums",
     instead("sums_of_means", lambda p, m, w=None: Bias(m.sum(axis=0)))),
    ("bits", "free_params", instead("free_params", lambda m, v=None: Bias(np.log(m)))),
    ("spins", "smoothed", default("smoothed")),
    ("bits", "smoothed", default("interior")),
    ("bits", "resting", instead("resting", lambda n: np.zeros(n))),
    ("Gaussian", "blend", instead("blend", lambda one, two, beta: one)),
    ("Gaussian", "growth", {"growths": frozenset({Growth.BOUNDED})}),
    ("Gaussian", "growth", default("spread")),
    ("spins", "growth", {"low": 0.0}),
    ("bits", "allowance", instead("allowance", lambda p, x: 1.0)),
    ("bits", "nearest", default("nearest")),
    ("bits", "states", instead("n_states", lambda n: 2 * n)),
    ("binomial", "binary", {"binary": True}),
    ("bits", "neighbours", instead("neighbours", lambda x: x[:, None] + 0.4)),
    ("Gaussian", "points", instead("points", too_few)),
    ("groups of three", "points", default("sites")),
    ("Gaussian", "reach", instead("reach", lambda p, low, high: (low - 1, high + 1))),
    ("label", "some_columns_known", default("implied")),
    ("label", "some_columns_known", default("given")),
    ("groups of three", "some_columns_known", default("restricted")),
    ("bits", "precision",
     instead("mean", lambda p, f: BERNOULLI.mean(p, f.astype(float)))),
    ("bits", "arguments_stay", instead("sample", lambda p, f, z: np.add(z, f, out=z))),
    ("bits", "identity", {"__eq__": object.__eq__, "__hash__": object.__hash__}),
]  # fmt: skip


@pytest.mark.parametrize(
    "name, promise, functions",
    BROKEN,
    ids=[f"{b[1]}: {next(iter(b[2]))}" for b in BROKEN],
)
def test_a_unit_that_breaks_a_promise_is_found_out(name, promise, functions):
    case = CASES[name]
    kind = type("Broken", (type(case.unit),), functions)
    broken = object.__new__(kind)
    vars(broken).update(vars(case.unit))
    if "low" in functions:  # a field of its own
        object.__setattr__(broken, "low", functions["low"])
    globals()["Broken"] = kind  # where pickle looks for it
    kind.__module__, kind.__qualname__ = __name__, "Broken"
    with pytest.raises((AssertionError, FloatingPointError, ValueError, TypeError)):
        CHECKS[promise](case._replace(unit=broken))


def test_every_promise_has_a_control():
    assert {promise for _, promise, _ in BROKEN} == set(CHECKS)
