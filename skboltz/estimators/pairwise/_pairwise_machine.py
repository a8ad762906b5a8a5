"""What can be asked of a fitted machine whose units are coupled in pairs."""

import numpy as np
from scipy.special import expit
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ... import likelihood
from ..._exceptions import EnumerationTooLargeError
from ...models import PairwiseParams
from ...sampling import check_diagonal, check_symmetric, clamped
from ...units import Bias
from ..shared._chains import choose_pairwise_sampler, means_given_others
from ..shared._likelihoods import LikelihoodMixin
from ..shared._samples import SamplingMixin
from ..shared._validation import check_layer


class PairwiseMachine(
    LikelihoodMixin, SamplingMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
):
    """Methods of a fitted estimator whose model is pairwise.

    They need the attributes `_model`, `coupling_` and `intercept_`, and change nothing.
    """

    @property
    def _visible_unit(self):
        return self._model.unit

    @property
    def _n_hidden(self):
        return len(self.coupling_) - self.n_features_in_

    def _params(self):
        # Whoever changes couplings by hand may change one of two.
        check_symmetric(self.coupling_, "intercept_", called="coupling_")
        check_diagonal(self.coupling_, "intercept_", called="coupling_")
        return PairwiseParams(self.coupling_, Bias(self.intercept_))

    def _known(self, v):
        return clamped.with_hidden(v, self._n_hidden)

    def _free_energies(self, v):
        known = self._known(v)
        found = likelihood.clamped_free_energy(self._model.unit, self._params(), known)
        return found.astype(self._dtype)

    _marginal_free_energies = _free_energies

    def _means(self, v):
        return likelihood.clamped_means(
            self._model.unit, self._params(), self._known(v)
        )

    def _conditional_means(self, v):
        n_visible, means = v.shape[1], self._means(v)
        return means[:, :n_visible], means[:, n_visible:]

    def _sampler(self, method, given, start, n_chains, n_samples):
        means = self._data_means()
        return choose_pairwise_sampler(method, given, start, n_chains, n_samples, means)

    def _shown(self, states, visible, given, stream):
        if visible == "states":
            return states[:, : self.n_features_in_]
        return means_given_others(self._model, self._params(), states)

    def _data_means(self):
        """Means of all units under the data, for the base of an annealing."""
        state = getattr(self, "_training_state", None)
        if state is None:
            return None
        return self._model.unit.interior(
            np.concatenate(state.offsets).astype(np.float64)
        )

    def _gaps(self, v):
        """Log-odds of every visible unit given all the others."""
        hidden = self.coupling_[v.shape[1] :, v.shape[1] :]
        if not likelihood.is_exact(hidden):
            raise EnumerationTooLargeError(
                f"The {len(hidden)} hidden units are coupled to each other, and have "
                f"too many states to be summed out. Use score_samples, whose log Z "
                f"has an error bar, or fit with hidden_hidden=False or fewer units."
            )
        params = self._params()
        return likelihood.conditional_gaps(
            self._model.unit, params, self._known(v), v.shape[1]
        )

    def _pseudo_log_likelihoods(self, v):
        unit, gap = self._model.unit, self._gaps(v)
        share = (v - unit.low) / unit.span
        return likelihood.log_probability(share, gap).sum(axis=1).astype(self._dtype)

    def conditional_proba(self, X):
        """P(v_i is high | all other visible units) of every value, in closed form.

        The hidden units are summed out; v_i itself counts for nothing.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features)

        Raises
        ------
        EnumerationTooLargeError
            If hidden units that are coupled to each other are too many to enumerate.
        """
        check_is_fitted(self)
        X = self._check(X, complete_for="conditional_proba()")
        return expit(self._by_row(self._gaps, X)).astype(self._dtype)

    def energy(self, states):
        """E(s) = -b's - 1/2 s'Js of states of all units, in nats.

        Parameters
        ----------
        states : array-like of shape (n_samples, n_units)
            Visible units, then hidden ones.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        shape = len(self.coupling_), "n_units"
        states = check_layer(states, "states", *shape, self._dtype)
        return self._model.energy(self._params(), states)

    def transform(self, X):
        """Mean of the hidden units given each row, E[h | v].

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Missing values (NaN) are summed out as well.

        Returns
        -------
        ndarray of shape (n_samples, n_hidden)
            Exact where the sum for a row takes at most 10^6 terms, as it always does
            without hidden-hidden couplings and gaps; else averaged over 200 annealed
            sweeps, with the same noise for every row.
        """
        check_is_fitted(self)
        X = self._check(X)
        means = self._by_row(self._means, X)
        return means[:, self.n_features_in_ :].astype(self._dtype)
