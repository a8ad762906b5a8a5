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
