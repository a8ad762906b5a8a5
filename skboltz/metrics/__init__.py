"""How far drawn rows are from others: scores of samples."""

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
    "AdversarialAccuracy",
    "MaximumMeanDiscrepancy",
    "MomentErrors",
    "SampleQuality",
    "Score",
    "adversarial_accuracy",
    "mmd",
    "moment_errors",
    "sample_quality",
]
