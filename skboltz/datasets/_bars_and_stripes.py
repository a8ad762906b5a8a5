"""Bars and stripes."""

import numpy as np

from ._patterns import all_bits, all_or_drawn, check_size


def make_bars_and_stripes(
    side=4, n_samples=None, *, duplicates=False, random_state=None
):
    """Images whose rows, or whose columns, are each all on or all off.

    Parameters
    ----------
    side : int, default=4
        Number of rows and of columns, from 1 to 12.
    n_samples : int, default=None
        Number of images drawn; None gives every pattern once.
    duplicates : bool, default=False
        Whether the images all on and all off, which are bars as well as stripes,
        count twice, as when the orientation is chosen first.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, side ** 2), float32
        Stripes first, counting upwards, then bars.
    entropy : float
        Entropy in nats of an image drawn from all patterns, log(2^(side + 1) - 2)
        without duplicates. No model gives all patterns a mean log-likelihood above
        -entropy, nor images drawn after it was made on average; those that it learnt
        from it may, as drawn images are not all patterns equally often.

    Raises
    ------
    ValueError
        If a size is not an integer within its limits.

    References
    ----------
    MacKay (2003), "Information theory, inference, and learning algorithms",
    section 43.

    Examples
    --------
    >>> from skboltz.datasets import make_bars_and_stripes
    >>> X, entropy = make_bars_and_stripes(side=2)
    >>> X.astype(int)
    array([[0, 0, 0, 0],
           [0, 0, 1, 1],
           [1, 1, 0, 0],
           [1, 1, 1, 1],
           [0, 1, 0, 1],
           [1, 0, 1, 0]])
    >>> round(entropy, 4)  # log 6
    1.7918
    """
    side = check_size(side, "side", 1, 12)
    bits = all_bits(side)
    stripes = np.repeat(bits, side, axis=1)
    bars = np.tile(bits, (1, side))
    if not duplicates:
        bars = bars[1:-1]
    return all_or_drawn(np.vstack([stripes, bars]), n_samples, random_state)
