"""Hebb's rule: units that agree in a memory are coupled."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Hebb:
    """J = 1/n sum_mu w_mu xi^mu xi^mu', without the diagonal (Hopfield 1982).

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.learning import Hebb
    >>> memory, free = np.array([[1.0, 1.0, -1.0]]), np.zeros(3, bool)
    >>> coupling, scale, n_iter = Hebb().learn(memory, np.ones(1), free, None)
    >>> coupling
    array([[ 0.,  1., -1.],
           [ 1.,  0., -1.],
           [-1., -1.,  0.]])
    """

    def learn(self, patterns, weight, fixed, stream):
        """Couplings between the units of some memories.

        Parameters
        ----------
        patterns : ndarray of shape (n_memories, n_units)
            -1.0 or +1.0.
        weight : ndarray of shape (n_memories,)
            Above 0: the importance of each memory.
        fixed : ndarray of shape (n_units,), bool
            Units that are +1 at any time: what couples to them is a bias.
        stream : Stream
            For rules that draw random numbers.

        Returns
        -------
        coupling : ndarray of shape (n_units, n_units)
            [receiver, sender] in units of the scale, with a zero diagonal.
        scale : float
        n_iter : int
            How often the rule went over the memories.
        """
        coupling = (patterns * weight[:, None]).T @ patterns
        np.fill_diagonal(coupling, 0)
        return coupling, 1 / len(coupling), 1

    def capacity(self, n_units):
        """Random memories that can be recalled nearly without errors (Amit et al.)."""
        return 0.138 * n_units
