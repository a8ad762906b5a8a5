"""Wake-sleep: slopes against finite differences of enumerated expectations."""

import itertools
import math
from typing import NamedTuple

import numpy as np
import pytest
from belief_cases import BELIEF, label_row, oracle_of, row, some_rows, some_states
from kernel_twins import TWINS
from model_cases import BIPARTITE, as_array, by_name
from oracles import finite_difference

from skboltz import config_context
from skboltz.learning import (
    Batch,
    ContrastiveDivergence,
    GradientAscent,
    PersistentContrastiveDivergence,
    UpDown,
    sleep_step,
    wake_step,
)
from skboltz.learning.two_phase._gradient import Offsets, centered_step, recenter
from skboltz.learning.two_phase._positive import data_phase
from skboltz.models import BeliefNetwork, Bipartite, BipartiteParams, untied
from skboltz.sampling import Chains, Purpose, Stream, ancestral, gibbs
from skboltz.units import BERNOULLI, Bias
from skboltz.utils import each

KEY = (7, 8)
STREAM = Stream(KEY, Purpose.CHAINS)
WEIGHT = np.array([1.0, 0.5, 2.0, 3.0])
KERNELS = ["numpy", "numba"][: len(TWINS)]
BITS = [BELIEF[1], BELIEF[4]]  # one of them with labels
FOREVER = math.inf  # sweeps


def joined(arrays):
    return np.concatenate([np.asarray(array).ravel() for array in arrays])


def counting(direction, layer, params):
    """The arrays of a layer that count in a direction."""
    return params.weights, getattr(params, layer_of(direction)).bias


def layer_of(direction):
    return "visible" if direction == "generative" else "hidden"


def with_arrays(params, direction, n, weights, bias):
    """Parameters with other arrays in one layer of a direction."""
    layers, side = list(getattr(params, direction)), layer_of(direction)
    moved = getattr(layers[n], side)._replace(bias=bias)
    layers[n] = layers[n]._replace(weights=weights, **{side: moved})
    return params._replace(**{direction: tuple(layers)})


def slopes(case, direction, n, objective):
    """Finite differences of objective(oracle) by what counts in a layer."""
    own = getattr(case.params, direction)[n]
    weights, bias = own.weights, getattr(own, layer_of(direction)).bias

    def of_weights(w):
        params = with_arrays(case.params, direction, n, w, bias)
        return objective(oracle_of(case.net, params))

    def of_bias(b):
        params = with_arrays(case.params, direction, n, weights, b)
        return objective(oracle_of(case.net, params))

    return finite_difference(of_weights, weights), finite_difference(of_bias, bias)


def variances(case, n):
    visible = case.params.generative[n].visible
    return np.exp(getattr(visible, "log_variance", np.zeros(len(visible.bias))))


# Slopes at given states -----------------------------------------------------------


def mean_over_rows(states, log_p, n):
    """Weighted mean of log_p(n, x, h) over rows of states."""
    terms = (log_p(n, *row(states[n : n + 2], r)) for r in range(len(WEIGHT)))
    return sum(w * term for w, term in zip(WEIGHT, terms, strict=True)) / WEIGHT.sum()


@pytest.mark.parametrize(**by_name(BELIEF))
def test_a_wake_step_is_the_slope_of_what_layers_say_of_those_below(case):
    states, _ = some_states(case)
    steps = wake_step(case.net, case.params, states, WEIGHT, 0.5)
    for n, step in enumerate(steps):
        by_weights, by_bias = slopes(
            case,
            "generative",
            n,
            lambda oracle, n=n: mean_over_rows(states, oracle.log_conditional, n),
        )
        s2 = variances(case, n)
        np.testing.assert_allclose(step.weights, 0.5 * s2 * by_weights, atol=1e-8)
        np.testing.assert_allclose(step.visible.bias, 0.5 * s2 * by_bias, atol=1e-8)
        assert not np.any(step.hidden.bias)
        assert not np.any(getattr(step.visible, "log_variance", 0))


@pytest.mark.parametrize(**by_name(BELIEF))
def test_a_sleep_step_is_the_slope_of_what_layers_guess_of_those_above(case):
    states, _ = some_states(case)
    steps = sleep_step(case.net, case.params, states, WEIGHT, 0.5)
    for n, step in enumerate(steps):
        by_weights, by_bias = slopes(
            case,
            "recognition",
            n,
            lambda oracle, n=n: mean_over_rows(states, oracle.log_posterior, n),
        )
        s2 = variances(case, n)
        np.testing.assert_allclose(step.weights, 0.5 * s2 * by_weights, atol=1e-8)
        np.testing.assert_allclose(step.hidden.bias, 0.5 * by_bias, atol=1e-8)
        assert not any(np.any(array) for array in step.visible)


