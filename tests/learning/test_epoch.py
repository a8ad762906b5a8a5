"""The one epoch, by a learner that only counts: what every learner can rely on."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from skboltz import DivergenceError
from skboltz.learning import (
    Batch,
    Data,
    DrawnData,
    GradientAscent,
    Learner,
    Momentum,
    epoch,
)
from skboltz.sampling import Purpose, Stream

N_ROWS, MOMENTUM = 11, Momentum(0.5)
X = np.arange(2.0 * N_ROWS).reshape(N_ROWS, 2)
CODES = np.arange(N_ROWS) % 3
WEIGHT = np.array([1.0, 0.5, 2.0, 0.0, 3.0, 1.0, 0.0, 0.25, 1.0, 0.0, 2.0])


class Params(NamedTuple):
    bias: np.ndarray

    def arrays(self):
        return (self.bias,)


class State(NamedTuple):
    params: Params
    optimiser: Any
    shuffle: Stream


class Progress(NamedTuple):
    seen: tuple
    state: State
    data: Any


@dataclass(frozen=True)
class Counting(Learner):
    """Notes its batches, and moves its parameters in place."""

    notes: list
    batch_size: int = 4
    optimiser: Any = MOMENTUM
    stop_at: int | None = None
    step: float = 1.0

    def init(self, params, key):
        shuffle = Stream(key, Purpose.SHUFFLE)
        return State(params, self.optimiser.init(params), shuffle)

    def update(self, state, batch, rate, share):
        self.notes.append((batch, rate, share))
        state.params.bias[:] += self.step
        state.optimiser[0][:] += 1
        if len(self.notes) == self.stop_at:
            raise KeyboardInterrupt
        return state, (batch.total_weight, share * batch.values.sum(axis=0))

    def progress(self, state, seen, data):
        return Progress(seen, state, data)


def run(data, n_epochs=1, rate=0.5, dtype=np.float64, shape=3, **parts):
    learner = Counting([], **parts)
    state = learner.init(Params(np.zeros(shape, dtype)), (1, 2))
    for _ in range(n_epochs):
        state, progress = epoch(learner, state, data, rate)
    return learner.notes, state, progress


def test_every_row_is_in_one_batch_with_all_that_goes_with_it():
    mask = X % 3 > 0
    notes, _, _ = run(Data(X, WEIGHT + 1, target=CODES, mask=mask))
    batches = [batch for batch, _, _ in notes]
    assert sorted(len(batch.values) for batch in batches) == [3, 4, 4]
    rows = np.concatenate([batch.rows for batch in batches])
    np.testing.assert_array_equal(np.sort(rows), np.arange(N_ROWS))
    for values, own, target, weight, places in batches:
        np.testing.assert_array_equal(values, np.where(mask, X, 0)[places])
        np.testing.assert_array_equal(own, mask[places])
        np.testing.assert_array_equal(target, CODES[places])
        np.testing.assert_array_equal(weight, WEIGHT[places] + 1)


def test_without_masks_targets_and_weights_a_batch_has_none():
    for (_, mask, target, weight, rows), _, _ in run(Data(X, None))[0]:
        assert mask is target is weight is None and rows is not None


def test_the_order_is_that_of_the_stream_and_new_in_every_epoch():
    notes, state, _ = run(Data(X, None), n_epochs=2)
    rows = np.concatenate([batch.rows for batch, _, _ in notes])
    first = Stream((1, 2), Purpose.SHUFFLE)
    order = first.generator().permutation(N_ROWS)
    np.testing.assert_array_equal(rows[:N_ROWS], order)
    assert (rows[N_ROWS:] != order).any()
    assert state.shuffle == first._replace(step=first.step + 2)


def test_steps_are_as_long_as_batches_are_heavy():
    notes, _, progress = run(Data(X, WEIGHT))
    for batch, rate, share in notes:
        assert share == pytest.approx(WEIGHT[batch.rows].sum() / (WEIGHT.sum() / 3))
        assert rate == 0.5 * share
    total, values = progress.seen
    assert total == WEIGHT.sum()
    expected = sum(share * batch.values.sum(axis=0) for batch, _, share in notes)
    np.testing.assert_allclose(values, expected)


def test_a_batch_of_no_weight_is_left_out():
    order = Stream((1, 2), Purpose.SHUFFLE).generator().permutation(N_ROWS)
    weight = np.ones(N_ROWS)
    weight[order[:4]] = 0
    notes, _, _ = run(Data(X, weight))
    assert len(notes) == 2 and sum(share for _, _, share in notes) == 3


def test_values_come_in_the_precision_of_the_parameters():
    for dtype in (np.float32, np.float64):
        notes, _, _ = run(Data(X, None), dtype=dtype)
        assert {batch.values.dtype for batch, _, _ in notes} == {np.dtype(dtype)}


def test_probabilities_are_drawn_for_the_epoch_and_told_as_they_are():
    data = DrawnData(np.full((N_ROWS, 2), 0.5), None, target=CODES)
    notes, _, progress = run(data, n_epochs=2)
    values = [batch.values for batch, _, _ in notes]
    assert set(np.unique(np.concatenate(values))) == {0.0, 1.0}
    assert progress.data is data
    np.testing.assert_array_equal(notes[0][0].target, CODES[notes[0][0].rows])


@pytest.mark.parametrize("stop_at", [1, 2, None])
def test_the_state_before_is_left_alone_also_by_an_interrupt(stop_at):
    learner = Counting([], stop_at=stop_at)
    state = learner.init(Params(np.zeros(3)), (1, 2))
    if stop_at is None:
        after, progress = epoch(learner, state, Data(X, None), 0.1)
        assert after.params.bias[0] == 3 == after.optimiser[0][0]
        assert progress.state is after
    else:
        with pytest.raises(KeyboardInterrupt):
            epoch(learner, state, Data(X, None), 0.1)
    assert not state.params.bias.any() and not state.optimiser[0].any()
    assert state.shuffle == Stream((1, 2), Purpose.SHUFFLE)


@pytest.mark.parametrize(
    "shape, step", [(3, np.inf), (3, np.nan), ((2, 2), np.nan), ((2, 2), 1e200)]
)
def test_parameters_that_are_no_numbers_and_weights_without_a_norm_end_it(shape, step):
    with pytest.raises(DivergenceError, match=r"rate of 0\.25.*Lower `learning_rate`"):
        run(Data(X, None), rate=0.25, shape=shape, step=step)
    run(Data(X, None), shape=shape, step=1e100)


def test_a_state_is_gone_on_with_as_far_as_the_optimiser_takes_it():
    learner = Counting([])
    state = learner.init(Params(np.zeros(3)), (1, 2))
    state.optimiser[0][:] = 7
    params = Params(np.ones(3))
    same = learner.resume(state._replace(params=None), params, Data(X, None))
    assert same.params is params and same.optimiser is state.optimiser
    other = Counting([], optimiser=GradientAscent())
    assert other.resume(state, params, Data(X, None)).optimiser == ()


def test_the_weight_of_a_batch():
    assert Batch(X).total_weight == N_ROWS
    assert Batch(X, weight=WEIGHT).total_weight == WEIGHT.sum()
