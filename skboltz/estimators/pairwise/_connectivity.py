"""Which units of a Boltzmann machine may be coupled."""

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ...utils import require


def connectivity(n_visible, n_hidden, layers, mask=None):
    """A symmetric matrix of the pairs that may be coupled.

    Parameters
    ----------
    n_visible, n_hidden : int
        The visible units come first.
    layers : tuple of three bool
        Whether visible units may be coupled to each other, to hidden ones, and hidden
        ones to each other.
    mask : {array-like, sparse matrix} of shape (n_units, n_units), default=None
        Pairs not to be coupled, of those, are 0.

    Returns
    -------
    ndarray of shape (n_units, n_units), bool

    Raises
    ------
    ValueError
        If the mask is not symmetric, couples units to themselves, has another shape,
        or leaves hidden units without a path to any visible one.
    """
    allowed = np.empty((n_visible + n_hidden,) * 2, dtype=bool)
    visible, hidden = slice(n_visible), slice(n_visible, None)
    allowed[visible, visible], allowed[visible, hidden], allowed[hidden, hidden] = (
        layers
    )
    allowed[hidden, visible] = layers[1]
    np.fill_diagonal(allowed, False)
    if mask is not None:
        allowed &= _checked(mask, len(allowed))
    _check_reached(allowed, n_visible)
    return allowed


def _checked(mask, n_units):
    mask = mask.toarray() if sparse.issparse(mask) else np.asarray(mask)
    what = f"a matrix of shape ({n_units}, {n_units}), visible units before hidden ones"
    require(mask.shape == (n_units, n_units), "mask", what, mask.shape)
    require(mask.dtype.kind in "biuf", "mask", "boolean or numeric", mask.dtype)
    mask = mask != 0
    if (mask != mask.T).any():
        raise ValueError("mask is not symmetric; take abs(mask) + abs(mask.T).")
    if mask.diagonal().any():
        raise ValueError(
            "mask couples units to themselves; set its diagonal to 0. A coupling of a "
            "two-valued unit to itself is no more than a bias."
        )
    return mask


def _check_reached(allowed, n_visible):
    """Refuse hidden units that can learn nothing."""
    if allowed[n_visible:, :n_visible].any(axis=1).all():
        return
    _, part = connected_components(sparse.csr_array(allowed), directed=False)
    lost = np.flatnonzero(~np.isin(part[n_visible:], part[:n_visible]))
    if len(lost):
        raise ValueError(
            f"No path of couplings joins {len(lost)} hidden units to any visible one, "
            f"the first being hidden unit {lost[0]}. Set visible_hidden=True, allow "
            f"them couplings in `mask`, or lower n_hidden."
        )
