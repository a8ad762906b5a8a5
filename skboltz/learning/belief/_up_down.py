"""Generative fine-tuning: epochs of the up-down algorithm."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...models import BeliefNetwork, BeliefParams, log_conditional
from ...sampling import Purpose, Stream, ancestral
from .._epoch import Learner
from .._penalties import WeightDecay
from ._wake_sleep import Carried, UpDown

_ROWS_LOOKED_AT = 1000


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


@dataclass(frozen=True)
class UpDownLearner(Learner):
    """Every part of a fine-tuning by the up-down algorithm.

    The target of a row are its labels, if there are any.

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

    def init(self, params, key):
        """The state of a fine-tuning that starts from given parameters."""
        carried = self.phases.init(self.net, params, key)
        shuffle = Stream(key, Purpose.SHUFFLE)
        return UpDownState(params, self.optimiser.init(params), shuffle, carried)

    def resume(self, state, params, data):
        """A state to go on from with these parameters.

        Velocities and chains of another method are dropped and begun anew.
        """
        state = super().resume(state, params, data)
        if self.phases.negative.accepts(state.carried.negative):
            return state
        later = Stream(state.shuffle.key, Purpose.DREAMS, state.shuffle.step << 32)
        negative = self.phases.negative.init(self.net.top, params.top, later)
        return state._replace(carried=state.carried._replace(negative=negative))

    def update(self, state, batch, rate, share=1.0):
        """One batch, of `share` times the mean weight: both phases, and a step."""
        if batch.mask is not None:
            raise ValueError(
                "The data have a mask of absent entries, but wake-sleep dreams of all "
                "visible units. Fill what is absent, and let mask be None."
            )
        params, place = state.params, (self.net, state.params)
        change, carried = self.phases.step(*place, batch, rate, state.carried, share)
        for model, move, layer in _layers(self.net, change, params):
            _pull(self.decay, model, move.weights, layer, rate)
        self.phases.finish(*place, change, carried)
        optimiser = self.optimiser.step(params, state.optimiser, change, rate)
        return state._replace(optimiser=optimiser, carried=carried), ()

    def progress(self, state, seen, data):
        """How well the first rows come back from the first hidden layer."""
        net, params = self.net, state.params
        weights = params.top.weights
        norm = float(np.sqrt(np.vdot(weights, weights)))
        if not net.layers:
            return Reconstructed(np.nan, norm)
        rows = np.arange(min(_ROWS_LOOKED_AT, data.X.shape[0]))
        v = data.batch(rows, weights.dtype).values
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
