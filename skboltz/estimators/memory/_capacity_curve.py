"""What a memory recalls of more and more random patterns."""

import warnings
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils import check_random_state

from ..._exceptions import CapacityWarning

_RETRIEVED = 0.9  # a larger overlap is with no other state: spurious ones stay below


class CapacityCurve(NamedTuple):
    """What a memory recalled at some loads, in several repeats of each.

    Attributes
    ----------
    loads : ndarray of shape (n_loads,)
        Patterns for each unit.
    overlap : ndarray of shape (n_loads, n_repeats)
        Mean over the patterns of (1/n) sum of pattern times recalled state, in -1
        and +1.
    error : ndarray of shape (n_loads, n_repeats)
        Share of wrong units, (1 - overlap) / 2.
    retrieved : ndarray of shape (n_loads, n_repeats)
        Share of the patterns recalled with an overlap above 0.9.
    perfect : ndarray of shape (n_loads, n_repeats)
        Share of the patterns recalled without an error.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz import CapacityCurve
    >>> shares = np.array([[1.0, 1.0], [0.9, 0.8]])
    >>> curve = CapacityCurve(
    ...     loads=np.array([0.1, 0.2]),
    ...     overlap=2 * shares - 1,
    ...     error=1 - shares,
    ...     retrieved=shares,
    ...     perfect=shares,
    ... )
    >>> curve.overlap.mean(axis=1)
    array([1. , 0.7])
    """

    loads: np.ndarray
    overlap: np.ndarray
    error: np.ndarray
    retrieved: np.ndarray
    perfect: np.ndarray


def capacity_curve(
    memory, n_features, loads, *, n_repeats=3, noise=0.0, random_state=None
):
    """What a memory recalls of more and more random patterns.

    For each load, a clone of the memory learns random patterns of -1 and +1, and
    recalls every one of them, or what noise has left of it.  A
    :class:`~skboltz.CapacityWarning` of the memory is not shown: to store too much is
    the purpose.

    Parameters
    ----------
    memory : estimator with `fit` and `transform`
        `transform` returns a value for each unit, which counts as +1 if it is positive
        and else as -1.
    n_features : int
        Units of a pattern.
    loads : array-like of shape (n_loads,)
        Patterns for each unit; each rounds to at least one pattern.
    n_repeats : int, default=3
        Sets of patterns for each load.
    noise : float, default=0.0
        Share of the units that are flipped, picked at random in each pattern.
    random_state : int, RandomState instance or None, default=None
        For patterns and noise; the memory has its own.

    Returns
    -------
    CapacityCurve

    Raises
    ------
    ValueError
        If an argument is out of its range, which the error names.

    See Also
    --------
    skboltz.plotting.CapacityDisplay : Draws the curve.
    skboltz.theory.retrieval_overlap : What to expect of Hebb's rule.

    Examples
    --------
    Hebb's rule keeps 0.138 patterns for each unit, and loses nearly all of more.

    >>> from skboltz import HopfieldMemory, capacity_curve
    >>> memory = HopfieldMemory(random_state=0)
    >>> curve = capacity_curve(memory, 500, [0.05, 0.1, 0.3], random_state=0)
    >>> curve.retrieved.mean(axis=1).round(1)
    array([1., 1., 0.])
    """
    _check_memory(memory)
    n_features = _checked_count(n_features, "n_features")
    n_repeats = _checked_count(n_repeats, "n_repeats")
    counts = _numbers_of_patterns(loads, n_features)
    n_flipped = round(_checked_share(noise, "noise") * n_features)
    rng = _checked_seed(random_state)
    measured = [
        [_measure(memory, n_patterns, n_features, n_flipped, rng) for n_patterns in row]
        for row in np.repeat(counts[:, None], n_repeats, axis=1)
    ]
    return CapacityCurve(counts / n_features, *np.moveaxis(measured, -1, 0))


def _measure(memory, n_patterns, n_features, n_flipped, rng):
    """Overlap, error, share retrieved and share perfect for one set of patterns."""
    patterns = rng.choice([-1.0, 1.0], size=(n_patterns, n_features))
    # The numbers 0 .. n-1 in random order: in every row as many fall below n_flipped.
    flipped = rng.random_sample(patterns.shape).argsort(axis=1) < n_flipped
    probes = np.where(flipped, -patterns, patterns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)
        fitted = clone(memory).fit(patterns)
    recalled = np.asarray(fitted.transform(probes))
    if recalled.shape != patterns.shape:
        raise ValueError(
            f"memory turned patterns of the shape {patterns.shape} into an array of "
            f"the shape {recalled.shape}; its transform must return a state for each."
        )
    error = ((recalled > 0) != (patterns > 0)).mean(axis=1)
    overlap = 1 - 2 * error
    retrieved, perfect = overlap > _RETRIEVED, error == 0
    return [each.mean() for each in (overlap, error, retrieved, perfect)]


def _check_memory(memory):
    if isinstance(memory, type):
        raise ValueError(f"memory must be an instance, not the class {memory!r}.")
    missing = [name for name in ("fit", "transform") if not hasattr(memory, name)]
    if missing:
        raise ValueError(
            f"memory must be an estimator with fit and transform, found {memory!r} "
            f"without {' and '.join(missing)}."
        )


def _checked_count(value, name):
    if not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be an integer >= 1, found {value!r}.")
    return int(value)


def _checked_share(value, name):
    if not isinstance(value, Real) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be a number from 0 to 1, found {value!r}.")
    return float(value)


def _checked_seed(random_state):
    try:
        return check_random_state(random_state)
    except ValueError as error:
        raise ValueError(
            f"random_state must be None, an integer or a numpy.random.RandomState, "
            f"found {random_state!r}."
        ) from error


def _numbers_of_patterns(loads, n_features):
    """Patterns at each load, at least one."""
    try:
        numbers = np.asarray(loads, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.ndim != 1 or not len(numbers) or not np.isfinite(numbers).all():
        raise ValueError(
            f"loads must be a list of finite numbers, patterns for each unit, found "
            f"{loads!r}."
        )
    counts = np.rint(numbers * n_features)
    if (counts < 1).any():
        raise ValueError(
            f"loads has {numbers[counts < 1][0]:g}, which of n_features={n_features} "
            f"is no pattern at all; take loads of at least {1 / n_features:g}."
        )
    return counts.astype(int)
