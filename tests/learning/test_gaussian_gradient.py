"""Gradients of Gaussian units, their variance included, against finite differences."""

import numpy as np
import pytest
from learning_parts import recipe, step_of
from model_cases import GAUSSIAN, by_name
from oracles import finite_difference, gaussian_mean_log_likelihood

from skboltz.learning import Batch, CenteredGradient, Enumeration, Gradient, Offsets
from skboltz.learning.two_phase._positive import data_phase
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream
from skboltz.units import GAUSSIAN as GAUSSIAN_UNIT
from skboltz.units import SPIN, Bias, GaussianParams

STREAM = Stream((3, 4), Purpose.CHAINS)
NAMES = "weights", "bias", "log_variance", "hidden_bias"


def rows_of(case, n=7):
    """Rows of the model, moved and stretched so that no slope is near zero."""
    rows = case.oracle.draw(n, np.random.default_rng(3))
    return 1.3 * rows + 0.5 * np.sqrt(case.oracle.variance)


def hidden_values(case):
    return case.model.hidden_unit.low, case.model.hidden_unit.high


def slopes(case, rows):
    """Finite differences of the mean log density, for (W, b, z, c)."""
    rows = [tuple(row) for row in rows]
    arrays = list(case.params.arrays())

    def with_array(i):
        return lambda array: gaussian_mean_log_likelihood(
            *arrays[:i], array, *arrays[i + 1 :], hidden_values(case), rows
        )

    return [finite_difference(with_array(i), array) for i, array in enumerate(arrays)]


def assert_steps_close(step, expected, rtol=1e-7):
    """Differences at 1e-5 err by the third derivative times 2e-11, and by rounding.

    Log densities of up to 100 are rounded at 1e-14: by 1e-9 in a slope; and third
    derivatives are up to 100 times as large as the largest slope here.
    """
    largest = max(abs(array).max() for array in expected)
    for name, made, slope in zip(NAMES, step, expected, strict=True):
        np.testing.assert_allclose(
            made, slope, rtol=rtol, atol=2e-9 * (1 + largest), err_msg=name
        )


def exact_step(gradient, case, rows, offsets=None, weight=None):
    """The step of both exact phases at a rate of 1, as arrays W, b, z, c."""
    model, params = case.model, case.params
    data = data_phase(model, params, rows, weight)
    negative, _ = Enumeration().step(model, params, STREAM, data)
    step = gradient.step(model, params, data.sums, negative, 1.0, offsets)
    gradient.finish(model, params, step, offsets, 1.0)
    return step.arrays()


# The negative phase ---------------------------------------------------------------


def phase_means(case):
    """E[h v'], E[v], E[(v - b)^2 / (2 s2)] and E[h] by enumeration."""
    data = data_phase(case.model, case.params, np.zeros((1, case.oracle.n_visible)))
    sums, _ = Enumeration().step(case.model, case.params, STREAM, data)
    product = sums.product() / sums.weight
    return product, *(m / sums.weight for m in (*sums.visible, *sums.hidden))


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_enumeration_gives_the_moments_of_the_model(case):
    mean, square, mean_h, mean_hv = case.oracle.moments()
    b, s2 = case.params.visible.bias, np.array(case.oracle.variance)
    half_square = (square - 2 * b * mean + b**2) / (2 * s2)
    expected = mean_hv, mean, half_square, mean_h
    for found, moment in zip(phase_means(case), expected, strict=True):
        np.testing.assert_allclose(found, moment, rtol=1e-11, atol=1e-11)


