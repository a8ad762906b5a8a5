"""A layer as columns: groups of units side by side, which are a unit again."""

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from numbers import Integral
from typing import NamedTuple

import numpy as np

from ._bernoulli import BERNOULLI
from ._contract import Unit
from ._noise import from_uniform

ROLES = ("data", "label", "latent", "given")


class Group(NamedTuple):
    """Consecutive columns of one unit.

    Attributes
    ----------
    unit : Unit
    n_columns : int
    role : {"data", "label", "latent", "given"}
    """

    unit: Unit
    n_columns: int
    role: str = "data"


@dataclass(frozen=True)
class Columns(Unit):
    """Groups of units over consecutive columns: pixels, and next to them a label.

    Every function of the field is that of each unit on its own columns. Parameters are
    one vector over all columns each, so that a model sees one layer; what a unit has
    not is 0 there.

    A role says what a group is for, and nothing of its law: "data" and "label" are
    observed, the latter what is to be told; "latent" columns are those of a layer
    above, never observed, which is all that a second hidden layer is (missing in every
    row, they are sampled in training); "given" ones are conditions.

    Parameters
    ----------
    groups : tuple of (unit, n_columns) or (unit, n_columns, role)
        From left to right; the role is "data" unless it is said.

    Raises
    ------
    ValueError
        If there are no groups, or one is no unit, has less than one column or no such
        role, or if no unit has all parameters that the others have.

    Examples
    --------
    Two bits and a label of three classes. The energies of the bits are summed out
    one by one, those of the label together: log 2 twice, and log 3.

    >>> import numpy as np
    >>> from skboltz.units import BERNOULLI, Bias, CategoricalUnit, Columns
    >>> unit = Columns(((BERNOULLI, 2), (CategoricalUnit(), 3, "label")))
    >>> params, field = Bias(np.zeros(5)), np.array([[0.0, 0.0, 0.0, 0.0, 0.0]])
    >>> np.exp(unit.log_partition(params, field)).round(6)
    array([[2., 2., 3.]])
    >>> unit.mode(params, np.array([[1.0, -1.0, 2.0, 7.0, 5.0]]))
    array([[1., 0., 0., 1., 0.]])
    >>> unit.has_role("label")
    array([False, False,  True,  True,  True])
    """

    groups: tuple

    def __post_init__(self):
        # Only a tuple of tuples can be hashed, as units are.
        good = isinstance(self.groups, tuple) and self.groups
        if not (good and all(map(_is_group, self.groups))):
            raise ValueError(
                f"groups must be a tuple of tuples (unit, number of columns, role): "
                f"the number at least 1, and the role, which may be left out, one of "
                f"{', '.join(ROLES)}; found {self.groups!r}."
            )
        groups = tuple(Group(*group) for group in self.groups)
        object.__setattr__(self, "groups", groups)
        for group in groups:
            if not set(group.unit.parameters._fields) <= set(self.parameters._fields):
                raise ValueError(
                    f"groups must have a unit whose parameters are all that any unit "
                    f"has, found {self.groups!r}."
                )

    @cached_property
    def _parts(self):
        """The unit of every group, and a slice of its columns."""
        ends = accumulate(group.n_columns for group in self.groups)
        return [
            (group.unit, slice(end - group.n_columns, end))
            for group, end in zip(self.groups, ends, strict=True)
        ]

    @cached_property
    def _scaled(self):
        """Of the parts those whose statistic may have parameters."""
        return [part for part in self._parts if len(part[0].parameters._fields) > 1]

    @cached_property
    def n_columns(self):
        return sum(group.n_columns for group in self.groups)

    # What it is -----------------------------------------------------------------------

    @cached_property
    def low(self):
        """The lowest value: one number if all columns share it, else an array."""
        return self._of_columns("low")

    @cached_property
    def high(self):
        """The highest value: one number if all columns share it, else an array."""
        return self._of_columns("high")

    @cached_property
    def countable(self):
        return all(unit.countable for unit, _ in self._parts)

    @cached_property
    def mean_tells_all(self):
        return all(unit.mean_tells_all for unit, _ in self._parts)

    @cached_property
    def binary(self):
        return all(unit.binary for unit, _ in self._parts)

    @cached_property
    def columnwise(self):
        return all(unit.columnwise for unit, _ in self._parts)

    @cached_property
    def growths(self):
        return frozenset().union(*(unit.growths for unit, _ in self._parts))

    @cached_property
    def noise(self):
        """That of all units; uniform if they differ."""
        kinds = {unit.noise for unit, _ in self._parts}
        return kinds.pop() if len(kinds) == 1 else "uniform"

    @cached_property
    def parameters(self):
        kinds = (unit.parameters for unit, _ in self._parts)
        return max(kinds, key=lambda kind: len(kind._fields))

    def has_role(self, role, n_columns=None):
        """Which columns play a role, as a mask."""
        return _joined(np.full(n, own == role) for _, n, own in self.groups)

    def without(self, role):
        """The unit of the columns that do not play a role."""
        return self.restricted(~self.has_role(role))

    # The field, and what it makes of the units ----------------------------------------

    def log_partition(self, params, field):
        """Terms of all groups; their sum over a row is its log partition function.

        A group may have fewer terms than columns: their number is not `n_columns`.
        """
        return self._each("log_partition", params, field)

    def log_partition_gain(self, params, field, steps):
        """What the log partition function of each row gains by steps of its field."""
        return sum(
            unit.log_partition_gain(own, f, step)
            for unit, own, f, step in self._split(params, field, steps)
        )

    def mean(self, params, field):
        return self._each("mean", params, field)

    def mode(self, params, field):
        return self._each("mode", params, field)

    def sample(self, params, field, noise):
        """Each unit by its own columns of noise."""
        return _joined(
            unit.sample(own, f, self._noise_of(unit, z))
            for unit, own, f, z in self._split(params, field, noise)
        )

    def fast_sample(self, kernels, params, input, noise, mean=None, room=None):
        """As `sample`."""
        return _joined(
            unit.fast_sample(kernels, own, _array(f), _array(self._noise_of(unit, z)))
            for unit, own, f, z in self._split(params, input, noise)
        )

    def fast_mean(self, kernels, params, input, out=None):
        """As `mean`, written to `out` if that is given."""
        return _joined(
            (
                unit.fast_mean(kernels, own, _array(f))
                for unit, own, f in self._split(params, input)
            ),
            out,
        )

    def _noise_of(self, unit, noise):
        return noise if unit.noise == self.noise else from_uniform(unit.noise, noise)

    # Base energies and statistics -----------------------------------------------------

    def energies(self, params, x):
        return self._each("energies", params, x)

    def base_energy(self, params, x):
        """Sum over the groups, shape (n_samples,)."""
        return sum(u.base_energy(own, y) for u, own, y in self._split(params, x))

    def base_energy_change(self, params, new_params, x):
        """base_energy(new_params, x) - base_energy(params, x), in double precision."""
        return sum(
            unit.base_energy_change(_of(unit, params, s), _of(unit, new_params, s), y)
            for (unit, s), y in self._with(x)
        )

    def statistic(self, params, x):
        return self._each("statistic", params, x)

    def statistic_step(self, params, new, old):
        return self._each("statistic_step", params, new, old)

    def sums(self, params, x, weight=None):
        """Weighted sum over the rows of -d(base energy)/d(parameters)."""
        return self._join(
            u.sums(own, y, weight) for u, own, y in self._split(params, x)
        )

    def expected_sums(self, params, field, weight=None):
        """What to expect of `sums` of units with these fields."""
        return self._join(
            unit.expected_sums(own, f, weight)
            for unit, own, f in self._split(params, field)
        )

    def sums_of_means(self, params, mean, weight=None):
        """What to expect of `sums` of units with these means."""
        return self._join(
            unit.sums_of_means(own, m, weight)
            for unit, own, m in self._split(params, mean)
        )

    def scaled_weights(self, params, weights):
        """Weights, units last, by which values themselves couple."""
        if not self._scaled:
            return weights
        return _joined(
            u.scaled_weights(own, w) for u, own, w in self._split(params, weights)
        )

    def to_slopes(self, params, *arrays):
        """Slopes by the weights and the bias, from differences of values, in place."""
        for unit, s in self._scaled:
            unit.to_slopes(_of(unit, params, s), *(array[..., s] for array in arrays))

    def to_values(self, params, *arrays):
        """Differences of values from such slopes, in place."""
        for unit, s in self._scaled:
            unit.to_values(_of(unit, params, s), *(array[..., s] for array in arrays))

    def add_couplings(self, step, weights, slopes, offset=None):
        """A gradient with what parameters do to the statistic, in place."""
        for unit, s in self._scaled:
            own = weights[..., s], slopes[..., s]
            unit.add_couplings(_of(unit, step, s), *own, offset)

    def carry(self, step, offset, weights, bias):
        """Biases of the others with what a step does to a statistic, in place."""
        for unit, s in self._scaled:
            unit.carry(_of(unit, step, s), offset[..., s], weights[..., s], bias)

    def gain(self, params, reference):
        """Factor by which an input counts that was computed for other parameters."""
        gains = [
            (unit.gain(_of(unit, params, s), _of(unit, reference, s)), s.stop - s.start)
            for unit, s in self._parts
        ]
        if all(np.ndim(gain) == 0 for gain, _ in gains):
            return 1.0
        return _joined(np.broadcast_to(gain, n) for gain, n in gains)

    # Parameters -----------------------------------------------------------------------

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean, and that variance."""
        variance = np.ones_like(mean) if variance is None else variance
        return self._join(
            unit.free_params(mean[s], variance[s]) for unit, s in self._checked(mean)
        )

    def smoothed(self, mean, weight):
        """A mean of rows of some total weight, moved to where units can have it."""
        weight = np.broadcast_to(weight, mean.shape)
        parts = self._checked(mean)
        return _joined(unit.smoothed(mean[..., s], weight[..., s]) for unit, s in parts)

    def interior(self, mean):
        """A mean kept a little from all limits, so that free units can have it."""
        return _joined(unit.interior(m) for (unit, _), m in self._with(mean))

    def with_mean(self, params, mean):
        """The same parameters but for the mean of free units."""
        return self._join(
            u.with_mean(own, m) for u, own, m in self._split(params, mean)
        )

    def blend(self, base, target, beta):
        """Parameters whose base energy is (1 - beta) that of base + beta target's."""
        return self._join(
            unit.blend(_of(unit, base, s), _of(unit, target, s), beta)
            for unit, s in self._parts
        )

    def spread(self, params):
        """Deviation of the statistic of free units of quadratic energy, else 0."""
        return _joined(unit.spread(_of(unit, params, s)) for unit, s in self._parts)

    def allowance(self, params, x):
        """Nats by which a sound model may prefer its own states to rows of data."""
        return sum(unit.allowance(own, y) for unit, own, y in self._split(params, x))

    # Values and states ----------------------------------------------------------------

    def nearest(self, x):
        """The nearest values that the units can take."""
        return _joined(unit.nearest(y) for (unit, _), y in self._with(x))

    def n_states(self, n_columns):
        """How many states the columns have, which must be all of the groups."""
        counts = [unit.n_states(n) for unit, n, _ in self.groups]
        # Of many bits there are more than a float can say: infinity times them fails.
        return math.inf if math.inf in counts else math.prod(counts)

    def states(self, numbers, n_columns):
        """States of given numbers, the first group turning fastest."""
        made = []
        for unit, n, _ in self.groups:
            numbers, own = np.divmod(numbers, unit.n_states(n))
            made.append(unit.states(own, n))
        return _joined(made)

    def flipped(self, x):
        """Each column at its other value, of binary units."""
        return _joined(unit.flipped(y) for (unit, _), y in self._with(x))

    def neighbours(self, x):
        """States one step of one group from each row of x."""
        near = []
        for (unit, s), y in self._with(x):
            own = unit.neighbours(y)
            near.append(np.repeat(x[:, None], own.shape[1], axis=1))
            near[-1][..., s] = own
        return np.concatenate(near, axis=1)

    # One column, or group of columns, given all else ---------------------------------

    def sites(self, n_columns):
        """Slices of columns that vary together, and the unit that each is."""
        return [
            (slice(part.start + own.start, part.start + own.stop), site)
            for unit, part in self._parts
            for own, site in unit.sites(part.stop - part.start)
        ]

    def reach(self, params, low, high):
        """Least and largest statistic of fields between two limits."""
        groups = self._split(params, low, high)
        ends = (unit.reach(own, *limits) for unit, own, *limits in groups)
        return tuple(map(_joined, zip(*ends, strict=True)))

    # Some columns known ---------------------------------------------------------------

    def restricted(self, columns):
        """The unit of some of the columns, given by a mask, the others being known.

        What is known of a group may settle more of it, see :meth:`implied`.
        """
        kept = tuple(
            Group(unit.restricted(own), int(np.count_nonzero(own)), role)
            for (unit, _, role), ((_, _), own) in zip(
                self.groups, self._with(columns), strict=True
            )
            if np.any(own)
        )
        if not kept:
            return BERNOULLI  # without columns: one state
        return kept[0].unit if len(kept) == 1 else Columns(kept)

    def implied(self, x):
        """x, its missing values (NaN) filled where the known ones leave no choice."""
        return _joined(unit.implied(y) for (unit, _), y in self._with(x))

    def given(self, x):
        """The unit of rows of which x is known, and NaN is not."""
        groups = zip(self.groups, self._with(x), strict=True)
        held = tuple(
            group._replace(unit=group.unit.given(y)) for group, (_, y) in groups
        )
        return self if held == self.groups else Columns(held)

    # Its groups -----------------------------------------------------------------------

    def _checked(self, array):
        """Every unit with a slice of its columns, of an array that has them all."""
        # A slice would drop columns in silence.
        if array.shape[-1] != self.n_columns:
            raise ValueError(
                f"groups have {self.n_columns} columns, found {array.shape[-1]}."
            )
        return self._parts

    def _with(self, array):
        """Every unit with a slice, and its columns of an array as a view."""
        return [((unit, s), array[..., s]) for unit, s in self._checked(array)]

    def _split(self, params, *arrays):
        """Every unit with its parameters and its columns of the arrays, as views."""
        for unit, s in self._checked(arrays[-1]):
            yield unit, _of(unit, params, s), *(array[..., s] for array in arrays)

    def _each(self, method, params, *arrays):
        """A method of every unit, its results side by side."""
        groups = self._split(params, *arrays)
        return _joined(getattr(unit, method)(*own) for unit, *own in groups)

    def _join(self, parts):
        """Parameters of all columns, from those of groups; what one has not is 0."""
        parts = list(parts)
        return self.parameters(
            *(
                _joined(getattr(own, name, np.zeros_like(own.bias)) for own in parts)
                for name in self.parameters._fields
            )
        )

    def _of_columns(self, name):
        values = _joined(
            np.broadcast_to(getattr(u, name), n) for u, n, _ in self.groups
        )
        return float(values[0]) if (values == values[0]).all() else values


