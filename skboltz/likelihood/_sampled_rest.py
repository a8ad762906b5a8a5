"""What known units make of the rest of a pairwise machine, by chains and their checks.

As :mod:`._sampled_posterior` for bipartite models: chains of a row that start far apart
are averaged if they agree; else annealed chains and others that start at modes are
judged as :mod:`._visited` says.  All rows see the same noise, and the answer of one
depends on no other.
"""

import numpy as np

from ..models import Pairwise
from ..sampling import Purpose, Stream, annealing, mean_field, modes, partly_known
from ._pairs_abreast import abreast, precision_of
from ._visited import Led, Sent, agree, apart, verdict

_KEY = (0, 0)
_BETAS = np.linspace(0.02, 1, 50)  # of the sweeps before the averaged ones
_SWEEPS = 200
_HOT, _FROM_MODES = 2, 2  # chains of each row

_CHAINS = 50
_LADDER = np.linspace(0, 1, 301)
_LAST_SWEEPS = 20
_MODES, _SWEEPS_FROM_MODES = 8, 60

_STATES = 2**19  # units of all chains of the rows that are worked on at once


def means(unit, rests):
    """E[free units] of every row, and whether to doubt them.

    Parameters
    ----------
    unit : TwoValuedUnit
    rests : list of Rest
        Of a single row each.

    Returns
    -------
    means : list of ndarray of shape (n_free,)
    doubtful : ndarray of shape (n_rows,), bool
    """
    found = []
    for part in _parts(unit, rests, _HOT + _FROM_MODES):
        found += zip(*_chain_means(unit, part), strict=True)
    mean, met = (list(column) for column in zip(*found, strict=True))
    doubtful, left = np.zeros(len(rests), bool), np.flatnonzero(np.logical_not(met))
    if len(left):
        _, again, doubtful[left] = weighed(unit, [rests[row] for row in left])
        for row, one in zip(left, again, strict=True):
            mean[row] = one
    return mean, doubtful


def weighed(unit, rests):
    """Log sums and means of every row by annealed chains and the states visited.

    Returns
    -------
    log_sum : ndarray of shape (n_rows,)
    means : list of ndarray of shape (n_free,)
    doubtful : ndarray of shape (n_rows,), bool
    """
    found = []
    for part in _parts(unit, rests, _CHAINS):
        found += _weighed(unit, part)
    log_sum, mean, doubtful = zip(*found, strict=True)
    return np.array(log_sum), list(mean), np.array(doubtful)


def _parts(unit, rests, n_chains):
    """Rows in parts of which as many chains each can be held, of one precision."""
    part, n_states, last = [], 0, None
    for rest in rests:
        states, dtype = n_chains * len(rest.coupling), precision_of(unit, rest)
        if part and (n_states + states > _STATES or dtype != last):
            yield part
            part, n_states = [], 0
        part.append(rest)
        n_states, last = n_states + states, dtype
    if part:
        yield part


def _modes_of(unit, rest):
    """Modes of what a row leaves, the best first, and logarithms of their weights."""
    model, params = Pairwise(unit), partly_known.free_params(rest, 0)
    path = annealing.base_path(model, params)
    starts = annealing.init(path, Stream(_KEY, Purpose.LADDER, shard=1), 20).visible
    found, _ = modes.find(model, params, starts)
    return found, -model.energy(params, found)


def _span(unit, rest):
    return np.full(len(rest.coupling), unit.distance())


# Chains that should agree -------------------------------------------------------------


def _chain_means(unit, part):
    """Means of the free units of each row, and whether its chains agree."""
    side, stream = abreast(unit, part), Stream(_KEY, Purpose.SAMPLE)
    hot, stream = side.free(_HOT, stream, beta=0.0)
    for beta in _BETAS:
        hot, stream = side.swept(hot, stream, beta=beta, of_bias=beta)
    far = np.concatenate([_far_modes(unit, rest) for rest in part], axis=1)
    state = np.concatenate([hot, far.T], axis=1, dtype=side.dtype)
    total = np.zeros(state.shape)
    for _ in range(_SWEEPS):
        state, stream = side.swept(state, stream)
        total += side.means(state)
    chains = [total[own].T / _SWEEPS for own in side.rows()]
    mean = [one.mean(axis=0) for one in chains]
    met = [
        agree(one[None], unit.variance(middle)[None], _span(unit, rest))[0]
        for one, middle, rest in zip(chains, mean, part, strict=True)
    ]
    return mean, met


def _far_modes(unit, rest):
    """The best mode of what a row leaves, and others far from it."""
    states, value = _modes_of(unit, rest)
    return states[apart(states, value, _FROM_MODES)]


# Chains that are weighed --------------------------------------------------------------


def _weighed(unit, part):
    """Log sum, means and whether to doubt them, of each row."""
    side = abreast(unit, part)
    led, sent = _led(side), _sent(unit, side, part)
    for rest, own, (found, means, states) in zip(part, led, sent, strict=True):
        model, params = Pairwise(unit), partly_known.free_params(rest, 0)
        base = unit.log_partition(params.units, params.units.bias).sum()
        bounds = mean_field.lower_bounds(model, params, found)
        yield _judged(
            *(model, params, own._replace(log_weight=own.log_weight + base)),
            *(Sent(bounds, means, states), _span(unit, rest)),
        )


def _led(side):
    """Annealed chains of each row; their weights lack that of the base."""
    stream = Stream(_KEY, Purpose.FORWARD)
    state, log_weight, stream = side.annealed(_CHAINS, _LADDER, stream)
    means, states = _seen(side, state, stream, _LAST_SWEEPS)
    return [Led(*row) for row in zip(log_weight, means, states, strict=True)]


def _sent(unit, side, part):
    """Modes of each row; means and states of chains that start at the best of them."""
    found = [_modes_of(unit, rest)[0][:_MODES] for rest in part]
    start = np.concatenate([f[np.arange(_MODES) % len(f)].T for f in found])
    stream = Stream(_KEY, Purpose.REVERSE)
    means, states = _seen(side, start.astype(side.dtype), stream, _SWEEPS_FROM_MODES)
    for modes_, mean, visited in zip(found, means, states, strict=True):
        seen = np.concatenate([np.packbits(unit.is_high(modes_), axis=1), visited])
        yield modes_[np.arange(_MODES) % len(modes_)], mean, seen


def _seen(side, state, stream, n_sweeps):
    """Means of each row's chains over sweeps, and the states visited as bits."""
    total, visited = np.zeros(state.shape), []
    for _ in range(n_sweeps):
        state, stream = side.swept(state, stream)
        total += state
        visited.append(side.unit.is_high(state))
    visited = np.array(visited)  # sweeps, units, chains
    means = [total[own].T / n_sweeps for own in side.rows()]
    states = (np.moveaxis(visited[:, own], 1, 2) for own in side.rows())
    bits = [np.packbits(s.reshape(-1, s.shape[2]), axis=1) for s in states]
    return means, bits


def _judged(model, params, led, sent, span):
    unit, n_free = model.unit, len(params.coupling)

    def states(bits):
        is_high = np.unpackbits(bits, axis=1, count=n_free)
        return unit.value(is_high, params.coupling.dtype)

    return verdict(
        *(led, sent, span),
        log_values=lambda bits: -model.energy(params, states(bits)),
        means_of=states,
    )
