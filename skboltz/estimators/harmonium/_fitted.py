"""What can be asked of a fitted bipartite machine: features, likelihoods, samples."""

from numbers import Integral

import numpy as np
from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ... import kernels, likelihood
from ...models import BipartiteParams
from ...sampling import gibbs
from ...utils import has_missing
from ..shared._chains import choose_sampler
from ..shared._likelihoods import LikelihoodMixin
from ..shared._samples import SamplingMixin, sample_stream
from ..shared._validation import check_count, check_layer, check_seed


class FittedMachine(
    LikelihoodMixin, SamplingMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
):
    """Methods of a fitted estimator whose model is bipartite.

    They need the attribute `_model` and the fitted parameters, and change nothing, but
    for `gibbs`, which moves `random_state_` on.
    """

    @property
    def _visible_unit(self):
        return self._model.visible_unit

    def _params(self):
        model = self._model
        visible = [
            getattr(self, visible_attribute(name))
            for name in model.visible_unit.parameters._fields
        ]
        return BipartiteParams(
            self.components_,
            model.visible_unit.parameters(*visible),
            model.hidden_unit.parameters(self.intercept_hidden_),
        )

    def _free_energies(self, v):
        return self._model.free_energy(self._params(), v)

    def _marginal_free_energies(self, v):
        return likelihood.marginal_free_energy(self._model, self._params(), v)

    def _conditional_means(self, v):
        return likelihood.conditional_means(self._model, self._params(), v)

    def _pseudo_log_likelihoods(self, v):
        return likelihood.pseudo_log_likelihood(self._model, self._params(), v)

    def _sampler(self, method, given, start, n_chains, n_samples):
        means = self._data_means()
        return choose_sampler(method, given, start, n_chains, n_samples, means)

    def transform(self, X):
        """Mean of the hidden units given each row, E[h | v].

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Where values are missing (NaN), E[h | what is known]: exact where that
            takes a sum of at most 10^6 terms for the row, else averaged over chains
            from different starts if these agree, and annealed with weights if not,
            with the same noise for every row.  Where nothing is known, that is E[h].

        Returns
        -------
        ndarray of shape (n_samples, n_components)

        Warns
        -----
        UnreliableEstimateWarning
            If chains have not found what carries the weight of some rows with gaps.
        """
        check_is_fitted(self)
        X = self._check(X)
        params, unit = self._params(), self._model.hidden_unit
        hidden = np.empty((X.shape[0], len(params.weights)), params.weights.dtype)
        for rows, input in self._hidden_inputs(params, X):
            kernels.tail_mean(unit, params.hidden, input, out=hidden[rows])
        if has_missing(X):
            holes = np.isnan(X).any(axis=1)
            hidden[holes] = self._conditional_means(self._unit_values(X[holes]))[1]
        return hidden

    def _hidden_inputs(self, params, X):
        """Chunks of rows with the input of the hidden units there."""
        if sparse.issparse(X) and self._scaling is None:
            X = X.astype(params.weights.dtype, copy=False)
            unit = self._visible_unit
            weights = unit.scaled_weights(params.visible, params.weights)
            yield slice(None), kernels.active().sparse_product(X, weights)
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
        shape = len(self.components_), "n_components"
        h = check_layer(X, "X", *shape, self._dtype)
        return self._decoded(self._visible_mean(self._params(), h))

    def _visible_mean(self, params, h):
        unit = self._model.visible_unit
        return unit.mean(params.visible, self._model.visible_field(params, h))

    def gibbs(self, v, *, random_state=None):
        """Visible states after one Gibbs sweep, v -> h -> v.

        Parameters
        ----------
        v : array-like of shape (n_samples, n_features) or (n_features,)
        random_state : int, RandomState instance or None, default=None
            None goes on with a sequence of the machine itself, which `fit` begins
            anew: if its own `random_state` is an integer, equal fits give equal
            sequences. It is kept as `random_state_`.

        Returns
        -------
        ndarray of the shape of v
        """
        check_is_fitted(self)
        states = self._visible_states(v, "gibbs()", name="v")
        if random_state is None:
            random_state = self._own_random_state()
        params, stream = self._params(), sample_stream(random_state)
        chains = gibbs.from_visible(self._model, params, states, stream)
        visible = gibbs.step(self._model, params, chains).visible
        return self._decoded(visible).reshape(np.shape(v))

    def _own_random_state(self):
        """Where a seed leads: the calls before this one have moved it on."""
        if not isinstance(self.random_state, Integral):
            return self.random_state
        if not hasattr(self, "random_state_"):
            self.random_state_ = check_seed(self.random_state)
        return self.random_state_

    def reconstruct(self, X, *, k=1, random_state=None):
        """Mean of the visible units after k Gibbs sweeps from each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        k : int, default=1
            The last sweep ends with E[v | h] in place of a sample.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        k, v = check_count(k, "k", 1), self._visible_states(X, "reconstruct()")
        params, stream = self._params(), sample_stream(random_state)
        chains = gibbs.from_visible(self._model, params, v, stream)
        chains = gibbs.run(self._model, params, chains, k - 1)
        return self._decoded(self._visible_mean(params, chains.hidden))


def visible_attribute(name):
    """The attribute that holds a parameter of the visible units."""
    return "intercept_visible_" if name == "bias" else f"{name}_"
