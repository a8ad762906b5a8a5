"""Features of which nothing is known, and that nothing is learnt of."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Holding:
    """A gradient that leaves some visible units as they are.

    A unit that is coupled to no other, and of which no row knows the value, has the
    same law in both phases: centered, its gradient is 0 exactly.  The sampled values
    would move it by their noise alone, and make a hidden unit of it.

    Parameters
    ----------
    gradient : Gradient, CenteredGradient, PairwiseGradient, ...
    units : ndarray of int
        Numbers of the visible units to hold.
    """

    gradient: Any
    units: np.ndarray

    @property
    def takes_mask(self):
        """Whether data may have absent entries."""
        return getattr(self.gradient, "takes_mask", False)

    def pull(self, model, rate):
        """The rate at which weights move."""
        return self.gradient.pull(model, rate)

    def step(self, model, params, *phases):
        """The step of the gradient as it is."""
        return self.gradient.step(model, params, *phases)

    def finish(self, model, params, change, offsets, rate):
        """Take the units out of the change, in place, and what is left to do."""
        change.clear_visible(self.units)
        self.gradient.finish(model, params, change, offsets, rate)
