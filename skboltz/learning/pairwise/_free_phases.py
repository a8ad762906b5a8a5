"""Negative phases of pairwise machines: nothing is known."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ...sampling import Stream, pairwise_chains, partly_known
from ._gradient import pairwise_sums, state_sums


def nothing_known(params, n_rows=1):
    """Rows in which every unit is free."""
    return np.full((n_rows, len(params.coupling)), np.nan, params.coupling.dtype)


@dataclass(frozen=True)
class FreeEnumeration:
    """Exact expectations: all states, but for units that can be summed out."""

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase (of total weight 1), and the state after it."""
        moments = partly_known.moments(model.unit, params, nothing_known(params))
        return pairwise_sums(model, params, moments, None), stream


class FreeStates(NamedTuple):
    """States of persistent chains.

    Attributes
    ----------
    units : ndarray of shape (n_units, n_chains)
    stream : Stream
    """

    units: np.ndarray
    stream: Stream

    @property
    def visible(self):
        """All units, a chain a row."""
        return self.units.T


@dataclass(frozen=True)
class FreeChains:
    """Chains of sequential Gibbs sweeps that live as long as the training.

    Persistent contrastive divergence (Younes 1989; Tieleman 2008).

    Parameters
    ----------
    k : int
        Sweeps for each update of the parameters.
    n_chains : int
    """

    k: int
    n_chains: int

    def init(self, model, params, stream):
        chains = pairwise_chains.init_free(model.unit, params, self.n_chains, stream)
        return FreeStates(chains.state, chains.stream)

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, FreeStates) and state.units.shape[1] == self.n_chains

    def step(self, model, params, state, data):
        """Sums of the negative phase, and the chains after it."""
        chains = pairwise_chains.free(params, *state)
        chains = pairwise_chains.run(model.unit, chains, np.ones(self.k))
        state = FreeStates(chains.state, chains.stream)
        return state_sums(model, state.visible), state
