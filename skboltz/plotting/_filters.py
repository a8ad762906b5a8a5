"""The weights of hidden units as images."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..utils import require_count
from ._figure import axes, checked_shape, inner, mosaic, show


class FiltersDisplay:
    """The weights of each hidden unit as an image: blue for minus, red for plus.

    Parameters
    ----------
    filters : ndarray of shape (n_filters, n_features)
    image_shape : tuple of two int
        Rows and columns of an image.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.plotting import FiltersDisplay
    >>> display = FiltersDisplay(np.eye(4), image_shape=(2, 2)).plot()
    >>> display.image_.get_array().shape  # 2 x 2 images of 2 x 2, and separators
    (5, 5)
    """

    def __init__(self, filters, image_shape):
        self.filters = filters
        self.image_shape = image_shape

    @classmethod
    def from_estimator(
        cls, estimator, *, image_shape=None, n_filters=None, ax=None, **style
    ):
        """Draw the weights of hidden units, those of the largest norm first.

        Parameters
        ----------
        estimator : fitted estimator with `components_` or `coupling_`
            Of a deep network the first layer is drawn, of an imputer or a
            :class:`~skboltz.BoltzmannClassifier` the machine inside.
        image_shape : tuple of two int, default=None
            Rows and columns; None takes a square, or else a single row.
        n_filters : int, default=None
            How many; None draws all.
        ax : matplotlib Axes, default=None
        **style
            Passed to `imshow`.

        Returns
        -------
        FiltersDisplay

        Raises
        ------
        ValueError
            If there are no hidden units, or `image_shape` does not fit.
        """
        filters = _weights(estimator)
        if n_filters is not None:
            require_count("n_filters", n_filters, 1)
        order = np.argsort(-np.linalg.norm(filters, axis=1), kind="stable")
        shape = checked_shape(filters.shape[1], image_shape)
        return cls(filters[order[:n_filters]], shape).plot(ax=ax, **style)

    def plot(self, *, ax=None, **style):
        """Draw on an axes, all filters on one symmetric scale.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **style
            Passed to `imshow`.

        Returns
        -------
        FiltersDisplay
        """
        self.ax_, self.figure_ = axes(ax)
        # A few strong pixels must not turn all others grey.
        limit = np.quantile(np.abs(self.filters), 0.995) or 1.0
        style = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit} | style
        self.image_ = show(self.ax_, mosaic(self.filters, self.image_shape), **style)
        return self


def _weights(estimator):
    """What couples each hidden unit to the features, shape (n_hidden, n_features)."""
    check_is_fitted(estimator)
    kind, n = type(estimator).__name__, estimator.n_features_in_
    estimator = getattr(estimator, "layers_", [estimator])[0]
    if hasattr(inner(estimator, "components_"), "components_"):
        return np.asarray(inner(estimator, "components_").components_)[:, :n]
    machine = inner(estimator, "coupling_")
    if not hasattr(machine, "coupling_"):
        raise ValueError(
            f"{kind} has neither components_ nor coupling_, the weights of hidden "
            f"units. Other rows are drawn by FiltersDisplay(rows, image_shape).plot()."
        )
    if len(machine.coupling_) == machine.n_features_in_:
        raise ValueError(
            f"{kind} has no hidden units, whose weights would be the filters. What "
            f"each unit receives: FiltersDisplay(coupling_, image_shape).plot()."
        )
    return machine.coupling_[machine.n_features_in_ :, :n]
