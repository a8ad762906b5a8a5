"""Categorical units side by side: many groups of equally many columns."""

from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

import numpy as np

from ._bernoulli import BERNOULLI
from ._categorical import CategoricalUnit, PartlyKnown
from ._columns import Columns
from ._contract import Bias, Unit

_CACHED = 2**15  # elements of a block


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
    countable: ClassVar = True
    mean_tells_all: ClassVar = True
    columnwise: ClassVar = False

    # What is linear in the values does not ask which of them go together.
    smoothed = BERNOULLI.smoothed
    allowance = BERNOULLI.allowance

    def log_partition(self, params, field):
        """log sum_k exp(field_k), shape (n_samples, n_groups)."""
        out = np.empty(self._groups(field).shape[:-1], field.dtype)
        for part, places in self._blocks(field):
            largest, total = _led(places)
            np.log(total, out=total)
            total += largest
            _rows(out)[part] = total
        return out

    def mean(self, params, field):
        """The probability of each column."""
        return self._means(field)

    def fast_mean(self, kernels, params, input, out=None):
        """As `mean`, written to `out` if that is given."""
        return self._means(input, params.bias, out)

    def _means(self, field, bias=None, out=None):
        out = np.empty(field.shape, field.dtype) if out is None else out
        for part, places in self._blocks(field, bias):
            _, total = _led(places)
            places /= total
            self._put(out, part, places)
        return out

    def mode(self, params, field):
        return self.nearest(field)

    def nearest(self, x):
        """One-hot at the largest value of each group; the first of equal ones."""
        out = np.empty(x.shape, x.dtype)
        for part, places in self._blocks(x):
            largest, rest = places.max(axis=0), np.ones(places.shape[1:], bool)
            for own in places:
                won = rest & (own == largest)
                rest &= ~won
                own[...] = won
            self._put(out, part, places)
        return out

    def sample(self, params, field, u):
        """One-hot where the sum of the probabilities reaches a uniform number.

        That of a group is the number of its first column.
        """
        return self._samples(field, u, np.empty(field.shape, field.dtype))

    def fast_sample(self, kernels, params, input, u, mean=None):
        """As `sample`."""
        out = input if input.flags.c_contiguous else np.empty(input.shape, input.dtype)
        return self._samples(input, u, out, params.bias)

    def _samples(self, field, u, out, bias=None):
        first = _rows(np.broadcast_to(u, field.shape)[..., :: self.size])
        for part, places in self._blocks(field, bias):
            _, total = _led(places)
            u = first[part].astype(total.dtype, copy=False)
            # Never as much as all, whatever the order in which it was added up: what
            # has no weight is not drawn, and something is.
            most = 1 - self.size * np.finfo(total.dtype).eps
            u = np.minimum(u, most) * total
            reached, before = np.zeros_like(total), np.zeros(total.shape, bool)
            for own in places:
                reached += own
                now = u < reached
                np.not_equal(now, before, out=own)
                before = now
            self._put(out, part, places)
        return out

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

    def _blocks(self, x, bias=None):
        """Some rows at a time, as copies that the cache holds, places in a group first.

        Passes over places then run along the groups.
        """
        rows = _rows(x)
        n = max(1, _CACHED // max(1, x.shape[-1]))
        for start in range(0, len(rows), n):
            part = slice(start, start + n)
            # First as they lie: reading with strides from afar is slow.
            own = rows[part].copy() if bias is None else rows[part] + bias
            yield part, np.stack([own[:, k :: self.size] for k in range(self.size)])

    def _put(self, out, part, places):
        """Rows of columns again, from places in a group that come first."""
        rows = np.empty((places.shape[1], self.size * places.shape[2]), places.dtype)
        for k, own in enumerate(places):
            rows[:, k :: self.size] = own
        _rows(out)[part] = rows


def _rows(x):
    """As a view of two dimensions."""
    return x.reshape(-1, x.shape[-1])


def _led(places):
    """The largest of each group, and sums; the places become exp(field - largest)."""
    largest = places.max(axis=0)
    places -= largest
    np.exp(places, out=places)
    return largest, places.sum(axis=0)
