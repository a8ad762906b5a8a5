"""Memories of spins, recalled one unit after the other."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .. import kernels
from ..models import Exponential, Polynomial
from ._stream import Purpose, Stream

_ELEMENTS = 2**20  # of the overlaps held at a time
_MOST_PROBES = 256
_NOTHING = 1e-200  # against the largest term; products of subnormal numbers are slow


class Spins(NamedTuple):
    """States of some probes, unit by unit.

    Attributes
    ----------
    spins : ndarray of shape (n_units, n_probes), int8
    clamped : ndarray of shape (n_units, n_probes), bool
        Units that are known.
    overlaps : ndarray of shape (n_memories, n_probes), int16 or int32
    largest : ndarray of shape (n_probes,), int32
    stream : Stream
        Where the next order of the units comes from.
    """

    spins: np.ndarray
    clamped: np.ndarray
    overlaps: np.ndarray
    largest: np.ndarray
    stream: Stream

    @property
    def values(self):
        return self.spins.T


@dataclass(frozen=True, eq=False)
class SpinMemory:
    """Memories of -1 and +1, with E(s) = -sum_mu F(xi^mu . s).

    A step updates every unit once, in an order that is drawn anew for every step and
    is the same for all probes: s_i becomes the sign of

        sum_mu F(xi_i + sum_{j != i} xi_j s_j) - F(-xi_i + sum_{j != i} xi_j s_j),

    the energy with s_i = -1 minus that with s_i = +1 (Krotov & Hopfield 2016).  Without
    a difference it keeps its state, so no step raises the energy.

    Parameters
    ----------
    interaction : Polynomial, RectifiedPolynomial or Exponential
        F.
    units : ndarray of shape (n_units, n_memories), int8
        The memories, unit by unit.
    key : pair of int
        From which orders are drawn.
    """

    interaction: Polynomial | Exponential
    units: np.ndarray
    key: tuple

    @property
    def n_together(self):
        return int(np.clip(_ELEMENTS // self.units.shape[1], 1, _MOST_PROBES))

    def init(self, probes):
        """Where the recall of some rows starts.

        `probes` holds -1, +1, and 0 for what is unknown: there each unit starts at the
        sign of its field with all unknown units at 0, +1 if it has none.  Rows with
        nothing unknown have no unit clamped.
        """
        spins = np.ascontiguousarray(probes.T)
        unknown = spins == 0
        partial = unknown.any(axis=0)
        if partial.any():
            guess = self._fields(spins[:, partial]) >= 0
            votes = np.where(guess, np.int8(1), np.int8(-1))
            spins[:, partial] = np.where(unknown[:, partial], votes, spins[:, partial])
        overlaps = self.overlaps(spins)
        largest = overlaps.max(axis=0).astype(np.int32)
        stream = Stream(self.key, Purpose.SHUFFLE)
        return Spins(spins, ~unknown & partial, overlaps, largest, stream)

    def step(self, state):
        """Every unit once; the new state, and which probes have changed."""
        order = state.stream.generator().permutation(len(self.units))
        spins, overlaps = state.spins.copy(), state.overlaps.copy()
        largest = state.largest.copy()
        moved = kernels.dense_sweep(
            self._differences(),
            self.units,
            order,
            state.clamped,
            spins,
            overlaps,
            largest,
        )
        stream = state.stream._replace(step=state.stream.step + 1)
        return Spins(spins, state.clamped, overlaps, largest, stream), moved

    def select(self, state, probes):
        """The state of some of the probes."""
        parts = (np.ascontiguousarray(part[..., probes]) for part in state[:-1])
        return Spins(*parts, state.stream)

    def overlaps(self, spins):
        """xi . s for each memory and probe: whole numbers, exact in float32."""
        n_units, n_memories = self.units.shape
        dtype = np.int16 if n_units < 2**14 else np.int32
        out = np.empty((n_memories, spins.shape[1]), dtype=dtype)
        floats, size = spins.astype(np.float32), max(1, _ELEMENTS // n_units)
        for start in range(0, n_memories, size):
            part = self.units[:, start : start + size].astype(np.float32)
            out[start : start + size] = part.T @ floats
        return out

    def energy(self, states):
        """E of each row, shape (n_samples,)."""
        return self._by_rows(self.interaction.energy, states)

    def nearest(self, states):
        """Index of the memory with the largest F(xi . s), for each row."""
        # F itself may be too large for a float.
        return self._by_rows(
            lambda overlaps: self.interaction.rank(overlaps).argmax(axis=-1), states
        )

    def loose(self, memories):
        """How many units of some memories have no field that holds them.

        For all units at once: with a = xi_i s_i and D as in a sweep, the field of a
        unit times the unit is the sum over the memories of
        1/2 (1 + a) D(o - 1) - 1/2 (1 - a) D(o + 1).  A field within the rounding of
        that sum holds nothing.

        Parameters
        ----------
        memories : ndarray of int
            Which ones.

        Returns
        -------
        ndarray of the shape of `memories`, int
        """
        spins = np.ascontiguousarray(self.units[:, memories])
        values, origin, anchor = self._differences()
        overlaps = self.overlaps(spins).astype(np.int64)
        at = overlaps + (origin - anchor * overlaps.max(axis=0))
        last = len(values) - 1  # beyond the table no unit agrees, or none differs
        values = np.where(np.abs(values) < _NOTHING, 0, values)
        agree = values[np.maximum(at - 1, 0)] / 2
        differ = values[np.minimum(at + 1, last)] / 2
        aligned = spins * self._weighted(agree + differ) + (agree - differ).sum(axis=0)
        size = np.abs(agree).sum(axis=0) + np.abs(differ).sum(axis=0)
        rounding = len(agree) * np.finfo(np.float64).eps * size
        return np.count_nonzero(aligned <= rounding, axis=0)

    def _weighted(self, weights):
        """sum_mu xi_i^mu w_mu of each unit, in double precision, block by block."""
        n_units, n_memories = self.units.shape
        size, total = max(1, _ELEMENTS // n_units), 0.0
        for start in range(0, n_memories, size):
            part = slice(start, start + size)
            total = total + self.units[:, part].astype(np.float64) @ weights[part]
        return total

    def shares(self, states, codes, n_classes):
        """Sum of the weights of the memories of each class, for each row."""
        members = codes[:, None] == np.arange(n_classes)
        return self._by_rows(
            lambda overlaps: self.interaction.weights(overlaps) @ members, states
        )

    def _by_rows(self, function, states):
        parts = []
        for start in range(0, len(states), self.n_together):
            spins = np.ascontiguousarray(states[start : start + self.n_together].T)
            # One memory after the other in memory: a row's sum is then its own.
            parts.append(function(np.ascontiguousarray(self.overlaps(spins).T)))
        return np.concatenate(parts)

    def _fields(self, spins):
        overlaps = self.overlaps(spins)
        largest = overlaps.max(axis=0).astype(np.int32)
        differences = self._differences()
        return kernels.dense_fields(differences, self.units, spins, overlaps, largest)

    def _differences(self):
        return self.interaction.differences(len(self.units))
