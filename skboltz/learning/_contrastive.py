"""Contrastive divergence: the negative phase starts at the data."""

from dataclasses import dataclass

from .. import kernels
from ..sampling import Stream, gibbs
from ._sums import sums


@dataclass(frozen=True)
class ContrastiveDivergence:
    """CD-k: k sweeps of block Gibbs from each row of the batch (Hinton 2002).

    The last hidden states enter by their means.  Cheap and of low variance, but
    biased: it is not the gradient of any function.

    Parameters
    ----------
    k : int
        Number of Gibbs sweeps.
    """

    k: int

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase, and the state after it."""
        noise, stream = stream.draw(data.hidden_input.shape, data.hidden_input.dtype)
        hidden = kernels.sample(
            model.hidden_unit, params.hidden, data.hidden_input, noise
        )
        for sweep in range(self.k):
            visible, stream = gibbs.draw_visible(model, params, hidden, stream)
            if sweep == self.k - 1:
                break
            chains = gibbs.from_visible(model, params, visible, stream)
            hidden, stream = chains.hidden, chains.stream
        mean = kernels.mean(
            model.hidden_unit, params.hidden, model.hidden_input(params, visible)
        )
        return sums(model, params, visible, mean, data.weight), stream
