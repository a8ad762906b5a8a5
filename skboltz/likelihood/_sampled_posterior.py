"""What known features make of the rest of a row, where sums are too long: chains.

Two groups of chains are sent to look for what carries the weight: annealed ones, whose
weights say what log Z is if they find it (Neal 2001), and ones that start at the best
hidden states that climbing f(h) = sum over the missing units of exp(-E) has found.  The
sum of f over the states that both have visited is a floor: log Z is not below it, and
where a few states carry nearly all, it is log Z.  Where units are undecided, no few
states do, but then chains mix.

All rows see the same noise, so that the answer of one depends on no other.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp
from sklearn.utils import gen_batches

from ..sampling import Alike, Purpose, Stream, annealing, clamping, modes
from ..units import n_states, neighbours
from ._reliability import least_size

_KEY = (0, 0)
_MOST_STARTS, _MOST_STEPS = 24, 10  # of climbing, for each row
_STEP_TERMS = 10**7  # of all the products of a step
_MODES = 500  # of the whole machine, as starts of climbing
_WITHIN = 10.0  # nats of the best: how far down starts of chains may lie

_MEAN_CHAINS, _BURN_IN, _SWEEPS = 4, 30, 150
_AGREEMENT = 0.2  # standard deviations of the posterior, of means of single chains

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

    def log_ratio(self, old, new, states):
        return self.path.log_ratio(old, new, states)

    def draw(self, stream, n_chains):
        visible, stream = self.path.draw(stream, n_chains)
        return clamping.filled(self.given, visible), stream

    def sweep(self, point, states, stream):
        visible, stream = self.path.sweep(point, states, stream)
        return clamping.filled(self.given, visible), stream


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
    doubtful, apart = np.zeros(len(agree), dtype=bool), np.flatnonzero(~agree)
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
    return Sampled(*map(np.concatenate, zip(*parts, strict=True)))


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
    """Good hidden states for a row, the best first: modes of the machine, climbed from.

    How many of them climb depends on what a step costs; others stay as they are.
    """
    order = np.argsort(-log_sums(rest, found), kind="stable")[:_MOST_STARTS]
    cost = len(rest.params.weights) * max(rest.params.weights.size, 1)
    high, low = np.split(found[order], [max(1, _STEP_TERMS // cost)])
    ends = np.unique(np.concatenate([_climbed(rest, high), low]), axis=0)
    value = log_sums(rest, ends)
    order = np.argsort(-value, kind="stable")
    return ends[order], value[order]


def _climbed(rest, h):
    """Each state moves to the best of its neighbours, as long as that is better."""
    for _ in range(_MOST_STEPS):
        near = neighbours(rest.model.hidden_unit, h)
        value = log_sums(rest, near.reshape(-1, h.shape[1])).reshape(near.shape[:2])
        best = value.argmax(axis=1)
        better = value[np.arange(len(h)), best] > log_sums(rest, h)
        if not better.any():
            break
        moved = np.where(better[:, None], near[np.arange(len(h)), best], h)
        h = np.unique(moved, axis=0)
    return h


def _apart(ends, value, n):
    """The best of some states, and others that lie far from it and from each other."""
    good = ends[value > value[0] - _WITHIN]
    chosen, distance = [0], np.full(len(good), np.inf)
    while len(chosen) < n:
        steps = abs(good - good[chosen[-1]]).sum(axis=1)
        distance = np.minimum(distance, steps)
        chosen.append(int(distance.argmax()))  # the first one again if none is left
    return good[chosen]


# Chains that should agree -------------------------------------------------------------


def _chain_means(part, found):
    """Means of the chains of each row, and whether these agree."""
    model, params, n = part.model, part.params, len(part.given)
    given = np.repeat(part.given, _MEAN_CHAINS, axis=0)
    stream = Alike(Stream(_KEY, Purpose.SAMPLE), _MEAN_CHAINS)
    start, stream = _clamped(model, params, given).draw(stream, len(given))
    start = start.reshape(n, _MEAN_CHAINS, -1)
    for row, rest in enumerate(part.rests):
        chosen = _apart(*_ends(rest, found), _MEAN_CHAINS - 1)
        start[row, 1:] = _likeliest(rest, chosen, start[row, 1:])
    visible, hidden, squares = 0.0, 0.0, 0.0
    walk = clamping.walk(model, params, given, start.reshape(len(given), -1), stream)
    for sweep in range(_BURN_IN + _SWEEPS):
        seen = next(walk)
        if sweep >= _BURN_IN:
            visible, hidden = visible + seen.visible_mean, hidden + seen.hidden_mean
            squares = squares + seen.hidden**2
    hidden, visible, squares = (
        (total / _SWEEPS).reshape(n, _MEAN_CHAINS, -1)
        for total in (hidden, visible, squares)
    )
    mean = hidden.mean(axis=1)
    spread = hidden.var(axis=1).sum(axis=1)
    whole = (squares.mean(axis=1) - mean**2).sum(axis=1)
    return visible.mean(axis=1), mean, spread <= _AGREEMENT**2 * np.maximum(whole, 0)


def _likeliest(rest, h, visible):
    """Visible states whose missing units take their likeliest values given h."""
    model, params = rest.model, rest.params
    visible = visible.copy()
    field = model.visible_field(params, h)
    visible[:, rest.columns] = model.visible_unit.mode(params.visible, field)
    return visible


def _clamped(model, params, given):
    model, given = clamping.held(model, given)
    return _Clamped(annealing.base_path(model, params), given)


# Chains that are weighed --------------------------------------------------------------


def _weighed(part, found):
    log_weight, visible, hidden, annealed = _annealed(part)
    ends = [_ends(rest, found)[0] for rest in part.rests]
    fallen = _visited_from(part, ends)
    rows = []
    for row, rest in enumerate(part.rests):
        base = annealing.base_path(rest.model, rest.params).base_log_partition()
        own = log_weight[row] + base, visible[row], hidden[row], annealed[row]
        others = np.concatenate([found, ends[row], fallen[row]])
        rows.append(_joined(rest, *own, others))
    return tuple(map(np.array, zip(*rows, strict=True)))


def _annealed(part):
    """Log weights of the chains of each row, their weighted means, the states seen."""
    model, params, n = part.model, part.params, len(part.given)
    given = np.repeat(part.given, _CHAINS, axis=0)
    stream = Alike(Stream(_KEY, Purpose.FORWARD), _CHAINS)
    path = _clamped(model, params, given)
    chains = annealing.run(path, annealing.init(path, stream, len(given)), _BETAS)
    log_weight = chains.log_weight.reshape(n, _CHAINS)
    share = np.exp(log_weight - logsumexp(log_weight, axis=1, keepdims=True))
    visible, hidden, seen = 0.0, 0.0, []
    walk = clamping.walk(model, params, given, chains.visible, chains.stream)
    for _ in range(_LAST_SWEEPS):
        sweep = next(walk)
        seen.append(sweep.hidden.reshape(n, _CHAINS, -1))
        visible = visible + _averaged(share, sweep.visible_mean) / _LAST_SWEEPS
        hidden = hidden + _averaged(share, sweep.hidden_mean) / _LAST_SWEEPS
    return log_weight, visible, hidden, np.concatenate(seen, axis=1)


def _averaged(share, values):
    n, n_chains = share.shape
    return np.einsum("rc,rcu->ru", share, values.reshape(n, n_chains, -1))


def _visited_from(part, ends):
    """Hidden states that chains visit which start at the best ones of each row."""
    model, params, n = part.model, part.params, len(part.given)
    given = np.repeat(part.given, _FROM_ENDS, axis=0)
    start = np.nan_to_num(given).reshape(n, _FROM_ENDS, -1)
    for row, rest in enumerate(part.rests):
        chosen = ends[row][np.arange(_FROM_ENDS) % len(ends[row])]
        start[row] = _likeliest(rest, chosen, start[row])
    stream = Alike(Stream(_KEY, Purpose.REVERSE), _FROM_ENDS)
    walk = clamping.walk(model, params, given, start.reshape(len(given), -1), stream)
    seen = [next(walk).hidden for _ in range(_SWEEPS_FROM_ENDS)]
    return np.concatenate([h.reshape(n, _FROM_ENDS, -1) for h in seen], axis=1)


def _joined(rest, log_weight, visible, hidden, annealed, others):
    """The better of annealing and the sum over the states seen, of one row.

    It is doubtful where the states seen are not nearly all and few chains carry the
    weight; or where the annealed ones have missed some of the states, and the others,
    which have found these, may have missed as much as they: of two groups that look
    for the same, what one has found of the other's share tells what it finds.
    """
    estimate = float(logsumexp(log_weight) - np.log(_CHAINS))
    size = float(np.exp(2 * logsumexp(log_weight) - logsumexp(2 * log_weight)))
    few = size < least_size(_CHAINS)
    if n_states(rest.model.hidden_unit, len(hidden)) == np.inf:
        return estimate, visible, hidden, few
    states, number = np.unique(
        np.concatenate([annealed, others]), axis=0, return_inverse=True
    )
    of_annealed, of_others = (np.zeros(len(states), dtype=bool) for _ in range(2))
    of_annealed[number.ravel()[: len(annealed)]] = True
    of_others[number.ravel()[len(annealed) :]] = True
    value = log_sums(rest, states)
    floor = float(logsumexp(value))
    share = np.exp(value - floor)
    both = share[of_annealed & of_others].sum()
    found = both / max(share[of_annealed].sum() * share[of_others].sum(), 1e-300)
    error = np.sqrt(max(_CHAINS / size - 1, 0) / (_CHAINS - 1))
    covered = np.exp(floor - max(floor, estimate))
    doubtful = (covered < 0.9 and few) or (floor > estimate + 3 * error and found < 0.9)
    if covered > 0.5:
        visible, hidden = visible.copy(), share @ states
        field = rest.model.visible_field(rest.params, states)
        mean = rest.model.visible_unit.mean(rest.params.visible, field)
        visible[rest.columns] = share @ mean
    return max(floor, estimate), visible, hidden, doubtful
