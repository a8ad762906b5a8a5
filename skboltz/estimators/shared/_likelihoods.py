"""Likelihoods of a fitted machine, in nats."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ... import likelihood
from ...sampling import random_key
from ...utils import check_betas, has_missing
from ._log_z import log_partition, warn_of
from ._machine import Machine
from ._total import warn_of_total
from ._validation import (
    check_count,
    check_jobs,
    check_method,
    check_seed,
    empty_rows,
)


class LikelihoodMixin(Machine):
    """Free energies, log Z and likelihoods of rows."""

    def free_energy(self, X):
        """F(v) = -log sum_h exp(-E(v, h)) of every row, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Missing values (NaN) are summed out as well: exactly where that takes at
            most 10^6 terms for the row, else by annealed importance sampling and the
            states that chains visit.  Of a row without any known value that leaves
            -log Z, by :meth:`log_partition`.

        Returns
        -------
        ndarray of shape (n_samples,)
            P(v) = exp(-F(v)) / Z: the lower, the likelier.

        Warns
        -----
        UnreliableEstimateWarning
            If chains have not found what carries the weight of some rows with gaps.
        """
        check_is_fitted(self)
        X = self._check(X)
        empty = empty_rows(X)
        if empty is None:
            return self._known_free_energy(X)
        log_z, _ = self._log_z()
        free_energy = np.full(len(X), -log_z, self._dtype)
        if not empty.all():
            free_energy[~empty] = self._known_free_energy(X[~empty])
        return free_energy

    def _known_free_energy(self, X):
        """F of rows of which something is known."""
        if not has_missing(X):
            return self._by_row(self._free_energies, X)
        holes = np.isnan(X).any(axis=1)
        free_energy = np.empty(len(X), self._dtype)
        if not holes.all():
            free_energy[~holes] = self._by_row(self._free_energies, X[~holes])
        # What is missing is summed out: the volume of its units does not count.
        volume = np.isnan(X[holes]) @ self._log_volume()
        values = self._unit_values(X[holes])
        free_energy[holes] = self._marginal_free_energies(values) - volume
        return free_energy

    def _log_volume(self):
        """log |dx/dv| of each feature x that is the value v of a visible unit."""
        if self._scaling is None:
            return np.zeros(self.n_features_in_)
        return self._scaling.log_volume()

    def log_partition(
        self,
        *,
        method="auto",
        betas=1000,
        n_chains=100,
        n_sweeps=100,
        random_state=0,
        n_jobs=None,
    ):
        """log Z in nats: exact where it can be, else an estimate with an error bar.

        Parameters
        ----------
        method : {"auto", "exact", "bridge", "ais", "reverse_ais"}, default="auto"
            "exact" enumerates the smaller layer (the hidden one, if the visible units
            are real), and of a BoltzmannMachine all units but a set of which no two
            are coupled.  "ais" leads chains from
            independent units with the means of the data to the machine (annealed
            importance sampling); "reverse_ais" leads samples of the machine back;
            "bridge" joins both by Bennett's acceptance ratio.  "auto" is "exact" up
            to about 10^8 terms, and "bridge" beyond.
        betas : int or array-like of shape (n_sweeps + 1,), default=1000
            Number of sweeps from independent units to the machine, or the inverse
            temperature of each: never falling, from 0, where units are independent,
            to 1.  A number of sweeps is spread over a ladder of parallel tempering.
        n_chains : int, default=100
            Chains each way.
        n_sweeps : int, default=100
            Sweeps of parallel tempering before chains are led back.
        random_state : int, RandomState instance or None, default=0
            With an int the result is always the same, and remembered.
        n_jobs : int, default=None
            Number of jobs; the result does not depend on it.

        Returns
        -------
        LogPartition
            With the fields `value`, `standard_error`, `method`,
            `effective_sample_size`, `forward`, `reverse` and `gap_error`.

        Raises
        ------
        EnumerationTooLargeError
            If `method` is "exact" and there are too many states to enumerate.

        Warns
        -----
        UnreliableEstimateWarning
            If the two directions disagree, if few chains carry the weight, if chains
            from modes of the machine do not meet the others, or if log Z is surely
            higher than the estimate, as "ais" is checked as well: the value is then
            the bound it is below, and its error infinite.
        """
        check_is_fitted(self)
        options = (method, betas, n_chains, n_sweeps, random_state, n_jobs)
        estimate, reasons = self._log_partition(*options)
        warn_of(reasons)
        return estimate

    def _log_partition(
        self, method, betas, n_chains, n_sweeps, random_state=0, n_jobs=None
    ):
        check_method(method)
        effort = likelihood.Effort(
            check_betas(betas, first=0, last=1),
            check_count(n_chains, "n_chains", 2),
            check_count(n_sweeps, "n_sweeps", 0),
        )
        n_jobs, key = check_jobs(n_jobs), random_key(check_seed(random_state))
        mean, states = self._data_means(), self._training_chains()
        log_scale = float(self._log_volume().sum())
        arguments = (method, effort, mean, states, key, n_jobs, log_scale)
        return log_partition(self._model, self._params(), *arguments)

    def score_samples(self, X):
        """Log-likelihood of every row, log P(v) = -F(v) - log Z, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Values between those of the units are scored by the same formula; NaN is
            summed out, as by :meth:`free_energy`.  A row without any known value has
            log P = 0.

        Returns
        -------
        ndarray of shape (n_samples,)

        Warns
        -----
        UnreliableEstimateWarning
            If log Z had to be estimated and the estimate fails a check; the highest
            of the estimates is then used. That favours no model by the choice among
            them, but where all of them fall short of log Z, as they may where chains
            have not met the whole model, the likelihoods are too high. With more
            effort they are
            ``-free_energy(X) - log_partition(betas=..., n_sweeps=...).value``.
        DataRangeWarning
            If rows have other values than those of binary units, and the distinct ones
            score as if their probabilities summed to more than 1.

        See Also
        --------
        log_partition : The log Z used here, with its error bar.
        """
        check_is_fitted(self)
        X = self._check(X)
        known, rows = slice(None), X
        empty = empty_rows(X)
        if empty is not None:
            known, rows = ~empty, X[~empty]
        scores = np.zeros(X.shape[0])
        log_z, error = self._log_z()
        if rows.shape[0]:
            free_energy = self._known_free_energy(rows)
            scores[known] = -free_energy.astype(np.float64) - log_z
            precision = free_energy.dtype
            warn_of_total(self._visible_unit, rows, scores[known], precision, error)
        return scores

    def _log_z(self):
        """The log Z of scores, of doubtful estimates the highest, and its error."""
        estimate, reasons = self._log_partition("auto", *likelihood.Effort())
        warn_of(reasons)
        value = estimate.upper() if reasons else estimate.value
        return value, estimate.standard_error

    def score(self, X, y=None):
        """Mean log-likelihood of the rows, in nats.

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
        """sum_i log P(v_i | all other visible units) of every row, in nats.

        Exact over all sites and deterministic; needs no log Z.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        X = self._check(X, complete_for="pseudo_log_likelihood()")
        volume = self._log_volume().sum()
        return self._by_row(self._pseudo_log_likelihoods, X) - volume
