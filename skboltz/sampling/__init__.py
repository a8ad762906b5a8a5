"""Sampling: chains with two verbs, init and step, and exact enumeration."""

from . import _ancestral as ancestral
from . import _annealing as annealing
from . import _belief_chains as belief_chains
from . import _conditional_gibbs as conditional_gibbs
from . import _coupled as coupled
from . import _dense_recall as dense_recall
from . import _exact_start as exact_start
from . import _gibbs as gibbs
from . import _mean_field as mean_field
from . import _modes as modes
from . import _pairwise_chains as pairwise_chains
from . import _partly_known as partly_known
from . import _recall as recall
from . import _sequential as sequential
from . import _tempering as tempering
from . import _thinning as thinning
from ._annealing import Annealed
from ._belief_chains import Sweeps as BeliefSweeps
from ._couplings import (
    check_diagonal,
    check_pairs,
    check_symmetric,
    checked_intercept,
    checked_matrix,
    checked_system,
)
from ._dense_patterns import PatternMemory
from ._dense_spins import SpinMemory
from ._diagnostics import (
    autocorrelation,
    autocorrelation_time,
    effective_sample_size,
    r_hat,
)
from ._dynamics import (
    DYNAMICS,
    Asynchronous,
    GradedResponse,
    Status,
    Stochastic,
    Synchronous,
)
from ._enumeration import blocks, in_float64, states
from ._gibbs import Chains
from ._langevin import Langevin
from ._minimize import Minimum, minimize_energy
from ._spin_network import SpinNetwork, spin_network
from ._spin_network import energy as spin_energy
from ._spin_network import field as spin_field
from ._stream import Alike, Purpose, Stream, random_key

__all__ = [
    "DYNAMICS",
    "Alike",
    "Annealed",
    "Asynchronous",
    "BeliefSweeps",
    "Chains",
    "GradedResponse",
    "Langevin",
    "Minimum",
    "PatternMemory",
    "Purpose",
    "SpinMemory",
    "SpinNetwork",
    "Status",
    "Stochastic",
    "Stream",
    "Synchronous",
    "ancestral",
    "annealing",
    "autocorrelation",
    "autocorrelation_time",
    "belief_chains",
    "blocks",
    "check_diagonal",
    "check_pairs",
    "check_symmetric",
    "checked_intercept",
    "checked_matrix",
    "checked_system",
    "conditional_gibbs",
    "coupled",
    "dense_recall",
    "effective_sample_size",
    "exact_start",
    "gibbs",
    "in_float64",
    "mean_field",
    "minimize_energy",
    "modes",
    "pairwise_chains",
    "partly_known",
    "r_hat",
    "random_key",
    "recall",
    "sequential",
    "spin_energy",
    "spin_field",
    "spin_network",
    "states",
    "tempering",
    "thinning",
]
