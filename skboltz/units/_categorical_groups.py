"""Categorical units side by side: many groups of equally many columns."""

from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

import numpy as np

from ._categorical import CategoricalUnit, PartlyKnown
from ._columns import Columns
from ._contract import Bias, Unit
from ._two_valued import TwoValuedUnit


@dataclass(frozen=True)
class CategoricalGroups(Unit):
    """Groups of columns, of each of which exactly one is 1.

    Each group of `size` columns is as a :class:`CategoricalUnit`: a film that was given
    one to five stars has five columns.  A column of a group costs hardly more than a
    bit, however many groups there are.

    Parameters
    ----------
    size : int
        Columns of each group.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units import Bias, CategoricalGroups
    >>> unit, params = CategoricalGroups(2), Bias(np.log([1.0, 3.0, 1.0, 1.0]))
    >>> field = unit.field(params, np.zeros((1, 4)))
    >>> unit.mean(params, field)
    array([[0.25, 0.75, 0.5 , 0.5 ]])
    >>> np.exp(unit.log_partition(params, field)).round(6)  # one for each group
    array([[4., 2.]])
    """

    size: int

    low: ClassVar = 0.0
    high: ClassVar = 1.0
    span: ClassVar = 1.0
    countable: ClassVar = True
    columnwise: ClassVar = False
    noise: ClassVar = "odds"

    # What is linear in the values does not ask which of them go together.
    smoothed = TwoValuedUnit.smoothed
    allowance = TwoValuedUnit.allowance

    def log_partition(self, params, field):
        """log sum_k exp(field_k), shape (n_samples, n_groups)."""
        largest, _, total = self._led(field)
        return largest + np.log(total)

    def mean(self, params, field):
        """The probability of each column."""
        _, weight, total = self._led(field)
        weight /= total
        return _joined(weight)

    def mode(self, params, field):
        return self.nearest(field)

    def nearest(self, x):
        """One-hot at the largest value of each group; the first of equal ones."""
        places = self._places(x)
        rest = np.ones(places.shape[1:], bool)
        chosen, largest = np.empty_like(places), places.max(axis=0)
        for own, out in zip(places, chosen, strict=True):
            won = rest & (own == largest)
            out[...] = won
            rest &= ~won
        return _joined(chosen)

    def sample(self, params, field, odds):
        """One-hot where the sum of the probabilities reaches a uniform number.

        That of a group comes from the odds of its first column.
        """
        _, weight, total = self._led(field)
        u = self._groups(odds)[..., 0].astype(total.dtype, copy=False)
        u = u / (1 + u)
        # Never as much as all: what has no weight is not drawn.
        u = np.minimum(u * total, np.nextafter(total, total.dtype.type(0)))
        reached, before = np.zeros_like(total), np.zeros(total.shape, bool)
        for own in weight:
            reached += own
            now = u < reached
            own[...] = now ^ before
            before = now
        return _joined(weight)

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean, and so their variance.

        Means of a group that do not sum to 1 count as if divided by their sum.
        """
        return Bias(np.log(mean))

    def interior(self, mean):
        """A mean kept a little from certainty, so that free units can have it."""
        kept = 0.98 * np.clip(self._groups(mean), 0, 1) + 0.02 / self.size
        return (kept / kept.sum(axis=-1, keepdims=True)).reshape(mean.shape)

    def restricted(self, columns):
        """The unit of some of the columns, given by a mask, the others being 0.

        Groups are then of several sizes; one without columns is gone.
        """
        sizes = [n for n in self._groups(columns).sum(axis=-1).tolist() if n]
        kept = [(n, n * len(list(same))) for n, same in groupby(sizes)]
        if not kept:
            return CategoricalUnit().restricted(columns)
        if len(kept) == 1:
            return CategoricalGroups(kept[0][0])
        return Columns(tuple((CategoricalGroups(n), total) for n, total in kept))

    def implied(self, x):
        """x, its missing values (NaN) filled where the known ones leave no choice."""
        return CategoricalUnit().implied(self._groups(x)).reshape(x.shape)

    def given(self, x):
        """The unit of rows of which x is known, and NaN is not: a known 0 is no state.

        For values that :meth:`implied` has completed.
        """
        excluded = x == 0
        return PartlyKnown(self, excluded) if excluded.any() else self

    def n_states(self, n_columns):
        """How many states so many columns have."""
        return self.size ** (int(n_columns) // self.size)

    def states(self, numbers, n_columns):
        """States of given numbers, the first group turning fastest."""
        powers = self.size ** np.arange(n_columns // self.size, dtype=np.int64)
        chosen = numbers[:, None] // powers % self.size
        states = chosen[..., None] == np.arange(self.size)
        return states.reshape(len(numbers), n_columns).astype(np.float64)

    def sites(self, n_columns):
        """Each group by itself."""
        starts = range(0, n_columns, self.size)
        return [(slice(start, start + self.size), self) for start in starts]

    def _groups(self, x):
        return x.reshape(*x.shape[:-1], -1, self.size)

    def _places(self, x):
        """A copy, places in a group first: passes over it then run along the groups."""
        return np.array(np.moveaxis(self._groups(x), -1, 0), order="C")

    def _led(self, field):
        """The largest field of each group, exp(field - largest), and their sums.

        Places come first.
        """
        weight = self._places(field)
        largest = weight.max(axis=0)
        weight -= largest
        np.exp(weight, out=weight)
        return largest, weight, weight.sum(axis=0)


def _joined(places):
    """Columns again, from places in a group that come first."""
    columns = np.moveaxis(places, 0, -1)
    return columns.reshape(*columns.shape[:-2], -1)
