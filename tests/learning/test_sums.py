"""Sums of phases: added up they are those of all rows, and they travel light."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from learning_parts import recipe, start
from model_cases import BIPARTITE, GAUSSIAN, by_name

from skboltz import learning
from skboltz.learning import (
    Batch,
    Block,
    CenteredGradient,
    ContrastiveDivergence,
    Discriminative,
    Enumeration,
    Gradient,
    HiddenMeans,
    PhaseSums,
    SparsityTarget,
    Sums,
    VarianceScaled,
    sums,
)
from skboltz.learning._sums import _stacked, product
from skboltz.models import Bipartite, BipartiteParams, Pairwise, PairwiseParams
from skboltz.sampling import Purpose, Stream, partly_known
from skboltz.units import BERNOULLI, SPIN, Bias, CategoricalUnit, Columns

STREAM = Stream((3, 4), Purpose.CHAINS)
CASES = [BIPARTITE[1], BIPARTITE[5], GAUSSIAN[3]]
WEIGHT = np.array([1.0, 0.5, 2.0, 0.0, 3.0, 1.0, 1.0])
all_cases = pytest.mark.parametrize(**by_name(CASES))


def rows_of(case, n=7):
    rng = np.random.default_rng(3)
    if case in GAUSSIAN:
        return case.oracle.draw(n, rng)
    states = np.array(case.oracle.visible_states, dtype=float)
    return states[rng.integers(len(states), size=n)]


def sums_of(case, rows, weight=None):
    batch = Batch(rows, weight=weight)
    data, _ = HiddenMeans().step(case.model, case.params, None, batch)
    return data.sums


def assert_equal_sums(found, expected):
    np.testing.assert_allclose(found.product(), expected.product(), atol=1e-13)
    for layer in ("hidden", "visible"):
        for a, b in zip(getattr(found, layer), getattr(expected, layer), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-13)
    assert found.weight == pytest.approx(expected.weight, abs=1e-13)


def in_parts(case, rows, weight):
    ends = [(0, 2), (2, 4), (4, 7)]
    return [
        sums_of(case, rows[a:b], None if weight is None else weight[a:b])
        for a, b in ends
    ]


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("reduced", [False, True])
@all_cases
def test_sums_of_parts_add_up_to_those_of_all_rows(case, reduced, weight):
    rows = rows_of(case)
    first, second, third = in_parts(case, rows, weight)
    if reduced:
        first, third = first.reduced(), third.reduced()
    expected = sums_of(case, rows, weight)
    assert_equal_sums(first + second + third, expected)
    assert_equal_sums((first + second + third).reduced(), expected)
    with pytest.raises(AssertionError):
        assert_equal_sums(first + third, expected)


def test_reduced_sums_stay_as_small_as_they_are():
    case = CASES[0]
    parts = [part.reduced() for part in in_parts(case, rows_of(case), None)]
    total = parts[0] + parts[1] + parts[2]
    (block,) = total.blocks
    assert block.hidden is None and block.visible.shape == case.params.weights.shape
    assert len(pickle.dumps(total)) == len(pickle.dumps(parts[0]))


def wide(n_hidden, n_visible, dtype):
    """A machine, and sums over 1000 rows of it."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(n_hidden, n_visible)).astype(dtype)
    params = BipartiteParams(
        np.asfortranarray(weights),
        Bias(np.zeros(n_visible, dtype)),
        Bias(np.zeros(n_hidden, dtype)),
    )
    model = Bipartite(BERNOULLI, BERNOULLI)
    rows = rng.integers(0, 2, (1000, n_visible)).astype(dtype)
    data, _ = HiddenMeans().step(model, params, None, Batch(rows))
    return data.sums


@pytest.mark.parametrize("n_hidden, n_visible", [(13, 64), (25, 52), (500, 784)])
def test_a_shard_of_1000_rows_sends_no_more_than_the_parameters(n_hidden, n_visible):
    """308 kB of 64 + 13 units in single precision would be 1000 x 77 x 4."""
    whole = wide(n_hidden, n_visible, np.float32)
    reduced = whole.reduced()
    units = n_hidden + n_visible
    assert len(pickle.dumps(whole)) >= 1000 * units * 4
    n_parameters = n_hidden * n_visible + units
    assert len(pickle.dumps(reduced)) <= 4 * n_parameters + 1000
    if units == 77:
        assert len(pickle.dumps(reduced)) < 8000
    np.testing.assert_allclose(reduced.product(), whole.product(), rtol=1e-5)


