"""Absent entries: every row has a machine of its own, of the units that are present."""

from dataclasses import replace

import numpy as np
import pytest
from judges import ALPHA
from learning_parts import arrays, recipe
from model_cases import BIPARTITE, GAUSSIAN, BipartiteCase, as_array, by_name
from oracles import BipartiteOracle, GaussianOracle, LabelledOracle, finite_difference
from scipy import sparse
from scipy.stats import norm

from skboltz import learning
from skboltz.learning import (
    Batch,
    CenteredGradient,
    ContrastiveDivergence,
    Data,
    DrawnData,
    Enumeration,
    FastPersistentContrastiveDivergence,
    Gradient,
    HiddenMeans,
    PersistentContrastiveDivergence,
    RandomRestart,
    TemperedContrastiveDivergence,
    VarianceScaled,
    epoch,
    guarded_epoch,
    is_sound,
)
from skboltz.models import Bipartite, BipartiteParams, Pairwise, PairwiseParams
from skboltz.sampling import Purpose, Stream
from skboltz.units import BERNOULLI, SPIN, Bias, CategoricalUnit, Columns

STREAM = Stream((3, 4), Purpose.CHAINS)
NAN = np.nan


def with_labels(n_bits, n_classes, n_hidden):
    rng = np.random.default_rng([n_bits, n_classes, n_hidden])
    shapes = (n_hidden, n_bits + n_classes), n_bits + n_classes, n_hidden
    weights, b, c = (rng.normal(size=shape) for shape in shapes)
    unit = Columns(((BERNOULLI, n_bits), (CategoricalUnit(), n_classes)))
    return BipartiteCase(
        "bits and a label",
        Bipartite(unit, BERNOULLI),
        BipartiteParams(weights, Bias(b), Bias(c)),
        LabelledOracle(weights, b, c, n_bits),
    )


LABELLED = with_labels(2, 3, 3)
SOME = [BIPARTITE[1], BIPARTITE[2], BIPARTITE[4], BIPARTITE[5]]
GAUSSIANS = [GAUSSIAN[3], GAUSSIAN[4], GAUSSIAN[6]]
CASES = [*SOME, *GAUSSIANS, LABELLED]
all_cases = pytest.mark.parametrize(**by_name(CASES))


def rows_of(case, n=6):
    rng = np.random.default_rng(3)
    if case in GAUSSIANS:
        return case.oracle.draw(n, rng) + 0.5
    states = as_array(case.oracle.visible_states)
    return states[rng.integers(len(states), size=n)]


def mask_of(case, n=6):
    """Some entries of all columns but of the last, that no row has.

    Of the label all columns or none; the first row has all others, the second nothing.
    """
    rng, n_visible = np.random.default_rng(5), case.params.weights.shape[1]
    mask = rng.random((n, n_visible)) < 0.6
    mask[0], mask[1] = True, False
    if case is LABELLED:
        mask[:, 2:] = mask[:, [2]]
        mask[:, 1] = False
    else:
        mask[:, -1] = False
    return mask


def never(case):
    """The column that no row has."""
    return 1 if case is LABELLED else case.params.weights.shape[1] - 1


def restricted_log_likelihood(case, parts, v, present):
    """log P(v) of the machine of the units that are present, by enumeration."""
    weights, *visible, c = (np.asarray(a) for a in parts)
    weights, own = weights[:, present], [a[present] for a in visible]
    v = tuple(v[present])
    hidden = case.model.hidden_unit
    ends = hidden.low, hidden.high
    if case in GAUSSIANS:
        return GaussianOracle(weights, *own, c, ends).log_density(v)
    if case is LABELLED and present[2:].all():
        oracle = LabelledOracle(weights, *own, c, int(present[:2].sum()))
    else:
        low, high = (case.model.visible_unit.low, case.model.visible_unit.high)
        oracle = BipartiteOracle(weights, *own, c, (low, high), ends)
    return oracle.log_likelihood(v)


def slopes(case, rows, mask, weight):
    """Finite differences of the mean of log P(row) by every array."""
    parts = list(case.params.arrays())

    def mean_with(i):
        def mean(array):
            moved = [*parts[:i], array, *parts[i + 1 :]]
            each = [
                restricted_log_likelihood(case, moved, v, present)
                for v, present in zip(rows, mask, strict=True)
            ]
            return weight @ each / weight.sum()

        return mean

    return [finite_difference(mean_with(i), array) for i, array in enumerate(parts)]


