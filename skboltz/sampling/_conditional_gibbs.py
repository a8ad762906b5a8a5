"""Block Gibbs sampling of the visible units that are not given."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..utils import chosen
from . import _gibbs as gibbs


def filled(given, values):
    """`given`, with its NaN replaced by `values`."""
    return chosen(np.isnan(given), values, given)


def held(model, given):
    """The model with its visible units held, and what is given completed.

    A label of which some columns are known has fewer states; the last one that is
    missing may be known as well.
    """
    given = model.visible_unit.implied(given)
    unit = model.visible_unit.given(given)
    if unit is not model.visible_unit:
        model = replace(model, visible_unit=unit)
    return model, given


def step(model, params, chains, given, draw=gibbs.draw_visible):
    """One sweep of chains whose visible units stay as given, but for the NaN.

    v from P(v | h), the known units put back, then h from P(h | v): a Gibbs sampler
    of P(missing units, h | known units).
    """
    model, given = held(model, given)
    layers = chains.hidden, chains.stream, chains.visible
    visible, stream = draw(model, params, *layers)
    return gibbs.from_visible(model, params, filled(given, visible), stream)


def run(model, params, chains, given, n_steps, draw=gibbs.draw_visible):
    """Chains after a number of sweeps."""
    for _ in range(n_steps):
        chains = step(model, params, chains, given, draw)
    return chains


def init(model, params, given, stream):
    """Chains whose missing units start independent, each by its own bias."""
    model, given = held(model, given)
    chains = gibbs.init(model, params, stream, len(given))
    visible = filled(given, chains.visible)
    return gibbs.from_visible(model, params, visible, chains.stream)


class Sweep(NamedTuple):
    """What a sweep of chains has seen.

    Attributes
    ----------
    hidden : ndarray of shape (n_chains, n_hidden)
        States drawn given the visible ones of the sweep before.
    hidden_mean : ndarray of shape (n_chains, n_hidden)
        Means given the same.
    visible : ndarray of shape (n_chains, n_visible)
        States drawn given the hidden ones, but for what is given.
    visible_mean : ndarray of shape (n_chains, n_visible)
        Means given the hidden states; what is given is not put back.
    """

    hidden: np.ndarray
    hidden_mean: np.ndarray
    visible: np.ndarray
    visible_mean: np.ndarray


def walk(model, params, given, visible, stream):
    """Sweeps without end of chains that start from visible states.

    Parameters
    ----------
    model : Bipartite
    params : BipartiteParams
    given : ndarray of shape (n_chains, n_visible)
        NaN where a unit is free.
    visible : ndarray of shape (n_chains, n_visible)
    stream : Stream or Alike

    Yields
    ------
    Sweep
    """
    model, given = held(model, given)
    lower, upper, dtype = model.visible_unit, model.hidden_unit, params.weights.dtype
    v = filled(given, visible).astype(dtype)
    while True:
        field = model.hidden_field(params, v)
        noise, stream = stream.draw(field.shape, dtype, upper.noise)
        h = upper.sample(params.hidden, field, noise)
        back = model.visible_field(params, h)
        hidden_mean = upper.mean(params.hidden, field)
        visible_mean = lower.mean(params.visible, back)
        noise, stream = stream.draw(back.shape, dtype, lower.noise)
        v = filled(given, lower.sample(params.visible, back, noise)).astype(dtype)
        yield Sweep(h, hidden_mean, v, visible_mean)
