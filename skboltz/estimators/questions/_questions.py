"""What can be asked of a fitted machine, whatever its model."""

import numpy as np
from scipy import sparse
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted

from ..shared._range import warn_of_range
from ..shared._validation import (
    as_rows,
    check_and_look,
    check_count,
    check_layer,
)
from . import _likelihoods as likelihoods
from ._features import hidden_means
from ._log_z import warn_of
from ._samples import (
    check_strategy,
    imputed,
    own_random_state,
    sample,
    sample_stream,
)
from ._sweeps import reconstructed, swept, visible_means


class Questions(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin):
    """Questions to a fitted machine: they check rows, and change nothing (but `gibbs`).

    An estimator provides `_fitted()`, a :class:`Fitted`; each answer is a function of
    that value.  It has the parameter `random_state`, and for the errors of
    `inverse_transform` the name of that which says how many hidden units there are.
    """

    _hidden_parameter = "n_components"

    def _asked(self, X, complete_for=None, name="X"):
        """The fitted machine and rows to ask it about.

        Warns of values that no visible unit takes.
        """
        fitted, X, _ = self._asked_of_any(X, complete_for, name)
        return fitted, X

    def _asked_of_any(self, X, complete_for=None, name="X"):
        """The same, and whether values are missing."""
        check_is_fitted(self)
        X, seen = check_and_look(self, X, complete_for=complete_for, name=name)
        fitted = self._fitted()
        warn_of_range(self, X, seen, fitted.model.visible_unit)
        return fitted, X, seen.missing

    def _asked_states(self, X, complete_for, name="X"):
        """The fitted machine and states without gaps; a vector is a single row."""
        fitted, X = self._asked(as_rows(X, name), complete_for, name)
        return fitted, fitted.rows.values(X)

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
        return likelihoods.free_energy(*self._asked_of_any(X))

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

        Notes
        -----
        A sweep of a chain takes two products with the weights, 4 n_visible n_hidden
        operations, and about as long again for its noise. A bridge takes 2 `n_chains`
        `betas` sweeps along the path and 1.5 `n_chains` `n_sweeps` of tempering at each
        of R temperatures, after 1000 (11 + 3 R) to choose these: by default about
        211,000 + 18,000 R in all, with R from 3 for machines near independent units to
        200. With `verbose` of the machine, lines say so beforehand, how long it will
        take, and how far it is.
        """
        check_is_fitted(self)
        options = (method, betas, n_chains, n_sweeps, random_state, n_jobs)
        estimate, reasons = likelihoods.find_log_z(self._fitted(), *options)
        warn_of(reasons)
        return estimate

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
        log_partition : The log Z used here, with its error bar, and what it costs
            where it must be estimated: once, as it is remembered.
        """
        return likelihoods.score_samples(*self._asked_of_any(X))

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
        asked = self._asked(X, complete_for="pseudo_log_likelihood()")
        return likelihoods.pseudo_log_likelihood(*asked)

    def transform(self, X):
        """Mean of the hidden units given each row, E[h | v].

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Where values are missing (NaN), E[h | what is known]; where nothing is
            known, that is E[h].

        Returns
        -------
        ndarray of shape (n_samples, n_hidden_units)
            Exact where the sum for a row takes at most 10^6 terms, as it always does
            without gaps and without couplings among hidden units; else averaged over
            chains from different starts if these agree, and annealed with weights if
            not, with the same noise for every row.

        Warns
        -----
        UnreliableEstimateWarning
            If chains have not found what carries the weight of some rows.
        """
        return hidden_means(*self._asked_of_any(X))

    def inverse_transform(self, X):
        """Mean of the visible units given hidden values, E[v | h].

        Parameters
        ----------
        X : array-like of shape (n_samples, n_hidden_units)
            Hidden states, or their means as `transform` gives them.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Exact where no two visible units are coupled, or the sum for a row takes at
            most 10^6 terms; else averaged over chains, as by :meth:`transform`.

        Warns
        -----
        UnreliableEstimateWarning
            If chains have not found what carries the weight of some rows.
        """
        check_is_fitted(self)
        fitted = self._fitted()
        name = self._hidden_parameter
        h = check_layer(X, "X", self._n_features_out, name, fitted.dtype)
        return visible_means(fitted, h)

    def gibbs(self, v, *, random_state=None):
        """Visible states after one Gibbs sweep, v -> h -> v.

        Rows in the distribution of the machine stay in it. h is drawn from P(h | v):
        exactly without couplings among hidden units, or where their sum for a row
        takes at most 10^6 terms; else by ten sweeps of these units alone, which only
        come near it. Then each visible unit is drawn given all other units, one after
        the other: without couplings among them, from P(v | h).

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
        fitted, states = self._asked_states(v, "gibbs()", name="v")
        random_state = own_random_state(self, random_state)
        return swept(fitted, states, sample_stream(random_state)).reshape(np.shape(v))

    def reconstruct(self, X, *, k=1, random_state=None):
        """Mean of the visible units after k Gibbs sweeps from each row.

        The first sweep begins with h drawn given the row, as by :meth:`gibbs`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        k : int, default=1
            The last sweep ends with E[v | h], as of :meth:`inverse_transform`, in place
            of a sample.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        k = check_count(k, "k", 1)
        fitted, v = self._asked_states(X, "reconstruct()")
        return reconstructed(fitted, v, k, sample_stream(random_state))

    def sample(
        self,
        n_samples=None,
        *,
        given=None,
        method="gibbs",
        burn_in=None,
        thin=None,
        n_chains=None,
        start=None,
        visible="states",
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
            machine with real features takes a :class:`skboltz.sampling.Langevin`, too.
        burn_in : int, default=None
            Number of sweeps before the first row. None means 1000, with tempering 200,
            and none at all where chains start in the distribution of the machine.
        thin : int, default=None
            Number of sweeps from one row of a chain to the next. None means 1 if
            `n_chains` is given; see there what it means if not.
        n_chains : int, default=None
            Number of independent chains. None means one for each row; but if neither
            `thin` nor `start` is given, nor more than one row of `given`, 100 chains
            where these may do with half of the sweeps. They are watched for `burn_in`
            / 2 sweeps more, at least for 200 and at most for 4000, and `thin` is then
            twice the number of sweeps after which their autocorrelation has fallen to a
            tenth: n rows are worth at least .9 n independent ones. If chains remember
            for longer than that shows, there is a chain for each row all the same, as
            there is with annealing, and where the warning below is due.
        start : array-like of shape (n_chains, n_features), default=None
            Where Gibbs chains start; by default in the distribution of the machine,
            given what is, if that can be enumerated in a fraction of a second (2^24
            terms; with `given` 2^18, for all rows together): every row is then a sample
            of it, and, with a chain for each, independent of the others. Else each unit
            starts at random by its own bias.
        visible : {"states", "means"}, default="states"
            Whether rows are the states, or means beside them, which have the same mean
            over many rows and vary less: E[v | h] with the hidden units h drawn given
            the states; of a `BoltzmannMachine` E[v_i | all other units], hidden ones
            too, for each v_i. Features that are given stay as they are.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The first rows of all chains, then their second rows, and so on: rows next
            to each other are of different chains.

        Warns
        -----
        ConvergenceWarning
            If Gibbs chains that start by the biases may stay where they began, as one
            coupling holds two binary units together for longer than `burn_in` sweeps.
        """
        check_is_fitted(self)
        fitted = self._fitted()
        if given is not None:
            _, given = self._asked(as_rows(given, "given"), name="given")
            given = given.toarray() if sparse.issparse(given) else given
        if start is not None:
            _, start = self._asked_states(start, "sample(start=...)", name="start")
        return sample(
            fitted,
            n_samples,
            given=given,
            method=method,
            burn_in=burn_in,
            thin=thin,
            n_chains=n_chains,
            start=start,
            visible=visible,
            random_state=random_state,
        )

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
            likeliest; "sample" draws as ``sample(given=X)`` does: exactly, where that
            takes few terms, else by a Gibbs chain of 1000 sweeps for each row.
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
        fitted, X = self._asked(X)
        check_strategy(fitted, strategy)
        X = X.toarray() if sparse.issparse(X) else X
        return imputed(fitted, X, strategy, random_state)
