"""Which parameters of a DBNClassifier go together, and what came of them."""

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ...utils import warn

_TOLD = 0.95  # of the nats of guessing, above which hardly anything has been learnt
_LOWER = "Lower `learning_rate` of {0}, or scale X."
_LONGER = (
    "Classes are not told apart yet: take more epochs (`n_iter` of {0}), or a larger "
    "`learning_rate` of {0}."
)


def learns_in_parts(classifier):
    """Whether one pass over some rows can be learnt; an AttributeError says why not."""
    for name, wrong in (
        ("early_stopping=True", classifier.early_stopping),
        ('class_weight="balanced"', classifier.class_weight == "balanced"),
        ('solver="lbfgs"', classifier.solver == "lbfgs"),
    ):
        if wrong:
            raise AttributeError(
                f"{name} needs all rows at once, which partial_fit does not have; "
                f"set it otherwise, or call fit"
            )
    return True


def check_parts(classifier):
    """Refuse parameters that contradict each other."""
    if classifier.fine_tuning == "none" and not classifier.pretrain:
        raise ValueError(
            'pretrain=False with fine_tuning="none" leaves nothing to be learnt.'
        )
    if classifier.solver == "lbfgs":
        _check_quasi_newton(classifier)


def _check_quasi_newton(classifier):
    if classifier.fine_tuning == "up-down":
        raise ValueError(
            'solver="lbfgs" needs a smooth objective, which fine_tuning="up-down" '
            'has not; choose "adam" or "sgd".'
        )
    if classifier.dropout or classifier.input_dropout:
        raise ValueError(
            'solver="lbfgs" needs an objective that stays the same, which dropout '
            'does not leave it; choose "adam" or "sgd", or dropout=0.'
        )
    if classifier.max_norm is not None:
        raise ValueError(
            'solver="lbfgs" knows no bounds, such as max_norm; choose "adam" or '
            '"sgd", or max_norm=None.'
        )


def warn_of_guessing(loss, guess, n_classes, learners):
    """A warning if classes are told hardly better than by their shares.

    Parameters
    ----------
    loss, guess : float
        -log P(class | x), and what the shares of the classes alone would give; nats.
    n_classes : int
    learners : str
        Whose rate and epochs count.
    """
    if guess and loss > _TOLD * guess:
        far = loss > 2 * np.log(n_classes) + 1
        warn(
            f"-log P(class | x) of the training rows is {loss:.3g} nats, where the "
            f"shares of the classes alone would give {guess:.3g}. "
            f"{(_LOWER if far else _LONGER).format(learners)}",
            ConvergenceWarning,
        )
