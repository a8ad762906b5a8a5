"""Learning variances: steps of a size that suits them, and bounds."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._gradient import in_variances


@dataclass(frozen=True)
class Unbounded:
    """Parameters may go wherever the steps lead, as long as Z is finite."""

    def cut(self, params, change):
        """Change nothing."""

    def hold(self, model, params):
        """Take back weights with which Z is infinite: speed leads there too."""
        model.restrain(params)


UNBOUNDED = Unbounded()


@dataclass(frozen=True)
class VarianceBounds:
    """Log-variances of the visible units stay between two values for each.

    Where every value of a feature is the mean of a component, as of a feature with a
    few values only, the likelihood grows without end while the variance falls.

    Parameters
    ----------
    low, high : ndarray of shape (n_visible,)
    """

    low: np.ndarray
    high: np.ndarray

    def cut(self, params, change):
        """Cut a change where it would lead out of the bounds, in place."""
        now, move = params.visible.log_variance, change.visible.log_variance
        np.clip(move, self.low - now, self.high - now, out=move)

    def hold(self, model, params):
        """Move log-variances back between the bounds, in place: speed leads out too."""
        moved = params.visible.log_variance
        np.clip(moved, self.low, self.high, out=moved)
        model.restrain(params)


@dataclass(frozen=True)
class VarianceScaled:
    """A gradient whose steps are in units of the variances of Gaussian units.

    The slopes by weights and biases of Gaussian units grow as 1 / s^2 while variances
    s^2 fall, and their curvatures do: multiplied by s^2 they become differences of
    means of v and of h v, and one rate suits all variances, and features of any scale.

    Parameters
    ----------
    gradient : Gradient or CenteredGradient
    factor : float, default=1.0
        Of the learning rate, for log-variances; with 0 the variances stay.
    bounds : Unbounded or VarianceBounds
        Steps lead no further: a bias follows how far the log-variance really goes.
    """

    gradient: Any
    factor: float = 1.0
    bounds: Any = UNBOUNDED

    @property
    def takes_mask(self):
        """Whether data may have absent entries."""
        return getattr(self.gradient, "takes_mask", False)

    def pull(self, model, rate):
        """The rate at which weights move."""
        return self.gradient.pull(model, rate)

    def step(self, model, params, *phases):
        """The step of the gradient as it is."""
        return self.gradient.step(model, params, *phases)

    def finish(self, model, params, change, offsets, rate):
        """Scale the change, in place, and what is left to do."""
        in_variances(model, params, change)
        for _, *of_statistic in (change.visible, change.hidden):
            for slope in of_statistic:
                slope *= self.factor
        self.bounds.cut(params, change)
        self.gradient.finish(model, params, change, offsets, rate)
