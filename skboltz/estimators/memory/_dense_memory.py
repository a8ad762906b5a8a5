"""Dense associative memories: far more memories than units."""

from numbers import Integral, Real
from typing import ClassVar, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ... import models, theory
from ..._exceptions import CapacityWarning
from ..._sklearn import Interval, StrOptions, fit_context
from ...sampling import PatternMemory, SpinMemory, dense_recall, random_key
from ...utils import has_missing, warn
from ..shared._validation import known_rows
from . import _patterns
from ._associative import AssociativeMemory, has_labels
from ._dense_values import RealValues, TwoValues
from ._memories import check_rows, joined_labels, labels_of
from ._stability import dense_remedy, loose_units, what_is_loose

SPIN_INTERACTIONS = {
    "polynomial": lambda memory: models.Polynomial(memory.degree),
    "rectified": lambda memory: models.RectifiedPolynomial(memory.degree),
    "exponential": lambda memory: models.Exponential(),
}
_SMALLEST = 1e-140  # the least size of real patterns whose squares are normal numbers
SIMILARITIES = {"dot": models.Dot(), "euclidean": models.Euclidean()}


class DenseRecall(NamedTuple):
    """What :meth:`DenseAssociativeMemory.recall` gives.

    Attributes
    ----------
    patterns : ndarray of shape (n_samples, n_features)
        The states at the end, as :meth:`DenseAssociativeMemory.transform` gives them.
    trajectory : ndarray of shape (n_steps + 1, n_samples, n_features)
        The states at the start and after each step.  A row that has ended stays.
    energies : ndarray of shape (n_steps + 1, n_samples), float64
        Of these states, in double precision; never rising, up to the rounding of the
        states, which have the type of `patterns`.
    n_iter : ndarray of shape (n_samples,)
        Steps that each row took; the last changed nothing if it has converged.
    converged : ndarray of shape (n_samples,), bool
    """

    patterns: np.ndarray
    trajectory: np.ndarray
    energies: np.ndarray
    n_iter: np.ndarray
    converged: np.ndarray


