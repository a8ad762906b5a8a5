"""Kernels: the hot loops, each a NumPy reference and a Numba twin.

This is the one place that chooses between them, by :func:`skboltz.set_config`.
Both return the same bits, so the choice is one of speed alone.  Kernels draw no
random numbers of their own: noise comes in as an array, or as the key and the
counter of a counter-based generator.
"""

import importlib.util
import math
from functools import cache

import numpy as np

from .._config import get_config
from . import _reference
from ._dense_softmax import attend, most_similar

_CACHED = 2**12  # elements of the arrays that normal noise is made of

__all__ = [
    "NOISE",
    "active",
    "attend",
    "block_sweep",
    "dense_fields",
    "dense_sweep",
    "exponential_noise",
    "flip_sweep",
    "log_ratio",
    "logistic_noise",
    "mean",
    "most_similar",
    "normal_noise",
    "odds_noise",
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
    choice = get_config()["kernels"]
    if choice == "numpy" or (choice == "auto" and not _has_numba()):
        return _reference
    return _compiled()


@cache
def _compiled():
    if not _has_numba():
        raise ImportError(
            'kernels="numba" needs Numba: install it with '
            '`pip install "skboltz[numba]"`, or choose kernels="auto".'
        )
    return importlib.import_module("._numba", __name__)


@cache
def _has_numba():
    return importlib.util.find_spec("numba") is not None


def odds_noise(key, counter, shape, dtype):
    """Numbers u / (1 - u) of uniform u: below p / (1 - p) with the probability p.

    Parameters as for :func:`logistic_noise`.
    """
    odds = active().odds(key, counter, math.prod(shape), np.dtype(dtype))
    return odds.reshape(shape)


def logistic_noise(key, counter, shape, dtype):
    """Numbers with the standard logistic distribution: log(u / (1 - u)).

    Parameters
    ----------
    key : pair of int
    counter : sequence of 4 int
    shape : tuple of int
    dtype : numpy dtype
        float32 or float64.

    Returns
    -------
    ndarray of that shape and dtype

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.kernels import logistic_noise
    >>> noise = logistic_noise((0, 1), (0, 0, 0, 0), (2, 3), np.float32)
    >>> noise.shape, noise.dtype
    ((2, 3), dtype('float32'))
    """
    noise = active().odds(key, counter, math.prod(shape), np.dtype(dtype))
    # One logarithm for both twins: two libraries of them would differ in bits.
    return np.log(noise, out=noise).reshape(shape)


def exponential_noise(key, counter, shape, dtype):
    """Numbers with the standard exponential distribution: -log(1 - u).

    Parameters as for :func:`logistic_noise`.
    """
    noise = active().odds(key, counter, math.prod(shape), np.dtype(dtype))
    noise += 1  # 1 + u / (1 - u) = 1 / (1 - u)
    return np.log(noise, out=noise).reshape(shape)


def normal_noise(key, counter, shape, dtype):
    """Numbers with the standard normal distribution, by Box and Muller (1958).

    Two at a time, r cos(a) and r sin(a): r^2 / 2 exponential, the angle a uniform.
    Parameters as for :func:`logistic_noise`.
    """
    dtype, n = np.dtype(dtype), math.prod(shape)
    half = (n + 1) // 2
    radius, angle = active().odds(key, counter, 2 * half, dtype).reshape(2, half)
    noise = np.empty((2, half), dtype)
    for start in range(0, half, _CACHED):
        part = slice(start, start + _CACHED)
        _box_muller(radius[part], angle[part], noise[:, part])
    return noise.reshape(-1)[:n].reshape(shape)


def _box_muller(radius, angle, out):
    """Normal numbers from odds u / (1 - u), which are overwritten."""
    radius += 1  # 1 / (1 - u), whose logarithm is exponential
    np.log(radius, out=radius)
    radius *= 2
    np.sqrt(radius, out=radius)
    angle /= angle + 1
    angle *= angle.dtype.type(2 * math.pi)
    # NumPy's own functions in both twins: two libraries of them would differ in bits.
    np.cos(angle, out=out[0])
    np.sin(angle, out=out[1])
    out *= radius


NOISE = {
    "odds": odds_noise,
    "logistic": logistic_noise,
    "exponential": exponential_noise,
    "normal": normal_noise,
}


def sample(unit, params, input, noise):
    """Values of units given their input and noise; both may be overwritten."""
    return unit.fast_sample(active(), params, input, noise)


def mean(unit, params, input):
    """Mean of units given their input."""
    return unit.fast_mean(active(), params, input)


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


def log_ratio(unit, input, old, new):
    """log_partition at the new field minus that at the old, summed over each row.

    `old` and `new` are pairs of beta and parameters; the field is that of the input
    times beta.
    """
    return unit.fast_log_ratio(active(), input, old, new)
