"""Coupled two-valued units in fields of their own, summed exactly.

P(s | row) is proportional to exp(field_row's + 1/2 s'Js), J symmetric with a zero
diagonal: the hidden units of a Boltzmann machine given each visible row, for
instance.  Units of an independent set of J are on their own given the others and
are summed in closed form; only the others are enumerated.
"""

from typing import NamedTuple

import numpy as np

from ..models import independent_set
from ._enumeration import blocks

_ROWS = 64  # at once, with all states of a block: enough for the products to be fast
_ARRAYS = 8  # of the largest size, alive in a tile: together as large as a block may be


class Moments(NamedTuple):
    """What coupled units do on average.

    Attributes
    ----------
    log_partition : ndarray of shape (n_rows,), float64
    mean : ndarray of shape (n_rows, n_units), float64
        E[s | row].
    pairs : ndarray of shape (n_units, n_units), float64
        Sum over the rows of weight_row E[s s' | row], with a zero diagonal.
    """

    log_partition: np.ndarray
    mean: np.ndarray
    pairs: np.ndarray


class _Wiring(NamedTuple):
    """Which units are free given the others, and the couplings seen from there."""

    free: np.ndarray
    inner: np.ndarray  # among the units enumerated
    outer: np.ndarray  # from these to the free ones


class _Tile(NamedTuple):
    """Some rows, each with some states of the units enumerated."""

    rows: slice
    s: np.ndarray  # (n_states, n_enumerated)
    free_field: np.ndarray  # (n_rows, n_states, n_free)
    log_weight: np.ndarray  # (n_rows, n_states), the free units summed out


def n_states(coupling):
    """Number of states that are enumerated, as a Python int.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.sampling import coupled
    >>> coupled.n_states(np.ones((100, 100)) - np.eye(100)) == 2**99
    True
    """
    return 2 ** int(np.count_nonzero(~independent_set(coupling)))


def n_terms(coupling):
    """Length of the sum of one row: states enumerated x units.

    Examples
    --------
    Of a star of four units only the hub is enumerated.

    >>> import numpy as np
    >>> from skboltz.sampling import coupled
    >>> coupling = np.zeros((4, 4))
    >>> coupling[0, 1:] = coupling[1:, 0] = 1
    >>> coupled.n_terms(coupling)
    8
    """
    return n_states(coupling) * max(len(coupling), 1)


def log_partition(unit, coupling, field):
    """log sum_s exp(field's + 1/2 s'Js) of every row.

    Parameters
    ----------
    unit : TwoValuedUnit
    coupling : ndarray of shape (n_units, n_units)
        Symmetric, with a zero diagonal.
    field : ndarray of shape (n_rows, n_units)
        Biases included.

    Returns
    -------
    ndarray of shape (n_rows,), float64

    Examples
    --------
    Two spins without fields: Z = 2 e^J + 2 e^-J, and here e^J = 3.

    >>> import numpy as np
    >>> from skboltz.sampling import coupled
    >>> from skboltz.units import SPIN
    >>> coupling = np.log(3) * np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> np.exp(coupled.log_partition(SPIN, coupling, np.zeros((1, 2)))).round(6)
    array([6.666667])
    """
    return _log_partition(unit, _wiring(coupling), np.asarray(field, np.float64))


def moments(unit, coupling, field, weight=None):
    """log Z and mean of every row, and the second moments summed over the rows.

    Parameters
    ----------
    unit : TwoValuedUnit
    coupling : ndarray of shape (n_units, n_units)
        Symmetric, with a zero diagonal.
    field : ndarray of shape (n_rows, n_units)
        Biases included.
    weight : ndarray of shape (n_rows,), default=None
        Of the rows in `pairs`; None counts every row once.

    Returns
    -------
    Moments

    Examples
    --------
    Two spins without fields: <s1 s2> = tanh(J), and here e^J = 3, so it is 0.8.

    >>> import numpy as np
    >>> from skboltz.sampling import coupled
    >>> from skboltz.units import SPIN
    >>> coupling = np.log(3) * np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> coupled.moments(SPIN, coupling, np.zeros((1, 2))).pairs.round(6)
    array([[0. , 0.8],
           [0.8, 0. ]])
    """
    wiring, field = _wiring(coupling), np.asarray(field, np.float64)
    weight = np.ones(len(field)) if weight is None else np.asarray(weight, np.float64)
    if wiring.free.all():
        return _uncoupled(unit, wiring, field, weight)
    log_z = _log_partition(unit, wiring, field)
    mean, sums = np.zeros(field.shape), _no_pairs(wiring)
    for tile in _tiles(unit, wiring, field):
        rows = tile.rows
        probability = np.exp(tile.log_weight - log_z[rows, None])
        free_mean = unit.mean(None, tile.free_field)
        mean[rows, ~wiring.free] += probability @ tile.s
        mean[rows, wiring.free] += (probability[:, None] @ free_mean)[:, 0]
        share = weight[rows, None] * probability
        sums = [
            a + b for a, b in zip(sums, _pairs(tile.s, free_mean, share), strict=True)
        ]
    return Moments(log_z, mean, _in_place(wiring.free, *sums))


