"""Rows that leave the range of the units, and what to pass instead."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import sparse

from ..._exceptions import DataRangeWarning
from ...utils import known_as, warn
from ._look import look

_CONVENTIONS = ((0, 1), (-1, 1))  # of binary units
_FIRST = 100  # rows that tell most data of many values at once


class Limits(NamedTuple):
    """Of the values that some columns take.

    Attributes
    ----------
    low, high : float
    around_zero : bool
        Whether 0 lies between these, and is no value.
    """

    low: float
    high: float
    around_zero: bool


def warn_of_range(estimator, X, seen, unit, fitting=False):
    """A DataRangeWarning where X has values that the visible units do not take.

    That is what leaves their range, and zeros and ones given to spins, whose 0 would
    be a value between.  `seen` is a :class:`Look` at X, which is read again where
    there is something to say.  Columns of different ranges are looked at apart.
    """
    for limits, columns in _limits(unit, X.shape[1]):
        if len(columns) == X.shape[1]:
            _warn_of_columns(estimator, X, seen, limits, fitting)
        else:
            own = X[:, columns]
            _warn_of_columns(estimator, own, look(own), limits, fitting)


@lru_cache(maxsize=64)
def _limits(unit, n_columns):
    """Every range of values, and the columns that have it."""
    zero = np.zeros((1, n_columns))
    around = (unit.low < zero) & (zero < unit.high) & (unit.nearest(zero) != 0)
    ends = (np.broadcast_to(end, n_columns) for end in (unit.low, unit.high))
    of_columns = np.stack([*ends, around[0]])
    found = []
    for low, high, around_zero in np.unique(of_columns, axis=1).T:
        same = of_columns == [[low], [high], [around_zero]]
        columns = np.flatnonzero(same.all(axis=0))
        found.append((Limits(low, high, bool(around_zero)), columns))
    return found


def _warn_of_columns(estimator, X, seen, unit, fitting):
    """The same of columns that have one range, whose limits stand for the unit."""
    low, high = seen.low, seen.high
    beyond = slack(X.dtype, unit) if X.dtype.kind == "f" else 0
    outside = low < unit.low - beyond or high > unit.high + beyond
    bits = low == 0 and high == 1 and unit.around_zero
    if not (outside or bits):
        return
    two = low < high and _takes_two(X, low, high)
    if bits and not two:
        return
    low, high = low.item(), high.item()
    if bits:
        found = (
            f"X has no values but 0 and 1, while units are {unit.low:g} or "
            f"{unit.high:g}: 0 counts as a value between. "
        )
    else:
        found = (
            f"X has values from {low:.10g} to {high:.10g}, but the visible units of "
            f"{known_as(estimator)} lie between {unit.low:g} and {unit.high:g}. "
        )
    if two:
        found += "" if bits else "Its only values are these two. "
        expression = rescaled(low, high, unit, _as_floats(X))
        advice = _for_two_values(estimator, low, high, expression, fitting)
    else:
        advice = _for_many_values(unit, fitting)
    warn(found + advice, DataRangeWarning)


def slack(dtype, unit):
    """By how much values that were scaled to the range may miss it: by rounding."""
    dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    size = np.maximum(1.0, np.maximum(_finite(unit.low), _finite(unit.high)))
    return 10 * np.finfo(dtype).eps * size


def _finite(limit):
    """How large a limit is; one that is none does not count."""
    return np.abs(np.where(np.isinf(limit), 0.0, limit))


def _takes_two(X, low, high):
    """Whether whatever is known is one of two values."""
    if sparse.issparse(X):
        hollow = X.nnz < np.prod(X.shape)
        return _are_either(X.data, low, high) and (not hollow or 0 in (low, high))
    return _are_either(X[:_FIRST], low, high) and _are_either(X, low, high)


def _are_either(values, low, high):
    either = (values == low) | (values == high)
    return bool((either | (values != values)).all())


def _as_floats(X):
    """X as it has to be written for sums and products to be what they say."""
    name = "X.toarray()" if sparse.issparse(X) else "X"
    # Small integers wrap around, Booleans have no difference.
    wraps = X.dtype.kind in "bu" or (X.dtype.kind == "i" and X.dtype.itemsize < 4)
    return f"{name}.astype(float)" if wraps else name


def _for_two_values(estimator, low, high, expression, fitting):
    """What to pass where X has two values that are not those of the units."""
    advice = f"Pass {expression}"
    if fitting and (low, high) in _CONVENTIONS:
        values = f"values=({low:g}, {high:g})"
        has_values = hasattr(estimator, "values")
        other = f"set {values}" if has_values else f"take BoltzmannMachine({values})"
        advice += f", or {other}"
    return f"{advice}."


def _for_many_values(unit, fitting):
    if not fitting:
        return "Scale or binarize X as the rows that fit was given."
    if np.isinf(unit.high):
        return f"Pass values of at least {unit.low:g}."
    if (unit.low, unit.high) == (0, 1):
        how = "MinMaxScaler(clip=True) or Binarizer"
    else:
        how = f"MinMaxScaler(feature_range=({unit.low:g}, {unit.high:g}), clip=True)"
    return (
        f"Scale or binarize X, for example with {how}; for real features there is "
        f"GaussianBernoulliRBM."
    )


def rescaled(low, high, unit, name="X"):
    """An expression of X that turns two values into those of the units.

    Examples
    --------
    >>> from skboltz.estimators.shared._range import rescaled
    >>> from skboltz.units import BERNOULLI, SPIN
    >>> rescaled(-1, 1, BERNOULLI), rescaled(0, 1, SPIN), rescaled(1.0, 2.0, BERNOULLI)
    ('(X + 1) / 2', '2 * X - 1', 'X - 1')
    """
    text = _plus(name, -low)
    if high - low != 1:
        text = f"({text})" if low else text
        text = f"{text} / {_plain(high - low)}"
    if unit.high - unit.low != 1:
        text = f"({text})" if low and high - low == 1 else text
        text = f"{_plain(unit.high - unit.low)} * {text}"
    return _plus(text, unit.low)


def _plus(text, number):
    """The sum as one writes it."""
    if not number:
        return text
    return f"{text} {'+' if number > 0 else '-'} {_plain(abs(number))}"


def _plain(number):
    """A number as one writes it, to the last bit."""
    whole = float(number).is_integer()
    return str(int(number)) if whole else repr(float(number))
