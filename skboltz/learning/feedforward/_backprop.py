"""Discriminative fine-tuning: the log-probability of the classes, batch by batch."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..._exceptions import DivergenceError
from ...sampling import Stream
from .._batches import weighted_batches
from .._optimisers import copy as copy_arrays
from .._penalties import WeightDecay
from ._dropout import Dropout, MaxNorm
from ._network import NetworkParams, backward, forward, log_proba, output_slopes

_ROWS = 1000  # of the whole data that go through the network at a time


@dataclass(frozen=True)
class Backprop:
    """Every part of a fine-tuning by backpropagation.

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


class NetworkState(NamedTuple):
    """All that changes in a fine-tuning; the arrays of `params` are moved in place."""

    params: NetworkParams
    optimiser: Any
    shuffle: Stream
    noise: Stream


class Seen(NamedTuple):
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


def copy(state):
    """The state with its own copies of the arrays that are moved in place."""
    params, optimiser = copy_arrays(state.params), copy_arrays(state.optimiser)
    return state._replace(params=params, optimiser=optimiser)


def resume(recipe, state, params):
    """A state to go on from, of these parameters; another optimiser begins anew."""
    optimiser = state.optimiser
    if not recipe.optimiser.accepts(optimiser):
        optimiser = recipe.optimiser.init(params)
    return state._replace(params=params, optimiser=optimiser)


def update(recipe, state, x, codes, weight, rate):
    """One batch: a pass up, slopes back down, and a step.

    Returns
    -------
    state : NetworkState
    log_likelihood : float
        Weighted sum of log P(class).
    hits : ndarray of bool
    """
    params = state.params
    masks, noise = recipe.dropout.masks(params, len(x), state.noise)
    passed = forward(params, x, masks)
    delta, log_likelihood = output_slopes(passed.log_proba, codes, weight)
    delta *= rate / (len(x) if weight is None else float(weight.sum()))
    step = backward(params, passed, delta, 1 - recipe.dropout.hidden)
    for move, layer in zip(step.layers, params.layers, strict=True):
        recipe.decay.pull(move.weights, layer.weights, rate)
    optimiser = recipe.optimiser.step(params, state.optimiser, step, rate)
    recipe.max_norm.hold(params)
    hits = passed.log_proba.argmax(axis=1) == codes
    state = state._replace(optimiser=optimiser, noise=noise)
    return state, log_likelihood, hits


def epoch(recipe, state, data, codes, rate):
    """All rows once, in a fresh order.

    Parameters
    ----------
    recipe : Backprop
    state : NetworkState
    data : Data
    codes : ndarray of int of shape (n_samples,)
        Number of the class of each row.
    rate : float

    Returns
    -------
    state : NetworkState
    seen : Seen

    Raises
    ------
    DivergenceError
        If a parameter is not finite; `state.params` is then of no use.
    """
    order = state.shuffle.generator().permutation(data.X.shape[0])
    state = state._replace(shuffle=state.shuffle._replace(step=state.shuffle.step + 1))
    dtype = state.params.layers[0].weights.dtype
    loss, hits, total = 0.0, 0.0, 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for rows, weight, share in weighted_batches(
            order, data.weight, recipe.batch_size
        ):
            batch = data.batch(rows, dtype), codes[rows], weight
            state, log_likelihood, hit = update(recipe, state, *batch, rate * share)
            loss -= log_likelihood
            hits += float(hit.sum() if weight is None else weight @ hit)
            total += len(rows) if weight is None else float(weight.sum())
    check_finite(state.params, rate)
    return state, Seen(loss / total, hits / total)


def check_finite(params, rate):
    """Refuse to go on from parameters that are no numbers, or whose squares are not."""
    with np.errstate(over="ignore", invalid="ignore"):
        norms = [float(np.vdot(array.T, array.T)) for array in params.arrays()]
    if not all(map(math.isfinite, norms)):
        raise DivergenceError(
            f"The fine-tuning diverged: a parameter is no longer finite at a learning "
            f"rate of {rate:g}. Lower `learning_rate` (its product with a penalty must "
            f"stay below 1); where X is far beyond the range of the units, scale X to "
            f"it."
        )


def objective(recipe, params, data, codes):
    """Mean log P(class) of all rows less the penalty l2/2 sum W^2, and its slopes.

    Returns
    -------
    value : float
    slopes : NetworkParams
    """
    n_rows, dtype = data.X.shape[0], params.layers[0].weights.dtype
    total = n_rows if data.weight is None else float(data.weight.sum())
    value, slopes = 0.0, None
    for start in range(0, n_rows, _ROWS):
        rows = np.arange(start, min(start + _ROWS, n_rows))
        weight = None if data.weight is None else data.weight[rows]
        passed = forward(params, data.batch(rows, dtype), [None] * len(params.layers))
        delta, part = output_slopes(passed.log_proba, codes[rows], weight)
        value += part / total
        delta /= total
        step = backward(params, passed, delta, 1.0)
        slopes = step if slopes is None else _sum(slopes, step)
    for slope, layer in zip(slopes.layers, params.layers, strict=True):
        recipe.decay.pull(slope.weights, layer.weights, 1.0)
        value -= recipe.decay.penalty(layer.weights)
    return value, slopes


def _sum(slopes, more):
    for array, part in zip(slopes.arrays(), more.arrays(), strict=True):
        array += part
    return slopes


def scores(params, data, codes):
    """Mean log P(class) and accuracy of rows, without dropout."""
    n_rows, dtype = data.X.shape[0], params.layers[0].weights.dtype
    weight = np.ones(n_rows) if data.weight is None else data.weight
    value, hits = 0.0, 0.0
    for start in range(0, n_rows, _ROWS):
        rows = np.arange(start, min(start + _ROWS, n_rows))
        logs = log_proba(params, data.batch(rows, dtype))
        value += float(weight[rows] @ logs[np.arange(len(rows)), codes[rows]])
        hits += float(weight[rows] @ (logs.argmax(axis=1) == codes[rows]))
    return value / float(weight.sum()), hits / float(weight.sum())
