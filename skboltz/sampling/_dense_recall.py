"""Recall by an associative memory: steps downhill until a state stays.

A memory has `init(probes)`, `step(state)`, `select(state, rows)` and `n_together`, the
number of rows whose state is held at a time; see :class:`SpinMemory` and
:class:`PatternMemory`.
"""

from typing import NamedTuple

import numpy as np


class Recalled(NamedTuple):
    """Where rows have arrived.

    Attributes
    ----------
    states : ndarray of shape (n_samples, n_features)
    n_iter : ndarray of shape (n_samples,)
        Steps done, the last of which changed nothing if the row has converged.
    converged : ndarray of shape (n_samples,), bool
    """

    states: np.ndarray
    n_iter: np.ndarray
    converged: np.ndarray


def run(memory, probes, max_iter, watch=None):
    """Lead every row to where it stays, or through `max_iter` steps.

    A row stops by itself: its result does not depend on the others.

    Parameters
    ----------
    memory : SpinMemory or PatternMemory
    probes : ndarray of shape (n_samples, n_features)
        As `memory.init` takes them.
    max_iter : int
        At least 1.
    watch : callable, default=None
        Called with a slice of the rows and their states, at the start and after every
        step. It must not keep the array.

    Returns
    -------
    Recalled
    """
    size = memory.n_together
    parts = [
        _run(memory, probes, slice(start, start + size), max_iter, watch)
        for start in range(0, len(probes), size)
    ]
    return Recalled(*map(np.concatenate, zip(*parts, strict=True)))


def _run(memory, probes, rows, max_iter, watch):
    state = memory.init(probes[rows])
    final = np.array(state.values)
    active = np.arange(len(final))
    n_iter, converged = np.zeros(len(final), int), np.zeros(len(final), bool)
    if watch:
        watch(rows, final)
    for _ in range(max_iter):
        state, moved = memory.step(state)
        final[active] = state.values
        n_iter[active] += 1
        converged[active[~moved]] = True
        if watch:
            watch(rows, final)
        if not moved.any():
            break
        if not moved.all():
            state, active = memory.select(state, moved), active[moved]
    return final, n_iter, converged


def trajectories(memory, probes, max_iter):
    """Run, and keep the states after every step.

    Returns
    -------
    recalled : Recalled
    states : ndarray of shape (n_steps + 1, n_samples, n_features)
        A row that has stopped keeps its state.
    """
    seen = {}

    def watch(rows, states):
        seen.setdefault(rows.start, []).append(states.copy())

    recalled = run(memory, probes, max_iter, watch)
    length = recalled.n_iter.max() + 1
    parts = [np.stack(s + s[-1:] * (length - len(s))) for s in seen.values()]
    return recalled, np.concatenate(parts, axis=1)
