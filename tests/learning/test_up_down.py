"""Epochs of the up-down algorithm: made of its steps, resumed, and what they reach."""

import math
import pickle
from functools import cache

import numpy as np
import pytest
from belief_cases import BELIEF, oracle_of
from model_cases import by_name
from oracles import LabelledOracle, bipartite_energy, log_sum, one_hot

from skboltz import DivergenceError
from skboltz.learning import (
    Adam,
    Batch,
    ContrastiveDivergence,
    Data,
    GradientAscent,
    Momentum,
    PersistentContrastiveDivergence,
    UpDown,
    UpDownLearner,
    WeightDecay,
    batches,
    epoch,
)
from skboltz.models import BeliefNetwork, Bipartite, BipartiteParams, untied
from skboltz.sampling import ancestral
from skboltz.units import BERNOULLI, Bias, CategoricalUnit, Columns
from skboltz.utils import each

N_ROWS, RATE, L2 = 9, 0.1, 0.05
WEIGHT = np.array([1.0, 0.5, 2.0, 0.0, 3.0, 1.0, 0.0, 0.25, 1.0])
OPTIMISERS = {"plain": GradientAscent(), "momentum": Momentum(0.9), "adam": Adam()}
LABELLED = BELIEF[4]
CD, PCD = ContrastiveDivergence(k=1), PersistentContrastiveDivergence(k=2, n_chains=4)

all_cases = pytest.mark.parametrize(**by_name(BELIEF))
all_optimisers = pytest.mark.parametrize(
    "optimiser", OPTIMISERS.values(), ids=OPTIMISERS
)


def recipe(case, optimiser=None, l2=0.0, batch_size=4, negative=CD):
    optimiser = GradientAscent() if optimiser is None else optimiser
    parts = UpDown(negative), optimiser, WeightDecay(l2=l2)
    return UpDownLearner(case.net, *parts, batch_size)


def start(case, parts):
    return parts.copy(parts.init(case.params, (1, 2)))


def rows_of(case, n_rows=N_ROWS):
    """Rows of data and, if there are any, of labels."""
    rng = np.random.default_rng(n_rows)
    shape = n_rows, len(case.params.generative[0].visible.bias)
    if case.oracle.log_variance is not None:
        v = rng.normal(size=shape)
    else:
        v = rng.choice(case.oracle.values[0], shape)
    return v, rng.choice([0.0, 1.0], (n_rows, case.n_labels)) if case.n_labels else None


def train(case, parts, n_epochs=1, state=None, weight=None, rate=RATE):
    (v, labels), state = rows_of(case), start(case, parts) if state is None else state
    for _ in range(n_epochs):
        state, _ = epoch(parts, state, Data(v, weight, target=labels), rate)
    return state


def arrays_of(tree):
    """All arrays of nested tuples."""
    if isinstance(tree, np.ndarray):
        return [tree]
    parts = tree if isinstance(tree, tuple) else ()
    return [array for part in parts for array in arrays_of(part)]


def assert_same_bits(one, other):
    pairs = list(zip(arrays_of(one), arrays_of(other), strict=True))
    assert pairs
    for a, b in pairs:
        assert a.tobytes() == b.tobytes()


# An epoch -------------------------------------------------------------------------


def pulls(case):
    """How much of a penalty pulls at each array: 0 at those of units.

    At weights to Gaussian units, whose moves are slopes times the variances, these.
    """
    factors = []
    for params in (*case.params.recognition, *case.params.generative, case.params.top):
        spread = getattr(params.visible, "log_variance", None)
        for array in params.arrays():
            factors.append(1.0 if array.ndim == 2 else 0.0)
            if array.ndim == 2 and spread is not None:
                factors[-1] = np.exp(spread)
    return factors


def explicit_epoch(case, parts, weight, momentum, l2):
    """Arrays after an epoch of the steps of the phases, by the textbook."""
    state, (v, labels) = start(case, parts), rows_of(case)
    params, carried = state.params, state.carried
    speeds = [np.zeros_like(array) for array in params.arrays()]
    groups = list(batches(state.shuffle.generator().permutation(N_ROWS), 4))
    for rows in groups:
        w = weight[rows]
        if not w.sum():
            continue
        share = w.sum() / (weight.sum() / len(groups))
        rate = RATE * share
        given = None if labels is None else labels[rows]
        batch = Batch(v[rows], target=given, weight=w)
        step, carried = parts.phases.step(case.net, params, batch, rate, carried, share)
        moves = zip(params.arrays(), step.arrays(), pulls(case), strict=True)
        moves = [s - rate * l2 * factor * a for a, s, factor in moves]
        *_, weights, b, c = moves  # of the top: its biases follow its weights
        b -= carried.offsets.hidden @ weights
        c -= weights @ carried.offsets.visible
        speeds = [momentum * u + s for u, s in zip(speeds, moves, strict=True)]
        moved = iter([a + u for a, u in zip(params.arrays(), speeds, strict=True)])
        params = each(lambda _, moved=moved: next(moved), params)
    return params.arrays(), carried


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("gap", [False, True])
@all_cases
def test_an_epoch_is_made_of_steps_over_weighted_batches(case, momentum, gap):
    parts = recipe(case, Momentum(momentum) if momentum else None, L2)
    weight = WEIGHT.copy()
    if gap:
        order = start(case, parts).shuffle.generator().permutation(N_ROWS)
        weight[list(batches(order, 4))[1]] = 0
    expected, carried = explicit_epoch(case, parts, weight, momentum, L2)
    state = train(case, parts, weight=weight)
    for a, b in zip(state.params.arrays(), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)
    assert_same_bits(state.carried.offsets, carried.offsets)
    assert state.carried.passes == carried.passes
    assert state.carried.negative == carried.negative
    assert state.shuffle.step == start(case, parts).shuffle.step + 1


