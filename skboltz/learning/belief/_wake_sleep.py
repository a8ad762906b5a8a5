"""Wake-sleep: both directions of a deep belief network learn from each other.

The contrastive version of Hinton, Osindero & Teh (2006, appendix B), also called
up-down.  Awake, the data go up by the recognition parameters, and every generative
layer learns to give back what was below it,

    d log P(x | h) / dW_ji = psi(h_j) (x_i - E[x_i | h]),

x being the layer below.  The top RBM takes a centered step of contrastive divergence
from the states that have arrived there, or one against chains that persist, as in
wake-sleep proper, where dreams owe nothing to the batch.  Asleep, the states at the end
of its sweeps go down by the generative parameters, and every recognition layer learns
to tell what the dream was made of,

    d log q(h | x) / dW_ji = (h_j - E[h_j | x]) phi(x_i).

Gaussian units x have the statistic phi(x) = x / s^2.  The slopes by their weights and
by their biases are multiplied by s^2 here, which makes them the above with phi(x) = x:
a delta rule whose steps do not grow where the noise is small.  Their log-variances, in
either direction, are held.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ... import kernels
from ...models import BeliefParams, BipartiteParams, with_labels
from ...sampling import Purpose, Stream, ancestral
from ...utils import each
from ..two_phase._gradient import Offsets, centered_step, in_variances, recenter
from ..two_phase._positive import data_phase


class Carried(NamedTuple):
    """What the up-down algorithm carries from batch to batch.

    Attributes
    ----------
    negative : Stream, Chains, ...
        State of the negative phase of the top RBM.
    passes : Stream
        Noise of the passes up and down.
    offsets : Offsets or None
        Those of the last centered step of the top RBM; None before the first, which
        takes the means of its batch.
    """

    negative: Any
    passes: Stream
    offsets: Offsets | None = None


@dataclass(frozen=True)
class UpDown:
    """Contrastive wake-sleep, a batch at a time (Hinton, Osindero & Teh 2006).

    Parameters
    ----------
    negative : ContrastiveDivergence or PersistentContrastiveDivergence
        Negative phase of the top RBM, whose last visible states are the dreams:
        from the states at the end of the way up, or from chains that persist.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.learning import Batch, ContrastiveDivergence, UpDown
    >>> from skboltz.learning import GradientAscent
    >>> from skboltz.models import BeliefNetwork, Bipartite, BipartiteParams, untied
    >>> from skboltz.units import BERNOULLI, Bias
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> stack = [
    ...     BipartiteParams(np.zeros((2, 2)), Bias(np.zeros(2)), Bias(np.zeros(2)))
    ...     for _ in range(2)
    ... ]
    >>> net, params = BeliefNetwork((rbm,), rbm), untied(stack[:1], stack[1])
    >>> phases, v = UpDown(ContrastiveDivergence(k=1)), np.array([[1.0, 0.0]])
    >>> carried = phases.init(net, params, key=(3, 4))
    >>> change, carried = phases.step(net, params, Batch(v), 0.1, carried)
    >>> phases.finish(net, params, change, carried)
    >>> state = GradientAscent().step(params, (), change)
    >>> params.generative[0].visible.bias  # 0.1 times v - 1/2
    array([ 0.05, -0.05])
    """

    negative: Any

    def init(self, net, params, key):
        """What the first batch has."""
        dreams = Stream(key, Purpose.DREAMS)
        negative = self.negative.init(net.top, params.top, dreams)
        return Carried(negative, Stream(key, Purpose.CHAINS))

    def step(self, net, params, batch, rate, carried, share=1.0):
        """rate x slopes of a batch, and what is carried to the next.

        The biases of the top RBM lack what `finish` adds, once penalties have pulled
        at its weights.

        Parameters
        ----------
        net : BeliefNetwork
        params : BeliefParams
        batch : Batch
            Its target are labels or None: visible units of the top RBM beside the last
            hidden layer, as known.  Its weights are also those of the dreams that began
            with the rows.
        rate : float
        carried : Carried
        share : float, default=1.0
            Weight of the batch in units of the mean one, by which offsets slide.

        Returns
        -------
        change : BeliefParams
            In the shape of the parameters, 0 for those that do not count.
        carried : Carried
        """
        v, weight = batch.values, batch.weight
        states, passes = ancestral.recognise(net, params, v, carried.passes)
        arrived = with_labels(states[-1], batch.target)
        data = data_phase(net.top, params.top, arrived, weight)
        negative, later = self.negative.step(
            net.top, params.top, carried.negative, data
        )
        h_last = negative.blocks[0].visible[:, : states[-1].shape[1]]
        dreams, passes = ancestral.generate(net, params, h_last, passes)
        dreamt = weight if self.negative.from_data else None
        means = data.sums.means()
        offsets = (carried.offsets or Offsets(*means)).slide(*means, share)
        change = BeliefParams(
            recognition=sleep_step(net, params, dreams, dreamt, rate),
            generative=wake_step(net, params, states, weight, rate),
            top=_top_step(net.top, params.top, data.sums, negative, rate, offsets),
        )
        return change, Carried(later, passes, offsets)

    def finish(self, net, params, change, carried):
        """Let the biases of the top RBM follow its weights, in place.

        `carried` is what came with the change.
        """
        recenter(net.top, params.top, change.top, carried.offsets)


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


def _top_step(model, params, positive, negative, rate, offsets):
    """rate x centered slopes of the top RBM; its biases still lack `recenter`."""
    change = centered_step(model, params, positive, negative, rate, offsets)
    in_variances(model, params, change)
    for of_statistic in change.visible[1:]:  # held, as in directed layers
        of_statistic[:] = 0
    return change


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
