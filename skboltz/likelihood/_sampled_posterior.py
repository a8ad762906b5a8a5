"""What known features make of the rest of a row, where sums are too long: chains.

Means are averaged over chains that start far apart, if they agree.  Else, and for free
energies, two groups of chains are sent out, and judged as :mod:`._visited` says: those
that are annealed (Neal 2001), and those that start at the best hidden states to which
climbing f(h), the sum over the missing units of exp(-E), has led.

All rows see the same noise, and each has products of its own, so that the answer of one
depends on no other.
"""

import itertools
from typing import NamedTuple

import numpy as np

from ..sampling import Purpose, Stream, mean_field
from . import _climbing as climbing
from ._abreast import abreast, left_by, whole
from ._visited import Led, Sent, agree, apart, spread, verdict

_KEY = (0, 0)

_MEAN_CHAINS, _BURN_IN, _SWEEPS = 4, 30, 150
_SLOW = 0.75  # kept by a sweep: 4 x 150 sweeps are then worth 90 draws

_CHAINS = 50  # annealed
_BETAS = np.linspace(0, 1, 301)
_LAST_SWEEPS = 20  # at the end of annealing
_FROM_ENDS, _SWEEPS_FROM_ENDS = 8, 60
_RELAXING = 50  # steps of mean field

_STATES = 2**19  # units of all chains of the rows that are worked on at once
_WEIGHTS = 2**21  # of their machines


class Unsummed(NamedTuple):
    """Rows whose sums are too long.

    Attributes
    ----------
    model : Bipartite
    params : BipartiteParams
        In double precision.
    rests : list of Rest
        What each row leaves of the model, one for each.
    """

    model: object
    params: tuple
    rests: list

    def of(self, chosen):
        """The same of some of the rows, by their numbers."""
        return self._replace(rests=[self.rests[row] for row in chosen])

    def parts(self, n_chains):
        """Rows in parts of which as many chains each can be held, with their weights.

        Which rows go together says nothing to any of them.
        """
        part, n_states, n_weights, last = [], 0, 0, None
        for rest in self.rests:
            n_missing = len(rest.columns)
            states = n_chains * (n_missing + rest.n_hidden)
            shared = last is not None and rest.columns is last.columns
            weights = 0 if shared else n_missing * rest.n_hidden
            if part and (n_states + states > _STATES or n_weights + weights > _WEIGHTS):
                yield part
                part, n_states, n_weights = [], 0, 0
                weights = n_missing * rest.n_hidden
            part.append(rest)
            last, n_states, n_weights = rest, n_states + states, n_weights + weights
        if part:
            yield part


class Sampled(NamedTuple):
    """Estimates of rows, and which of them are not to be trusted.

    Attributes
    ----------
    log_weight : ndarray of shape (n_rows,)
        log of the sum of exp(-E) over the missing and the hidden units.
    visible : list of ndarray of shape (n_missing,)
        Means of the missing units of each row.
    hidden : ndarray of shape (n_rows, n_hidden)
    doubtful : ndarray of shape (n_rows,), bool
    """

    log_weight: np.ndarray
    visible: list
    hidden: np.ndarray
    doubtful: np.ndarray


def means(unsummed):
    """E[v | known] and E[h | known] of every row, and whether to doubt them.

    Four chains of a row start as far apart as can be.  If their means agree they have
    met, and are averaged; else the row is annealed, see :func:`weighed`.

    Returns
    -------
    visible : list of ndarray of shape (n_missing,)
        Of each row.
    hidden : ndarray of shape (n_rows, n_hidden)
    doubtful : ndarray of shape (n_rows,), bool
    """
    machine = whole(unsummed.model, unsummed.params)
    found = climbing.known_modes(machine.model, machine.params)
    parts = unsummed.parts(_MEAN_CHAINS)
    rows = [row for part in parts for row in _chain_means(machine, part, found)]
    visible, hidden, agree = (list(column) for column in zip(*rows, strict=True))
    hidden, doubtful = np.array(hidden), _slow(unsummed)
    left = np.flatnonzero(np.logical_not(agree))
    if len(left):
        sampled = weighed(unsummed.of(left))
        hidden[left], doubtful[left] = sampled.hidden, sampled.doubtful
        for row, mean in zip(left, sampled.visible, strict=True):
            visible[row] = mean
    return visible, hidden, doubtful


