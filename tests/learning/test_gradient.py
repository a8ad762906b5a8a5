"""The exact gradient against finite differences, and what centering keeps."""

from dataclasses import replace

import numpy as np
import pytest
from learning_parts import apply, recipe, step_of
from model_cases import BIPARTITE, by_name
from oracles import finite_difference, mean_log_likelihood

from skboltz.learning import Enumeration, Offsets, SignedGradient
from skboltz.models import BipartiteParams
from skboltz.units import Bias


def rows_of(case, n=7):
    states = np.array(case.oracle.visible_states, dtype=float)
    return states[np.random.default_rng(3).integers(len(states), size=n)]


def slopes(case, rows):
    """Finite differences of the enumerated mean log-likelihood."""
    visible, hidden = (
        (unit.low, unit.high)
        for unit in (case.model.visible_unit, case.model.hidden_unit)
    )
    rows = [tuple(row) for row in rows]
    arrays = [case.params.weights, case.params.visible.bias, case.params.hidden.bias]

    def with_array(i):
        return lambda array: mean_log_likelihood(
            *arrays[:i], array, *arrays[i + 1 :], visible, hidden, rows
        )

    return [finite_difference(with_array(i), array) for i, array in enumerate(arrays)]


@pytest.mark.parametrize(**by_name(BIPARTITE[:1] + BIPARTITE[2:3] + BIPARTITE[4:]))
def test_the_exact_step_is_the_slope_of_the_log_likelihood(case):
    rows = rows_of(case)
    step = step_of(recipe(case, Enumeration()), case.params, rows, rate=1.0)
    for made, expected in zip(step, slopes(case, rows), strict=True):
        np.testing.assert_allclose(made, expected, atol=2e-9)


def test_weights_of_rows_count_like_repetitions():
    case = BIPARTITE[1]
    rows, weight = rows_of(case, 3), np.array([1.0, 3.0, 2.0])
    parts = recipe(case, Enumeration())
    weighted = step_of(parts, case.params, rows, rate=1.0, weight=weight)
    repeated = step_of(parts, case.params, np.repeat(rows, [1, 3, 2], axis=0), rate=1.0)
    for a, b in zip(weighted, repeated, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


def test_centered_step_is_the_slope_in_centered_parameters():
    """Step along the centered gradient, by the definition of the parameters.

    b = b_c - W'l and c = c_c - Wm turn the centered into the plain machine; the
    slope by the centered parameters, mapped back, must be the step.
    """
    case = BIPARTITE[2]
    rows, rng = rows_of(case), np.random.default_rng(0)
    offsets = Offsets(rng.random(3), rng.random(5))
    rate = 1e-7
    step = step_of(
        recipe(case, Enumeration(), centered=True),
        case.params,
        rows,
        rate,
        offsets=offsets,
    )
    dw, db, dc = slopes(case, rows)
    # Chain rule: W enters b and c as well.
    dw_centered = dw - np.outer(offsets.hidden, db) - np.outer(dc, offsets.visible)
    np.testing.assert_allclose(step[0] / rate, dw_centered, atol=1e-7)
    np.testing.assert_allclose(
        step[1] / rate, db - offsets.hidden @ dw_centered, atol=1e-7
    )
    np.testing.assert_allclose(
        step[2] / rate, dc - dw_centered @ offsets.visible, atol=1e-7
    )


@pytest.mark.parametrize("l1, l2", [(0, 0), (0.05, 0.1)])
def test_a_signed_step_follows_the_slope_less_the_penalties(l1, l2):
    case, rate = BIPARTITE[2], 0.2
    rows = rows_of(case)
    parts = replace(
        recipe(case, Enumeration(), l1=l1, l2=l2), gradient=SignedGradient()
    )
    step = step_of(parts, case.params, rows, rate)
    w = case.params.weights
    expected = slopes(case, rows)
    expected[0] -= l1 * np.sign(w) + l2 * w
    for made, slope in zip(step, expected, strict=True):
        assert (abs(slope) > 1e-6).all()  # on which side of 0 is certain
        np.testing.assert_allclose(made, rate * np.sign(slope), atol=1e-15)
    turned = np.sign(expected[0]) != np.sign(slopes(case, rows)[0])
    assert turned.any() == (l2 > 0)  # penalties turn some steps round


def flipped(params):
    """The same distribution over flipped visible bits, v -> 1 - v."""
    w, b, c = params.weights, params.visible.bias, params.hidden.bias
    return BipartiteParams(-w, Bias(-b), Bias(c + w.sum(axis=1)))


@pytest.mark.parametrize("l1, l2", [(0, 0), (0.01, 0.02)])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_centered_training_does_not_see_a_flip_of_the_data(momentum, l1, l2):
    case = BIPARTITE[1]
    rows = rows_of(case, 20)
    parts = recipe(case, Enumeration(), centered=True, momentum=momentum, l1=l1, l2=l2)
    plain = apply(parts, case.params, rows, n_updates=50, rate=0.2)
    other = apply(parts, flipped(case.params), 1 - rows, n_updates=50, rate=0.2)
    for a, b in zip(flipped(plain), other, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), atol=1e-10)


def test_without_centering_a_flip_of_the_data_is_seen():
    case = BIPARTITE[1]
    rows = rows_of(case, 20)
    parts = recipe(case, Enumeration(), centered=False)
    plain = apply(parts, case.params, rows, n_updates=50, rate=0.2)
    other = apply(parts, flipped(case.params), 1 - rows, n_updates=50, rate=0.2)
    assert abs(flipped(plain).weights - other.weights).max() > 1e-3
