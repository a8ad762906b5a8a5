"""Likelihoods of machines of every pair of units, against sums over their laws."""

import numpy as np
import pytest
from model_cases import by_name
from pair_cases import PAIRS, named

from skboltz.likelihood import (
    Effort,
    conditional_means,
    estimate_log_partition,
    exact_log_partition,
    is_tractable,
    marginal_free_energy,
    pseudo_log_likelihood,
)

LIGHT = Effort(betas=40, n_chains=60, n_sweeps=20)
COUNTED = [case for case in PAIRS if is_tractable(case.model, case.params)]
SAMPLED = [case for case in PAIRS if not is_tractable(case.model, case.params)]
OF_EVERY_UNIT = [
    case for case in PAIRS if "bits" in case.name or case.name.endswith("rectified")
]
WITH_SITES = [case for case in PAIRS if not case.name.startswith("label")]

all_pairs = pytest.mark.parametrize(**by_name(PAIRS))


@pytest.mark.parametrize(**by_name(COUNTED))
def test_log_z_is_exact_where_one_layer_can_be_counted(case):
    found = exact_log_partition(case.model, case.params).value
    assert np.isclose(found, case.oracle.log_z, rtol=1e-10, atol=1e-10)


def test_two_layers_of_real_units_cannot_be_counted():
    assert {case.model.may_diverge for case in SAMPLED} == {True}
    with pytest.raises(ValueError, match="there is no end"):
        exact_log_partition(SAMPLED[0].model, SAMPLED[0].params)


@pytest.mark.parametrize(**by_name(OF_EVERY_UNIT))
@pytest.mark.parametrize("method", ["ais", "bridge"])
def test_annealed_log_z_has_its_error_bar(case, method):
    found, _ = estimate_log_partition(
        case.model, case.params, method=method, effort=LIGHT
    )
    assert abs(found.value - case.oracle.log_z) < 5 * found.standard_error + 1e-9


@pytest.mark.parametrize(**by_name([PAIRS[0], named("Poisson under bits")]))
def test_a_log_z_that_is_off_is_rejected(case):
    found, _ = estimate_log_partition(
        case.model, case.params, method="ais", effort=LIGHT
    )
    hot = case.params._replace(weights=case.params.weights / 1.2)
    off = case.oracle_of(hot).log_z
    assert abs(found.value - off) > 5 * found.standard_error


def conditionals(case):
    """sum over the groups of log P(group | all others), by their points."""
    total = np.zeros(len(case.rows))
    for group in case.oracle.visible.groups:
        columns = list(group.columns)
        logs = []
        for x, weight in zip(group.points, group.weight, strict=True):
            rows = case.rows.copy()
            rows[:, columns] = x
            logs.append(np.log(weight) - case.oracle.free_energy(rows))
        total -= case.oracle.free_energy(case.rows) + np.logaddexp.reduce(logs)
    return total


@pytest.mark.parametrize(**by_name(WITH_SITES))
def test_pseudo_likelihoods_are_sums_of_conditionals(case):
    found = pseudo_log_likelihood(case.model, case.params, case.rows)
    np.testing.assert_allclose(found, conditionals(case), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("strength", [0.5, 2.0, 4.0])
@pytest.mark.parametrize("hidden", ["rectified", "standard Gaussian"])
def test_pseudo_likelihoods_near_the_edge_reach_far_enough(hidden, strength):
    """A wide law of one real unit given the others: its integral takes more points."""
    case = named(f"standard Gaussian under {hidden}")
    weights = case.params.weights * 0.8 / np.linalg.norm(case.params.weights, 2)
    params = case.params._replace(weights=weights)
    rows = strength * case.rows
    moved = case._replace(params=params, rows=rows, oracle=case.oracle_of(params))
    found = pseudo_log_likelihood(case.model, params, rows)
    np.testing.assert_allclose(found, conditionals(moved), rtol=1e-8, atol=1e-8)


def test_density_without_an_end_is_refused():
    case = named("standard Gaussian under standard Gaussian")
    params = case.params._replace(weights=np.ones_like(case.params.weights))
    with pytest.raises(ValueError, match="cannot be normalised"):
        pseudo_log_likelihood(case.model, params, case.rows)


# Rows of which some is missing ------------------------------------------------------


def gaps(case):
    """Rows without their first group, without their last, and without any value."""
    groups = case.oracle.visible.groups
    rows = case.rows[:3].copy()
    for row, group in zip(rows, (groups[0], groups[-1]), strict=False):
        row[list(group.columns)] = np.nan
    rows[2] = np.nan
    return rows


@pytest.mark.parametrize(**by_name(COUNTED))
def test_rows_with_gaps_are_summed_exactly(case):
    rows = gaps(case)
    expected = [case.oracle.given(row) for row in rows]
    found = marginal_free_energy(case.model, case.params, rows)
    np.testing.assert_allclose(found, [-weight for weight, *_ in expected], rtol=1e-9)
    visible, hidden = conditional_means(case.model, case.params, rows)
    for row, (_, v, h) in enumerate(expected):
        np.testing.assert_allclose(visible[row], v, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(hidden[row], h, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(**by_name(SAMPLED))
def test_rows_with_gaps_are_sampled_where_sums_have_no_end(case):
    """Four chains of 150 sweeps are good for about a tenth of a deviation."""
    rows = gaps(case)[:2]
    expected = [case.oracle.given(row) for row in rows]
    found = marginal_free_energy(case.model, case.params, rows)
    np.testing.assert_allclose(found, [-w for w, *_ in expected], atol=0.1)
    visible, hidden = conditional_means(case.model, case.params, rows)
    for row, (_, v, h) in enumerate(expected):
        np.testing.assert_allclose(visible[row], v, atol=0.25)
        np.testing.assert_allclose(hidden[row], h, atol=0.25)


@all_pairs
def test_the_nearest_values_of_means_are_values(case):
    """What `impute` by mode fills in."""
    visible, _ = conditional_means(case.model, case.params, gaps(case)[:2])
    filled = case.model.visible_unit.nearest(visible)
    assert np.isfinite(case.oracle.free_energy(filled)).all()
    if case.model.visible_unit.countable:
        known = {tuple(x) for g in case.oracle.visible.groups for x in g.points}
        for group in case.oracle.visible.groups:
            assert set(map(tuple, filled[:, list(group.columns)])) <= known
