"""Parallel tempering: chains at many temperatures that exchange their states."""

from typing import NamedTuple

import numpy as np

from . import _annealing as annealing
from ._stream import Stream

# To begin with, where a ladder is tuned, and what each of its rounds takes.
_FIRST_RUNGS, _TUNED_CHAINS, _TUNED_SWEEPS, _ROUNDS = 11, 20, 50, 4


class Replicas(NamedTuple):
    """Chains on the rungs of a ladder, several on each.

    Attributes
    ----------
    visible : ndarray of shape (n_rungs, n_chains, n_visible)
    input : ndarray of shape (n_rungs, n_chains, n_hidden or n_units)
        What the hidden units, or all, receive from them at beta = 1.
    stream : Stream
    sweeps : int
        Sweeps done.
    swaps : ndarray of shape (n_rungs - 1,)
        Sum of the acceptance probabilities of exchanges between neighbours.
    tries : ndarray of shape (n_rungs - 1,)
        Number of exchanges proposed.
    label : ndarray of shape (n_rungs, n_chains)
        Which replica is there: its number among those of its chain.
    heading : ndarray of shape (n_rungs, n_chains)
        By label: whether the replica was last at beta = 0 (+1) or 1 (-1), or neither.
    trips : int
        Round trips between both ends, over all replicas.
    """

    visible: np.ndarray
    input: np.ndarray
    stream: Stream
    sweeps: int
    swaps: np.ndarray
    tries: np.ndarray
    label: np.ndarray
    heading: np.ndarray
    trips: int

    def swap_rates(self):
        """Share of the proposed exchanges accepted, between each pair of rungs."""
        return self.swaps / np.maximum(self.tries, 1)


class _Rung(NamedTuple):
    visible: np.ndarray
    input: np.ndarray


def init(path, stream, betas, n_chains):
    """Replicas led to their rungs by annealing, from beta = 0 upwards."""
    chains = annealing.init(path, stream, n_chains)
    visible = [chains.visible]
    for beta, next_beta in zip(betas[:-1], betas[1:], strict=True):
        chains = annealing.step(path, chains, float(beta), float(next_beta))
        visible.append(chains.visible)
    return from_visible(path, np.stack(visible), chains.stream)


def from_visible(path, visible, stream):
    """Replicas in given states of shape (n_rungs, n_chains, n_visible)."""
    n_rungs, n_chains, _ = visible.shape
    return Replicas(
        visible,
        _input(path, visible),
        stream,
        sweeps=0,
        swaps=np.zeros(n_rungs - 1),
        tries=np.zeros(n_rungs - 1),
        label=np.tile(np.arange(n_rungs)[:, None], (1, n_chains)),
        heading=np.zeros((n_rungs, n_chains), np.int8),
        trips=0,
    )


def refreshed(path, replicas):
    """The same replicas, their inputs those of a path whose model has moved."""
    return replicas._replace(input=_input(path, replicas.visible))


def _input(path, visible):
    flat = visible.reshape(-1, visible.shape[-1])
    return path.input(flat).reshape(*visible.shape[:-1], -1)


def step(path, betas, replicas):
    """One sweep on every rung, then exchanges between neighbours.

    Pairs of even and of odd rungs propose in turn (Okabe et al. 2001; Syed et al.
    2022): states so travel the ladder with less wandering back.
    """
    return run(path, betas, replicas, 1)


def run(path, betas, replicas, n_sweeps):
    """Replicas after a number of steps."""
    points = [path.at(float(beta)) for beta in betas]
    replicas = _owned(replicas)
    for _ in range(n_sweeps):
        stream = _sweep(path, points, replicas)
        replicas = _exchange(path, points, replicas._replace(stream=stream))
    return replicas


def _owned(replicas):
    """The same replicas in arrays of their own, which steps overwrite."""
    moved = ("visible", "input", "swaps", "tries", "label", "heading")
    return replicas._replace(**{key: getattr(replicas, key).copy() for key in moved})


def _sweep(path, points, replicas):
    """One sweep on every rung, in place, and the stream after it."""
    stream = replicas.stream
    for k, point in enumerate(points):
        states, stream = path.sweep(point, _rung(replicas, k), stream)
        replicas.visible[k] = states
        replicas.input[k] = path.input(states)
    return stream