def moves(case, negative, data, rate=1.0, gradient=None):
    """What an update on all rows adds to every array."""
    parts = recipe(case, negative)
    parts = replace(parts, gradient=gradient or Gradient())
    state = parts.init(case.params, np.zeros(case.params.weights.shape[1]), (1, 2))
    state = parts.copy(parts.resume(state, case.params, data))
    batch = data.batch(np.arange(data.X.shape[0]), np.float64)
    after, _ = parts.update(state, batch, rate)
    pairs = zip(arrays(after.params), arrays(case.params), strict=True)
    return [new - old for new, old in pairs]


@pytest.mark.parametrize("weighted", [False, True])
@all_cases
def test_the_exact_step_is_the_slope_for_machines_of_what_is_present(case, weighted):
    rows, mask = rows_of(case), mask_of(case)
    weight = np.array([1.0, 2.0, 0.5, 0.0, 3.0, 1.0]) if weighted else np.ones(6)
    data = Data(rows, weight if weighted else None, mask=mask)
    expected = slopes(case, rows, mask, weight)
    found = moves(case, Enumeration(), data)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=5e-9)
    # A zero is a value: the machine of all units would have other slopes.
    zeros = moves(case, Enumeration(), Data(np.where(mask, rows, 0), data.weight))
    assert abs(zeros[0] - expected[0]).max() > 1e-2


@pytest.mark.parametrize("negative", [Enumeration(), ContrastiveDivergence(2)])
@all_cases
def test_nothing_pulls_at_a_unit_that_no_row_has(case, negative):
    data = Data(rows_of(case), np.arange(1.0, 7.0), mask=mask_of(case))
    weights, *visible, _ = moves(case, negative, data)
    column = never(case)
    assert not weights[:, column].any()
    assert not any(array[column] for array in visible)
    assert weights.any()  # and others are


@all_cases
def test_chains_leave_out_what_is_absent(case):
    """In the sums of the negative phase, too, these entries are 0 exactly."""
    mask, negative = mask_of(case), ContrastiveDivergence(3)
    batch = Data(rows_of(case), None, mask=mask).batch(np.arange(6), np.float64)
    data, _ = HiddenMeans().step(case.model, case.params, None, batch)
    found, _ = negative.step(case.model, case.params, STREAM, data)
    states = found.blocks[0].visible
    assert not states[~mask].any() and states[mask].any()
    if case is LABELLED:
        np.testing.assert_array_equal(states[:, 2:].sum(axis=1), mask[:, 2])


def after_sweeps(case, start, present, k):
    """E[h v'] after k sweeps from one row, by products of conditionals."""
    unit, hidden = case.model.visible_unit, case.model.hidden_unit
    weights, b, c = case.params.arrays()
    oracle = BipartiteOracle(
        weights[:, present], b[present], c, (unit.low, unit.high),
        (hidden.low, hidden.high),
    )  # fmt: skip
    states, above = oracle.visible_states, oracle.hidden_states
    joint = np.array([[oracle.joint(v, h) for h in above] for v in states])
    law = np.zeros(len(states))
    law[states.index(tuple(start[present]))] = 1
    for _ in range(k):
        law = law @ (joint / joint.sum(axis=1, keepdims=True))
        law = law @ (joint / joint.sum(axis=0)).T
    means = np.array([oracle.hidden_mean(v) for v in states])
    out = np.zeros(weights.shape)
    out[:, present] = np.einsum("s,sj,si->ji", law, means, as_array(states))
    return out


@pytest.mark.parametrize("k", [1, 2])
@pytest.mark.parametrize(**by_name([BIPARTITE[1], BIPARTITE[5]]))
def test_chains_follow_the_machine_of_what_is_present(case, k):
    """Mean over many rows of one start: within the error of the mean."""
    n, start = 40_000, as_array(case.oracle.visible_states)[-1]  # all are high
    largest = abs(case.params.weights).sum(axis=0).argmax()
    present = np.arange(len(start)) != largest
    expected = after_sweeps(case, start, present, k)
    everything = np.ones(len(start), bool)

    def error(mask):
        data = Data(np.tile(start, (n, 1)), None, mask=np.tile(mask, (n, 1)))
        batch = data.batch(np.arange(n), np.float64)
        phase, _ = HiddenMeans().step(case.model, case.params, None, batch)
        negative = ContrastiveDivergence(k)
        found, _ = negative.step(case.model, case.params, STREAM, phase)
        return abs(found.product() / n - expected)[:, present].max()

    bound = norm.isf(ALPHA / (2 * case.params.weights.size)) / np.sqrt(n)
    assert error(present) < bound < error(everything)


