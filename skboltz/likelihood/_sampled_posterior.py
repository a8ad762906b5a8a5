"""What known features make of the rest of a row, where sums are too long: chains.

Means are averaged over chains that start far apart, if they agree.  Else, and for free
energies, two groups of chains are sent out, and judged as :mod:`._visited` says: those
that are annealed (Neal 2001), and those that start at the best hidden states to which
climbing f(h), the sum over the missing units of exp(-E), has led.

All rows see the same noise, so that the answer of one depends on no other.
"""

import itertools
from typing import NamedTuple

import numpy as np
from sklearn.utils import gen_batches

from ..sampling import (
    Alike,
    Purpose,
    Stream,
    annealing,
    conditional_gibbs,
    mean_field,
    modes,
)
from ._visited import Led, Sent, agree, apart, verdict

_KEY = (0, 0)
_MOST_STARTS, _MOST_STEPS = 24, 10  # of climbing, for each row
_STEP_TERMS = 10**7  # of all the products of a step
_MODES, _MOST_SETTLED = 500, 100  # of the whole machine, and near to a row

_MEAN_CHAINS, _BURN_IN, _SWEEPS = 4, 30, 150
_SLOW = 0.75  # kept by a sweep: 4 x 150 sweeps are then worth 90 draws

_CHAINS = 50  # annealed
_BETAS = np.linspace(0, 1, 301)
_LAST_SWEEPS = 20  # at the end of annealing
_FROM_ENDS, _SWEEPS_FROM_ENDS = 8, 60
_ELEMENTS = 2**20  # of the largest array of chains: rows at once


