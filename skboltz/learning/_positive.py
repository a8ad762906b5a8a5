"""The positive phase: hidden units given the data."""

from typing import NamedTuple

import numpy as np

from .. import kernels
from ._sums import Sums, sums


class DataPhase(NamedTuple):
    """Sums of the positive phase, and what a negative phase may start from.

    Attributes
    ----------
    sums : Sums
    visible : ndarray of shape (n_rows, n_visible)
    hidden_input : ndarray of shape (n_rows, n_hidden)
    weight : ndarray of shape (n_rows,) or None
    """

    sums: Sums
    visible: np.ndarray
    hidden_input: np.ndarray
    weight: np.ndarray | None


def data_phase(model, params, v, weight=None):
    """E[. | v] averaged over the data, by the hidden means (no sampling noise)."""
    input = model.hidden_input(params, v)
    mean = kernels.mean(model.hidden_unit, params.hidden, input)
    return DataPhase(sums(model, params, v, mean, weight), v, input, weight)
