"""What a unit does not say of itself: units written elsewhere may lack these functions.

Each has the name of the function of a unit that it calls where there is one.
"""

import math

from ._two_valued import TwoValuedUnit


def n_states(unit, n_columns):
    """How many states so many columns have; infinite where they cannot be counted.

    That of a unit without a word on its states, and that does not call itself
    enumerable: its values are taken for real, as a density summed like a probability is
    wrong, and a probability that is not summed is not.

    Examples
    --------
    >>> from skboltz.units import BERNOULLI, GAUSSIAN
    >>> from skboltz.units import n_states
    >>> n_states(BERNOULLI, 3), n_states(GAUSSIAN, 3)
    (8, inf)
    """
    if hasattr(unit, "n_states"):
        return unit.n_states(n_columns)
    return 2 ** int(n_columns) if getattr(unit, "enumerable", False) else math.inf


def states(unit, numbers, n_columns):
    """States of given numbers; of a unit without a word two for each column."""
    make = getattr(unit, "states", None)
    if make is None:
        make = TwoValuedUnit(unit.low, unit.high).states
    return make(numbers, n_columns)


def neighbours(unit, x):
    """States one step from each row of x, shape (n_rows, n_neighbours, n_columns).

    Those of a unit without steps are the rows themselves.
    """
    return unit.neighbours(x) if hasattr(unit, "neighbours") else x[:, None]


def implied(unit, x):
    """x, its missing values filled where the known ones leave no choice."""
    return unit.implied(x) if hasattr(unit, "implied") else x


def given(unit, x):
    """The unit of rows of which x is known."""
    return unit.given(x) if hasattr(unit, "given") else unit


def restricted(unit, columns):
    """The unit of some of the columns, the others being known."""
    return unit.restricted(columns) if hasattr(unit, "restricted") else unit


def is_columnwise(unit):
    """Whether, given its field, a column depends on no other."""
    return getattr(unit, "columnwise", False)


def sums_of_means(unit, params, mean, weight=None):
    """What to expect of `parameter_sums` of units with these means."""
    make = getattr(unit, "sums_of_means", unit.parameter_sums)
    return make(params, mean, weight)
