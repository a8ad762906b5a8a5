"""Tempered negative phase: persistent chains on a ladder of temperatures."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ... import kernels
from ...sampling import annealing, tempering
from ...utils import each
from .._sums import sums

_TUNE_EVERY = 100  # sweeps from one placement of the rungs to the next


class TemperedChains(NamedTuple):
    """Replicas of parallel tempering that live as long as the training.

    Attributes
    ----------
    base : Layers
        The independent units at beta = 0, those that the training started from.
    betas : ndarray of shape (n_rungs,)
    replicas : Replicas
    """

    base: Any
    betas: np.ndarray
    replicas: Any

    @property
    def visible(self):
        """States of the coldest rung."""
        return self.replicas.visible[-1]


@dataclass(frozen=True)
class TemperedContrastiveDivergence:
    """k steps of parallel tempering for each update (Desjardins et al. 2010).

    Cho, Raiko & Ilin (2010) describe the same.  Chains at small inverse temperatures
    cross between modes and hand their states up by exchanges; the coldest rung gives
    the gradient.  The rungs move, so that neighbours exchange equally often.

    Parameters
    ----------
    k : int
        Number of sweeps, each with exchanges, for each update.
    n_chains : int
        On each rung.
    n_rungs : int
        Inverse temperatures, 0 and 1 among them.
    """

    k: int
    n_chains: int
    n_rungs: int

    def init(self, model, params, stream):
        path = annealing.base_path(model, params)
        # The parameters of a training are moved in place, the base stays.
        path = path._replace(base=each(np.copy, path.base))
        betas = np.linspace(0, 1, self.n_rungs)
        replicas = tempering.init(path, stream, betas, self.n_chains)
        return TemperedChains(path.base, betas, replicas)

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        if not isinstance(state, TemperedChains):
            return False
        return state.replicas.visible.shape[:2] == (self.n_rungs, self.n_chains)

    def step(self, model, params, state, data):
        """Sums over the coldest rung, and the replicas after it."""
        path = annealing.base_path(model, params)._replace(base=state.base)
        # The weights have moved since the inputs were computed.
        replicas = tempering.refreshed(path, state.replicas)
        replicas = tempering.run(path, state.betas, replicas, self.k)
        state = _tuned(state._replace(replicas=replicas))
        # The gradient takes the means of the hidden units, not samples of them.
        field = state.replicas.input[-1]
        mean = kernels.mean(model.hidden_unit, params.hidden, field)
        return sums(model, params, state.visible, mean), state


def _tuned(state):
    """Rungs moved to equal parts of the barrier, every hundred sweeps or so."""
    replicas = state.replicas
    if replicas.tries.min(initial=np.inf) < _TUNE_EVERY * replicas.visible.shape[1] / 2:
        return state
    barrier = np.append(0.0, np.cumsum(1 - replicas.swap_rates()))
    betas = tempering.equal_parts(barrier, state.betas, len(state.betas))
    nothing = np.zeros_like(replicas.swaps)
    fresh = replicas._replace(swaps=nothing, tries=nothing)
    return state._replace(betas=betas, replicas=fresh)
