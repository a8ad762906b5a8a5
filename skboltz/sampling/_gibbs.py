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
    input, unit = model.hidden_input(params, visible), model.hidden_unit
    mean = kernels.mean(unit, params.hidden, input)
    hidden, stream = stream.sample(unit, params.hidden, input, mean)
    return Chains(visible, hidden, mean, stream)


def draw_visible(model, params, hidden, stream, visible=None):
    """Visible states from P(v | hidden), and the stream after them.

    Other ways to draw them, such as :class:`Langevin`, go on from `visible`.
    """
    input, unit = model.visible_input(params, hidden), model.visible_unit
    return stream.sample(unit, params.visible, input)


def step(model, params, chains, draw=draw_visible):
    """One sweep: v from P(v | h), or by another `draw`, then h from P(h | v)."""
    layers = chains.hidden, chains.stream, chains.visible
    visible, stream = draw(model, params, *layers)
    return from_visible(model, params, visible, stream)


def init(model, params, stream, n_chains):
    """Chains whose visible units start independent, each by its own bias.

    With all weights at zero this is the model's own distribution.
    """
    unit, dtype = model.visible_unit, params.weights.dtype
    no_input = np.zeros((n_chains, params.weights.shape[1]), dtype=dtype)
    visible, stream = stream.sample(unit, params.visible, no_input)
    return from_visible(model, params, visible, stream)


def run(model, params, chains, n_steps, draw=draw_visible):
    """Chains after a number of sweeps."""
    for _ in range(n_steps):
        chains = step(model, params, chains, draw)
    return chains
