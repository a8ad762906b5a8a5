"""Epochs one after the other: the rate of each, its record, and what it leaves.

An estimator that learns in epochs has the parameters `schedule` and `verbose` and the
attribute `n_iter_`.  It provides `_full_rate()`, which the schedule multiplies;
`_epochs_seen()`, the columns to which epochs are added; `_has_converged()`, whether to
stop before all epochs are done; `_line(last, X, state)`, what to write of the last one;
and `_attributes(state)`, the fitted attributes that hold a state.
"""

import sys
import time
from copy import deepcopy

from ... import learning
from ...utils import known_as, suited_threads
from ._validation import check_factor


def run_epochs(estimator, X, y, state, n_epochs, context, size, advance):
    """Epochs by `advance(state, rate)`, which leaves its state as it is.

    It returns the next state, what is to be recorded besides epoch, rate and
    seconds, and the rate that it took. Only a finished epoch is published.
    """
    try:
        with suited_threads(size):
            for done in range(n_epochs):
                task = begin(context, estimator, X, y)
                state = _epoch(estimator, X, state, done / n_epochs, advance)
                stop = end(task, estimator, X, y, snapshot(estimator, state))
                if stop or estimator._has_converged():
                    break
    finally:
        publish(estimator, state)
    return state


def _epoch(estimator, X, state, progress, advance):
    rate, start = _rate(estimator, progress), time.perf_counter()
    state, seen, rate = advance(state, rate)
    estimator.n_iter_ += 1
    seconds = time.perf_counter() - start
    record(estimator, estimator.n_iter_, rate, *seen, seconds)
    tell(estimator, X, state)
    return state


def _rate(estimator, progress):
    schedule = learning.SCHEDULES.get(estimator.schedule, estimator.schedule)
    return estimator._full_rate() * check_factor(schedule(progress), progress)


def record(estimator, *values):
    """Add an epoch to the columns."""
    columns = estimator._epochs_seen().values()
    for column, value in zip(columns, values, strict=True):
        column.append(value)


def tell(estimator, X, state):
    """Write a line of the last epoch if asked to."""
    if estimator.verbose:
        columns = estimator._epochs_seen().items()
        last = {name: values[-1] for name, values in columns}
        writer(estimator)(estimator._line(last, X, state))


def writer(estimator):
    """A function that writes a line in the name of an estimator that is verbose."""

    def write(line):
        sys.stdout.write(f"[{known_as(estimator)}] {line}\n")

    return write if estimator.verbose else None


def publish(estimator, state):
    """Set the fitted attributes that hold a state."""
    for name, value in estimator._attributes(state).items():
        setattr(estimator, name, value)


def begin(context, estimator, X, y):
    """A callback task for one epoch."""
    if context is None:
        return None
    task = context.subcontext(task_name="epoch")
    return task.call_on_fit_task_begin(estimator=estimator, X=X, y=y)


def end(task, estimator, X, y, attributes):
    """Tell callbacks that an epoch ended; whether one asks to stop.

    `attributes`, or a function that makes them, are the fitted ones after it.
    """
    return task is not None and task.call_on_fit_task_end(
        estimator=estimator, X=X, y=y, reconstruction_attributes=attributes
    )


def snapshot(estimator, state):
    """A function that makes the attributes of a copy that later epochs leave alone."""

    def attributes():
        history = {"history_": deepcopy(estimator.history_)}
        return estimator._attributes(state) | history

    return attributes


def as_line(record):
    """Names and numbers, for people to read."""
    return ", ".join(
        f"{name.replace('_', ' ')} {value:.4g}" for name, value in record.items()
    )
