"""Discriminative fine-tuning: the log-probability of the classes, batch by batch."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...sampling import Purpose, Stream
from .._epoch import Learner
from .._penalties import WeightDecay
from ._dropout import Dropout, MaxNorm
from ._network import NetworkParams, backward, forward, log_proba, output_slopes

_ROWS = 1000  # of the whole data that go through the network at a time


class NetworkState(NamedTuple):
    """All that changes in a fine-tuning; the arrays of `params` are moved in place."""

    params: NetworkParams
    optimiser: Any
    shuffle: Stream
    noise: Stream


class Classified(NamedTuple):
    """What an epoch saw of the training rows, while it moved.

    Attributes
    ----------
    loss : float
        Mean of -log P(class), in nats, of what the units kept by the dropout said.
    accuracy : float
        Share of the rows whose class was the most probable one.
    """

    loss: float
    accuracy: float


@dataclass(frozen=True)
class BackpropLearner(Learner):
    """Every part of a fine-tuning by backpropagation.

    The target of a row is the number of its class.  What is absent of it is 0, and
    tells the network nothing.

    Parameters
    ----------
    optimiser : GradientAscent, Momentum, Adam, ...
    decay : WeightDecay
    dropout : Dropout
    max_norm : MaxNorm
    batch_size : int
    """

    optimiser: Any
    decay: WeightDecay
    dropout: Dropout
    max_norm: MaxNorm
    batch_size: int

    def init(self, params, key):
        """The state of a fine-tuning that starts from given parameters."""
        streams = Stream(key, Purpose.SHUFFLE), Stream(key, Purpose.DATA)
        return NetworkState(params, self.optimiser.init(params), *streams)

    def update(self, state, batch, rate, share=1.0):
        """One batch: a pass up, slopes back down, and a step.

        Returns
        -------
        state : NetworkState
        seen : tuple of float
            Weighted sums of -log P(class) and of hits, and the weight of the rows.
        """
        params, x = state.params, batch.values
        codes, weight = batch.target, batch.weight
        masks, noise = self.dropout.masks(params, len(x), state.noise)
        passed = forward(params, x, masks)
        delta, log_likelihood = output_slopes(passed.log_proba, codes, weight)
        delta *= rate / batch.total_weight
        change = backward(params, passed, delta, 1 - self.dropout.hidden)
        for move, layer in zip(change.layers, params.layers, strict=True):
            self.decay.pull(move.weights, layer.weights, rate)
        optimiser = self.optimiser.step(params, state.optimiser, change, rate)
        self.max_norm.hold(params)
        hit = passed.log_proba.argmax(axis=1) == codes
        hits = float(hit.sum() if weight is None else weight @ hit)
        state = state._replace(optimiser=optimiser, noise=noise)
        return state, (-log_likelihood, hits, batch.total_weight)

    def progress(self, state, seen, data):
        """What an epoch saw of the training rows."""
        loss, hits, total = seen
        return Classified(loss / total, hits / total)


def objective(learner, params, data):
    """Mean log P(class) of all rows less the penalty l2/2 sum W^2, and its slopes.

    Returns
    -------
    value : float
    slopes : NetworkParams
    """
    total = data.X.shape[0] if data.weight is None else float(data.weight.sum())
    value, slopes = 0.0, None
    for batch in _parts(params, data):
        passed = forward(params, batch.values, [None] * len(params.layers))
        delta, part = output_slopes(passed.log_proba, batch.target, batch.weight)
        value += part / total
        delta /= total
        change = backward(params, passed, delta, 1.0)
        slopes = change if slopes is None else _sum(slopes, change)
    for slope, layer in zip(slopes.layers, params.layers, strict=True):
        learner.decay.pull(slope.weights, layer.weights, 1.0)
        value -= learner.decay.penalty(layer.weights)
    return value, slopes


def _sum(slopes, more):
    for array, part in zip(slopes.arrays(), more.arrays(), strict=True):
        array += part
    return slopes


def scores(params, data):
    """Mean log P(class) and accuracy of rows, without dropout."""
    n_rows = data.X.shape[0]
    data = data._replace(weight=np.ones(n_rows) if data.weight is None else data.weight)
    value, hits = 0.0, 0.0
    for batch in _parts(params, data):
        logs, codes = log_proba(params, batch.values), batch.target
        value += float(batch.weight @ logs[np.arange(len(codes)), codes])
        hits += float(batch.weight @ (logs.argmax(axis=1) == codes))
    total = float(data.weight.sum())
    return value / total, hits / total


def _parts(params, data):
    """All rows in their order, some at a time."""
    n_rows, dtype = data.X.shape[0], params.layers[0].weights.dtype
    for start in range(0, n_rows, _ROWS):
        yield data.batch(np.arange(start, min(start + _ROWS, n_rows)), dtype)
