"""Learning: phases, optimisers, schedules, penalties, and the one epoch."""

from ._batches import Batch, Data, DrawnData, batches, cut, take
from ._epoch import Learner, epoch
from ._optimisers import Adam, GradientAscent, Momentum
from ._penalties import SparsityTarget, WeightDecay
from ._scaling import Scaling
from ._schedules import SCHEDULES
from ._sums import Block, Sums, sums
from .belief._up_down import Reconstructed, UpDownLearner
from .belief._wake_sleep import UpDown, sleep_step, wake_step
from .feedforward import _backprop as backprop
from .feedforward import _network as network
from .feedforward import _quasi_newton as quasi_newton
from .feedforward._backprop import BackpropLearner, Classified, NetworkState
from .feedforward._dropout import Dropout, MaxNorm
from .feedforward._network import Layer, NetworkParams
from .memory._energy_descent import EnergyDescent
from .memory._hebb import Hebb
from .memory._perceptron import MinimalOverlap, Perceptron, stability
from .memory._pseudo_inverse import PseudoInverse
from .memory._storkey import Storkey
from .memory._unlearning import Unlearning
from .pairwise._annealed_phases import AnnealedClamped, AnnealedFree, Schedule
from .pairwise._clamped_phases import ClampedGibbs, Inferred, both_high, naive, tap
from .pairwise._clipped import ClippedGradient
from .pairwise._conditional import GivenInputs, Mixture
from .pairwise._free_phases import FreeChains, FreeEnumeration
from .pairwise._gradient import (
    CenteredPairwiseGradient,
    PairwiseGradient,
    PairwiseSums,
    SignedPairwiseGradient,
)
from .pairwise._inverse_ising import (
    PairwiseFit,
    all_pairs,
    data_moments,
    fit_moments,
    fit_pseudo_likelihood,
)
from .pairwise._layered import LayeredLearner, layered
from .two_phase._contrastive import ContrastiveDivergence
from .two_phase._discriminative import Discriminative
from .two_phase._enumeration import Enumeration
from .two_phase._fast import FastPersistentContrastiveDivergence
from .two_phase._gaussian_start import directions, drawn_rows, gaussian_start
from .two_phase._gradient import (
    CenteredGradient,
    Gradient,
    Offsets,
    SignedGradient,
)
from .two_phase._guard import guarded_epoch, is_sound
from .two_phase._holding import Holding
from .two_phase._initialisation import (
    initial_pairwise_params,
    initial_params,
    smoothed_mean,
)
from .two_phase._learner import (
    PhaseSums,
    Progress,
    TrainingState,
    TwoPhaseLearner,
)
from .two_phase._persistent import PersistentContrastiveDivergence
from .two_phase._positive import DataPhase, HiddenMeans
from .two_phase._restarted import RandomRestart
from .two_phase._tempered import TemperedContrastiveDivergence
from .two_phase._variance import Unbounded, VarianceBounds, VarianceScaled

__all__ = [
    "RULES",
    "SCHEDULES",
    "Adam",
    "AnnealedClamped",
    "AnnealedFree",
    "BackpropLearner",
    "Batch",
    "Block",
    "CenteredGradient",
    "CenteredPairwiseGradient",
    "ClampedGibbs",
    "Classified",
    "ClippedGradient",
    "ContrastiveDivergence",
    "Data",
    "DataPhase",
    "Discriminative",
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
    "LayeredLearner",
    "Learner",
    "MaxNorm",
    "MinimalOverlap",
    "Mixture",
    "Momentum",
    "NetworkParams",
    "NetworkState",
    "Offsets",
    "PairwiseFit",
    "PairwiseGradient",
    "PairwiseSums",
    "Perceptron",
    "PersistentContrastiveDivergence",
    "PhaseSums",
    "Progress",
    "PseudoInverse",
    "RandomRestart",
    "Reconstructed",
    "Scaling",
    "Schedule",
    "SignedGradient",
    "SignedPairwiseGradient",
    "SparsityTarget",
    "Storkey",
    "Sums",
    "TemperedContrastiveDivergence",
    "TrainingState",
    "TwoPhaseLearner",
    "Unbounded",
    "Unlearning",
    "UpDown",
    "UpDownLearner",
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
    "epoch",
    "fit_moments",
    "fit_pseudo_likelihood",
    "gaussian_start",
    "guarded_epoch",
    "initial_pairwise_params",
    "initial_params",
    "is_sound",
    "layered",
    "naive",
    "network",
    "quasi_newton",
    "sleep_step",
    "smoothed_mean",
    "stability",
    "sums",
    "take",
    "tap",
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
