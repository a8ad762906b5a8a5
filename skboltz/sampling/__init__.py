"""Sampling: chains with two verbs, init and step, and exact enumeration."""

from . import _annealing as annealing
from . import _clamping as clamping
from . import _gibbs as gibbs
from . import _mean_field as mean_field
from . import _modes as modes
from . import _tempering as tempering
from ._diagnostics import (
    autocorrelation,
    autocorrelation_time,
    effective_sample_size,
    r_hat,
)
from ._enumeration import blocks, in_float64, states
from ._gibbs import Chains
from ._stream import Purpose, Stream, random_key

__all__ = [
    "Chains",
    "Purpose",
    "Stream",
    "annealing",
    "autocorrelation",
    "autocorrelation_time",
    "blocks",
    "clamping",
    "effective_sample_size",
    "gibbs",
    "in_float64",
    "mean_field",
    "modes",
    "r_hat",
    "random_key",
    "states",
    "tempering",
]
