"""Where no finite machine is the best one, and what to do about it."""

import numpy as np
from scipy.special import entr
from sklearn.exceptions import ConvergenceWarning

from ...utils import warn

FAR = 1e4  # nats, at which parameters that grow without end are stopped
_NEVER = 1e-9  # share of the rows below which a state counts as never seen
_SURE = 1e-5  # nats: n rows with one exception cost a unit log(n) / n, or more
_PART = 1e-2  # of what is expected without couplings, below which next to none is left
_STRONG = 25.0  # nats, from which a coupling is as good as infinite


def limits(unit, pairs):
    """The largest parameters that make a difference of at most FAR nats."""
    units, couplings = unit.field_of(FAR), unit.coupling_of(FAR)
    return np.repeat([units, couplings], [pairs.n_units, len(pairs.i)])


def warn_of_no_maximum():
    """Say so where the values of X make a likelihood grow for ever."""
    _warn(
        f"No machine fits best, as where X has values that no unit can have: "
        f"parameters grew without end, were stopped at {FAR:g} nats, and mean nothing. "
        f"Bring X into the range of the units."
    )


def warn_of_infinite(unit, moments, pairs, theta, follows=None):
    """Say so where no finite machine has the moments of some rows.

    With shares p of the high value, one of the four states of a pair never occurs if
    P(both high) is at a bound of max(0, p_i + p_j - 1) and min(p_i, p_j).  A unit may
    follow from several others together, too: couplings then are beyond all bounds, or
    `follows`, a function that counts such units, finds some.

    Parameters
    ----------
    theta : ndarray or None
        The parameters found without penalties; None if there are some, which keep
        couplings finite.
    """
    constant, apart = _constant(unit, moments, pairs), 0
    free = theta is not None
    if free:
        apart = np.count_nonzero(_apart(unit, moments, pairs, constant))
    large = "would be infinite, and are as large as the solver went"
    if constant.any():
        _warn(f"{constant.sum()} units never change: their biases {large}; drop them.")
    if apart:
        _warn(f"{apart} pairs miss a state: their couplings {large}; set l2 > 0.")
    if constant.any() or apart or not free:
        return
    strong = unit.pair_gap(np.abs(theta[pairs.n_units :])) > _STRONG
    if strong.any() or (follows is not None and follows()):
        _warn(
            f"Some units follow from others without exception, or nearly so: couplings "
            f"{large}; set l2 > 0."
        )


def count_sure(unit, moments, pairs, log_p):
    """Units whose mean log-probability given all others is next to 0.

    And a small part of what their shares alone would make it, which is next to 0 as
    well where a unit hardly ever changes.
    """
    share = np.clip(unit.share(moments[: pairs.n_units]), 0, 1)
    alone = entr(share) + entr(1 - share)
    return int(np.count_nonzero(-log_p < np.minimum(_SURE, _PART * alone)))


def _constant(unit, moments, pairs):
    """Which units have one value throughout."""
    share = unit.share(moments[: pairs.n_units])
    return np.minimum(share, 1 - share) < _NEVER


def _apart(unit, moments, pairs, constant):
    """Which pairs of units that do change lack one of their four states.

    A state as rare as its units alone would make it is not lacking.
    """
    share = unit.share(moments[: pairs.n_units])
    first, second = share[pairs.i], share[pairs.j]
    both = unit.both_high(moments[pairs.n_units :], first + second)
    found = np.stack([both, first - both, second - both, 1 - first - second + both])
    one, two = np.stack([first, 1 - first]), np.stack([second, 1 - second])
    expected = one[[0, 0, 1, 1]] * two[[0, 1, 0, 1]]
    apart = (found < np.minimum(_NEVER, _PART * expected)).any(axis=0)
    return apart & ~(constant[pairs.i] | constant[pairs.j])


def warn_unless(converged, gradient, tol, function):
    """Say so where a solver has ended too early."""
    if not converged:
        _warn(
            f"The fit has ended with a gradient of {gradient:.2g} above tol={tol:g}. "
            f"Set l2 > 0, or raise max_iter of skboltz.learning.{function}."
        )


def _warn(message):
    warn(message, ConvergenceWarning)