def _exchange(path, points, replicas):
    """Swap rungs k and k + 1, in place, with probability min(1, exp(gain)),

    gain = F(v_k; b_k) + F(v_{k+1}; b_{k+1}) - F(v_{k+1}; b_k) - F(v_k; b_{k+1}).
    """
    n_pairs, n_chains = len(points) - 1, replicas.visible.shape[1]
    threshold, stream = replicas.stream.draw((n_pairs, n_chains), np.float64)
    for k in range(replicas.sweeps % 2, n_pairs, 2):
        gain = _gain(path, points, replicas, k)
        replicas.swaps[k] += np.exp(np.minimum(gain, 0)).sum()
        replicas.tries[k] += n_chains
        # P(u < exp(gain)), u uniform, from logistic noise log(u / (1 - u)).
        chains = np.flatnonzero(-np.logaddexp(0, -threshold[k]) < gain)
        for array in (replicas.visible, replicas.input, replicas.label):
            array[k, chains], array[k + 1, chains] = (
                array[k + 1, chains],
                array[k, chains],
            )
    moved = replicas._replace(stream=stream, sweeps=replicas.sweeps + 1)
    return _count_trips(moved)


def _gain(path, points, replicas, k):
    """What rung k gains in log probability at k + 1, and k + 1 at k."""
    ends = points[k], points[k + 1]
    up, down = (path.log_ratio(*ends, _rung(replicas, i)) for i in (k, k + 1))
    return up - down


def _rung(replicas, k):
    return _Rung(replicas.visible[k], replicas.input[k])


def _count_trips(replicas):
    """Count a trip whenever a replica comes to beta = 0 from beta = 1; in place."""
    column = np.arange(replicas.label.shape[1])
    heading = replicas.heading
    bottom, top = replicas.label[0], replicas.label[-1]
    trips = int((heading[bottom, column] == -1).sum())
    heading[bottom, column] = 1
    # Only one that has been at the bottom can come back from the top.
    risen = heading[top, column] == 1
    heading[top[risen], column[risen]] = -1
    return replicas._replace(trips=replicas.trips + trips)


def tuned_ladder(
    path,
    stream,
    *,
    target_rate=0.6,
    n_chains=_TUNED_CHAINS,
    n_sweeps=_TUNED_SWEEPS,
    n_rounds=_ROUNDS,
):
    """Inverse temperatures whose neighbours exchange at a wanted rate.

    The rejections r_k of neighbours add up to the barrier of the path; rungs at equal
    parts of it reject equally often, and barrier / (1 - rate) rungs reach the rate
    (Syed, Bouchard-Cote, Deligiannidis & Doucet 2022).

    Parameters
    ----------
    path : BipartitePath or PairwisePath
    stream : Stream
    target_rate : float, default=0.6
        Share of exchanges to be accepted between neighbours.
    n_chains, n_sweeps : int
        Effort of each round.
    n_rounds : int, default=4
        Each measures the rejections on a ladder and places the next one.

    Returns
    -------
    betas : ndarray
        From 0 to 1.
    stream : Stream
    """
    betas = np.linspace(0, 1, _FIRST_RUNGS)
    for _ in range(n_rounds):
        replicas = init(path, stream, betas, n_chains)
        replicas = run(path, betas, replicas, n_sweeps)
        barrier = np.append(0.0, np.cumsum(1 - replicas.swap_rates()))
        n_rungs = int(np.clip(np.ceil(barrier[-1] / (1 - target_rate)) + 1, 3, 200))
        betas = equal_parts(barrier, betas, n_rungs)
        stream = replicas.stream
    return betas, stream


def tuning_sweeps(n_rungs):
    """About how many sweeps of a chain it took to tune a ladder of so many rungs."""
    first, later = _FIRST_RUNGS, (_ROUNDS - 1) * n_rungs
    return _TUNED_CHAINS * _TUNED_SWEEPS * (first + later)


def equal_parts(barrier, betas, n_rungs):
    """Rungs at equal parts of a barrier known at some inverse temperatures."""
    if not barrier[-1]:
        return np.linspace(0, 1, n_rungs)
    # A little of the plain ladder keeps the interpolation monotone and apart.
    rising = 0.98 * barrier / barrier[-1] + 0.02 * betas
    return np.interp(np.linspace(0, 1, n_rungs), rising, betas)
