"""Fine-tuning of a belief network by the up-down algorithm."""

from dataclasses import replace

import numpy as np

from ... import learning, likelihood
from ...models import BeliefNetwork, BeliefParams, untied
from ...units import Bias
from ..shared._labels import one_hot
from ._layers import moved

LABELS = {
    "free-energy": likelihood.log_label_proba,
    "gibbs": likelihood.sampled_log_label_proba,
}


class UpDownStage:
    """What deep networks do with `fine_tuning="up-down"`.

    Parameters
    ----------
    recipe : UpDownLearner
        Its network may be anything yet: that of the layers takes its place.
    label_inference : {"free-energy", "gibbs"}, default="free-energy"
        How the top machine of a classifier tells labels.
    """

    columns = learning.Reconstructed._fields
    labels_on_top = True  # of a classifier: they join the inputs of the top layer

    def __init__(self, recipe, label_inference="free-energy"):
        self.recipe, self.label_inference = recipe, label_inference

    def start(self, layers, key, n_classes=0, learnt=None):
        """Both directions as the layers have learnt them, or not."""
        params = untied(
            [layer._params() for layer in layers[:-1]], layers[-1]._params()
        )
        return self._recipe(layers).init(params, key)

    def resumed(self, layers, state, params, data):
        """A state to go on from, of these parameters."""
        return self._recipe(layers).resume(state, params, data)

    def targets(self, codes, n_classes):
        """What an epoch is told of the classes."""
        return one_hot(codes, n_classes, np.float32)

    def advance(self, layers, state, data, rate):
        """One epoch on a copy of the state."""
        return learning.epoch(self._recipe(layers), state, data, rate)

    def attributes(self, layers, state):
        """Fitted attributes that hold a state."""
        attributes = belief_attributes(layers, state.params)
        return attributes | {"_fine_tuning_state": state._replace(params=None)}

    def params(self, estimator):
        """The parameters that attributes hold."""
        up = estimator.recognition_weights_, estimator.recognition_intercepts_
        return belief_params(estimator.layers_, *up)

    def log_proba(self, layers, params, v):
        """log P(class | v) of every row, by the top machine."""
        return self._of_labels(LABELS[self.label_inference], layers, params, v)

    def features(self, layers, params, v):
        """Means of the hidden units of the top machine, the class summed out."""
        return self._of_labels(likelihood.hidden_means_given, layers, params, v)

    def _of_labels(self, function, layers, params, v):
        net = belief_network(layers)
        h = [v, *net.recognise_means(params, v)][-1]
        return function(net.top, params.top, h, layers[-1].n_classes)

    def _recipe(self, layers):
        return replace(self.recipe, net=belief_network(layers))


def belief_network(layers):
    """Fitted machines as the wiring of a belief network."""
    *directed, top = (layer._model for layer in layers)
    return BeliefNetwork(tuple(directed), top)


def belief_params(layers, weights, intercepts):
    """Parameters of both directions: fitted machines, and what leads upwards.

    Parameters
    ----------
    layers : list of BaseRBM
        Their weights and visible units lead downwards.
    weights, intercepts : list of ndarray
        Weights and hidden biases of recognition, of all layers but the top.
    """
    *generative, top = (layer._params() for layer in layers)
    recognition = (
        down._replace(weights=up, hidden=Bias(bias))
        for down, up, bias in zip(generative, weights, intercepts, strict=True)
    )
    return BeliefParams(tuple(recognition), tuple(generative), top)


def belief_attributes(layers, params):
    """Fitted attributes that hold the parameters of both directions."""
    return {
        "layers_": [
            moved(layer, down)
            for layer, down in zip(
                layers, (*params.generative, params.top), strict=True
            )
        ],
        "recognition_weights_": [up.weights for up in params.recognition],
        "recognition_intercepts_": [up.hidden.bias for up in params.recognition],
    }
