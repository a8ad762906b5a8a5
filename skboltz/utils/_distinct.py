"""Equal rows, told by their bytes: faster than comparing numbers column by column."""

import numpy as np


def distinct(states):
    """Numbers of the first of equal rows, and for each row which of these it is.

    By their bytes, in which equal numbers are equal but for the sign of 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.utils import distinct
    >>> distinct(np.array([[0.0, 1.0], [0.0, 0.0], [0.0, 1.0]]))
    (array([1, 0]), array([1, 0, 1]))
    """
    rows = np.ascontiguousarray(states)
    whole = np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))
    rows = rows.view(whole).ravel()
    _, first, number = np.unique(rows, return_index=True, return_inverse=True)
    return first, number
