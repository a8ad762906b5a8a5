"""Warnings and errors of the package."""


class DataRangeWarning(UserWarning):
    """Some values of X lie outside the range of the units.

    Examples
    --------
    >>> import warnings
    >>> from skboltz import DataRangeWarning
    >>> issubclass(DataRangeWarning, UserWarning)
    True
    """


class DivergenceError(ArithmeticError):
    """A training left the finite numbers; the last good parameters are kept.

    Examples
    --------
    >>> from skboltz import DivergenceError
    >>> issubclass(DivergenceError, ArithmeticError)
    True
    """


class UnreliableEstimateWarning(UserWarning):
    """An estimate of log Z fails one of its checks: do not publish it.

    Examples
    --------
    >>> from skboltz import UnreliableEstimateWarning
    >>> issubclass(UnreliableEstimateWarning, UserWarning)
    True
    """


class CapacityWarning(UserWarning):
    """Some stored memories are not stable: what they are asked to hold is too much.

    Examples
    --------
    >>> from skboltz import CapacityWarning
    >>> issubclass(CapacityWarning, UserWarning)
    True
    """


class EnumerationTooLargeError(ValueError):
    """A sum over all states would not end, or would not fit in memory.

    Examples
    --------
    >>> from skboltz import EnumerationTooLargeError
    >>> issubclass(EnumerationTooLargeError, ValueError)
    True
    """
