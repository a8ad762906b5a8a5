"""A recall, from the cue to what is remembered."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._figure import axes, checked_shape

_UNKNOWN = "lightsteelblue"  # no shade of grey, so it is taken for no value
_GAP = 0.25  # between two images, in widths of one


class RecallDisplay:
    """The states of a recall as a row of images, and the energy that falls meanwhile.

    Parameters
    ----------
    images : ndarray of shape (n_images, n_features)
        States of the recall, the first being the cue; NaN where it is unknown.
    energies : ndarray of shape (n_steps + 1,)
        Of the cue and after every sweep.
    memory : ndarray of shape (n_features,), default=None
        Drawn after the last state.
    image_shape : tuple of two int, default=None
        Rows and columns; None takes a square, or else a single row.
    steps : sequence of int, default=None
        The sweep after which each image is; None numbers them 0, 1, ...

    Attributes
    ----------
    axes_ : ndarray of two matplotlib Axes
        Of the images and of the energy.
    figure_ : matplotlib Figure
    images_ : list of matplotlib AxesImage
        Cue, states, and the memory if there is one.
    line_ : matplotlib Line2D
        Of the energy.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.plotting import RecallDisplay
    >>> trajectory = np.array([[1.0, np.nan, -1.0, 1.0], [1.0, -1.0, -1.0, 1.0]])
    >>> display = RecallDisplay.from_trajectory(
    ...     trajectory, [-1.0, -3.0], memory=trajectory[1]
    ... )
    >>> [label.get_text() for label in display.axes_[0].get_xticklabels()]
    ['cue', 'sweep 1', 'memory']
    """

    def __init__(self, images, energies, memory=None, image_shape=None, steps=None):
        self.images = images
        self.energies = energies
        self.memory = memory
        self.image_shape = image_shape
        self.steps = steps

    @classmethod
    def from_trajectory(
        cls,
        trajectory,
        energies,
        *,
        memory=None,
        image_shape=None,
        max_states=6,
        ax=None,
        **style,
    ):
        """Draw a recall, sweep by sweep.

        Parameters
        ----------
        trajectory : array-like of shape (n_steps + 1, n_features)
            The cue, with NaN where it is unknown, and the state after every sweep.
        energies : array-like of shape (n_steps + 1,)
            Of these states; a NaN is left out.
        memory : array-like of shape (n_features,), default=None
            What should have been recalled.
        image_shape : tuple of two int, default=None
            Rows and columns; None takes a square, or else a single row.
        max_states : int, default=6
            Of a longer trajectory the cue, the last state and some between are drawn.
        ax : sequence of two matplotlib Axes, default=None
            Of the images and of the energy.
        **style
            Passed to `imshow`.

        Returns
        -------
        RecallDisplay

        Raises
        ------
        ValueError
            If the shapes do not fit each other, or `max_states` is less than 2.
        """
        trajectory = np.asarray(trajectory, dtype=np.float64)
        energies = np.asarray(energies, dtype=np.float64)
        _check_shapes(trajectory, energies, memory, max_states)
        steps = _steps_to_draw(len(trajectory), max_states)
        display = cls(trajectory[steps], energies, memory, image_shape, steps)
        return display.plot(ax=ax, **style)

    @classmethod
    def from_estimator(
        cls,
        estimator,
        cue,
        *,
        image_shape=None,
        max_states=6,
        recall_params=None,
        ax=None,
        **style,
    ):
        """Recall from a cue, and draw it with the nearest of the memories.

        Parameters
        ----------
        estimator : fitted estimator with `recall`
            The memory nearest to the last state is drawn if it has `memories_`.
        cue : array-like of shape (n_features,)
            With NaN where it is unknown.
        image_shape : tuple of two int, default=None
            Rows and columns; None takes a square, or else a single row.
        max_states : int, default=6
            Of a longer trajectory the cue, the last state and some between are drawn.
        recall_params : dict, default=None
            Further arguments of `estimator.recall`.
        ax : sequence of two matplotlib Axes, default=None
            Of the images and of the energy.
        **style
            Passed to `imshow`.

        Returns
        -------
        RecallDisplay
        """
        check_is_fitted(estimator)
        cue = _checked_cue(cue)
        recalled = estimator.recall(cue[None], **(recall_params or {}))
        trajectory = np.array(recalled.trajectory, dtype=np.float64)[:, 0]
        memories = getattr(estimator, "memories_", None)
        named = memories is not None and len(memories)
        memory = _nearest(memories, trajectory[-1]) if named else None
        trajectory[0] = cue  # the recall may have filled in what it does not know
        return cls.from_trajectory(
            trajectory,
            np.asarray(recalled.energies)[:, 0],
            memory=memory,
            image_shape=image_shape,
            max_states=max_states,
            ax=ax,
            **style,
        )

    def plot(self, *, ax=None, **style):
        """Draw on two axes.

        Parameters
        ----------
        ax : sequence of two matplotlib Axes, default=None
            Of the images and of the energy.
        **style
            Passed to `imshow`.

        Returns
        -------
        RecallDisplay
        """
        pictures, labels = list(self.images), self._labels()
        if self.memory is not None:
            pictures, labels = [*pictures, self.memory], [*labels, "memory"]
        pictures = np.asarray(pictures, dtype=np.float64)
        shape = checked_shape(pictures.shape[1], self.image_shape)
        self.axes_, self.figure_ = _two_axes(ax, len(pictures), shape)
        self._draw_images(pictures, labels, shape, style)
        self._draw_energy()
        return self

    def _labels(self):
        steps = range(len(self.images)) if self.steps is None else self.steps
        return ["cue", *[f"sweep {step}" for step in list(steps)[1:]]]

    def _draw_images(self, pictures, labels, shape, style):
        ax, (rows, columns) = self.axes_[0], shape
        low, high = np.nanmin(pictures), np.nanmax(pictures)
        style = {"cmap": "gray", "vmin": low, "vmax": high} | style
        width = (1 + _GAP) * columns
        lefts = width * np.arange(len(pictures))
        if self.memory is not None:  # no state of the recall: it stands apart
            lefts[-1] += _GAP * columns
        self.images_ = [
            ax.imshow(
                picture.reshape(shape),
                extent=(left, left + columns, rows, 0),
                interpolation="nearest",
                **style,
            )
            for picture, left in zip(pictures, lefts, strict=True)
        ]
        for image, left in zip(self.images_, lefts, strict=True):
            image.set_cmap(image.get_cmap().with_extremes(bad=_UNKNOWN))
            x, y = left + columns * np.array([0, 1, 1, 0, 0]), [0, 0, rows, rows, 0]
            ax.plot(x, y, color="0.7", linewidth=0.8, clip_on=False)
        # A single row of square pixels would be too thin to see.
        aspect = "equal" if rows > 1 else "auto"
        ax.set(xlim=(0, lefts[-1] + columns), ylim=(rows, 0), aspect=aspect)
        ax.set_xticks(lefts + columns / 2, labels)
        ax.tick_params(length=0)
        ax.set_yticks([])
        ax.spines[:].set_visible(False)

    def _draw_energy(self):
        ax = self.axes_[1]
        (self.line_,) = ax.plot(self.energies, marker=".")
        ax.set(xlabel="sweep", ylabel="energy")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.spines[["top", "right"]].set_visible(False)


def _steps_to_draw(n_states, max_states):
    """The first, the last, and evenly spaced ones between them."""
    return np.linspace(0, n_states - 1, min(n_states, max_states)).round().astype(int)


def _nearest(memories, state):
    """The memory at the least distance.

    Of two values, that is the one with the largest share of agreeing entries.
    """
    memories = np.asarray(memories, dtype=np.float64)
    return memories[((memories - state) ** 2).sum(axis=1).argmin()]


def _checked_cue(cue):
    cue = np.asarray(cue, dtype=np.float64)
    cue = cue[0] if cue.ndim == 2 and len(cue) == 1 else cue
    if cue.ndim != 1:
        raise ValueError(
            f"cue has the shape {cue.shape}, but one recall is drawn: pass one row."
        )
    return cue


def _check_shapes(trajectory, energies, memory, max_states):
    if trajectory.ndim != 2 or not trajectory.size:
        raise ValueError(
            f"trajectory has the shape {trajectory.shape}, but must be one state of "
            f"all features for each row, the cue first."
        )
    if energies.shape != trajectory.shape[:1]:
        raise ValueError(
            f"energies has the shape {energies.shape}, but trajectory has "
            f"{len(trajectory)} states, the cue included: each needs its energy."
        )
    if memory is not None and np.shape(memory) != trajectory.shape[1:]:
        raise ValueError(
            f"memory has the shape {np.shape(memory)}, but a state has "
            f"{trajectory.shape[1]} features."
        )
    if max_states < 2:
        raise ValueError(
            f"max_states must be at least 2, for the cue and the last state, found "
            f"{max_states!r}."
        )


def _two_axes(ax, n_images, shape):
    """Two axes to draw on, one above the other, and their figure."""
    if ax is None:
        single, figure = axes(None)
        single.remove()
        width = max(1.5 * n_images, 5)
        height = width / n_images * shape[0] / shape[1]
        height = min(max(height, 0.5), 4) + 0.3  # the labels
        figure.set_size_inches(width, height + 2)
        ax = figure.subplots(2, 1, height_ratios=(height, 2))
    if np.shape(ax) != (2,):
        raise ValueError(
            f"ax has shape {np.shape(ax)}, but must be two axes, for the images and "
            f"for the energy: make them by plt.subplots(2, 1)."
        )
    return np.asarray(ax), ax[0].figure
