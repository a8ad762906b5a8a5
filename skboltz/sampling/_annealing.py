"""Annealing: chains led from independent units to a bipartite model, or back."""

from typing import NamedTuple

import numpy as np

from .. import kernels
from ..models import Bipartite, BipartiteParams
from ..utils import each
from ._stream import Stream


class Layers(NamedTuple):
    """Parameters of the units of both layers, without couplings."""

    visible: NamedTuple
    hidden: NamedTuple


class Path(NamedTuple):
    """Distributions between independent units and a bipartite model.

    At the inverse temperature beta the parameters are (1 - beta) base + beta target;
    the base has no weights, so that those of the target are scaled by beta
    (Salakhutdinov & Murray 2008, section 4.1).

    Attributes
    ----------
    model : Bipartite
    base : Layers
        The independent units at beta = 0.
    target : BipartiteParams
        The model at beta = 1.
    """

    model: Bipartite
    base: Layers
    target: BipartiteParams


class Annealed(NamedTuple):
    """Chains on a path.

    Attributes
    ----------
    visible : ndarray of shape (n_chains, n_visible)
    input : ndarray of shape (n_chains, n_hidden)
        What the hidden units receive from them at beta = 1.
    log_weight : ndarray of shape (n_chains,)
        Sum of log f(v; next beta) / f(v; beta) over the steps taken, f the
        unnormalised distribution; in float64.
    stream : Stream
    """

    visible: np.ndarray
    input: np.ndarray
    log_weight: np.ndarray
    stream: Stream


def base_path(model, target, visible_mean=None):
    """A path from independent units of given means, the hidden ones without bias.

    Parameters
    ----------
    model : Bipartite
    target : BipartiteParams
    visible_mean : ndarray of shape (n_visible,), default=None
        Means of the visible units at beta = 0, strictly between their values: the
        base rates of the data; by default those of the target without couplings.

    Returns
    -------
    Path
    """
    visible = target.visible
    if visible_mean is not None:
        visible = model.visible_unit.bias_for_mean(visible_mean.astype(np.float64))
    hidden = each(np.zeros_like, target.hidden)
    return Path(model, Layers(visible, hidden), target)


def layers_at(path, beta):
    """Parameters of the units at an inverse temperature, in float64."""

    def mix(a, b):
        return (1 - beta) * a.astype(np.float64) + beta * b.astype(np.float64)

    return each(mix, path.base, Layers(path.target.visible, path.target.hidden))


def base_log_partition(path):
    """log Z of the independent units at beta = 0."""
    total = 0.0
    units = path.model.visible_unit, path.model.hidden_unit
    for unit, params in zip(units, layers_at(path, 0.0), strict=True):
        total += unit.log_partition(params, unit.field(params, 0.0)).sum()
    return float(total)


def log_ratio(path, layers, beta, new_layers, new_beta, states):
    """log f(v; new beta) / f(v; beta) = F(v; beta) - F(v; new beta), in float64.

    `states` has the fields `visible` and `input`, the hidden input at beta = 1.
    """
    unit, dtype = path.model.hidden_unit, states.input.dtype
    old = beta, cast(layers.hidden, dtype)
    new = new_beta, cast(new_layers.hidden, dtype)
    change = path.model.visible_unit.base_energy_change
    return kernels.log_ratio(unit, states.input, old, new) - change(
        layers.visible, new_layers.visible, states.visible
    )


def cast(params, dtype):
    return each(lambda array: array.astype(dtype), params)


def init(path, stream, n_chains):
    """Chains in the distribution of the independent units."""
    dtype = path.target.weights.dtype
    no_input = np.zeros((n_chains, path.target.weights.shape[1]), dtype)
    noise, stream = stream.draw(no_input.shape, dtype)
    bias = cast(path.base.visible, dtype)
    visible = kernels.sample(path.model.visible_unit, bias, no_input, noise)
    return from_visible(path, visible, stream)


def from_visible(path, visible, stream):
    """Chains in given states, none of their weights gathered yet."""
    input = path.model.hidden_input(path.target, visible)
    return Annealed(visible, input, np.zeros(len(visible)), stream)


def step(path, chains, beta, next_beta):
    """Weigh each state at the next inverse temperature, then sweep there."""
    input = chains.input
    layers = layers_at(path, next_beta)
    gain = log_ratio(path, layers_at(path, beta), beta, layers, next_beta, chains)
    visible, stream = sweep(path, layers, next_beta, input, chains.stream)
    input = path.model.hidden_input(path.target, visible)
    return Annealed(visible, input, chains.log_weight + gain, stream)


def sweep(path, layers, beta, input, stream):
    """Visible states after h from P(h | v; beta) and v from P(v | h; beta)."""
    model, dtype = path.model, input.dtype
    noise, stream = stream.draw(input.shape, dtype)
    hidden_params = cast(layers.hidden, dtype)
    hidden = kernels.sample(model.hidden_unit, hidden_params, beta * input, noise)
    back = model.visible_input(path.target, hidden)
    back *= dtype.type(beta)
    noise, stream = stream.draw(back.shape, dtype)
    visible_params = cast(layers.visible, dtype)
    return kernels.sample(model.visible_unit, visible_params, back, noise), stream


def run(path, chains, betas):
    """Chains led along a ladder of inverse temperatures."""
    for beta, next_beta in zip(betas[:-1], betas[1:], strict=True):
        chains = step(path, chains, float(beta), float(next_beta))
    return chains
