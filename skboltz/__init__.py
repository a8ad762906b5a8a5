"""Boltzmann machines behind the contract of scikit-learn."""

from ._config import config_context, get_config, set_config
from ._exceptions import (
    DataRangeWarning,
    DivergenceError,
    EnumerationTooLargeError,
    UnreliableEstimateWarning,
)
from ._version import __version__
from .estimators import BernoulliRBM, EnergyImputer

__all__ = [
    "BernoulliRBM",
    "DataRangeWarning",
    "DivergenceError",
    "EnergyImputer",
    "EnumerationTooLargeError",
    "UnreliableEstimateWarning",
    "__version__",
    "config_context",
    "get_config",
    "set_config",
]
