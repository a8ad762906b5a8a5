"""What every restricted Boltzmann machine shares, whatever its visible units."""

import sys
import time
import warnings
from copy import deepcopy
from functools import partial
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
)
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from .. import kernels, learning, likelihood
from .._exceptions import DataRangeWarning
from .._sklearn import Interval, StrOptions, check_sample_weight, fit_context
from ..learning import training
from ..models import BipartiteParams
from ..sampling import Chains, Purpose, Stream, gibbs, random_key

# Rows whose arrays of hidden units stay in the cache together.
_CHUNK = 256

_HISTORY = ("epoch", "learning_rate", *training.Progress._fields, "seconds")


class BaseRBM(
    CallbackSupportMixin,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    DensityMixin,
    BaseEstimator,
):
    """A bipartite model behind the contract of scikit-learn.

    A subclass says what its units are, by the attribute `_model`.
    """

    _parameter_constraints: ClassVar = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "method": [StrOptions({"pcd", "cd", "exact"})],
        "k": [Interval(Integral, 1, None, closed="left")],
        "n_chains": [Interval(Integral, 1, None, closed="left"), None],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "schedule": [StrOptions(set(learning.SCHEDULES)), callable],
        "l1": [Interval(Real, 0, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "sparsity_target": [Interval(Real, None, None, closed="neither"), None],
        "sparsity_cost": [Interval(Real, 0, None, closed="left")],
        "centered": ["boolean"],
        "warm_start": ["boolean"],
    }

    def __init__(
        self,
        n_components=256,
        *,
        learning_rate=0.1,
        batch_size=10,
        n_iter=10,
        verbose=0,
        random_state=None,
        method="pcd",
        k=1,
        n_chains=None,
        momentum=0.0,
        schedule="constant",
        l1=0.0,
        l2=0.0,
        sparsity_target=None,
        sparsity_cost=0.1,
        centered=True,
        warm_start=False,
    ):
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.method = method
        self.k = k
        self.n_chains = n_chains
        self.momentum = momentum
        self.schedule = schedule
        self.l1 = l1
        self.l2 = l2
        self.sparsity_target = sparsity_target
        self.sparsity_cost = sparsity_cost
        self.centered = centered
        self.warm_start = warm_start

    # Learning ---------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Learn from the rows of X, from scratch unless `warm_start` is set.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts.

        Returns
        -------
        self

        Raises
        ------
        DivergenceError
            If a parameter is no longer finite; the fitted attributes are then those
            of the last finished epoch.
        """
        resume = self.warm_start and self._resumes()
        X, weight = self._check_training_data(X, sample_weight, reset=not resume)
        if not resume:
            self._start(X, weight)
        self._train(X, y, weight, self.n_iter, self._callback_context(self.n_iter))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Learn from one pass over some rows, and keep what was learnt before.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Any number of rows; they are cut into batches of `batch_size`.
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        resume = self._resumes()
        X, weight = self._check_training_data(X, sample_weight, reset=not resume)
        if not resume:
            self._start(X, weight)
        self._train(X, y, weight, 1, None)
        return self

    def _resumes(self):
        """Whether a fitted state is there to go on from."""
        if not hasattr(self, "components_"):
            return False
        if len(self.components_) != self.n_components:
            raise ValueError(
                f"n_components is {self.n_components}, but the model to go on from "
                f"has {len(self.components_)} hidden units; set warm_start=False to "
                f"begin anew with fit."
            )
        return True

    def _check_training_data(self, X, sample_weight, reset):
        X = self._check_data(X, reset=reset)
        self._check_method(X.shape[1])
        self._warn_out_of_range(X)
        if sample_weight is not None:
            sample_weight = check_sample_weight(
                sample_weight, X, dtype=_float_type(X), ensure_non_negative=True
            )
        return X, sample_weight

    def _check_data(self, X, reset=False):
        # Integers stay as they are: batches become floats one by one.
        X = validate_data(self, X, accept_sparse="csr", dtype="numeric", reset=reset)
        if X.dtype.kind == "f" and X.dtype not in (np.float32, np.float64):
            X = X.astype(np.float32 if X.dtype.itemsize < 4 else np.float64)
        return X

    def _warn_out_of_range(self, X):
        unit = self._model.visible_unit
        values = X.data if sparse.issparse(X) else X
        if values.size and (values.min() < unit.low or values.max() > unit.high):
            warnings.warn(
                f"X has values from {values.min():g} to {values.max():g}, but the "
                f"visible units of {type(self).__name__} lie between {unit.low:g} and "
                f"{unit.high:g}. Scale or binarize X, for example with MinMaxScaler "
                f"or Binarizer.",
                DataRangeWarning,
                stacklevel=4,
            )

    def _start(self, X, weight):
        """Initial parameters, and the state of a training about to begin."""
        key = random_key(check_random_state(self.random_state))
        mean = _weighted_mean(X, weight)
        params = learning.initial_params(
            self._model,
            Stream(key, Purpose.WEIGHTS),
            mean,
            X.shape[0] if weight is None else float(weight.sum()),
            self.n_components,
            _float_type(X),
        )
        self.n_iter_ = 0
        self.history_ = {name: [] for name in _HISTORY}
        self._publish(training.init(self._recipe(), params, mean, key))

    def _check_method(self, n_features):
        terms = 2 ** min(self.n_components, n_features) * max(
            self.n_components, n_features
        )
        if self.method == "exact" and terms > likelihood.TRACTABLE_TERMS:
            raise ValueError(
                f'method="exact" sums over the states of the smaller layer, too many '
                f"for n_components={self.n_components} and {n_features} features. "
                f'Use method="pcd", or n_components of at most '
                f"{self._tractable_size(n_features)}."
            )

    def _recipe(self):
        phases = {
            "cd": lambda: learning.ContrastiveDivergence(self.k),
            "pcd": lambda: learning.PersistentContrastiveDivergence(
                self.k, self.n_chains or self.batch_size
            ),
            "exact": learning.Enumeration,
        }
        return learning.Recipe(
            model=self._model,
            negative=phases[self.method](),
            optimiser=learning.Momentum(self.momentum)
            if self.momentum
            else learning.GradientAscent(),
            decay=learning.WeightDecay(self.l1, self.l2),
            sparsity=learning.SparsityTarget(self.sparsity_target, self.sparsity_cost),
            batch_size=self.batch_size,
            centered=self.centered,
        )

    def _train(self, X, y, weight, n_epochs, context):
        """Epochs on copies of the state: only a finished one is published."""
        recipe, data = self._recipe(), learning.Data(X, weight)
        state = training.resume(recipe, self._params(), self._training_state)
        size = min(self.batch_size, X.shape[0]) * self.components_.size
        try:
            for done in range(n_epochs):
                task = _begin(context, self, X, y)
                with learning.suited_threads(size):
                    state = self._epoch(recipe, state, data, done / n_epochs)
                if _end(task, self, X, y, lambda s=state: self._snapshot(s)):
                    break
        finally:
            self._publish(state)
        if context is not None:
            context.call_on_fit_task_end(estimator=self, X=X, y=y)

    def _epoch(self, recipe, state, data, progress):
        schedule = learning.SCHEDULES.get(self.schedule, self.schedule)
        rate = self.learning_rate * schedule(progress)
        start = time.perf_counter()
        state, seen = training.epoch(recipe, training.copy(state), data, rate)
        self.n_iter_ += 1
        self._record(self.n_iter_, rate, *seen, time.perf_counter() - start)
        return state

    def _record(self, *values):
        for name, value in zip(_HISTORY, values, strict=True):
            self.history_[name].append(value)
        if self.verbose:
            line = ", ".join(
                f"{name.replace('_', ' ')} {values[-1]:.4g}"
                for name, values in self.history_.items()
            )
            sys.stdout.write(f"[{type(self).__name__}] {line}\n")

    def _callback_context(self, n_epochs):
        context = self._init_callback_context(max_subtasks=n_epochs)
        return context.call_on_fit_task_begin(estimator=self)

    def _publish(self, state):
        for name, value in self._attributes(state).items():
            setattr(self, name, value)

    def _attributes(self, state):
        """Fitted attributes that hold a training state."""
        attributes = {
            "components_": state.params.weights,
            "intercept_visible_": state.params.visible.bias,
            "intercept_hidden_": state.params.hidden.bias,
            "_n_features_out": len(state.params.weights),
            "_training_state": state._replace(params=None),
        }
        if isinstance(state.negative, Chains):
            attributes["h_samples_"] = state.negative.hidden
        return attributes

    def _snapshot(self, state):
        """Attributes of a copy that later epochs leave alone."""
        return self._attributes(state) | {"history_": deepcopy(self.history_)}

    def _params(self):
        unit = self._model
        return BipartiteParams(
            self.components_,
            unit.visible_unit.parameters(self.intercept_visible_),
            unit.hidden_unit.parameters(self.intercept_hidden_),
        )

    # Features ---------------------------------------------------------------

    def transform(self, X):
        """Mean of the hidden units given each row, E[h | v].

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_components)
        """
        check_is_fitted(self)
        X = self._check_data(X)
        params, unit = self._params(), self._model.hidden_unit
        hidden = np.empty((X.shape[0], len(params.weights)), params.weights.dtype)
        for rows, input in self._hidden_inputs(params, X):
            hidden[rows] = unit.mean(params.hidden, unit.field(params.hidden, input))
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
        h = self._check_layer(X, "X", len(self.components_), "n_components")
        return self._visible_mean(self._params(), h)

    def _visible_mean(self, params, h):
        unit = self._model.visible_unit
        return unit.mean(params.visible, self._model.visible_field(params, h))

    def _check_layer(self, values, name, n_units, units):
        values = np.atleast_2d(np.asarray(values, dtype=self.components_.dtype))
        if values.ndim != 2 or values.shape[1] != n_units:
            raise ValueError(
                f"{name} has shape {values.shape}, but one row must hold "
                f"{units} = {n_units} values."
            )
        if not np.isfinite(values).all():
            raise ValueError(f"{name} contains NaN or infinity; replace them first.")
        return values

    # Likelihood -------------------------------------------------------------

    def free_energy(self, X):
        """F(v) = -log sum_h exp(-E(v, h)) of every row, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            P(v) = exp(-F(v)) / Z: the lower, the likelier.
        """
        check_is_fitted(self)
        return self._by_row(self._model.free_energy, self._check_data(X))

    def _by_row(self, function, X):
        params = self._params()
        parts = [function(params, v) for _, v in self._chunks(X)]
        return np.concatenate(parts)

    def log_partition(self):
        """log Z, exactly, by enumerating the smaller layer.

        Returns
        -------
        LogPartition
            With the fields `value` (in nats), `standard_error` and `method`.

        Raises
        ------
        ValueError
            If the smaller layer has too many states to enumerate.
        """
        check_is_fitted(self)
        params = self._params()
        if not likelihood.is_tractable(self._model, params):
            n_hidden, n_visible = params.weights.shape
            raise ValueError(
                f"The exact log-likelihood needs about 2^{min(n_hidden, n_visible)} "
                f"states, more than can be enumerated ({n_hidden} hidden and "
                f"{n_visible} visible units). Use pseudo_log_likelihood(X), compare "
                f"rows by free_energy(X), or choose n_components of at most "
                f"{self._tractable_size(n_visible)}."
            )
        return likelihood.exact_log_partition(self._model, params)

    @staticmethod
    def _tractable_size(n_visible):
        return int(np.log2(likelihood.TRACTABLE_TERMS / n_visible))

    def score_samples(self, X):
        """Log-likelihood of every row, log P(v) = -F(v) - log Z, in nats.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Values between those of the units are scored by the same formula.

        Returns
        -------
        ndarray of shape (n_samples,)

        Raises
        ------
        ValueError
            If log Z is out of reach of enumeration, see :meth:`log_partition`.
        """
        free_energy = self.free_energy(X)
        return -free_energy.astype(np.float64) - self.log_partition().value

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
        X = self._check_data(X)
        function = partial(likelihood.pseudo_log_likelihood, self._model)
        return self._by_row(function, X)

    # Sampling ---------------------------------------------------------------

    def sample(self, n_samples=1, *, burn_in=1000, start=None, random_state=None):
        """Visible states from independent Gibbs chains.

        Parameters
        ----------
        n_samples : int, default=1
            Number of chains; one row is taken from each.
        burn_in : int, default=1000
            Number of sweeps before.
        start : array-like of shape (n_samples, n_features), default=None
            Where the chains start; by default each visible unit starts at random
            by its own bias.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        n_samples = _check_count(n_samples, "n_samples", 1)
        burn_in = _check_count(burn_in, "burn_in", 0)
        params, stream = self._params(), _sample_stream(random_state)
        if start is None:
            chains = gibbs.init(self._model, params, stream, n_samples)
        else:
            v = self._check_layer(start, "start", self.n_features_in_, "n_features")
            if len(v) != n_samples:
                raise ValueError(
                    f"start has {len(v)} rows, but n_samples is {n_samples}; "
                    f"each chain needs one."
                )
            chains = gibbs.from_visible(self._model, params, v, stream)
        return gibbs.run(self._model, params, chains, burn_in).visible

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
        states = self._check_layer(v, "v", self.n_features_in_, "n_features")
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
        k, X = _check_count(k, "k", 1), self._check_data(X)
        v = np.concatenate([v for _, v in self._chunks(X)])
        params, stream = self._params(), _sample_stream(random_state)
        chains = gibbs.from_visible(self._model, params, v, stream)
        chains = gibbs.run(self._model, params, chains, k - 1)
        return self._visible_mean(params, chains.hidden)

    # Contract ---------------------------------------------------------------

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _float_type(X):
    return np.dtype(np.float64 if X.dtype == np.float64 else np.float32)


def _weighted_mean(X, weight):
    """Mean of the rows in the precision of the model, X not copied."""
    dtype = _float_type(X)
    total = np.float64(X.shape[0] if weight is None else weight.sum(dtype=np.float64))
    if weight is not None:
        sums = weight @ X
    else:
        sums = X.sum(axis=0, dtype=np.float64)
    return (np.asarray(sums).ravel() / total).astype(dtype)


def _check_count(value, name, least):
    if not isinstance(value, Integral) or value < least:
        raise ValueError(
            f"{name} must be an integer of at least {least}, got {value!r}."
        )
    return int(value)


def _sample_stream(random_state):
    return Stream(random_key(check_random_state(random_state)), Purpose.SAMPLE)


def _begin(context, estimator, X, y):
    """A callback task for one epoch."""
    if context is None:
        return None
    task = context.subcontext(task_name="epoch")
    return task.call_on_fit_task_begin(estimator=estimator, X=X, y=y)


def _end(task, estimator, X, y, attributes):
    """Tell callbacks that an epoch ended; whether one asks to stop."""
    return task is not None and task.call_on_fit_task_end(
        estimator=estimator, X=X, y=y, reconstruction_attributes=attributes
    )
