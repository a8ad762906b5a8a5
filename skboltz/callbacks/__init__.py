"""Callbacks: what watches a training, for `estimator.set_callbacks`.

They follow scikit-learn's protocol; its own `sklearn.callback.ProgressBar` works too.
"""

from ._base import EpochCallback
from ._checkpoint import Checkpoint
from ._early_stopping import EarlyStopping
from ._monitor import LikelihoodMonitor

__all__ = ["Checkpoint", "EarlyStopping", "EpochCallback", "LikelihoodMonitor"]
