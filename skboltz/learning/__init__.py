"""Learning: phases, optimisers, schedules, penalties, and the one loop."""

from . import _loop as training
from ._batches import batches, cut, take
from ._contrastive import ContrastiveDivergence
from ._exact import Enumeration
from ._fast import FastPersistentContrastiveDivergence
from ._gradient import Offsets
from ._initialisation import initial_params, smoothed_mean
from ._loop import Data, Progress, Recipe, TrainingState
from ._optimisers import GradientAscent, Momentum
from ._penalties import SparsityTarget, WeightDecay
from ._persistent import PersistentContrastiveDivergence
from ._restarted import RandomRestart
from ._schedules import SCHEDULES
from ._sums import Sums, sums
from ._tempered import TemperedContrastiveDivergence

__all__ = [
    "SCHEDULES",
    "ContrastiveDivergence",
    "Data",
    "Enumeration",
    "FastPersistentContrastiveDivergence",
    "GradientAscent",
    "Momentum",
    "Offsets",
    "PersistentContrastiveDivergence",
    "Progress",
    "RandomRestart",
    "Recipe",
    "SparsityTarget",
    "Sums",
    "TemperedContrastiveDivergence",
    "TrainingState",
    "WeightDecay",
    "batches",
    "cut",
    "initial_params",
    "smoothed_mean",
    "sums",
    "take",
    "training",
]
