"""Save a model while it learns."""

import os
from copy import copy
from numbers import Integral
from pathlib import Path
from typing import ClassVar

import joblib
from sklearn.base import BaseEstimator

from .._sklearn import Interval
from ._base import EpochCallback


class Checkpoint(EpochCallback):
    """Write the model to a file every few epochs, so that nothing is lost.

    The file is replaced in one step: at any moment it holds a whole model.  Load it
    with `joblib.load`; with `warm_start` set, `fit` goes on from there.  That is bit
    for bit as if it had never stopped at a constant learning rate; any other schedule
    begins anew.  Callbacks are not in the file: set them again.

    Parameters
    ----------
    path : str or path-like
        A file name; "{epoch}" in it is replaced by the number of the epoch.  Fits
        that run side by side, as in a grid search, need a file each.
    every : int, default=1
        Number of epochs from one file to the next.

    Examples
    --------
    >>> import joblib, pathlib, tempfile
    >>> from skboltz import BernoulliRBM
    >>> from skboltz.callbacks import Checkpoint
    >>> from skboltz.datasets import make_bars_and_stripes
    >>> X, _ = make_bars_and_stripes(3)
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "rbm.joblib"
    >>> rbm = BernoulliRBM(4, n_iter=3).set_callbacks(Checkpoint(path)).fit(X)
    >>> joblib.load(path).n_iter_
    3
    >>> folder.cleanup()
    """

    _parameter_constraints: ClassVar = {
        "path": [str, os.PathLike],
        "every": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, path, *, every=1):
        self.path = path
        self.every = every

    def on_epoch_end(self, model, X):
        if model.n_iter_ % self.every:
            return
        path = Path(str(self.path).replace("{epoch}", str(model.n_iter_)))
        if path.is_dir():
            raise ValueError(f"path is {str(path)!r}, a folder; name a file in it.")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        joblib.dump(_without_callbacks(model), unfinished)
        unfinished.replace(path)


def _without_callbacks(model):
    """The model alone: what watches it is not part of it."""
    bare = copy(model)
    for name, value in list(vars(model).items()):
        if "callback" in name:
            delattr(bare, name)
        elif isinstance(value, BaseEstimator):
            setattr(bare, name, _without_callbacks(value))
        elif isinstance(value, list | tuple):
            setattr(bare, name, _bare_members(value))
    return bare


def _bare_members(values):
    """The same list or tuple; estimators in it, such as layers, without callbacks."""
    if not any(isinstance(value, BaseEstimator) for value in values):
        return values
    return type(values)(
        _without_callbacks(value) if isinstance(value, BaseEstimator) else value
        for value in values
    )
