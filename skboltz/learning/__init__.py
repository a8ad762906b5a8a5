"""Learning: phases, optimisers, schedules, penalties, and the one loop."""

from . import _backprop as backprop
from . import _loop as training
from . import _network as network
from . import _quasi_newton as quasi_newton
from . import _up_down as up_down
from ._annealed_phases import AnnealedClamped, AnnealedFree, Schedule
from ._batches import batches, cut, take
from ._clamped_phases import ClampedGibbs, Inferred, both_high, naive, tap
from ._clipped import ClippedGradient
from ._conditional import GivenInputs, Mixture
from ._contrastive import ContrastiveDivergence
from ._dropout import Dropout, MaxNorm
from ._energy_descent import EnergyDescent
from ._exact import Enumeration
from ._fast import FastPersistentContrastiveDivergence
from ._free_phases import FreeChains, FreeEnumeration
from ._gaussian_start import directions, drawn_rows, gaussian_start
from ._gradient import CenteredGradient, Gradient, Offsets
from ._hebb import Hebb
from ._holding import Holding
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
from ._loop import Data, DrawnData, Progress, Recipe, TrainingState
from ._network import Layer, NetworkParams
from ._optimisers import Adam, GradientAscent, Momentum
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
from ._wake_sleep import UpDown, sleep_step, wake_step

__all__ = [
    "RULES",
    "SCHEDULES",
    "Adam",
    "AnnealedClamped",
    "AnnealedFree",
    "CenteredGradient",
    "CenteredPairwiseGradient",
    "ClampedGibbs",
    "ClippedGradient",
    "ContrastiveDivergence",
    "Data",
    "DataPhase",
    "DrawnData",
    "Dropout",
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
    "Holding",
    "Inferred",
    "Layer",
    "MaxNorm",
    "MinimalOverlap",
    "Mixture",
    "Momentum",
    "NetworkParams",
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
    "UpDown",
    "VarianceBounds",
    "VarianceScaled",
    "WeightDecay",
    "all_pairs",
    "backprop",
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
    "network",
    "quasi_newton",
    "sleep_step",
    "smoothed_mean",
    "stability",
    "sums",
    "take",
    "tap",
    "training",
    "up_down",
    "wake_step",
]

RULES = {
    "hebb": Hebb,
    "storkey": Storkey,
    "pseudo-inverse": PseudoInverse,
    "perceptron": Perceptron,
    "minimal-overlap": MinimalOverlap,
    "energy-descent": EnergyDescent,
}