def draw(unit, coupling, field, stream):
    """States of every row drawn from P(s | row), and the stream after them.

    Units enumerated are found by their cumulated probabilities, the others drawn given
    these.

    Parameters
    ----------
    unit : TwoValuedUnit
    coupling : ndarray of shape (n_units, n_units)
        Symmetric, with a zero diagonal.
    field : ndarray of shape (n_rows, n_units)
        Biases included.
    stream : Stream

    Returns
    -------
    states : ndarray of shape (n_rows, n_units), float64
    stream : Stream

    Examples
    --------
    Two spins that hardly ever differ:

    >>> import numpy as np
    >>> from skboltz.sampling import Purpose, Stream, coupled
    >>> from skboltz.units import SPIN
    >>> coupling = 50 * np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> stream = Stream((0, 0), Purpose.SAMPLE)
    >>> states, _ = coupled.draw(SPIN, coupling, np.zeros((20, 2)), stream)
    >>> bool((states[:, 0] == states[:, 1]).all()), len(np.unique(states))
    (True, 2)
    """
    wiring, field = _wiring(coupling), np.asarray(field, np.float64)
    noise, stream = stream.draw(field.shape, np.float64, unit.noise)
    u = stream.generator().random(len(field))
    states, free = np.empty(field.shape), wiring.free
    states[:, ~free] = _enumerated(unit, wiring, field, u)
    free_field = field[:, free] + states[:, ~free] @ wiring.outer
    states[:, free] = unit.sample(None, free_field, noise[:, free])
    return states, stream._replace(step=stream.step + 1)


def _enumerated(unit, wiring, field, u):
    """States of the units enumerated: of each row where its probabilities pass u."""
    found = np.empty((len(field), len(wiring.inner)))
    if wiring.free.all():
        return found
    log_z, left = _log_partition(unit, wiring, field), u.copy()
    for tile in _tiles(unit, wiring, field):
        below = np.exp(tile.log_weight - log_z[tile.rows, None]).cumsum(axis=1)
        number = (below <= left[tile.rows, None]).sum(axis=1)
        searched = left[tile.rows] >= 0
        # Those beyond the end are found in a later tile, if not for rounding.
        last = number.clip(max=len(tile.s) - 1)
        found[tile.rows][searched] = tile.s[last[searched]]
        left[tile.rows] -= below[:, -1]
    return found


def _wiring(coupling):
    coupling = np.asarray(coupling, np.float64)
    free = independent_set(coupling)
    return _Wiring(free, coupling[np.ix_(~free, ~free)], coupling[np.ix_(~free, free)])


def _uncoupled(unit, wiring, field, weight):
    """Moments of units that are all on their own."""
    mean = unit.mean(None, field)
    pairs = (mean * weight[:, None]).T @ mean
    return Moments(_log_partition(unit, wiring, field), mean, _without_diagonal(pairs))


def _log_partition(unit, wiring, field):
    if wiring.free.all():
        return unit.log_partition(None, field).sum(axis=1)
    total = np.full(len(field), -np.inf)
    for tile in _tiles(unit, wiring, field):
        block = _log_sum(tile.log_weight)
        total[tile.rows] = np.logaddexp(total[tile.rows], block)
    return total


def _log_sum(log_weight):
    """log of the sum over the states, row by row."""
    largest = log_weight.max(axis=1)
    return largest + np.log(np.exp(log_weight - largest[:, None]).sum(axis=1))


def _tiles(unit, wiring, field):
    """All rows with all states: blocks of states outside, for what rows share."""
    n_rows, n_units = field.shape
    n_tile = max(1, min(_ROWS, n_rows))
    for s in blocks(unit, len(wiring.inner), _ARRAYS * n_tile * n_units):
        pair_term = 0.5 * ((s @ wiring.inner) * s).sum(axis=1)
        push = s @ wiring.outer
        for start in range(0, n_rows, n_tile):
            rows = slice(start, start + n_tile)
            yield _tile(unit, wiring.free, rows, field[rows], s, pair_term, push)


def _tile(unit, free, rows, field, s, pair_term, push):
    # The fields hold the biases already: the units need no parameters of their own.
    free_field = field[:, None, free] + push
    free_term = unit.log_partition(None, free_field).sum(axis=2)
    log_weight = field[:, ~free] @ s.T + pair_term + free_term
    return _Tile(rows, s, free_field, log_weight)


def _no_pairs(wiring):
    n_kept, n_free = wiring.outer.shape
    return [
        np.zeros(shape) for shape in ((n_kept, n_kept), (n_kept, n_free), (n_free,) * 2)
    ]


def _pairs(s, free_mean, share):
    """Sums over rows and states of share x products of two units.

    Free units enter by their means: given s, two of them are independent.
    """
    shared = share[:, :, None] * free_mean
    flat = (share.size, free_mean.shape[2])
    return (
        (share.sum(axis=0) * s.T) @ s,
        s.T @ shared.sum(axis=0),
        shared.reshape(flat).T @ free_mean.reshape(flat),
    )


def _in_place(free, inner, outer, free_pairs):
    """The three parts as one matrix in the order of the units."""
    order = np.argsort(np.concatenate([np.flatnonzero(~free), np.flatnonzero(free)]))
    pairs = np.block([[inner, outer], [outer.T, free_pairs]])[np.ix_(order, order)]
    return _without_diagonal(pairs)


def _without_diagonal(pairs):
    # Sums in another order differ in the last bit: the mean of both is symmetric.
    return np.where(np.eye(len(pairs), dtype=bool), 0, (pairs + pairs.T) / 2)
