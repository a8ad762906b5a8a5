"""Chains of visible states: an endless sequence of draws for each way to sample."""

from functools import singledispatch

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ...models import Bipartite, Pairwise
from ...sampling import (
    Langevin,
    annealing,
    conditional_gibbs,
    exact_start,
    gibbs,
    pairwise_chains,
    partly_known,
    tempering,
)
from ...utils import warn

_SETTLE = 10  # sweeps of hidden units before the visible ones are let go
SAMPLERS = ("gibbs", "tempering", "annealing")
BURN_IN = 1000  # sweeps, unless asked for or needless
TEMPERED_BURN_IN = 200


def default_burn_in(method):
    """Sweeps before the first row, where chains do not start in the distribution."""
    return TEMPERED_BURN_IN if method == "tempering" else BURN_IN


def chains_of(fitted, method, n_chains, burn_in, stream, given=None, start=None):
    """States of chains, after `burn_in` sweeps and after each one more."""
    means, model = fitted.base_means(), fitted.model
    begin = {"given": given, "start": start, "means": means}
    return drawn(model, fitted.params, method, n_chains, burn_in, stream, **begin)


@singledispatch
def drawn(model, params, method, n_chains, burn_in, stream, *, given, start, means):
    """An endless sequence of states of chains.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Another kind of model registers a function of its own.
    params : BipartiteParams or PairwiseParams
    method : {"gibbs", "tempering", "annealing"} or Langevin
        The first alone takes `given` and `start`, and so does the last.
    n_chains : int
    burn_in : int or None
        None: as by :func:`default_burn_in`, or 0 where chains start exactly.
    stream : Stream
    given, start : ndarray of shape (n_chains, n_visible) or None
    means : ndarray or None
        Of the base of an annealing.

    Yields
    ------
    ndarray of shape (n_chains, n_visible)
        Of a pairwise model (n_chains, n_units), the hidden units last.
    """
    raise TypeError(f"no chains are known of a {type(model).__name__}.")


@drawn.register
def _(
    model: Bipartite, params, method, n_chains, burn_in, stream, *, given, start, means
):
    run = model, params, n_chains, burn_in, stream
    if isinstance(method, Langevin):
        return plain(*run, given, start, draw=method.draw_visible)
    if method == "gibbs":
        return plain(*run, given, start)
    along = {"tempering": tempered, "annealing": annealed}[method]
    run = model, params, n_chains, _asked(burn_in, method), stream
    return along(*run, visible_mean=means)


@drawn.register
def _(
    model: Pairwise, params, method, n_chains, burn_in, stream, *, given, start, means
):
    run = model, params, n_chains, burn_in, stream
    if method == "gibbs":
        return sequential(*run, given, start)
    along = {"tempering": tempered, "annealing": annealed_pairwise}[method]
    run = model, params, n_chains, _asked(burn_in, method), stream
    return along(*run, visible_mean=means)


def _asked(burn_in, method):
    return default_burn_in(method) if burn_in is None else burn_in


@singledispatch
def drawn_exactly(model, params, n_chains, stream, given):
    """Independent states from the distribution of a small machine, given what is.

    Parameters
    ----------
    model : Bipartite or Pairwise
        Another kind of model registers a function of its own, or has none.
    params : BipartiteParams or PairwiseParams
    n_chains : int
    stream : Stream
    given : ndarray of shape (n_chains, n_visible) or None

    Returns
    -------
    ndarray or None
        As :func:`drawn` yields them; None if there are too many to enumerate.
    """
    return None


@drawn_exactly.register
def _(model: Bipartite, params, n_chains, stream, given):
    model.check_normalisable(params)
    chains = _begun(model, params, stream, n_chains, given)
    return None if chains is None else chains.visible


@drawn_exactly.register
def _(model: Pairwise, params, n_chains, stream, given):
    known, chains = _pairwise_init(model, params, n_chains, stream, given)
    chains = exact_start.of_pairs(model.unit, chains)
    return None if chains is None else pairwise_chains.filled(chains, known)


def _pairwise_init(model, params, n_chains, stream, given):
    """What is known of all units, and chains that start by the biases."""
    n_units, dtype = len(params.coupling), params.coupling.dtype
    if given is None:
        chains = pairwise_chains.init_free(model.unit, params, n_chains, stream)
        return np.full((n_chains, n_units), np.nan, dtype), chains
    known = partly_known.with_hidden(given, n_units - model.n_visible)
    return known, pairwise_chains.init(model.unit, params, known, stream)


def check_sampler(model, method, given, start, n_chains, n_samples):
    """Refuse a way to sample that a model or the other arguments do not go with."""
    moves = isinstance(method, Langevin) and method.suits(model)
    if not moves and method not in SAMPLERS:
        raise ValueError(f"method must be one of {list(SAMPLERS)}, found {method!r}.")
    if not moves and method != "gibbs" and not (given is None and start is None):
        name = "given" if given is not None else "start"
        raise ValueError(f'{name} needs method="gibbs", found {method!r}.')
    if given is not None and n_chains != n_samples:
        raise ValueError(
            f"n_chains is {n_chains}, but each of the {n_samples} rows given needs a "
            f"chain of its own; leave n_chains out."
        )


