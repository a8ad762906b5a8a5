"""Learning to predict: the inputs are clamped in both phases.

The gradient of log P(y | x) is the expectation of the statistics given x and y less
that given x alone (Ackley, Hinton & Sejnowski 1985, for machines with input units;
Larochelle & Bengio 2008, exactly, for classes).
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.special import softmax

from ... import kernels
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
        weight = np.ones(len(data.visible)) if data.weight is None else data.weight
        moments = self._moments(model, params, data, weight)
        return pairwise_sums(model, params, moments, weight), stream

    def _moments(self, model, params, data, weight):
        """Expectations given the inputs of each row, its class summed over."""
        unit, n = model.unit, model.n_visible
        v, classes = data.visible.copy(), slice(n - self.n_classes, n)
        v[:, classes] = unit.low
        field = v @ params.coupling[:n] + params.units.bias
        gain = unit.gap(field[:, classes]).astype(np.float64)  # as a class goes high
        rises = unit.distance(params.coupling[classes, n:])
        fields = field[:, n:] + rises[:, None]
        hidden = _Hidden(unit, params.coupling[n:, n:], fields)
        share = softmax(gain + hidden.log_partition().T, axis=1)
        means, pairs = hidden.moments(weight * share.T)
        share = share.astype(v.dtype)
        return _assembled(unit, data, v[:, : classes.start], share, means, pairs)


class _Hidden(NamedTuple):
    """Hidden units in fields of their own for each class and row."""

    unit: Any
    coupling: np.ndarray
    fields: np.ndarray  # (n_classes, n_rows, n_hidden)

    def log_partition(self):
        """log of the sum over their states, shape (n_classes, n_rows)."""
        if not self.coupling.any():
            each = self.unit.log_partition(None, self.fields)
            return each.sum(axis=2, dtype=np.float64)
        found = coupled.log_partition(self.unit, self.coupling, self._flat())
        return found.reshape(self.fields.shape[:2])

    def moments(self, weight):
        """Means, and pairs summed by weights of shape (n_classes, n_rows)."""
        if self.coupling.any():
            place = self.unit, self.coupling, self._flat()
            found = coupled.moments(*place, weight.ravel())
            return found.mean.reshape(self.fields.shape), found.pairs
        field = self._flat()
        mean = kernels.mean(self.unit, Bias(np.zeros_like(field[0])), field)
        shared = mean * weight.reshape(-1, 1).astype(mean.dtype)
        return mean.reshape(self.fields.shape), shared.T @ mean

    def _flat(self):
        return np.concatenate(self.fields)  # all rows for one class, then for the next


def _assembled(unit, data, inputs, share, means, hidden_pairs):
    """Means of all units, and their pairs, from those for each class.

    Parameters
    ----------
    inputs : ndarray of shape (n_rows, n_inputs)
        As they are in both phases, which have the same pairs of them.
    share : ndarray of shape (n_rows, n_classes)
        P(class | inputs).
    means : ndarray of shape (n_classes, n_rows, n_hidden)
        Of the hidden units given inputs and class.
    """
    weight = np.ones(len(share)) if data.weight is None else data.weight
    n_inputs, n_classes = inputs.shape[1], share.shape[1]
    shared = share.T[:, :, None] * means
    hidden = shared.sum(axis=0)
    mean = np.hstack([inputs, unit.at(share), hidden])
    weighted = (mean if data.weight is None else mean * weight[:, None]).T
    pairs = np.empty((len(weighted),) * 2, mean.dtype)
    known, label = slice(n_inputs), slice(n_inputs, n_inputs + n_classes)
    last = slice(label.stop, None)
    pairs[known, known] = data.sums.pairs[known, known]
    pairs[label.start :, known] = weighted[label.start :] @ inputs
    pairs[known, label.start :] = pairs[label.start :, known].T
    pairs[last, last] = hidden_pairs
    # A class unit is high in the share of its class alone; elsewhere it is low.
    of_class = unit.at(weight @ shared, total=weight @ hidden)
    pairs[label, last], pairs[last, label] = of_class, of_class.T
    high = weight @ share
    pairs[label, label] = unit.pair_mean(0.0, high[:, None] + high, total=weight.sum())
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
