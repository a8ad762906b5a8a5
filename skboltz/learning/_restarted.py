"""Negative phase out of equilibrium: chains that start anew at random each time."""

from dataclasses import dataclass

import numpy as np

from .. import kernels
from ..sampling import Stream, gibbs
from ..utils import each
from ._sums import sums


@dataclass(frozen=True)
class RandomRestart:
    """k sweeps from random states for each update (Decelle et al. 2021).

    The model is trained so that k sweeps from noise give data, whatever its
    equilibrium: sample it by as many sweeps from as random a start, and do not trust
    its log-likelihood.  Each visible unit starts at either value with equal odds.

    Parameters
    ----------
    k, n_chains : int
    """

    k: int
    n_chains: int

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase, and the stream after it."""
        dtype = params.weights.dtype
        field = np.zeros((self.n_chains, params.weights.shape[1]), dtype)
        noise, stream = stream.draw(field.shape, dtype)
        even = each(np.zeros_like, params.visible)
        visible = kernels.sample(model.visible_unit, even, field, noise)
        chains = gibbs.from_visible(model, params, visible, stream)
        chains = gibbs.run(model, params, chains, self.k)
        negative = sums(model, params, chains.visible, chains.hidden_mean)
        return negative, chains.stream
