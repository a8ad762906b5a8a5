"""Attractors of a memory, and which of them are spurious."""

from typing import NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ...sampling import Status
from ...utils import warn

_MIXED = (3, 5)  # memories in a mixture; even numbers leave ties


class Attractors(NamedTuple):
    """Final states of recall from random starts, each once.

    Attributes
    ----------
    states : ndarray of shape (n_states, n_features), int8
        In the values of the memories.
    counts : ndarray of shape (n_states,)
        Starts that ended there.
    energies : ndarray of shape (n_states,)
    kinds : ndarray of shape (n_states,) of str
        "memory" and "reversed" for an overlap of at least `min_overlap` with a
        memory or its reverse; "mixture" for one with the majority of 3 or 5
        memories or reversed ones (Amit, Gutfreund & Sompolinsky 1985); else "other".
    overlaps : ndarray of shape (n_states, n_memories)
    """

    states: np.ndarray
    counts: np.ndarray
    energies: np.ndarray
    kinds: np.ndarray
    overlaps: np.ndarray


def kinds(states, overlap, memories, least):
    """The kind of each state."""
    rows = zip(states, overlap, strict=True)
    mixed = np.array([_is_mixture(*row, memories, least) for row in rows], dtype=bool)
    most, fewest = overlap.max(axis=1, initial=-1), overlap.min(axis=1, initial=1)
    conditions = [most >= least, fewest <= -least, mixed]
    return np.select(conditions, ["memory", "reversed", "mixture"], "other")


def _is_mixture(state, overlap, memories, least):
    """Whether a state is the majority of the memories that it is most like."""
    nearest = np.argsort(-np.abs(overlap), kind="stable")
    signed = memories[nearest] * np.sign(overlap[nearest])[:, None]
    majorities = (np.sign(signed[:n].sum(axis=0)) for n in _MIXED if n <= len(memories))
    return any(majority @ state >= least * len(state) for majority in majorities)


def warn_if_no_minima(status):
    """Say how many rows have not ended."""
    running = np.count_nonzero(status == Status.RUNNING)
    if running:
        warn(
            f"{running} of {len(status)} starts still moved at the end, as they may "
            f"for ever where couplings are not symmetric: what they came to is no "
            f"minimum. is_fixed_point(states) tells which states are.",
            ConvergenceWarning,
        )
