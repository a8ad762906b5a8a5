"""Persistent chains driven by fast weights."""

from dataclasses import dataclass
from typing import NamedTuple

from ... import kernels
from ...models import BipartiteParams
from ...sampling import Chains, gibbs
from ...utils import each
from .._sums import sums
from ._gradient import in_variances, plain_step

_DECAY = 0.95  # of the fast weights at each update (Tieleman & Hinton 2009)


class FastChains(NamedTuple):
    """Chains, and what their parameters have beyond those of the model."""

    chains: Chains
    fast: BipartiteParams

    @property
    def visible(self):
        return self.chains.visible


@dataclass(frozen=True)
class FastPersistentContrastiveDivergence:
    """PCD-k whose chains also feel fast weights (Tieleman & Hinton 2009).

    The fast weights follow the same gradient at a rate of their own and decay by a
    twentieth at each update: they raise the energy where the chains are, and so
    drive them on.  The chains then mix faster than the model does, and are no longer
    samples of it.

    Parameters
    ----------
    k, n_chains : int
        As in PersistentContrastiveDivergence.
    fast_rate : float
        Learning rate of the fast weights.
    """

    k: int
    n_chains: int
    fast_rate: float

    def init(self, model, params, stream):
        chains = gibbs.init(model, params, stream, self.n_chains)
        return FastChains(chains, each(lambda array: 0 * array, params))

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        if not isinstance(state, FastChains):
            return False
        return len(state.chains.visible) == self.n_chains

    def step(self, model, params, state, data):
        """Sums of the negative phase, and chains and fast weights after it."""
        driven = _driven(params, state.fast)
        model.restrain(driven)
        chains = gibbs.run(model, driven, state.chains, self.k)
        # What the model itself makes of the states that the chains have come to.
        input = model.hidden_input(params, chains.visible)
        mean = kernels.mean(model.hidden_unit, params.hidden, input)
        negative = sums(model, params, chains.visible, mean)
        phases = data.sums, negative, self.fast_rate
        move = plain_step(model, params, *phases)
        in_variances(model, params, move)
        fast = each(lambda old, new: _DECAY * old + new, state.fast, move)
        return negative, FastChains(chains, fast)


def _driven(params, fast):
    """Parameters of the chains: weights and biases are fast, variances are not."""
    driven = each(lambda slow, quick: slow + quick, params, fast)
    return driven._replace(
        visible=params.visible._replace(bias=driven.visible.bias),
        hidden=params.hidden._replace(bias=driven.hidden.bias),
    )
