"""Capacity curves: what they count, of whom, and at what load."""

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skboltz import CapacityCurve, CapacityWarning, HopfieldMemory, capacity_curve
from skboltz.theory import one_step_error


class OneStep(TransformerMixin, BaseEstimator):
    """Hebb's rule and a single parallel step; `keep` couples units to themselves."""

    def __init__(self, keep=False):
        self.keep = keep

    def fit(self, X, y=None):
        self.coupling_ = X.T @ X
        if not self.keep:
            np.fill_diagonal(self.coupling_, 0)
        return self

    def transform(self, X):
        return np.sign(X @ self.coupling_ + 0.5 * X)


class Recorder(TransformerMixin, BaseEstimator):
    """Remembers what it was shown, and answers as told."""

    def __init__(self, answer, seen):
        self.answer = answer
        self.seen = seen

    def __sklearn_clone__(self):
        return Recorder(self.answer, self.seen)

    def fit(self, X, y=None):
        self.patterns_ = X.copy()
        return self

    def transform(self, X):
        self.seen.append((self.patterns_, X.copy()))
        return self.answer(self.patterns_, X)


def recorded(answer=lambda patterns, X: X, **params):
    seen = []
    arguments = {"n_features": 40, "loads": [0.1, 0.5], "random_state": 0} | params
    curve = capacity_curve(Recorder(answer, seen), **arguments)
    return curve, seen


# What is counted ------------------------------------------------------------------


def spoilt(patterns, X):
    """The first pattern perfect, the second nearly, the third half lost, then none."""
    out = np.zeros(patterns.shape)
    for i, n_wrong in enumerate([0, 1, 10, 40]):
        out[i] = patterns[i]
        out[i, :n_wrong] *= -1
    return 0.01 * out  # only the sign counts


def test_the_four_shares_by_hand():
    curve, seen = recorded(spoilt, loads=[0.1], n_repeats=2)
    wrong = [0, 1 / 40, 10 / 40, 1]
    assert len(seen) == 2
    assert isinstance(curve, CapacityCurve)
    np.testing.assert_allclose(curve.error, [[np.mean(wrong)] * 2])
    np.testing.assert_allclose(curve.overlap, [[np.mean([1, 0.95, 0.5, -1])] * 2])
    np.testing.assert_array_equal(curve.retrieved, [[0.5, 0.5]])
    np.testing.assert_array_equal(curve.perfect, [[0.25, 0.25]])


def test_overlap_is_that_of_explicit_loops():
    recalled = []

    def answer(patterns, X):
        noise = np.random.default_rng(len(recalled)).random(X.shape) < 0.2
        recalled.append((patterns, np.where(noise, -X, X)))
        return recalled[-1][1]

    curve, _ = recorded(answer, n_repeats=3)
    values = curve.overlap.ravel()
    for value, (patterns, states) in zip(values, recalled, strict=True):
        rows = [
            sum(a * b for a, b in zip(xi, s, strict=True)) / len(xi)
            for xi, s in zip(patterns, states, strict=True)
        ]
        assert value == pytest.approx(sum(rows) / len(rows))


def test_shapes_and_loads_as_stored():
    curve, seen = recorded(loads=[0.11, 1.0, 0.5], n_repeats=4)
    np.testing.assert_allclose(curve.loads, [4 / 40, 1.0, 0.5])  # 4.4 patterns
    for values in curve[1:]:
        assert values.shape == (3, 4)
    assert [len(patterns) for patterns, _ in seen] == [4] * 4 + [40] * 4 + [20] * 4


# Patterns and noise ---------------------------------------------------------------


def test_patterns_are_fair_and_differ():
    _, seen = recorded(n_features=500, loads=[1.0], n_repeats=2)
    (first, _), (second, _) = seen
    assert set(np.unique(first)) == {-1, 1}
    # 250,000 fair signs: 5 standard deviations of their mean are 0.01.
    for signs in (first, second, first * second, first[1:] * first[:-1]):
        assert abs(signs.mean()) < 0.0101


@pytest.mark.parametrize("noise, n_flipped", [(0.0, 0), (0.1, 4), (0.26, 10), (1, 40)])
def test_every_probe_has_its_number_of_flips(noise, n_flipped):
    curve, seen = recorded(noise=noise)
    for patterns, probes in seen:
        assert ((patterns != probes).sum(axis=1) == n_flipped).all()
    np.testing.assert_allclose(curve.error, n_flipped / 40)


def test_every_unit_is_flipped_as_often():
    _, seen = recorded(loads=[50.0], n_repeats=1, noise=0.25)
    ((patterns, probes),) = seen
    share = (patterns != probes).mean(axis=0)
    assert abs(share - 0.25).max() < 5 * np.sqrt(0.25 * 0.75 / 2000)
    assert not (patterns != probes).all(axis=0).any()


