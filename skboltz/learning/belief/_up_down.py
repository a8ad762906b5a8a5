"""Generative fine-tuning: epochs of the up-down algorithm."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...models import BeliefNetwork, BeliefParams, log_conditional
from ...sampling import Purpose, Stream, ancestral
from .._batches import weighted_batches
from .._penalties import WeightDecay
from ..feedforward._backprop import check_finite
from ..feedforward._backprop import copy as copy
from ..feedforward._backprop import resume as resume_optimiser
from ._wake_sleep import Carried, UpDown

_ROWS_LOOKED_AT = 1000


@dataclass(frozen=True)
class UpDownRecipe:
    """Every part of a fine-tuning by the up-down algorithm.

    Parameters
    ----------
    net : BeliefNetwork
    phases : UpDown
    optimiser : GradientAscent, Momentum, Adam, ...
    decay : WeightDecay
    batch_size : int
    """

    net: BeliefNetwork
    phases: UpDown
    optimiser: Any
    decay: WeightDecay
    batch_size: int


class UpDownState(NamedTuple):
    """All that changes in a fine-tuning; the arrays of `params` are moved in place."""

    params: BeliefParams
    optimiser: Any
    shuffle: Stream
    carried: Carried


class Reconstructed(NamedTuple):
    """What an epoch ended with.

    Attributes
    ----------
    reconstruction : float
        Mean of log P(v | h1) of the first 1000 rows, h1 drawn from q(h1 | v); nats.
    weight_norm : float
        Root of the sum of the squared weights of the top RBM.
    """

    reconstruction: float
    weight_norm: float


def init(recipe, params, key):
    """The state of a fine-tuning that starts from given parameters."""
    carried = recipe.phases.init(recipe.net, params, key)
    shuffle = Stream(key, Purpose.SHUFFLE)
    return UpDownState(params, recipe.optimiser.init(params), shuffle, carried)


def resume(recipe, state, params):
    """A state to go on from, of these parameters.

    Velocities and chains of another method are dropped and begun anew.
    """
    state = resume_optimiser(recipe, state, params)
    if recipe.phases.negative.accepts(state.carried.negative):
        return state
    later = Stream(state.shuffle.key, Purpose.DREAMS, state.shuffle.step << 32)
    negative = recipe.phases.negative.init(recipe.net.top, params.top, later)
    return state._replace(carried=state.carried._replace(negative=negative))


def update(recipe, state, v, labels, weight, rate, share=1.0):
    """One batch, of `share` times the mean weight: both phases, and a step."""
    params, batch = state.params, (v, labels, weight)
    step, carried = recipe.phases.step(
        recipe.net, params, *batch, rate, state.carried, share
    )
    for model, move, layer in _layers(recipe.net, step, params):
        _pull(recipe.decay, model, move.weights, layer, rate)
    recipe.phases.finish(recipe.net, params, step, carried)
    optimiser = recipe.optimiser.step(params, state.optimiser, step, rate)
    return state._replace(optimiser=optimiser, carried=carried)


def epoch(recipe, state, data, labels, rate):
    """All rows once, in a fresh order.

    Parameters
    ----------
    recipe : UpDownRecipe
    state : UpDownState
    data : Data
    labels : ndarray of shape (n_samples, n_labels) or None
    rate : float

    Returns
    -------
    state : UpDownState
    seen : Reconstructed

    Raises
    ------
    DivergenceError
        If a parameter is not finite; `state.params` is then of no use.
    """
    order = state.shuffle.generator().permutation(data.X.shape[0])
    state = state._replace(shuffle=state.shuffle._replace(step=state.shuffle.step + 1))
    dtype = state.params.top.weights.dtype
    with np.errstate(over="ignore", invalid="ignore"):
        for rows, weight, share in weighted_batches(
            order, data.weight, recipe.batch_size
        ):
            classes = None if labels is None else labels[rows]
            batch = data.batch(rows, dtype), classes, weight
            state = update(recipe, state, *batch, rate * share, share)
    check_finite(state.params, rate)
    return state, _seen(recipe.net, state, data)


def _seen(net, state, data):
    params, dtype = state.params, state.params.top.weights.dtype
    weights = params.top.weights
    norm = float(np.sqrt(np.vdot(weights, weights)))
    if not net.layers:
        return Reconstructed(np.nan, norm)
    v = data.batch(np.arange(min(_ROWS_LOOKED_AT, data.X.shape[0])), dtype)
    (_, h, *_), _ = ancestral.recognise_alike(net, params, v, state.carried.passes)
    logs = log_conditional(net.layers[0], params.generative[0], v, h)
    return Reconstructed(float(logs.mean()), norm)


def _pull(decay, model, move, layer, rate):
    """The pull of a penalty on a move that may be in units of variances."""
    if decay.l1 or decay.l2:
        pull = np.zeros_like(move)
        decay.pull(pull, layer.weights, rate)
        model.visible_unit.to_values(layer.visible, pull)
        move += pull


def _layers(net, *trees):
    """Every layer of both directions, and the top: its model, and its parameters."""
    models = (*net.layers, *net.layers, net.top)
    parts = ((*tree.recognition, *tree.generative, tree.top) for tree in trees)
    return zip(models, *parts, strict=True)
