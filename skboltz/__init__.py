"""Boltzmann machines behind the contract of scikit-learn."""

from ._config import config_context, get_config, set_config
from ._exceptions import (
    CapacityWarning,
    DataRangeWarning,
    DivergenceError,
    EnumerationTooLargeError,
    UnreliableEstimateWarning,
)
from ._version import __version__
from .estimators import (
    BernoulliRBM,
    BoltzmannClassifier,
    BoltzmannMachine,
    CapacityCurve,
    DBNClassifier,
    DeepBeliefNetwork,
    DenseAssociativeMemory,
    EnergyImputer,
    GaussianBernoulliRBM,
    HopfieldMemory,
    capacity_curve,
)

__all__ = [
    "BernoulliRBM",
    "BoltzmannClassifier",
    "BoltzmannMachine",
    "CapacityCurve",
    "CapacityWarning",
    "DBNClassifier",
    "DataRangeWarning",
    "DeepBeliefNetwork",
    "DenseAssociativeMemory",
    "DivergenceError",
    "EnergyImputer",
    "EnumerationTooLargeError",
    "GaussianBernoulliRBM",
    "HopfieldMemory",
    "UnreliableEstimateWarning",
    "__version__",
    "capacity_curve",
    "config_context",
    "get_config",
    "set_config",
]