class DenseAssociativeMemory(AssociativeMemory):
    """An associative memory that holds far more patterns than it has units.

    The rows of X are stored as they are; recall descends in an energy, from a cue that
    is noisy or incomplete. There are two kinds of memory.

    Of real patterns x_mu, with `interaction="softmax"`: the modern Hopfield network
    [3]_.  A step is attention, x <- sum_mu p_mu x_mu with p the softmax of beta times
    the similarity of x and x_mu.

    Of patterns with two values, {0, 1} or {-1, +1}, told apart by their signs: for
    spins s and memories xi the energy is E(s) = -sum_mu F(xi^mu . s) with
    F(x) = x^n [1]_, max(x, 0)^n or exp(x) [2]_, and a step updates each unit once.

    Parameters
    ----------
    interaction : {"softmax", "polynomial", "rectified", "exponential"} or \
interaction, default="softmax"
        The kind of memory, or one of :class:`skboltz.models.Softmax`, `Polynomial`,
        `RectifiedPolynomial`, `Exponential` with its own parameters.

    degree : int, default=3
        n of "polynomial" and "rectified". About N^(n-1) random patterns of N units can
        be stored; 2 is the Hopfield network.

    beta : float or "auto", default="auto"
        Inverse temperature of "softmax", in units of one by the square of X. The
        larger, the more a single pattern is recalled, the smaller, the more an average
        of many. "auto" takes one with which a typical pattern is recalled in one step,
        by :func:`skboltz.theory.suggested_beta`; that of `retrieval_beta` is proven
        to recall all.

    similarity : {"euclidean", "dot"}, default="euclidean"
        Of "softmax": -1/2 norm(x_mu - x)^2, by which patterns of any norm are found; or
        x_mu . x, as in attention and in [3]_, for which patterns should have equal
        norms.

    max_iter : int, default=100
        Largest number of steps. A row stops by itself when it no longer changes. 1
        asks for one step, and does not warn of rows that would go on.

    tol : float, default=1e-5
        Of "softmax": a row stops when no entry moves by more than this times the
        largest entry of the memories (less their mean, if that is far from the origin
        and the similarity Euclidean).

    random_state : int, RandomState instance or None, default=None
        Of the orders in which units are updated. They are fixed in `fit`, and the same
        for every row.

    Attributes
    ----------
    memories_ : ndarray of shape (n_memories, n_features)
        X itself, not a copy: do not change X afterwards. It is read-only; assign a
        whole array, `memory.memories_ = changed`, to store other patterns under the
        same labels. Rows of :meth:`partial_fit` are stored in the two values of the
        first ones.

    labels_ : ndarray of shape (n_memories,) or None
        y, if it was given.

    classes_ : ndarray of shape (n_classes,)
        The different labels, if y was given.

    interaction_ : interaction
        With its parameters.

    values_ : tuple of two int, or None
        (0, 1) or (-1, 1), for patterns of two values.

    n_iter_ : int
        Passes over X in `fit`: 1.

    n_features_in_ : int
        Number of features seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

    See Also
    --------
    HopfieldMemory : Couplings between pairs of units, learnt by a rule.

    Notes
    -----
    Memory: "softmax" works block by block and never copies X; integers and booleans
    become float32 a block at a time. The others hold N bytes for a pattern, and at a
    time the overlaps of as many rows as fit into 2^20 numbers.

    Values other than the two raise a `DataRangeWarning`; infinities an error.

    What a row recalls does not depend on the other rows (with "softmax" up to the
    rounding of matrix products), nor on whether Numba is installed.

    References
    ----------
    .. [1] Krotov & Hopfield (2016), "Dense associative memory for pattern
       recognition", NeurIPS.
    .. [2] Demircigil, Heusel, Loewe, Upgang & Vermet (2017), "On a model of
       associative memory with huge storage capacity", J. Stat. Phys. 168.
    .. [3] Ramsauer et al. (2020), "Hopfield networks is all you need",
       arXiv:2008.02217.

    Examples
    --------
    The exclusive or of two units is a third (-1 is "true" as a product of signs): four
    memories of three units. A Hopfield network (degree 2) cannot hold them.

    >>> import numpy as np
    >>> from skboltz import DenseAssociativeMemory
    >>> X = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    >>> memory = DenseAssociativeMemory("polynomial", degree=3).fit(X)
    >>> memory.transform([[1.0, -1.0, np.nan], [-1.0, -1.0, np.nan]])
    array([[ 1., -1., -1.],
           [-1., -1.,  1.]])
    >>> memory.energy(X)  # overlaps 3 and three times -1: -(27 - 3)
    array([-24., -24., -24., -24.])

    Real patterns:

    >>> memory = DenseAssociativeMemory().fit(np.eye(3))
    >>> memory.transform([[0.7, 0.2, 0.1]]).round(1)
    array([[1., 0., 0.]])
    """

    _parameter_constraints: ClassVar = {
        "interaction": [
            StrOptions({"softmax", *SPIN_INTERACTIONS}),
            models.Softmax,
            models.Polynomial,
            models.Exponential,
        ],
        "degree": [Interval(Integral, 1, None, closed="left")],
        "beta": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"})],
        "similarity": [StrOptions(set(SIMILARITIES))],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        interaction="softmax",
        *,
        degree=3,
        beta="auto",
        similarity="euclidean",
        max_iter=100,
        tol=1e-5,
        random_state=None,
    ):
        self.interaction = interaction
        self.degree = degree
        self.beta = beta
        self.similarity = similarity
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state

    @classmethod
    def from_params(cls, memories, labels=None, **params):
        """A memory of given patterns: as `fit` stores them, which learns nothing else.

        Parameters
        ----------
        memories : array-like of shape (n_memories, n_features)
        labels : array-like of shape (n_memories,), default=None
        **params : dict
            Parameters of the memory by their names.

        Returns
        -------
        DenseAssociativeMemory

        Examples
        --------
        >>> import numpy as np
        >>> from skboltz import DenseAssociativeMemory
        >>> memory = DenseAssociativeMemory.from_params(np.eye(2), beta=4.0)
        >>> memory.transform([[0.9, 0.2]]).round(2)
        array([[0.98, 0.02]])
        """
        return cls(**params).fit(memories, labels)

    # Storing ----------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Store the rows of X, and forget what was stored before.

        Parameters
        ----------
        X : array-like of shape (n_memories, n_features)
            A row with NaN becomes what it recalls from the rows without; one of NaN
            alone is not stored.
        y : array-like of shape (n_memories,), default=None
            Labels of the memories, which :meth:`predict` then answers.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X has infinities, or values whose squares overflow or vanish; if no row
            is without NaN; if `degree` is so large that powers overflow.

        Warns
        -----
        CapacityWarning
            If some memories of two values have a unit whose field does not hold it;
            it says how many, and what would hold all.
        """
        X, labels = self._checked_rows(X, y, reset=True)
        key = random_key(check_random_state(self.random_state))
        code = self._code(X)
        code.warn(self, X)
        self._store(X, code, labels, key)
        self.n_iter_ = 1
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None):
        """Store the rows of X after those that are stored already.

        All memories are copied into one array; `beta="auto"` is found anew.

        Parameters
        ----------
        X : array-like of shape (n_memories, n_features)
            Patterns of two values are stored in those of the memories before, with a
            warning if they have others.
        y : array-like of shape (n_memories,), default=None
            Needed if the memories before have labels.

        Returns
        -------
        self
        """
        if not hasattr(self, "memories_"):
            return self.fit(X, y)
        X, new = self._checked_rows(X, y)
        labels = joined_labels(self.labels_, new)
        code = self._code(self.memories_)
        code.warn(self, X)
        X = np.concatenate([self.memories_, code.stored(X)])
        self._store(X, code, labels, self._key)
        return self

    def _checked_rows(self, X, y, reset=False):
        """Rows of which something is known, and their labels."""
        X = check_rows(self, X, reset)
        return known_rows(X, labels_of(X, y))

    def _code(self, X):
        """What the rows stand for."""
        if self.interaction == "softmax" or isinstance(
            self.interaction, models.Softmax
        ):
            return RealValues()
        return TwoValues(_patterns.two_values(X))

    def _store(self, X, code, labels, key):
        """Make a memory of some rows, and publish it."""
        X = self._completed(X, code, key)
        self._memory = self._memory_of(X, code, key)
        self._values, self._key = code, key
        self._rows, self.labels_, self.values_ = X, labels, code.values
        if code.values is not None:
            _warn_of_load(self._memory)

    def _memory_of(self, X, code, key):
        """Rows without NaN, ready for recall."""
        interaction = _interaction(self, X)
        if isinstance(interaction, models.Softmax):
            memory = PatternMemory(interaction, X, self.tol)
            _check_range(X, memory)
            return memory
        interaction.check(X.shape[1], len(X))
        return SpinMemory(interaction, np.ascontiguousarray(code.encode(X).T), key)

    def _completed(self, X, code, key):
        """Rows whose gaps are what the rows without a gap recall."""
        if not has_missing(X):
            return X
        gaps = np.isnan(X).any(axis=1)
        if gaps.all():
            raise ValueError(
                "Every row of X has NaN; at least one memory must be complete."
            )
        memory = self._memory_of(X[~gaps], code, key)
        states = self._run(memory, code.encode(X[gaps])).states
        X = X.copy()
        X[gaps] = np.where(np.isnan(X[gaps]), code.decode(states, X.dtype), X[gaps])
        return X

    @property
    def memories_(self):
        rows = self._rows.view()
        rows.flags.writeable = False
        return rows

    @memories_.setter
    def memories_(self, X):
        X = check_rows(self, X)
        if self.labels_ is not None and len(X) != len(self.labels_):
            raise ValueError(
                f"memories_ has {len(X)} rows, but there are {len(self.labels_)} "
                f"labels: store memories with other labels by fit."
            )
        self._store(X, self._code(X), self.labels_, self._key)

    @property
    def interaction_(self):
        return self._memory.interaction

    # Recall -----------------------------------------------------------------

    def transform(self, X):
        """The patterns that the rows of X recall.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Cues. If a row has NaN, these entries evolve and the known ones stay as
            they are; otherwise all entries evolve. A row of NaN alone is equally like
            every memory: real patterns start at their mean, those of two values at
            the sign that an empty state asks of each unit, the upper value where it
            asks for none.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            Real patterns in float32 or, for float64 and integers beyond 2^24,
            float64; patterns of two values in those of the memories, and the type of X.

        Warns
        -----
        ConvergenceWarning
            If some rows have not ended within `max_iter` steps.
        """
        X, states = self._recalled(X)
        return self._values.decode(states, X.dtype)

    def recall(self, X):
        """Recall with all that happens on the way.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As for :meth:`transform`. All states of all steps are held.

        Returns
        -------
        DenseRecall
        """
        X = self._cues(X)
        cues = self._values.encode(X)
        end, trace = dense_recall.trajectories(self._memory, cues, self.max_iter)
        self._warn_if_running(self._memory, end.converged)
        return DenseRecall(
            self._values.decode(end.states, X.dtype),
            self._values.decode(trace, X.dtype),
            np.stack([self._memory.energy(states) for states in trace]),
            end.n_iter,
            end.converged,
        )

    def predict(self, X):
        """Which memory each row recalls.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            The index of the memory that is most similar to where the row ends: of the
            largest similarity, or of the largest F(xi . s), and the first of equal
            ones.  With labels, the label of that memory.
        """
        _, states = self._recalled(X)
        nearest = self._memory.nearest(states)
        return nearest if self.labels_ is None else self.labels_[nearest]

    @available_if(has_labels)
    def predict_proba(self, X):
        """Share of each class in what each row recalls; only if y was given to `fit`.

        Where a row ends, each memory has a weight: its p in the softmax, or F(xi . s)
        where that is positive, divided by the sum over all memories. Those of the
        memories of a class are added up.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; each row sums to 1.
        """
        _, states = self._recalled(X)
        classes, codes = np.unique(self.labels_, return_inverse=True)
        return self._memory.shares(states, codes, len(classes))

    # Questions ----------------------------------------------------------------

    def energy(self, X):
        """Energy of each row as a state.

        E(s) = -sum_mu F(xi^mu . s) of spins, for "exponential" its logarithm
        E(s) = -log sum_mu exp(xi^mu . s); of real rows that of
        :class:`skboltz.models.Softmax`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Without NaN.

        Returns
        -------
        ndarray of shape (n_samples,), float64
        """
        X = self._cues(X)
        if has_missing(X):
            raise ValueError("X has NaN; fill the gaps first, by transform.")
        return self._memory.energy(self._values.encode(X))

    def _cues(self, X):
        """Checked rows, of whose values a warning tells if they are not the two."""
        check_is_fitted(self)
        X = check_rows(self, X)
        self._values.warn(self, X)
        return X

    def _recalled(self, X):
        """Checked rows, and the states where they end."""
        X = self._cues(X)
        cues = self._values.encode(X)
        return X, self._run(self._memory, cues).states

    def _run(self, memory, cues):
        end = dense_recall.run(memory, cues, self.max_iter)
        self._warn_if_running(memory, end.converged)
        return end

    def _warn_if_running(self, memory, converged):
        running = np.count_nonzero(~converged)
        if not running or self.max_iter == 1:
            return
        has_tol = isinstance(memory, PatternMemory)
        remedy = "raise max_iter, or tol" if has_tol else "raise max_iter"
        warn(
            f"{running} of {len(converged)} rows had not converged after "
            f"{self.max_iter} steps: {remedy}.",
            ConvergenceWarning,
        )


def _interaction(estimator, X):
    """The part that an estimator names, or has."""
    if not isinstance(estimator.interaction, str):
        return estimator.interaction
    if estimator.interaction != "softmax":
        return SPIN_INTERACTIONS[estimator.interaction](estimator)
    beta = estimator.beta
    if beta == "auto":
        with np.errstate(over="ignore", invalid="ignore"):  # refused later
            beta = theory.suggested_beta(X, estimator.similarity)
            beta = beta if np.isfinite(beta) else 1.0
    return models.Softmax(beta, SIMILARITIES[estimator.similarity])


def _check_range(X, memory):
    """Refuse real patterns whose squares no float holds."""
    if not np.isfinite(memory.half_squares).all():
        raise ValueError("X is too large: its squares overflow. Scale it down.")
    # Of rows far from the origin `largest` may be mere rounding.
    if memory.centre is None and 0 < memory.largest < _SMALLEST:
        raise ValueError("X is too small: its squares vanish. Scale it up.")


def _warn_of_load(memory):
    """A CapacityWarning that says what would hold memories that are not stable."""
    loose, (n_units, n_memories) = loose_units(memory), memory.units.shape
    if not loose.any():
        return
    some = len(loose) < n_memories
    which = f"memories looked at (there are {n_memories})" if some else "memories"
    warn(
        f"With {memory.interaction} {what_is_loose(loose, n_units, which)}. "
        f"DenseAssociativeMemory({dense_remedy(memory.units)}) holds all of them.",
        CapacityWarning,
    )
