"""Passes between the visible and the hidden units of a fitted machine."""

from functools import singledispatch

import numpy as np

from ... import kernels, likelihood
from ...models import Bipartite, Pairwise
from ...sampling import coupled, gibbs, pairwise_chains, partly_known
from ._chains import settled


def visible_means(fitted, h):
    """E[v | h] of every row, as features."""
    return fitted.rows.decoded(means_given(fitted.model, fitted.params, h))


def swept(fitted, v, stream):
    """Features after one Gibbs sweep from visible states, v -> h -> v."""
    visible, _ = run(fitted.model, fitted.params, v, 1, stream)
    return fitted.rows.decoded(visible)


def reconstructed(fitted, v, k, stream):
    """Means of the features after k Gibbs sweeps, the last of which ends with them."""
    _, hidden = run(fitted.model, fitted.params, v, k - 1, stream)
    return visible_means(fitted, hidden)


@singledispatch
def means_given(model, params, h):
    """E[v | h] of every row.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Another kind of model registers a function of its own.
    params : BipartiteParams or PairwiseParams
    h : ndarray of shape (n_samples, n_hidden)
    """
    raise TypeError(f"no visible units are known of a {type(model).__name__}.")


@means_given.register
def _(model: Bipartite, params, h):
    input = model.visible_input(params, h)
    kernels.tail_mean(model.visible_unit, params.visible, input, out=input)
    return input


@means_given.register
def _(model: Pairwise, params, h):
    nothing = np.full((len(h), model.n_visible), np.nan, h.dtype)
    known = np.hstack([nothing, h])
    means = likelihood.pairwise_means(model.unit, params, known)
    return means[:, : model.n_visible].astype(params.coupling.dtype)


@singledispatch
def run(model, params, v, n_sweeps, stream):
    """Visible and hidden states some sweeps on from visible ones.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Another kind of model registers a function of its own.
    params : BipartiteParams or PairwiseParams
    v : ndarray of shape (n_samples, n_visible)
    n_sweeps : int
        With 0, v as it is and hidden states drawn given it.
    stream : Stream

    Returns
    -------
    visible : ndarray of shape (n_samples, n_visible)
    hidden : ndarray of shape (n_samples, n_hidden)
    """
    raise TypeError(f"no sweeps are known of a {type(model).__name__}.")


@run.register
def _(model: Bipartite, params, v, n_sweeps, stream):
    chains = gibbs.from_visible(model, params, v, stream)
    chains = gibbs.run(model, params, chains, n_sweeps)
    return chains.visible, chains.hidden


@run.register
def _(model: Pairwise, params, v, n_sweeps, stream):
    unit, nothing = model.unit, np.full((len(v), len(params.coupling)), np.nan, v.dtype)
    states, stream = _with_hidden(model, params, v, stream)
    start = params, nothing, unit.is_high(states), stream
    chains = pairwise_chains.from_states(unit, *start)
    chains = pairwise_chains.run(unit, chains, np.ones(n_sweeps))
    states = pairwise_chains.filled(chains, nothing)
    return states[:, : model.n_visible], states[:, model.n_visible :]


def _with_hidden(model, params, v, stream):
    """States of all units, the hidden ones drawn given v."""
    known = partly_known.with_hidden(v, len(params.coupling) - model.n_visible)
    (rest,) = partly_known.rests(params, known)
    if not likelihood.is_exact(rest.coupling):
        return settled(model.unit, params, known, stream)
    known[:, rest.free], stream = coupled.draw(
        model.unit, rest.coupling, rest.field, stream
    )
    return known, stream
