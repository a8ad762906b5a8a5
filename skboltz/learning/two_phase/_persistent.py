"""Persistent contrastive divergence: chains that live as long as the training."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ...sampling import Chains, gibbs
from .._sums import sums


@dataclass(frozen=True)
class PersistentContrastiveDivergence:
    """PCD-k: k sweeps of chains that are never restarted (Tieleman 2008).

    Also known as stochastic maximum likelihood (Younes 1989): for small learning
    rates the chains stay near the model's distribution.

    Parameters
    ----------
    k : int
        Number of Gibbs sweeps for each update of the parameters.
    n_chains : int
        Their number does not depend on the batch: each phase is divided by its
        own number of rows.
    draw : callable, default=gibbs.draw_visible
        How visible states are drawn given hidden ones.
    burn_in : int, default=0
        Number of sweeps before the first update, for a machine that has learnt already:
        random states tell it nothing.
    """

    from_data: ClassVar = False

    k: int
    n_chains: int
    draw: Callable = gibbs.draw_visible
    burn_in: int = 0

    def init(self, model, params, stream):
        chains = gibbs.init(model, params, stream, self.n_chains)
        return gibbs.run(model, params, chains, self.burn_in, self.draw)

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Chains) and len(state.visible) == self.n_chains

    def step(self, model, params, chains, data):
        """Sums of the negative phase, and the chains after it."""
        chains = gibbs.run(model, params, chains, self.k, self.draw)
        return sums(model, params, chains.visible, chains.hidden_mean), chains
