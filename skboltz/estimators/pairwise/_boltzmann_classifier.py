"""Classification by a Boltzmann machine of the features and the class together."""

from copy import deepcopy
from dataclasses import replace
from numbers import Real
from typing import ClassVar

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.base import clone
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import check_is_fitted

from ... import learning, likelihood
from ..._exceptions import EnumerationTooLargeError
from ..._saved import Estimator
from ..._sklearn import Interval, fit_context
from ...sampling import partly_known
from ...utils import has_missing
from ..questions._rows import Rows
from ..shared._labels import (
    Predictions,
    check_classes,
    check_labelled,
    class_codes,
    given_classes,
    joined,
    logs,
    one_hot,
)
from ..shared._nested import NestedParams
from ..shared._range import warn_of_range
from ..shared._recast import recast
from ..shared._told import fit_inside
from ..shared._validation import check_and_look, learnable_rows
from ._boltzmann_machine import BoltzmannMachine
from ._boltzmann_parts import SOLVERS


class _LabelledMachine(BoltzmannMachine):
    """A machine that may learn the class given the features.

    Attributes
    ----------
    n_classes_ : int
        The last visible units.
    generative_share_ : float
        Of the joint likelihood in what is learnt.
    """

    _known_as = "BoltzmannMachine"

    def _labels(self, n_features):
        return np.arange(n_features) >= n_features - self.n_classes_

    def _check_tractable(self, mask):
        if self.generative_share_ > 0:
            super()._check_tractable(mask)
        first = len(mask) - self.n_hidden
        _check_classes_reached(mask, first - self.n_classes_, self.n_classes_)
        hidden = mask[first:, first:]
        if self.generative_share_ < 1 and not likelihood.is_exact(hidden):
            raise EnumerationTooLargeError(
                f"{self.n_hidden} coupled hidden units are too many to compare classes "
                f"in training. Set hidden_hidden=False in `estimator`, fewer hidden "
                f"units, or generative_share=1."
            )

    def _phases(self, X, hidden):
        positive, free = super()._phases(X, hidden)
        if self.generative_share_ == 1:
            return positive, free
        given = learning.GivenInputs(self.n_classes_)
        if isinstance(positive, learning.AnnealedClamped):
            # Given the inputs one class is high: noise must not say otherwise.
            n_inputs = self.n_features_in_ - self.n_classes_
            positive = replace(positive, n_noisy=n_inputs)
        if self.generative_share_ == 0:
            return positive, given
        return positive, learning.Mixture(given, free, self.generative_share_)


