"""Fitting by the training loop: what every estimator that learns in epochs shares."""

import sys
import time
from copy import deepcopy
from dataclasses import replace
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state

from ... import learning
from ..._sklearn import Interval, StrOptions, fit_context
from ...learning import training
from ...sampling import Purpose, Stream, random_key
from ...utils import known_as, suited_threads
from ._range import warn_of_range
from ._validation import (
    NOT_LEARNT,
    check_data,
    check_factor,
    learnable_rows,
    unknown_features,
    warn_of_unknown,
    weighted_mean,
)

_HISTORY = ("epoch", "learning_rate", *training.Progress._fields, "seconds")


class Epochs(CallbackSupportMixin):
    """Epochs one after the other: the rate of each, its record, and what it leaves.

    A subclass has the parameters `learning_rate`, `schedule` and `verbose`, the
    attributes `n_iter_` and `history_`, and provides `_attributes(state)`, the fitted
    attributes that hold a state.
    """

    def _run_epochs(self, X, y, state, n_epochs, context, size, advance):
        """Epochs by `advance(state, rate)`, which leaves its state as it is.

        It returns the next state, what is to be recorded besides epoch, rate and
        seconds, and the rate that it took. Only a finished epoch is published.
        """
        try:
            with suited_threads(size):
                for done in range(n_epochs):
                    task = begin(context, self, X, y)
                    state = self._epoch(X, state, done / n_epochs, advance)
                    stop = end(task, self, X, y, lambda s=state: self._snapshot(s))
                    if stop or self._has_converged():
                        break
        finally:
            self._publish(state)
        return state

    def _epoch(self, X, state, progress, advance):
        rate, start = self._rate(progress), time.perf_counter()
        state, seen, rate = advance(state, rate)
        self.n_iter_ += 1
        self._record(self.n_iter_, rate, *seen, time.perf_counter() - start)
        self._tell(X, state)
        return state

    def _rate(self, progress):
        schedule = learning.SCHEDULES.get(self.schedule, self.schedule)
        return self._full_rate() * check_factor(schedule(progress), progress)

    def _full_rate(self):
        """The rate that the schedule multiplies."""
        return self.learning_rate

    def _has_converged(self):
        """Whether to stop before all epochs are done."""
        return False

    def _record(self, *values):
        history = self._epochs_seen()
        for column, value in zip(history.values(), values, strict=True):
            column.append(value)

    def _tell(self, X, state):
        """Write a line of the last epoch if asked to."""
        if self.verbose:
            last = {name: values[-1] for name, values in self._epochs_seen().items()}
            line = self._line(last, X, state)
            sys.stdout.write(f"[{known_as(self)}] {line}\n")

    def _line(self, last, X, state):
        """What to say of an epoch, of what was recorded last."""
        return as_line(last)

    def _epochs_seen(self):
        """The columns to which epochs are added."""
        return self.history_

    def _publish(self, state):
        for name, value in self._attributes(state).items():
            setattr(self, name, value)

    def _snapshot(self, state):
        """Attributes of a copy that later epochs leave alone."""
        return self._attributes(state) | {"history_": deepcopy(self.history_)}


