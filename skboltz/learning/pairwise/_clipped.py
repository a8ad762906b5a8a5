"""Steps that are short beside what there is to move."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ClippedGradient:
    """A gradient whose steps of the weights of a hidden unit are cut to a length.

    The longest step is `ratio` times the longest weight vector of the machine: large
    gradients, as rare rows of real-valued data cause, then turn no filter around at
    once (Melchior, Wang & Wiskott 2017, who restrict by the longest row of the data).

    Parameters
    ----------
    gradient : Gradient, CenteredGradient, ...
    ratio : float
    """

    gradient: Any
    ratio: float

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
        """Cut the weight vectors, in place, and what is left to do."""
        longest = self.ratio * np.sqrt(_squares(params.weights).max())
        length = np.sqrt(_squares(change.weights))
        if longest and (length > longest).any():
            change.weights[:] *= (longest / np.maximum(length, longest))[:, None]
        self.gradient.finish(model, params, change, offsets, rate)


def _squares(weights):
    """Squared length of each row."""
    return np.einsum("ji,ji->j", weights, weights)
