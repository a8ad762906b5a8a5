"""Chains of visible states: an endless sequence of draws for each way to sample."""

from functools import partial

import numpy as np

from ..sampling import annealing, clamping, gibbs, tempering

SAMPLERS = ("gibbs", "tempering", "annealing")


def choose_sampler(method, given, start, n_chains, n_samples, visible_mean):
    """A function (model, params, n_chains, burn_in, stream) -> iterator of rows."""
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
    if method == "gibbs":
        return partial(plain, given=given, start=start)
    along = {"tempering": tempered, "annealing": annealed}[method]
    return partial(along, visible_mean=visible_mean)


def plain(model, params, n_chains, burn_in, stream, given=None, start=None):
    """Block Gibbs, clamped where features are given."""
    if start is None:
        chains = gibbs.init(model, params, stream, n_chains)
        start, stream = chains.visible, chains.stream
    if given is None:
        given = np.full((1, 1), np.nan, start.dtype)
    visible = clamping.filled(given, start).astype(start.dtype, copy=False)
    chains = gibbs.from_visible(model, params, visible, stream)
    chains = clamping.run(model, params, chains, given, burn_in)
    while True:
        yield chains.visible
        chains = clamping.step(model, params, chains, given)


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
