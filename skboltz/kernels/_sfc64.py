"""The generator SFC64 of C. Doty-Humphrey (2013), by NumPy.

Small and fast: four words a, b, c and w, a few additions and shifts for each new one,
and w counts them, so that no sequence is shorter than 2^64.
"""

import threading

import numpy as np

_local = threading.local()

# The first words of places that differ in a bit are alike: after 8 their correlation
# is seen in a million words, from 10 on none is.
DROPPED = 16


def words(place, n_words):
    """The words of a place.

    Parameters
    ----------
    place : sequence of 4 int
        Four 64-bit words, the first state of the generator; w is the last.
    n_words : int

    Returns
    -------
    ndarray of shape (n_words,), uint64

    Examples
    --------
    >>> from skboltz.kernels._sfc64 import words
    >>> bool((words((1, 2, 3, 4), 2) == words((1, 2, 3, 4), 5)[:2]).all())
    True
    """
    generator = _generator()
    generator.state = {
        "bit_generator": "SFC64",
        "state": {"state": np.array(place, dtype=np.uint64)},
        "has_uint32": 0,
        "uinteger": 0,
    }
    return generator.random_raw(DROPPED + n_words)[DROPPED:]


def _generator():
    """A generator of this thread, to be placed: a new one takes twenty times as long.

    It would ask the operating system for a seed first, whatever its place.
    """
    if not hasattr(_local, "generator"):
        _local.generator = np.random.SFC64(0)
    return _local.generator
