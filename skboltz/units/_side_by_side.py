"""Units side by side over consecutive groups of columns, which are a unit again."""

import math
from dataclasses import dataclass
from itertools import accumulate
from numbers import Integral
from typing import ClassVar

import numpy as np

from ._bernoulli import BERNOULLI
from ._two_valued import Bias


@dataclass(frozen=True)
class SideBySide:
    """Several units over consecutive columns: pixels, and next to them a label.

    Every function of the field is that of each unit on its own columns. The
    parameters are one :class:`Bias` of all columns, so that a model sees one layer.

    Parameters
    ----------
    parts : tuple of (unit, n_columns)
        From left to right; units whose parameters are a :class:`Bias`.

    Raises
    ------
    ValueError
        If there are no parts, or one has other parameters or less than one column.

    Examples
    --------
    Two bits and a label of three classes. The energies of the bits are summed out
    one by one, those of the label together: log 2 twice, and log 3.

    >>> import numpy as np
    >>> from skboltz.units import BERNOULLI, Bias, CategoricalUnit, SideBySide
    >>> unit = SideBySide(((BERNOULLI, 2), (CategoricalUnit(), 3)))
    >>> params, field = Bias(np.zeros(5)), np.array([[0.0, 0.0, 0.0, 0.0, 0.0]])
    >>> np.exp(unit.log_partition(params, field)).round(6)
    array([[2., 2., 3.]])
    >>> unit.mode(params, np.array([[1.0, -1.0, 2.0, 7.0, 5.0]]))
    array([[1., 0., 0., 1., 0.]])
    """

    parts: tuple

    width: ClassVar = 1
    columnwise: ClassVar = False  # not all columns, at least
    enumerable: ClassVar = False
    scaled: ClassVar = False  # no unit with a bias alone has a statistic that is
    noise: ClassVar = "logistic"
    kernel: ClassVar = "side_by_side"
    parameters: ClassVar = Bias

    def __post_init__(self):
        if not (self.parts and _are_parts(self.parts)):
            raise ValueError(
                f"parts must be a tuple of pairs of a unit whose parameters are a "
                f"Bias, and of its number of columns, at least 1; found {self.parts!r}."
            )

    @property
    def n_columns(self):
        return sum(n for _, n in self.parts)

    @property
    def low(self):
        """The lowest value: one number if all columns share it, else an array."""
        return self._of_columns("low")

    @property
    def high(self):
        """The highest value: one number if all columns share it, else an array."""
        return self._of_columns("high")

    @property
    def span(self):
        return self.high - self.low

    def field(self, params, input):
        return params.bias + input

    def base_energy(self, params, x):
        """Sum over the parts, shape (n_samples,)."""
        return sum(u.base_energy(Bias(b), y) for u, b, y in self._split(params.bias, x))

    def base_energy_change(self, params, new_params, x):
        """base_energy(new_params, x) - base_energy(params, x), in double precision."""
        groups = self._split(params.bias, new_params.bias, x)
        return sum(u.base_energy_change(Bias(b), Bias(c), y) for u, b, c, y in groups)

    def statistic(self, params, x):
        """What couples to other units."""
        return self._joined("statistic", params, x)

    def parameter_sums(self, params, x, weight=None):
        """Weighted sum over the rows of -d(base energy)/d(parameters)."""
        groups = self._split(params.bias, x)
        return _join(u.parameter_sums(Bias(b), y, weight) for u, b, y in groups)

    def expected_sums(self, params, field, weight=None):
        """What to expect of `parameter_sums` of units with these fields."""
        groups = self._split(params.bias, field)
        return _join(u.expected_sums(Bias(b), f, weight) for u, b, f in groups)

    def sums_of_means(self, params, mean, weight=None):
        """What to expect of `parameter_sums` of units with these means."""
        groups = self._split(params.bias, mean)
        return _join(u.sums_of_means(Bias(b), m, weight) for u, b, m in groups)

    def log_partition(self, params, field):
        """Terms of all parts; their sum over a row is its log partition function.

        A part may have fewer terms than columns: their number is not `n_columns`.
        """
        return self._joined("log_partition", params, field)

    def mean(self, params, field):
        return self._joined("mean", params, field)

    def mode(self, params, field):
        return self._joined("mode", params, field)

    def nearest(self, x):
        """The nearest state."""
        return _side_by_side(unit.nearest(y) for unit, y in self._split(x))

    def sample(self, params, field, noise):
        """Each part by its own columns of logistic noise."""
        return self._joined("sample", params, field, noise)

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean, and so their variance."""
        return _join(unit.free_params(m) for unit, m in self._split(mean))

    def interior(self, mean):
        """A mean kept a little from all limits, so that free units can have it."""
        return _side_by_side(unit.interior(m) for unit, m in self._split(mean))

    def with_mean(self, params, mean):
        """The same parameters but for the mean of free units."""
        groups = self._split(params.bias, mean)
        return _join(unit.with_mean(Bias(b), m) for unit, b, m in groups)

    def blend(self, base, target, beta):
        """Parameters whose base energy is (1 - beta) that of base + beta target's."""
        groups = self._split(base.bias, target.bias)
        return _join(unit.blend(Bias(b), Bias(c), beta) for unit, b, c in groups)

    def gain(self, params, reference):
        """Factor by which an input counts: no statistic has parameters."""
        return 1.0

    def restricted(self, columns):
        """The unit of some of the columns, given by a mask, the others being known.

        What is known of a part may settle more of it, see :meth:`implied`.
        """
        kept = tuple(
            (unit.restricted(own), int(np.count_nonzero(own)))
            for unit, own in self._split(columns)
            if np.any(own)
        )
        if not kept:
            return BERNOULLI  # without columns: one state
        return kept[0][0] if len(kept) == 1 else SideBySide(kept)

    def implied(self, x):
        """x, its missing values (NaN) filled where the known ones leave no choice."""
        return _side_by_side(unit.implied(y) for unit, y in self._split(x))

    def given(self, x):
        """The unit of rows of which x is known, and NaN is not."""
        groups = zip(self._split(x), self.parts, strict=True)
        parts = tuple((unit.given(own), n) for (unit, own), (_, n) in groups)
        return self if parts == self.parts else SideBySide(parts)

    def n_states(self, n_columns):
        """How many states the columns have, which must be all of the parts."""
        return math.prod(unit.n_states(n) for unit, n in self.parts)

    def states(self, numbers, n_columns):
        """States of given numbers, the first part turning fastest."""
        made = []
        for unit, n in self.parts:
            numbers, own = np.divmod(numbers, unit.n_states(n))
            made.append(unit.states(own, n))
        return _side_by_side(made)

    def each_part(self, function, params, *arrays):
        """A function (unit, params, *arrays) of each part, its results side by side."""
        return _side_by_side(
            function(unit, Bias(bias), *map(np.ascontiguousarray, own))
            for unit, bias, *own in self._split(params.bias, *arrays)
        )

    def _split(self, *arrays):
        """Every unit with its columns of the arrays, as views."""
        self._check(arrays[-1])
        ends = accumulate(n for _, n in self.parts)
        for (unit, n), end in zip(self.parts, ends, strict=True):
            yield unit, *(array[..., end - n : end] for array in arrays)

    def _joined(self, method, params, *arrays):
        """A method of every unit, its results side by side."""
        groups = self._split(params.bias, *arrays)
        return _side_by_side(
            getattr(unit, method)(Bias(bias), *own) for unit, bias, *own in groups
        )

    def _check(self, array):
        # A slice would drop columns in silence.
        if array.shape[-1] != self.n_columns:
            raise ValueError(
                f"parts have {self.n_columns} columns, found {array.shape[-1]}."
            )

    def _of_columns(self, name):
        ends = (np.broadcast_to(getattr(unit, name), n) for unit, n in self.parts)
        values = _side_by_side(ends)
        return float(values[0]) if (values == values[0]).all() else values


def _are_parts(parts):
    # Only a tuple of tuples can be hashed, as units are.
    return isinstance(parts, tuple) and all(map(_is_part, parts))


def _is_part(part):
    if not isinstance(part, tuple) or len(part) != 2:
        return False
    unit, n_columns = part
    has_bias = getattr(unit, "parameters", None) is Bias
    return has_bias and isinstance(n_columns, Integral) and n_columns >= 1


def _side_by_side(arrays):
    return np.concatenate(list(arrays), axis=-1)


def _join(params):
    return Bias(_side_by_side(own.bias for own in params))
