"""Boltzmann machines behind the contract of scikit-learn."""

from importlib import import_module

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

_ROOMS = [  # imported when they are asked for, unless the estimators need them
    "callbacks",
    "datasets",
    "learning",
    "likelihood",
    "metrics",
    "models",
    "plotting",
    "sampling",
    "theory",
    "units",
]


def __getattr__(name):
    if name in _ROOMS:
        return import_module(f"skboltz.{name}")
    raise AttributeError(f"module 'skboltz' has no attribute {name!r}")


def __dir__():
    return sorted([*__all__, *_ROOMS])