class Unsummed(NamedTuple):
    """Rows whose sums are too long.

    Attributes
    ----------
    model : Bipartite
    params : BipartiteParams
        In double precision.
    given : ndarray of shape (n_rows, n_visible)
        NaN where a feature is missing; what the known ones imply is filled in.
    rests : list of Rest
        What each row leaves of the model, one for each.
    """

    model: object
    params: tuple
    given: np.ndarray
    rests: list

    def of(self, chosen):
        """The same of some of the rows, by their numbers."""
        rests = [self.rests[row] for row in chosen]
        return self._replace(given=self.given[chosen], rests=rests)

    def parts(self, n_chains):
        """Rows in parts of which as many chains each can be held."""
        n_rows, n_visible = self.given.shape
        largest = n_chains * max(n_visible, len(self.params.weights))
        for rows in gen_batches(n_rows, max(1, _ELEMENTS // largest)):
            yield self.of(range(n_rows)[rows])


class Sampled(NamedTuple):
    """Estimates of rows, and which of them are not to be trusted.

    Attributes
    ----------
    log_weight : ndarray of shape (n_rows,)
        log of the sum of exp(-E) over the missing and the hidden units.
    visible : ndarray of shape (n_rows, n_visible)
    hidden : ndarray of shape (n_rows, n_hidden)
    doubtful : ndarray of shape (n_rows,), bool
    """

    log_weight: np.ndarray
    visible: np.ndarray
    hidden: np.ndarray
    doubtful: np.ndarray


class _Clamped(NamedTuple):
    """A path whose visible units stay as given, but for the NaN."""

    path: tuple
    given: np.ndarray

    def at(self, beta):
        return self.path.at(beta)

    def input(self, visible):
        return self.path.input(visible)

    def step(self, old, new, states, stream):
        gain, visible, stream = self.path.step(old, new, states, stream)
        return gain, conditional_gibbs.filled(self.given, visible), stream

    def draw(self, stream, n_chains):
        visible, stream = self.path.draw(stream, n_chains)
        return conditional_gibbs.filled(self.given, visible), stream

    def sweep(self, point, states, stream):
        visible, stream = self.path.sweep(point, states, stream)
        return conditional_gibbs.filled(self.given, visible), stream


def means(unsummed):
    """E[v | known] and E[h | known] of every row, and whether to doubt them.

    Four chains of a row start as far apart as can be.  If their means agree they have
    met, and are averaged; else the row is annealed, see :func:`weighed`.

    Returns
    -------
    visible : ndarray of shape (n_rows, n_visible)
    hidden : ndarray of shape (n_rows, n_hidden)
    doubtful : ndarray of shape (n_rows,), bool
    """
    found = modes_of(unsummed.model, unsummed.params)
    parts = [_chain_means(part, found) for part in unsummed.parts(_MEAN_CHAINS)]
    visible, hidden, agree = map(np.concatenate, zip(*parts, strict=True))
    doubtful, apart = _slow(unsummed), np.flatnonzero(~agree)
    if len(apart):
        sampled = weighed(unsummed.of(apart), found)
        visible[apart], hidden[apart] = sampled.visible, sampled.hidden
        doubtful[apart] = sampled.doubtful
    return visible, hidden, doubtful


def weighed(unsummed, found=None):
    """Weights and means of every row by annealed chains and the states visited."""
    if found is None:
        found = modes_of(unsummed.model, unsummed.params)
    parts = [_weighed(part, found) for part in unsummed.parts(_CHAINS)]
    sampled = Sampled(*map(np.concatenate, zip(*parts, strict=True)))
    return sampled._replace(doubtful=sampled.doubtful | _slow(unsummed))


def _slow(unsummed):
    """Rows of which no chain gets far from its start, so that all seem to agree."""
    kept = [rest.model.memory(rest.params) for rest in unsummed.rests]
    return np.array(kept) > _SLOW


def modes_of(model, params):
    """Hidden states of modes of the whole machine, where rows start to climb."""
    path = annealing.base_path(model, params)
    starts = annealing.init(path, Stream(_KEY, Purpose.LADDER, shard=1), 100).visible
    return modes.find(model, params, starts)[1][:_MODES]


# Climbing -----------------------------------------------------------------------------


def log_sums(rest, h):
    """log f(h) of hidden states, the missing units of one row summed out."""
    model, params = rest.model, rest.params
    field = model.visible_field(params, h)
    terms = model.visible_unit.log_partition(params.visible, field)
    pull = model.hidden_unit.statistic(params.hidden, h) @ rest.pull[0]
    return pull + terms.sum(axis=1) - model.hidden_unit.base_energy(params.hidden, h)


def _ends(rest, found):
    """Good hidden states for a row, the best first, climbed to.

    From modes of the machine, as they are and settled beside what is known.  How many
    of them climb depends on what a step costs; others stay as they are.
    """
    near = found[_best(rest, found, _MOST_SETTLED)]
    starts = np.unique(np.concatenate([near, _settled(rest, near)]), axis=0)
    starts = starts[_best(rest, starts, _MOST_STARTS)]
    cost = len(rest.params.weights) * max(rest.params.weights.size, 1)
    high, low = np.split(starts, [max(1, _STEP_TERMS // cost)])
    ends = np.unique(np.concatenate([_climbed(rest, high), low]), axis=0)
    ends = ends[_best(rest, ends, len(ends))]
    return ends, log_sums(rest, ends)


def _best(rest, h, n):
    """Numbers of the n states that weigh most, these first."""
    return np.argsort(-log_sums(rest, h), kind="stable")[:n]


def _settled(rest, h):
    """Each layer takes its likeliest state in turn, the known units being held."""
    model, params = rest.model, rest.params
    for _ in range(_MOST_STEPS):
        v = model.visible_unit.mode(params.visible, model.visible_field(params, h))
        input = model.hidden_input(params, v) + rest.pull
        field = model.hidden_unit.field(params.hidden, input)
        new = model.hidden_unit.mode(params.hidden, field)
        if (new == h).all():
            break
        h = new
    return h


def _climbed(rest, h):
    """Each state moves to the best of its neighbours, as long as that is better."""
    for _ in range(_MOST_STEPS):
        near = rest.model.hidden_unit.neighbours(h)
        value = log_sums(rest, near.reshape(-1, h.shape[1])).reshape(near.shape[:2])
        best = value.argmax(axis=1)
        better = value[np.arange(len(h)), best] > log_sums(rest, h)
        if not better.any():
            break
        moved = np.where(better[:, None], near[np.arange(len(h)), best], h)
        h = np.unique(moved, axis=0)
    return h


# Chains that should agree -------------------------------------------------------------


def _chain_means(part, found):
    """Means of the chains of each row, and whether these agree."""
    model, params, n = part.model, part.params, len(part.given)
    given = np.repeat(part.given, _MEAN_CHAINS, axis=0)
    stream = Alike(Stream(_KEY, Purpose.SAMPLE), _MEAN_CHAINS)
    start, stream = _clamped(model, params, given).draw(stream, len(given))
    start = start.reshape(n, _MEAN_CHAINS, -1)
    for row, rest in enumerate(part.rests):
        chosen = apart(*_ends(rest, found), _MEAN_CHAINS - 1)
        start[row, 1:] = _likeliest(rest, chosen, start[row, 1:])
    start = start.reshape(len(given), -1)
    walk = conditional_gibbs.walk(model, params, given, start, stream)
    seen = itertools.islice(walk, _BURN_IN, _BURN_IN + _SWEEPS)
    means, squares = 0.0, 0.0
    for sweep in seen:
        means = means + _joined(sweep.visible_mean, sweep.hidden_mean) / _SWEEPS
        squares = squares + _joined(sweep.visible, sweep.hidden) ** 2 / _SWEEPS
    means, squares = (total.reshape(n, _MEAN_CHAINS, -1) for total in (means, squares))
    mean, n_visible = means.mean(axis=1), given.shape[1]
    variance = np.maximum(squares.mean(axis=1) - mean**2, 0)
    # Nothing is asked of features that are known.
    variance[:, :n_visible][~np.isnan(part.given)] = np.inf
    met = agree(means, variance, _span(model, part.given, params))
    return mean[:, :n_visible], mean[:, n_visible:], met


def _joined(visible, hidden):
    return np.concatenate([visible, hidden], axis=1)


def _span(model, given, params):
    """Range of the values of all visible and of all hidden units."""
    sizes = given.shape[1], len(params.weights)
    units = model.visible_unit, model.hidden_unit
    return np.concatenate(
        [np.broadcast_to(u.high - u.low, n) for u, n in zip(units, sizes, strict=True)]
    )


def _likeliest(rest, h, visible):
    """Visible states whose missing units take their likeliest values given h."""
    model, params = rest.model, rest.params
    visible = visible.copy()
    field = model.visible_field(params, h)
    visible[:, rest.columns] = model.visible_unit.mode(params.visible, field)
    return visible


def _clamped(model, params, given):
    model, given = conditional_gibbs.held(model, given)
    return _Clamped(annealing.base_path(model, params), given)


# Chains that are weighed --------------------------------------------------------------


def _weighed(part, found):
    ends = [_ends(rest, found)[0][:_FROM_ENDS] for rest in part.rests]
    led, sent = _annealed(part), _sent_from(part, ends)
    span = _span(part.model, part.given, part.params)
    rows = []
    for row, rest in enumerate(part.rests):
        own, others = led[row], sent[row]
        own = own._replace(log_weight=own.log_weight + log_base(rest))
        seen = np.concatenate([found, ends[row], others.states])
        rows.append(_judged(rest, own, others._replace(states=seen), span))
    return tuple(map(np.array, zip(*rows, strict=True)))


def log_base(rest):
    """log Z of the independent units at which annealing begins."""
    return annealing.base_path(rest.model, rest.params).base_log_partition()


def _annealed(part):
    """Annealed chains of each row; their weights lack that of the base."""
    model, params, n = part.model, part.params, len(part.given)
    given = np.repeat(part.given, _CHAINS, axis=0)
    stream = Alike(Stream(_KEY, Purpose.FORWARD), _CHAINS)
    path = _clamped(model, params, given)
    chains = annealing.run(path, annealing.init(path, stream, len(given)), _BETAS)
    walk = conditional_gibbs.walk(model, params, given, chains.visible, chains.stream)
    means, states = _seen(walk, _LAST_SWEEPS, n)
    log_weight = chains.log_weight.reshape(n, _CHAINS)
    return [Led(*row) for row in zip(log_weight, means, states, strict=True)]


def _seen(walk, n_sweeps, n_rows):
    """Means of all units over sweeps of chains, and the hidden states visited."""
    means, states = 0.0, []
    for sweep in itertools.islice(walk, n_sweeps):
        means = means + _joined(sweep.visible_mean, sweep.hidden_mean) / n_sweeps
        states.append(sweep.hidden.reshape(n_rows, -1, sweep.hidden.shape[1]))
    return means.reshape(n_rows, -1, means.shape[1]), np.concatenate(states, axis=1)


def _sent_from(part, ends):
    """Chains of each row that start at the best of its states."""
    model, params, n = part.model, part.params, len(part.given)
    given = np.repeat(part.given, _FROM_ENDS, axis=0)
    start = np.nan_to_num(given).reshape(n, _FROM_ENDS, -1)
    bounds = np.empty((n, _FROM_ENDS))
    for row, rest in enumerate(part.rests):
        chosen = ends[row][np.arange(_FROM_ENDS) % len(ends[row])]
        start[row] = _likeliest(rest, chosen, start[row])
        own = start[row][:, rest.columns]
        bounds[row] = mean_field.bipartite_bounds(
            rest.model, rest.params, own, pull=rest.pull
        )
    stream = Alike(Stream(_KEY, Purpose.REVERSE), _FROM_ENDS)
    walk = conditional_gibbs.walk(
        model, params, given, start.reshape(len(given), -1), stream
    )
    means, states = _seen(walk, _SWEEPS_FROM_ENDS, n)
    return [Sent(*row) for row in zip(bounds, means, states, strict=True)]


def _judged(rest, led, sent, span):
    """What both groups say of one row, and the means of both layers."""
    model, params = rest.model, rest.params
    n_visible = len(span) - len(params.weights)

    def means_of(h):
        means = np.zeros((len(h), len(span)))
        field = model.visible_field(params, h)
        means[:, rest.columns] = model.visible_unit.mean(params.visible, field)
        means[:, n_visible:] = h
        return means

    # Nothing is asked of features that are known.
    asked = np.full(len(span), np.inf)
    asked[n_visible:] = span[n_visible:]
    asked[rest.columns] = span[rest.columns]
    counted = {}
    if model.hidden_unit.n_states(len(params.weights)) < np.inf:
        counted = {"log_values": lambda h: log_sums(rest, h), "means_of": means_of}
    log_sum, means, doubtful = verdict(led, sent, asked, **counted)
    return log_sum, means[:n_visible], means[n_visible:], doubtful
