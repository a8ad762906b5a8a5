"""Visible states drawn from a fitted machine, or completed by it."""

from itertools import islice

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from ...sampling import Purpose, Stream, random_key
from ._machine import Machine
from ._range import warn_of_range
from ._validation import as_rows, check_count, check_data, check_seed


class SamplingMixin(Machine):
    """Samples and imputed values."""

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
            Plain Gibbs sweeps; parallel tempering, which crosses between modes
            that plain chains stay in; or chains led from independent units to the
            machine in `burn_in` steps of inverse temperature. `given` needs "gibbs". A
            `GaussianBernoulliRBM` takes a :class:`skboltz.sampling.Langevin` as well.
        burn_in : int, default=None
            Number of sweeps before the first row; None means 1000, with tempering
            200.
        thin : int, default=1
            Number of sweeps from one row of a chain to the next.
        n_chains : int, default=None
            Number of independent chains; None means one for each row.
        start : array-like of shape (n_chains, n_features), default=None
            Where Gibbs chains start; by default in the distribution of the machine,
            given what is, if that can be enumerated in some milliseconds (2^18 terms,
            for all rows together), so that every row is a sample of it. Else each
            unit starts at random by its own bias.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The first rows of all chains, then their second rows, and so on.

        Warns
        -----
        ConvergenceWarning
            If Gibbs chains that start by the biases may stay where they began, as one
            coupling holds two binary units together for longer than `burn_in` sweeps.
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
        burn_in = check_count(burn_in, "burn_in", int(method == "annealing"))
        if start is not None:
            start = self._start_states(start, n_chains)
        values = None if given is None else self._unit_values(given)
        sampler = self._sampler(method, values, start, n_chains, n_samples)
        stream = sample_stream(random_state)
        chains = sampler(self._model, self._params(), n_chains, burn_in, stream)
        n_draws = -(-n_samples // n_chains)
        rows = [next(chains)]
        for _ in range(n_draws - 1):
            rows.append(next(islice(chains, thin - 1, None)))
        rows = np.concatenate(rows)[:n_samples]
        return self._decoded(rows) if given is None else self._restored(given, rows)

    def _given(self, given, n_samples):
        """Rows to be completed, dense."""
        X = check_data(self, as_rows(given, "given"), name="given")
        X = X.toarray() if sparse.issparse(X) else X
        warn_of_range(self, X, self._visible_unit)
        if n_samples is not None and len(X) not in (1, n_samples):
            raise ValueError(
                f"given has {len(X)} rows, but n_samples is {n_samples}; pass one "
                f"row, or one for each sample."
            )
        return np.repeat(X, n_samples, axis=0) if len(X) == 1 and n_samples else X

    def _start_states(self, start, n_chains):
        v = self._visible_states(start, "sample(start=...)", name="start")
        if len(v) != n_chains:
            raise ValueError(
                f"start has {len(v)} rows, but there are {n_chains} chains; each "
                f"needs one."
            )
        return v

    def impute(self, X, *, strategy="mean", random_state=None):
        """X with its missing values filled by what the machine makes of the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            NaN where a value is missing; a row may know nothing at all.
        strategy : {"mean", "mode", "sample"}, default="mean"
            "mean" fills in E[v | what is known], for binary features the probability
            of 1: exact where that takes a sum of at most 10^6 terms for the row, else
            averaged over chains from different starts if these agree, and annealed
            with weights if not, with the same noise for every row. "mode"
            takes the nearer of the two values of a binary unit, and of labels the
            likeliest, "sample" draws from a
            Gibbs chain of 1000 sweeps.
        random_state : int, RandomState instance or None, default=None
            For "sample" alone.

        Warns
        -----
        UnreliableEstimateWarning
            If chains have not found what carries the weight of some rows.

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
        unit = self._visible_unit
        if strategy == "mode" and not unit.countable:
            raise ValueError(
                'strategy="mode" needs units with states, such as 0 and 1, which real '
                'features do not have; take "mean".'
            )
        X = self._check(X)
        X = X.toarray() if sparse.issparse(X) else X
        if strategy == "sample":
            return self.sample(given=X, random_state=random_state)
        filled = self._unit_values(X)
        holes = np.isnan(filled).any(axis=1)
        if holes.any():
            filled[holes] = self._conditional_means(filled[holes])[0]
        if strategy == "mode":
            filled = unit.nearest(filled)
        return self._restored(X, filled)


def sample_stream(random_state):
    """Noise for samples."""
    return Stream(random_key(check_seed(random_state)), Purpose.SAMPLE)
