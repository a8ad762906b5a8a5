"""Displays: filters, samples, chains, trainings, recalls and capacities."""

from ._capacity import CapacityDisplay
from ._chain import ChainDisplay
from ._filters import FiltersDisplay
from ._recall import RecallDisplay
from ._samples import SamplesDisplay
from ._training import TrainingDisplay

__all__ = [
    "CapacityDisplay",
    "ChainDisplay",
    "FiltersDisplay",
    "RecallDisplay",
    "SamplesDisplay",
    "TrainingDisplay",
]
