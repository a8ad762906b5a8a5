"""The pseudo-inverse rule: projection onto the space of the memories."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class PseudoInverse:
    """J projects onto the span of the memories; then the diagonal is removed.

    J = X^+ X for memories in the rows of X (Kohonen 1972; Personnaz, Guyon & Dreyfus
    1985).  Each memory has the field (1 - J_ii) xi_i: all are fixed points as long as
    no unit is determined by the others.  Memories that depend linearly on others, or
    repeat them, change nothing; nor do weights.
    """

    def learn(self, patterns, weight, fixed, stream):
        _, size, basis = np.linalg.svd(patterns, full_matrices=False)
        tiny = size.max(initial=0.0) * max(patterns.shape) * np.finfo(float).eps
        basis = basis[size > tiny]
        coupling = basis.T @ basis
        np.fill_diagonal(coupling, 0)
        return coupling, 1.0

    def capacity(self, n_units):
        """Independent memories below the number of units."""
        return n_units - 1
