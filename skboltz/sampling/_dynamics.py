"""Dynamics of recall: how a network of spins moves from a cue to a memory.

Each is a value with `init` and `step`; what moves is a tuple of arrays with one row
for each cue, so that rows can be left out one by one as they end.  `hold` is the
threshold of a unit: 0 if it is free, -inf or +inf if it is clamped to +1 or to -1.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

import numpy as np

from .. import kernels
from ..utils import check_betas, require, require_count, stretched
from . import _sequential, _spin_network

_COOLING = (0.4, 0.3, 0.2, 0.1)  # temperatures of recall


class Status(IntEnum):
    """What a row came to."""

    RUNNING = 0
    FIXED_POINT = 1
    TWO_CYCLE = 2
    AVERAGED = 3


class Motion(NamedTuple):
    """States of a network under way, a row for each cue.

    Attributes
    ----------
    state : ndarray of shape (n_samples, n_units)
        -1 or +1; between them for the graded response.
    field : ndarray of shape (n_samples, n_units)
        Of that state.
    other : ndarray of shape (n_samples, n_units)
        What else a dynamics has to remember.
    hold : ndarray of shape (n_samples, n_units)
    status : ndarray of shape (n_samples,)
    """

    state: np.ndarray
    field: np.ndarray
    other: np.ndarray
    hold: np.ndarray
    status: np.ndarray


def _init(network, state, hold, other):
    status = np.full(len(state), Status.RUNNING, np.int8)
    return Motion(state, _spin_network.field(network, state), other, hold, status)


def _init_spins(network, start, hold, other):
    dtype = network.coupling.dtype
    return _init(network, start.astype(dtype), hold, other)


def _decided(motion):
    """Each unit to the sign of its field; ties keep their state."""
    state, field, hold = motion.state, motion.field, motion.hold
    return np.where(field > hold, 1, np.where(field < hold, -1, state)).astype(
        state.dtype
    )


class _Spins:
    """What dynamics of spins share."""

    def energy(self, network, motion):
        return _spin_network.energy(network, motion.state, motion.field)

    def result(self, motion):
        return motion.state, motion.state


@dataclass(frozen=True)
class Asynchronous(_Spins):
    """Units take the sign of their field one by one, in an order drawn for each sweep.

    All rows share the order.  With symmetric couplings the energy falls at every
    flip, so that every row ends at a fixed point (Hopfield 1982).

    Parameters
    ----------
    max_iter : int, default=100
        Most sweeps.
    """

    max_iter: int = 100

    def __post_init__(self):
        require_count("max_iter", self.max_iter, 1)

    def init(self, network, start, hold):
        return _init_spins(network, start, hold, np.empty((len(start), 0)))

    def step(self, network, motion, stream, shared):
        order = stream.generator().permutation(motion.state.shape[1])
        flips = kernels.flip_sweep(
            motion.state, motion.field, network.outgoing, order, motion.hold, -1, 1
        )
        status = np.where(flips, Status.RUNNING, Status.FIXED_POINT)
        return motion._replace(status=status.astype(np.int8))


@dataclass(frozen=True)
class Synchronous(_Spins):
    """All units take the sign of their field at once (Little 1974).

    With symmetric couplings every row ends at a fixed point or in a cycle of two
    states (Goles, Fogelman & Pellegrin 1985); of the two the answer is that of
    lower energy.

    Parameters
    ----------
    max_iter : int, default=100
        Most steps.
    """

    max_iter: int = 100

    def __post_init__(self):
        require_count("max_iter", self.max_iter, 1)

    def init(self, network, start, hold):
        motion = _init_spins(network, start, hold, None)
        return motion._replace(other=motion.state.copy())

    def step(self, network, motion, stream, shared):
        state = _decided(motion)
        fixed = (state == motion.state).all(axis=1)
        cycle = (state == motion.other).all(axis=1) & ~fixed
        field = _spin_network.field(network, state)
        after = motion._replace(state=state, field=field, other=motion.state)
        worse = self.energy(network, after) > self.energy(network, motion)
        back = (cycle & worse)[:, None]
        status = np.where(
            fixed, Status.FIXED_POINT, np.where(cycle, Status.TWO_CYCLE, Status.RUNNING)
        )
        return after._replace(
            state=np.where(back, motion.state, state),
            field=np.where(back, motion.field, field),
            status=status.astype(np.int8),
        )


@dataclass(frozen=True)
class Stochastic(_Spins):
    """Units follow the heat bath one by one while the temperature falls.

    A unit with field f becomes +1 with probability 1 / (1 + exp(-2 beta f)).  The
    answer is the sign of the mean over the last sweeps (Amit 1989).

    Parameters
    ----------
    betas : int or array-like of shape (n_sweeps,), default=20
        Inverse temperature of each sweep, above 0 and never falling, over the unit of
        the couplings: Hebb's rule with few memories recalls above 1, and `np.inf` is a
        temperature of 0.  A number of sweeps goes through the temperatures 0.4, 0.3,
        0.2 and 0.1, a quarter of the sweeps at each.
    n_average : int, default=None
        Sweeps at the end whose states are averaged; None takes 8, or all if there
        are fewer.
    """

    betas: int | tuple = 20
    n_average: int | None = None

    def __post_init__(self):
        n_sweeps, n_average = len(self._temperatures), self.n_average
        what = f"None or between 1 and the number of sweeps, {n_sweeps}"
        good = n_average is None or 1 <= n_average <= n_sweeps
        require(good, "n_average", what, n_average)

    @cached_property
    def _temperatures(self):
        """Of each sweep."""
        betas = check_betas(self.betas)
        return stretched(_COOLING, betas) if isinstance(betas, int) else 1 / betas

    @property
    def averaged(self):
        return self.n_average or min(8, self.max_iter)

    @property
    def max_iter(self):
        return len(self._temperatures)

    def init(self, network, start, hold):
        return _init_spins(network, start, hold, np.zeros(start.shape))

    def step(self, network, motion, stream, shared):
        shape = motion.state.shape[1:] if shared else motion.state.shape
        noise, _ = stream.draw(shape, motion.state.dtype)
        # On iff 2 f / T > log(u / (1 - u)), and f is the field times the scale.
        noise *= motion.state.dtype.type(
            self._temperatures[stream.step] / (2 * network.scale)
        )
        state = np.ascontiguousarray(motion.state.T)
        _sequential.sweep(
            network.coupling, network.bias, state, (motion.hold + noise).T, -1, 1
        )
        state, left = np.ascontiguousarray(state.T), self.max_iter - stream.step
        return motion._replace(
            state=state,
            field=_spin_network.field(network, state),
            other=motion.other + state if left <= self.averaged else motion.other,
            status=motion.status if left > 1 else motion.status + Status.AVERAGED,
        )

    def result(self, motion):
        sign = np.sign(motion.other)
        return np.where(sign == 0, motion.state, sign), motion.other / self.averaged


@dataclass(frozen=True)
class GradedResponse(_Spins):
    """Units with a continuous response that follow a differential equation.

    du/dt = -u + J V + b with V = tanh(gain * u), by steps of Euler (Hopfield 1984;
    the time constant is 1).  Small steps lower
    E(V) = -1/2 V'JV - b'V + 1/gain sum_i [V artanh V + 1/2 log(1 - V^2)]_i.
    The answer is the sign of V.

    Parameters
    ----------
    gain : float, default=4.0
        Steepness of the response; infinite gain has the fixed points of spins.
    step_size : float, default=0.2
        Time of one step, in (0, 1].
    tol : float, default=1e-6
        A row has ended where no V differs more from tanh(gain (JV + b)).
    max_iter : int, default=1000
        Most steps.
    start : float, default=0.9
        Size of V for the cue.
    """

    gain: float = 4.0
    step_size: float = 0.2
    tol: float = 1e-6
    max_iter: int = 1000
    start: float = 0.9

    def __post_init__(self):
        step_size = self.step_size
        require(0 < self.gain < np.inf, "gain", "finite and above 0", self.gain)
        require(0 < step_size <= 1, "step_size", "above 0 and at most 1", step_size)
        require(0 < self.start < 1, "start", "between 0 and 1", self.start)
        require_count("max_iter", self.max_iter, 1)

    def init(self, network, start, hold):
        start = start.astype(float)
        potential = np.arctanh(self.start * start) / self.gain
        state = np.where(hold == 0, self.start * start, start)
        return _init(network, state, hold, potential)

    def step(self, network, motion, stream, shared):
        drive = network.scale * motion.field
        free = motion.hold == 0
        # Not how far V moves: it may rest at 1 while u is on its way to the other side.
        left = np.where(free, np.tanh(self.gain * drive) - motion.state, 0)
        ended = np.abs(left).max(axis=1, initial=0.0) <= self.tol
        status = np.where(ended, Status.FIXED_POINT, Status.RUNNING)
        potential = motion.other + self.step_size * (drive - motion.other)
        state = np.where(free, np.tanh(self.gain * potential), motion.state)
        return motion._replace(
            state=state,
            field=_spin_network.field(network, state),
            other=potential,
            status=status.astype(np.int8),
        )

    def energy(self, network, motion):
        state = np.clip(motion.state, -1 + 1e-16, 1 - 1e-16)
        integral = state * np.arctanh(state) + 0.5 * np.log1p(-(state**2))
        integral = np.where(motion.hold == 0, integral, 0)
        return super().energy(network, motion) + integral.sum(axis=1) / self.gain

    def result(self, motion):
        sign = np.sign(motion.state)
        return np.where(sign == 0, 1, sign), motion.state


DYNAMICS = {
    "asynchronous": Asynchronous,
    "synchronous": Synchronous,
    "stochastic": Stochastic,
    "continuous": GradedResponse,
}