def weighed(unsummed):
    """Weights and means of every row by annealed chains and the states visited."""
    machine = whole(unsummed.model, unsummed.params)
    found = climbing.known_modes(machine.model, machine.params)
    parts = unsummed.parts(_CHAINS)
    rows = [row for part in parts for row in _weighed(machine, part, found)]
    log_weight, visible, hidden, doubtful = zip(*rows, strict=True)
    doubtful = np.array(doubtful) | _slow(unsummed)
    return Sampled(np.array(log_weight), list(visible), np.array(hidden), doubtful)


def _slow(unsummed):
    """Rows of which no chain gets far from its start, so that all seem to agree."""
    if not unsummed.model.may_diverge:
        return np.zeros(len(unsummed.rests), dtype=bool)
    kept = [rest.model.memory(rest.params) for rest in unsummed.rests]
    return np.array(kept) > _SLOW


def _span(rest):
    """Range of the values of the missing and of the hidden units of a row."""
    units = rest.model.visible_unit, rest.model.hidden_unit
    sizes = len(rest.columns), rest.n_hidden
    return np.concatenate(
        [np.broadcast_to(u.high - u.low, n) for u, n in zip(units, sizes, strict=True)]
    )


def _ends(side, part, found):
    """Good hidden states of each row."""
    for one, rest in zip(side.machines, part, strict=True):
        yield climbing.ends(one, rest.columns, found)


def _totals(side, n_chains):
    """Room for sums of the missing units of all rows, and of their hidden ones."""
    sizes = side.limits[-1:], side.pull.shape
    return [np.zeros((n_chains, *size)) for size in sizes]


def _of_rows(side, totals):
    """Such sums row by row, shape (n_chains, n_missing + n_hidden)."""
    visible, hidden = totals
    for row, own in enumerate(side.columns()):
        yield np.concatenate([visible[:, own], hidden[:, row]], axis=1)


# Chains that should agree -------------------------------------------------------------


def _chain_means(machine, part, found):
    """Means of the missing and the hidden units of each row, and whether chains agree.

    Yields
    ------
    visible : ndarray of shape (n_missing,)
    hidden : ndarray of shape (n_hidden,)
    met : bool
    """
    side, stream = abreast(machine, part), Stream(_KEY, Purpose.SAMPLE)
    v, stream = side.free(_MEAN_CHAINS, stream)
    ends = _ends(side, part, found)
    for own, good in zip(side.columns(), ends, strict=True):
        far = apart(good.places(), good.value, _MEAN_CHAINS - 1)
        v[1:, own] = good.visible[far]
    totals, squares = _totals(side, _MEAN_CHAINS), _totals(side, _MEAN_CHAINS)
    walk = side.walk(v, stream)
    for sweep in itertools.islice(walk, _BURN_IN, _BURN_IN + _SWEEPS):
        totals[0] += sweep.visible_mean
        totals[1] += sweep.hidden_mean
        squares[0] += np.square(sweep.visible, dtype=np.float64)
        squares[1] += np.square(sweep.hidden, dtype=np.float64)
    sums = zip(part, _of_rows(side, totals), _of_rows(side, squares), strict=True)
    for rest, total, square in sums:
        means, n_missing = total / _SWEEPS, len(rest.columns)
        mean = means.mean(axis=0)
        variance = np.maximum(square.mean(axis=0) / _SWEEPS - mean**2, 0)
        met = agree(means[None], variance[None], _span(rest))[0]
        yield mean[:n_missing], mean[n_missing:], met


# Chains that are weighed --------------------------------------------------------------


