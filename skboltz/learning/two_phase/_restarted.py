"""Negative phase out of equilibrium: chains that start anew at random each time."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...sampling import Stream, gibbs
from ...utils import each
from .._sums import sums


@dataclass(frozen=True)
class RandomRestart:
    """k sweeps from random states for each update (Decelle et al. 2021).

    The model is trained so that k sweeps from noise give data, whatever its
    equilibrium: sample it by as many sweeps from as random a start, and do not trust
    its log-likelihood.  Each visible unit starts at either value with equal odds,
    a Gaussian one at a standard normal value.

    Parameters
    ----------
    k, n_chains : int
    draw : callable, default=gibbs.draw_visible
        How visible states are drawn given hidden ones.
    """

    k: int
    n_chains: int
    draw: Callable = gibbs.draw_visible

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase, and the stream after it."""
        unit, dtype = model.visible_unit, params.weights.dtype
        no_input = np.zeros((self.n_chains, params.weights.shape[1]), dtype)
        even = each(np.zeros_like, params.visible)
        visible, stream = stream.sample(unit, even, no_input)
        chains = gibbs.from_visible(model, params, visible, stream)
        chains = gibbs.run(model, params, chains, self.k, self.draw)
        negative = sums(model, params, chains.visible, chains.hidden_mean)
        return negative, chains.stream
