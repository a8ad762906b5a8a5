"""Likelihoods in nats: log Z, pseudo-likelihood, and scores of samples."""

from ._annealed import bridge_estimate, forward_estimate, reverse_estimate
from ._exact import (
    TRACTABLE_TERMS,
    exact_log_likelihood,
    exact_log_partition,
    is_tractable,
    n_terms,
)
from ._log_partition import LogPartition
from ._pseudo import pseudo_log_likelihood
from ._sample_moments import MomentErrors, Score, moment_errors
from ._sample_quality import (
    AdversarialAccuracy,
    MaximumMeanDiscrepancy,
    SampleQuality,
    adversarial_accuracy,
    mmd,
    sample_quality,
)

__all__ = [
    "TRACTABLE_TERMS",
    "AdversarialAccuracy",
    "LogPartition",
    "MaximumMeanDiscrepancy",
    "MomentErrors",
    "SampleQuality",
    "Score",
    "adversarial_accuracy",
    "bridge_estimate",
    "exact_log_likelihood",
    "exact_log_partition",
    "forward_estimate",
    "is_tractable",
    "mmd",
    "moment_errors",
    "n_terms",
    "pseudo_log_likelihood",
    "reverse_estimate",
    "sample_quality",
]