def test_of_a_group_with_absent_columns_another_one_is_on():
    mask = np.tile([True, True, False, True, True], (200, 1))
    rows = np.tile([1.0, 0, 0, 1, 0], (200, 1))
    batch = Batch(rows, mask)
    case, negative = LABELLED, ContrastiveDivergence(1)
    data, _ = HiddenMeans().step(case.model, case.params, None, batch)
    found, _ = negative.step(case.model, case.params, STREAM, data)
    label = found.blocks[0].visible[:, 2:]
    assert not label[:, 0].any() and (label.sum(axis=1) == 1).all()
    assert label[:, 1].any() and label[:, 2].any()


# What goes with it ----------------------------------------------------------------


def trained(case, data, negative=None, n_epochs=3, **parts):
    parts = recipe(case, negative or ContrastiveDivergence(1), batch_size=4, **parts)
    state = parts.init(case.params, np.zeros(case.params.weights.shape[1]), (1, 2))
    state = parts.resume(state, case.params, data)
    for _ in range(n_epochs):
        state, _ = epoch(parts, state, data, 0.1)
    return state


def assert_same_bits(one, other):
    for a, b in zip(arrays(one.params), arrays(other.params), strict=True):
        assert a.tobytes() == b.tobytes()


@all_cases
def test_what_is_written_in_absent_entries_does_not_matter(case):
    rows, mask = rows_of(case), mask_of(case)
    expected = trained(case, Data(rows, None, mask=mask))
    for other in (NAN, -7.0, 1e300):
        data = Data(np.where(mask, rows, other), None, mask=mask)
        assert_same_bits(trained(case, data), expected)


@all_cases
def test_a_mask_of_all_entries_is_no_mask(case):
    rows = rows_of(case)
    found = trained(case, Data(rows, None, mask=np.ones(rows.shape, bool)))
    assert_same_bits(found, trained(case, Data(rows, None)))


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix])
def test_sparse_masks_are_masks(kind):
    case = BIPARTITE[1]
    rows, mask = rows_of(case), mask_of(case)
    expected = trained(case, Data(rows, None, mask=mask))
    assert_same_bits(trained(case, Data(rows, None, mask=kind(mask))), expected)
    both = Data(kind(rows), None, mask=kind(mask))
    assert_same_bits(trained(case, both), expected)


def test_missing_is_not_absent():
    """What is missing is sampled, in the machine of its row; what is absent is not."""
    case = BIPARTITE[1]
    rows, mask = rows_of(case), mask_of(case)
    rows[3, 2], mask[3, 2] = NAN, False
    assert trained(case, Data(rows, None, mask=mask)).positive is None
    rows[2, 0], mask[2, 0] = NAN, True
    state = trained(case, Data(rows, None, mask=mask))
    assert state.positive is not None
    assert np.isfinite(state.params.weights).all()
    known = trained(case, Data(np.nan_to_num(rows), None, mask=mask))
    assert (known.params.weights != state.params.weights).any()


def test_states_are_drawn_of_probabilities_that_are_present():
    case = BIPARTITE[1]
    p, mask = np.full((6, 4), 0.5), mask_of(case)
    data = DrawnData(p, None, mask=mask)
    drawn = data.of_epoch(Stream((3, 4), Purpose.SHUFFLE)).batch(np.arange(6), float)
    assert not drawn.values[~mask].any() and drawn.values[mask].any()
    np.testing.assert_array_equal(drawn.mask, mask)
    assert np.isfinite(trained(case, data).params.weights).all()


