"""Likelihoods and free energies recorded while a model learns."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.utils import check_random_state

from .._sklearn import Interval, safe_indexing
from ._base import EpochCallback, check_complete, check_has, check_validation

METRICS = {
    "log_likelihood": "score_samples",
    "pseudo_log_likelihood": "pseudo_log_likelihood",
    "free_energy_gap": "free_energy",
}  # and the methods behind them


class LikelihoodMonitor(EpochCallback):
    """Record the likelihood of training and held-out rows as a model learns.

    The free-energy gap is the mean free energy of the held-out rows minus that of
    the training rows.  log Z cancels in it, so it can be had for a model of any
    size; it grows when the model overfits (Hinton 2012, "A practical guide",
    section 6).

    Parameters
    ----------
    X_validation : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows that the model does not learn from.  Missing values (NaN) are for
        "log_likelihood" and "free_energy_gap" alone.
    metrics : sequence of {"log_likelihood", "pseudo_log_likelihood", \
"free_energy_gap"}, default=("free_energy_gap",)
        The log-likelihood needs a model of enumerable size.
    every : int, default=1
        Number of epochs from one record to the next.
    max_rows : int, default=1000
        At most this many rows of each kind are looked at, the same each time.

    Attributes
    ----------
    history_ : dict of list
        "epoch", and for each metric a list of one number a record: in nats, mean
        over rows; likelihoods twice, as in "log_likelihood_validation".  A training
        resumed by `warm_start` adds to it.

    Raises
    ------
    ValueError
        If a metric is unknown; as a fit begins, if rows have NaN and
        "pseudo_log_likelihood" is among the metrics.

    Notes
    -----
    A row with missing values costs a sum of at most 10^6 terms, some milliseconds,
    or else annealed importance sampling: with 64 features, 30 % of them missing, and
    64 hidden units 0.06 s, so that 1000 rows take 60 s each time.  Whole rows cost
    about a microsecond.  With gaps set `max_rows` to some ten, or `every`.

    Examples
    --------
    >>> from skboltz import BernoulliRBM
    >>> from skboltz.callbacks import LikelihoodMonitor
    >>> from skboltz.datasets import make_bars_and_stripes
    >>> X, _ = make_bars_and_stripes(3)
    >>> monitor = LikelihoodMonitor(X[::2], metrics=["log_likelihood"])
    >>> rbm = BernoulliRBM(4, n_iter=2, random_state=0).set_callbacks(monitor)
    >>> _ = rbm.fit(X[1::2])
    >>> sorted(monitor.history_)
    ['epoch', 'log_likelihood', 'log_likelihood_validation']
    """

    _parameter_constraints: ClassVar = {
        "every": [Interval(Integral, 1, None, closed="left")],
        "max_rows": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self, X_validation, *, metrics=("free_energy_gap",), every=1, max_rows=1000
    ):
        if isinstance(metrics, str):
            metrics = (metrics,)
        unknown = set(metrics) - set(METRICS)
        if unknown:
            raise ValueError(
                f"metrics has {sorted(unknown)}; choose among {list(METRICS)}."
            )
        self.X_validation = X_validation
        self.metrics = tuple(metrics)
        self.every = every
        self.max_rows = max_rows

    def check_model(self, model):
        for metric in self.metrics:
            check_has(model, METRICS, "metrics", metric)

    def check_rows(self, X):
        held_out = check_validation(self.X_validation, X)
        if "pseudo_log_likelihood" in self.metrics:
            for rows, name in ((X, "X"), (held_out, "X_validation")):
                check_complete(
                    rows,
                    name,
                    "pseudo_log_likelihood",
                    'the metrics "log_likelihood" or "free_energy_gap"',
                )

    def on_epoch_end(self, model, X):
        if model.n_iter_ == 1 or not hasattr(self, "history_"):
            self.history_ = {"epoch": []}
        if model.n_iter_ % self.every:
            return
        self._add("epoch", model.n_iter_)
        train, held_out = self._some(X), self._some(self.X_validation)
        for metric in self.metrics:
            score = getattr(model, METRICS[metric])
            if metric == "free_energy_gap":
                self._add(metric, float(score(held_out).mean() - score(train).mean()))
                continue
            self._add(metric, float(score(train).mean()))
            self._add(f"{metric}_validation", float(score(held_out).mean()))

    def _add(self, name, value):
        self.history_.setdefault(name, []).append(value)

    def _some(self, X):
        n_rows = np.shape(X)[0]
        if n_rows <= self.max_rows:
            return X
        rows = check_random_state(0).permutation(n_rows)[: self.max_rows]
        return safe_indexing(X, np.sort(rows))
