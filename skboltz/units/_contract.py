"""The protocol of units: what every room above asks of one, and what most answer.

A unit written elsewhere is a subclass of :class:`Unit` with its limits, its five
functions of the field, and whatever it does otherwise than most.  `check_unit` of the
tests holds one against sums or integrals over its values.
"""

import math
from abc import ABC, abstractmethod
from enum import IntEnum
from typing import ClassVar, NamedTuple

import numpy as np

from ._causes import Causes

_DOUBLINGS, _HALVINGS = 40, 100  # of an interval of fields: to all their digits


class Bias(NamedTuple):
    """Parameters of a layer of units that have a bias alone, shape (n_units,)."""

    bias: np.ndarray


class Growth(IntEnum):
    """How fast a base energy grows with the value, which says what may be coupled.

    A sum over two layers is finite whatever the weights if one of them is bounded.
    """

    BOUNDED = 0
    V_LOG_V = 1
    QUADRATIC = 2


class Unit(ABC):
    """What a unit is; the defaults are those of one whose only parameter is a bias.

    All functions are pure, take a whole layer at once, columns last, and keep the
    precision of what they are given.  P(x | input) is proportional to
    exp(-base_energy(x) + input statistic(x)); of a unit with a bias alone the base
    energy is -bias x plus something that has no parameter, and its field is
    bias + input.

    A subclass must have `low` and `high`, and the functions `log_partition`, `mean`,
    `mode` and `sample`; `nearest` if it is countable, `n_states` and `states` if there
    is an end of its states, `points` and `reach` if there is none, and `energies`,
    `base_energy` and `growths` if the base energy is more than -bias x.

    Attributes
    ----------
    low, high : float or ndarray of shape (n_columns,)
        Limits of the values, infinite or not.
    countable : bool
        Whether values are states, with probabilities, or real numbers, with a density.
    mean_serves : bool
        Whether `fast_sample` and `fast_log_ratio` are faster if the mean is known.
    mean_tells_all : bool
        Whether the mean says how probable each value is, as of bits and of labels.
    binary : bool
        Whether a value is always `low` or `high`, so that a bit tells which.
    columnwise : bool
        Whether a column depends on no other, given its field.
    growths : frozenset of Growth
        How fast base energies of columns grow.
    noise : {"uniform", "odds", "logistic", "exponential", "normal"}
        What `sample` takes, one number for each column.
    parameters : type
        The NamedTuple of arrays of shape (n_columns,) that parameters come in, the
        bias first.

    Examples
    --------
    A unit that is -1, 0 or 1, with the weights exp(field x): a spin of one.

    >>> import numpy as np
    >>> from skboltz.units import Bias, Unit
    >>> class SpinOne(Unit):
    ...     low, high, countable = -1.0, 1.0, True
    ...     def log_partition(self, params, field):
    ...         return np.log1p(2 * np.cosh(field))
    ...     def mean(self, params, field):
    ...         return 2 * np.sinh(field) / (1 + 2 * np.cosh(field))
    ...     def mode(self, params, field):
    ...         return np.sign(field)
    ...     def sample(self, params, field, u):
    ...         total = 1 + 2 * np.cosh(field)
    ...         low, high = u < np.exp(-field) / total, u > 1 - np.exp(field) / total
    ...         return high.astype(field.dtype) - low
    ...     def nearest(self, x):
    ...         return np.clip(np.rint(x), -1, 1)
    >>> unit, params = SpinOne(), Bias(np.zeros(2))
    >>> unit.mean(params, unit.field(params, np.array([[0.0, np.log(2.0)]]))).round(6)
    array([[0.      , 0.428571]])
    >>> unit.free_params(np.array([3 / 7])).bias.round(6)  # log 2
    array([0.693147])
    """

    low: float
    high: float
    countable: ClassVar = False
    mean_serves: ClassVar = False
    mean_tells_all: ClassVar = False
    binary: ClassVar = False
    columnwise: ClassVar = True
    growths: ClassVar = frozenset({Growth.BOUNDED})
    noise: ClassVar = "uniform"
    parameters: ClassVar = Bias

    # The field, and what it makes of the unit ----------------------------------------

    def field(self, params, input):
        """bias + input: what the functions below are functions of, of every unit."""
        return params.bias + input

    @abstractmethod
    def log_partition(self, params, field):
        """log of the sum, or integral, of exp(input statistic(x) - base_energy(x)).

        Terms whose sum over a row is that of all columns: one for each column, or for
        each group of columns that are no units by themselves.
        """

    @abstractmethod
    def mean(self, params, field):
        """E[x]."""

    @abstractmethod
    def mode(self, params, field):
        """The likeliest value."""

    @abstractmethod
    def sample(self, params, field, noise):
        """Values drawn by noise of the kind `noise`."""

    def log_partition_gain(self, params, field, steps):
        """What `log_partition` of each row gains by steps of its field.

        Parameters
        ----------
        field : ndarray of shape (n_rows, n_columns)
        steps : ndarray of shape (n_rows, n_steps, n_columns)

        Returns
        -------
        ndarray of shape (n_rows, n_steps)
        """
        before = self.log_partition(params, field).sum(axis=-1)
        after = self.log_partition(params, field[:, None] + steps).sum(axis=-1)
        return after - before[:, None]

    # By the kernels in force, from the input; input and noise may be overwritten ------

    def fast_sample(self, kernels, params, input, noise, mean=None, room=None):
        """As `sample`.

        The mean may be given, if it is known, and room that the values may, and need
        not, be written to.
        """
        return self.sample(params, self.field(params, input), noise)

    def fast_draw(self, kernels, params, input, place, mean=None, room=None):
        """As `fast_sample`, by the noise of a place."""
        noise = kernels.NOISE[self.noise](place, input.shape, input.dtype)
        return self.fast_sample(kernels, params, input, noise, mean, room)

    def fast_mean(self, kernels, params, input, out=None):
        """As `mean`, written to `out` if that is given."""
        mean = self.mean(params, self.field(params, input))
        if out is None:
            return mean
        out[:] = mean
        return out

    def fast_tail_mean(self, kernels, params, input, out):
        """Write the mean, exact to its tails."""
        out[:] = self.mean(params, self.field(params, input))

    def fast_log_ratio(self, kernels, input, old, new, mean=None):
        """`log_partition` at the new field minus that at the old, for each row.

        `old` and `new` are pairs of a factor of the input and parameters.  The mean at
        the new field may be given, if it is known.
        """
        before, after = (
            self.log_partition(params, self.field(params, factor * input))
            for factor, params in (old, new)
        )
        return (after - before).sum(axis=1, dtype=np.float64)

    def causes(self, kernels, params, steps):
        """How two-valued units above are drawn given these: a :class:`Causes`.

        Parameters
        ----------
        kernels : module
        params : NamedTuple
            Of the units, each of which varies by itself, given its field.
        steps : ndarray of shape (n_causes, n_columns), float64
            By how much the field of each grows as a unit above goes high.
        """
        return Causes(self, params, steps)

    # The base energy, and the statistic that couples ----------------------------------

    def energies(self, params, x):
        """Base energy of each column, of the shape of x."""
        return -params.bias * x

    def base_energy(self, params, x):
        """Base energy of each row, shape (n_samples,)."""
        return -(x @ params.bias)

    def base_energy_change(self, params, new_params, x):
        """base_energy(new_params, x) - base_energy(params, x), without cancellation.

        The energy is linear in the bias; the difference needs no double precision.
        """
        change = (new_params.bias - params.bias).astype(x.dtype)
        return -(x @ change).astype(np.float64)

    def statistic(self, params, x):
        """What couples to other units: the value itself."""
        return x

    def statistic_step(self, params, new, old):
        """statistic(new) - statistic(old), without cancellation."""
        return new - old

    def sums(self, params, x, weight=None):
        """Weighted sum over the rows of -d(base energy)/d(parameters)."""
        return Bias(x.sum(axis=0) if weight is None else weight @ x)

    def expected_sums(self, params, field, weight=None):
        """What to expect of `sums` of units with these fields."""
        return self.sums(params, self.mean(params, field), weight)

    def sums_of_means(self, params, mean, weight=None):
        """What to expect of `sums` of units with these means."""
        return self.sums(params, mean, weight)

    # A statistic may have parameters besides the bias: scale(params) x ----------------

    def scaled_weights(self, params, weights):
        """Weights, units last, by which values themselves couple."""
        return weights

    def to_slopes(self, params, *arrays):
        """Slopes by the weights and the bias, from differences of values, in place."""

    def to_values(self, params, *arrays):
        """Differences of values from such slopes, in place."""

    def add_couplings(self, step, weights, slopes, offset=None):
        """A gradient with what parameters do to the statistic, in place.

        Parameters
        ----------
        step : NamedTuple
            Slopes by the parameters of the layer.
        weights, slopes : ndarray of shape (n_others, n_units)
            And the slopes by them.
        offset : ndarray of shape (n_others,), default=None
            By how much the statistics of the others are centered.
        """

    def carry(self, step, offset, weights, bias):
        """Biases of the others with what a step does to a centered statistic, in place.

        Parameters
        ----------
        step : NamedTuple
            Of the parameters of the layer.
        offset : ndarray of shape (n_units,)
            By how much the statistic is centered.
        weights : ndarray of shape (n_others, n_units)
        bias : ndarray of shape (n_others,)
        """

    def gain(self, params, reference):
        """Factor by which an input counts that was computed for other parameters."""
        return 1.0

    # Parameters -----------------------------------------------------------------------

    def free_params(self, mean, variance=None):
        """Parameters under which free units have that mean.

        And that variance, if that can be chosen by itself; by default it is 1.
        """
        return Bias(field_of_mean(self, mean))

    def smoothed(self, mean, weight):
        """A mean of rows of some total weight, moved to where free units can have it.

        As if one or two more samples were seen; data beyond the limits count as if at
        them.
        """
        return mean

    def interior(self, mean):
        """A mean kept a little from the limits, so that free units can have it."""
        return mean

    def resting(self, n_columns):
        """Means of units whose parameters are all 0."""
        nothing = (np.zeros(n_columns) for _ in self.parameters._fields)
        params = self.parameters(*nothing)
        return self.mean(params, self.field(params, np.zeros(n_columns)))

    def with_mean(self, params, mean):
        """The same parameters but for the mean of free units."""
        return self.free_params(mean)

    def blend(self, base, target, beta):
        """Parameters whose base energy is (1 - beta) that of base + beta target's.

        Up to a constant.
        """
        return Bias((1 - beta) * base.bias + beta * target.bias)

    def spread(self, params):
        """Deviation of the statistic of free units of quadratic energy, else 0.

        Couplings must be weak by this measure if both layers are quadratic.
        """
        return np.zeros_like(params.bias)

    def allowance(self, params, x):
        """Nats by which a sound model may prefer its own states to rows of data.

        What a fair coin for each column would cost, or independent units with the means
        of the rows, if that is more.  Values that are impossible count as the nearest
        that is not: else one of them would allow everything.
        """
        x, coins = self.nearest(x), x.shape[1] * math.log(2)
        mean = self.smoothed(x.mean(axis=0, dtype=x.dtype), len(x))
        alone = self.with_mean(params, mean)
        mode = self.mode(alone, self.field(alone, np.zeros_like(x[:1])))
        lowest = self.base_energy(alone, mode)[0]
        return max(coins, float(self.base_energy(alone, x).mean() - lowest))

    # Values and states ----------------------------------------------------------------

    def nearest(self, x):
        """The nearest value that the unit can take."""
        return np.clip(x, self.low, self.high)

    def n_states(self, n_columns):
        """How many states so many columns have; infinite if they cannot be counted."""
        return math.inf

    def states(self, numbers, n_columns):
        """States of given numbers, shape (n_numbers, n_columns)."""
        raise TypeError(f"the states of {self!r} cannot be counted.")

    def flipped(self, x):
        """Each column at its other value: of binary units, which alone have one."""
        raise TypeError(f"{self!r} has more values than two.")

    def neighbours(self, x):
        """States one step from each row of x, shape (n_rows, n_neighbours, n_columns).

        Those of a unit without steps are the rows themselves.
        """
        return x[:, None]

    # One column, or group of columns, given all else ---------------------------------

    def sites(self, n_columns):
        """Slices of columns that vary together, and the unit that each is."""
        return [(slice(i, i + 1), self) for i in range(n_columns)]

    def reach(self, params, low, high):
        """Least and largest statistic of fields between two limits.

        Of unbounded units all but about 1e-17 of the law.
        """
        return np.broadcast_to(self.low, low.shape), np.broadcast_to(
            self.high, high.shape
        )

    def points(self, params, low, high):
        """Values of a site and weights, whose sums are those over all its values.

        Parameters
        ----------
        params : NamedTuple
            Of the columns of one of the :meth:`sites`.
        low, high : ndarray of shape (n_site_columns,)
            Limits of the field: sums of exp(input statistic(x) - base_energy(x)) over
            any fields between them are right, as are those of their mixtures.

        Returns
        -------
        x : ndarray of shape (n_points, n_site_columns)
        weight : ndarray of shape (n_points,)
            1 for states.
        """
        n_columns = len(params.bias)
        numbers = np.arange(self.n_states(n_columns), dtype=np.int64)
        return self.states(numbers, n_columns), np.ones(len(numbers))

    # Some columns known ---------------------------------------------------------------

    def restricted(self, columns):
        """The unit of some of the columns, given by a mask, the others being known."""
        return self

    def implied(self, x):
        """x, its missing values (NaN) filled where the known ones leave no choice."""
        return x

    def given(self, x):
        """The unit of rows of which x is known, and NaN is not."""
        return self

    def without(self, role):
        """The unit of the columns that do not play a role: all are data."""
        return self

    def has_role(self, role, n_columns):
        """Which columns play a role, as a mask: all are data by themselves."""
        return np.full(n_columns, role == "data")


def field_of_mean(unit, mean):
    """The fields at which units with a bias alone have these means, by bisection.

    A mean grows with its field. Those of a limit are only reached at infinity.
    """
    wanted = np.asarray(mean, np.float64)
    low, high = np.full(wanted.shape, -1.0), np.full(wanted.shape, 1.0)
    params = Bias(np.zeros(wanted.shape))
    with np.errstate(over="ignore"):
        for _ in range(_DOUBLINGS):
            below, above = unit.mean(params, low), unit.mean(params, high)
            low = np.where(below > wanted, 2 * low, low)
            high = np.where(above < wanted, 2 * high, high)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            beyond = unit.mean(params, middle) > wanted
            low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return ((low + high) / 2).astype(np.result_type(mean), copy=False)
