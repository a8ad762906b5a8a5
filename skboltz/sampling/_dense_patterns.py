"""Memories of real patterns, recalled by steps of attention."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from .. import kernels
from ..models import Softmax
from ..models._dense import blocks

_TOGETHER = 4096  # rows whose states are held at a time


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
    raises the energy, up to the rounding of the states' type.

    Parameters
    ----------
    interaction : Softmax
    patterns : ndarray of shape (n_patterns, n_features)
        Of any numeric type; never copied whole.
    tol : float
        A row stays if no entry moves by more than `tol` times the largest entry of
        all patterns, less their centre if there is one, or by more than rounding does.

    Attributes
    ----------
    centre : ndarray of shape (n_features,) or None
        What the similarity subtracts from patterns and states before it compares them.
    half_squares : ndarray of shape (n_patterns,)
        1/2 |x|^2 of the patterns less the centre.
    largest : float
        The largest entry of these by its size.
    """

    interaction: Softmax
    patterns: np.ndarray
    tol: float
    centre: np.ndarray | None = field(init=False)
    half_squares: np.ndarray = field(init=False)
    largest: float = field(init=False)

    n_together = _TOGETHER

    def __post_init__(self):
        centre = self.interaction.similarity.centre(self.patterns)
        half_squares, largest = _sizes(self.patterns, centre)
        object.__setattr__(self, "centre", centre)
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
            guess = self._complete(probes[partial])
            values[partial] = np.where(unknown[partial], guess, probes[partial])
        return Points(values, ~unknown & partial[:, None])

    def step(self, state):
        """One update; the new state, and which probes have moved."""
        new = self._update(state.values)
        new = np.where(state.clamped, state.values, new)
        with np.errstate(over="ignore"):
            moved = np.abs(new - state.values).max(axis=1) > self._least(new.dtype)
        return Points(new, state.clamped), moved

    def select(self, state, probes):
        """The state of some of the probes."""
        return Points(*(part[probes] for part in state))

    def energy(self, states):
        """E of each row, shape (n_samples,), in double precision."""
        states = states.astype(np.float64, copy=False)
        log_sum = self._attend(states, values=_nothing)[1]
        return self.interaction.energy_by(
            log_sum, self._centred(states), self.half_squares
        )

    def nearest(self, states):
        """Index of the most similar pattern, for each row."""
        return _with_enough_range(
            lambda x: kernels.most_similar(
                self._scaled(self._centred(x)),
                self.patterns,
                self._offset(),
                self.centre,
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
        return self._placed(self._attend(values)[0], values.dtype)

    def _attend(self, x, values=None):
        offset = self._offset()
        return _with_enough_range(
            lambda x: kernels.attend(
                self._scaled(self._centred(x)),
                self.patterns,
                offset,
                values=values,
                centre=self.centre,
            ),
            x,
        )

    def _complete(self, probes):
        """The average of the patterns by their similarity in what is known."""
        similarity = self.interaction.similarity

        def attend(rows):
            known = ~np.isnan(rows)
            queries = self._scaled(similarity.partial(self._centred(rows), known))
            return kernels.attend(
                queries,
                self.patterns,
                features=similarity.features,
                centre=self.centre,
            )

        return self._placed(_with_enough_range(attend, probes)[0], probes.dtype)

    def _centred(self, x):
        """Rows less the centre."""
        return x if self.centre is None else (x - self.centre).astype(x.dtype)

    def _placed(self, x, dtype):
        """Rows of some type, with the centre added again."""
        x = x if self.centre is None else x + self.centre
        return x.astype(dtype, copy=False)

    def _least(self, dtype):
        """Up to how much a row may move and stay."""
        shift = 0.0 if self.centre is None else float(np.abs(self.centre).max())
        return max(self.tol * self.largest, float(np.finfo(dtype).eps) * shift)

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


def _sizes(patterns, centre):
    """1/2 |x|^2 of each pattern less the centre, and the largest entry by its size."""
    halves, largest = np.empty(len(patterns)), 0.0
    for rows, block in blocks(patterns):
        with np.errstate(over="ignore", invalid="ignore"):
            block = block if centre is None else block - centre
            halves[rows] = np.einsum("ij,ij->i", block, block) / 2
        largest = max(largest, float(block.max()), -float(block.min()))
    return halves, largest
