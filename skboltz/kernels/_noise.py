"""Noise of every kind, made of the uniform numbers of a twin.

Logarithms and the like are NumPy's in both twins: those of two libraries would differ
in bits.
"""

import math

import numpy as np

_CACHED = 2**12  # elements worked on at a time


def kinds(uniform):
    """Functions of a place, a shape and a dtype, by the name of their kind of noise."""

    def uniform_noise(place, shape, dtype):
        return uniform(place, math.prod(shape), np.dtype(dtype)).reshape(shape)

    def made_by(function):
        def noise(place, shape, dtype):
            flat = uniform(place, math.prod(shape), np.dtype(dtype))
            for start in range(0, len(flat), _CACHED):
                function(flat[start : start + _CACHED])
            return flat.reshape(shape)

        return noise

    def normal_noise(place, shape, dtype):
        n = math.prod(shape)
        half = (n + 1) // 2
        pair = uniform(place, 2 * half, np.dtype(dtype)).reshape(2, half)
        for start in range(0, half, _CACHED):
            _box_muller(*pair[:, start : start + _CACHED])
        return pair.reshape(-1)[:n].reshape(shape)

    return {
        "uniform": uniform_noise,
        "odds": made_by(_to_odds),
        "logistic": made_by(_to_logistic),
        "exponential": made_by(_to_exponential),
        "normal": normal_noise,
    }


# In place; what is subtracted from 1 is exact.


def _to_odds(u):
    """u / (1 - u)."""
    np.divide(u, 1 - u, out=u)


def _to_logistic(u):
    """log(u / (1 - u))."""
    _to_odds(u)
    np.log(u, out=u)


def _to_exponential(u):
    """-log(u)."""
    np.log(u, out=u)
    np.negative(u, out=u)


def _box_muller(radius, angle):
    """Normal numbers r cos(a) and r sin(a), of two uniform ones (Box & Muller 1958).

    r^2 / 2 is exponential, and the angle a uniform.
    """
    np.log(radius, out=radius)
    radius *= -2
    np.sqrt(radius, out=radius)
    angle *= angle.dtype.type(2 * math.pi)
    cos = np.cos(angle)
    np.sin(angle, out=angle)
    angle *= radius
    radius *= cos
