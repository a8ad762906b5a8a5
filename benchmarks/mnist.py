"""MNIST's 60,000 training images, from a folder or from OpenML."""

import gzip
import os
from pathlib import Path

import numpy as np
from sklearn.datasets import fetch_openml


def load_mnist():
    """Images as uint8 of shape (60000, 784), and their labels.

    From the two idx files in the folder named by SKBOLTZ_DATA, if it is set, else
    by `fetch_openml` (whose first 60,000 rows are the training part).
    """
    folder = os.environ.get("SKBOLTZ_DATA")
    if folder:
        return (
            _read_idx(Path(folder) / "train-images-idx3-ubyte.gz").reshape(-1, 784),
            _read_idx(Path(folder) / "train-labels-idx1-ubyte.gz"),
        )
    X, y = fetch_openml("mnist_784", return_X_y=True, as_frame=False)
    return X[:60_000].astype(np.uint8), y[:60_000].astype(np.uint8)


def _read_idx(path):
    """An array of unsigned bytes from a gzipped idx file."""
    with gzip.open(path) as file:
        n_axes = int.from_bytes(file.read(4), "big") % 256
        shape = [int.from_bytes(file.read(4), "big") for _ in range(n_axes)]
        return np.frombuffer(file.read(), dtype=np.uint8).reshape(shape)


def split_mnist(threshold=127):
    """Binary images for training (50,000) and, from the end, for testing (10,000)."""
    X = (load_mnist()[0] > threshold).astype(np.float32)
    return X[:50_000], X[50_000:]
