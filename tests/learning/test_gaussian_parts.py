"""Parts of a training that only Gaussian units need: what each does to a step."""

import numpy as np
import pytest
from model_cases import GAUSSIAN

from skboltz.learning import (
    CenteredGradient,
    ClippedGradient,
    Enumeration,
    Gradient,
    Offsets,
    Scaling,
    VarianceBounds,
    VarianceScaled,
)
from skboltz.learning.two_phase._positive import data_phase
from skboltz.sampling import Langevin, Purpose, Stream

CASE = next(case for case in GAUSSIAN if case.name == "unequal variances")
STREAM = Stream((1, 2), Purpose.CHAINS)


def exact_step(gradient, rate=1.0):
    """The step of the two exact phases, as (W, b, z, c)."""
    model, params = CASE.model, CASE.params
    n_hidden, n_visible = params.weights.shape
    rows = np.random.default_rng(0).normal(size=(9, n_visible))
    data = data_phase(model, params, rows)
    negative, _ = Enumeration().step(model, params, STREAM, data)
    offsets = Offsets(np.full(n_visible, 0.5), np.full(n_hidden, 0.3))
    step = gradient.step(model, params, data.sums, negative, rate, offsets)
    gradient.finish(model, params, step, offsets, rate)
    return step.arrays()


def lengths(weights):
    return np.sqrt((weights**2).sum(axis=1))


def test_clipped_weights_keep_their_direction():
    whole, *others = exact_step(Gradient())
    longest = lengths(CASE.params.weights).max()
    ratio = np.median(lengths(whole)) / longest  # cuts some, and not others
    cut, *same = exact_step(ClippedGradient(Gradient(), ratio))
    allowed = np.minimum(lengths(whole), ratio * longest)
    assert (lengths(whole) > 1.01 * ratio * longest).any()
    np.testing.assert_allclose(lengths(cut), allowed, rtol=1e-12)
    np.testing.assert_allclose(cut / allowed[:, None], whole / lengths(whole)[:, None])
    for found, expected in zip(same, others, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_centered_biases_follow_the_weights_that_are_cut():
    weights, bias, _, _ = exact_step(ClippedGradient(CenteredGradient(), 1e-3))
    whole, whole_bias, _, _ = exact_step(CenteredGradient())
    expected = whole_bias + 0.3 * (whole - weights).sum(axis=0)
    np.testing.assert_allclose(bias, expected, rtol=1e-12)
    assert abs(bias - whole_bias).max() > 0.01


def test_steps_in_units_of_the_variances():
    variance = np.exp(CASE.params.visible.log_variance)
    plain = exact_step(Gradient())
    scaled = exact_step(VarianceScaled(Gradient(), factor=0.3))
    for found, step, by in zip(
        scaled, plain, (variance, variance, 0.3, 1), strict=True
    ):
        np.testing.assert_allclose(found, step * by, rtol=1e-12)


def test_steps_end_at_the_bounds_and_hidden_biases_with_them():
    z = CASE.params.visible.log_variance
    bounds = VarianceBounds(z - 1e-3, z + 1e-3)
    bounded = exact_step(VarianceScaled(CenteredGradient(), 1.0, bounds), rate=10.0)
    free = exact_step(VarianceScaled(CenteredGradient(), 1.0), rate=10.0)
    assert (abs(free[2]) > 1e-2).all()
    np.testing.assert_allclose(abs(bounded[2]), 1e-3, rtol=1e-9)
    # dc has W (m dz), with the dz that is really taken.
    m = 0.5 * np.exp(-z)
    expected = CASE.params.weights @ (m * (free[2] - bounded[2]))
    np.testing.assert_allclose(free[3] - bounded[3], expected, rtol=1e-9)


def test_speed_does_not_lead_out_of_the_bounds():
    params = CASE.params._replace(
        visible=CASE.params.visible._replace(
            log_variance=np.array([-9.0, 0.5, 9.0])[:2]
        )
    )
    VarianceBounds(np.full(2, -1.0), np.full(2, 1.0)).hold(GAUSSIAN[0].model, params)
    np.testing.assert_array_equal(params.visible.log_variance, [-1.0, 0.5])


def test_scaling_there_and_back():
    scaling = Scaling(np.array([1e6, -2.0]), np.array([1e-2, 300.0]))
    x = scaling.mean + scaling.scale * np.random.default_rng(0).normal(size=(5, 2))
    z = scaling.forward(x, np.float64)
    np.testing.assert_allclose(scaling.backward(z), x, rtol=1e-15)
    single = scaling.forward(x, np.float32)  # differences in double precision first
    np.testing.assert_allclose(single, z, rtol=1e-6)
    lost = (x.astype(np.float32) - scaling.mean.astype(np.float32)) / scaling.scale
    assert abs(lost - z).max() > 0.1
    np.testing.assert_allclose(scaling.log_volume().sum(), np.log(3.0))


@pytest.mark.parametrize(
    "wrong", [{"adjusted": "no"}, {"step_size": 2}, {"n_steps": 0}]
)
def test_langevin_steps_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Langevin(**wrong)
