"""The exact negative phase: every state, weighted by its probability."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from ...sampling import Stream, blocks, in_float64
from .._sums import Sums


@dataclass(frozen=True)
class Enumeration:
    """Expectations under the model, by enumerating its smaller layer.

    E[.] = sum_s P(s) E[. | s] over the states s of that layer: the gradient is
    then that of the log-likelihood itself.
    """

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase (of total weight 1), and the state after it."""
        n_hidden, n_visible = params.weights.shape
        if model.enumerates_visible(n_visible, n_hidden):
            return expectations(model, params), stream
        swapped = expectations(model.swap(), model.swap_params(params))
        return _swap(swapped), stream


def expectations(model, params):
    """Sums of weight 1 under the model, its visible layer enumerated.

    Each block of states has means of its own and the logarithm of a weight; it is
    blended in by its share of all weight so far.  Nothing overflows, and no more
    than a block is held.
    """
    dtype, double = params.weights.dtype, in_float64(params)
    n_hidden, n_visible = params.weights.shape
    total, log_total = None, -np.inf
    for v in blocks(model.visible_unit, n_visible, n_hidden):
        log_weight = -model.free_energy(double, v)
        log_block = logsumexp(log_weight)
        block = _block_means(model, double, v, np.exp(log_weight - log_block))
        log_sum = np.logaddexp(log_total, log_block)
        share = np.exp(log_block - log_sum)
        total = block if total is None else _blend(total, block, share)
        log_total = log_sum
    product, *rest = (array.astype(dtype) for array in total)
    n_arrays = len(params.hidden)
    return Sums(
        np.eye(n_hidden, dtype=dtype),
        product,
        type(params.hidden)(*rest[:n_arrays]),
        type(params.visible)(*rest[n_arrays:]),
        1.0,
    )


def _block_means(model, params, v, probability):
    """E[h v'] and the means for the units of each layer, as arrays."""
    unit = model.hidden_unit
    field = model.hidden_field(params, v)
    mean = unit.mean(params.hidden, field)
    return [
        (mean * probability[:, None]).T @ v,
        *unit.expected_sums(params.hidden, field, probability),
        *model.visible_unit.sums(params.visible, v, probability),
    ]


def _blend(total, block, share):
    return [(1 - share) * t + share * b for t, b in zip(total, block, strict=True)]


def _swap(sums):
    """Sums with the layers exchanged; the factors of the weights exchange too."""
    return Sums(
        sums.visible_factor,
        sums.hidden_factor,
        sums.visible,
        sums.hidden,
        sums.weight,
    )
