"""What a phase returns: sums over its rows, and their total weight."""

from itertools import pairwise
from operator import add
from typing import NamedTuple

import numpy as np

from ..utils import each


class Block(NamedTuple):
    """A part of the sum of h v' over the rows of a phase: hidden' @ visible.

    Attributes
    ----------
    hidden : ndarray of shape (n_terms, n_hidden) or None
        None where the product has been taken: it is then `visible`.
    visible : ndarray of shape (n_terms, n_columns)
        Of the visible units from `first` on.
    first : int
    """

    hidden: np.ndarray | None
    visible: np.ndarray
    first: int = 0

    @property
    def last(self):
        """The visible unit after the last one."""
        return self.first + self.visible.shape[1]

    def between(self, start, stop):
        """The columns of some visible units, all of which it has."""
        columns = slice(start - self.first, stop - self.first)
        return Block(self.hidden, self.visible[:, columns], start)


class Sums(NamedTuple):
    """Unnormalised sums of the statistics of a phase.

    The sum that belongs to the weights, of h v' over the rows, is kept as factors: both
    phases are then summed in one matrix product.  Where the statistic of a unit is its
    value times a factor, the factor comes last.

    Sums of some rows and of others add up to those of all, ``a + b``.  Before they
    travel, from another process or machine, :meth:`reduced` makes them as small as the
    parameters.

    Attributes
    ----------
    blocks : tuple of Block
        They add up to the sum for the weights, whose columns they may share out.
    hidden, visible : NamedTuple
        Sums for the parameters of the units of each layer; the one for a bias is
        the sum of the values.
    weight : float
        Total weight of the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.learning import sums
    >>> from skboltz.models import Bipartite, BipartiteParams
    >>> from skboltz.units import BERNOULLI, Bias
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> params = BipartiteParams(np.ones((1, 2)), Bias(np.zeros(2)), Bias(np.zeros(1)))
    >>> one = sums(rbm, params, np.array([[1.0, 0.0]]), np.array([[0.5]]))
    >>> other = sums(rbm, params, np.array([[1.0, 1.0]]), np.array([[0.25]]))
    >>> both = one + other
    >>> both.weight, both.product()  # 0.5 + 0.25, and 0.25
    (2.0, array([[0.75, 0.25]]))
    """

    blocks: tuple
    hidden: NamedTuple
    visible: NamedTuple
    weight: float

    def means(self):
        """Mean of the visible and of the hidden units."""
        return self.visible_mean(), self.hidden.bias / self.weight

    def visible_mean(self):
        """Mean of the visible units."""
        return self.visible.bias / self.weight

    def parts(self, scale):
        """The blocks for :func:`product`, each to be multiplied by a number."""
        return [(block, scale) for block in self.blocks]

    def product(self):
        """The sum of h v', shape (n_hidden, n_visible)."""
        return product(self.parts(1.0), len(self.visible.bias))

    def reduced(self):
        """The same sums with the product taken, whose size is not that of the rows."""
        return self._replace(blocks=(Block(None, self.product()),))

    def __add__(self, other):
        return Sums(
            _gathered(self.blocks + other.blocks),
            each(add, self.hidden, other.hidden),
            each(add, self.visible, other.visible),
            self.weight + other.weight,
        )


def sums(model, params, v, h, weight=None, mask=None):
    """Sums over rows of v and the means h given them, each counted `weight` times.

    With a `mask` of the entries of v that take part, v is 0 in the others.
    """
    return Sums(
        (Block(h if weight is None else h * weight[:, None], v),),
        model.hidden_unit.sums_of_means(params.hidden, h, weight),
        visible_sums(model, params, v, weight, mask),
        float(len(v) if weight is None else weight.sum()),
    )


def visible_sums(model, params, v, weight=None, mask=None):
    """Sums over rows of v for the parameters of the visible units, see :func:`sums`."""
    unit = model.visible_unit
    found = unit.sums(params.visible, v, weight)
    if mask is None:
        return found
    return _without_absent(unit, params.visible, found, weight, mask)


def product(parts, n_columns):
    """Sum of scale x block over pairs (block, scale), laid out column by column.

    Between two edges of blocks all factors are multiplied as one.
    """
    if {block.visible.shape[1] for block, _ in parts} == {n_columns}:
        return _added(parts).T
    block, edges = parts[0][0], {0, n_columns}
    n_hidden = len(block.visible) if block.hidden is None else block.hidden.shape[1]
    out = np.zeros((n_columns, n_hidden), block.visible.dtype)
    for block, _ in parts:
        edges |= {block.first, block.last}
    for start, stop in pairwise(sorted(edges)):
        inside = [
            (block.between(start, stop), scale)
            for block, scale in parts
            if block.first <= start and stop <= block.last
        ]
        if inside:
            _added(inside, out[start:stop])
    return out.T


def _added(parts, out=None):
    """Sum of scale x block, transposed, over blocks of the same columns."""
    factors = [part for part in parts if part[0].hidden is not None]
    if factors:
        visible = _stacked([block.visible for block, _ in factors])
        hidden = np.empty((len(visible), factors[0][0].hidden.shape[1]), visible.dtype)
        start = 0
        for block, scale in factors:
            stop = start + len(block.hidden)
            np.multiply(block.hidden, scale, out=hidden[start:stop])
            start = stop
        out = np.matmul(visible.T, hidden, out=out)
    elif out is None:
        out = np.zeros(parts[0][0].visible.T.shape, parts[0][0].visible.dtype)
    for block, scale in parts:
        if block.hidden is None:
            out += scale * block.visible.T
    return out


def _stacked(arrays):
    """The rows of some arrays one under another: no copy where they lie so."""
    whole = arrays[0].base
    if whole is None or any(array.base is not whole for array in arrays):
        return np.concatenate(arrays)
    n_rows = sum(map(len, arrays))
    place, rows = _address(whole), whole[:n_rows]
    for array in arrays:
        # Some of the columns, or every other row, have other rows than the whole.
        alike = array.shape[1:] == whole.shape[1:] and array.strides == whole.strides
        if _address(array) != place or not alike:
            return np.concatenate(arrays)
        place += array.nbytes
    return rows


def _address(array):
    return array.__array_interface__["data"][0]


def _gathered(blocks):
    """The same blocks, but products of the same columns as one."""
    factors = tuple(block for block in blocks if block.hidden is not None)
    taken = {}
    for block in blocks:
        if block.hidden is None:
            place = block.first, block.last
            taken[place] = taken.get(place, 0) + block.visible
    return factors + tuple(Block(None, p, first) for (first, _), p in taken.items())


def _without_absent(unit, params, found, weight, mask):
    """Sums for the visible units less what zeros of absent entries have added.

    Given its field a column adds its own terms, and each absent one those of a 0.
    """
    weight = np.ones(len(mask), found.bias.dtype) if weight is None else weight
    absent = weight @ ~mask
    zero = unit.sums(params, np.zeros((1, mask.shape[1]), found.bias.dtype))
    there = mask.any(axis=0)  # the difference may not be 0 exactly
    return each(lambda s, z: np.where(there, s - absent * z, 0), found, zero)
