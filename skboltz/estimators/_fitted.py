"""What can be asked of a fitted machine: features, likelihoods, samples."""

from functools import partial
from itertools import islice

import numpy as np
from scipy import sparse
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted

from .. import kernels, likelihood
from ..models import BipartiteParams
from ..sampling import Purpose, Stream, gibbs, random_key
from ._chains import choose_sampler
from ._log_z import base_rates, log_partition, warn_of
from ._validation import (
    check_betas,
    check_count,
    check_data,
    check_known,
    check_layer,
    check_method,
    has_missing,
    warn_out_of_range,
)

# Rows whose arrays of hidden units stay in the cache together.
_CHUNK = 256


class FittedMachine(ClassNamePrefixFeaturesOutMixin, TransformerMixin):
    """Methods of a fitted estimator whose model is bipartite.

    They need the attribute `_model` and the fitted parameters, and change nothing.
    """

    def _params(self):
        unit = self._model
        return BipartiteParams(
            self.components_,
            unit.visible_unit.parameters(self.intercept_visible_),
            unit.hidden_unit.parameters(self.intercept_hidden_),
        )

    def _check(self, X, missing=False):
        """Rows to be asked about; warns of values that no visible unit takes."""
        X = check_data(self, X, missing=missing)
        check_known(X)
        warn_out_of_range(self, X, self._model.visible_unit, stacklevel=4)
        return X

    def _visible_states(self, X):
        """Rows as dense floats, all of them; a single row may come as a vector."""
        X = np.reshape(X, (1, -1)) if np.ndim(X) == 1 else X
        return np.concatenate([v for _, v in self._chunks(self._check(X))])

    # Features ---------------------------------------------------------------

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
        X = self._check(X, missing=True)
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

    def _chunks(self, X):
        """Rows of X in chunks, as dense floats of the model's precision."""
        dtype = self.components_.dtype
        for rows in gen_batches(X.shape[0], _CHUNK):
            part = X[rows]
            part = part.toarray() if sparse.issparse(part) else part
            yield rows, part.astype(dtype, copy=False)

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

    def _layer(self, values, name, n_units, units):
        return check_layer(values, name, n_units, units, self.components_.dtype)

    def _visible_mean(self, params, h):
        unit = self._model.visible_unit
        return unit.mean(params.visible, self._model.visible_field(params, h))

    # Likelihood -------------------------------------------------------------

    def free_energy(self, X):
        """F(v) = -log sum_h exp(-E(v, h)) of every row, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Missing values (NaN) are summed out as well: exactly where that takes at
            most 10^5 terms for the row, else by annealed importance sampling.

        Returns
        -------
        ndarray of shape (n_samples,)
            P(v) = exp(-F(v)) / Z: the lower, the likelier.
        """
        check_is_fitted(self)
        X = self._check(X, missing=True)
        free_energy = self._by_row(self._model.free_energy, X)
        if has_missing(X):
            holes = np.isnan(X).any(axis=1)
            free_energy[holes] = likelihood.marginal_free_energy(
                self._model, self._params(), X[holes]
            )
        return free_energy

    def impute(self, X, *, strategy="mean", random_state=None):
        """X with its missing values filled by what the machine makes of the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            NaN where a value is missing.
        strategy : {"mean", "mode", "sample"}, default="mean"
            "mean" fills in E[v | what is known], for binary features the probability
            of 1: exact where that takes a sum of at most 10^5 terms for the row, else
            averaged over 200 Gibbs sweeps, with the same noise for every row. "mode"
            takes the nearer of the two values, "sample" draws from a Gibbs chain of
            1000 sweeps.
        random_state : int, RandomState instance or None, default=None
            For "sample" alone.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            What is known stays as it is.
        """
        check_is_fitted(self)
        if strategy not in ("mean", "mode", "sample"):
            raise ValueError(
                f'strategy must be "mean", "mode" or "sample", found {strategy!r}.'
            )
        X = self._check(X, missing=True)
        given = np.concatenate([v for _, v in self._chunks(X)])
        if strategy == "sample":
            return self.sample(given=given, random_state=random_state)
        params, unit = self._params(), self._model.visible_unit
        filled, holes = given.copy(), np.isnan(given).any(axis=1)
        if holes.any():
            means = likelihood.conditional_means(self._model, params, given[holes])[0]
            filled[holes] = means
        if strategy == "mode":
            nearest = np.where(2 * filled > unit.low + unit.high, unit.high, unit.low)
            filled = np.where(np.isnan(given), nearest, given).astype(given.dtype)
        return filled

    def _by_row(self, function, X):
        params = self._params()
        parts = [function(params, v) for _, v in self._chunks(X)]
        return np.concatenate(parts)

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
            "exact" enumerates the smaller layer.  "ais" leads chains from
            independent units with the means of the data to the machine (annealed
            importance sampling); "reverse_ais" leads samples of the machine back;
            "bridge" joins both by Bennett's acceptance ratio.  "auto" is "exact" up
            to about 10^8 terms, and "bridge" beyond.
        betas : int or array-like, default=1000
            Number of steps in inverse temperature, or all inverse temperatures from
            0 to 1.
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
            If `method` is "exact" and the smaller layer has too many states.

        Warns
        -----
        UnreliableEstimateWarning
            If the two directions disagree, if few chains carry the weight, if chains
            from modes of the machine do not meet the others, or if the states seen
            already sum to more than the estimate.
        """
        check_is_fitted(self)
        options = (method, betas, n_chains, n_sweeps, random_state, n_jobs)
        estimate, reasons = self._log_partition(*options)
        warn_of(reasons, stacklevel=3)
        return estimate

    def _log_partition(
        self, method, betas, n_chains, n_sweeps, random_state=0, n_jobs=None
    ):
        check_method(method)
        effort = likelihood.Effort(
            check_betas(betas),
            check_count(n_chains, "n_chains", 2),
            check_count(n_sweeps, "n_sweeps", 0),
        )
        key = random_key(check_random_state(random_state))
        mean, states = self._data_means(), self._training_chains()
        arguments = (method, effort, mean, states, key, n_jobs)
        return log_partition(self._model, self._params(), *arguments)

    def _data_means(self):
        """Means of the training data for the base of an annealing, if known."""
        state = getattr(self, "_training_state", None)
        if state is None:
            return None
        return base_rates(self._model.visible_unit, state.offsets.visible)

    def _training_chains(self):
        """Visible states of the persistent chains, if there are any."""
        state = getattr(self, "_training_state", None)
        return getattr(getattr(state, "negative", None), "visible", None)

    def score_samples(self, X):
        """Log-likelihood of every row, log P(v) = -F(v) - log Z, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Values between those of the units are scored by the same formula.

        Returns
        -------
        ndarray of shape (n_samples,)

        Warns
        -----
        UnreliableEstimateWarning
            If log Z had to be estimated and the estimate fails a check; the highest
            of the estimates is then used, so that no model is flattered.

        See Also
        --------
        log_partition : The log Z used here, with its error bar.
        """
        free_energy = self.free_energy(X)
        estimate, reasons = self._log_partition("auto", *likelihood.Effort())
        warn_of(reasons, stacklevel=3)
        log_z = estimate.upper() if reasons else estimate.value
        return -free_energy.astype(np.float64) - log_z

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
        X = self._check(X)
        function = partial(likelihood.pseudo_log_likelihood, self._model)
        return self._by_row(function, X)

    # Sampling ---------------------------------------------------------------

    def sample(
        self,
        n_samples=None,
        *,
        given=None,
        method="gibbs",
        burn_in=None,
        thin=1,
        n_chains=None,
        start=None,
        random_state=None,
    ):
        """Visible states drawn from the machine.

        Parameters
        ----------
        n_samples : int, default=None
            Number of rows; None means one, or as many as `given` has.
        given : array-like of shape (n_samples, n_features) or (n_features,), \
