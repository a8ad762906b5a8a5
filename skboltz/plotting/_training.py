"""What a training saw of itself, epoch by epoch."""

from ._figure import axes, inner

_UNITS = {
    "log_likelihood": "nats",
    "pseudo_log_likelihood": "nats",
    "free_energy_gap": "nats",
    "loss": "nats",
    "reconstruction": "nats",
    "seconds": "seconds",
}
_NO_METRICS = ("epoch", "learning_rate", "seconds")


class TrainingDisplay:
    """Curves over the epochs of a training.

    Metrics of one unit, such as log-likelihoods in nats, are drawn as they are; those
    of several units each as a share of its largest value, or, where all values are
    negative, from 0 for its least to 1 for its largest.

    Parameters
    ----------
    history : dict of list
        One list for each metric, as long as history["epoch"].
    metrics : sequence of str
        Which to draw.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D

    Examples
    --------
    >>> from skboltz.plotting import TrainingDisplay
    >>> history = {"epoch": [1, 2], "moment_gap": [0.4, 0.1]}
    >>> display = TrainingDisplay(history, ["moment_gap"]).plot()
    >>> display.lines_[0].get_ydata()
    array([0.4, 0.1])
    """

    def __init__(self, history, metrics):
        self.history = history
        self.metrics = metrics

    @classmethod
    def from_estimator(cls, estimator, *, metrics=None, history=None, ax=None, **style):
        """Draw the `history_` of a fitted estimator.

        Parameters
        ----------
        estimator : fitted estimator with `history_`
            Or an imputer, or a :class:`~skboltz.BoltzmannClassifier`, whose machine
            has it.
        metrics : sequence of str, default=None
            By default all that were recorded, but for learning rates and seconds.
        history : dict of list, default=None
            Another record of the same training, for example that of a
            :class:`~skboltz.callbacks.LikelihoodMonitor`; by default `history_`, of
            a deep network that of its fine-tuning.
        ax : matplotlib Axes, default=None
        **style
            Passed to `ax.plot`.

        Returns
        -------
        TrainingDisplay

        Raises
        ------
        ValueError
            If there were no epochs, or a metric was not recorded.
        """
        if history is None:
            history = _recorded(estimator)
        if not history.get("epoch"):
            raise ValueError(f"There were no epochs to draw. {_instead(estimator)}")
        if metrics is None:
            metrics = [name for name in history if name not in _NO_METRICS]
        metrics = [metrics] if isinstance(metrics, str) else list(metrics)
        unknown = [name for name in metrics if name not in history]
        if unknown:
            raise ValueError(
                f"metrics has {unknown}, which were not recorded; choose among "
                f"{sorted(set(history) - {'epoch'})}."
            )
        return cls(history, metrics).plot(ax=ax, **style)

    def plot(self, *, ax=None, **style):
        """Draw on an axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **style
            Passed to `ax.plot`.

        Returns
        -------
        TrainingDisplay
        """
        self.ax_, self.figure_ = axes(ax)
        units = {_UNITS.get(name.removesuffix("_validation")) for name in self.metrics}
        alone = len(self.metrics) == 1 or (len(units) == 1 and None not in units)
        self.lines_ = [self._line(name, alone, style) for name in self.metrics]
        unit = " ".join(filter(None, units)) if alone else self._share_label()
        self.ax_.set(xlabel="epoch", ylabel=unit)
        self.ax_.xaxis.get_major_locator().set_params(integer=True)
        self.ax_.spines[["top", "right"]].set_visible(False)
        self.ax_.legend(frameon=False)
        return self

    def _share_label(self):
        histories = [self.history[name] for name in self.metrics]
        negative = any(values and max(values) < 0 for values in histories)
        return "share of the largest value" + " (of the range below 0)" * negative

    def _line(self, name, alone, style):
        values = self.history[name]
        heights = values if alone else _shares(values)
        label = f"{name.replace('_', ' ')} (last {values[-1]:.3g})" if values else name
        style = {"marker": "." if len(values) < 30 else "", "label": label} | style
        return self.ax_.plot(self.history["epoch"], heights, **style)[0]


def _shares(values):
    """Shares of the largest value; of the range, if shares would be flat below 0."""
    if values and max(values) < 0:
        low, range = min(values), max(values) - min(values)
        return [(value - low) / range if range else 1.0 for value in values]
    largest = max(map(abs, values), default=0) or 1.0
    return [value / largest for value in values]


def _recorded(estimator):
    """The history of a fitted estimator, of a deep network that of its fine-tuning."""
    machine = inner(estimator, "history_")
    if not hasattr(machine, "history_"):
        raise ValueError(
            f"{type(machine).__name__} keeps no history_ of a training; pass one as "
            f"history, a dict of lists with 'epoch' among them."
        )
    return machine.history_.get("fine_tuning", machine.history_)


def _instead(estimator):
    """What can be drawn where there are no epochs."""
    if hasattr(estimator, "layers_"):
        return (
            "Of a deep network without fine-tuning, draw a layer: "
            "from_estimator(network.layers_[0])."
        )
    return "n_iter was 0, or the method solves for all rows at once."
