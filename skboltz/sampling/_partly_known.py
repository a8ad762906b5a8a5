"""Pairwise machines of which some units are known: what is left is a machine again.

Given the known units K, the free ones F are a pairwise machine with the couplings J_FF
and the biases b_F + J_FK s_K.  So one sum, one chain and one mean field serve the
hidden units of complete rows, rows with gaps, and the free-running machine.
"""

from typing import NamedTuple

import numpy as np
from sklearn.utils import gen_batches

from ..models import PairwiseParams
from ..units import Bias
from . import _coupled as coupled
from ._enumeration import in_float64

_TILE = 64  # rows


class Rest(NamedTuple):
    """The free units of rows that know the same units.

    Attributes
    ----------
    rows : ndarray of int
        Which rows these are.
    free : ndarray of shape (n_units,), bool
    coupling : ndarray of shape (n_free, n_free)
    field : ndarray of shape (n_rows, n_free)
        Biases, and what the known units add to them.
    energy : ndarray of shape (n_rows,)
        Of the known units among themselves.
    """

    rows: np.ndarray
    free: np.ndarray
    coupling: np.ndarray
    field: np.ndarray
    energy: np.ndarray

    def each(self):
        """The same row by row."""
        return [
            self._replace(
                rows=self.rows[row : row + 1],
                field=self.field[row : row + 1],
                energy=self.energy[row : row + 1],
            )
            for row in range(len(self.rows))
        ]


class Moments(NamedTuple):
    """Expectations given what is known.

    Attributes
    ----------
    mean : ndarray of shape (n_rows, n_units)
        E[s | row]; known units as they are.
    pairs : ndarray of shape (n_units, n_units)
        Weighted sum over the rows of E[ss' | row], with a zero diagonal.
    """

    mean: np.ndarray
    pairs: np.ndarray


def patterns(known):
    """Rows that know the same units: pairs of their numbers and the free units.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.sampling import partly_known
    >>> known = np.array([[1.0, np.nan], [0.0, np.nan], [1.0, 1.0]])
    >>> [(rows.tolist(), free.tolist()) for rows, free in partly_known.patterns(known)]
    [([2], [False, False]), ([0, 1], [False, True])]
    """
    free = np.isnan(known)
    if not (free != free[:1]).any():
        yield np.arange(len(known)), free[:1].any(axis=0)
        return
    packed = np.packbits(free, axis=1)
    _, first, number = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    number = number.ravel()
    limits = np.cumsum(np.bincount(number))[:-1]
    alike = np.split(np.argsort(number, kind="stable"), limits)
    for rows, row in zip(alike, first, strict=True):
        yield rows, free[row]


def rests(params, known):
    """The machine that is left, for each set of rows that know the same units.

    Parameters
    ----------
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN where a unit is free.

    Yields
    ------
    Rest
        In double precision.
    """
    params = in_float64(params)
    for rows, free in patterns(known):
        yield _rest(params, rows, free, known[rows].astype(np.float64))


def _rest(params, rows, free, known):
    held = np.where(free, 0, known)
    pull = _input(held, params.coupling)
    energy = -(held @ params.units.bias) - 0.5 * (pull * held).sum(axis=1)
    field = (pull + params.units.bias)[:, free]
    return Rest(rows, free, params.coupling[np.ix_(free, free)], field, energy)


def _input(held, coupling):
    """What known units add to the fields, in tiles of a fixed size.

    The last bits of a product depend on its other rows, and thresholds flip by them.
    """
    out = np.empty(held.shape)
    for rows in gen_batches(len(held), _TILE):
        part, n = np.zeros((_TILE, held.shape[1])), rows.stop - rows.start
        part[:n] = held[rows]
        out[rows] = (part @ coupling)[:n]
    return out


def one_high(unit, params, known, first, n_classes):
    """What changes as one of some known units, all of them low, goes high.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN where a unit is free, the same units in every row.
    first, n_classes : int
        Which units these are: `n_classes` of them, from number `first` on.

    Returns
    -------
    fields : list of ndarray of shape (n_rows, n_free)
        Of the free units, for each of the units that goes high.
    gain : ndarray of shape (n_rows, n_classes)
        What -E of the known units among themselves gains.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.models import PairwiseParams
    >>> from skboltz.sampling import partly_known
    >>> from skboltz.units import BERNOULLI, Bias
    >>> coupling = np.array([[0.0, 2.0, 3.0], [2.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    >>> params = PairwiseParams(coupling, Bias(np.array([1.0, 0.0, 0.0])))
    >>> known = np.array([[0.0, 1.0, np.nan]])
    >>> partly_known.one_high(BERNOULLI, params, known, 0, 1)  # 0 + 3, and 1 + 2
    ([array([[3.]])], array([[3.]]))
    """
    params, free = in_float64(params), np.isnan(known[0])
    chosen = slice(first, first + n_classes)
    field = _input(np.where(free, 0, known), params.coupling) + params.units.bias
    rises = unit.distance(params.coupling[chosen, free])
    return [field[:, free] + rise for rise in rises], unit.gap(field[:, chosen])


def exact(unit, coupling, field, weight=None):
    """Means and pairs of free units, by enumeration."""
    found = coupled.moments(unit, coupling, field, weight)
    return found.mean, found.pairs


def moments(unit, params, known, weight=None, infer=exact):
    """Expectations of all units given those that are known.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    known : ndarray of shape (n_rows, n_units)
        NaN where a unit is free.
    weight : ndarray of shape (n_rows,), default=None
        How often each row counts in `pairs`.
    infer : callable, default=exact
        Of unit, coupling, field and weight: means and summed pairs of free units.

    Returns
    -------
    Moments
        In double precision.

    Examples
    --------
    The second unit is free, and its field is what the first one adds: 0 or log 3.

    >>> import numpy as np
    >>> from skboltz.models import PairwiseParams
    >>> from skboltz.sampling import partly_known
    >>> from skboltz.units import BERNOULLI, Bias
    >>> coupling = np.array([[0.0, np.log(3.0)], [np.log(3.0), 0.0]])
    >>> params = PairwiseParams(coupling, Bias(np.zeros(2)))
    >>> known = np.array([[0.0, np.nan], [1.0, np.nan]])
    >>> partly_known.moments(BERNOULLI, params, known).mean
    array([[0.  , 0.5 ],
           [1.  , 0.75]])
    """
    weight = np.ones(len(known)) if weight is None else weight.astype(np.float64)
    mean = known.astype(np.float64)
    pairs = np.zeros((known.shape[1],) * 2)
    for rest in rests(params, known):
        inferred = infer(unit, rest.coupling, rest.field, weight[rest.rows])
        mean[np.ix_(rest.rows, rest.free)] = inferred[0]
        full = mean[rest.rows]
        products = (full * weight[rest.rows, None]).T @ full
        products[np.ix_(rest.free, rest.free)] = inferred[1]
        pairs += products
    np.fill_diagonal(pairs, 0)
    return Moments(mean, pairs)


def with_hidden(v, n_hidden):
    """Rows of visible units with hidden units that are free."""
    return np.hstack([v, np.full((len(v), n_hidden), np.nan, v.dtype)])


def free_params(rest, row):
    """Parameters of the machine that one row of a rest leaves."""
    return PairwiseParams(rest.coupling, Bias(rest.field[row]))
