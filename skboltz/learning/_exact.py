"""The exact negative phase: every state, weighted by its probability."""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from ..sampling import Stream, blocks, in_float64
from ._sums import Sums


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
        if n_visible <= n_hidden:
            return expectations(model, params), stream
        swapped = expectations(model.swap(), model.swap_params(params))
        return _swap(swapped), stream


def expectations(model, params):
    """Sums of weight 1 under the model, its visible layer enumerated."""
    dtype = params.weights.dtype
    params = in_float64(params)
    n_hidden, n_visible = params.weights.shape
    every = list(blocks(model.visible_unit, n_visible, n_hidden))
    log_weights = [-model.free_energy(params, v) for v in every]
    log_z = logsumexp(np.concatenate(log_weights))
    total = None
    for v, log_weight in zip(every, log_weights, strict=True):
        part = _block_sums(model, params, v, np.exp(log_weight - log_z))
        total = part if total is None else _add(total, part)
    product, hidden, visible = _cast(total, dtype)
    return Sums(np.eye(n_hidden, dtype=dtype), product, hidden, visible, 1.0)


def _block_sums(model, params, v, probability):
    """Weighted sums of psi(h) phi(v)', and for the units of each layer."""
    hidden = model.hidden_unit
    mean = hidden.mean(params.hidden, model.hidden_field(params, v))
    psi = hidden.statistic(params.hidden, mean)
    phi = model.visible_unit.statistic(params.visible, v)
    return (
        (psi * probability[:, None]).T @ phi,
        hidden.parameter_sums(params.hidden, mean, probability),
        model.visible_unit.parameter_sums(params.visible, v, probability),
    )


def _add(a, b):
    """Sum of two equally nested tuples of arrays."""
    if isinstance(a, np.ndarray):
        return a + b
    parts = [_add(x, y) for x, y in zip(a, b, strict=True)]
    return tuple(parts) if type(a) is tuple else type(a)(*parts)


def _cast(a, dtype):
    if isinstance(a, np.ndarray):
        return a.astype(dtype)
    parts = [_cast(part, dtype) for part in a]
    return tuple(parts) if type(a) is tuple else type(a)(*parts)


def _swap(sums):
    """Sums with the layers exchanged; the factors of the weights exchange too."""
    return Sums(
        sums.visible_factor,
        sums.hidden_factor,
        sums.visible,
        sums.hidden,
        sums.weight,
    )