def test_blocks_share_the_columns_out():
    """By explicit loops: where they overlap they add up, where none is there is 0."""
    rng = np.random.default_rng(0)
    blocks = [
        (Block(rng.normal(size=(4, 3)), rng.normal(size=(4, 7))), 1.0),
        (Block(rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), 1), -0.5),
        (Block(None, rng.normal(size=(3, 2)), 4), 2.0),
        (Block(None, rng.normal(size=(3, 1)), 8), 3.0),
    ]
    expected = np.zeros((3, 10))
    for (hidden, visible, first), scale in blocks:
        for i in range(visible.shape[1]):
            for j in range(3):
                if hidden is None:
                    value = visible[j, i]
                else:
                    pairs = zip(hidden[:, j], visible[:, i], strict=True)
                    value = sum(h * v for h, v in pairs)
                expected[j, first + i] += scale * value
    found = product(blocks, 10)
    np.testing.assert_allclose(found, expected, atol=1e-13)
    assert found.flags.f_contiguous and not found[:, 9].any() and not found[:, 7].any()
    moved = [(b._replace(first=b.first and b.first + 1), s) for b, s in blocks[:3]]
    assert abs(product(moved, 10) - expected).max() > 0.1
    # Products alone, and their order, make no difference.
    np.testing.assert_allclose(product(blocks[::-1], 10), expected, atol=1e-13)
    np.testing.assert_allclose(
        product(blocks[2:], 10)[:, 4:6], 2 * blocks[2][0].visible, atol=1e-13
    )


# Steps ----------------------------------------------------------------------------

GRADIENTS = {
    "plain": Gradient(),
    "centered": CenteredGradient(),
    "in variances": VarianceScaled(Gradient()),
    "centered, in variances": VarianceScaled(CenteredGradient(), 0.5),
}


def learner_of(case, negative, gradient):
    parts = recipe(case, negative, momentum=0.5, l2=0.01)
    target = SparsityTarget(0.2, 0.3)
    return replace(parts, gradient=gradient, sparsity=target)


