"""Memories of real patterns, recalled by steps of attention."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .. import kernels
from ..models import Softmax

_TOGETHER = 4096  # rows whose states are held at a time
_ELEMENTS = 2**18  # of the patterns turned into double precision at a time


class Points(NamedTuple):
    """States of some probes.

    Attributes
    ----------
    values : ndarray of shape (n_probes, n_features)
    clamped : ndarray of shape (n_probes, n_features), bool
        Entries that are known.
    """

    values: np.ndarray
    clamped: np.ndarray


@dataclass(frozen=True, eq=False)
class PatternMemory:
    """Real patterns and the energy of :class:`skboltz.models.Softmax`.

    A step is the update of all unknown entries at once, x <- sum_mu p_mu x_mu. It never
    raises the energy.

    Parameters
    ----------
    interaction : Softmax
    patterns : ndarray of shape (n_patterns, n_features)
        Of any numeric type; never copied whole.
    tol : float
        A row stays if no entry moves by more than `tol` times the largest entry of
        all patterns.
    """

    interaction: Softmax
    patterns: np.ndarray
    tol: float
    half_squares: np.ndarray = field(init=False)
    largest: float = field(init=False)

    n_together = _TOGETHER

    def __post_init__(self):
        half_squares, largest = _sizes(self.patterns)
        object.__setattr__(self, "half_squares", half_squares)
        object.__setattr__(self, "largest", largest)

    def init(self, probes):
        """Where the recall of some rows starts.

        NaN stands for what is unknown: it starts at the average of the patterns,
        weighted by the softmax of their similarity in what is known.  Rows with nothing
        unknown have no entry clamped.
        """
        unknown = np.isnan(probes)
        partial = unknown.any(axis=1)
        values = probes.copy()
        if partial.any():
            guess = self._complete(probes[partial], ~unknown[partial])
            values[partial] = np.where(unknown[partial], guess, probes[partial])
        return Points(values, ~unknown & partial[:, None])

    def step(self, state):
        """One update; the new state, and which probes have moved."""
        new = self._update(state.values)
        new = np.where(state.clamped, state.values, new)
        with np.errstate(over="ignore"):
            moved = np.abs(new - state.values).max(axis=1) > self.tol * self.largest
        return Points(new, state.clamped), moved

    def select(self, state, probes):
        """The state of some of the probes."""
        return Points(*(part[probes] for part in state))

    def energy(self, states):
        """E of each row, shape (n_samples,)."""
        log_sum = self._attend(states, values=_nothing)[1]
        return self.interaction.energy_by(log_sum, states, self.half_squares)

    def nearest(self, states):
        """Index of the most similar pattern, for each row."""
        return _with_enough_range(
            lambda x: kernels.most_similar(
                self._scaled(x), self.patterns, self._offset()
            ),
            states,
        )[0]

    def shares(self, states, codes, n_classes):
        """Sum of the weights p of the patterns of each class, for each row."""
        classes = np.arange(n_classes)

        def members(rows):
            return (codes[rows, None] == classes).astype(states.dtype)

        return self._attend(states, values=members)[0]

    def _update(self, values):
        return self._attend(values)[0].astype(values.dtype, copy=False)

    def _attend(self, x, values=None):
        offset = self._offset()
        return _with_enough_range(
            lambda x: kernels.attend(
                self._scaled(x), self.patterns, offset, values=values
            ),
            x,
        )

    def _complete(self, probes, known):
        """The average of the patterns by their similarity in what is known."""
        similarity = self.interaction.similarity

        def attend(rows):
            queries = self._scaled(similarity.partial(rows, ~np.isnan(rows)))
            return kernels.attend(queries, self.patterns, features=similarity.features)

        return _with_enough_range(attend, probes)[0]

    def _scaled(self, x):
        # In double precision: beta alone may be too small for a float32.
        with np.errstate(over="ignore"):
            return (x * np.float64(self.interaction.beta)).astype(x.dtype, copy=False)

    def _offset(self):
        """What is added to the scores of all patterns, if anything is."""
        offset = self.interaction.similarity.offset(self.half_squares)
        return None if offset is None else self.interaction.beta * offset


def _with_enough_range(function, x):
    """A pair of results for rows; in double precision where float32 overflows."""
    results, level = function(x)
    lost = ~np.isfinite(level)
    if not lost.any():
        return results, level
    if x.dtype != np.float64:
        again, finite = function(x[lost].astype(np.float64))
        level = level.astype(np.float64)
        results[lost], level[lost] = again, finite
    if not np.isfinite(level).all():
        raise ValueError(
            "Similarities overflow: beta times the squares of X or of the memories is "
            "too large. Scale both down."
        )
    return results, level


def _nothing(rows):
    """No value at all, where only the sum of the weights counts."""
    return np.empty((rows.stop - rows.start, 0))


def _sizes(patterns):
    """1/2 |x|^2 of each pattern, and the largest entry of all by its size."""
    halves, largest = np.empty(len(patterns)), 0.0
    size = max(1, _ELEMENTS // patterns.shape[1])
    for start in range(0, len(patterns), size):
        block = patterns[start : start + size].astype(np.float64)
        with np.errstate(over="ignore"):
            halves[start : start + size] = np.einsum("ij,ij->i", block, block) / 2
        largest = max(largest, float(block.max()), -float(block.min()))
    return halves, largest
