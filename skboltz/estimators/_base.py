"""What every restricted Boltzmann machine shares, whatever its visible units."""

import sys
import time
from copy import deepcopy
from numbers import Integral, Real
from typing import ClassVar

from sklearn.base import BaseEstimator, DensityMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state

from .. import learning
from .._sklearn import Interval, StrOptions, check_sample_weight, fit_context
from ..learning import training
from ..sampling import Chains, Purpose, Stream, random_key
from ..utils import suited_threads
from ._fitted import FittedMachine
from ._phases import PHASES
from ._validation import (
    check_data,
    check_exact,
    check_factor,
    check_known,
    float_type,
    warn_out_of_range,
    weighted_mean,
)

_HISTORY = ("epoch", "learning_rate", *training.Progress._fields, "seconds")


class BaseRBM(CallbackSupportMixin, FittedMachine, DensityMixin, BaseEstimator):
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
        "method": [StrOptions(set(PHASES))],
        "k": [Interval(Integral, 1, None, closed="left")],
        "n_chains": [Interval(Integral, 1, None, closed="left"), None],
        "n_rungs": [Interval(Integral, 2, None, closed="left")],
        "fast_learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "schedule": [StrOptions(set(learning.SCHEDULES)), callable],
        "l1": [Interval(Real, 0, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "sparsity_target": [Interval(Real, 0, 1, closed="neither"), None],
        "sparsity_cost": [Interval(Real, 0, None, closed="left")],
        "centered": ["boolean"],
        "rate_guard": ["boolean"],
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
        n_rungs=10,
        fast_learning_rate=None,
        momentum=0.0,
        schedule="constant",
        l1=0.0,
        l2=0.0,
        sparsity_target=None,
        sparsity_cost=0.1,
        centered=False,
        rate_guard=False,
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
        self.n_rungs = n_rungs
        self.fast_learning_rate = fast_learning_rate
        self.momentum = momentum
        self.schedule = schedule
        self.l1 = l1
        self.l2 = l2
        self.sparsity_target = sparsity_target
        self.sparsity_cost = sparsity_cost
        self.centered = centered
        self.rate_guard = rate_guard
        self.warm_start = warm_start

    # Learning ---------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Learn from the rows of X, from scratch unless `warm_start` is set.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            NaN in a dense array, or None in a list or a frame, says that a value is
            missing: the likelihood of the known values is then learnt, the missing
            ones are sampled.
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts.  Weights that sum to 1 thus say that all rows
            together are one: pass them times the number of rows.

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

        Notes
        -----
        The first call sets the visible biases to the log-odds of its rows: let it
        have enough of them.  Callbacks are called by :meth:`fit` alone.
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
                f"has {len(self.components_)} hidden units; set it back, or begin "
                f"anew by fit with warm_start=False."
            )
        return True

    def _check_training_data(self, X, sample_weight, reset):
        X = check_data(self, X, reset=reset)
        check_known(X, columns=reset)
        if self.method == "exact":
            check_exact(self.n_components, X.shape[1])
        warn_out_of_range(self, X, self._model.visible_unit, stacklevel=5)
        if sample_weight is not None:
            sample_weight = check_sample_weight(
                sample_weight, X, dtype=float_type(X), ensure_non_negative=True
            )
        return X, sample_weight

    def _start(self, X, weight):
        """Initial parameters, and the state of a training about to begin."""
        key = random_key(check_random_state(self.random_state))
        mean, total = weighted_mean(X, weight)
        params = learning.initial_params(
            self._model,
            Stream(key, Purpose.WEIGHTS),
            mean,
            total,
            self.n_components,
            float_type(X),
        )
        self.n_iter_ = 0
        self.history_ = {name: [] for name in _HISTORY}
        self._publish(training.init(self._recipe(), params, mean, key))

    def _recipe(self):
        return learning.Recipe(
            model=self._model,
            negative=PHASES[self.method](self),
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
        state = training.resume(recipe, self._params(), self._training_state, X)
        size = min(self.batch_size, X.shape[0]) * self.components_.size
        try:
            with suited_threads(size):
                for done in range(n_epochs):
                    task = _begin(context, self, X, y)
                    state = self._epoch(recipe, state, data, done / n_epochs)
                    if _end(task, self, X, y, lambda s=state: self._snapshot(s)):
                        break
        finally:
            self._publish(state)
        if context is not None:
            context.call_on_fit_task_end(estimator=self, X=X, y=y)

    def _epoch(self, recipe, state, data, progress):
        schedule = learning.SCHEDULES.get(self.schedule, self.schedule)
        rate = self.learning_rate * check_factor(schedule(progress), progress)
        start = time.perf_counter()
        if self.rate_guard:
            state, seen, rate = training.guarded_epoch(recipe, state, data, rate)
        else:
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

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


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