def test_exact_learning_reaches_the_means_of_the_rows_that_have_a_unit():
    """At the optimum the mean of the machines of these rows is that of the data."""
    case = BIPARTITE[1]
    rows, mask = rows_of(case, 40), mask_of(case, 40)
    data = Data(rows, None, mask=mask)
    parts = recipe(case, Enumeration(), momentum=0.9)
    state = parts.init(case.params, np.zeros(4), (1, 2))
    batch, there = data.batch(np.arange(40), np.float64), mask.sum(axis=0).clip(1)
    expected = np.where(mask, rows, 0).sum(axis=0) / there

    def gap(state):
        negative = parts.phases(state, batch)[0].negative
        found = 40 * negative.visible.bias / negative.weight / there
        return abs(found - expected).max()

    before = gap(state)
    for _ in range(200):
        state, progress = epoch(parts, state, data, 0.5)
    assert gap(state) < 0.01 < 0.1 < before
    assert progress.moment_gap < 0.01


@pytest.mark.parametrize(**by_name([BIPARTITE[1], GAUSSIAN[3], LABELLED]))
def test_an_epoch_is_guarded_with_absent_entries(case):
    data = Data(rows_of(case), None, mask=mask_of(case))
    parts = recipe(case, ContrastiveDivergence(1))
    state = parts.init(case.params, np.zeros(case.params.weights.shape[1]), (1, 2))
    state, _, rate = guarded_epoch(parts, state, data, 0.01)
    assert rate == 0.01 and is_sound(parts, state, data)


def test_what_absent_units_would_prefer_says_nothing_against_a_machine():
    """A bias of 100 nats, of a unit that no row has."""
    case = BIPARTITE[1]
    bias = np.array([0.0, 0.0, 0.0, 100.0])
    params = case.params._replace(visible=Bias(bias))
    rows, parts = rows_of(case), recipe(case, ContrastiveDivergence(1))
    rows[:, 3] = 0
    state = parts.init(params, np.zeros(4), (1, 2))
    assert is_sound(parts, state, Data(rows, None, mask=mask_of(case)))
    assert not is_sound(parts, state, Data(rows, None))


# What cannot respect a mask -------------------------------------------------------

CHAINS = {
    "pcd": PersistentContrastiveDivergence(1, n_chains=3),
    "fast": FastPersistentContrastiveDivergence(1, n_chains=3, fast_rate=0.1),
    "tempered": TemperedContrastiveDivergence(1, n_chains=3, n_rungs=2),
    "restart": RandomRestart(1, n_chains=3),
}


@pytest.mark.parametrize("negative", CHAINS.values(), ids=CHAINS)
def test_phases_of_one_machine_for_all_rows_refuse_a_mask(negative):
    case = BIPARTITE[1]
    rows = rows_of(case)
    data = Data(rows, None, mask=mask_of(case))
    name = type(negative).__name__
    with pytest.raises(ValueError, match=f"mask.*{name}.*ContrastiveDivergence"):
        trained(case, data, negative)
    trained(case, Data(rows, None), negative)
    # Both that the message names, and what it says of NaN.
    trained(case, data, ContrastiveDivergence(1))
    trained(case, data, Enumeration())
    trained(case, Data(np.where(data.mask, rows, NAN)[2:], None), negative)


def test_a_gradient_with_means_of_all_rows_refuses_a_mask():
    case = BIPARTITE[1]
    data = Data(rows_of(case), None, mask=mask_of(case))
    with pytest.raises(ValueError, match=r"mask.*CenteredGradient.*Set grad"):
        trained(case, data, centered=True)
    for inner, good in ((Gradient(), True), (CenteredGradient(), False)):
        for outer in (
            learning.Holding(inner, np.array([0])),
            learning.ClippedGradient(inner, 0.1),
            VarianceScaled(inner),
        ):
            assert outer.takes_mask == good


def test_machines_of_coupled_units_refuse_a_mask():
    data = Data(np.ones((3, 2)), None, mask=np.eye(3, 2) > 0)
    params = PairwiseParams(np.zeros((2, 2)), Bias(np.zeros(2)))
    allowed = ~np.eye(2, dtype=bool)
    parts = replace(
        recipe(BIPARTITE[0], learning.FreeEnumeration()),
        model=Pairwise(SPIN, 2),
        positive=learning.Inferred(learning.naive),
        gradient=learning.PairwiseGradient(allowed),
    )
    state = parts.init(params, np.zeros(2), (1, 2))
    with pytest.raises(ValueError, match="mask.*Inferred"):
        epoch(parts, state, data, 0.1)
    epoch(parts, state, data._replace(mask=None), 0.1)
