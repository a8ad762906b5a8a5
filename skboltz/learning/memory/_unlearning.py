"""Unlearning: what a network dreams of from random states is weakened."""

from dataclasses import dataclass

import numpy as np

from ...sampling import Asynchronous, Purpose, recall, spin_network
from ...utils import require, require_count


@dataclass(frozen=True)
class Unlearning:
    """J_ij -= strength/n s_i s_j for fixed points s reached from random states.

    Spurious states are reached, and so weakened, more often than memories (Hopfield,
    Feinstein & Palmer 1983; they took 0.01 with Hebb's rule).
    Too many dreams erase the memories too.

    Parameters
    ----------
    n_dreams : int, default=100
        Random starts, one after the other.
    strength : float, default=0.01
    """

    n_dreams: int = 100
    strength: float = 0.01

    def __post_init__(self):
        require_count("n_dreams", self.n_dreams, 0)
        require(self.strength > 0, "strength", "above 0", self.strength)

    def apply(self, coupling, scale, fixed, stream):
        """Couplings after the dreams, in units of the scale."""
        coupling, n = coupling.copy(), len(coupling)
        step = self.strength / (n * scale)
        for t in range(self.n_dreams):
            now = stream._replace(purpose=Purpose.DREAMS, shard=2 * t)
            start = now.generator().choice([-1.0, 1.0], (1, n))
            start[:, fixed] = 1
            dream = recall.run(
                Asynchronous(max_iter=1000),
                spin_network(coupling, np.zeros(n)),
                start,
                fixed[None],
                now._replace(shard=2 * t + 1),
            ).state[0]
            coupling -= step * np.outer(dream, dream)
            np.fill_diagonal(coupling, 0)
        return coupling