@all_cases
def test_decay_pulls_at_the_weights_of_all_directions(case):
    """In a batch of all rows, by rate x l2 x weights; centered biases stay."""
    free = train(case, recipe(case, batch_size=100))
    held = train(case, recipe(case, l2=L2, batch_size=100))
    expected = [
        -RATE * L2 * factor * own
        for own, factor in zip(case.params.arrays(), pulls(case), strict=True)
    ]
    *_, weights, visible, hidden = expected
    visible -= held.carried.offsets.hidden @ weights
    hidden -= weights @ held.carried.offsets.visible
    places = zip(*(s.params.arrays() for s in (held, free)), strict=True)
    for (a, b), pull in zip(places, expected, strict=True):
        np.testing.assert_allclose(a - b, pull, atol=1e-14)
    assert sum(np.any(x) for x in pulls(case)) == 2 * len(case.net.layers) + 1


@all_optimisers
def test_equal_weights_are_no_weights(optimiser):
    parts = recipe(LABELLED, optimiser, L2)
    one = train(LABELLED, parts, 3, weight=np.full(N_ROWS, 2.5))
    for a, b in zip(arrays_of(one), arrays_of(train(LABELLED, parts, 3)), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-12)


@all_optimisers
def test_an_epoch_is_a_function_of_the_state_which_it_leaves_alone(optimiser):
    parts = recipe(LABELLED, optimiser, L2)
    state = train(LABELLED, parts)
    before = pickle.loads(pickle.dumps(state))
    one, other = train(LABELLED, parts, 2, state), train(LABELLED, parts, 2, state)
    assert_same_bits(one, other)
    assert_same_bits(state, before)
    assert one.carried.passes == other.carried.passes != state.carried.passes


@pytest.mark.parametrize("negative", [CD, PCD], ids=["cd", "pcd"])
@all_optimisers
def test_stopping_and_going_on_is_never_having_stopped(optimiser, negative):
    parts = recipe(LABELLED, optimiser, L2, negative=negative)
    half = pickle.loads(pickle.dumps(train(LABELLED, parts, 2)))
    assert_same_bits(train(LABELLED, parts, 5), train(LABELLED, parts, 3, half))


def test_chains_live_on_until_another_phase_comes():
    """And what comes then carried by noise that has not been drawn."""
    persistent, contrastive = (recipe(LABELLED, negative=n) for n in (PCD, CD))
    state = train(LABELLED, persistent, 2)
    data = Data(rows_of(LABELLED)[0], None)
    assert persistent.resume(state, state.params, data) == state
    dropped = contrastive.resume(state, state.params, data).carried
    assert dropped.negative.step == 2 << 32 > state.carried.negative.stream.step
    assert dropped[1:] == state.carried[1:]
    more = recipe(LABELLED, negative=PersistentContrastiveDivergence(2, n_chains=9))
    anew = more.resume(state, state.params, data)
    assert len(anew.carried.negative.visible) == 9
    train(LABELLED, more, state=anew)


@all_optimisers
def test_copies_lie_in_memory_as_what_they_copy(optimiser):
    parts = recipe(LABELLED, optimiser)
    state = parts.copy(train(LABELLED, parts))
    assert all(array.flags.f_contiguous for array in arrays_of(state))


@all_optimisers
def test_single_precision_stays(optimiser):
    params = each(lambda array: array.astype(np.float32), LABELLED.params)
    case, parts = LABELLED._replace(params=params), recipe(LABELLED, optimiser, L2)
    state = train(case, parts, 2, weight=WEIGHT.astype(np.float32))
    assert all(array.dtype == np.float32 for array in arrays_of(state))


def test_a_tuning_that_leaves_the_finite_numbers_says_so():
    with pytest.raises(DivergenceError, match="learning_rate"):
        train(LABELLED, recipe(LABELLED, l2=1.0), 5, rate=1e300)


