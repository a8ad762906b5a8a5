"""Spins, the values {-1, +1}."""

from ._two_valued import TwoValuedUnit

SPIN = TwoValuedUnit(low=-1.0, high=1.0)
