"""What a memory recalls against how much it holds."""

import numpy as np

from ..estimators import capacity_curve
from ._figure import axes

_METRICS = {
    "overlap": "overlap with the pattern",
    "error": "share of wrong units",
    "retrieved": "share of the patterns retrieved",
    "perfect": "share of the patterns without an error",
}
_FINE = 400  # loads at which a theory is evaluated


class CapacityDisplay:
    """How well random patterns are recalled, against their number for each unit.

    Parameters
    ----------
    curve : CapacityCurve
        See :func:`~skboltz.capacity_curve`.
    name : str, default=None
        Of the memory; labels the line.
    metric : {"overlap", "error", "retrieved", "perfect"}, default="overlap"
        What to draw.
    theory : callable, default=None
        What to expect of an array of loads, for example
        :func:`~skboltz.theory.retrieval_overlap`.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    line_ : matplotlib Line2D
        Mean over the repeats.
    spread_ : matplotlib PolyCollection or None
        From the lowest of the repeats to the highest; None if there is only one.
    theory_line_ : matplotlib Line2D or None

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz import CapacityCurve
    >>> from skboltz.theory import retrieval_overlap
    >>> from skboltz.plotting import CapacityDisplay
    >>> share = np.array([[1.0, 1.0], [1.0, 0.8]])
    >>> curve = CapacityCurve(
    ...     np.array([0.1, 0.2]), 2 * share - 1, 1 - share, share, share
    ... )
    >>> display = CapacityDisplay.from_curve(
    ...     curve, name="Hebb", theory=retrieval_overlap
    ... )
    >>> display.line_.get_ydata()
    array([1. , 0.8])
    """

    def __init__(self, curve, name=None, metric="overlap", theory=None):
        self.curve = curve
        self.name = name
        self.metric = metric
        self.theory = theory

    @classmethod
    def from_curve(
        cls, curve, *, name=None, metric="overlap", theory=None, ax=None, **style
    ):
        """Draw what a memory recalled.

        Parameters
        ----------
        curve : CapacityCurve
            See :func:`~skboltz.capacity_curve`.
        name : str, default=None
            Of the memory; labels the line.
        metric : {"overlap", "error", "retrieved", "perfect"}, default="overlap"
            What to draw.
        theory : callable, default=None
            What to expect of an array of loads.
        ax : matplotlib Axes, default=None
            Several curves may share one.
        **style
            Passed to the `plot` that draws the mean.

        Returns
        -------
        CapacityDisplay

        Raises
        ------
        ValueError
            If `metric` is unknown.
        """
        if metric not in _METRICS:
            raise ValueError(
                f"metric must be one of {list(_METRICS)}, found {metric!r}."
            )
        return cls(curve, name, metric, theory).plot(ax=ax, **style)

    @classmethod
    def from_estimator(
        cls,
        memory,
        n_features,
        loads,
        *,
        n_repeats=3,
        noise=0.0,
        random_state=None,
        name=None,
        metric="overlap",
        theory=None,
        ax=None,
        **style,
    ):
        """Measure what a memory recalls, and draw it.

        Parameters
        ----------
        memory : estimator with `fit` and `transform`
            Not fitted: clones of it are.
        n_features, loads, n_repeats, noise, random_state
            See :func:`~skboltz.capacity_curve`.
        name : str, default=None
            Of the memory; None takes the name of its class.
        metric, theory, ax, **style
            See :meth:`from_curve`.

        Returns
        -------
        CapacityDisplay
        """
        curve = capacity_curve(
            memory,
            n_features,
            loads,
            n_repeats=n_repeats,
            noise=noise,
            random_state=random_state,
        )
        name = type(memory).__name__ if name is None else name
        return cls.from_curve(
            curve, name=name, metric=metric, theory=theory, ax=ax, **style
        )

    def plot(self, *, ax=None, **style):
        """Draw on an axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **style
            Passed to the `plot` that draws the mean.

        Returns
        -------
        CapacityDisplay
        """
        self.ax_, self.figure_ = axes(ax)
        order = np.argsort(self.curve.loads)
        loads = self.curve.loads[order]
        values = getattr(self.curve, self.metric)[order]
        style = {"marker": ".", "label": self.name} | style
        (self.line_,) = self.ax_.plot(loads, values.mean(axis=1), **style)
        self.spread_ = self._draw_spread(loads, values)
        self.theory_line_ = self._draw_theory(loads) if self.theory else None
        self.ax_.set(xlabel="patterns for each unit", ylabel=_METRICS[self.metric])
        self.ax_.spines[["top", "right"]].set_visible(False)
        if self.ax_.get_legend_handles_labels()[0]:
            self.ax_.legend(frameon=False)
        return self

    def _draw_spread(self, loads, values):
        if values.shape[1] == 1:
            return None
        low, high = values.min(axis=1), values.max(axis=1)
        color = self.line_.get_color()
        return self.ax_.fill_between(loads, low, high, color=color, alpha=0.2, lw=0)

    def _draw_theory(self, loads):
        fine = np.linspace(loads[0], loads[-1], _FINE)
        style = {"color": "0.3", "linestyle": "--", "linewidth": 1, "label": "theory"}
        return self.ax_.plot(fine, self.theory(fine), **style)[0]
