"""The shifting bar."""

import numpy as np

from ._patterns import all_or_drawn, check_size


def make_shifting_bar(
    n_bits=9, n_samples=None, *, bar_length=1, flipped=False, random_state=None
):
    """A bar of units that are on, at any place of a ring.

    Parameters
    ----------
    n_bits : int, default=9
        At least 2.
    n_samples : int, default=None
        Number of rows drawn; None gives every place once.
    bar_length : int, default=1
        Between 1 and n_bits - 1.
    flipped : bool, default=False
        Whether on and off are exchanged. The likelihood that a machine can reach
        is the same; what plain gradients reach is not.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, n_bits), float32
    entropy : float
        Entropy in nats of a row drawn from all places, log(n_bits); what that bounds,
        see :func:`make_bars_and_stripes`.

    Raises
    ------
    ValueError
        If a size is not an integer within its limits.

    References
    ----------
    Melchior, Fischer & Wiskott (2016), "How to center deep Boltzmann machines".

    Examples
    --------
    >>> from skboltz.datasets import make_shifting_bar
    >>> X, entropy = make_shifting_bar(n_bits=4, bar_length=2)
    >>> X.astype(int)
    array([[1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1],
           [1, 0, 0, 1]])
    >>> round(entropy, 4)  # log 4
    1.3863
    """
    n_bits = check_size(n_bits, "n_bits", 2)
    bar_length = check_size(bar_length, "bar_length", 1, n_bits - 1)
    bar = (np.arange(n_bits) < bar_length).astype(np.float32)
    patterns = np.stack([np.roll(bar, place) for place in range(n_bits)])
    return all_or_drawn(1 - patterns if flipped else patterns, n_samples, random_state)
