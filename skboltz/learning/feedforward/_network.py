"""A feed-forward network of logistic units under a softmax, and its slopes."""

from typing import NamedTuple

import numpy as np

from ... import kernels
from ...units import BERNOULLI, Bias


class Layer(NamedTuple):
    """Parameters of a layer: weights (n_outputs, n_inputs) and a bias each."""

    weights: np.ndarray
    bias: np.ndarray


class NetworkParams(NamedTuple):
    """Parameters of a network; the units of all layers but the last are logistic.

    Attributes
    ----------
    layers : tuple of Layer
        From the features up; the last one has an output for each class.
    """

    layers: tuple

    def arrays(self):
        """All arrays, layer by layer."""
        return tuple(array for layer in self.layers for array in layer)


def hidden_means(layer, x):
    """1 / (1 + exp(-(W x + b))) of every row."""
    return kernels.mean(BERNOULLI, Bias(layer.bias), x @ layer.weights.T)


def log_softmax(layer, x):
    """log P(class | x) = f - log sum exp(f), f = W x + b, of every row and class."""
    field = x @ layer.weights.T
    field += layer.bias
    field -= field.max(axis=1, keepdims=True)
    field -= np.log(np.exp(field).sum(axis=1, keepdims=True))
    return field


def features(params, x):
    """What the units of the last hidden layer are like."""
    for layer in params.layers[:-1]:
        x = hidden_means(layer, x)
    return x


def log_proba(params, x):
    """log P(class | x) of every row."""
    return log_softmax(params.layers[-1], features(params, x))


class Passed(NamedTuple):
    """A pass of a batch through the network.

    Attributes
    ----------
    inputs : list of ndarray
        What each layer took in.
    log_proba : ndarray of shape (n_rows, n_classes)
    """

    inputs: list
    log_proba: np.ndarray


def forward(params, x, masks):
    """A pass of a batch; the inputs of a layer are multiplied by its mask, if any."""
    inputs = []
    for layer, mask in zip(params.layers, masks, strict=True):
        inputs.append(x if mask is None else x * mask)
        if layer is params.layers[-1]:
            return Passed(inputs, log_softmax(layer, inputs[-1]))
        x = hidden_means(layer, inputs[-1])


def backward(params, passed, delta, keep):
    """Slopes of all parameters, given those of the outputs (backpropagation).

    Rumelhart, Hinton & Williams (1986).  A hidden unit h that was kept with
    probability `keep` went on as h m, m = 1 / keep or 0: the slope of h m by its field
    is h (1 - h) m = (h m) (1 - keep h m).

    Parameters
    ----------
    params : NetworkParams
    passed : Passed
    delta : ndarray of shape (n_rows, n_classes)
        Slopes of the objective by the fields of the outputs; summed over the rows.
    keep : float
        Between 0 and 1.

    Returns
    -------
    NetworkParams
    """
    slopes = []
    for i, layer in reversed(list(enumerate(params.layers))):
        x = passed.inputs[i]
        # Laid out column by column, as the weights are.
        slopes.append(Layer((x.T @ delta).T, delta.sum(axis=0)))
        if i:
            delta = delta @ layer.weights
            delta *= x
            delta *= 1 - keep * x
    return NetworkParams(tuple(reversed(slopes)))


def output_slopes(log_proba, codes, weight=None):
    """d/df of the weighted sum of log P(class): 1[k = class] - P(k), and that sum.

    Returns
    -------
    delta : ndarray of shape (n_rows, n_classes)
    total : float
        sum of weight x log P(class).
    """
    rows = np.arange(len(codes))
    logs = log_proba[rows, codes]
    delta = -np.exp(log_proba)
    delta[rows, codes] += 1
    if weight is None:
        return delta, float(logs.sum(dtype=np.float64))
    delta *= weight[:, None]
    return delta, float(weight.astype(np.float64) @ logs)


def unrolled(layers, n_classes, generator):
    """A stack of RBMs as the hidden layers of a network, under outputs at zero.

    What a hidden unit receives from v is that of the RBM, v' W' / s^2 for Gaussian
    visible units, and so is its bias (Hinton & Salakhutdinov 2006).

    Parameters
    ----------
    layers : sequence of (Bipartite, BipartiteParams, bool)
        From the features up, and whether a layer has learnt anything; one that has
        not starts at random, so that its units are not all alike.
    n_classes : int
    generator : numpy.random.Generator

    Returns
    -------
    NetworkParams
    """
    hidden = [
        _as_trained(model, params, generator)
        if trained
        else _at_random(params, generator)
        for model, params, trained in layers
    ]
    shape, dtype = (n_classes, len(hidden[-1].bias)), hidden[-1].bias.dtype
    output = Layer(np.zeros(shape, dtype, order="F"), np.zeros(n_classes, dtype))
    return NetworkParams((*hidden, output))


def _as_trained(model, params, generator):
    weights = model.visible_unit.scaled_weights(params.visible, params.weights)
    weights = weights.copy(order="F")
    _lengthen(weights, generator)
    return Layer(weights, params.hidden.bias.copy())


def _lengthen(weights, generator):
    """Give units that have learnt next to nothing random weights as well, in place.

    Weights near 0 tell nothing of the inputs to the layers above, and pass nothing of
    their slopes down: a network of such layers hardly moves.  What a vector of weights
    lacks of the length of one of the limit sqrt(6 / (inputs + outputs)) is added in a
    random direction.
    """
    n_outputs, n_inputs = weights.shape
    missing = 2 * n_inputs / (n_inputs + n_outputs) - np.square(weights).sum(axis=1)
    short = np.flatnonzero(missing > 0)
    noise = generator.standard_normal((len(short), n_inputs))
    noise *= np.sqrt(missing[short] / n_inputs)[:, None]
    weights[short] += noise.astype(weights.dtype)


def _at_random(params, generator):
    """Uniform weights up to 4 sqrt(6 / (inputs + outputs)), and no biases.

    Glorot & Bengio (2010), "Understanding the difficulty of training deep feedforward
    neural networks", have sqrt(6 / (inputs + outputs)) for units of slope 1 at 0; that
    of the logistic function is 1/4.
    """
    n_outputs, n_inputs = params.weights.shape
    limit = 4 * np.sqrt(6 / (n_inputs + n_outputs))
    weights = generator.uniform(-limit, limit, (n_outputs, n_inputs))
    dtype = params.weights.dtype
    return Layer(weights.astype(dtype, order="F"), np.zeros(n_outputs, dtype))