@pytest.mark.parametrize("step", [wake_step, sleep_step])
def test_equal_weights_are_none(step):
    case = BELIEF[1]
    states, _ = some_states(case)
    plain = step(case.net, case.params, states, None, 0.5)
    weighted = step(case.net, case.params, states, np.full(4, 3.0), 0.5)
    for a, b in zip(plain, weighted, strict=True):
        np.testing.assert_allclose(joined(a.arrays()), joined(b.arrays()), atol=1e-15)


# The whole step, in expectation ---------------------------------------------------


class Law(NamedTuple):
    """Joint laws of what a row goes through: pairs of a state and a probability."""

    wake: list  # of (v, h1, .., h_L-1)
    top: list  # of visible states of the top RBM, as they arrive there
    end: list  # the same, after k sweeps, or of the RBM by itself
    dream: list  # of (mean of v, h1, .., h_L-1)


def own_law(case):
    """Probabilities of the visible states of the top RBM."""
    top = case.oracle.top
    law = [sum(top.joint(s, h) for h in top.hidden_states) for s in top.visible_states]
    return np.array(law) / sum(law)


def law_of_row(case, v, labels, k):
    oracle = case.oracle
    paths = [(v, *h) for h in oracle.hidden_states()]
    wake = [(path, math.exp(oracle.log_q(path))) for path in paths]
    states, hidden = oracle.top.visible_states, oracle.top.hidden_states
    joint = np.array([[oracle.top.joint(s, h) for h in hidden] for s in states])
    sweep = (joint / joint.sum(axis=1, keepdims=True)) @ (joint / joint.sum(axis=0)).T
    start = np.zeros(len(states))
    for path, p in wake:
        start[states.index((*path[-1], *labels))] += p
    if k == FOREVER:
        end = own_law(case)
    else:
        end = start @ np.linalg.matrix_power(sweep, k)
    ends = list(zip(states, end, strict=True))
    dream = [part for s, p in ends for part in dreams(oracle, s, p)]
    return Law(wake, list(zip(states, start, strict=True)), ends, dream)


def dreams(oracle, end, p):
    """What one visible state of the top RBM, of probability p, is dreamt into."""
    weights, bias = (np.asarray(array) for array in oracle.generative[0])
    h_last = end[: len(oracle.generative[-1][0])]
    for path in oracle.hidden_states():
        if path[-1] != h_last:
            continue
        layers = range(1, len(path))
        terms = (oracle.log_conditional(n, *path[n - 1 : n + 1]) for n in layers)
        field = bias + np.array(path[0]) @ weights
        mean = tuple((1 / (1 + np.exp(-field))).tolist())
        yield (mean, *path), p * math.exp(sum(terms))


def expected_step(case, k):
    """Mean step by enumeration, rate 1: generative, recognition and top slopes."""
    v, labels = some_rows(case)
    rows = [tuple(x.tolist()) for x in v]
    share = WEIGHT / WEIGHT.sum()
    laws = [law_of_row(case, x, label_row(labels, r), k) for r, x in enumerate(rows)]

    def mean(name, function):
        parts = zip(share, laws, strict=True)
        return sum(
            w * p * function(s) for w, law in parts for s, p in getattr(law, name)
        )

    found = []
    for direction, name, method in (
        ("generative", "wake", "log_conditional"),
        ("recognition", "dream", "log_posterior"),
    ):
        for n in range(len(case.net.layers)):

            def objective(oracle, n=n, name=name, method=method):
                log_p = getattr(oracle, method)
                return mean(name, lambda path: log_p(n, *path[n : n + 2]))

            found += slopes(case, direction, n, objective)
    return joined(found + top_slopes(case, mean))


def top_slopes(case, mean):
    def moments(name):
        hidden = case.oracle.top.hidden_mean
        return [
            mean(name, lambda s: np.outer(hidden(s), s)),
            mean(name, lambda s: np.array(s)),
            mean(name, hidden),
        ]

    here, there = moments("top"), moments("end")
    of_both, of_visible, of_hidden = (a - b for a, b in zip(here, there, strict=True))
    pairs = zip(offsets_of(case), here[1:], strict=True)
    m, offset = (0.99 * a + 0.01 * b for a, b in pairs)
    by_weights = of_both - np.outer(offset, of_visible) - np.outer(of_hidden, m)
    return [
        by_weights,
        of_visible - by_weights.T @ offset,
        of_hidden - by_weights @ m,
    ]


