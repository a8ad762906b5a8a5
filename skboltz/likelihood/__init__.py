"""Likelihoods in nats: log Z, pseudo-likelihood, and scores of samples."""

from ..metrics import (
    AdversarialAccuracy,
    MaximumMeanDiscrepancy,
    MomentErrors,
    SampleQuality,
    Score,
    adversarial_accuracy,
    mmd,
    moment_errors,
    sample_quality,
)
from . import _belief_sums as belief_sums
from ._annealed import bridge_estimate, forward_estimate, reverse_estimate
from ._belief_posterior import features_expected
from ._classes import class_proba, sampled_class_proba
from ._estimate import (
    DEFAULT_EFFORT,
    METHODS,
    Effort,
    estimate_log_partition,
    ladder,
)
from ._exact import (
    TRACTABLE_TERMS,
    exact_log_likelihood,
    exact_log_partition,
    is_tractable,
    n_terms,
)
from ._labels import hidden_means_given, log_label_proba, sampled_log_label_proba
from ._log_partition import LogPartition
from ._lower_bound import importance_bound, log_weights, lower_bound
from ._marginal import conditional_means, marginal_free_energy
from ._partly_known import (
    conditional_gaps,
    is_exact,
    pairwise_free_energy,
    pairwise_means,
)
from ._pseudo import log_probability, pseudo_log_likelihood
from ._reliability import chains_apart, doubts, visited_bound
from ._visible import visible_free_energy, visible_gaps

__all__ = [
    "DEFAULT_EFFORT",
    "METHODS",
    "TRACTABLE_TERMS",
    "AdversarialAccuracy",
    "Effort",
    "LogPartition",
    "MaximumMeanDiscrepancy",
    "MomentErrors",
    "SampleQuality",
    "Score",
    "adversarial_accuracy",
    "belief_sums",
    "bridge_estimate",
    "chains_apart",
    "class_proba",
    "conditional_gaps",
    "conditional_means",
    "doubts",
    "estimate_log_partition",
    "exact_log_likelihood",
    "exact_log_partition",
    "features_expected",
    "forward_estimate",
    "hidden_means_given",
    "importance_bound",
    "is_exact",
    "is_tractable",
    "ladder",
    "log_label_proba",
    "log_probability",
    "log_weights",
    "lower_bound",
    "marginal_free_energy",
    "mmd",
    "moment_errors",
    "n_terms",
    "pairwise_free_energy",
    "pairwise_means",
    "pseudo_log_likelihood",
    "reverse_estimate",
    "sample_quality",
    "sampled_class_proba",
    "sampled_log_label_proba",
    "visible_free_energy",
    "visible_gaps",
    "visited_bound",
]
