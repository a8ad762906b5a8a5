"""The exact negative phase: every state, weighted by its probability."""

from dataclasses import dataclass, replace
from functools import reduce
from operator import add
from typing import ClassVar

import numpy as np
from scipy.special import logsumexp

from ...models import BipartiteParams
from ...sampling import Stream, blocks, in_float64
from ...utils import each
from .._sums import Block, Sums
from ._absent import patterns


@dataclass(frozen=True)
class Enumeration:
    """Expectations under the model, by enumerating its smaller layer.

    E[.] = sum_s P(s) E[. | s] over the states s of that layer: the gradient is
    then that of the log-likelihood itself.  Where entries of the data are absent, each
    row has a machine of its own, and the expectations are means over these.
    """

    takes_mask: ClassVar = True

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase (of total weight 1), and the state after it."""
        if data is None or data.mask is None:
            return expectations(model, params), stream
        return _of_present(model, params, data), stream


def expectations(model, params):
    """Sums of weight 1 under the model, its smaller layer enumerated."""
    n_hidden, n_visible = params.weights.shape
    if model.enumerates_visible(n_visible, n_hidden):
        return _over_visible(model, params)
    return _swap(_over_visible(model.swap(), model.swap_params(params)))


def _of_present(model, params, data):
    """Means over the machines of the rows, each of the units that are present."""
    n_rows = len(data.mask)
    weight = np.ones(n_rows) if data.weight is None else data.weight
    share = weight / weight.sum()
    found = []
    for columns, rows in patterns(data.mask):
        unit = model.visible_unit.restricted(columns)
        # What is left may lack a parameter that the others have.
        visible = (
            getattr(params.visible, name)[columns] for name in unit.parameters._fields
        )
        part = BipartiteParams(
            params.weights[:, columns], unit.parameters(*visible), params.hidden
        )
        sums = expectations(replace(model, visible_unit=unit), part)
        found.append(_spread(sums, columns, share[rows].sum(), params.visible))
    return reduce(add, found)


def _spread(sums, columns, share, every):
    """Sums for some visible units as those for all, of a weight `share`.

    `every` has the parameters of all of them; the sum for one that is not there is 0.
    """

    def spread(array):
        out = np.zeros((*array.shape[:-1], len(columns)), array.dtype)
        out[..., columns] = share * array
        return out

    nothing = np.zeros_like(sums.visible.bias)
    return Sums(
        (Block(None, spread(sums.product())),),
        each(lambda array: share * array, sums.hidden),
        every._replace(
            **{
                name: spread(getattr(sums.visible, name, nothing))
                for name in every._fields
            }
        ),
        float(share),
    )


def _over_visible(model, params):
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
        (Block(np.eye(n_hidden, dtype=dtype), product),),
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
    blocks = tuple(Block(block.visible, block.hidden) for block in sums.blocks)
    return Sums(blocks, sums.visible, sums.hidden, sums.weight)