def offsets_of(case):
    """Offsets of the top RBM before a step, of the visible and of the hidden units."""
    n_hidden, n_visible = case.params.top.weights.shape
    return Offsets(np.linspace(0.2, 0.7, n_visible), np.linspace(0.6, 0.1, n_hidden))


def what_counts(step):
    down = [(p.weights, p.visible.bias) for p in step.generative]
    up = [(p.weights, p.hidden.bias) for p in step.recognition]
    return joined([*itertools.chain(*down, *up), *step.top.arrays()])


def finished(phases, net, params, *batch):
    """A whole step, and what is carried on."""
    step, carried = phases.step(net, params, *batch)
    phases.finish(net, params, step, carried)
    return step, carried


def cd_step(case, v, labels=None, weight=None, key=KEY):
    """The first step by CD-1."""
    phases = UpDown(ContrastiveDivergence(1))
    carried = phases.init(case.net, case.params, key)
    batch = Batch(v, target=labels, weight=weight), 1.0, carried
    return finished(phases, case.net, case.params, *batch)[0]


def many_rows(case, copies):
    v, labels = some_rows(case)
    labels = None if labels is None else np.repeat(labels, copies, axis=0)
    return np.repeat(v, copies, axis=0), labels, np.repeat(WEIGHT, copies)


def sampled_steps(case, k, params=None, n_batches=60, copies=100):
    """Steps of many batches, each of many copies of the rows."""
    v, labels, weight = many_rows(case, copies)
    params, made = params or case.params, []
    phases = UpDown(ContrastiveDivergence(k))
    carried = phases.init(case.net, params, KEY)
    for _ in range(n_batches):
        carried = carried._replace(offsets=offsets_of(case))
        batch = Batch(v, target=labels, weight=weight), 1.0, carried
        step, carried = finished(phases, case.net, params, *batch)
        made.append(what_counts(step))
    return np.array(made)


def persistent_steps(case, n_batches=60, copies=100, n_chains=1000):
    """Steps against chains that are each time where the top RBM would have them."""
    v, labels, weight = many_rows(case, copies)
    phases, made = UpDown(PersistentContrastiveDivergence(2, n_chains)), []
    states, law = as_array(case.oracle.top.visible_states), own_law(case)
    for n in range(n_batches):
        fresh = phases.init(case.net, case.params, (n, 1))
        places = np.random.default_rng(n).choice(len(states), n_chains, p=law)
        chains = gibbs.from_visible(
            case.net.top, case.params.top, states[places], fresh.negative.stream
        )
        carried = fresh._replace(negative=chains, offsets=offsets_of(case))
        batch = Batch(v, target=labels, weight=weight), 1.0, carried
        step, _ = finished(phases, case.net, case.params, *batch)
        made.append(what_counts(step))
    return np.array(made)


def distance(steps, expected):
    """Largest distance of the mean step, in standard errors."""
    error = steps.std(axis=0, ddof=1) / np.sqrt(len(steps))
    return (abs(steps.mean(axis=0) - expected) / error).max()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize(**by_name(BITS))
def test_the_mean_step_is_the_slope_of_enumerated_expectations(case, k, kernels):
    expected = EXPECTED[case.name, k]
    with config_context(kernels=kernels):
        assert distance(sampled_steps(case, k), expected) < 6


EXPECTED = {
    (case.name, k): expected_step(case, k) for case in BITS for k in (1, 2, FOREVER)
}


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(**by_name(BITS))
def test_the_mean_step_against_persistent_chains_is_that_of_wake_sleep(case, kernels):
    """Dreams are the network's own: no sweep takes chains away from its law."""
    with config_context(kernels=kernels):
        steps = persistent_steps(case)
    assert distance(steps, EXPECTED[case.name, FOREVER]) < 6
    assert distance(steps, EXPECTED[case.name, 1]) > 6


@pytest.mark.parametrize(**by_name(BITS))
def test_dreams_of_the_batch_are_rejected_for_those_of_the_network(case):
    assert distance(sampled_steps(case, 1), EXPECTED[case.name, FOREVER]) > 6


def test_one_sweep_too_many_is_rejected():
    case = BITS[1]  # its top RBM mixes slowly
    assert distance(sampled_steps(case, 2), EXPECTED[case.name, 1]) > 6