def test_the_seed_decides():
    memory = HopfieldMemory(random_state=0)
    first, again = (
        capacity_curve(memory, 60, [0.1, 0.3], noise=0.1, random_state=3)
        for _ in range(2)
    )
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    other = capacity_curve(memory, 60, [0.1, 0.3], noise=0.1, random_state=4)
    assert (other.overlap != first.overlap).any()
    start = capacity_curve(memory, 60, [0.1], noise=0.1, random_state=3)
    np.testing.assert_array_equal(start.overlap, first.overlap[:1])


# Memories -------------------------------------------------------------------------


@pytest.mark.parametrize("keep, good", [(False, True), (True, False)])
def test_one_step_of_hebb_makes_the_errors_of_theory(keep, good):
    """As in tests/models: 5 standard errors; self-couplings must not pass."""
    n, n_repeats = 200, 250
    curve = capacity_curve(
        OneStep(keep), n, [0.15], n_repeats=n_repeats, random_state=0
    )
    rates = curve.error[0]
    n_patterns = round(curve.loads[0] * n)
    expected = one_step_error((n - 1) * (n_patterns - 1) / n**2)
    bound = 5 * rates.std(ddof=1) / np.sqrt(n_repeats)
    assert (abs(rates.mean() - expected) < bound) == good


def test_hopfield_memory_holds_its_load_and_no_more():
    memory = HopfieldMemory(random_state=0)
    curve = capacity_curve(memory, 500, [0.05, 0.1, 0.3], random_state=0)
    assert (curve.retrieved[0] == 1).all() and (curve.perfect[0] > 0.9).all()
    assert (curve.retrieved[1] > 0.9).all()
    assert (curve.retrieved[2] < 0.1).all() and (curve.perfect[2] == 0).all()
    assert not hasattr(memory, "coupling_")  # clones learnt


def test_a_pipeline_is_a_memory():
    memory = HopfieldMemory(random_state=0)
    alone = capacity_curve(memory, 100, [0.1], noise=0.1, random_state=0)
    pipeline = make_pipeline(FunctionTransformer(), memory)
    behind = capacity_curve(pipeline, 100, [0.1], noise=0.1, random_state=0)
    np.testing.assert_array_equal(alone.overlap, behind.overlap)


def test_output_as_a_frame_counts_the_same():
    memory = HopfieldMemory(random_state=0)
    alone = capacity_curve(memory, 60, [0.2], random_state=0)
    memory.set_output(transform="pandas")
    framed = capacity_curve(memory, 60, [0.2], random_state=0)
    np.testing.assert_array_equal(alone.overlap, framed.overlap)


# Warnings and errors --------------------------------------------------------------


class Warns(OneStep):
    def fit(self, X, y=None):
        warnings.warn("too many", CapacityWarning, stacklevel=2)
        warnings.warn("not ended", ConvergenceWarning, stacklevel=2)
        return super().fit(X)


def test_only_the_warning_of_too_many_memories_is_silent():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        capacity_curve(Warns(), 20, [0.5], n_repeats=2, random_state=0)
    assert [each.category for each in caught] == [ConvergenceWarning] * 2


@pytest.mark.parametrize(
    "params, message",
    [
        ({"n_features": 0}, "n_features must be an integer >= 1, found 0"),
        ({"n_features": 10.0}, "n_features must be an integer"),
        ({"n_repeats": 0}, "n_repeats must be an integer >= 1, found 0"),
        ({"noise": -0.1}, "noise must be a number from 0 to 1, found -0.1"),
        ({"noise": 1.1}, "noise must be"),
        ({"noise": "little"}, "noise must be"),
        ({"noise": np.nan}, "noise must be"),
        ({"loads": 0.1}, "loads must be a list"),
        ({"loads": []}, "loads must be a list"),
        ({"loads": [[0.1]]}, "loads must be a list"),
        ({"loads": ["some"]}, "loads must be a list"),
        ({"loads": [0.1, np.nan]}, "loads must be a list of finite"),
        ({"loads": [0.1, np.inf]}, "loads must be a list of finite"),
        ({"loads": [0.1, -0.1]}, "loads has -0.1, .* at least 0.025"),
        ({"loads": [0.1, 0.01]}, "loads has 0.01, .*n_features=40.* at least 0.025"),
        ({"memory": OneStep}, "memory must be an instance"),
        ({"memory": BaseEstimator()}, "memory must be .* without fit and transform"),
    ],
)
def test_errors_name_the_parameter(params, message):
    arguments = {"memory": OneStep(), "n_features": 40, "loads": [0.1]} | params
    with pytest.raises(ValueError, match=message):
        capacity_curve(**arguments)


def test_seeds_that_are_none():
    with pytest.raises(ValueError, match="random_state must be .* found 'luck'"):
        capacity_curve(OneStep(), 40, [0.1], random_state="luck")


def test_states_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"memory turned .* \(4, 40\) .* \(4, 39\)"):
        recorded(lambda patterns, X: X[:, 1:])
