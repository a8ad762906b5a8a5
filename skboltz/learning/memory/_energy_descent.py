"""Learning by descent of the energy: lower the targets, raise the valleys."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ...sampling import Asynchronous, Purpose, recall, spin_network
from ...utils import require, require_count, warn


@dataclass(frozen=True)
class EnergyDescent:
    """Memories go down in energy, and the valleys that recall finds go up.

    From Hebb's couplings on, J += rate/n [sum_mu w_mu xi xi' - sum_nu w_nu v v'],
    the gradient of the mean energy of the valleys less that of the memories.  The
    valleys v are where recall leads from the memories or from random states.

    Parameters
    ----------
    starts : {"memories", "random"}, default="memories"
        Where the search for valleys begins.  From the memories, learning ends as
        soon as every memory stays where it is.
    n_steps : int or None, default=None
        Sweeps towards a valley; None goes to its bottom.  2 to 4 raise what lies
        next to a memory, whose own valley is wide enough then.
    learning_rate : float, default=0.1
    n_iter : int, default=100
        Most updates.
    """

    starts: str = "memories"
    n_steps: int | None = None
    learning_rate: float = 0.1
    n_iter: int = 100

    def __post_init__(self):
        known = self.starts in ("memories", "random")
        require(known, "starts", '"memories" or "random"', self.starts)
        require(self.learning_rate > 0, "learning_rate", "above 0", self.learning_rate)
        require_count("n_iter", self.n_iter, 1)
        if self.n_steps is not None:
            require_count("n_steps", self.n_steps, 1)

    def learn(self, patterns, weight, fixed, stream):
        targets = _outer(patterns, weight)
        coupling, scale = targets, 1 / len(targets)
        dynamics = Asynchronous(max_iter=self.n_steps or 1000)
        for t in range(self.n_iter):
            now = stream._replace(purpose=Purpose.VALLEYS, shard=2 * t)
            starts = np.where(fixed, 1.0, self._starts(patterns, now))
            valleys = recall.run(
                dynamics,
                spin_network(coupling, np.zeros(len(coupling))),
                starts,
                np.broadcast_to(fixed, starts.shape),
                now._replace(shard=2 * t + 1),
            ).state
            if self.starts == "memories" and (valleys == patterns).all():
                return coupling, scale, t + 1
            coupling = coupling + self.learning_rate * (
                targets - _outer(valleys.astype(float), weight)
            )
        if self.starts == "memories":
            _warn(self)
        return coupling, scale, self.n_iter

    def _starts(self, patterns, stream):
        if self.starts == "memories":
            return patterns
        return stream.generator().choice([-1.0, 1.0], patterns.shape)

    def capacity(self, n_units):
        """Random memories: a descent from them held 0.9 n with 100 units, not 1.2 n."""
        return 0.9 * n_units if self.starts == "memories" else 0.138 * n_units


def _warn(rule):
    better = replace(rule, n_iter=10 * rule.n_iter)
    if rule.learning_rate * rule.n_iter >= 1:  # the couplings had room to change
        # Small steps settle what large ones throw back and forth.
        better = replace(better, learning_rate=rule.learning_rate / 10)
    warn(
        f"EnergyDescent has not ended within {rule.n_iter} updates: some memories "
        f"still move. Take rule={better}, or store fewer memories.",
        ConvergenceWarning,
    )


def _outer(states, weight):
    """sum_mu w_mu s s', without the diagonal."""
    total = (states * weight[:, None]).T @ states
    np.fill_diagonal(total, 0)
    return total