@pytest.mark.parametrize("gradient", GRADIENTS.values(), ids=GRADIENTS)
@all_cases
def test_a_step_from_sums_of_parts_is_that_of_the_whole(case, gradient):
    """Computed apart, reduced, pickled and added up, as several machines would."""
    parts, rows = learner_of(case, Enumeration(), gradient), rows_of(case)
    state = start(parts, case.params, rows)
    arrived = []
    for a, b in [(0, 3), (3, 7)]:
        found, _ = parts.phases(state, Batch(rows[a:b], weight=WEIGHT[a:b]))
        arrived.append(pickle.loads(pickle.dumps(found.reduced())))
    total = arrived[0] + arrived[1]
    apart, _ = parts.advance(parts.copy(state), total, 0.1)
    whole, _ = parts.update(parts.copy(state), Batch(rows, weight=WEIGHT), 0.1)
    for a, b in zip(apart.params.arrays(), whole.params.arrays(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-13)
    for a, b in zip(apart.offsets, whole.offsets, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-13)
    # A shard that is forgotten would be noticed.
    half, _ = parts.advance(parts.copy(state), arrived[0], 0.1)
    assert abs(half.params.weights - whole.params.weights).max() > 1e-4


@all_cases
def test_phases_and_a_step_are_an_update_bit_by_bit(case):
    """Also once they have travelled, factors as they are."""
    parts, rows = learner_of(case, ContrastiveDivergence(2), Gradient()), rows_of(case)
    state = start(parts, case.params, rows)
    found, after = parts.phases(state, Batch(rows))
    for a, b in zip(state.params.arrays(), case.params.arrays(), strict=True):
        np.testing.assert_array_equal(a, b)  # phases leave them
    found = pickle.loads(pickle.dumps(found))
    apart, seen = parts.advance(parts.copy(after), found, 0.1, 1.5)
    whole, same = parts.update(parts.copy(state), Batch(rows), 0.1, 1.5)
    for a, b in zip(apart.params.arrays(), whole.params.arrays(), strict=True):
        assert a.tobytes() == b.tobytes()
    for a, b in zip(seen, same, strict=True):
        assert a.tobytes() == b.tobytes()
    assert apart.negative == whole.negative


def test_sums_of_labels_add_up_as_well():
    unit = Columns(((BERNOULLI, 3), (CategoricalUnit(), 2)))
    rng = np.random.default_rng(0)
    model, params = Bipartite(unit, BERNOULLI), BipartiteParams(
        rng.normal(size=(4, 5)), Bias(rng.normal(size=5)), Bias(rng.normal(size=4))
    )  # fmt: skip
    rows = np.hstack([rng.integers(0, 2, (6, 3)), np.eye(2)[rng.integers(2, size=6)]])

    def phase(part):
        data, _ = HiddenMeans().step(model, params, None, Batch(part))
        negative, _ = Discriminative(2).step(model, params, STREAM, data)
        return PhaseSums(data.sums, negative)

    found, whole = phase(rows[:2]) + phase(rows[2:]), phase(rows)
    assert_equal_sums(found.negative, whole.negative)
    assert_equal_sums(found.reduced().negative, whole.negative)
    assert len(found.negative.blocks) == 3  # two of rows, one product of both parts


# Machines of coupled units --------------------------------------------------------


def test_sums_of_pairs_add_up_and_are_small_already():
    rng = np.random.default_rng(0)
    coupling = np.triu(rng.normal(size=(4, 4)), 1)
    params = PairwiseParams(coupling + coupling.T, Bias(rng.normal(size=4)))
    model, X = Pairwise(SPIN, 3), rng.choice([-1.0, 1.0], (7, 3))
    positive = learning.Inferred(partly_known.exact)

    def phase(a, b):
        batch = Batch(X[a:b], weight=WEIGHT[a:b])
        return positive.step(model, params, None, batch)[0].sums

    found, whole = phase(0, 3) + phase(3, 7), phase(0, 7)
    np.testing.assert_allclose(found.pairs, whole.pairs, atol=1e-13)
    np.testing.assert_allclose(found.units.bias, whole.units.bias, atol=1e-13)
    assert found.weight == whole.weight and found.n_visible == 3
    assert found.reduced() is found


def test_what_a_phase_returns_is_of_one_block():
    """The fast way: one product for both phases, in which no product is taken first."""
    case = CASES[0]
    rows = rows_of(case)
    data, _ = HiddenMeans().step(case.model, case.params, None, Batch(rows))
    negative, _ = ContrastiveDivergence(1).step(case.model, case.params, STREAM, data)
    for found in (data.sums, negative):
        (block,) = found.blocks
        assert isinstance(found, Sums) and len(block.hidden) == len(rows)
    v, h = rows[:2], np.ones((2, 2))
    made = sums(case.model, case.params, v, h)
    assert made.blocks[0].hidden is h and made.blocks[0].visible is v


WHOLE = np.arange(48.0).reshape(8, 6).copy()
TURNED = np.asfortranarray(WHOLE)
LIE = {
    "one under another": ([WHOLE[:3], WHOLE[3:5]], True),
    "by columns": ([TURNED[:3], TURNED[3:5]], False),
    "the first columns of both": ([WHOLE[:3, :2], WHOLE[3:5, :2]], False),
    "the first columns of one": ([WHOLE[:3, :2]], False),
    "other columns": ([WHOLE[:3, 2:4], WHOLE[3:5, 2:4]], False),
    "a gap between": ([WHOLE[:3], WHOLE[4:5]], False),
    "in the other order": ([WHOLE[3:5], WHOLE[:3]], False),
    "the same twice": ([WHOLE[:3], WHOLE[:3]], False),
    "every other row": ([WHOLE[:6:2], WHOLE[6:7]], False),
    "not from the start": ([WHOLE[1:3], WHOLE[3:5]], False),
    "of two arrays": ([WHOLE[:3], WHOLE.copy()[3:5]], False),
}


@pytest.mark.parametrize("name", LIE)
def test_rows_are_copied_where_they_do_not_lie_one_under_another(name):
    arrays, shared = LIE[name]
    found = _stacked(arrays)
    np.testing.assert_array_equal(found, np.concatenate(arrays))
    assert np.shares_memory(found, WHOLE) == shared
