"""Fitting by the training loop: what every estimator that learns in epochs shares."""

from dataclasses import replace
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state

from ... import learning
from ..._sklearn import Interval, StrOptions, fit_context
from ...sampling import Purpose, Stream, random_key
from ._epochs import as_line, publish, run_epochs
from ._given import check_finite
from ._look import look
from ._range import warn_of_range
from ._validation import (
    NOT_LEARNT,
    check_and_look,
    learnable_rows,
    unknown_features,
    warn_of_unknown,
    weighted_mean,
)

_HISTORY = ("epoch", "learning_rate", *learning.Progress._fields, "seconds")


class Trainable(CallbackSupportMixin):
    """`fit` and `partial_fit` by epochs of the training loop.

    A subclass has the parameters named below and provides `_model`; `_resumes()`,
    whether there are weights to go on from; `_initial_params(X, stream, mean, total)`,
    where a training on features of these means and this weight begins; `_recipe(X)`;
    `_params()`, of the fitted attributes as they are; `_attributes_of(params)`, those
    attributes by name; `_layer_sizes(params)`, visible and hidden; and
    `_attributes(state)`, the fitted attributes that hold a state.  All that a training
    remembers beside its parameters is `_training_state`: weights that come from
    elsewhere have none, and begin one with the first rows they learn from.
    """

    _scaling = None  # from features to values of the visible units, if not the same

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
        X, seen, y, weight = self._check_training_data(X, y, sample_weight, not resume)
        self._start(X, seen, weight, resume)
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
        X, seen, y, weight = self._check_training_data(X, y, sample_weight, not resume)
        self._start(X, seen, weight, resume)
        self._train(X, y, weight, 1, None)
        return self

    def _check_training_data(self, X, y, sample_weight, reset):
        """Rows of which something is known, a look at them, labels and weights."""
        X, seen = check_and_look(self, X, reset=reset)
        self._prepare(X.shape[1])
        known, y, weight = learnable_rows(X, y, sample_weight, seen.missing)
        seen = seen if known is X else look(known)
        self._warn_of_features(known, seen)
        return known, seen, y, weight

    def _warn_of_features(self, X, seen):
        """A warning where what is no label leaves the range of the visible units."""
        labels, unit = self._labels(X.shape[1]), self._model.visible_unit
        if labels.any():
            first = labels.argmax()
            no_copy = labels[first:].all()
            X = X[:, :first] if no_copy else X[:, ~labels]
            seen = look(X)
        warn_of_range(self, X, seen, unit.without("label"), fitting=True)

    def _labels(self, n_features):
        """Which columns are labels, which no user has given, as a mask."""
        return self._model.visible_unit.has_role("label", n_features)

    def _prepare(self, n_features):
        """Refuse a training that would not end; note what its parts need."""

    def _start(self, X, seen, weight, resume):
        """The state of a training about to begin, unless there is one to go on from."""
        params = None
        if resume:
            params = self._params()
            for name, array in self._attributes_of(params).items():
                check_finite(array, name)
            if self._state_of(params) is not None:
                return
        key = random_key(check_random_state(self.random_state))
        self._begin_with({})
        vars(self).pop("random_state_", None)  # what is drawn later begins anew
        publish(self, self._first_state(X, seen, weight, key, params))

    def _begin_with(self, attributes):
        """A machine of these attributes that has learnt nothing yet."""
        self.n_iter_, self.history_ = 0, empty_history()
        for name, value in attributes.items():
            setattr(self, name, value)
        return self

    def _first_state(self, X, seen, weight, key, params):
        """Where a training begins, from given parameters or, if None, from its own."""
        mean, total = weighted_mean(X, weight, seen.missing)
        unit = self._model.visible_unit
        nothing = np.broadcast_to(total, mean.shape) == 0
        unknown = np.flatnonzero(nothing & ~unit.has_role("latent", len(mean)))
        if len(unknown):
            warn_of_unknown(self, unknown, NOT_LEARNT)
        if params is None:
            params = self._initial_params(X, Stream(key, Purpose.WEIGHTS), mean, total)
            params.clear_visible(unknown)  # on their own, and without a bias
        mean[nothing] = unit.resting(len(mean))[nothing]
        return self._recipe(X).init(params, mean, key)

    def _state_of(self, params):
        """What a training remembers beside these parameters, if it was of such ones."""
        state = getattr(self, "_training_state", None)
        if state is None or state.offsets.visible.dtype != params.weights.dtype:
            return None
        sizes = tuple(len(part) for part in state.offsets)
        return state if sizes == self._layer_sizes(params) else None

    def _check_width(self, n_features, name):
        """Refuse weights of other features than those that are known."""
        if n_features != self.n_features_in_:
            raise ValueError(
                f"{name} is of {n_features} features, but n_features_in_ is "
                f"{self.n_features_in_}; set both to the same."
            )

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
        state = recipe.resume(self._training_state, self._params(), data)
        size = min(self.batch_size, X.shape[0]) * state.params.weights.size

        def advance(state, rate):
            return self._run_epoch(recipe, state, data, rate)

        run_epochs(self, X, y, state, n_epochs, context, size, advance)
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
        return *learning.epoch(recipe, state, data, rate), rate

    def _full_rate(self):
        """The rate that the schedule multiplies."""
        return self.learning_rate

    def _has_converged(self):
        """Whether to stop before all epochs are done."""
        return False

    def _epochs_seen(self):
        """The columns to which epochs are added."""
        return self.history_

    def _line(self, last, X, state):
        """What to say of an epoch, of what was recorded last."""
        return as_line(last)

    def _callback_context(self, n_epochs):
        context = self._init_callback_context(max_subtasks=n_epochs)
        return context.call_on_fit_task_begin(estimator=self)


def empty_history():
    """Nothing recorded yet."""
    return {name: [] for name in _HISTORY}
