"""Passes through directed layers: frequencies against enumerated laws."""

import itertools
import math

import numpy as np
import pytest
from belief_cases import BELIEF, SAMPLED, some_rows
from judges import ALPHA, comes_from
from kernel_twins import TWINS
from model_cases import by_name
from oracles import configurations
from scipy.stats import kstest

from skboltz import config_context
from skboltz.sampling import Purpose, Stream, ancestral
from skboltz.utils import each

N_ROWS = 20_000
STREAM = Stream((3, 4), Purpose.SAMPLE)
KERNELS = ["numpy", "numba"][: len(TWINS)]


class Stuck:
    """A stream that gives the same noise again and again: a broken one."""

    def draw(self, *arguments):
        return STREAM.draw(*arguments)[0], self


def as_bits(case, states, first):
    """Layers from number `first` on, side by side, 1 for the higher value."""
    values = case.oracle.values[first:]
    return np.hstack(
        [(x - low) / (high - low) for x, (low, high) in zip(states, values)]  # noqa: B905
    )


def copies(row):
    return np.tile(np.array(row, dtype=float), (N_ROWS, 1))


def goes_up_by_q(case, params, stream=STREAM):
    """Whether hidden layers come from q(h | v), for one v."""
    v = tuple(some_rows(case)[0][1].tolist())
    states, _ = ancestral.recognise(case.net, params, copies(v), stream)
    paths = case.oracle.hidden_states()
    law = [math.exp(case.oracle.log_q((v, *h))) for h in paths]
    return comes_from(as_bits(case, states[1:], 1), law, 0, 1)


def goes_down_by_p(case, params, stream=STREAM):
    """Whether layers come from P(. | h_last), for one h_last."""
    oracle, first = case.oracle, int(case.oracle.log_variance is not None)
    h_last = configurations(oracle.values[-2], len(case.params.generative[-1].weights))
    h_last = h_last[1]
    sizes = [len(p.visible.bias) for p in case.params.generative[first:]]
    choices = [configurations(v, n) for v, n in zip(oracle.values[first:], sizes)]  # noqa: B905
    law = []
    for path in itertools.product(*choices):
        path = (*[None] * first, *path, h_last)
        layers = range(first, len(case.net.layers))
        terms = (oracle.log_conditional(n, *path[n : n + 2]) for n in layers)
        law.append(math.exp(sum(terms)))
    states, _ = ancestral.generate(
        case.net, params, copies(h_last), stream, sample_visible=True
    )
    return comes_from(as_bits(case, states[first:-1], first), law, 0, 1)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(**by_name(SAMPLED))
def test_hidden_layers_come_from_the_guess(case, kernels):
    with config_context(kernels=kernels):
        assert goes_up_by_q(case, case.params)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(**by_name(SAMPLED))
def test_layers_come_from_their_conditionals(case, kernels):
    with config_context(kernels=kernels):
        assert goes_down_by_p(case, case.params)


@pytest.mark.parametrize("judge", [goes_up_by_q, goes_down_by_p])
@pytest.mark.parametrize(**by_name(SAMPLED))
def test_directions_taken_for_each_other_are_rejected(case, judge):
    swapped = case.params._replace(
        recognition=case.params.generative, generative=case.params.recognition
    )
    assert not judge(case, swapped)


@pytest.mark.parametrize("judge", [goes_up_by_q, goes_down_by_p])
@pytest.mark.parametrize(**by_name(SAMPLED))
def test_a_temperature_off_by_a_fifth_is_rejected(case, judge):
    assert not judge(case, each(lambda array: array / 1.2, case.params))


def test_noise_used_twice_is_rejected():
    case = BELIEF[4]  # two hidden layers of the same size
    assert not goes_up_by_q(case, case.params, Stuck())


