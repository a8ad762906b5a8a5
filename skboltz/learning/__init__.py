"""Learning: phases, optimisers, schedules, penalties, and the one loop."""

from . import _loop as training
from ._annealed_phases import AnnealedClamped, AnnealedFree, Schedule
from ._batches import batches, cut, take
from ._clamped_phases import ClampedGibbs, Inferred, both_high, naive, tap
from ._clipped import ClippedGradient
from ._conditional import GivenInputs, Mixture
from ._contrastive import ContrastiveDivergence
from ._energy_descent import EnergyDescent
from ._exact import Enumeration
from ._fast import FastPersistentContrastiveDivergence
from ._free_phases import FreeChains, FreeEnumeration
from ._gaussian_start import directions, drawn_rows, gaussian_start
from ._gradient import CenteredGradient, Gradient, Offsets
from ._hebb import Hebb
from ._initialisation import (
    initial_pairwise_params,
    initial_params,
    smoothed_mean,
)
from ._inverse_ising import (
    PairwiseFit,
    all_pairs,
    data_moments,
    fit_moments,
    fit_pseudo_likelihood,
)
from ._loop import Data, Progress, Recipe, TrainingState
from ._optimisers import GradientAscent, Momentum
from ._pairwise import (
    CenteredPairwiseGradient,
    PairwiseGradient,
    PairwiseSums,
    SignedPairwiseGradient,
)
from ._penalties import SparsityTarget, WeightDecay
from ._perceptron import MinimalOverlap, Perceptron, stability
from ._persistent import PersistentContrastiveDivergence
from ._positive import DataPhase, HiddenMeans
from ._pseudo_inverse import PseudoInverse
from ._restarted import RandomRestart
from ._scaling import Scaling
from ._schedules import SCHEDULES
from ._storkey import Storkey
from ._sums import Sums, sums
from ._tempered import TemperedContrastiveDivergence
from ._unlearning import Unlearning
from ._variance import Unbounded, VarianceBounds, VarianceScaled

__all__ = [
    "RULES",
    "SCHEDULES",
    "AnnealedClamped",
    "AnnealedFree",
    "CenteredGradient",
    "CenteredPairwiseGradient",
    "ClampedGibbs",
    "ClippedGradient",
    "ContrastiveDivergence",
    "Data",
    "DataPhase",
    "EnergyDescent",
    "Enumeration",
    "FastPersistentContrastiveDivergence",
    "FreeChains",
    "FreeEnumeration",
    "GivenInputs",
    "Gradient",
    "GradientAscent",
    "Hebb",
    "HiddenMeans",
    "Inferred",
    "MinimalOverlap",
    "Mixture",
    "Momentum",
    "Offsets",
    "PairwiseFit",
    "PairwiseGradient",
    "PairwiseSums",
    "Perceptron",
    "PersistentContrastiveDivergence",
    "Progress",
    "PseudoInverse",
    "RandomRestart",
    "Recipe",
    "Scaling",
    "Schedule",
    "SignedPairwiseGradient",
    "SparsityTarget",
    "Storkey",
    "Sums",
    "TemperedContrastiveDivergence",
    "TrainingState",
    "Unbounded",
    "Unlearning",
    "VarianceBounds",
    "VarianceScaled",
    "WeightDecay",
    "all_pairs",
    "batches",
    "both_high",
    "cut",
    "data_moments",
    "directions",
    "drawn_rows",
    "fit_moments",
    "fit_pseudo_likelihood",
    "gaussian_start",
    "initial_pairwise_params",
    "initial_params",
    "naive",
    "smoothed_mean",
    "stability",
    "sums",
    "take",
    "tap",
    "training",
]

RULES = {
    "hebb": Hebb,
    "storkey": Storkey,
    "pseudo-inverse": PseudoInverse,
    "perceptron": Perceptron,
    "minimal-overlap": MinimalOverlap,
    "energy-descent": EnergyDescent,
}
