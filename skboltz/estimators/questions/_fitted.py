"""A fitted machine as one value, of which every question is a function."""

from typing import Any, NamedTuple

import numpy as np

from ._rows import Rows


class Fitted(NamedTuple):
    """A machine that has been fitted, or made of given weights.

    Attributes
    ----------
    model : Bipartite, Pairwise or BeliefNetwork
        Another kind of model answers once it has registered its functions: those of
        :mod:`skboltz.likelihood` for visible units, `base_path` and `drawn`.
    params : BipartiteParams, PairwiseParams or BeliefParams
    means : ndarray or None
        Of the units of a base of the model (the visible ones of a bipartite model, all
        of a pairwise one) under the data; None where no data have been seen.
    chains : ndarray or None
        States of persistent chains of these units, if there are any.
    scaling : Scaling or None
        From features to values of the visible units, if these are not the same.
    write : callable or None
        Of what takes long: what to do with a line of text, if anything.
    """

    model: Any
    params: Any
    means: np.ndarray | None = None
    chains: np.ndarray | None = None
    scaling: Any = None
    write: Any = None

    @property
    def dtype(self):
        """The precision of the parameters."""
        return self.params.arrays()[0].dtype

    @property
    def rows(self):
        """How rows of features become values of the visible units."""
        return Rows(self.dtype, self.scaling)

    def base_means(self):
        """Means for the base of an annealing, off the limits of the units, if known."""
        if self.means is None:
            return None
        return self.model.visible_unit.interior(self.means.astype(np.float64))
