"""Displays: filters, samples, chains and the course of a training."""

from ._chain import ChainDisplay
from ._filters import FiltersDisplay
from ._samples import SamplesDisplay
from ._training import TrainingDisplay

__all__ = ["ChainDisplay", "FiltersDisplay", "SamplesDisplay", "TrainingDisplay"]
