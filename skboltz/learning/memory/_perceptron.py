"""Perceptron and minimal overlap: couplings reinforced until memories are stable."""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ...utils import require, require_count, warn


def stability(coupling, patterns, bias=0.0):
    """kappa = xi_i (sum_j J_ij xi_j + b_i) / |J_i|, shape (n_patterns, n_units).

    A pattern is a fixed point if all of its stabilities are positive (Gardner 1988).
    A unit without couplings has a norm of 0 and counts as if it were 1.
    """
    aligned, norm = _aligned(coupling, patterns, bias)
    return aligned / np.where(norm > 0, norm, 1)


def _aligned(coupling, patterns, bias=0.0):
    """xi_i (sum_j J_ij xi_j + b_i), and |J_i|."""
    field = patterns @ coupling.T + bias
    return patterns * field, np.linalg.norm(coupling, axis=1)


def _reinforced(rule, patterns, weight, fixed):
    """Add xi_i xi_j for every chosen pair of a pattern and a unit, until none is."""
    n = patterns.shape[1]
    coupling = np.zeros((n, n))
    weighted = patterns * (weight / weight.mean())[:, None]
    for done in range(rule.max_iter + 1):
        chosen = rule.choose(*_aligned(coupling, patterns)) & ~fixed
        if not chosen.any():
            break
        if done == rule.max_iter:
            _warn(stability(coupling, patterns)[:, ~fixed], rule)
            break
        change = (chosen * weighted).T @ patterns
        coupling += change + change.T if rule.symmetric else change
        np.fill_diagonal(coupling, 0)
    return coupling, 1 / n, min(done + 1, rule.max_iter)


def _check(rule):
    require(isinstance(rule.symmetric, bool), "symmetric", "a bool", rule.symmetric)
    require_count("max_iter", rule.max_iter, 1)


def _warn(kappa, rule):
    stable = int((kappa.min(axis=1) > 0).sum())
    warn(
        f"{type(rule).__name__} has not ended within {rule.max_iter} iterations: "
        f"{stable} of {len(kappa)} memories are fixed points. Take "
        f"rule={replace(rule, max_iter=10 * rule.max_iter)}{_easier(rule)}, or store "
        f"fewer memories.",
        ConvergenceWarning,
    )


def _easier(rule):
    """Changes of other parameters of a rule that make it end sooner."""
    changes = rule.easier() + ["symmetric=False"] * rule.symmetric
    return f" (or one with {' or '.join(changes)})" if changes else ""


@dataclass(frozen=True)
class Perceptron:
    """The perceptron rule for every unit at once.

    Wherever xi_i sum_j J_ij xi_j <= margin norm(J_i), J_ij += xi_i xi_j / n (Gardner
    1988); with symmetric couplings J_ji follows.  Weights scale the steps.

    Parameters
    ----------
    margin : float, default=0.0
        Least stability kappa of every unit in every memory.
    symmetric : bool, default=True
        False reaches up to 2 n random memories (Gardner 1988), but the energy may
        then rise during recall.
    max_iter : int, default=1000
    """

    margin: float = 0.0
    symmetric: bool = True
    max_iter: int = 1000

    def __post_init__(self):
        require(0 <= self.margin < np.inf, "margin", "at least 0", self.margin)
        _check(self)

    def learn(self, patterns, weight, fixed, stream):
        return _reinforced(self, patterns, weight, fixed)

    def choose(self, aligned, norm):
        return aligned <= self.margin * norm

    def easier(self):
        """What would ask for less."""
        return ["a smaller margin"] if self.margin else []

    def capacity(self, n_units):
        """Random memories: 2 n without symmetry (Gardner 1988); with it about 1.5 n.

        The latter was reached with 200 units (benchmarks/figure_capacity.py).
        """
        return (1.5 if self.symmetric else 2) * n_units


@dataclass(frozen=True)
class MinimalOverlap:
    """Each unit is reinforced by the memory in which it is least stable.

    While the least of xi_i sum_j J_ij xi_j is below `target`, J_ij += xi_i xi_j / n
    for that memory (Krauth & Mezard 1987).  The larger the target, the nearer
    stabilities come to the best possible ones; each step raises an overlap by about
    1.

    Parameters
    ----------
    target : float, default=10.0
        Above 0: least xi_i sum_j J_ij xi_j of every unit in every memory.
    symmetric : bool, default=True
        As for :class:`Perceptron`.
    max_iter : int, default=10_000
    """

    target: float = 10.0
    symmetric: bool = True
    max_iter: int = 10_000

    def __post_init__(self):
        finite = 0 < self.target < np.inf
        require(finite, "target", "a finite number above 0", self.target)
        _check(self)

    def learn(self, patterns, weight, fixed, stream):
        return _reinforced(self, patterns, weight, fixed)

    def choose(self, aligned, norm):
        n = aligned.shape[1]
        chosen = np.zeros(aligned.shape, bool)
        worst = aligned.argmin(axis=0), np.arange(n)
        chosen[worst] = aligned[worst] < self.target * n
        return chosen

    def easier(self):
        return ["a smaller target"]

    capacity = Perceptron.capacity
