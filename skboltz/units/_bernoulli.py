"""Bernoulli units, the values {0, 1}."""

from ._two_valued import TwoValuedUnit

BERNOULLI = TwoValuedUnit(low=0.0, high=1.0)
