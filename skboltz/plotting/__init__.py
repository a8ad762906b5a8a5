"""Displays: filters, samples and the course of a training."""

from ._filters import FiltersDisplay
from ._samples import SamplesDisplay
from ._training import TrainingDisplay

__all__ = ["FiltersDisplay", "SamplesDisplay", "TrainingDisplay"]
