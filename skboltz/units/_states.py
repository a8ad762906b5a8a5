"""How many states units have, also where a unit does not say."""

import math


def n_states(unit, n_columns):
    """How many states so many columns have; infinite where they cannot be counted.

    That of a unit with neither states nor a word about them: its values are taken for
    real, as a density summed like a probability is wrong, and a probability integrated
    like a density is not.

    Examples
    --------
    >>> from skboltz.units import BERNOULLI, GAUSSIAN
    >>> from skboltz.units import n_states
    >>> n_states(BERNOULLI, 3), n_states(GAUSSIAN, 3)
    (8, inf)
    """
    count = getattr(unit, "n_states", None)
    return math.inf if count is None else count(n_columns)


def neighbours(unit, x):
    """States one step from each row of x, shape (n_rows, n_neighbours, n_columns).

    Those of a unit without steps are the rows themselves.
    """
    near = getattr(unit, "neighbours", None)
    return x[:, None] if near is None else near(x)
