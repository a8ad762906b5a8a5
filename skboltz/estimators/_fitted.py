"""What can be asked of a fitted machine: features, likelihoods, samples."""

import numpy as np
from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from .. import kernels, likelihood
from ..utils import has_missing
from ._likelihoods import LikelihoodMixin
from ._samples import SamplingMixin


class FittedMachine(
    LikelihoodMixin, SamplingMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
):
    """Methods of a fitted estimator whose model is bipartite.

    They need the attribute `_model` and the fitted parameters, and change nothing.
    """

    def transform(self, X):
        """Mean of the hidden units given each row, E[h | v].

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Where values are missing (NaN), E[h | what is known]: exact where that
            takes a sum of at most 10^5 terms for the row, else averaged over 200
            Gibbs sweeps, with the same noise for every row.

        Returns
        -------
        ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        X = self._check(X)
        params, unit = self._params(), self._model.hidden_unit
        hidden = np.empty((X.shape[0], len(params.weights)), params.weights.dtype)
        for rows, input in self._hidden_inputs(params, X):
            kernels.tail_mean(unit, params.hidden, input, out=hidden[rows])
        if has_missing(X):
            holes = np.isnan(X).any(axis=1)
            hidden[holes] = likelihood.conditional_means(self._model, params, X[holes])[
                1
            ]
        return hidden

    def _hidden_inputs(self, params, X):
        """Chunks of rows with the input of the hidden units there."""
        if sparse.issparse(X):
            X = X.astype(params.weights.dtype, copy=False)
            inputs = kernels.active().sparse_product(X, params.weights)
            yield slice(None), inputs
            return
        for rows, v in self._chunks(X):
            yield rows, self._model.hidden_input(params, v)

    def inverse_transform(self, X):
        """Mean of the visible units given hidden values, E[v | h].

        Parameters
        ----------
        X : array-like of shape (n_samples, n_components)
            Hidden states, or their means as `transform` gives them.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        h = self._layer(X, "X", len(self.components_), "n_components")
        return self._visible_mean(self._params(), h)