def plain(
    model,
    params,
    n_chains,
    burn_in,
    stream,
    given=None,
    start=None,
    draw=gibbs.draw_visible,
):
    """Block Gibbs, clamped where features are given."""
    model.check_normalisable(params)
    chains = _begun(model, params, stream, n_chains, given) if start is None else None
    burn_in = _sweeps(burn_in, chains is not None)
    if start is None and chains is None:
        _warn_if_locked(model, params, burn_in)
        chains = gibbs.init(model, params, stream, n_chains)
    if chains is not None:
        start, stream = chains.visible, chains.stream
    if given is not None:
        start = conditional_gibbs.filled(given, start).astype(start.dtype, copy=False)
    chains = gibbs.from_visible(model, params, start, stream)
    chains = _swept(model, params, chains, given, burn_in, draw)
    while True:
        yield chains.visible
        chains = _swept(model, params, chains, given, 1, draw)


def _swept(model, params, chains, given, n_sweeps, draw):
    """Chains after some sweeps, clamped where anything is given."""
    if given is None:
        return gibbs.run(model, params, chains, n_sweeps, draw)
    return conditional_gibbs.run(model, params, chains, given, n_sweeps, draw)


def _sweeps(burn_in, is_exact):
    """Sweeps before the first row: none that nobody asked for, if chains need none."""
    if burn_in is None:
        return 0 if is_exact else BURN_IN
    return burn_in


def _begun(model, params, stream, n_chains, given):
    """Chains in the distribution of a small machine, given what is."""
    if given is None or np.isnan(given).all():
        return exact_start.of_layers(model, params, stream, n_chains)
    return exact_start.of_given(model, params, stream, given)


@singledispatch
def can_be_watched(model):
    """Whether the chains of a model have an energy, by which one sees how they move."""
    return False


can_be_watched.register(Bipartite, lambda model: True)
can_be_watched.register(Pairwise, lambda model: True)


def is_locked(model, params, burn_in):
    """Whether two units may hardly ever let each other go.

    With a coupling of w nats, where both values are as likely, either unit leaves the
    value that the other asks for with the odds exp(-w / 2) in a sweep.
    """
    return model.strongest(params) / 2 > np.log(burn_in + 1)


def _warn_if_locked(model, params, burn_in):
    """Say so where chains may stay where they began."""
    if is_locked(model, params, burn_in):
        strongest = model.strongest(params)
        warn(
            f"Chains may stay where they began: the strongest coupling, of "
            f"{strongest:.3g} nats, may hold two units together for "
            f"exp({strongest / 2:.3g}) sweeps, of which there are {burn_in}. Where a "
            f"feature follows from others, fit with l2 > 0; else take "
            f'method="tempering", or pass start.',
            ConvergenceWarning,
        )


def tempered(model, params, n_chains, burn_in, stream, visible_mean=None):
    """The coldest rung of parallel tempering, on a ladder tuned first."""
    path = annealing.base_path(model, params, visible_mean)
    betas, stream = tempering.tuned_ladder(path, stream)
    replicas = tempering.init(path, stream, betas, n_chains)
    replicas = tempering.run(path, betas, replicas, burn_in)
    while True:
        yield replicas.visible[-1]
        replicas = tempering.step(path, betas, replicas)


def annealed(model, params, n_chains, burn_in, stream, visible_mean=None):
    """Chains led from independent units, then plain sweeps."""
    path = annealing.base_path(model, params, visible_mean)
    chains = annealing.init(path, stream, n_chains)
    chains = annealing.run(path, chains, np.linspace(0, 1, burn_in + 1))
    chains = gibbs.from_visible(model, params, chains.visible, chains.stream)
    while True:
        yield chains.visible
        chains = gibbs.step(model, params, chains)


def sequential(model, params, n_chains, burn_in, stream, given=None, start=None):
    """States of all units, swept in order but for those that are given."""
    unit = model.unit
    known, chains = _pairwise_init(model, params, n_chains, stream, given)
    exact = exact_start.of_pairs(unit, chains) if start is None else None
    burn_in = _sweeps(burn_in, exact is not None)
    if start is not None:
        begin = partly_known.with_hidden(start, known.shape[1] - model.n_visible)
        states, stream = settled(unit, params, begin, stream)
        start = known, unit.is_high(states), stream
        chains = pairwise_chains.from_states(unit, params, *start)
    elif exact is None:
        _warn_if_locked(model, params, burn_in)
    else:
        chains = exact
    chains = pairwise_chains.run(unit, chains, np.ones(burn_in))
    while True:
        yield pairwise_chains.filled(chains, known)
        chains = pairwise_chains.step(unit, chains)


def settled(unit, params, known, stream):
    """States of all units after ten sweeps of the hidden ones alone."""
    chains = pairwise_chains.init(unit, params, known, stream)
    chains = pairwise_chains.run(unit, chains, np.ones(_SETTLE))
    return pairwise_chains.filled(chains, known), chains.stream


def annealed_pairwise(model, params, n_chains, burn_in, stream, visible_mean=None):
    """States of all units led from independent ones, then plain sweeps."""
    path = annealing.base_path(model, params, visible_mean)
    chains = annealing.init(path, stream, n_chains)
    chains = annealing.run(path, chains, np.linspace(0, 1, burn_in + 1))
    state = np.ascontiguousarray(chains.visible.T)
    chains = pairwise_chains.free(params, state, chains.stream)
    while True:
        yield chains.visible
        chains = pairwise_chains.step(model.unit, chains)
