"""Estimators: the skin of scikit-learn over models and learning."""

from ..sampling._capacity import CapacityCurve, capacity_curve
from ._attractors import Attractors
from ._boltzmann_classifier import BoltzmannClassifier
from ._boltzmann_machine import BoltzmannMachine
from ._dbn_classifier import DBNClassifier
from ._deep_belief_network import DeepBeliefNetwork
from ._dense_memory import DenseAssociativeMemory
from ._gaussian_rbm import GaussianBernoulliRBM
from ._hopfield import HopfieldMemory, Recall
from ._imputer import EnergyImputer
from ._rbm import BernoulliRBM

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
