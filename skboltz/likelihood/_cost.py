"""What an estimate of log Z will cost, said before and on the way."""

import time

import numpy as np

from ..sampling import tempering


def n_sweeps(effort, method, n_rungs):
    """Sweeps of a chain that an estimate takes once its rungs are placed.

    Each way `n_chains` chains make a sweep for each step of inverse temperature; those
    led back, and half as many that begin at modes, are tempered before.

    Parameters
    ----------
    effort : Effort
    method : {"bridge", "ais", "reverse_ais"}
    n_rungs : int

    Returns
    -------
    annealed, tempered : int

    Examples
    --------
    >>> from skboltz.likelihood import Effort
    >>> from skboltz.likelihood._cost import n_sweeps
    >>> n_sweeps(Effort(betas=1000, n_chains=100, n_sweeps=100), "bridge", 5)
    (200000, 75000)
    """
    betas, n_chains, tempered = effort
    n_steps = len(betas) - 1 if np.ndim(betas) else betas
    if method == "ais":
        return n_chains * n_steps, 0
    return 2 * n_chains * n_steps, (n_chains + n_chains // 2) * n_rungs * tempered


class Progress:
    """Lines of what is to be done, and of what has been done.

    Parameters
    ----------
    write : callable or None
        What to do with a line, if anything.
    path : BipartitePath or PairwisePath
    method : {"bridge", "ais", "reverse_ais"}
    effort : Effort
    """

    def __init__(self, write, path, method, effort):
        self._write, self._plan = write, (effort, method)
        self._start = self._last = time.perf_counter()
        rows, columns = path.target[0].shape
        annealed, tempered = n_sweeps(effort, method, 1)
        self._line(
            f"{method} by {annealed} sweeps of a chain along the temperatures, and "
            f"{tempered} of tempering on each; one takes products with {rows} x "
            f"{columns} weights"
        )

    def placed(self, rungs):
        """Say what is left once rungs are placed, at the pace at which they were."""
        seconds = time.perf_counter() - self._last
        pace = seconds / tempering.tuning_sweeps(len(rungs))
        left = sum(n_sweeps(*self._plan, len(rungs)))
        self.done(
            f"{len(rungs)} temperatures to temper at; {left} sweeps of a chain left, "
            f"at most about {max(pace * left, 1):.0f} s"
        )

    def done(self, what):
        """Say what has been done, and when."""
        self._last = time.perf_counter()
        self._line(f"{what} ({self._last - self._start:.1f} s)")

    def _line(self, text):
        if self._write is not None:
            self._write(f"log Z: {text}")
