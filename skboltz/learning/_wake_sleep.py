"""Wake-sleep: both directions of a deep belief network learn from each other.

The contrastive version of Hinton, Osindero & Teh (2006, appendix B), also called
up-down.  Awake, the data go up by the recognition parameters, and every generative
layer learns to give back what was below it,

    d log P(x | h) / dW_ji = psi(h_j) (x_i - E[x_i | h]),

x being the layer below.  The top RBM takes a step of contrastive divergence from the
states that have arrived there.  Asleep, the states at the end of its sweeps go down by
the generative parameters, and every recognition layer learns to tell what the dream was
made of,

    d log q(h | x) / dW_ji = (h_j - E[h_j | x]) phi(x_i).

Gaussian units x have the statistic phi(x) = x / s^2.  The slopes by their weights and
by their biases are multiplied by s^2 here, which makes them the above with phi(x) = x:
a delta rule whose steps do not grow where the noise is small.  Their log-variances, in
either direction, are held.
"""

from dataclasses import dataclass

import numpy as np

from .. import kernels
from ..models import BeliefParams, BipartiteParams, with_labels
from ..sampling import ancestral
from ..utils import each
from ._contrastive import ContrastiveDivergence
from ._gradient import in_variances, plain_step
from ._positive import data_phase


@dataclass(frozen=True)
class UpDown:
    """Contrastive wake-sleep, a batch at a time (Hinton, Osindero & Teh 2006).

    Parameters
    ----------
    k : int, default=1
        Number of Gibbs sweeps of the top RBM between the way up and the way down.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.learning import GradientAscent, UpDown
    >>> from skboltz.models import BeliefNetwork, Bipartite, BipartiteParams, untied
    >>> from skboltz.sampling import Purpose, Stream
    >>> from skboltz.units import BERNOULLI, Bias
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> stack = [
    ...     BipartiteParams(np.zeros((2, 2)), Bias(np.zeros(2)), Bias(np.zeros(2)))
    ...     for _ in range(2)
    ... ]
    >>> net, params = BeliefNetwork((rbm,), rbm), untied(stack[:1], stack[1])
    >>> stream = Stream(key=(3, 4), purpose=Purpose.CHAINS)
    >>> v = np.array([[1.0, 0.0]])
    >>> step, stream = UpDown(k=1).step(net, params, v, None, None, 0.1, stream)
    >>> state = GradientAscent().step(params, (), step)
    >>> params.generative[0].visible.bias  # 0.1 times v - 1/2
    array([ 0.05, -0.05])
    """

    k: int = 1

    def step(self, net, params, v, labels, weight, rate, stream):
        """See :func:`up_down_step`."""
        return up_down_step(net, params, v, labels, weight, rate, self.k, stream)


def up_down_step(net, params, v, labels, weight, rate, k, stream):
    """rate x slopes of a batch, and the stream after it.

    Parameters
    ----------
    net : BeliefNetwork
    params : BeliefParams
    v : ndarray of shape (n_rows, n_visible)
    labels : ndarray of shape (n_rows, n_labels) or None
        Visible units of the top RBM beside the last hidden layer, as known.
    weight : ndarray of shape (n_rows,) or None
        How much each row counts, and the dream that began with it.
    rate : float
    k : int
        Number of Gibbs sweeps of the top RBM.
    stream : Stream

    Returns
    -------
    step : BeliefParams
        In the shape of the parameters, 0 for those that do not count.
    stream : Stream
    """
    states, stream = ancestral.recognise(net, params, v, stream)
    top = with_labels(states[-1], labels)
    top_step, end, stream = _top_step(net, params, top, weight, rate, k, stream)
    h_last = end[:, : states[-1].shape[1]]
    dreams, stream = ancestral.generate(net, params, h_last, stream)
    generative = wake_step(net, params, states, weight, rate)
    recognition = sleep_step(net, params, dreams, weight, rate)
    return BeliefParams(recognition, generative, top_step), stream


def wake_step(net, params, states, weight, rate):
    """rate x slopes of the mean of log P(states_l | states_l+1) over the rows.

    Returns
    -------
    tuple of BipartiteParams
        One for each generative layer.
    """
    share = _shares(weight, len(states[0]), rate)
    layers = zip(net.layers, params.generative, states[:-1], states[1:], strict=True)
    return tuple(_downward(*layer, share) for layer in layers)


def sleep_step(net, params, dreams, weight, rate):
    """rate x slopes of the mean of log q(dreams_l+1 | dreams_l) over the rows.

    Returns
    -------
    tuple of BipartiteParams
        One for each recognition layer.
    """
    share = _shares(weight, len(dreams[0]), rate)
    layers = zip(net.layers, params.recognition, dreams[:-1], dreams[1:], strict=True)
    return tuple(_upward(*layer, share) for layer in layers)


def _top_step(net, params, visible, weight, rate, k, stream):
    """rate x slopes of the top RBM, and its visible states after k sweeps."""
    model, params = net.top, params.top
    data = data_phase(model, params, visible, weight)
    negative, stream = ContrastiveDivergence(k).step(model, params, stream, data)
    step = plain_step(model, params, data.sums, negative, rate)
    if model.visible_unit.scaled:  # without directed layers; held as in those
        in_variances(model, params, step)
        step.visible.log_variance[:] = 0
    return step, negative.visible_factor, stream


def _downward(model, params, x, h, share):
    input = model.visible_input(params, h)
    error = x - kernels.mean(model.visible_unit, params.visible, input)
    error *= share
    psi = model.hidden_unit.statistic(params.hidden, h)
    # Laid out column by column, as the parameters are.
    weights = (error.T @ psi).T
    visible = _still(params.visible)._replace(bias=error.sum(axis=0))
    return BipartiteParams(weights, visible, _still(params.hidden))


def _upward(model, params, x, h, share):
    input = model.hidden_input(params, x)
    error = h - kernels.mean(model.hidden_unit, params.hidden, input)
    error *= share
    hidden = _still(params.hidden)._replace(bias=error.sum(axis=0))
    return BipartiteParams((x.T @ error).T, _still(params.visible), hidden)


def _still(params):
    return each(np.zeros_like, params)


def _shares(weight, n_rows, rate):
    """rate / number of rows, or what each row has of the rate by its weight."""
    if weight is None:
        return rate / n_rows
    return (weight * (rate / weight.sum()))[:, None]
