"""Chains over time, and how long they remember."""

import numpy as np

from ..sampling._diagnostics import autocorrelation, autocorrelation_time
from ._figure import axes


class ChainDisplay:
    """Traces of chains over the sweeps, and their autocorrelation beside them.

    Parameters
    ----------
    traces : ndarray of shape (n_chains, n_steps)
        A scalar recorded once per sweep.
    autocorrelation : ndarray of shape (n_steps,)
        At lags of 0, 1, ... sweeps, averaged over the chains.
    name : str
        What was recorded; labels the traces.

    Attributes
    ----------
    axes_ : ndarray of two matplotlib Axes
        Of the traces and of the autocorrelation.
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        One for each chain.
    autocorrelation_line_ : matplotlib Line2D
    autocorrelation_time_ : float
        In sweeps; inf if the traces are constant.
    autocorrelation_time_line_ : matplotlib Line2D or None
        Marks the autocorrelation time; None if it is inf.

    Examples
    --------
    >>> from skboltz.plotting import ChainDisplay
    >>> display = ChainDisplay.from_traces([[1, 1, 1, 1], [-1, -1, -1, -1]])
    >>> [line.get_ydata().tolist() for line in display.lines_]
    [[1, 1, 1, 1], [-1, -1, -1, -1]]
    >>> display.autocorrelation_line_.get_ydata().round(12)
    array([1.  , 0.75, 0.5 , 0.25])
    """

    def __init__(self, traces, autocorrelation, name):
        self.traces = traces
        self.autocorrelation = autocorrelation
        self.name = name

    @classmethod
    def from_traces(cls, traces, *, name="energy", ax=None, **style):
        """Draw the traces of some chains.

        Parameters
        ----------
        traces : array-like of shape (n_chains, n_steps)
            A scalar recorded once per sweep; at least 4 sweeps.
        name : str, default="energy"
            What was recorded.
        ax : sequence of two matplotlib Axes, default=None
        **style
            Passed to the `plot` that draws the traces.

        Returns
        -------
        ChainDisplay

        Raises
        ------
        ValueError
            If `traces` is not a finite 2-D array of at least 4 sweeps, or `ax` is
            not two axes.
        """
        rho = autocorrelation(traces)
        return cls(np.asarray(traces), rho, name).plot(ax=ax, **style)

    def plot(self, *, ax=None, **style):
        """Draw on two axes.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Of the traces and of the autocorrelation.
        **style
            Passed to the `plot` that draws the traces.

        Returns
        -------
        ChainDisplay
        """
        self.axes_, self.figure_ = _two_axes(ax)
        self._draw_traces(style)
        self._draw_autocorrelation()
        for each in self.axes_:
            each.spines[["top", "right"]].set_visible(False)
        return self

    def _draw_traces(self, style):
        sweeps = np.arange(1, self.traces.shape[1] + 1)
        style = {"linewidth": 0.8, "alpha": 0.8} | style
        self.lines_ = self.axes_[0].plot(sweeps, self.traces.T, **style)
        self.axes_[0].set(xlabel="sweep", ylabel=self.name)

    def _draw_autocorrelation(self):
        ax, tau = self.axes_[1], autocorrelation_time(self.traces)
        (self.autocorrelation_line_,) = ax.plot(self.autocorrelation, color="C0")
        ax.axhline(0, color="0.7", linewidth=0.8, zorder=0)
        ax.set(xlabel="lag (sweeps)", ylabel=f"autocorrelation of the {self.name}")
        ax.set_xlim(0, _last_lag(tau, len(self.autocorrelation)))
        self.autocorrelation_time_ = tau
        self.autocorrelation_time_line_ = _mark(ax, tau) if np.isfinite(tau) else None


def _two_axes(ax):
    """Two axes to draw on, and their figure."""
    if ax is None:
        single, figure = axes(None)
        single.remove()
        figure.set_size_inches(9, 3.5)
        ax = figure.subplots(1, 2, width_ratios=(2, 1))
    if np.shape(ax) != (2,):
        raise ValueError(
            f"ax has shape {np.shape(ax)}, but must be two axes, for the traces and "
            f"for the autocorrelation: make them by plt.subplots(1, 2)."
        )
    return np.asarray(ax), ax[0].figure


def _last_lag(tau, n_steps):
    """Lags worth showing: beyond 10 tau, a long trace shows only its noise."""
    return min(n_steps - 1, max(10 * tau, 20))


def _mark(ax, tau):
    line = ax.axvline(tau, color="C1", linestyle="--", label=f"tau = {tau:.3g} sweeps")
    ax.legend(frameon=False)
    return line
