"""The classical phases: each brought to equilibrium anew by falling temperatures.

Ackley, Hinton & Sejnowski (1985), "A learning algorithm for Boltzmann machines".
"""

from dataclasses import dataclass

import numpy as np

from ...sampling import Stream, pairwise_chains
from ...units import Bias
from ..two_phase._positive import DataPhase
from ._clamped_phases import OfRows
from ._free_phases import nothing_known
from ._gradient import PairwiseSums, state_sums


@dataclass(frozen=True)
class Schedule:
    """Falling temperatures, then sweeps of which statistics are taken.

    Parameters
    ----------
    betas : tuple of float
        Inverse temperature of each sweep from a random start.
    n_average : int
        Sweeps at inverse temperature 1 after them, that are averaged.
    """

    betas: tuple
    n_average: int

    def sums(self, model, params, known, weight, stream):
        """Sums over chains in equilibrium, and the stream after them."""
        unit = model.unit
        chains = pairwise_chains.init_hot(unit, params, known, stream)
        chains = pairwise_chains.run(unit, chains, self.betas)
        pairs, units = 0.0, 0.0
        for _ in range(self.n_average):
            chains = pairwise_chains.step(unit, chains)
            states = pairwise_chains.filled(chains, known)
            seen = state_sums(model, states, weight)
            pairs, units = pairs + seen.pairs, units + seen.units.bias
        mean = pairs / self.n_average, Bias(units / self.n_average)
        sums = PairwiseSums(*mean, model.n_visible, seen.weight)
        return sums, chains.stream


@dataclass(frozen=True)
class AnnealedClamped(OfRows):
    """Clamped to each row, perhaps with noise.

    Parameters
    ----------
    schedule : Schedule
    noise : pair of float
        Probabilities with which a high and a low visible unit are clamped to the
        other value, so that rare states keep a finite energy.
    n_noisy : int, default=None
        How many visible units that may happen to, the first ones; None means all.
    """

    schedule: Schedule
    noise: tuple = (0.0, 0.0)
    n_noisy: int | None = None

    def init(self, model, params, X, stream):
        return stream

    def accepts(self, state, X):
        """Whether a training with that state can go on with this phase and data."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, batch):
        """The data phase of a batch, and the state after it."""
        v, stream = self._flipped(model.unit, batch.values, stream)
        known = self._known(model, params, v)
        weight = batch.weight
        sums, stream = self.schedule.sums(model, params, known, weight, stream)
        return DataPhase(sums, v, None, weight), stream

    def _flipped(self, unit, v, stream):
        if not any(self.noise):
            return v, stream
        uniform = stream.generator().random(v.shape)
        odds = np.where(v == unit.high, self.noise[0], self.noise[1])
        odds[:, v.shape[1] if self.n_noisy is None else self.n_noisy :] = 0
        flipped = np.where(uniform < odds, unit.flipped(v), v)  # gaps stay gaps
        return flipped.astype(v.dtype), stream._replace(step=stream.step + 1)


@dataclass(frozen=True)
class AnnealedFree:
    """Free-running chains from random starts for each update.

    Parameters
    ----------
    schedule : Schedule
    n_chains : int
    """

    schedule: Schedule
    n_chains: int

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase, and the stream after it."""
        known = nothing_known(params, self.n_chains)
        return self.schedule.sums(model, params, known, None, stream)
