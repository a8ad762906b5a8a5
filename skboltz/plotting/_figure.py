"""Axes and grids of images that the displays share."""

import numpy as np
from sklearn.utils.validation import check_is_fitted


def axes(ax):
    """An axes to draw on, and its figure; matplotlib is imported only here."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            'Plots need matplotlib: install it with `pip install "skboltz[plot]"`.'
        ) from error
    if ax is None:
        _, ax = plt.subplots(layout="constrained")
    return ax, ax.figure


def checked_shape(n_features, shape):
    """Rows and columns of an image: as given, a square, or a single row."""
    if shape is None:
        side = round(n_features**0.5)
        return (side, side) if side * side == n_features else (1, n_features)
    if np.shape(shape) != (2,) or shape[0] * shape[1] != n_features:
        raise ValueError(
            f"image_shape is {shape!r}, but must be (rows, columns), whose product is "
            f"{n_features} features."
        )
    return tuple(shape)


def inner(estimator, attribute):
    """The fitted machine that has an attribute: an estimator, or what it holds."""
    check_is_fitted(estimator)
    while not hasattr(estimator, attribute) and hasattr(estimator, "estimator_"):
        estimator = estimator.estimator_
    return estimator


def mosaic(images, shape, n_columns=None):
    """Images side by side in one array, with separators of NaN.

    Parameters
    ----------
    images : array-like of shape (n_images, n_features)
    shape : tuple of two int
        Rows and columns of an image.
    n_columns : int, default=None
        Images in a row; None makes the grid about square.

    Returns
    -------
    ndarray of shape (n_rows * (rows + 1) - 1, n_columns * (columns + 1) - 1)
    """
    images = np.asarray(images, dtype=float).reshape(-1, *shape)
    n_columns = n_columns or int(np.ceil(len(images) ** 0.5))
    n_rows = -(-len(images) // n_columns)
    height, width = shape[0] + 1, shape[1] + 1
    grid = np.full((n_rows * height, n_columns * width), np.nan)
    for i, image in enumerate(images):
        top, left = i // n_columns * height, i % n_columns * width
        grid[top : top + shape[0], left : left + shape[1]] = image
    return grid[:-1, :-1]


def show(ax, grid, **style):
    """Draw a mosaic without ticks; separators and empty places stay blank."""
    image = ax.imshow(grid, interpolation="nearest", **style)
    ax.set_axis_off()
    return image
