"""Samples of a model as images."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._figure import axes, checked_shape, mosaic, show


class SamplesDisplay:
    """Samples of a model as images in shades of grey.

    Parameters
    ----------
    samples : ndarray of shape (n_samples, n_features)
    image_shape : tuple of two int
        Rows and columns of an image.
    limits : tuple of two float, default=(0, 1)
        The values drawn black and white.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.plotting import SamplesDisplay
    >>> display = SamplesDisplay(np.eye(4), image_shape=(2, 2)).plot()
    >>> display.image_.get_array().shape
    (5, 5)
    """

    def __init__(self, samples, image_shape, limits=(0, 1)):
        self.samples = samples
        self.image_shape = image_shape
        self.limits = limits

    @classmethod
    def from_estimator(
        cls,
        estimator,
        n_samples=25,
        *,
        image_shape=None,
        random_state=None,
        sample_params=None,
        ax=None,
        **style,
    ):
        """Draw fresh samples of a fitted model.

        Values of 0 are black and of 1 white; if any lie outside, the least is black
        and the largest white.

        Parameters
        ----------
        estimator : fitted estimator with `sample`
        n_samples : int, default=25
        image_shape : tuple of two int, default=None
            Rows and columns; None takes a square, or else a single row.
        random_state : int, RandomState instance or None, default=None
        sample_params : dict, default=None
            Further arguments of `estimator.sample`.
        ax : matplotlib Axes, default=None
        **style
            Passed to `imshow`.

        Returns
        -------
        SamplesDisplay
        """
        check_is_fitted(estimator)
        samples = estimator.sample(
            n_samples, random_state=random_state, **(sample_params or {})
        )
        shape = checked_shape(samples.shape[1], image_shape)
        return cls(samples, shape, _limits(samples)).plot(ax=ax, **style)

    def plot(self, *, ax=None, **style):
        """Draw on an axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
        **style
            Passed to `imshow`.

        Returns
        -------
        SamplesDisplay
        """
        self.ax_, self.figure_ = axes(ax)
        low, high = self.limits
        style = {"cmap": "gray", "vmin": low, "vmax": high} | style
        self.image_ = show(self.ax_, mosaic(self.samples, self.image_shape), **style)
        return self


def _limits(samples):
    """The values to be black and white."""
    low, high = float(np.min(samples)), float(np.max(samples))
    return (0, 1) if 0 <= low and high <= 1 else (low, high)
