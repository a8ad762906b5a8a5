"""Estimators: the skin of scikit-learn over models and learning."""

from ._rbm import BernoulliRBM

__all__ = ["BernoulliRBM"]
