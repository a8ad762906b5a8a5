"""What known units make of the rest of a pairwise machine, by chains and their checks.

As :mod:`._sampled_posterior` for bipartite models: chains of a row that start far apart
are averaged if they agree; else annealed chains and the states that others visit, which
start at modes, say together what carries the weight.
"""

import numpy as np
from scipy.special import logsumexp

from ..models import Pairwise
from ..sampling import (
    Annealed,
    Purpose,
    Stream,
    annealing,
    clamped,
    clamped_chains,
    modes,
)
from ._visited import apart, verdict

_KEY = (0, 0)
_BETAS = np.linspace(0.02, 1, 50)  # of the sweeps before the averaged ones
_SWEEPS = 200
_HOT, _FROM_MODES = 2, 2  # chains of each row
_AGREEMENT = 0.2  # standard deviations, of means of single chains

_CHAINS = 50
_LADDER = np.linspace(0, 1, 301)
_LAST_SWEEPS = 20
_MODES, _SWEEPS_FROM_MODES = 8, 60


def means(unit, rest):
    """E[free units] of every row, and whether to doubt them.

    Parameters
    ----------
    unit : TwoValuedUnit
    rest : Rest

    Returns
    -------
    means : ndarray of shape (n_rows, n_free)
    doubtful : ndarray of shape (n_rows,), bool
    """
    chains = np.array(list(_chains_of(unit, rest)))
    mean, spread = chains.mean(axis=0), chains.var(axis=0).sum(axis=1)
    whole = ((mean - unit.low) * (unit.high - mean)).sum(axis=1)
    doubtful = np.zeros(len(mean), dtype=bool)
    left = np.flatnonzero(spread > _AGREEMENT**2 * np.maximum(whole, 0))
    if len(left):
        rows = rest._replace(rows=rest.rows[left], field=rest.field[left])
        _, mean[left], doubtful[left] = weighed(unit, rows)
    return mean, doubtful


def _chains_of(unit, rest):
    """Means of chains of each row, a chain of every row after the other."""
    n_rows, n_free = rest.field.shape
    params = clamped.free_params(rest, 0)
    free = np.full((n_rows, n_free), np.nan)
    bias = np.ascontiguousarray(rest.field.T)
    for number in range(_HOT):
        stream = Stream(_KEY, Purpose.SAMPLE, shard=number)
        chains = clamped_chains.init_hot(unit, params, free, stream, alike=True)
        chains = clamped_chains.run(unit, chains._replace(bias=bias), _BETAS)
        yield _mean_of(unit, chains)
    starts = [apart(*_modes_of(unit, rest, row), _FROM_MODES) for row in range(n_rows)]
    for number, start in enumerate(np.swapaxes(starts, 0, 1), start=_HOT):
        stream, is_high = Stream(_KEY, Purpose.SAMPLE, shard=number), start == unit.high
        chains = clamped_chains.from_states(unit, params, free, is_high, stream)
        yield _mean_of(unit, chains._replace(bias=bias, alike=True))


def _mean_of(unit, chains):
    total = 0.0
    for _ in range(_SWEEPS):
        chains = clamped_chains.step(unit, chains)
        total = total + clamped_chains.field_means(unit, chains) / _SWEEPS
    return total


def _modes_of(unit, rest, row):
    """Modes of what a row leaves, the best first, and logarithms of their weights."""
    model, params = Pairwise(unit), clamped.free_params(rest, row)
    path = annealing.base_path(model, params)
    starts = annealing.init(path, Stream(_KEY, Purpose.LADDER, shard=1), 20).visible
    found, _ = modes.find(model, params, starts)
    return found, -model.energy(params, found)


def weighed(unit, rest):
    """Log sums and means of every row by annealed chains and the states visited.

    Returns
    -------
    log_sum : ndarray of shape (n_rows,)
    means : ndarray of shape (n_rows, n_free)
    doubtful : ndarray of shape (n_rows,), bool
    """
    rows = [_weighed(unit, rest, row) for row in range(len(rest.rows))]
    return tuple(map(np.array, zip(*rows, strict=True)))


def _weighed(unit, rest, row):
    model, params = Pairwise(unit), clamped.free_params(rest, row)
    path = annealing.base_path(model, params)
    chains = annealing.init(path, Stream(_KEY, Purpose.FORWARD), _CHAINS)
    chains = annealing.run(path, chains, _LADDER)
    annealed = _visited(path, chains, _LAST_SWEEPS)
    share = np.exp(chains.log_weight - logsumexp(chains.log_weight))
    mean = np.einsum("c,scu->u", share, annealed) / _LAST_SWEEPS
    found, _ = _modes_of(unit, rest, row)
    stream = Stream(_KEY, Purpose.REVERSE)
    others = annealing.from_visible(path, found[:_MODES], stream)
    others = _visited(path, others, _SWEEPS_FROM_MODES)
    said = verdict(
        chains.log_weight + path.base_log_partition(),
        np.concatenate(annealed),
        np.concatenate([found, *others]),
        lambda states: -model.energy(params, states),
    )
    if said.share is not None:
        mean = said.share @ said.states
    return said.log_sum, mean, said.doubtful


def _visited(path, chains, n_sweeps):
    """States of chains after each of some sweeps."""
    seen, point = [], path.at(1.0)
    for _ in range(n_sweeps):
        visible, stream = path.sweep(point, chains, chains.stream)
        chains = Annealed(visible, path.input(visible), chains.log_weight, stream)
        seen.append(visible)
    return np.array(seen)
