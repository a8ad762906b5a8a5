"""Categorical units: a group of columns of which exactly one is 1."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ._bernoulli import BERNOULLI
from ._contract import Bias, Unit


@dataclass(frozen=True)
class CategoricalUnit(Unit):
    """A softmax group: all columns of the layer are one unit, coded one-hot.

    Each column has a bias, and its field is bias + input. Exactly one column is 1,
    and P(column k is 1 | input) = exp(field_k) / sum_l exp(field_l), so that labels
    can stand beside pixels in the visible layer of an RBM (Hinton, Osindero & Teh
    2006, "A fast learning algorithm for deep belief nets").  A constant added to all
    biases changes nothing but log Z.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.units import Bias, CategoricalUnit
    >>> unit, params = CategoricalUnit(), Bias(np.log([1.0, 2.0, 5.0]))
    >>> field = unit.field(params, np.zeros((1, 3)))
    >>> unit.mean(params, field)
    array([[0.125, 0.25 , 0.625]])
    >>> unit.mode(params, field)
    array([[0., 0., 1.]])
    >>> np.exp(unit.log_partition(params, field)).round(6)  # one for the whole group
    array([[8.]])
    """

    low: ClassVar = 0.0
    high: ClassVar = 1.0
    countable: ClassVar = True
    mean_tells_all: ClassVar = True
    columnwise: ClassVar = False  # one column of a group is 1
    noise: ClassVar = "exponential"

    def log_partition(self, params, field):
        """log sum_k exp(field_k), shape (n_samples, 1): one term for the group."""
        largest, weight = _led(field)
        return largest + np.log(weight.sum(axis=-1, keepdims=True))

    def mean(self, params, field):
        """The probability of each column."""
        _, weight = _led(field)
        return weight / weight.sum(axis=-1, keepdims=True)

    def mode(self, params, field):
        return self.nearest(field)

    def nearest(self, x):
        """One-hot at the largest value; the first of equal ones."""
        largest = x.argmax(axis=-1)[..., None]
        return (np.arange(x.shape[-1]) == largest).astype(x.dtype)

    def sample(self, params, field, exponential):
        """One-hot at the largest field + Gumbel noise: exact (Gumbel 1954)."""
        return self.nearest(field + gumbel(exponential))

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean, and so their variance.

        A mean that does not sum to 1 counts as if divided by its sum.
        """
        return Bias(np.log(mean))

    # Column by column; their sum may be more than 1, see `free_params`.
    smoothed = BERNOULLI.smoothed
    allowance = BERNOULLI.allowance

    def interior(self, mean):
        """A mean kept a little from certainty, so that free units can have it."""
        kept = 0.98 * np.clip(mean, 0, 1) + 0.02 / mean.shape[-1]
        return kept / kept.sum(axis=-1, keepdims=True)

    def restricted(self, columns):
        """The unit of some of the columns, given by a mask, the others being 0.

        They are a smaller group.  That of no columns has a single state, which a
        two-valued unit has as well, while a group without columns cannot be.
        """
        return self if np.any(columns) else BERNOULLI

    def implied(self, x):
        """x, its missing values (NaN) filled where the known ones leave no choice.

        Beside a known 1 all others are 0, and beside zeros a single missing value
        is 1.  Known values between 0 and 1, which are no state, leave to the missing
        ones equal shares of what they lack to 1.
        """
        missing = np.isnan(x)
        n_missing = missing.sum(axis=-1, keepdims=True)
        left = np.clip(1 - np.nansum(x, axis=-1, keepdims=True), 0, 1)
        settled = missing & ((left < 1) | (n_missing == 1))
        share = (left / np.maximum(n_missing, 1)).astype(x.dtype)
        return np.where(settled, share, x)

    def given(self, x):
        """The unit of rows of which x is known, and NaN is not: a known 0 is no state.

        For values that :meth:`implied` has completed.
        """
        excluded = x == 0
        return PartlyKnown(self, excluded) if excluded.any() else self

    def sites(self, n_columns):
        """Refused: the label is all there is, and has no part that varies by itself."""
        raise ValueError(
            "There is no pseudo-likelihood of labels: a label has no unit that varies "
            "by itself. Take score_samples, a likelihood."
        )

    def n_states(self, n_columns):
        """How many states so many columns have: one for each."""
        return n_columns

    def states(self, numbers, n_columns):
        """States of given numbers, those of the columns that are 1."""
        return (numbers[:, None] == np.arange(n_columns)).astype(np.float64)


@dataclass(frozen=True, eq=False)
class PartlyKnown(Unit):
    """Groups of which some columns are known to be 0, others in every row.

    Parameters
    ----------
    unit : CategoricalUnit or CategoricalGroups
    excluded : ndarray of bool, one row for each row of the fields
    """

    unit: Unit
    excluded: np.ndarray

    low: ClassVar = 0.0
    high: ClassVar = 1.0
    countable: ClassVar = True
    columnwise: ClassVar = False

    @property
    def noise(self):
        return self.unit.noise

    def log_partition(self, params, field):
        """One term for each group, of the columns that are left."""
        return self.unit.log_partition(params, self._of_the_rest(field))

    def mean(self, params, field):
        """The probability of each column."""
        return self.unit.mean(params, self._of_the_rest(field))

    def mode(self, params, field):
        return self.unit.mode(params, self._of_the_rest(field))

    def sample(self, params, field, noise):
        """One of the columns that are left."""
        return self.unit.sample(params, self._of_the_rest(field), noise)

    def _of_the_rest(self, field):
        # Not infinite: where all columns are known, there would be nothing left.
        lowest = field.dtype.type(np.finfo(field.dtype).min / 4)
        return np.where(self.excluded, lowest, field)


def gumbel(exponential):
    """Standard Gumbel noise -log(-log u), from -log u."""
    return -np.log(exponential)


def _led(field):
    """The largest field, and exp(field - largest), which cannot overflow."""
    largest = field.max(axis=-1, keepdims=True)
    return largest, np.exp(field - largest)
