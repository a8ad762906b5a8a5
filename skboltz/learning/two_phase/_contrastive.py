"""Contrastive divergence: the negative phase starts at the data."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from ... import kernels
from ...sampling import Stream, gibbs
from .._sums import sums
from ._absent import drawn_present


@dataclass(frozen=True)
class ContrastiveDivergence:
    """CD-k: k sweeps of block Gibbs from each row of the batch (Hinton 2002).

    The last hidden states enter by their means.  Cheap and of low variance, but
    biased: it is not the gradient of any function.

    Parameters
    ----------
    k : int
        Number of Gibbs sweeps.
    draw : callable, default=gibbs.draw_visible
        How visible states are drawn given hidden ones.
    """

    from_data: ClassVar = True  # each chain belongs to a row
    takes_mask: ClassVar = True  # and so to the machine of that row

    k: int
    draw: Callable = gibbs.draw_visible

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase, and the state after it."""
        unit, input = model.hidden_unit, data.hidden_input
        hidden, stream = stream.sample(unit, params.hidden, input, data.hidden_mean)
        visible, draw = data.visible, drawn_present(self.draw, data.mask)
        for sweep in range(self.k):
            visible, stream = draw(model, params, hidden, stream, visible)
            if sweep == self.k - 1:
                break
            chains = gibbs.from_visible(model, params, visible, stream)
            hidden, stream = chains.hidden, chains.stream
        mean = kernels.mean(unit, params.hidden, model.hidden_input(params, visible))
        weight, mask = data.weight, data.mask
        return sums(model, params, visible, mean, weight, mask), stream
