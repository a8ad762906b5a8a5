"""Annealing schedules: the inverse temperature of each sweep, or how many sweeps."""

from numbers import Integral

import numpy as np

from ._require import require


def check_betas(betas, first=None, last=None):
    """A number of sweeps, or the inverse temperature of each, as they must be.

    Parameters
    ----------
    betas : int or array-like of shape (n_sweeps,)
        Inverse temperatures must not fall; `np.inf` is a temperature of 0.
    first, last : float, default=None
        What they begin and end with; None means anything above 0.

    Returns
    -------
    int or ndarray of shape (n_sweeps,), float64

    Examples
    --------
    >>> from skboltz.utils import check_betas
    >>> check_betas([0.5, 1])
    array([0.5, 1. ])
    >>> check_betas(1000)
    1000
    """
    begin = "above 0" if first is None else f"with {first:g}"
    end = "" if last is None else f" and ending with {last:g}"
    what = (
        f"a number of sweeps of at least 1, or an inverse temperature for each sweep, "
        f"never falling, beginning {begin}{end}"
    )
    if isinstance(betas, Integral):
        require(betas >= 1, "betas", what, betas)
        return int(betas)
    try:
        ladder = np.asarray(betas, dtype=np.float64)
    except (TypeError, ValueError):  # text, or rows of different lengths
        ladder = np.empty(0)
    good = ladder.ndim == 1 and len(ladder) > 0 and (ladder[1:] >= ladder[:-1]).all()
    good = good and (ladder[0] > 0 if first is None else ladder[0] == first)
    good = good and (last is None or ladder[-1] == last)
    require(good, "betas", what, betas)
    return ladder


def stretched(stages, n_sweeps):
    """So many inverse temperatures, each stage as large a share of them as of `stages`.

    The last one is that of `stages`.

    Examples
    --------
    >>> from skboltz.utils import stretched
    >>> stretched((0.5, 0.8, 1.0), 6)
    (0.5, 0.5, 0.8, 0.8, 1.0, 1.0)
    >>> stretched((0.5, 0.8, 1.0), 1)
    (1.0,)
    """
    upper = (-(-(i + 1) * len(stages) // n_sweeps) for i in range(n_sweeps))
    return tuple(stages[i - 1] for i in upper)
