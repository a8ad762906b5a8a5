"""The negative phase of log P(label | features), against its enumerated slopes."""

from dataclasses import replace

import numpy as np
import pytest
from learning_parts import arrays, recipe, start, step_of
from model_cases import BipartiteCase, by_name
from oracles import bipartite_energy, configurations, log_sum, one_hot

from skboltz.learning import (
    Batch,
    CenteredGradient,
    ContrastiveDivergence,
    Data,
    Discriminative,
    HiddenMeans,
    Offsets,
    PersistentContrastiveDivergence,
    SparsityTarget,
    epoch,
)
from skboltz.likelihood import log_label_proba
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream
from skboltz.units import (
    BERNOULLI,
    SPIN,
    Bias,
    CategoricalUnit,
    Columns,
)

STREAM = Stream((3, 4), Purpose.CHAINS)


def labelled(name, features, n_features, n_labels, hidden, n_hidden):
    rng = np.random.default_rng([n_features, n_labels, n_hidden])
    n_visible = n_features + n_labels
    shapes = (n_hidden, n_visible), n_visible, n_hidden
    weights, b, c = (rng.normal(size=shape) for shape in shapes)
    unit = Columns(((features, n_features), (CategoricalUnit(), n_labels)))
    params = BipartiteParams(weights, Bias(b), Bias(c))
    return BipartiteCase(name, Bipartite(unit, hidden), params, n_labels)


CASES = [
    labelled("two labels", BERNOULLI, 3, 2, BERNOULLI, 3),
    labelled("four labels", BERNOULLI, 2, 4, BERNOULLI, 4),
    labelled("spins", SPIN, 3, 3, SPIN, 3),
    labelled("bits below spins", BERNOULLI, 3, 2, SPIN, 2),
]
all_cases = pytest.mark.parametrize(**by_name(CASES))


def rows_of(case, n=6, between=False):
    n_labels, n_features = case.oracle, case.params.weights.shape[1] - case.oracle
    rng, unit = np.random.default_rng(3), case.model.visible_unit.groups[0].unit
    x = rng.choice([unit.low, unit.high], (n, n_features))
    if between:
        x = rng.uniform(unit.low, unit.high, x.shape)
    return np.hstack([x, np.eye(n_labels)[rng.integers(n_labels, size=n)]])


def log_proba(case, parts, row, present=None):
    """log P(label | features) of a row, every state of the hidden units in turn."""
    n_labels, hidden = case.oracle, case.model.hidden_unit
    parts = [np.asarray(part) for part in parts]
    if present is not None:
        row = row[present]
        parts = [parts[0][:, present], parts[1][present], parts[2]]
    states = configurations((hidden.low, hidden.high), len(parts[2]))
    x, label = tuple(row[:-n_labels]), tuple(row[-n_labels:])
    free = {
        other: log_sum(-bipartite_energy(*parts, (*x, *other), h) for h in states)
        for other in one_hot(n_labels)
    }
    return free[label] - log_sum(free.values())


def fine_slope(function, point, step=2e-3):
    """Central differences of four points: their error is of the fourth order."""
    slope = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        values = []
        for n_steps in (-2, -1, 1, 2):
            moved = point.copy()
            moved[index] += n_steps * step
            values.append(function(moved))
        far, near = values[3] - values[0], values[2] - values[1]
        slope[index] = (8 * near - far) / (12 * step)
    return slope


def slopes(case, rows, weight=None, masks=None, step=2e-3):
    parts = list(case.params.arrays())
    weight = np.ones(len(rows)) if weight is None else weight
    masks = [None] * len(rows) if masks is None else masks

    def mean_with(i):
        def mean(array):
            moved = [*parts[:i], array, *parts[i + 1 :]]
            pairs = zip(rows, masks, strict=True)
            return weight @ [log_proba(case, moved, *p) for p in pairs] / weight.sum()

        return mean

    return [fine_slope(mean_with(i), array, step) for i, array in enumerate(parts)]


def assert_slopes(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-8)


@pytest.mark.parametrize("weighted", [False, True])
@all_cases
def test_the_step_is_the_slope_of_the_log_probability_of_labels(case, weighted):
    weight = np.array([1.0, 2.0, 0.5, 0.0, 3.0, 1.0]) if weighted else None
    rows, parts = rows_of(case, between=True), recipe(case, Discriminative(case.oracle))
    found = step_of(parts, case.params, rows, rate=1.0, weight=weight)
    expected = slopes(case, rows, weight)
    assert_slopes(found, expected)
    # The biases of features say nothing of labels; all else is asked for.
    n_features = rows.shape[1] - case.oracle
    assert not found[1][:n_features].any()
    # Contrastive divergence, or the labels of other rows, would not do.
    other = np.hstack([rows[:, :n_features], np.roll(rows[:, n_features:], 1, axis=1)])
    for wrong in (
        step_of(recipe(case, ContrastiveDivergence(1)), case.params, rows, rate=1.0),
        step_of(parts, case.params, other, rate=1.0, weight=weight),
    ):
        assert abs(wrong[0] - expected[0]).max() > 1e-2


def test_the_slope_where_label_and_features_are_strongly_coupled():
    case = CASES[0]
    weights = 4 * case.params.weights
    case = case._replace(params=case.params._replace(weights=weights))
    rows = rows_of(case)
    found = step_of(recipe(case, Discriminative(2)), case.params, rows, rate=1.0)
    assert_slopes(found, slopes(case, rows, step=5e-4))


