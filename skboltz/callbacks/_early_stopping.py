"""Stop a training when a number stops improving."""

import math
from numbers import Integral, Real
from typing import ClassVar

from .._sklearn import Interval, StrOptions
from ._base import EpochCallback, check_complete, check_has, check_validation

_SCORES = {
    "pseudo_log_likelihood": "pseudo_log_likelihood",
    "log_likelihood": "score_samples",
}


class EarlyStopping(EpochCallback):
    """Stop when the score of held-out rows has not improved for some epochs.

    Parameters
    ----------
    X_validation : {array-like, sparse matrix} of shape (n_samples, n_features)
        Rows that the model does not learn from.  Missing values (NaN) are for
        "log_likelihood" or a callable; what they cost each epoch, see
        :class:`LikelihoodMonitor`.
    score : {"pseudo_log_likelihood", "log_likelihood"} or callable, \
default="pseudo_log_likelihood"
        The larger, the better; a callable has the signature score(model, X).
    n_iter_no_change : int, default=5
        Number of epochs without improvement after which the training stops.
    tol : float, default=0.0
        What counts as an improvement, in nats.

    Attributes
    ----------
    best_score_ : float
    best_epoch_ : int
    best_estimator_ : estimator
        The model after that epoch; the fitted estimator is that of the last one.
        A training resumed by `warm_start` keeps its best from before.

    Examples
    --------
    >>> from skboltz import BernoulliRBM
    >>> from skboltz.callbacks import EarlyStopping
    >>> from skboltz.datasets import make_bars_and_stripes
    >>> X, _ = make_bars_and_stripes(3)
    >>> worse = lambda model, X: -model.n_iter_
    >>> stop = EarlyStopping(X, score=worse, n_iter_no_change=2)
    >>> rbm = BernoulliRBM(4, n_iter=50, random_state=0).set_callbacks(stop).fit(X)
    >>> rbm.n_iter_, stop.best_epoch_
    (3, 1)
    """

    _parameter_constraints: ClassVar = {
        "score": [StrOptions(set(_SCORES)), callable],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        X_validation,
        *,
        score="pseudo_log_likelihood",
        n_iter_no_change=5,
        tol=0.0,
    ):
        self.X_validation = X_validation
        self.score = score
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol

    def check_model(self, model):
        if not callable(self.score):
            check_has(model, _SCORES, "score", self.score, ["a callable"])

    def check_rows(self, X):
        rows = check_validation(self.X_validation, X)
        if self.score == "pseudo_log_likelihood":
            check_complete(rows, "X_validation", self.score, '"log_likelihood"')

    def on_epoch_end(self, model, X):
        if model.n_iter_ == 1 or not hasattr(self, "best_score_"):
            self.best_score_, self.best_epoch_ = float("-inf"), 0
            self.best_estimator_ = None
        score = self._score(model)
        if math.isnan(score):
            raise ValueError(
                f"score is NaN after epoch {model.n_iter_}; it must return a number, "
                f"the larger, the better."
            )
        if score > self.best_score_ + self.tol:
            self.best_score_, self.best_epoch_ = score, model.n_iter_
            self.best_estimator_ = model
        resumed = model.n_iter_ - self._n_epochs
        return model.n_iter_ - max(self.best_epoch_, resumed) >= self.n_iter_no_change

    def _score(self, model):
        if callable(self.score):
            return float(self.score(model, self.X_validation))
        return float(getattr(model, _SCORES[self.score])(self.X_validation).mean())
