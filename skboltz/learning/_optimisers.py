"""Optimisers: what becomes of a change, with the verbs init and step.

A change is the rate times a slope.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import kernels
from ..utils import each

_CACHED = 2**14  # elements of an array that stay in the cache with three others


def copy(params):
    """The same nested tuples, their arrays in fresh memory and all else as it is.

    Weights are laid out column by column: two of the three products of a sweep then
    read them along their rows (doc/decisions/0002-kernels.md).
    """
    return each(_copied, params)


def _copied(leaf):
    return leaf.copy(order="F") if isinstance(leaf, np.ndarray) else leaf


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

    def step(self, params, state, change, rate=None):
        """Move the parameters, in place; returns the state after it."""
        for array, move in zip(params.arrays(), change.arrays(), strict=True):
            array += move
        return state


class AdamState(NamedTuple):
    """Sliding means of the steps and of the squared slopes, and how many there were.

    Attributes
    ----------
    step, square : tuple of ndarray
    n_steps : int
    """

    step: tuple
    square: tuple
    n_steps: int


@dataclass(frozen=True)
class Adam:
    """Steps by the sliding mean of the slopes over the root of that of their squares.

    Kingma & Ba (2015), "Adam: a method for stochastic optimization", algorithm 1: with
    slope g, rate a and t steps done,

        m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2,
        a (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)  is added.

    Where the rate changes, as it does with the weight of the rows from batch to batch,
    m is the sliding mean of a g: each slope counts by the rate of its own step, as with
    :class:`Momentum`.  A step at rate 0 changes nothing.

    Parameters
    ----------
    decay, square_decay : float
        b1 and b2.
    epsilon : float
    """

    decay: float = 0.9
    square_decay: float = 0.999
    epsilon: float = 1e-8

    def init(self, params):
        zeros = tuple(np.zeros_like(array) for array in params.arrays())
        return AdamState(zeros, copy(zeros), 0)

    def accepts(self, state):
        """Whether a training with that state can go on with this optimiser."""
        return isinstance(state, AdamState)

    def step(self, params, state, change, rate):
        """Move the parameters and the means, in place; returns the state after it."""
        if not rate:
            return state
        n_steps = state.n_steps + 1
        first = 1 / (1 - self.decay**n_steps)
        second = 1 / (1 - self.square_decay**n_steps)
        # What comes in is the rate times the slope; its square is wanted without it.
        # A factor of the square might not be a number of single precision.
        factor = math.sqrt(1 - self.square_decay) / rate
        arrays = params.arrays(), state.step, state.square, change.arrays()
        for parts in zip(*arrays, strict=True):
            for array, mean, square, move in _cached_parts(
                *map(in_memory_order, parts)
            ):
                mean *= self.decay
                mean += (1 - self.decay) * move
                move *= factor
                move *= move
                square *= self.square_decay
                square += move
                np.multiply(square, second, out=move)
                np.sqrt(move, out=move)
                move += self.epsilon
                np.divide(mean, move, out=move)
                move *= first
                array += move
        return state._replace(n_steps=n_steps)


def _cached_parts(*arrays):
    """Some rows at a time of arrays of one shape, few enough to stay in the cache."""
    rows = max(1, _CACHED // max(1, arrays[0].shape[1]))
    for start in range(0, len(arrays[0]), rows):
        yield tuple(array[start : start + rows] for array in arrays)


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
        return type(state) is tuple and len(state) > 0

    def step(self, params, velocity, change, rate=None):
        """Move the parameters and the velocity, in place."""
        add = kernels.active().add_step_with_momentum
        for parts in zip(params.arrays(), velocity, change.arrays(), strict=True):
            add(*map(in_memory_order, parts), self.momentum)
        return velocity
