"""Kernels: the hot loops, each a NumPy reference and a Numba twin.

This is the one place that chooses between them, by :func:`skboltz.set_config`.
Both return the same bits, so the choice is one of speed alone.  Kernels draw no
random numbers of their own: noise comes in as an array, or as the place of a generator
that it is a pure function of.
"""

import importlib.util
from functools import cache

from .._config import chosen_kernels
from . import _reference
from ._dense_softmax import attend, most_similar

__all__ = [
    "active",
    "attend",
    "block_sweep",
    "dense_fields",
    "dense_sweep",
    "draw",
    "flip_sweep",
    "log_ratio",
    "mean",
    "most_similar",
    "noise",
    "sample",
    "tail_mean",
]


def active():
    """The module of kernels in force.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If the configuration asks for Numba and Numba is not installed.
    """
    return _twin(chosen_kernels())


@cache
def _twin(choice):
    if choice == "numpy" or (choice == "auto" and not _has_numba()):
        return _reference
    if not _has_numba():
        raise ImportError(
            'kernels="numba" needs Numba: install it with '
            '`pip install "skboltz[numba]"`, or choose kernels="auto".'
        )
    return importlib.import_module("._numba", __name__)


@cache
def _has_numba():
    return importlib.util.find_spec("numba") is not None


def noise(kind, place, shape, dtype):
    """Standard noise, a pure function of a place.

    Parameters
    ----------
    kind : {"uniform", "odds", "logistic", "exponential", "normal"}
        Numbers u uniform on (0, 1), as many digits below 1 as above 0, or what is made
        of them: u / (1 - u), its logarithm, -log(u), and normal numbers of pairs.
    place : sequence of 4 int
        Four 64-bit words.
    shape : tuple of int
    dtype : numpy dtype
        float32 or float64.

    Returns
    -------
    ndarray of that shape and dtype

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.kernels import noise
    >>> u = noise("uniform", (0, 1, 0, 0), (2, 3), np.float32)
    >>> u.shape, u.dtype
    ((2, 3), dtype('float32'))
    """
    return active().NOISE[kind](place, shape, dtype)


def sample(unit, params, input, noise, mean=None):
    """Values of units given their input and noise; both may be overwritten.

    Their mean, if it is known already, saves finding it again.
    """
    return unit.fast_sample(active(), params, input, noise, mean)


def draw(unit, params, input, place, mean=None):
    """As `sample`, by noise of a place that need not be kept."""
    return unit.fast_draw(active(), params, input, place, mean)


def mean(unit, params, input, out=None):
    """Mean of units given their input, written to `out` if that is given."""
    return unit.fast_mean(active(), params, input, out)


def tail_mean(unit, params, input, out):
    """Write the mean of units, exact to its tails; `input` is overwritten, or `out`."""
    unit.fast_tail_mean(active(), params, input, out)


def flip_sweep(state, field, outgoing, order, threshold, low, high, mirror=1):
    """Sequential updates that carry every flip into all fields: for few flips.

    See :func:`skboltz.kernels._sequential_reference.flip_sweep`.
    """
    sweep = active().flip_sweep
    return sweep(state, field, outgoing, order, threshold, low, high, mirror)


def block_sweep(state, field, coupling, order, threshold, low, high, mirror=1):
    """Sequential updates of a block of units, their fields followed: for many flips.

    See :func:`skboltz.kernels._sequential_reference.block_sweep`.
    """
    sweep = active().block_sweep
    sweep(state, field, coupling, order, threshold, low, high, mirror)


def dense_fields(differences, memories, spins, overlaps, largest):
    """Fields of all units of a dense associative memory.

    See :func:`skboltz.kernels._dense_reference.dense_fields`.
    """
    return active().dense_fields(differences, memories, spins, overlaps, largest)


def dense_sweep(differences, memories, order, clamped, spins, overlaps, largest):
    """Sequential updates of the units of a dense associative memory.

    See :func:`skboltz.kernels._dense_reference.dense_sweep`.
    """
    state = spins, overlaps, largest
    return active().dense_sweep(differences, memories, order, clamped, *state)


def log_ratio(unit, input, old, new, mean=None):
    """log_partition at the new field minus that at the old, summed over each row.

    `old` and `new` are pairs of beta and parameters; the field is that of the input
    times beta.  The mean at the new one may be given, if it is known.
    """
    return unit.fast_log_ratio(active(), input, old, new, mean)
