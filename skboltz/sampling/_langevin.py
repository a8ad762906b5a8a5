"""Langevin moves of Gaussian visible units, in place of exact draws."""

from dataclasses import dataclass
from numbers import Real

import numpy as np

from ..utils import require, require_count


@dataclass(frozen=True)
class Langevin:
    """Some Langevin steps of the visible units given the hidden ones.

    With h drawn exactly, a sweep of Gibbs-Langevin sampling (Liao, Kornblith, Ren,
    Fleet & Hinton 2022, "Gaussian-Bernoulli RBMs without tears").  A step of size e
    follows the gradient of the energy E(v, h), both parts in units of s^2,

        v' = v - e/2 s^2 dE/dv + sqrt(e) s noise = v - e/2 (v - m) + sqrt(e) s noise,

    where m is the mean of v given h.  Unadjusted steps go to a variance of
    s^2 / (1 - e/4) in place of s^2.  Adjusted ones are accepted with the probability
    min(1, exp(e/8 ((v - m)^2 - (v' - m)^2) / s^2)) of Metropolis and Hastings, each
    unit for itself, as units are independent given h: they leave P(v | h) as it is.

    Parameters
    ----------
    n_steps : int, default=10
        For each draw of the hidden units.
    step_size : float, default=0.5
        e, between 0 and 2.
    adjusted : bool, default=True
    """

    n_steps: int = 10
    step_size: float = 0.5
    adjusted: bool = True

    def __post_init__(self):
        require_count("n_steps", self.n_steps, 1)
        good = isinstance(self.step_size, Real) and 0 < self.step_size < 2
        require(good, "step_size", "a number between 0 and 2", self.step_size)
        good = isinstance(self.adjusted, bool | np.bool_)
        require(good, "adjusted", "a bool", self.adjusted)

    def suits(self, model):
        """Whether all visible units are real and have a variance: these it can move."""
        unit = model.visible_unit
        real = np.all(np.isinf(unit.low)) and np.all(np.isinf(unit.high))
        return bool(real) and "log_variance" in unit.parameters._fields

    def draw_visible(self, model, params, hidden, stream, visible):
        """Visible states some steps on from `visible`, and the stream after them."""
        mean = model.visible_field(params, hidden)
        scale = np.exp(0.5 * params.visible.log_variance)
        z = (visible - mean) / scale
        for _ in range(self.n_steps):
            z, stream = self._step(z, stream)
        return mean + scale * z, stream

    def _step(self, z, stream):
        """One step of standard normal units."""
        noise, stream = stream.draw(z.shape, z.dtype, "normal")
        e = z.dtype.type(self.step_size)
        moved = z - e / 2 * z + np.sqrt(e) * noise
        if not self.adjusted:
            return moved, stream
        threshold, stream = stream.draw(z.shape, z.dtype, "exponential")
        accept = e / 8 * (moved * moved - z * z) < threshold
        return np.where(accept, moved, z), stream
