"""Chains of visible states: an endless sequence of draws for each way to sample."""

from functools import partial

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ...sampling import (
    annealing,
    clamped,
    clamped_chains,
    clamping,
    exact_start,
    gibbs,
    tempering,
)
from ...utils import warn

_SETTLE = 10  # sweeps of hidden units before the visible ones are let go
SAMPLERS = ("gibbs", "tempering", "annealing")


def choose_sampler(method, given, start, n_chains, n_samples, visible_mean):
    """A function (model, params, n_chains, burn_in, stream) -> iterator of rows."""
    _check_choice(method, given, start, n_chains, n_samples)
    if method == "gibbs":
        return partial(plain, given=given, start=start)
    along = {"tempering": tempered, "annealing": annealed}[method]
    return partial(along, visible_mean=visible_mean)


def choose_pairwise_sampler(method, given, start, n_chains, n_samples, means):
    """As `choose_sampler`, of rows of all units; so are the `means`."""
    _check_choice(method, given, start, n_chains, n_samples)
    return {
        "gibbs": partial(sequential, given=given, start=start),
        "tempering": partial(tempered, visible_mean=means),
        "annealing": partial(annealed_pairwise, visible_mean=means),
    }[method]


def means_given_hidden(model, params, v, given, stream):
    """E[v | h] beside each row of visible states, h drawn given it."""
    if given is not None:  # labels of which some are known rule out others
        model, _ = clamping.held(model, given)
    hidden = gibbs.from_visible(model, params, v, stream).hidden
    return model.visible_unit.mean(params.visible, model.visible_field(params, hidden))


def means_given_others(model, params, states):
    """E[v_i | all other units] of the visible units of rows of all units."""
    mean = model.unit.mean(params.units, model.field(params, states))
    return mean[:, : model.n_visible]


def _check_choice(method, given, start, n_chains, n_samples):
    if method not in SAMPLERS:
        raise ValueError(f"method must be one of {list(SAMPLERS)}, found {method!r}.")
    if method != "gibbs" and not (given is None and start is None):
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
    if start is None:
        chains = _begun(model, params, stream, n_chains, given)
        if chains is None:
            _warn_if_locked(model.strongest(params), burn_in)
            chains = gibbs.init(model, params, stream, n_chains)
        start, stream = chains.visible, chains.stream
    if given is None:
        given = np.full_like(start[:1], np.nan)
    visible = clamping.filled(given, start).astype(start.dtype, copy=False)
    chains = gibbs.from_visible(model, params, visible, stream)
    chains = clamping.run(model, params, chains, given, burn_in, draw)
    while True:
        yield chains.visible
        chains = clamping.step(model, params, chains, given, draw)


def _begun(model, params, stream, n_chains, given):
    """Chains in the distribution of a small machine, given what is."""
    if given is None or np.isnan(given).all():
        return exact_start.of_layers(model, params, stream, n_chains)
    return exact_start.of_given(model, params, stream, given)


def _warn_if_locked(strongest, burn_in):
    """Say so where two units hardly ever let each other go.

    With a coupling of w nats, where both values are as likely, either unit leaves the
    value that the other asks for with the odds exp(-w / 2) in a sweep.
    """
    if strongest / 2 > np.log(burn_in + 1):
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
    unit, n_hidden = model.unit, len(params.coupling) - model.n_visible
    if given is None:
        given = np.full((n_chains, model.n_visible), np.nan, params.coupling.dtype)
    known = clamped.with_hidden(given, n_hidden)
    if start is None:
        chains = clamped_chains.init(unit, params, known, stream)
        exact = exact_start.of_pairs(unit, chains)
        if exact is None:
            _warn_if_locked(model.strongest(params), burn_in)
        else:
            chains = exact
    else:
        begin = clamped.with_hidden(start, n_hidden)
        is_high, stream = _settled(unit, params, begin, stream)
        chains = clamped_chains.from_states(unit, params, known, is_high, stream)
    chains = clamped_chains.run(unit, chains, np.ones(burn_in))
    while True:
        yield clamped_chains.filled(chains, known)
        chains = clamped_chains.step(unit, chains)


def _settled(unit, params, known, stream):
    """Which units are high after some sweeps of the hidden ones alone."""
    chains = clamped_chains.init(unit, params, known, stream)
    chains = clamped_chains.run(unit, chains, np.ones(_SETTLE))
    states = clamped_chains.filled(chains, known)
    return 2 * states > unit.low + unit.high, chains.stream


def annealed_pairwise(model, params, n_chains, burn_in, stream, visible_mean=None):
    """States of all units led from independent ones, then plain sweeps."""
    path = annealing.base_path(model, params, visible_mean)
    chains = annealing.init(path, stream, n_chains)
    chains = annealing.run(path, chains, np.linspace(0, 1, burn_in + 1))
    state = np.ascontiguousarray(chains.visible.T)
    chains = clamped_chains.free(params, state, chains.stream)
    while True:
        yield chains.visible
        chains = clamped_chains.step(model.unit, chains)