@all_cases
def test_reconstructions_are_what_the_first_layer_says_of_the_rows(case):
    (v, labels), parts = rows_of(case), recipe(case)
    data = Data(v, None, target=labels)
    state, seen = epoch(parts, start(case, parts), data, RATE)
    states, _ = ancestral.recognise_alike(
        case.net, state.params, v, state.carried.passes
    )
    oracle = oracle_of(case.net, state.params)
    terms = [
        oracle.log_conditional(0, x, h)
        for x, h in zip(v.tolist(), states[1].tolist(), strict=True)
    ]
    assert seen.reconstruction == pytest.approx(np.mean(terms), abs=1e-12)
    norm = math.sqrt(sum(w**2 for w in state.params.top.weights.ravel()))
    assert seen.weight_norm == pytest.approx(norm, rel=1e-12)


def test_without_directed_layers_there_are_no_reconstructions():
    top = LABELLED.params.top
    case = LABELLED._replace(
        net=BeliefNetwork((), LABELLED.net.top), params=untied((), top)
    )
    v = np.random.default_rng(0).choice([0.0, 1.0], (5, top.weights.shape[1]))
    state, parts = start(case, recipe(case)), recipe(case)
    state, seen = epoch(parts, state, Data(v, None), RATE)
    assert math.isnan(seen.reconstruction) and seen.weight_norm > 0
    assert (state.params.top.weights != top.weights).any()


# What it reaches ------------------------------------------------------------------

# Both bits of a pair are the same; the label says which of the pairs is on.
V = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1]])
LABELS = np.array(one_hot(2))


def small_net():
    """Two layers of bits, a label at the top; small weights, alike both ways."""
    rng, visible = (
        np.random.default_rng(0),
        Columns(((BERNOULLI, 3), (CategoricalUnit(), 2))),
    )
    below = 0.1 * rng.normal(size=(3, 4)), Bias(np.zeros(4)), Bias(np.zeros(3))
    top = 0.1 * rng.normal(size=(4, 5)), Bias(np.zeros(5)), Bias(np.zeros(4))
    net = BeliefNetwork(
        (Bipartite(BERNOULLI, BERNOULLI),), Bipartite(visible, BERNOULLI)
    )
    return net, untied([BipartiteParams(*below)], BipartiteParams(*top))


def enumerated_bound(params):
    """Mean bound on log P(v, label) over the rows."""
    top = params.top
    below = Bipartite(BERNOULLI, BERNOULLI)
    oracle = oracle_of(BeliefNetwork((below,), below), params)
    arrays = top.weights, top.visible.bias, top.hidden.bias
    oracle.top = LabelledOracle(*arrays, 3)
    pairs = zip(V.tolist(), LABELS.tolist(), strict=True)
    return np.mean([oracle.bound(tuple(v), tuple(label)) for v, label in pairs])


def explicit_proba(params, v):
    """P(label | means of h1 given v), the free energies by enumeration."""
    up, top = params.recognition[0], params.top
    field = [
        c + sum(w * x for w, x in zip(own, v, strict=True))
        for own, c in zip(up.weights.tolist(), up.hidden.bias, strict=True)
    ]
    h = [1 / (1 + math.exp(-f)) for f in field]
    arrays = (top.weights.tolist(), top.visible.bias.tolist(), top.hidden.bias.tolist())
    states = [tuple(map(float, f"{n:04b}")) for n in range(16)]
    logs = [
        log_sum(-bipartite_energy(*arrays, (*h, *label), state) for state in states)
        for label in one_hot(2)
    ]
    return [math.exp(f - log_sum(logs)) for f in logs]


@cache
def learnt(by_chance=False):
    """After 100 epochs of each row 20 times, with its label or with both by turns."""
    net, params = small_net()
    parts = UpDownLearner(net, UpDown(CD), Momentum(0.5), WeightDecay(), batch_size=10)
    state = parts.init(params, (1, 2))
    labels = LABELS[[0, 1] * 20] if by_chance else np.repeat(LABELS, 20, axis=0)
    for _ in range(100):
        data = Data(np.repeat(V, 20, axis=0), None, target=labels)
        state, _ = epoch(parts, state, data, 0.2)
    return state.params


def right(params):
    """P(the label of each row)."""
    return [explicit_proba(params, v)[n] for n, v in enumerate(V.tolist())]


def test_learning_raises_the_bound_and_tells_the_labels():
    """From 5 coins, -5 log 2, most of the way to the entropy, -log 2."""
    before, after = small_net()[1], learnt()
    assert enumerated_bound(before) == pytest.approx(-5 * math.log(2), abs=0.3)
    assert enumerated_bound(after) > -0.5 * (5 + 1) * math.log(2)
    assert max(right(before)) < 0.6 and min(right(after)) > 0.9


def test_labels_that_say_nothing_are_not_learnt():
    after = learnt(by_chance=True)
    assert max(right(after)) < 0.9
    assert enumerated_bound(after) < enumerated_bound(learnt()) - 0.3