@pytest.mark.parametrize(**by_name(BITS))
def test_directions_taken_for_each_other_are_rejected(case):
    swapped = case.params._replace(
        recognition=case.params.generative, generative=case.params.recognition
    )
    steps = sampled_steps(case, 1, swapped)
    assert distance(steps, EXPECTED[case.name, 1]) > 6


def test_forgotten_weights_of_rows_are_rejected(monkeypatch):
    case = BITS[0]
    monkeypatch.setattr(
        "skboltz.learning.belief._wake_sleep._shares", lambda w, n, rate: rate / n
    )
    assert distance(sampled_steps(case, 1), EXPECTED[case.name, 1]) > 6


@pytest.mark.parametrize(**by_name(BIPARTITE))
def test_without_directed_layers_it_is_contrastive_divergence(case):
    net, params = BeliefNetwork((), case.model), untied((), case.params)
    v = as_array(case.oracle.visible_states)
    phases, model = UpDown(ContrastiveDivergence(2)), case.model
    carried = phases.init(net, params, KEY)
    step, after = finished(phases, net, params, Batch(v), 0.5, carried)
    data = data_phase(model, params.top, v)
    negative, later = phases.negative.step(model, params.top, carried.negative, data)
    offsets = Offsets(*data.sums.means())
    expected = centered_step(model, params.top, data.sums, negative, 0.5, offsets)
    recenter(model, params.top, expected, offsets)
    np.testing.assert_array_equal(joined(step.top.arrays()), joined(expected.arrays()))
    assert step.recognition == step.generative == ()
    assert (after.negative, after.passes) == (later, carried.passes)


def test_real_features_of_the_top_move_by_differences_of_values():
    """And their variances not at all; m / s^2 is the mean of their statistic."""
    case = next(case for case in BELIEF if case.name == "gaussian")
    model, params = case.net.layers[0], untied((), case.params.generative[0])
    v, _ = some_rows(case)
    phases = UpDown(ContrastiveDivergence(1))
    net = BeliefNetwork((), model)
    carried = phases.init(net, params, KEY)
    made, after = finished(phases, net, params, Batch(v, weight=WEIGHT), 0.5, carried)
    data = data_phase(model, params.top, v, WEIGHT)
    end, _ = phases.negative.step(model, params.top, carried.negative, data)
    share, (m, offset) = WEIGHT / WEIGHT.sum(), after.offsets
    # The hidden factors of weighted rows have the weights in them.
    blocks = data.sums.blocks[0], end.blocks[0]
    mean, last = (block.hidden / WEIGHT[:, None] for block in blocks)

    def difference(function):
        pairs = zip(share, mean, v, last, blocks[1].visible, strict=True)
        return 0.5 * sum(
            w * (function(h, x) - function(g, y)) for w, h, x, g, y in pairs
        )

    by_weights = difference(lambda h, x: np.outer(h - offset, x - m))
    variance = np.exp(params.top.visible.log_variance)
    np.testing.assert_allclose(made.top.weights, by_weights, atol=1e-14)
    by_bias = difference(lambda h, x: x) - offset @ by_weights
    np.testing.assert_allclose(made.top.visible.bias, by_bias, atol=1e-14)
    by_bias = difference(lambda h, x: h) - by_weights @ (m / variance)
    np.testing.assert_allclose(made.top.hidden.bias, by_bias, atol=1e-14)
    assert not np.any(made.top.visible.log_variance)


# What a step is made of -----------------------------------------------------------


def stream_of(negative):
    return getattr(negative, "stream", negative)


PHASES = {
    "cd": ContrastiveDivergence(2),
    "pcd": PersistentContrastiveDivergence(2, n_chains=7),  # not as many as rows
}


