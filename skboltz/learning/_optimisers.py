"""Optimisers: what becomes of a step, with the verbs init and step."""

from dataclasses import dataclass

import numpy as np

from .. import kernels
from ..utils import each


def copy(params):
    """The same nested tuples, their arrays in fresh memory.

    Weights are laid out column by column: two of the three products of a sweep then
    read them along their rows (doc/decisions/0002-kernels.md).
    """
    return each(lambda array: array.copy(order="F"), params)


def in_memory_order(array):
    """A two-dimensional view whose rows lie in memory one after another."""
    return array.T if array.ndim == 2 else array[None]


@dataclass(frozen=True)
class GradientAscent:
    """Each step is taken as it is."""

    def init(self, params):
        return ()

    def accepts(self, state):
        """Whether a training with that state can go on with this optimiser."""
        return state == ()

    def step(self, params, state, step):
        """Move the parameters, in place; returns the state after it."""
        for array, move in zip(params.arrays(), step.arrays(), strict=True):
            array += move
        return state


@dataclass(frozen=True)
class Momentum:
    """Steps gather speed: velocity <- momentum * velocity + step (Polyak 1964).

    Parameters
    ----------
    momentum : float
        Between 0 and 1; the speed along a constant slope is 1/(1 - momentum)
        steps.
    """

    momentum: float

    def init(self, params):
        return tuple(np.zeros_like(array) for array in params.arrays())

    def accepts(self, state):
        """Whether a training with that state can go on with this optimiser."""
        return len(state) > 0

    def step(self, params, velocity, step):
        """Move the parameters and the velocity, in place."""
        add = kernels.active().add_step_with_momentum
        for parts in zip(params.arrays(), velocity, step.arrays(), strict=True):
            add(*map(in_memory_order, parts), self.momentum)
        return velocity
