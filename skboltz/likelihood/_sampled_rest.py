"""What known units make of the rest of a pairwise machine, by chains and their checks.

As :mod:`._sampled_posterior` for bipartite models: chains of a row that start far apart
are averaged if they agree; else annealed chains and others that start at modes are
judged as :mod:`._visited` says.
"""

import numpy as np

from ..models import Pairwise
from ..sampling import (
    Annealed,
    Purpose,
    Stream,
    annealing,
    mean_field,
    modes,
    pairwise_chains,
    partly_known,
)
from ._visited import Led, Sent, agree, apart, verdict

_KEY = (0, 0)
_BETAS = np.linspace(0.02, 1, 50)  # of the sweeps before the averaged ones
_SWEEPS = 200
_HOT, _FROM_MODES = 2, 2  # chains of each row

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
    chains = np.stack(list(_chains_of(unit, rest)), axis=1)
    mean = chains.mean(axis=1)
    left = np.flatnonzero(~agree(chains, unit.variance(mean), _span(unit, rest)))
    doubtful = np.zeros(len(mean), dtype=bool)
    if len(left):
        rows = rest._replace(rows=rest.rows[left], field=rest.field[left])
        _, mean[left], doubtful[left] = weighed(unit, rows)
    return mean, doubtful


def _span(unit, rest):
    return np.full(rest.field.shape[1], unit.distance())


def _chains_of(unit, rest):
    """Means of chains of each row, a chain of every row after the other."""
    n_rows, n_free = rest.field.shape
    params = partly_known.free_params(rest, 0)
    free = np.full((n_rows, n_free), np.nan)
    bias = np.ascontiguousarray(rest.field.T)
    for number in range(_HOT):
        stream = Stream(_KEY, Purpose.SAMPLE, shard=number)
        chains = pairwise_chains.init_hot(unit, params, free, stream, alike=True)
        chains = pairwise_chains.run(unit, chains._replace(bias=bias), _BETAS)
        yield _mean_of(unit, chains)
    starts = [apart(*_modes_of(unit, rest, row), _FROM_MODES) for row in range(n_rows)]
    for number, start in enumerate(np.swapaxes(starts, 0, 1), start=_HOT):
        stream = Stream(_KEY, Purpose.SAMPLE, shard=number)
        is_high = unit.is_high(start)
        chains = pairwise_chains.from_states(unit, params, free, is_high, stream)
        yield _mean_of(unit, chains._replace(bias=bias, alike=True))


def _mean_of(unit, chains):
    total = 0.0
    for _ in range(_SWEEPS):
        chains = pairwise_chains.step(unit, chains)
        total = total + pairwise_chains.field_means(unit, chains) / _SWEEPS
    return total


def _modes_of(unit, rest, row):
    """Modes of what a row leaves, the best first, and logarithms of their weights."""
    model, params = Pairwise(unit), partly_known.free_params(rest, row)
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
    model, params = Pairwise(unit), partly_known.free_params(rest, row)
    path = annealing.base_path(model, params)
    chains = annealing.init(path, Stream(_KEY, Purpose.FORWARD), _CHAINS)
    chains = annealing.run(path, chains, _LADDER)
    led = Led(
        chains.log_weight + path.base_log_partition(),
        *_seen(path, chains, _LAST_SWEEPS),
    )
    found = _modes_of(unit, rest, row)[0][:_MODES]
    sent = annealing.from_visible(path, found, Stream(_KEY, Purpose.REVERSE))
    means, states = _seen(path, sent, _SWEEPS_FROM_MODES)
    bounds = mean_field.lower_bounds(model, params, found)
    sent = Sent(bounds, means, np.concatenate([found, states]))
    return verdict(
        *(led, sent, _span(unit, rest)),
        log_values=lambda states: -model.energy(params, states),
        means_of=lambda states: states,
    )


def _seen(path, chains, n_sweeps):
    """Means of chains over sweeps, and the states they have visited."""
    seen, point = [], path.at(1.0)
    for _ in range(n_sweeps):
        visible, stream = path.sweep(point, chains, chains.stream)
        chains = Annealed(visible, path.input(visible), chains.log_weight, stream)
        seen.append(visible)
    return np.mean(seen, axis=0), np.concatenate(seen)
