"""Deep belief networks against explicit loops over all of their states."""

import itertools

import numpy as np
import pytest
from belief_cases import BELIEF, label_row, row, some_rows, some_states
from model_cases import BIPARTITE, as_array, by_name
from oracles import configurations, log_sum

from skboltz.learning import GradientAscent, Momentum
from skboltz.models import (
    BeliefNetwork,
    log_conditional,
    log_posterior,
    untied,
    with_labels,
)
from skboltz.utils import each


@pytest.mark.parametrize(**by_name(BELIEF))
def test_conditionals_and_posteriors_are_products_over_units(case):
    states, _ = some_states(case)
    directions = zip(case.params.generative, case.params.recognition, strict=True)
    for n, (down, up) in enumerate(directions):
        v, h = states[n : n + 2]
        p = log_conditional(case.net.layers[n], down, v, h)
        q = log_posterior(case.net.layers[n], up, v, h)
        for r in range(len(v)):
            pair = row([v, h], r)
            assert p[r] == pytest.approx(case.oracle.log_conditional(n, *pair))
            assert q[r] == pytest.approx(case.oracle.log_posterior(n, *pair))


@pytest.mark.parametrize(**by_name(BELIEF))
def test_joint_and_recognition_are_sums_over_layers(case):
    states, labels = some_states(case)
    top = [*states[:-1], with_labels(states[-1], labels)]
    log_p = case.net.log_joint(case.params, top) - case.oracle.top.log_z
    log_q = case.net.log_recognition(case.params, states)
    for r in range(len(log_p)):
        path = row(states, r)
        expected = case.oracle.log_joint(path, label_row(labels, r))
        assert log_p[r] == pytest.approx(expected)
        assert log_q[r] == pytest.approx(case.oracle.log_q(path))


def all_states(case):
    """Every (v, h1, .., h_L-1 with labels), one array for each layer."""
    sizes = [len(p.visible.bias) for p in case.params.generative]
    sizes.append(case.params.top.weights.shape[1])
    choices = [
        configurations(values, n)
        for values, n in zip(case.oracle.values[:-1], sizes, strict=True)
    ]
    paths = list(itertools.product(*choices))
    return [as_array(layer) for layer in zip(*paths, strict=True)]


@pytest.mark.parametrize(**by_name(BELIEF[:5]))
def test_all_probabilities_sum_to_one(case):
    log_p = case.net.log_joint(case.params, all_states(case)) - case.oracle.top.log_z
    assert log_sum(log_p) == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize(**by_name(BELIEF))
def test_guesses_sum_to_one_for_every_row(case):
    v, _ = some_rows(case)
    paths = case.oracle.hidden_states()
    h = [as_array(layer) for layer in zip(*paths, strict=True)]
    for x in v:
        rows = [np.tile(x, (len(paths), 1)), *h]
        log_q = case.net.log_recognition(case.params, rows)
        assert log_sum(log_q) == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_without_directed_layers_it_is_the_rbm(case):
    net, params = BeliefNetwork((), case.model), untied((), case.params)
    v = as_array(case.oracle.visible_states)
    expected = [-case.oracle.free_energy(s) for s in case.oracle.visible_states]
    np.testing.assert_allclose(net.log_joint(params, [v]), expected)
    assert not net.log_recognition(params, [v]).any()
    assert net.recognise_means(params, v) == []


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_under_its_complementary_prior_a_layer_is_its_rbm(case):
    """Hinton, Osindero & Teh 2006: with the transposed RBM on top q is exact."""
    net = BeliefNetwork((case.model,), case.model.swap())
    params = untied((case.params,), case.model.swap_params(case.params))
    pairs = list(case.oracle.energy)
    states = [as_array(layer) for layer in zip(*pairs, strict=True)]
    log_p = net.log_joint(params, states)
    np.testing.assert_allclose(log_p, [-case.oracle.energy[p] for p in pairs])
    expected = [-case.oracle.free_energy(v) for v, _ in pairs]
    np.testing.assert_allclose(log_p - net.log_recognition(params, states), expected)


@pytest.mark.parametrize(**by_name(BELIEF))
def test_means_go_up_layer_by_layer(case):
    v, _ = some_rows(case)
    means = case.net.recognise_means(case.params, v)
    for n, (made, below) in enumerate(zip(means, [v, *means], strict=False)):
        h = configurations(case.oracle.values[n + 1], made.shape[1])
        for r in range(len(v)):
            x = tuple(below[r].tolist())
            p = [np.exp(case.oracle.log_posterior(n, x, s)) for s in h]
            np.testing.assert_allclose(made[r], np.array(p) @ as_array(h))


def test_the_directions_start_alike_and_go_their_own_ways():
    case = BIPARTITE[1]
    params = untied([case.params], case.model.swap_params(case.params))
    ways = params.recognition[0].arrays(), params.generative[0].arrays()
    pairs = zip(*ways, strict=True)
    for up, down in pairs:
        np.testing.assert_array_equal(up, down)
        assert not np.shares_memory(up, down)
        assert not np.shares_memory(up, case.params.weights)
    assert all(layer.weights.flags.f_contiguous for layer in params.generative)


@pytest.mark.parametrize("optimiser", [GradientAscent(), Momentum(0.5)])
def test_optimisers_move_all_parameters(optimiser):
    case = BELIEF[5]
    params = untied(case.params.generative, case.params.top)
    before = untied(case.params.generative, case.params.top)
    step = untied(case.params.generative, case.params.top)
    optimiser.step(params, optimiser.init(params), step)
    assert len(params.arrays()) == 4 + 3 + 4 + 3 + 3
    for new, old in zip(params.arrays(), before.arrays(), strict=True):
        np.testing.assert_allclose(new, 2 * old)


def test_float32_stays_float32():
    case = BELIEF[1]
    params = each(lambda array: array.astype(np.float32), case.params)
    states = [x.astype(np.float32) for x in some_states(case)[0]]
    made = [
        case.net.log_joint(params, states),
        case.net.log_recognition(params, states),
    ]
    made += case.net.recognise_means(params, states[0])
    assert {array.dtype for array in made} == {np.dtype(np.float32)}
