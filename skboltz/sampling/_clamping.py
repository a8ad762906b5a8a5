"""Block Gibbs sampling of the visible units that are not given."""

from dataclasses import replace

import numpy as np

from .. import kernels
from . import _gibbs as gibbs


def filled(given, values):
    """`given`, with its NaN replaced by `values`."""
    return np.where(np.isnan(given), values, given)


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


def means(model, params, given, stream, burn_in, n_sweeps):
    """E[v | known] and E[h | known] averaged over a chain for each row.

    Every row sees the same noise, so that its answer depends on nothing but itself.

    Returns
    -------
    visible : ndarray of shape (n_rows, n_visible)
        Known units as given.
    hidden : ndarray of shape (n_rows, n_hidden)
    """
    model, given = held(model, given)
    n, dtype = len(given), params.weights.dtype
    lower, upper = model.visible_unit, model.hidden_unit
    no_input = np.zeros(given.shape, dtype)
    noise, stream = stream.draw_alike(given.shape, dtype, lower.noise)
    v = kernels.sample(lower, params.visible, no_input, noise)
    v = filled(given, v)
    visible, hidden = np.zeros(given.shape), np.zeros((n, len(params.weights)))
    for sweep in range(burn_in + n_sweeps):
        field = model.hidden_field(params, v)
        noise, stream = stream.draw_alike(field.shape, dtype, upper.noise)
        h = upper.sample(params.hidden, field, noise)
        back = model.visible_field(params, h)
        if sweep >= burn_in:
            hidden += upper.mean(params.hidden, field)
            visible += lower.mean(params.visible, back)
        noise, stream = stream.draw_alike(back.shape, dtype, lower.noise)
        v = filled(given, lower.sample(params.visible, back, noise))
    return filled(given, visible / n_sweeps), hidden / n_sweeps
