"""Likelihoods in nats: log Z, and pseudo-likelihood."""

from ._exact import (
    TRACTABLE_TERMS,
    exact_log_likelihood,
    exact_log_partition,
    is_tractable,
    n_terms,
)
from ._log_partition import LogPartition
from ._pseudo import pseudo_log_likelihood

__all__ = [
    "TRACTABLE_TERMS",
    "LogPartition",
    "exact_log_likelihood",
    "exact_log_partition",
    "is_tractable",
    "n_terms",
    "pseudo_log_likelihood",
]
