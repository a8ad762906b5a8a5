"""The model of every pair of units against sums over the points of their laws."""

import numpy as np
import pytest
from model_cases import by_name
from pair_cases import KINDS, NAMES, PAIRS, REFUSED, named

from skboltz.models import Bipartite, BipartiteParams
from skboltz.units import (
    BERNOULLI,
    GAUSSIAN,
    POISSON,
    RECTIFIED,
    STANDARD_GAUSSIAN,
    Bias,
    BinomialUnit,
    Columns,
    GaussianParams,
)

pytestmark = pytest.mark.no_kernel
all_pairs = pytest.mark.parametrize(**by_name(PAIRS))


@all_pairs
def test_free_energies(case):
    found = case.model.free_energy(case.params, case.rows)
    np.testing.assert_allclose(found, case.oracle.free_energy(case.rows), rtol=1e-9)


@all_pairs
def test_conditional_means(case):
    model, params = case.model, case.params
    hidden = model.hidden_unit.mean(
        params.hidden, model.hidden_field(params, case.rows)
    )
    np.testing.assert_allclose(hidden, case.oracle.hidden_mean(case.rows), atol=1e-9)
    h = np.repeat(hidden[:1], 2, axis=0)
    found = model.visible_unit.mean(params.visible, model.visible_field(params, h))
    np.testing.assert_allclose(found, case.oracle.visible_mean(h), rtol=1e-8, atol=1e-9)


@all_pairs
def test_energies_are_those_of_either_side(case):
    model, params = case.model, case.params
    v, h = case.oracle.draw(4, np.random.default_rng(0))
    swapped = model.swap().energy(model.swap_params(params), h, v)
    np.testing.assert_allclose(model.energy(params, v, h), swapped, rtol=1e-10)
    joint = case.oracle.visible.energy(v) + case.oracle.hidden.energy(h)
    psi, phi = case.oracle.hidden.statistic(h), case.oracle.visible.statistic(v)
    joint -= np.einsum("rj,ji,ri->r", psi, params.weights, phi)
    np.testing.assert_allclose(model.energy(params, v, h), joint, rtol=1e-10)


# The rule of growth ------------------------------------------------------------------


def test_counts_are_refused_beside_what_has_no_limit():
    unbounded = {"Poisson", "Gaussian", "standard Gaussian", "rectified", "table"}
    counts = {"Poisson", "table"}
    expected = {
        (a, b) for a in unbounded for b in unbounded if a in counts or b in counts
    }
    assert set(REFUSED) == expected
    assert len(NAMES) + len(expected) == len(KINDS) ** 2


@pytest.mark.parametrize("names", REFUSED)
def test_the_reason_is_given(names):
    with pytest.raises(ValueError, match="has no end"):
        Bipartite(*(KINDS[name].unit for name in names))


@pytest.mark.parametrize("hidden", [STANDARD_GAUSSIAN, RECTIFIED, POISSON])
def test_the_sum_that_is_refused_has_no_end(hidden):
    """-F(v) = log sum over h of exp(-E) - log v! of v counts, one weight of 0.1."""
    field = 0.1 * np.array([1e4, 2e4, 1e5, 1e6])
    free = Bias(np.zeros(1))
    with np.errstate(over="ignore"):
        gain = hidden.log_partition(free, field[:, None])[:, 0]
    v = 10 * field
    assert np.isinf(gain).any() or (np.diff(gain - v * np.log(v)) > 0).all()


def test_what_counts_are_refused_beside_is_allowed_beside_their_limit():
    Bipartite(BinomialUnit(100), STANDARD_GAUSSIAN)
    Bipartite(POISSON, Columns(((BERNOULLI, 2), (BinomialUnit(3), 1))))
    with pytest.raises(ValueError, match="has no end"):
        Bipartite(POISSON, Columns(((BERNOULLI, 2), (RECTIFIED, 1))))


def pair(visible, hidden, weights):
    weights = np.asarray(weights, float)
    layers = [
        unit.parameters(*(np.zeros(n) for _ in unit.parameters._fields))
        for unit, n in zip((visible, hidden), weights.shape[::-1], strict=True)
    ]
    return Bipartite(visible, hidden), BipartiteParams(weights, *layers)


@pytest.mark.parametrize("visible", [GAUSSIAN, STANDARD_GAUSSIAN, RECTIFIED])
@pytest.mark.parametrize("hidden", [GAUSSIAN, STANDARD_GAUSSIAN, RECTIFIED])
@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (3, 2)])
def test_the_edge_is_where_the_precision_is_no_longer_positive(visible, hidden, shape):
    direction = np.random.default_rng(sum(shape)).normal(size=shape)
    direction /= np.linalg.norm(direction, 2)
    for size, good in ((0.999, True), (1.001, False)):
        model, params = pair(visible, hidden, size * direction)
        precision = np.block(
            [
                [np.eye(shape[1]), -params.weights.T],
                [-params.weights, np.eye(shape[0])],
            ]
        )
        assert (np.linalg.eigvalsh(precision) > 0).all() == good
        assert model.is_normalisable(params) == good


def test_variances_count():
    """x / s^2 couples: with the variance 4 the edge is at a weight of 2."""
    model = Bipartite(GAUSSIAN, RECTIFIED)
    below = GaussianParams(np.zeros(1), np.log([4.0]))
    for weight, good in ((1.99, True), (2.01, False)):
        params = BipartiteParams(np.array([[weight]]), below, Bias(np.zeros(1)))
        assert model.is_normalisable(params) == good


@pytest.mark.parametrize("name", ["bits under Gaussian", "Gaussian under bits"])
def test_one_side_with_a_limit_allows_any_weight(name):
    case = named(name)
    params = case.params._replace(weights=1e3 * case.params.weights)
    assert case.model.is_normalisable(params) and not case.model.may_diverge
    case.model.restrain(params)
    assert abs(params.weights).max() > 100


def test_weights_beyond_the_edge_are_taken_back():
    model, params = pair(STANDARD_GAUSSIAN, RECTIFIED, [[3.0, 1.0], [0.0, 2.0]])
    before = params.weights.copy()
    model.restrain(params)
    assert model.is_normalisable(params)
    ratio = params.weights[before != 0] / before[before != 0]
    np.testing.assert_allclose(ratio, ratio[0])
    assert 0.98 < np.linalg.norm(params.weights, 2) < 1
    kept = params.weights.copy()
    model.restrain(params)
    np.testing.assert_array_equal(params.weights, kept)