class BoltzmannClassifier(CallbackSupportMixin, NestedParams, Predictions, Estimator):
    """Classifier by one Boltzmann machine over the features and a one-hot class.

    Each class is clamped in turn, and the free energies compared:

        P(y | x) = exp(-F(x, y)) / sum_y' exp(-F(x, y')),

    F the free energy of the machine whose visible units are the features followed by
    one unit for each class [1]_ [2]_. What is learnt is a mean of two log-likelihoods,

        (1 - a) log P(y | x) + a log P(x, y),   a = generative_share.

    Parameters
    ----------
    estimator : BoltzmannMachine, default=None
        What to learn with; cloned, so that each `fit` begins anew, whatever its
        `warm_start` says: `partial_fit` goes on. None means 64 hidden units that are
        not coupled to each other, and the `random_state` given here.

    generative_share : float, default=0.0
        Between 0, where only the class is learnt and features are clamped in both
        phases, and 1, where features are modelled as well as the class. Penalties and
        the learning rate are those of `estimator`.

    random_state : int, RandomState instance or None, default=None
        Of the default machine; one passed as `estimator` has its own.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.

    estimator_ : BoltzmannMachine
        Fitted to features and classes; it samples, scores and fills in both.

    n_iter_ : int
        Number of epochs that the machine has done.

    history_ : dict
        That of `estimator_`, see :class:`BoltzmannMachine`.

    n_features_in_ : int
        Number of features seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

    Notes
    -----
    Probabilities are exact as long as the hidden units can be summed out (at most 10^6
    terms for a row and a class): always without hidden-hidden couplings and gaps. Else
    the features are clamped, the class and the hidden units sampled in turn, and the
    probabilities of the classes averaged over 200 sweeps, with the same noise for every
    row.  NaN means missing with `generative_share=1`, and is refused below: features
    that are not modelled cannot be summed out.

    Callbacks see the epochs of the machine, with this classifier as their model and
    the features as rows: :class:`skboltz.callbacks.EarlyStopping` needs a callable,
    such as ``lambda model, X: model.score(X, y_validation)``. Those set on `estimator`
    have the machine for a model, and its rows: features followed by classes, the column
    of the right one high and the others low. With a `generative_share` of 0 its
    likelihoods say nothing.

    References
    ----------
    .. [1] Ackley, Hinton & Sejnowski (1985), "A learning algorithm for Boltzmann
       machines", Cognitive Science 9.
    .. [2] Larochelle & Bengio (2008), "Classification using discriminative restricted
       Boltzmann machines", ICML.

    Examples
    --------
    The class says whether two features are equal, which no linear classifier can say:

    >>> import numpy as np
    >>> from skboltz import BoltzmannClassifier, BoltzmannMachine
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5)
    >>> y = np.where(X[:, 0] == X[:, 1], "equal", "different")
    >>> machine = BoltzmannMachine(8, hidden_hidden=False, learning_rate=1.0,
    ...                            momentum=0.9, n_iter=500, random_state=0)
    >>> classifier = BoltzmannClassifier(machine).fit(X, y)
    >>> classifier.predict([[0, 0], [0, 1]])
    array(['equal', 'different'], dtype='<U9')
    """

    _parameter_constraints: ClassVar = {
        "estimator": [BoltzmannMachine, None],
        "generative_share": [Interval(Real, 0, 1, closed="both")],
        "random_state": ["random_state"],
    }

    def __init__(self, estimator=None, *, generative_share=0.0, random_state=None):
        self.estimator = estimator
        self.generative_share = generative_share
        self.random_state = random_state

    @classmethod
    def from_params(cls, estimator, classes, **params):
        """A classifier by a machine that there is already, without any training.

        Parameters
        ----------
        estimator : BoltzmannMachine
            Fitted, or made by its own `from_params`; its visible units are the
            features, then one for each class. It is copied.
        classes : array-like of shape (n_classes,)
            The labels, in order.
        **params : dict
            Parameters of the classifier by their names. For a later `fit` from
            scratch, `estimator` is then None.

        Returns
        -------
        BoltzmannClassifier
            It answers as a fitted one, and `partial_fit` goes on with the machine.

        Raises
        ------
        ValueError
            If there is no feature beside the classes.

        Examples
        --------
        A feature that is worth log 4 to one class, and nothing to the other.

        >>> import numpy as np
        >>> from skboltz import BoltzmannClassifier, BoltzmannMachine
        >>> J = np.zeros((3, 3))
        >>> J[0, 1] = J[1, 0] = np.log(4)
        >>> machine = BoltzmannMachine.from_params(J)
        >>> classifier = BoltzmannClassifier.from_params(machine, ["no", "yes"])
        >>> classifier.predict_proba([[1.0], [0.0]])
        array([[0.8, 0.2],
               [0.5, 0.5]])
        """
        check_is_fitted(estimator)
        classifier = cls(**params)
        classifier._validate_params()
        classifier.classes_ = given_classes(classes)
        n_classes = len(classifier.classes_)
        n_features = estimator.n_features_in_ - n_classes
        if n_features < 1:
            raise ValueError(
                f"estimator has {estimator.n_features_in_} visible units, but they are "
                f"the features and then {n_classes} classes, more than these alone."
            )
        labelled = classifier._labelled(estimator)
        vars(labelled).update(deepcopy(vars(estimator)))
        classifier.estimator_, classifier.n_features_in_ = labelled, n_features
        return classifier

    # Learning ---------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None):
        """Learn the classes of the rows of X.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            In the values of the units of the machine, or between them.  A row of which
            no feature is known has no part in the fit, and neither has its label.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        X, y, weight = self._checked(X, y, sample_weight, reset=True)
        self.classes_, codes = np.unique(y, return_inverse=True)
        self.estimator_ = self._new_machine()
        self._check_learnable()
        fit_inside(self, self._with_classes(X, codes), weight, X, y)
        return self

    @fit_context(prefer_skip_nested_validation=False)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Learn from one pass over some rows, and keep what was learnt before.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        classes : array-like of shape (n_classes,), default=None
            All labels there will ever be; needed in the first call, and the same in
            all others.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        first = not hasattr(self, "estimator_")
        classes = check_classes(classes, None if first else self.classes_)
        X, y, weight = self._checked(X, y, sample_weight, reset=first)
        if first:
            self.classes_ = classes
            self.estimator_ = self._new_machine()
        self._check_learnable()
        rows = self._with_classes(X, class_codes(self.classes_, y))
        self.estimator_.partial_fit(rows, sample_weight=weight)
        return self

    def _checked(self, X, y, sample_weight, reset):
        X, y = check_labelled(self, X, y, reset)
        missing = has_missing(X)
        self._check_gaps(missing)
        return learnable_rows(X, y, sample_weight, missing)

    def _new_machine(self):
        template = self.estimator
        if template is None:
            template = self._template("estimator")
        return self._labelled(clone(template))

    def _labelled(self, machine):
        """The same machine, unfitted, that knows which units are the classes."""
        labelled = recast(machine, _LabelledMachine)
        labelled.n_classes_ = len(self.classes_)
        labelled.generative_share_ = self.generative_share
        return labelled

    def _template(self, name):
        if name != "estimator":
            return None
        return BoltzmannMachine(64, hidden_hidden=False, random_state=self.random_state)

    def _check_learnable(self):
        machine = self.estimator_
        if machine.method in SOLVERS and self.generative_share < 1:
            raise ValueError(
                f'method="{machine.method}" of `estimator` learns features and classes '
                f"jointly: it needs generative_share=1, found {self.generative_share}."
            )

    def _check_gaps(self, missing):
        """Refuse to sum out features that the machine does not model."""
        if missing and self.generative_share < 1:
            raise ValueError(
                "X contains NaN, but what is missing is known to a machine with "
                f"generative_share=1 alone, found {self.generative_share}. Fill the "
                f"gaps first, by EnergyImputer for example."
            )

    def _with_classes(self, X, codes):
        """Rows of visible units, in the type of X if that holds both values."""
        unit = self.estimator_._visible_unit
        ends = np.array([unit.low, unit.high])
        dtype = X.dtype if (ends.astype(X.dtype) == ends).all() else np.float32
        n_classes = len(self.classes_)
        return joined(X, one_hot(codes, n_classes, dtype, unit.low, unit.high))

    # Prediction -------------------------------------------------------------

    def predict_proba(self, X):
        """P(y | x) of every row and class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            With `generative_share=1`, NaN where a value is missing: it is summed out.
            A row of which nothing is known has the probabilities of the classes alone.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        X, seen = check_and_look(self, X)
        self._check_gaps(seen.missing)
        warn_of_range(self, X, seen, self.estimator_._visible_unit)
        return Rows(self.estimator_.coupling_.dtype).by_chunk(self._proba, X)

    def predict_log_proba(self, X):
        """log P(y | x) of every row and class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return logs(self.predict_proba(X))

    @property
    def n_iter_(self):
        """Epochs of the machine."""
        return self.estimator_.n_iter_

    @property
    def history_(self):
        """What was recorded of them."""
        return self.estimator_.history_

    def _proba(self, v):
        machine, n_classes = self.estimator_, len(self.classes_)
        first = self.n_features_in_
        unit, params = machine._visible_unit, machine._params()
        codes = np.full((len(v), n_classes), unit.low, v.dtype)
        n_hidden = len(params.coupling) - first - n_classes
        known = partly_known.with_hidden(np.hstack([v, codes]), n_hidden)
        proba = np.empty((len(v), n_classes))
        for rows, free in partly_known.patterns(known):
            exact = likelihood.is_exact(params.coupling[np.ix_(free, free)])
            find = likelihood.class_proba if exact else likelihood.sampled_class_proba
            proba[rows] = find(unit, params, known[rows], first, n_classes)
        return proba

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.generative_share == 1
        return tags


def _check_classes_reached(mask, n_inputs, n_classes):
    """Refuse a machine in which no coupling leads from the features to the classes."""
    _, part = connected_components(sparse.csr_array(mask), directed=False)
    classes = part[n_inputs : n_inputs + n_classes]
    if not np.isin(classes, part[:n_inputs]).all():
        raise ValueError(
            "No path of couplings joins the features to every class. Classes are "
            "visible units, too: set visible_visible=True in `estimator`, add hidden "
            "units, or allow those couplings in its mask."
        )
