"""Sampling: chains with two verbs, init and step, and exact enumeration."""

from . import _gibbs as gibbs
from ._enumeration import blocks, in_float64, states
from ._gibbs import Chains
from ._stream import Purpose, Stream, random_key

__all__ = [
    "Chains",
    "Purpose",
    "Stream",
    "blocks",
    "gibbs",
    "in_float64",
    "random_key",
    "states",
]
