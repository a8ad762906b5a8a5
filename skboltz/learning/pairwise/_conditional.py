"""Learning to predict: the inputs are clamped in both phases.

The gradient of log P(y | x) is the expectation of the statistics given x and y less
that given x alone (Ackley, Hinton & Sejnowski 1985, for machines with input units;
Larochelle & Bengio 2008, exactly, for classes).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from ...sampling import Stream, coupled, partly_known
from ...units import Bias
from ._gradient import PairwiseSums, pairwise_sums


@dataclass(frozen=True)
class GivenInputs:
    """Exact expectations given the inputs of each row, its class summed over.

    Parameters
    ----------
    n_classes : int
        The last visible units, of which one is high.
    """

    n_classes: int

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase, and the state after it."""
        v = data.visible.astype(np.float64)
        v[:, -self.n_classes :] = model.unit.low
        known = partly_known.with_hidden(v, len(params.coupling) - model.n_visible)
        weight = np.ones(len(v)) if data.weight is None else data.weight
        moments = self._moments(model, params, known, weight)
        return pairwise_sums(model, params, moments, weight), stream

    def _moments(self, model, params, known, weight):
        """Expectations given the inputs; the classes of `known` are all low."""
        unit, first = model.unit, model.n_visible - self.n_classes
        hidden = params.coupling[model.n_visible :, model.n_visible :]
        fields, gain = partly_known.one_high(unit, params, known, first, self.n_classes)
        fields = np.concatenate(fields)  # all rows for one class, then for the next
        log_z = coupled.log_partition(unit, hidden, fields).reshape(gain.T.shape)
        share = softmax(gain + log_z.T, axis=1)
        found = coupled.moments(unit, hidden, fields, (weight * share.T).ravel())
        means = found.mean.reshape(*log_z.shape, -1)
        return _assembled(unit, known, share, means, found.pairs, weight)


def _assembled(unit, known, share, means, hidden_pairs, weight):
    """Means of all units, and their pairs, from those for each class.

    Parameters
    ----------
    share : ndarray of shape (n_rows, n_classes)
        P(class | inputs).
    means : ndarray of shape (n_classes, n_rows, n_hidden)
        Of the hidden units given inputs and class.
    """
    n_hidden, n_classes = means.shape[2], share.shape[1]
    code = unit.at(share)
    shared = share.T[:, :, None] * means
    hidden = shared.sum(axis=0)
    inputs = known[:, : known.shape[1] - n_hidden - n_classes]
    mean = np.hstack([inputs, code, hidden])
    pairs = (mean * weight[:, None]).T @ mean
    label = np.arange(inputs.shape[1], inputs.shape[1] + n_classes)
    last = np.arange(label[-1] + 1, len(pairs))
    pairs[np.ix_(last, last)] = hidden_pairs
    # A class unit is high in the share of its class alone; elsewhere it is low.
    of_class = unit.at(weight @ shared, total=weight @ hidden)
    pairs[np.ix_(label, last)], pairs[np.ix_(last, label)] = of_class, of_class.T
    high = weight @ share
    two = unit.pair_mean(0.0, high[:, None] + high, total=weight.sum())
    pairs[np.ix_(label, label)] = two
    np.fill_diagonal(pairs, 0)
    return partly_known.Moments(mean, pairs)


@dataclass(frozen=True)
class Mixture:
    """A weighted mean of two negative phases: the gradient of a mean of two aims.

    Parameters
    ----------
    first, second : negative phases
    share : float
        Of the second.
    """

    first: Any
    second: Any
    share: float

    def init(self, model, params, stream):
        later = stream._replace(shard=stream.shard + 1)
        return (
            self.first.init(model, params, stream),
            self.second.init(model, params, later),
        )

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        if type(state) is not tuple or len(state) != 2:
            return False
        return self.first.accepts(state[0]) and self.second.accepts(state[1])

    def step(self, model, params, states, data):
        """Sums of the negative phase (of total weight 1), and the states after it."""
        first, one = self.first.step(model, params, states[0], data)
        second, two = self.second.step(model, params, states[1], data)
        shares = (1 - self.share) / first.weight, self.share / second.weight
        pairs = shares[0] * first.pairs + shares[1] * second.pairs
        units = shares[0] * first.units.bias + shares[1] * second.units.bias
        return PairwiseSums(pairs, Bias(units), model.n_visible, 1.0), (one, two)
