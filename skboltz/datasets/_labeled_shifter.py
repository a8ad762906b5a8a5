"""The labeled shifter ensemble."""

import numpy as np

from ._patterns import all_bits, all_or_drawn, check_size

SHIFTS = (-1, 0, 1)


def make_labeled_shifter(n_bits=8, n_samples=None, *, random_state=None):
    """Bits, the same bits shifted by one place or not at all, and which shift it was.

    Parameters
    ----------
    n_bits : int, default=8
        From 1 to 16.
    n_samples : int, default=None
        Number of rows drawn; None gives every pattern once.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : ndarray of shape (n_samples, 2 * n_bits + 3), float32
        The bits, their cyclic shift, and one of three units on: for a shift to
        the left, none, to the right. The three shifts of the first bits come first.
    entropy : float
        Entropy in nats of a row drawn from all patterns, log(3 * 2^n_bits); what that
        bounds, see :func:`make_bars_and_stripes`.

    Raises
    ------
    ValueError
        If a size is not an integer within its limits.

    References
    ----------
    Hinton & Sejnowski (1986), "Learning and relearning in Boltzmann machines";
    as an ensemble: Fischer & Igel (2010).

    Examples
    --------
    >>> from skboltz.datasets import make_labeled_shifter
    >>> X, entropy = make_labeled_shifter(n_bits=3)
    >>> X[3:6].astype(int)  # 001 becomes 010, 001, 100
    array([[0, 0, 1, 0, 1, 0, 1, 0, 0],
           [0, 0, 1, 0, 0, 1, 0, 1, 0],
           [0, 0, 1, 1, 0, 0, 0, 0, 1]])
    >>> round(entropy, 4)  # log 24
    3.1781
    """
    n_bits = check_size(n_bits, "n_bits", 1, 16)
    bits = all_bits(n_bits)
    parts = [
        np.hstack([bits, np.roll(bits, shift, axis=1), np.tile(label, (len(bits), 1))])
        for shift, label in zip(SHIFTS, np.eye(3, dtype=np.float32), strict=True)
    ]
    patterns = np.stack(parts, axis=1).reshape(3 * len(bits), -1)
    return all_or_drawn(patterns, n_samples, random_state)