def _weighed(machine, part, found):
    """What annealed chains and others make of each row: see :class:`Sampled`."""
    side, upper = abreast(machine, part), machine.model.hidden_unit
    ends = [_spread(good) for good in _ends(side, part, found)]
    led, sent = _annealed(side), _sent_from(side, ends)
    looked_up = coded(upper, found.states)
    for rest, end, own, other in zip(part, ends, led, sent, strict=True):
        one = left_by(rest)
        bounds = mean_field.bipartite_bounds(
            *(one.model, one.params, other.bounds), n_steps=1, pull=one.pull
        )
        states = np.concatenate([looked_up, coded(upper, end.hidden), other.states])
        other = other._replace(bounds=bounds, states=states)
        own = own._replace(log_weight=own.log_weight + log_base(one))
        yield _judged(one, own, other, _span(rest))


def _spread(ends):
    chosen = spread(ends.places(), ends.value, _FROM_ENDS)
    return climbing.Ends(*(array[chosen] for array in ends))


def log_base(one):
    """log Z of the independent units at which annealing begins."""
    hidden = one.params.hidden._replace(bias=np.zeros_like(one.params.hidden.bias))
    layers = (
        (one.model.visible_unit, one.params.visible),
        (one.model.hidden_unit, hidden),
    )
    return sum(
        unit.log_partition(own, unit.field(own, np.zeros_like(own.bias))).sum()
        for unit, own in layers
    )


def _annealed(side):
    """Annealed chains of each row; their weights lack that of the base."""
    v, log_weight, stream = side.annealed(
        _CHAINS, _BETAS, Stream(_KEY, Purpose.FORWARD)
    )
    means, states = _seen(side, v, stream, _LAST_SWEEPS)
    return [Led(*row) for row in zip(log_weight.T, means, states, strict=True)]


def _seen(side, v, stream, n_sweeps):
    """Means of all units of each row over sweeps, and the hidden states visited."""
    totals, states = _totals(side, len(v)), []
    for sweep in itertools.islice(side.walk(v, stream), n_sweeps):
        totals[0] += sweep.visible_mean
        totals[1] += sweep.hidden_mean
        states.append(coded(side.upper, sweep.hidden))
    means = [total / n_sweeps for total in _of_rows(side, totals)]
    # Of each row those of all sweeps and chains.
    states = np.moveaxis(np.array(states), 2, 0)
    return means, states.reshape(len(means), -1, states.shape[-1])


def _sent_from(side, ends):
    """Chains of each row that start at good states.

    Their bounds are still the mean fields near these starts.
    """
    start = np.concatenate([good.visible for good in ends], axis=1)
    relaxed = side.relaxed(start, _RELAXING)
    near = [relaxed[:, own].astype(np.float64) for own in side.columns()]
    means, states = _seen(side, start, Stream(_KEY, Purpose.REVERSE), _SWEEPS_FROM_ENDS)
    return [Sent(*row) for row in zip(near, means, states, strict=True)]


def _judged(one, led, sent, span):
    """What both groups say of one row, and the means of both layers."""
    model, params = one.model, one.params
    n_hidden, n_missing = params.weights.shape

    def states(codes):
        return decoded(model.hidden_unit, codes, n_hidden)

    def means_of(codes):
        field = model.visible_field(params, states(codes))
        mean = model.visible_unit.mean(params.visible, field)
        return np.concatenate([mean, states(codes)], axis=1)

    counted = {}
    if model.hidden_unit.n_states(n_hidden) < np.inf:
        counted = {
            "log_values": lambda codes: climbing.log_sums(one, states(codes)),
            "means_of": means_of,
        }
    log_sum, means, doubtful = verdict(led, sent, span, **counted)
    return log_sum, means[:n_missing], means[n_missing:], doubtful


# Hidden states in few bytes -----------------------------------------------------------


def coded(unit, h):
    """Hidden states as bytes, the same ones of equal states: bits where these do."""
    if unit.binary:
        return np.packbits(h == unit.high, axis=-1)
    return np.ascontiguousarray(h, np.float64).view(np.uint8)


def decoded(unit, codes, n_hidden):
    """Hidden states of such bytes, in double precision."""
    if unit.binary:
        is_high = np.unpackbits(codes, axis=-1, count=n_hidden)
        return np.where(is_high, unit.high, unit.low)
    return codes.view(np.float64)
