"""Likelihoods of a deep belief network."""

from numbers import Integral

import numpy as np

from ... import likelihood
from ...likelihood import belief_sums
from ...sampling import random_key
from ...utils import has_missing
from ..questions import _likelihoods as likelihoods
from ..questions._total import warn_of_total
from ..shared._validation import check_count, check_seed, empty_rows
from ._deep_samples import DeepSamples

_N_SAMPLES = 100  # where sums are too long


class DeepScores(DeepSamples):
    """Scores of rows, by sums or by draws of the hidden layers."""

    def free_energy(self, X, n_samples=None, *, random_state=0):
        """F(v) = -log(P(v) Z) of every row, Z that of the top machine, in nats.

        :meth:`score_samples` is -F(v) - log Z. With one layer it is the free energy of
        that machine.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Missing values (NaN) are summed out as well; of a row without any known
            value that leaves -log Z, by :meth:`log_partition`.
        n_samples : int, default=None
            With a number, the estimate from so many draws h from q(h | v): minus the
            log of the mean of P(v, h) Z / q(h | v), in expectation above F(v). None
            means the exact value where the sum over the hidden layers below the top
            takes at most 10^6 terms for a row, else 100 draws.
        random_state : int, RandomState instance or None, default=0
            Of the draws, the same for every row. With an int the result is always the
            same, and that of a row depends on no other.

        Returns
        -------
        ndarray of shape (n_samples,)
            The lower, the likelier.
        """
        X, log_weight = self._weighed(
            X, n_samples, random_state, likelihood.importance_bound
        )
        # log Z of a single machine has the volume of all features counted in.
        volume = self._log_volume(X)
        if len(self.layers_) == 1:
            volume = volume - self._log_volume()
        free_energy = volume - log_weight
        empty = empty_rows(X)
        if empty is not None:
            log_z, _ = likelihoods.trusted_log_z(self.layers_[-1]._fitted())
            free_energy[empty] = -log_z
        return free_energy.astype(self._dtype, copy=False)

    def lower_bound(self, X, n_samples=100, *, random_state=0):
        """The variational bound on the log-likelihood of every row, in nats.

        The mean over q(h | v) of log P(v, h) - log q(h | v), estimated from
        `n_samples` draws of the hidden layers below the top.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Missing values (NaN) have no part in P(v, h), and q is given a guess of
            them, by means up and down. Of a row without any known value the bound
            is 0.
        n_samples : int, default=100
        random_state : int, RandomState instance or None, default=0
            Of the draws, the same for every row. With an int the result is always the
            same, and that of a row depends on no other.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        n_samples = check_count(n_samples, "n_samples", 1)
        return self._bounded(X, n_samples, random_state, likelihood.lower_bound)

    def score_samples(self, X, n_samples=None, *, random_state=0):
        """log P(v) of every row, or a lower bound on it, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Missing values (NaN) are summed out: log P is that of the known ones, and 0
            where nothing is known.
        n_samples : int, default=None
            With a number, the log of the mean over so many draws h from q(h | v) of
            P(v, h) / q(h | v): in expectation below log P(v), and above
            :meth:`lower_bound`, the closer the more draws. None means the exact
            value where the sum over the hidden layers below the top takes at most
            10^6 terms for a row, else 100 draws. With one layer it is log P(v).
        random_state : int, RandomState instance or None, default=0
            Of the draws, the same for every row. With an int the result is always the
            same, and that of a row depends on no other.

        Returns
        -------
        ndarray of shape (n_samples,)

        Warns
        -----
        UnreliableEstimateWarning
            If log Z of the top machine had to be estimated and the estimate fails a
            check; the highest of the estimates is then used.
        """
        return self._bounded(X, n_samples, random_state, likelihood.importance_bound)

    def score(self, X, y=None):
        """Mean of :meth:`score_samples`, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored

        Returns
        -------
        float
        """
        return float(np.mean(self.score_samples(X)))

    def pseudo_log_likelihood(self, X):
        """sum_i log P(v_i | all other features) of every row, in nats; needs no log Z.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Exact where the sum over the hidden layers below the top takes at most 10^6
            terms for a row; else by 1 / P(v_i | others) = E[1 / P(v_i | h1) | v], the
            mean over chains of the hidden layers, with the same noise for every row.

        Warns
        -----
        UnreliableEstimateWarning
            If chains of some rows have not met.
        """
        fitted, X = self._asked_fitted(X, "pseudo_log_likelihood()")
        return likelihoods.pseudo_log_likelihood(fitted, X)

    def _weighed(self, X, n_samples, random_state, bound):
        """Checked rows, and log P(v) Z of each or a bound, of values v of units."""
        fitted, X = self._asked_fitted(X)
        n_samples = (
            None if n_samples is None else check_count(n_samples, "n_samples", 1)
        )
        key = _key_of_draws(random_state)
        net, params = self._network()
        if n_samples is None and belief_sums.is_summed(net, params):
            sums = belief_sums.sums_of(net, params)

            def of_rows(v):
                return belief_sums.log_sums(sums, v)
        else:
            n_draws = n_samples or _N_SAMPLES

            def of_rows(v):
                weights = likelihood.log_weights(net, params, v, key, n_draws)
                return bound(weights)

        return X, fitted.rows.by_chunk(of_rows, X)

    def _bounded(self, X, n_samples, random_state, bound):
        X, log_weight = self._weighed(X, n_samples, random_state, bound)
        log_z, error = likelihoods.trusted_log_z(self.layers_[-1]._fitted())
        if len(self.layers_) == 1:  # which has counted the volume in
            log_z -= self._log_volume()
        scores = log_weight - log_z - self._log_volume(X)
        unit = self.layers_[0]._model.visible_unit
        net, params = self._network()
        exact = n_samples is None and belief_sums.is_summed(net, params)
        warn_of_total(unit, X, scores, self._dtype, error if exact else None)
        empty = empty_rows(X)
        if empty is not None:
            scores[empty] = 0
        return scores

    def _log_volume(self, X=None):
        """log |dx/dv| of the features x whose values are v: of all, or of those known.

        A value for each row if there are gaps.
        """
        volumes = self._rows.log_volume(self.n_features_in_)
        if X is not None and has_missing(X):
            return (~np.isnan(X)) @ volumes
        return float(volumes.sum())


def _key_of_draws(random_state):
    """A key of noise: an integer itself, 0 being that of all scores without a seed."""
    generator = check_seed(random_state)
    if isinstance(random_state, Integral):
        return int(random_state), 0
    return random_key(generator)
