"""Optimisers: what becomes of a step, with the verbs init and step."""

from dataclasses import dataclass

import numpy as np

from .. import kernels


def leaves(params):
    """The arrays of nested parameters, each as a two-dimensional view."""
    if isinstance(params, np.ndarray):
        return [np.atleast_2d(params)]
    return [leaf for part in params for leaf in leaves(part)]


def copy(params):
    """The same nested tuples, their arrays in fresh memory."""
    if isinstance(params, np.ndarray):
        return params.copy()
    parts = [copy(part) for part in params]
    return tuple(parts) if type(params) is tuple else type(params)(*parts)


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
        for leaf, move in zip(leaves(params), leaves(step), strict=True):
            kernels.active().add_step(leaf, move)
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
        return tuple(np.zeros_like(leaf) for leaf in leaves(params))

    def accepts(self, state):
        """Whether a training with that state can go on with this optimiser."""
        return len(state) > 0

    def step(self, params, velocity, step):
        """Move the parameters and the velocity, in place."""
        add = kernels.active().add_step_with_momentum
        parts = zip(leaves(params), velocity, leaves(step), strict=True)
        for leaf, speed, move in parts:
            add(leaf, speed, move, self.momentum)
        return velocity