default=None
            Features that keep their values; NaN says "sample me".
        method : {"gibbs", "tempering", "annealing"}, default="gibbs"
            Plain block Gibbs sweeps; parallel tempering, which crosses between modes
            that plain chains stay in; or chains led from independent units to the
            machine in `burn_in` steps of inverse temperature. `given` needs "gibbs".
        burn_in : int, default=None
            Number of sweeps before the first row; None means 1000, with tempering
            200.
        thin : int, default=1
            Number of sweeps from one row of a chain to the next.
        n_chains : int, default=None
            Number of independent chains; None means one for each row.
        start : array-like of shape (n_chains, n_features), default=None
            Where Gibbs chains start; by default each visible unit starts at random
            by its own bias.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The first rows of all chains, then their second rows, and so on.
        """
        check_is_fitted(self)
        if given is not None:
            given = self._given(given, n_samples)
            n_samples = len(given)
        n_samples = check_count(1 if n_samples is None else n_samples, "n_samples", 1)
        n_chains = check_count(
            n_samples if n_chains is None else n_chains, "n_chains", 1
        )
        thin = check_count(thin, "thin", 1)
        if burn_in is None:
            burn_in = 200 if method == "tempering" else 1000
        burn_in = check_count(burn_in, "burn_in", 0)
        if start is not None:
            start = self._start_states(start, n_chains)
        sampler = choose_sampler(method, given, start, n_chains, n_samples)
        stream = _sample_stream(random_state)
        chains = sampler(self._model, self._params(), n_chains, burn_in, stream)
        n_draws = -(-n_samples // n_chains)
        rows = [next(chains)]
        for _ in range(n_draws - 1):
            rows.append(next(islice(chains, thin - 1, None)))
        return np.concatenate(rows)[:n_samples]

    def _given(self, given, n_samples):
        """Rows to be completed, as floats with NaN."""
        given = np.asarray(given) if np.ndim(given) == 1 else given
        given = np.reshape(given, (1, -1)) if np.ndim(given) == 1 else given
        X = check_data(self, given, missing=True)
        warn_out_of_range(self, X, self._model.visible_unit, stacklevel=4)
        rows = np.concatenate([v for _, v in self._chunks(X)])
        if n_samples is not None and len(rows) not in (1, n_samples):
            raise ValueError(
                f"given has {len(rows)} rows, but n_samples is {n_samples}; pass one "
                f"row, or one for each sample."
            )
        return (
            np.repeat(rows, n_samples, axis=0) if len(rows) == 1 and n_samples else rows
        )

    def _start_states(self, start, n_chains):
        v = self._visible_states(start)
        if len(v) != n_chains:
            raise ValueError(
                f"start has {len(v)} rows, but there are {n_chains} chains; each "
                f"needs one."
            )
        return v

    def gibbs(self, v, *, random_state=None):
        """Visible states after one Gibbs sweep, v -> h -> v.

        Parameters
        ----------
        v : array-like of shape (n_samples, n_features) or (n_features,)
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of the shape of v
        """
        check_is_fitted(self)
        states = self._visible_states(v)
        params, stream = self._params(), _sample_stream(random_state)
        chains = gibbs.from_visible(self._model, params, states, stream)
        return gibbs.step(self._model, params, chains).visible.reshape(np.shape(v))

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
        k, v = check_count(k, "k", 1), self._visible_states(X)
        params, stream = self._params(), _sample_stream(random_state)
        chains = gibbs.from_visible(self._model, params, v, stream)
        chains = gibbs.run(self._model, params, chains, k - 1)
        return self._visible_mean(params, chains.hidden)


def _sample_stream(random_state):
    return Stream(random_key(check_random_state(random_state)), Purpose.SAMPLE)