@pytest.mark.parametrize("negative", PHASES.values(), ids=PHASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(**by_name(BELIEF))
def test_a_step_has_the_shape_of_the_parameters(case, dtype, negative):
    params = each(lambda array: array.astype(dtype, order="F"), case.params)
    v, labels = some_rows(case)
    before = [array.copy() for array in (v, *params.arrays())]
    weight = WEIGHT.astype(dtype)
    phases = UpDown(negative)
    carried = phases.init(case.net, params, KEY)
    batch = Batch(v.astype(dtype), target=labels, weight=weight), 0.1, carried
    step, after = phases.step(case.net, params, *batch)
    for made, own in zip(step.arrays(), params.arrays(), strict=True):
        assert (made.shape, made.dtype) == (own.shape, own.dtype)
        assert np.isfinite(made).all()
        assert made.flags.f_contiguous
    for array, old in zip((v, *params.arrays()), before, strict=True):
        np.testing.assert_array_equal(array, old)
    assert isinstance(after.negative, Chains) == (negative is PHASES["pcd"])
    assert stream_of(after.negative).step > stream_of(carried.negative).step
    assert after.passes.step > carried.passes.step
    assert stream_of(carried.negative).purpose != carried.passes.purpose


def changes_of_rows_without_weight(case):
    """How far steps of some keys move if two rows of no weight are others."""
    v, labels = some_rows(case)
    weight, moves = np.array([1.0, 0.0, 2.0, 0.0]), []
    others = v.copy()
    others[[1, 3]] = np.add(*case.oracle.values[0]) - v[[1, 3]]
    for n in range(10):
        pair = (cd_step(case, x, labels, weight, key=(n, 0)) for x in (v, others))
        one, other = map(what_counts, pair)
        moves.append(abs(one - other).max())
    return moves


@pytest.mark.parametrize(**by_name([BELIEF[1], BELIEF[2], BELIEF[4]]))
def test_rows_of_no_weight_do_not_count(case):
    assert max(changes_of_rows_without_weight(case)) < 1e-14


def test_dreams_that_forget_the_weights_of_rows_are_rejected(monkeypatch):
    monkeypatch.setattr(ContrastiveDivergence, "from_data", False)
    assert max(changes_of_rows_without_weight(BELIEF[2])) > 0.1


@pytest.mark.parametrize("share", [1.0, 2.0])
def test_offsets_slide_towards_the_means_of_batches(share):
    case, phases = BELIEF[1], UpDown(PHASES["cd"])
    v, _ = some_rows(case)
    carried = phases.init(case.net, case.params, KEY)
    place, batch = (case.net, case.params), Batch(v, weight=WEIGHT)
    _, first = phases.step(*place, batch, 1.0, carried, share)
    _, later = phases.step(*place, Batch(v[:2]), 1.0, first, share)
    states, _ = ancestral.recognise(case.net, case.params, v[:2], first.passes)
    data = data_phase(case.net.top, case.params.top, states[-1])
    stays = 0.99**share
    places = zip(first.offsets, later.offsets, data.sums.means(), strict=True)
    for old, new, mean in places:
        np.testing.assert_allclose(new, stays * old + (1 - stays) * mean)


def test_the_same_stream_gives_the_same_step():
    case = BELIEF[5]
    v, _ = some_rows(case)
    first, second = (cd_step(case, v) for _ in range(2))
    np.testing.assert_array_equal(what_counts(first), what_counts(second))


# Learning -------------------------------------------------------------------------


def small_net():
    """Three layers, started from small random weights alike in both directions."""
    rng = np.random.default_rng(0)
    rbm = Bipartite(BERNOULLI, BERNOULLI)
    stack = [
        BipartiteParams(
            0.1 * rng.normal(size=(h, v)), Bias(np.zeros(v)), Bias(np.zeros(h))
        )
        for v, h in ((4, 3), (3, 3))
    ]
    return BeliefNetwork((rbm,), rbm), untied(stack[:1], stack[1])


DATA = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 1, 1, 1]])


def mean_bound(net, params):
    """Mean of the variational bound over DATA, by enumeration."""
    oracle = oracle_of(net, params)
    return np.mean([oracle.bound(tuple(v)) for v in DATA.tolist()])


def learnt_bound(rate, negative=PHASES["cd"], n_updates=400):
    net, params = small_net()
    v, phases = np.repeat(DATA, 20, axis=0), UpDown(negative)
    carried = phases.init(net, params, KEY)
    for _ in range(n_updates):
        batch = Batch(v), rate, carried
        step, carried = finished(phases, net, params, *batch)
        GradientAscent().step(params, (), step)
    return mean_bound(net, params)


@pytest.mark.parametrize("negative", PHASES.values(), ids=PHASES)
def test_learning_improves_the_bound(negative):
    """From 4 coins, -4 log 2, most of the way to the entropy, -log 3."""
    start = mean_bound(*small_net())
    assert start == pytest.approx(-4 * math.log(2), abs=0.2)
    assert learnt_bound(0.5, negative) > start - 0.5 * (start + math.log(3))


def test_learning_downhill_does_not():
    assert learnt_bound(-0.1, n_updates=50) < mean_bound(*small_net())