@pytest.mark.parametrize(**by_name(BELIEF))
def test_the_data_end_a_dream_by_their_means(case):
    n_last = len(case.params.generative[-1].weights)
    h_last = np.random.default_rng(0).choice(case.oracle.values[-2], (5, n_last))
    dream, after = ancestral.generate(case.net, case.params, h_last, STREAM)
    drawn, later = ancestral.generate(case.net, case.params, h_last, STREAM, True)
    for a, b in zip(dream[1:], drawn[1:], strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(dream[-1], h_last)
    layer, down = case.net.layers[0], case.params.generative[0]
    field = layer.visible_field(down, dream[1])
    expected = layer.visible_unit.mean(down.visible, field)
    np.testing.assert_allclose(dream[0], expected, rtol=1e-12)
    n_drawn = len(case.net.layers)
    assert (after.step, later.step) == (n_drawn - 1, n_drawn)


def test_gaussian_data_are_normal_around_their_means():
    case = BELIEF[5]
    h_last = copies([1.0, 0.0, 1.0])
    drawn, _ = ancestral.generate(case.net, case.params, h_last, STREAM, True)
    down = case.params.generative[0]
    z = drawn[0] - case.net.layers[0].visible_field(down, drawn[1])
    z /= np.exp(0.5 * down.visible.log_variance)
    assert kstest(z.ravel(), "norm").pvalue > ALPHA
    assert kstest(z.ravel() / 1.1, "norm").pvalue < ALPHA


@pytest.mark.parametrize(**by_name(BELIEF))
def test_with_noise_alike_no_row_depends_on_another(case):
    v, _ = some_rows(case, 6)

    def differs(draw):
        together, after = draw(case.net, case.params, v, STREAM)
        assert after.step == len(case.net.layers)
        for r in range(len(v)):
            alone, _ = draw(case.net, case.params, v[r : r + 1], STREAM)
            if any((a[r] != b[0]).any() for a, b in zip(together, alone, strict=True)):
                return True
        return False

    assert not differs(ancestral.recognise_alike)
    assert differs(ancestral.recognise)


@pytest.mark.parametrize("kernels", KERNELS)
def test_noise_alike_gives_every_row_its_law(kernels):
    case, stream, drawn = BELIEF[1], STREAM, []
    v = np.repeat(some_rows(case)[0][:1], 2, axis=0)
    with config_context(kernels=kernels):
        for _ in range(1500):
            states, stream = ancestral.recognise_alike(case.net, case.params, v, stream)
            drawn.append(as_bits(case, states[1:], 1))
    drawn = np.array(drawn)
    np.testing.assert_array_equal(drawn[:, 0], drawn[:, 1])
    x = tuple(v[0].tolist())
    paths = case.oracle.hidden_states()
    law = [math.exp(case.oracle.log_q((x, *h))) for h in paths]
    assert comes_from(drawn[:, 1], law, 0, 1)


@pytest.mark.parametrize("draw", [ancestral.recognise, ancestral.recognise_alike])
def test_what_is_given_is_left_as_it_was(draw):
    case = BELIEF[5]
    v, _ = some_rows(case)
    before = v.copy()
    states, _ = draw(case.net, case.params, v, STREAM)
    last = states[-1].copy()
    ancestral.generate(case.net, case.params, states[-1], STREAM)
    np.testing.assert_array_equal(v, before)
    np.testing.assert_array_equal(states[-1], last)


@pytest.mark.skipif(len(KERNELS) < 2, reason="this run is without Numba on purpose")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_both_kernels_draw_the_same(dtype):
    case, drawn = BELIEF[5], []
    params = each(lambda array: array.astype(dtype), case.params)
    v = some_rows(case, 50)[0].astype(dtype)
    for kernels in KERNELS:
        with config_context(kernels=kernels):
            up, stream = ancestral.recognise(case.net, params, v, STREAM)
            down, _ = ancestral.generate(case.net, params, up[-1], stream, True)
        drawn.append([*up, *down])
    for a, b in zip(*drawn, strict=True):
        assert a.dtype == dtype and a.tobytes() == b.tobytes()