@all_cases
def test_an_absent_feature_is_no_part_of_the_machine_of_its_row(case):
    rows = rows_of(case)
    n_labels, n_features = case.oracle, rows.shape[1] - case.oracle
    mask = np.ones(rows.shape, bool)
    mask[[0, 1, 4], 0] = mask[4, 1] = mask[5, :n_features] = False
    parts = recipe(case, Discriminative(n_labels))
    state = start(parts, case.params, rows)
    batch = Data(rows, None, mask=mask).batch(np.arange(6), np.float64)
    after, _ = parts.update(state, batch, 1.0)
    pairs = zip(arrays(after.params), arrays(case.params), strict=True)
    expected = slopes(case, rows, masks=mask)
    assert_slopes([new - old for new, old in pairs], expected)
    assert abs(slopes(case, rows)[0] - expected[0]).max() > 1e-2


def test_a_row_without_a_label_is_refused():
    case, rows = CASES[0], rows_of(CASES[0])
    mask = np.ones(rows.shape, bool)
    mask[2, 3:] = mask[1, 0] = False
    parts = recipe(case, Discriminative(2))
    state = start(parts, case.params, rows)
    with pytest.raises(ValueError, match="label is absent.*leave them out"):
        epoch(parts, state, Data(rows, None, mask=mask), 0.1)
    left = np.arange(6) != 2
    epoch(parts, state, Data(rows[left], None, mask=mask[left]), 0.1)


def test_centered_it_goes_the_same_way_by_other_coordinates():
    """dW = gW - gc m' - l gb', db = gb - dW'l, dc = gc - dW m of the plain slopes."""
    case, rng, rate = CASES[1], np.random.default_rng(0), 1e-3
    rows = rows_of(case)
    offsets = Offsets(rng.random(6), rng.random(4))
    parts = recipe(case, Discriminative(4), centered=True)
    found = step_of(parts, case.params, rows, rate, offsets=offsets)
    w, b, c = slopes(case, rows)
    w = w - np.outer(c, offsets.visible) - np.outer(offsets.hidden, b)
    expected = w, b - offsets.hidden @ w, c - w @ offsets.visible
    assert_slopes([array / rate for array in found], expected)


def test_sparsity_pulls_at_all_columns_of_the_weights():
    case, target = CASES[1], SparsityTarget(0.1, 0.5)
    rows, parts = rows_of(case), recipe(case, Discriminative(4))
    pulled = step_of(replace(parts, sparsity=target), case.params, rows, rate=1.0)
    plain = step_of(parts, case.params, rows, rate=1.0)
    state = start(parts, case.params, rows)
    data, _ = HiddenMeans().step(case.model, case.params, None, Batch(rows))
    means = data.sums.means()
    pull = 0.5 * (state.offsets.slide(*means).hidden - 0.1)
    pulls = np.outer(pull, means[0]), 0, pull
    for a, b, expected in zip(plain, pulled, pulls, strict=True):
        np.testing.assert_allclose(a - b, expected, atol=1e-14)


def test_its_blocks_share_the_columns_out():
    """Rows for the features, products for the labels: no row for each label of each."""
    case = CASES[1]
    data, _ = HiddenMeans().step(case.model, case.params, None, Batch(rows_of(case)))
    negative, _ = Discriminative(4).step(case.model, case.params, STREAM, data)
    features, labels = negative.blocks
    assert (features.hidden.shape, features.visible.shape) == ((6, 4), (6, 2))
    assert labels.hidden is None and labels.visible.shape == (4, 4)
    assert (features.first, features.last, labels.first, labels.last) == (0, 2, 2, 6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sums_keep_the_precision(dtype):
    case = CASES[0]
    params = BipartiteParams(
        case.params.weights.astype(dtype, order="F"),
        Bias(case.params.visible.bias.astype(dtype)),
        Bias(case.params.hidden.bias.astype(dtype)),
    )
    for weight in (None, np.ones(6, dtype)):
        batch = Batch(rows_of(case).astype(dtype), weight=weight)
        data, _ = HiddenMeans().step(case.model, params, None, batch)
        found, _ = Discriminative(2).step(case.model, params, STREAM, data)
        for block in found.blocks:
            made = block.visible if block.hidden is None else block.hidden
            assert made.dtype == block.visible.dtype == dtype
        assert found.hidden.bias.dtype == found.visible.bias.dtype == dtype
        assert found.product().dtype == dtype


def test_states_of_other_phases_are_not_accepted():
    case, negative = CASES[0], Discriminative(2)
    assert negative.accepts(negative.init(case.model, case.params, STREAM))
    chains = PersistentContrastiveDivergence(1, 3).init(case.model, case.params, STREAM)
    assert not negative.accepts(chains)


@pytest.mark.parametrize("gradient", [None, CenteredGradient()])
def test_learning_tells_labels_that_no_linear_rule_can(gradient):
    """The label says whether two bits differ."""
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    rows = np.hstack([x, np.eye(2)[(x.sum(axis=1) == 1).astype(int)]])
    case = labelled("parity", BERNOULLI, 2, 2, BERNOULLI, 6)
    parts = recipe(case, Discriminative(2), momentum=0.9)
    parts = replace(parts, gradient=gradient or parts.gradient)
    state, data = start(parts, case.params, rows), Data(rows, None)
    for _ in range(300):
        state, _ = epoch(parts, state, data, 0.5)
    proba = np.exp(log_label_proba(case.model, state.params, x, 2))
    assert proba[rows[:, 2:] == 1].min() > 0.95
