"""Whitened patches of scikit-learn's two photographs, china.jpg and flower.jpg."""

from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.datasets import load_sample_images


class Patches(NamedTuple):
    """Patches, of unit covariance in training, and the matrix that whitened them."""

    train: np.ndarray
    test: np.ndarray
    whitening: np.ndarray


def make_natural_patches(
    n_train=40_000,
    n_test=10_000,
    *,
    size=14,
    intensity="linear",
    least_contrast=5.0,
    regions=(12, 18),
    share=0.2,
    seed=0,
):
    """Grey patches, less the mean of each, ZCA-whitened by the training ones.

    Every image is cut into `regions` blocks (rows, columns), of about 36 x 36 pixels;
    a `share` of them, at random, is for testing. A patch lies in one block, so that no
    test patch has a pixel of a training patch; no position is taken twice, and none
    whose grey levels, of 255, have a standard deviation below `least_contrast`: half of
    the pictures is sky and blurred background.

    Uniform noise of one level is added to every channel first: with 256 levels the
    evenest patches would be points of infinite density. "linear" takes the levels as
    stored, which the camera compressed; "log" the logarithm of the level plus one.

    Without its mean a patch has no component along (1, ..., 1), and the covariance an
    eigenvalue of 0, which cannot be whitened. That direction gets independent noise
    of unit variance: the covariance is the identity, no model can gain by a direction
    in which all patches agree, and every density has the same -1/2 log(2 pi e) there.
    (PyDeep divides rounding errors by their own deviation, which does the same.)
    """
    rng = np.random.default_rng(seed)
    train, test = [], []
    for image in load_sample_images().images:
        grey = (image + rng.random(image.shape)).mean(axis=2)
        patches = [
            _patches(block, size, least_contrast, intensity)
            for band in np.array_split(grey, regions[0], axis=0)
            for block in np.array_split(band, regions[1], axis=1)
        ]
        order = rng.permutation(len(patches))
        n_held = round(share * len(patches))
        test += [patches[i] for i in order[:n_held]]
        train += [patches[i] for i in order[n_held:]]
    train = _drawn(train, n_train, rng)
    test = _drawn(test, n_test, rng)
    whitening, mean = _zca(train), train.mean(axis=0)
    return Patches(
        _whitened(train - mean, whitening, rng),
        _whitened(test - mean, whitening, rng),
        whitening,
    )


def _patches(block, size, least_contrast, intensity):
    """All patches of a block with that contrast, less their means."""
    patches = sliding_window_view(block, (size, size)).reshape(-1, size * size)
    patches = patches[patches.std(axis=1) >= least_contrast]
    if intensity == "log":
        patches = np.log1p(patches)
    return patches - patches.mean(axis=1, keepdims=True)


def _drawn(parts, n_patches, rng):
    patches = np.concatenate(parts)
    return patches[rng.choice(len(patches), n_patches, replace=False)]


def _zca(patches):
    """C^(-1/2) in the directions that patches without a mean have."""
    variances, directions = np.linalg.eigh(np.cov(patches, rowvar=False))
    variances, directions = variances[1:], directions[:, 1:]  # but for (1, ..., 1)
    return (directions / np.sqrt(variances)) @ directions.T


def _whitened(patches, whitening, rng):
    n_patches, n_pixels = patches.shape
    noise = rng.normal(size=(n_patches, 1)) / np.sqrt(n_pixels)
    return patches @ whitening + noise
