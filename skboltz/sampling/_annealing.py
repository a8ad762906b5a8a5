"""Annealing: chains led from independent units to a model, or back."""

from typing import NamedTuple

import numpy as np

from ._paths import base_path
from ._stream import Stream

__all__ = ["Annealed", "base_path", "from_visible", "init", "run", "step"]


class Annealed(NamedTuple):
    """Chains on a path.

    Attributes
    ----------
    visible : ndarray of shape (n_chains, n_visible)
        Of a pairwise model all units.
    input : ndarray of shape (n_chains, n_hidden) or (n_chains, n_units)
        What the hidden units, or all, receive from them at beta = 1.
    log_weight : ndarray of shape (n_chains,)
        Sum of log f(v; next beta) / f(v; beta) over the steps taken, f the
        unnormalised distribution; in float64.
    stream : Stream
    """

    visible: np.ndarray
    input: np.ndarray
    log_weight: np.ndarray
    stream: Stream


def init(path, stream, n_chains):
    """Chains in the distribution of the independent units."""
    visible, stream = path.draw(stream, n_chains)
    return from_visible(path, visible, stream)


def from_visible(path, visible, stream):
    """Chains in given states, none of their weights gathered yet."""
    return Annealed(visible, path.input(visible), np.zeros(len(visible)), stream)


def step(path, chains, beta, next_beta):
    """Weigh each state at the next inverse temperature, then sweep there."""
    ends = path.at(beta), path.at(next_beta)
    gain, visible, stream = path.step(*ends, chains, chains.stream)
    return Annealed(visible, path.input(visible), chains.log_weight + gain, stream)


def run(path, chains, betas):
    """Chains led along a ladder of inverse temperatures.

    Down a ladder they sweep backward, so that they retrace what chains led up do.
    """
    path = path.backward() if betas[-1] < betas[0] else path
    for beta, next_beta in zip(betas[:-1], betas[1:], strict=True):
        chains = step(path, chains, float(beta), float(next_beta))
    return chains