def test_enumeration_in_many_blocks_gives_the_same(monkeypatch):
    case = GAUSSIAN[2]
    whole = phase_means(case)
    monkeypatch.setattr("skboltz.sampling._enumeration._BLOCK_ELEMENTS", 4)
    for a, b in zip(phase_means(case), whole, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


# The plain gradient ---------------------------------------------------------------


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_the_exact_gradient_is_the_slope_of_the_log_likelihood(case):
    rows = rows_of(case)
    assert_steps_close(exact_step(Gradient(), case, rows), slopes(case, rows))


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_a_forgotten_coupling_in_the_variance_is_noticed(case, monkeypatch):
    """The negative control: sums without `add_couplings`."""
    monkeypatch.setattr(type(GAUSSIAN_UNIT), "add_couplings", lambda *args: None)
    rows = rows_of(case)
    step, expected = exact_step(Gradient(), case, rows), slopes(case, rows)
    assert abs(step[2] - expected[2]).max() > 0.01
    with pytest.raises(AssertionError, match="log_variance"):
        assert_steps_close(step, expected)


@pytest.mark.parametrize(**by_name(GAUSSIAN))
def test_the_training_takes_the_gradient_as_its_step(case):
    rows = rows_of(case)
    step = step_of(recipe(case, Enumeration()), case.params, rows, rate=1.0)
    assert_steps_close(step, slopes(case, rows))


@pytest.mark.parametrize("centered", [False, True])
def test_weights_of_rows_count_like_repetitions(centered):
    case = GAUSSIAN[2]
    rows, weight = rows_of(case, 3), np.array([1.0, 3.0, 2.0])
    gradient, offsets = Gradient(), None
    if centered:
        gradient, offsets = CenteredGradient(), some_offsets(case)
    weighted = exact_step(gradient, case, rows, offsets, weight)
    repeated = np.repeat(rows, [1, 3, 2], axis=0)
    repeated = exact_step(gradient, case, repeated, offsets)
    for a, b in zip(weighted, repeated, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("centered", [False, True])
def test_single_precision_stays_so(centered):
    """Phases of order 10 are rounded at 1e-6 of them, several times over."""
    case = GAUSSIAN[1]
    rows, offsets = rows_of(case), some_offsets(case)
    gradient = CenteredGradient() if centered else Gradient()
    double = exact_step(gradient, case, rows, offsets)
    (w, visible, hidden), dtype = case.params, np.float32
    params = BipartiteParams(
        w.astype(dtype),
        GaussianParams(*(a.astype(dtype) for a in visible)),
        Bias(hidden.bias.astype(dtype)),
    )
    offsets = Offsets(*(a.astype(dtype) for a in offsets))
    single = case._replace(params=params)
    made = exact_step(gradient, single, rows.astype(dtype), offsets)
    for a, b in zip(made, double, strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, atol=1e-4)


# The centered gradient ------------------------------------------------------------


def some_offsets(case):
    """Of v and of h: of the size that data would give them."""
    rng = np.random.default_rng(0)
    mean, _, mean_h, _ = case.oracle.moments()
    n_visible, n_hidden = case.oracle.n_visible, case.oracle.n_hidden
    return Offsets(
        mean + rng.normal(size=n_visible),
        mean_h + 0.3 * rng.normal(size=n_hidden),
    )


def plain_arrays(centered, offset_v, offset_h):
    """(W, b, z, c) of the energy with v - offset_v and h - offset_h in it.

    E = (v - b')^2 / (2 s2) - (h - l)'W((v - m) / s2) - c'h has, up to a constant, the
    biases b = b' - W'l and c = c' - W (m / s2) of the plain machine.
    """
    w, b, z, c = centered
    return w, b - offset_h @ w, z, c - w @ (offset_v * np.exp(-z))


def centered_arrays(plain, offset_v, offset_h):
    w, b, z, c = plain
    return w, b + offset_h @ w, z, c + w @ (offset_v * np.exp(-z))


def centered_slopes(case, rows, offset_v, offset_h):
    """Slopes by the centered parameters, by finite differences of the definition."""
    rows = [tuple(row) for row in rows]
    arrays = centered_arrays(case.params.arrays(), offset_v, offset_h)

    def with_array(i):
        return lambda array: gaussian_mean_log_likelihood(
            *plain_arrays((*arrays[:i], array, *arrays[i + 1 :]), offset_v, offset_h),
            hidden_values(case),
            rows,
        )

    return [finite_difference(with_array(i), array) for i, array in enumerate(arrays)]


def moved(case, slope, offset_v, offset_h, h=1e-5):
    """What a small step along centered slopes does to the plain parameters."""
    start = centered_arrays(case.params.arrays(), offset_v, offset_h)
    ends = [
        plain_arrays(
            [a + sign * h * s for a, s in zip(start, slope, strict=True)],
            offset_v,
            offset_h,
        )
        for sign in (1, -1)
    ]
    return [(up - down) / (2 * h) for up, down in zip(*ends, strict=True)]


@pytest.mark.parametrize(**by_name(GAUSSIAN[:5] + GAUSSIAN[6:]))
def test_the_centered_step_is_the_slope_in_centered_parameters(case):
    rows, offsets = rows_of(case), some_offsets(case)
    offset_v = offsets.visible
    step = exact_step(CenteredGradient(), case, rows, offsets)
    slope = centered_slopes(case, rows, offset_v, offsets.hidden)
    expected = moved(case, slope, offset_v, offsets.hidden)
    assert_steps_close(step, expected, rtol=1e-6)


def translated(params, shift):
    """The same machine of v + shift."""
    w, (b, z), (c,) = params
    return BipartiteParams(
        w, GaussianParams(b + shift, z), Bias(c - w @ (shift * np.exp(-z)))
    )


def pushed(params, step, shift, h=1e-6):
    """What a small step does to the parameters of the machine of v + shift."""
    ends = []
    for sign in (1, -1):
        w, b, z, c = (
            a + sign * h * s for a, s in zip(params.arrays(), step, strict=True)
        )
        end = BipartiteParams(w, GaussianParams(b, z), Bias(c))
        ends.append(translated(end, shift).arrays())
    return [(up - down) / (2 * h) for up, down in zip(*ends, strict=True)]


def invariance_gap(gradient, case, rows, offsets):
    """How far a step of moved data is from the moved step, at worst."""
    shift = np.linspace(1.0, 2.0, case.oracle.n_visible)
    step = exact_step(gradient, case, rows, offsets)
    there = case._replace(params=translated(case.params, shift))
    offsets = Offsets(offsets.visible + shift, offsets.hidden)
    made = exact_step(gradient, there, rows + shift, offsets)
    expected = pushed(case.params, step, shift)
    return max(abs(a - b).max() for a, b in zip(made, expected, strict=True))


@pytest.mark.parametrize(**by_name(GAUSSIAN[:5]))
def test_a_centered_step_does_not_see_where_the_data_lie(case):
    rows, offsets = rows_of(case), some_offsets(case)
    assert invariance_gap(CenteredGradient(), case, rows, offsets) < 1e-6
    assert invariance_gap(Gradient(), case, rows, offsets) > 0.01


def flipped(params):
    """The same machine of the opposite spins, h -> -h."""
    return params._replace(weights=-params.weights, hidden=Bias(-params.hidden.bias))


def test_a_centered_step_does_not_see_a_flip_of_hidden_spins():
    case = GAUSSIAN[4]
    rows, offsets = rows_of(case), some_offsets(case)
    w, b, z, c = exact_step(CenteredGradient(), case, rows, offsets)
    other = case._replace(params=flipped(case.params))
    opposite = offsets._replace(hidden=-offsets.hidden)
    made = exact_step(CenteredGradient(), other, rows, opposite)
    for found, expected in zip(made, (-w, b, z, -c), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-12)


def with_spins(case):
    """The same machine with h = (s + 1) / 2 written in spins."""
    w, (b, z), (c,) = case.params
    visible = GaussianParams(b + w.sum(axis=0) / 2, z)
    params = BipartiteParams(w / 2, visible, Bias(c / 2))
    return case._replace(model=Bipartite(GAUSSIAN_UNIT, SPIN), params=params)


def test_variances_learn_the_same_below_bits_and_spins():
    """dW differs by the squares of the spans; dz must not, being of the same s2."""
    case = GAUSSIAN[2]
    rows, offsets = rows_of(case), some_offsets(case)
    bits = exact_step(CenteredGradient(), case, rows, offsets)
    offsets = offsets._replace(hidden=2 * offsets.hidden - 1)
    spins = exact_step(CenteredGradient(), with_spins(case), rows, offsets)
    np.testing.assert_allclose(spins[0], 2 * bits[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(spins[2], bits[2], rtol=1e-10, atol=1e-12)


def trained(case, params, rows, centered, rate=0.01, n_updates=200):
    """Parameters after many exact updates."""
    parts = recipe(case, Enumeration(), centered=centered)
    state = parts.copy(parts.init(params, rows.mean(axis=0), (1, 2)))
    for _ in range(n_updates):
        state, _ = parts.update(state, Batch(rows), rate)
    return state.params


@pytest.mark.parametrize("centered", [True, False])
def test_a_centered_training_does_not_see_where_the_data_lie(centered):
    """While variances move, too: the offset of v / s2 must move with s2.

    Updates are straight where the map between the two machines is not: each errs by
    the square of the rate, so that all of them err by the rate, times some 0.1.
    """
    case, shift = GAUSSIAN[1], np.full(2, 2.0)
    rows = rows_of(case, 20)
    here = trained(case, case.params, rows, centered)
    there = trained(case, translated(case.params, shift), rows + shift, centered)
    assert abs(here.visible.log_variance - case.params.visible.log_variance).max() > 0.3
    pairs = zip(there.arrays(), translated(here, shift).arrays(), strict=True)
    gaps = [abs(a - b).max() for a, b in pairs]
    assert (max(gaps[:3]) < 0.01) == centered