def side_by_side(units, sizes):
    """The unit of several layers side by side, each on its own columns.

    Parameters
    ----------
    units : list of Unit
    sizes : list of int
        How many columns each layer has.

    Returns
    -------
    Unit

    Examples
    --------
    >>> from skboltz.units import BERNOULLI, SPIN
    >>> from skboltz.units._columns import side_by_side
    >>> side_by_side([BERNOULLI, BERNOULLI], [2, 1]) is BERNOULLI
    True
    >>> side_by_side([SPIN, BERNOULLI], [2, 1]).low
    array([-1., -1.,  0.])
    """
    groups = []
    for unit, n in zip(units, sizes, strict=True):
        for group in getattr(unit, "groups", (Group(unit, n),)):
            if groups and _joins(groups[-1].unit, group.unit):
                n_before = groups[-1].n_columns
                groups[-1] = group._replace(n_columns=n_before + group.n_columns)
            else:
                groups.append(group)
    return groups[0].unit if len(groups) == 1 else Columns(tuple(groups))


def _joins(unit, other):
    """Whether columns of both are one layer of the same unit."""
    return unit == other and unit.columnwise and not isinstance(unit, Columns)


def _is_group(group):
    if not isinstance(group, tuple) or len(group) not in (2, 3):
        return False
    unit, n_columns, *role = group
    number = isinstance(n_columns, Integral) and n_columns >= 1
    return isinstance(unit, Unit) and number and set(role) <= set(ROLES)


def _of(unit, params, columns):
    """Parameters of a unit, as views of those of all columns."""
    kind = unit.parameters
    return kind(*(getattr(params, name)[..., columns] for name in kind._fields))


def _array(part):
    # Kernels run along whole rows in memory.
    return np.ascontiguousarray(part)


def _joined(arrays, out=None):
    return np.concatenate(list(arrays), axis=-1, out=out)
