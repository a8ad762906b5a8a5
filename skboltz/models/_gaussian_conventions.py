"""Energies of Gaussian-Bernoulli machines as others write them.

Here, with s^2 the variances, and in Cho, Ilin & Raiko (2011),

    E = sum_i (v_i - b_i)^2 / (2 s_i^2) - sum_ij h_j W_ji v_i / s_i^2 - c'h.

Conversions change what parameters are called: energies differ by a constant at most,
so that the distribution stays the same.
"""

from typing import NamedTuple

import numpy as np

from ..units import Bias, GaussianParams
from ._bipartite import BipartiteParams

CONVENTIONS = ("salakhutdinov", "lee", "natural")


class GaussianConvention(NamedTuple):
    """Parameters of a Gaussian-Bernoulli machine in another convention.

    Attributes
    ----------
    weights : ndarray of shape (n_hidden, n_visible)
    intercept_visible : ndarray of shape (n_visible,)
    intercept_hidden : ndarray of shape (n_hidden,)
    scale : ndarray of shape (n_visible,)
        Standard deviations s ("salakhutdinov", "lee"), or precisions 1 / s^2
        ("natural").
    """

    weights: np.ndarray
    intercept_visible: np.ndarray
    intercept_hidden: np.ndarray
    scale: np.ndarray


def to_convention(params, name):
    """Parameters as another convention has them.

    Parameters
    ----------
    params : BipartiteParams
        With :class:`~skboltz.units.GaussianParams` of the visible units.
    name : {"salakhutdinov", "lee", "natural"}
        "salakhutdinov" (Salakhutdinov 2009; Krizhevsky 2009):
        E = sum (v - b)^2 / (2 s^2) - sum h W v / s - c'h.
        "lee" (Lee, Ekanadham & Ng 2008, of one s for all units):
        E = (sum v^2 / 2 - b'v - h'Wv - c'h) / s^2.
        "natural", with the parameters of an exponential family, precisions g:
        E = sum g v^2 / 2 - b'v - h'Wv - c'h.
        That of Melchior, Wang & Wiskott (2017) and of Liao et al. (2022) is ours.

    Returns
    -------
    GaussianConvention

    Raises
    ------
    ValueError
        If the name is unknown, or for "lee" if the variances differ.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.models import BipartiteParams, to_convention
    >>> from skboltz.units import Bias, GaussianParams
    >>> params = BipartiteParams(np.array([[4.0]]),
    ...     GaussianParams(np.array([1.0]), np.log([4.0])), Bias(np.array([0.5])))
    >>> to_convention(params, "salakhutdinov").weights  # W / s
    array([[2.]])
    >>> to_convention(params, "natural").intercept_visible  # b / s^2
    array([0.25])
    """
    _check(name)
    (b, z), c = params.visible, params.hidden.bias
    sigma, scale = np.exp(0.5 * z), np.exp(-z)
    if name == "salakhutdinov":
        return GaussianConvention(params.weights / sigma, b, c, sigma)
    if name == "natural":
        return GaussianConvention(params.weights * scale, b * scale, c, scale)
    if np.ptp(z):
        raise ValueError(
            'the convention "lee" has one variance for all units, found '
            f"variances from {np.exp(z.min()):g} to {np.exp(z.max()):g}; take "
            f'"natural", or fit with one sigma.'
        )
    return GaussianConvention(params.weights, b, c / scale[0], sigma)


def from_convention(arrays, name):
    """Parameters of ours from those of another convention.

    Parameters
    ----------
    arrays : GaussianConvention or tuple of four arrays
    name : {"salakhutdinov", "lee", "natural"}

    Returns
    -------
    BipartiteParams

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.models import from_convention
    >>> arrays = np.array([[2.0]]), np.array([1.0]), np.array([0.5]), np.array([2.0])
    >>> from_convention(arrays, "salakhutdinov").weights  # W s
    array([[4.]])
    """
    _check(name)
    weights, b, c, scale = arrays
    if name == "natural":
        variance = 1 / scale
        visible = GaussianParams(b * variance, np.log(variance))
        return BipartiteParams(weights * variance, visible, Bias(c))
    visible = GaussianParams(b, 2 * np.log(scale))
    if name == "salakhutdinov":
        return BipartiteParams(weights * scale, visible, Bias(c))
    return BipartiteParams(weights, visible, Bias(c / scale[0] ** 2))


def _check(name):
    if name not in CONVENTIONS:
        raise ValueError(f"name must be one of {list(CONVENTIONS)}, found {name!r}.")
