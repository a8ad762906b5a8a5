"""Learning to predict: the inputs are clamped in both phases.

The gradient of log P(y | x) is the expectation of the statistics given x and y less
that given x alone (Ackley, Hinton & Sejnowski 1985, for machines with input units;
Larochelle & Bengio 2008, exactly, for classes).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import softmax

from ..sampling import Stream, clamped, coupled
from ..units import Bias
from ._pairwise import PairwiseSums, pairwise_sums


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
        known = every_class(model.unit, data.visible, self.n_classes)
        known = clamped.with_hidden(known, len(params.coupling) - model.n_visible)
        log_weight = -free_energies(model.unit, params, known)
        share = softmax(log_weight.reshape(self.n_classes, -1), axis=0)
        if data.weight is not None:
            share = share * data.weight
        weight = share.ravel()
        moments = clamped.moments(model.unit, params, known, weight)
        return pairwise_sums(model, params, moments, weight), stream


def every_class(unit, v, n_classes):
    """The rows once with each class in their last units, class after class."""
    parts = []
    for label in range(n_classes):
        part = v.copy()
        part[:, -n_classes:] = unit.low
        part[:, label - n_classes] = unit.high
        parts.append(part)
    return np.concatenate(parts)


def free_energies(unit, params, known):
    """F of rows whose free units can be summed out."""
    found = np.empty(len(known))
    for rest in clamped.rests(params, known):
        log_z = coupled.log_partition(unit, rest.coupling, rest.field)
        found[rest.rows] = rest.energy - log_z
    return found


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
