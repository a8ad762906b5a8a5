"""Estimators: the skin of scikit-learn over models and learning."""

from ._imputer import EnergyImputer
from .deep._dbn_classifier import DBNClassifier
from .deep._deep_belief_network import DeepBeliefNetwork
from .harmonium._gaussian_rbm import GaussianBernoulliRBM
from .harmonium._rbm import BernoulliRBM
from .memory._attractors import Attractors
from .memory._capacity_curve import CapacityCurve, capacity_curve
from .memory._dense_memory import DenseAssociativeMemory
from .memory._hopfield import HopfieldMemory, Recall
from .pairwise._boltzmann_classifier import BoltzmannClassifier
from .pairwise._boltzmann_machine import BoltzmannMachine

__all__ = [
    "Attractors",
    "BernoulliRBM",
    "BoltzmannClassifier",
    "BoltzmannMachine",
    "CapacityCurve",
    "DBNClassifier",
    "DeepBeliefNetwork",
    "DenseAssociativeMemory",
    "EnergyImputer",
    "GaussianBernoulliRBM",
    "HopfieldMemory",
    "Recall",
    "capacity_curve",
]
