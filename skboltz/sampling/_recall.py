"""Recall: a dynamics run from cues until every row has ended, or may go no longer."""

from typing import NamedTuple

import numpy as np

from ..utils import each
from . import _spin_network
from ._dynamics import Status


class Recalled(NamedTuple):
    """Where cues have gone.

    Attributes
    ----------
    state : ndarray of shape (n_samples, n_units)
        -1 or +1.
    mean : ndarray of shape (n_samples, n_units)
        The average or graded state behind it, between -1 and +1.
    n_iter : ndarray of shape (n_samples,)
        Steps taken.
    status : ndarray of shape (n_samples,)
        See :class:`Status`.
    """

    state: np.ndarray
    mean: np.ndarray
    n_iter: np.ndarray
    status: np.ndarray


def run(dynamics, network, cues, clamped, stream, *, shared=True, watch=None):
    """Let every cue move until it ends.

    Parameters
    ----------
    dynamics : one of the values of `DYNAMICS`
    network : SpinNetwork
    cues : ndarray of shape (n_samples, n_units)
        -1, +1, or 0 where a unit is unknown: it then starts at the sign of what the
        known ones and its bias ask of it, +1 if that is 0.
    clamped : ndarray of shape (n_samples, n_units), bool
        Units that keep their state.
    stream : Stream
        Of the orders and of the noise.
    shared : bool, default=True
        Whether all rows share the noise of a stochastic dynamics.
    watch : callable, default=None
        Called with the motion of all rows at the start and after every step.

    Returns
    -------
    Recalled
    """
    start = complete(network, cues)
    hold = np.zeros(start.shape, network.coupling.dtype)
    np.multiply(start, -np.inf, out=hold, where=clamped)
    motion = dynamics.init(network, start, hold)
    n_iter, rows = np.zeros(len(start), np.int64), np.arange(len(start))
    part = motion
    if watch:
        watch(motion)
    for t in range(dynamics.max_iter):
        if not len(rows):
            break
        part = dynamics.step(network, part, stream._replace(step=t), shared)
        n_iter[rows] += 1
        ended = part.status != Status.RUNNING
        if watch or ended.any() or t + 1 == dynamics.max_iter:
            motion = _with_rows(motion, rows, part)
        if ended.any():
            rows, part = rows[~ended], each(lambda a, go=~ended: a[go], part)
        if watch:
            watch(motion)
    return Recalled(*dynamics.result(motion), n_iter, motion.status)


def _with_rows(motion, rows, part):
    """Some rows of a motion as they are now; what is held does not change."""
    if len(rows) == len(motion.status):
        return part
    part = part._replace(hold=motion.hold[:0])
    for whole, new in zip(motion, part, strict=True):
        if len(new):
            whole[rows] = new
    return motion


def complete(network, cues):
    """Cues with a state for every unit."""
    unknown = cues == 0
    if not unknown.any():
        return cues
    known = cues.astype(network.coupling.dtype)
    asked = np.where(_spin_network.field(network, known) < 0, -1, 1)
    return np.where(unknown, asked, cues)
