"""Estimators: the skin of scikit-learn over models and learning."""

from ._imputer import EnergyImputer
from ._rbm import BernoulliRBM

__all__ = ["BernoulliRBM", "EnergyImputer"]
