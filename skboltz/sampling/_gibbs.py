"""Block Gibbs sampling of a bipartite model: one whole layer, then the other."""

from typing import NamedTuple

import numpy as np

from .. import kernels
from ._stream import Stream


class Chains(NamedTuple):
    """Parallel chains of a bipartite model.

    Attributes
    ----------
    visible : ndarray of shape (n_chains, n_visible)
    hidden : ndarray of shape (n_chains, n_hidden)
        Drawn from P(h | visible).
    hidden_mean : ndarray of shape (n_chains, n_hidden)
        E[h | visible], from the same field.
    stream : Stream
    """

    visible: np.ndarray
    hidden: np.ndarray
    hidden_mean: np.ndarray
    stream: Stream


def from_visible(model, params, visible, stream):
    """Chains that start in given visible states."""
    input = model.hidden_input(params, visible)
    mean = kernels.mean(model.hidden_unit, params.hidden, input)
    noise, stream = stream.draw(input.shape, input.dtype)
    hidden = kernels.sample(model.hidden_unit, params.hidden, input, noise)
    return Chains(visible, hidden, mean, stream)


def draw_visible(model, params, hidden, stream):
    """Visible states from P(v | hidden), and the stream after them."""
    input = model.visible_input(params, hidden)
    noise, stream = stream.draw(input.shape, input.dtype)
    unit = model.visible_unit
    return kernels.sample(unit, params.visible, input, noise), stream


def step(model, params, chains):
    """One sweep: v from P(v | h), then h from P(h | v)."""
    visible, stream = draw_visible(model, params, chains.hidden, chains.stream)
    return from_visible(model, params, visible, stream)


def init(model, params, stream, n_chains):
    """Chains whose visible units start independent, each by its own bias.

    With all weights at zero this is the model's own distribution.
    """
    dtype = params.weights.dtype
    no_input = np.zeros((n_chains, params.weights.shape[1]), dtype=dtype)
    noise, stream = stream.draw(no_input.shape, dtype)
    visible = kernels.sample(model.visible_unit, params.visible, no_input, noise)
    return from_visible(model, params, visible, stream)


def run(model, params, chains, n_steps):
    """Chains after a number of sweeps."""
    for _ in range(n_steps):
        chains = step(model, params, chains)
    return chains