class Trainable(Epochs):
    """`fit` and `partial_fit` by epochs of the training loop.

    A subclass provides `_visible_unit`, the unit of the features; `_resumes()`, whether
    there is something to go on from; `_initial_params(X, stream, mean, total)`, where a
    training on features of these means and this weight begins; `_recipe(X)`;
    `_params()`; and `_attributes(state)`, the fitted attributes that hold a state.
    """

    _n_label_columns = 0  # the last ones, which no user has given

    _parameter_constraints: ClassVar = {
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "schedule": [StrOptions(set(learning.SCHEDULES)), callable],
        "l1": [Interval(Real, 0, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
    }

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Learn from the rows of X, from scratch unless `warm_start` is set.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            NaN in a dense array, or None in a list or a frame, says that a value is
            missing: the likelihood of the known values is then learnt, the missing
            ones are sampled.  A row of which nothing is known has no part in the fit;
            of a feature of which nothing is known, nothing is learnt, with a warning:
            its unit stays on its own, at the middle of its range (a real one standard
            normal).
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
        X, y, weight = self._check_training_data(X, y, sample_weight, not resume)
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
        The first call decides where the training starts, such as at the log-odds of its
        rows, or how real features are standardized: let it have enough of them, and
        for every feature some that know it.
        Callbacks are called by :meth:`fit` alone.
        """
        resume = self._resumes()
        X, y, weight = self._check_training_data(X, y, sample_weight, not resume)
        if not resume:
            self._start(X, weight)
        self._train(X, y, weight, 1, None)
        return self

    def _check_training_data(self, X, y, sample_weight, reset):
        """Rows of which something is known, their labels and their weights."""
        X = check_data(self, X, reset=reset)
        self._prepare(X.shape[1])
        X, y, weight = learnable_rows(X, y, sample_weight)
        labels = self._n_label_columns
        features = X[:, : X.shape[1] - labels] if labels else X
        unit = self._visible_unit.without("label")
        warn_of_range(self, features, unit, fitting=True)
        return X, y, weight

    def _prepare(self, n_features):
        """Refuse a training that would not end; note what its parts need."""

    def _start(self, X, weight):
        """The state of a training about to begin."""
        key = random_key(check_random_state(self.random_state))
        self.n_iter_ = 0
        self.history_ = empty_history()
        vars(self).pop("random_state_", None)  # what is drawn later begins anew
        self._publish(self._first_state(X, weight, key))

    def _first_state(self, X, weight, key):
        mean, total = weighted_mean(X, weight)
        params = self._initial_params(X, Stream(key, Purpose.WEIGHTS), mean, total)
        unit, unknown = self._visible_unit, np.broadcast_to(total, mean.shape) == 0
        mean[unknown] = unit.resting(len(mean))[unknown]
        unknown = np.flatnonzero(unknown & ~unit.has_role("latent", len(mean)))
        if len(unknown):  # units on their own, and without a bias
            warn_of_unknown(self, unknown, NOT_LEARNT)
            params.clear_visible(unknown)
        return training.init(self._recipe(X), params, mean, key)

    def _optimiser(self):
        if self.momentum:
            return learning.Momentum(self.momentum)
        return learning.GradientAscent()

    def _train(self, X, y, weight, n_epochs, context):
        """Epochs on copies of the state: only a finished one is published."""
        recipe, data = self._recipe(X), self._data(X, weight)
        held = self._unlearnable(X, weight)
        if len(held):
            recipe = replace(recipe, gradient=learning.Holding(recipe.gradient, held))
        state = training.resume(recipe, self._params(), self._training_state, X)
        size = min(self.batch_size, X.shape[0]) * state.params.weights.size

        def advance(state, rate):
            return self._run_epoch(recipe, state, data, rate)

        self._run_epochs(X, y, state, n_epochs, context, size, advance)
        if context is not None:
            context.call_on_fit_task_end(estimator=self, X=X, y=y)

    def _unlearnable(self, X, weight):
        """Features of which X knows nothing, and whose units no other says more of."""
        weights = self._params().weights
        free = np.flatnonzero(weights[0, : X.shape[1]] == 0)  # few, if any
        free = free[~weights[:, free].any(axis=0)]
        return free[unknown_features(X, weight)[free]] if len(free) else free

    def _data(self, X, weight):
        """Rows to be cut into batches, as values of the visible units.

        Floats are scaled at once, in a copy; integers and sparse rows batch by batch.
        """
        scaling = self._scaling
        if scaling is None or sparse.issparse(X) or X.dtype.kind != "f":
            return learning.Data(X, weight, scaling)
        return learning.Data(scaling.forward(X, X.dtype), weight)

    def _run_epoch(self, recipe, state, data, rate):
        """An epoch on a copy of the state, and the rate that it took."""
        state, seen = training.epoch(recipe, training.copy(state), data, rate)
        return state, seen, rate

    def _callback_context(self, n_epochs):
        context = self._init_callback_context(max_subtasks=n_epochs)
        return context.call_on_fit_task_begin(estimator=self)


def as_line(record):
    """Names and numbers, for people to read."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}" for name, value in record.items()
    )


def begin(context, estimator, X, y):
    """A callback task for one epoch."""
    if context is None:
        return None
    task = context.subcontext(task_name="epoch")
    return task.call_on_fit_task_begin(estimator=estimator, X=X, y=y)


def end(task, estimator, X, y, attributes):
    """Tell callbacks that an epoch ended; whether one asks to stop."""
    return task is not None and task.call_on_fit_task_end(
        estimator=estimator, X=X, y=y, reconstruction_attributes=attributes
    )


def empty_history():
    """Nothing recorded yet."""
    return {name: [] for name in _HISTORY}
