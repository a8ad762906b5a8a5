"""The Hopfield network as a memory of patterns."""

from dataclasses import replace
from numbers import Integral, Real
from typing import ClassVar, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ... import learning, sampling
from ..._exceptions import CapacityWarning
from ..._sklearn import Interval, Options, StrOptions, fit_context
from ...sampling import Purpose, Stream, random_key
from ...utils import suited_threads, warn
from ..shared._validation import check_visible
from . import _patterns
from ._associative import AssociativeMemory, has_labels
from ._attractors import Attractors, kinds, warn_if_no_minima
from ._couplings import Couplings
from ._hidden_units import FILLS
from ._memories import Memories, check_cues, check_rows, marked, votes
from ._stability import dense_remedy, what_is_loose

_CHUNK = 1024  # rows recalled at a time
_CHEAP = 2**27  # products up to which another rule is tried on memories


class Recall(NamedTuple):
    """What :meth:`HopfieldMemory.recall` gives.

    Attributes
    ----------
    patterns : ndarray of shape (n_samples, n_features)
        The states at the end, in the two values of the memories.
    trajectory : ndarray of shape (n_steps + 1, n_samples, n_features)
        The states at the start and after each step, in the same values; between
        them for a graded response.  A row that has ended stays as it is.
    energies : ndarray of shape (n_steps + 1, n_samples)
        Of these states.
    mean : ndarray of shape (n_samples, n_features)
        The average or graded state behind the patterns.
    n_iter : ndarray of shape (n_samples,)
        Steps that each row took.
    status : ndarray of shape (n_samples,) of str
        "fixed point", "two cycle", "averaged", or "running" if `max_iter` ended it.
    """

    patterns: np.ndarray
    trajectory: np.ndarray
    energies: np.ndarray
    mean: np.ndarray
    n_iter: np.ndarray
    status: np.ndarray


class HopfieldMemory(AssociativeMemory):
    """An associative memory of patterns with two values, by a Hopfield network.

    The memories are minima of the energy of spins s = -1 or +1,
    E(s) = -1/2 s'Js - b's (Hopfield 1982), with J symmetric and zero on its diagonal.
    Recall descends from a cue that is noisy or incomplete.  Patterns of {0, 1} or of
    {-1, +1} are told apart by their signs and come back in the same values.

    Parameters
    ----------
    rule : str or rule, default="hebb"
        How memories are stored: "hebb", "storkey", "pseudo-inverse", "perceptron",
        "minimal-overlap" or "energy-descent", or one of :class:`skboltz.learning.Hebb`,
        `Storkey`, `PseudoInverse`, `Perceptron`, `MinimalOverlap`, `EnergyDescent`
        with its own parameters.
    dynamics : str or dynamics, default="asynchronous"
        How a cue moves: "asynchronous", "synchronous", "stochastic" or "continuous",
        or one of :class:`skboltz.sampling.Asynchronous`, `Synchronous`,
        `Stochastic`, `GradedResponse` with its own parameters.
    fit_intercept : bool, default=False
        Whether units have a bias.  It is learnt by the same rule, as the coupling to
        one more unit that is always +1.  Without, the reverse of a memory is as
        stable as the memory.
    n_hidden : int, default=0
        Units that no one sees, which make memories more unlike.
    hidden_fill : {"random", "optimised"}, default="random"
        What hidden units are in each memory: fair coins, or such that overlaps
        between memories are as small as a descent makes them.
    unlearning : Unlearning or None, default=None
        Dreams after the learning, see :class:`skboltz.learning.Unlearning`.
    values : {(0, 1), (-1, 1)} or None, default=None
        The two values of the data; None takes (-1, 1) if `fit` sees anything negative.
    min_overlap : float, default=0.9
        Overlap xi.s/n from which :meth:`predict` and :meth:`spurious_states` take a
        state for a memory.
    random_state : int, RandomState instance or None, default=None
        Of the orders of updates, of hidden units and of rules that need chance.

    Attributes
    ----------
    memories_ : ndarray of shape (n_memories, n_features), int8
        In the values of the data.
    values_ : tuple of two int
        (0, 1) or (-1, 1).
    coupling_ : ndarray of shape (n_units, n_units)
        J, [receiver, sender]; hidden units come after the visible ones.  A change in
        it holds from then on.
    intercept_ : ndarray of shape (n_units,)
        b; a change in it holds, too.
    hidden_memories_ : ndarray of shape (n_memories, n_hidden), int8
        -1 or +1.
    labels_ : ndarray of shape (n_memories,) or None
        Labels, if y was given.
    classes_ : ndarray of shape (n_classes,)
        The different labels, if y was given.
    n_iter_ : int
        How often the rule went over the memories: once, but for "perceptron",
        "minimal-overlap" and "energy-descent"; 0 of given couplings.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

    See Also
    --------
    DenseAssociativeMemory : Holds far more memories than units.

    Notes
    -----
    Couplings are rounded so that all fields are exact sums (integers for Hebb's
    rule).  Ties keep the state of a unit; what is recalled depends neither on the
    other rows nor on Numba.

    References
    ----------
    Hopfield (1982), "Neural networks and physical systems with emergent collective
    computational abilities".  Amit, Gutfreund & Sompolinsky (1985), "Storing infinite
    numbers of patterns in a spin-glass model of neural networks".

    Examples
    --------
    The memories of 4 units below are orthogonal; one unit of the cue is wrong.

    >>> import numpy as np
    >>> from skboltz import HopfieldMemory
    >>> X = np.array([[1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, -1, -1, -1, -1]])
    >>> memory = HopfieldMemory().fit(X)
    >>> memory.transform([[1, 1, 1, -1, -1, -1, -1, -1]])
    array([[ 1,  1,  1,  1, -1, -1, -1, -1]])
    >>> memory.predict([[1, 1, 1, -1, -1, -1, -1, -1]])
    array([1])
    >>> memory.energy(X)  # -(n - P)/2 of orthogonal memories: -(8 - 2)/2
    array([-3., -3.])
    """

    _parameter_constraints: ClassVar = {
        "rule": [StrOptions(set(learning.RULES)), *learning.RULES.values()],
        "dynamics": [StrOptions(set(sampling.DYNAMICS)), *sampling.DYNAMICS.values()],
        "fit_intercept": ["boolean"],
        "n_hidden": [Interval(Integral, 0, None, closed="left")],
        "hidden_fill": [StrOptions(set(FILLS))],
        "unlearning": [learning.Unlearning, None],
        "values": [Options(tuple, {(0, 1), (-1, 1)}), None],
        "min_overlap": [Interval(Real, 0, 1, closed="right")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        rule="hebb",
        *,
        dynamics="asynchronous",
        fit_intercept=False,
        n_hidden=0,
        hidden_fill="random",
        unlearning=None,
        values=None,
        min_overlap=0.9,
        random_state=None,
    ):
        self.rule = rule
        self.dynamics = dynamics
        self.fit_intercept = fit_intercept
        self.n_hidden = n_hidden
        self.hidden_fill = hidden_fill
        self.unlearning = unlearning
        self.values = values
        self.min_overlap = min_overlap
        self.random_state = random_state

    # Storing ----------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Store the rows of X, and forget what was stored before.

        Parameters
        ----------
        X : array-like of shape (n_memories, n_features)
            {0, 1} or {-1, +1}.  Other values warn, and count as the upper one where
            they are above the middle.  NaN says that a value is missing; it becomes
            what Hebb's couplings of all known values ask for.  A row of NaN alone is
            not stored.
        y : array-like of shape (n_memories,), default=None
            Labels of the memories, which :meth:`predict` then answers.
        sample_weight : array-like of shape (n_memories,), default=None
            Importance of the memories; those of weight 0 are not stored.

        Returns
        -------
        self

        Warns
        -----
        CapacityWarning
            If some memories have a unit whose field does not hold it; it says how
            many, and what would hold all.
        """
        X = check_rows(self, X, reset=True)
        self.values_ = self.values or _patterns.two_values(X)
        self._key = random_key(check_random_state(self.random_state))
        memories = Memories.of(self, X, y, sample_weight)
        memories.check_features()
        self._store(memories)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Store the rows of X beside what is stored already.

        The result is that of one `fit` to all of them: couplings are learnt anew.

        Parameters
        ----------
        X : array-like of shape (n_memories, n_features)
        y : array-like of shape (n_memories,), default=None
            Needed if the memories before have labels.
        sample_weight : array-like of shape (n_memories,), default=None

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If `coupling_` or `intercept_` was given or changed: that would be lost.
        """
        if not hasattr(self, "memories_"):
            return self.fit(X, y, sample_weight)
        X = check_rows(self, X)
        new = Memories.of(self, X, y, sample_weight)
        self._store(self._stored().joined(new))
        return self

    def forget(self, X):
        """Remove memories, wherever they equal a row of X.

        Parameters
        ----------
        X : array-like of shape (n_rows, n_features)

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a row is no memory, if no memory would be left, or if `coupling_` or
            `intercept_` was given or changed: that would be lost.
        """
        check_is_fitted(self)
        _, rows = check_cues(self, X)
        self._store(self._stored().without(marked(self._spins, rows)))
        return self

    def _stored(self):
        """The memories, to learn the couplings of others with them."""
        if not self._couplings.learnt:
            raise ValueError(
                "coupling_ or intercept_ was given or changed, and would be lost: "
                "partial_fit and forget learn all couplings anew. Store all memories "
                "by fit, or change coupling_ itself."
            )
        return self._memories.as_published(self._spins, self.labels_)

    @classmethod
    def from_params(
        cls,
        coupling,
        intercept=None,
        *,
        n_features=None,
        memories=None,
        values=(-1, 1),
        **params,
    ):
        """A memory with given couplings and biases, without any training.

        Parameters
        ----------
        coupling : {array-like, sparse matrix} of shape (n_units, n_units)
            J of spins of -1 and +1, [receiver, sender], with a zero diagonal; visible
            units come first.  Where it is not symmetric, recall may go on for ever.
        intercept : array-like of shape (n_units,), default=None
            b; None means zeros.
        n_features : int, default=None
            Number of visible units; None means all.
        memories : array-like of shape (n_memories, n_features), default=None
            The patterns that `overlap`, `predict`, `stability` and `spurious_states`
            speak of; None means none.
        values : {(-1, 1), (0, 1)}, default=(-1, 1)
            The two values of patterns; the couplings are of spins for both.
        **params : dict
            Other parameters of the memory by their names, but for `fit_intercept` and
            `n_hidden`.

        Returns
        -------
        HopfieldMemory
            It recalls and answers as a fitted one; `fit` stores other memories.

        Raises
        ------
        ValueError
            If couplings stand there once for each pair, couple units to themselves or
            are not finite.

        Examples
        --------
        Two spins that want to differ.

        >>> from skboltz import HopfieldMemory
        >>> memory = HopfieldMemory.from_params([[0, -1], [-1, 0]])
        >>> memory.energy([[1, -1], [1, 1]])
        array([-1.,  1.])
        """
        dense = sampling.checked_matrix(coupling)
        dense = dense.toarray() if sparse.issparse(dense) else dense
        sampling.check_pairs(dense)
        sampling.check_diagonal(dense)
        bias = sampling.checked_intercept(intercept, len(dense))
        n_visible = check_visible(n_features, len(dense))
        memory = cls(
            fit_intercept=intercept is not None,
            n_hidden=len(dense) - n_visible,
            values=tuple(values),
            **params,
        )
        memory._validate_params()
        memory.n_features_in_, memory.values_ = n_visible, memory.values
        memory._key, memory.labels_, memory.n_iter_ = (0, 0), None, 0
        memory._couplings = Couplings.given(dense, bias)
        memory._name(memories)
        return memory

    def _name(self, memories):
        """Publish the patterns that given couplings are said to hold."""
        n, n_hidden = self.n_features_in_, self.n_hidden
        spins = np.empty((0, n + n_hidden), np.int8)
        self.hidden_memories_ = spins[:, n:]
        if memories is not None:
            spins = self._settled(memories)[0].astype(np.int8)
        self.hidden_memories_ = spins[:, n:]
        self.memories_ = _patterns.from_spins(spins[:, :n], self.values_, np.int8)
        self._memories = Memories(spins[:, :n], None, np.ones(len(spins)))

    def _store(self, memories):
        """Learn the couplings of some memories, and publish both."""
        stream = Stream(self._key, Purpose.WEIGHTS)
        visible = memories.completed()
        hidden = FILLS[self.hidden_fill](visible, self.n_hidden, stream)
        spins = np.hstack([visible, hidden])
        learnt, self.n_iter_ = self._learnt(spins, memories.weight, stream)
        self._couplings = Couplings(learnt)
        self._memories, self.hidden_memories_ = memories, hidden
        self.memories_ = _patterns.from_spins(visible, self.values_, np.int8)
        self.labels_ = memories.labels
        self._warn_of_load(spins)

    def _learnt(self, spins, weight, stream):
        """The network of a rule, and how often that went over the memories.

        A bias is the coupling to a unit that is always +1.
        """
        rule = _instance(self.rule, learning.RULES)
        n, bias = spins.shape[1], int(self.fit_intercept)
        patterns = np.pad(spins.astype(float), ((0, 0), (0, bias)), constant_values=1)
        fixed = np.arange(n + bias) >= n
        with suited_threads(len(patterns) * patterns.shape[1] ** 2):
            coupling, scale, n_iter = rule.learn(patterns, weight, fixed, stream)
            if self.unlearning is not None:
                coupling = self.unlearning.apply(coupling, scale, fixed, stream)
        intercept = coupling[:n, n:].sum(axis=1)
        return sampling.spin_network(coupling[:n, :n], intercept, scale), n_iter

    def _warn_of_load(self, spins):
        """A CapacityWarning that says what would hold memories that are not stable."""
        rule, n = _instance(self.rule, learning.RULES), spins.shape[1]
        distinct = np.unique(spins, axis=0)
        loose = _loose_units(self._network, distinct)
        if loose.any():
            warn(
                f"{what_is_loose(loose, n, 'different memories')}. "
                f"{type(rule).__name__} can hold about {rule.capacity(n):.3g} random "
                f"memories with {n} units, and fewer that are alike. "
                f"{self._remedy(distinct)} holds all of them.",
                CapacityWarning,
            )

    def _remedy(self, spins):
        """What holds some memories, tried on them."""
        if spins.size * min(spins.shape) <= _CHEAP:
            weight, stream = np.ones(len(spins)), Stream(self._key, Purpose.WEIGHTS)
            other = clone(self).set_params(rule="pseudo-inverse", unlearning=None)
            network, _ = other._learnt(spins, weight, stream)
            if not _loose_units(network, spins).any():
                also = "" if self.unlearning is None else " with unlearning=None"
                return f'rule="pseudo-inverse"{also}'
        visible = np.unique(spins[:, : self.n_features_in_], axis=0)
        remedy = dense_remedy(np.ascontiguousarray(visible.T))
        return f"DenseAssociativeMemory({remedy})"

    @property
    def coupling_(self):
        return self._couplings.published[0]

    @coupling_.setter
    def coupling_(self, coupling):
        self._couplings = self._couplings.replaced(coupling=coupling)

    @property
    def intercept_(self):
        return self._couplings.published[1]

    @intercept_.setter
    def intercept_(self, intercept):
        self._couplings = self._couplings.replaced(intercept=intercept)

    @property
    def _network(self):
        return self._couplings.network

    @property
    def _spins(self):
        """The memories that are published, as spins."""
        return _patterns.to_spins(self.memories_, self.values_)

    # Recall -----------------------------------------------------------------

    def transform(self, X):
        """The patterns that the rows of X recall.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Cues.  If a row has NaN, these entries evolve and the known ones stay as
            they are; otherwise all entries evolve.  What is unknown starts at the sign
            of its field, +1 if that is 0.  A row of NaN alone thus starts at the signs
            of the biases, all +1 without these: it ends where the network comes to by
            itself, and says nothing of any memory.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            In the values of the memories and the type of X.

        Warns
        -----
        ConvergenceWarning
            If some rows have not ended within the `max_iter` of the dynamics.
        """
        X, cues = self._cues(X)
        states = self._ends(cues)[:, : X.shape[1]]
        return _patterns.from_spins(states, self.values_, X.dtype)

    def recall(self, X, *, random_state=None):
        """Recall with all that happens on the way.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As for :meth:`transform`.
        random_state : int, RandomState instance or None, default=None
            Noise for the stochastic dynamics, its own for each row.  None takes that
            of :meth:`transform`, where all rows share theirs.

        Returns
        -------
        Recall
        """
        X, cues = self._cues(X)
        key, shared = self._key, random_state is None
        if not shared:
            key = random_key(check_random_state(random_state))
        dynamics, trace = _instance(self.dynamics, sampling.DYNAMICS), []

        def watch(motion):
            visible = motion.state[:, : X.shape[1]]
            trace.append((visible.copy(), dynamics.energy(self._network, motion)))

        end = self._run(cues, Stream(key, Purpose.CHAINS), shared, watch)
        states, energies = zip(*trace, strict=True)
        low, high = self.values_
        middle, half = (low + high) / 2, (high - low) / 2
        return Recall(
            _patterns.from_spins(end.state[:, : X.shape[1]], self.values_, X.dtype),
            middle + half * np.array(states, dtype=np.float64),
            np.array(energies),
            middle + half * end.mean[:, : X.shape[1]].astype(np.float64),
            end.n_iter,
            np.array([_STATUS[code] for code in end.status]),
        )

    def overlap(self, X):
        """Overlap xi.s/n of the states that X recalls with every memory.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_memories)
            Between -1 and +1.
        """
        X, cues = self._cues(X)
        return self._overlap(self._ends(cues)[:, : X.shape[1]])

    def predict(self, X):
        """Which memory each row recalls.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Without labels, the index of the memory with the largest overlap, the
            first of equals, or -1 if no overlap reaches `min_overlap`: the state is
            spurious.  With labels, that of the memory with the largest overlap,
            however small; among memories that come equally near, the label with the
            largest total weight.
        """
        overlap = self.overlap(X)
        if not overlap.shape[1]:
            return np.full(len(overlap), -1)
        if self.labels_ is None:
            found = overlap.max(axis=1) >= self.min_overlap
            return np.where(found, overlap.argmax(axis=1), -1)
        return self.classes_[self._votes(overlap).argmax(axis=1)]

    @available_if(has_labels)
    def predict_proba(self, X):
        """Share of each class in the nearest memories; only if y was given to `fit`.

        The memories with the largest overlap vote for their labels, with their
        weights: the whole share is that of one class, unless memories of several
        classes come equally near to what a row recalls.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; each row sums to 1.
        """
        votes = self._votes(self.overlap(X))
        return votes / votes.sum(axis=1, keepdims=True)

    def _votes(self, overlap):
        return votes(overlap, self.labels_, self._memories.weight)

    def _cues(self, X):
        """Checked rows, and spins with 0 for what is unknown."""
        check_is_fitted(self)
        X, visible = check_cues(self, X)
        return X, np.pad(visible, ((0, 0), (0, self.hidden_memories_.shape[1])))

    def _run(self, cues, stream, shared=True, watch=None):
        """Recall of some rows by the dynamics; a warning if some have not ended."""
        dynamics = _instance(self.dynamics, sampling.DYNAMICS)
        end = self._moved(dynamics, cues, stream, shared, watch)
        _warn_if_running(end.status, dynamics)
        return end

    def _moved(self, dynamics, cues, stream, shared=True, watch=None):
        """Where rows come to; known entries of an incomplete row are clamped."""
        incomplete = (cues[:, : self.n_features_in_] == 0).any(axis=1, keepdims=True)
        with suited_threads(len(cues) * self._network.coupling.size):
            return sampling.recall.run(
                dynamics,
                self._network,
                cues,
                (cues != 0) & incomplete,
                stream,
                shared=shared,
                watch=watch,
            )

    def _ends(self, cues):
        """Final states of many rows, some at a time."""
        stream = Stream(self._key, Purpose.CHAINS)
        parts = gen_batches(len(cues), _CHUNK)
        states = [self._run(cues[rows], stream).state.astype(np.int8) for rows in parts]
        return np.concatenate(states)

    def _overlap(self, states):
        spins = self._spins.astype(np.float32)
        agreement = states.astype(np.float32) @ spins.T  # whole numbers
        return agreement.astype(np.float64) / states.shape[1]

    # Questions ----------------------------------------------------------------

    def energy(self, X):
        """Energy E(s) = -1/2 s'Js - b's of each row, as spins of -1 and +1.

        Hidden units take the states that recall gives them beside the row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Without NaN.

        Returns
        -------
        ndarray of shape (n_samples,), float64
        """
        states, field = self._settled(X)
        return sampling.spin_energy(self._network, states, field)

    def is_fixed_point(self, X):
        """Whether each row stays as it is under recall.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Without NaN.

        Returns
        -------
        ndarray of shape (n_samples,), bool
        """
        states, field = self._settled(X)
        return (states * field >= 0)[:, : self.n_features_in_].all(axis=1)

    def stability(self):
        """Least stability kappa of the units of each memory.

        kappa = min_i xi_i (sum_j J_ij xi_j + b_i) / norm(J_i) (Gardner 1988); a memory
        with a positive one is a fixed point, and the larger, the wider its basin.

        Returns
        -------
        ndarray of shape (n_memories,)
        """
        check_is_fitted(self)
        spins = np.hstack([self._spins, self.hidden_memories_]).astype(float)
        coupling = self._network.coupling.astype(np.float64)
        kappa = learning.stability(coupling, spins, self._network.bias)
        return kappa.min(axis=1)

    def spurious_states(self, n_starts=1000, random_state=None):
        """Minima reached from random states by asynchronous updates, and their kinds.

        Parameters
        ----------
        n_starts : int, default=1000
            Random states to start from; hidden units are among them.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        Attractors
            Each state once, the most frequent first; states of visible units come
            again if hidden units differ.

        Warns
        -----
        ConvergenceWarning
            If some still move after 1000 sweeps: with couplings that are not symmetric
            they may do so for ever.
        """
        check_is_fitted(self)
        rng = check_random_state(random_state)
        cues = rng.choice(
            np.array([-1, 1], np.int8), (n_starts, len(self._network.bias))
        )
        stream = Stream(random_key(rng), Purpose.CHAINS)
        end = self._moved(sampling.Asynchronous(), cues, stream)
        warn_if_no_minima(end.status)
        ends = end.state
        _, first, counts = np.unique(
            ends, axis=0, return_index=True, return_counts=True
        )
        order = np.argsort(-counts, kind="stable")
        ends, counts = ends[first[order]], counts[order]
        energies = sampling.spin_energy(self._network, ends, self._field(ends))
        states = ends[:, : self.n_features_in_].astype(np.int8)
        patterns = _patterns.from_spins(states, self.values_, np.int8)
        overlap = self._overlap(states)
        kind = kinds(states, overlap, self._spins, self.min_overlap)
        return Attractors(patterns, counts, energies, kind, overlap)

    def _settled(self, X):
        """States of all units with the visible ones as given, and their fields."""
        X, cues = self._cues(X)
        visible = np.arange(cues.shape[1]) < X.shape[1]
        if (cues[:, visible] == 0).any():
            raise ValueError("X has NaN; fill the gaps first, by transform.")
        end = sampling.recall.run(
            sampling.Asynchronous(),
            self._network,
            cues,
            np.broadcast_to(visible, cues.shape),
            Stream(self._key, Purpose.CHAINS),
        )
        states = end.state.astype(self._network.coupling.dtype)
        return states, self._field(states)

    def _field(self, states):
        return sampling.spin_field(self._network, states)


_STATUS = {status: status.name.lower().replace("_", " ") for status in sampling.Status}


def _instance(choice, named):
    """A part, by its name or as it is."""
    return named[choice]() if isinstance(choice, str) else choice


def _loose_units(network, spins):
    """How many units of each state have no field that holds them."""
    states = spins.astype(network.coupling.dtype)
    aligned = states * sampling.spin_field(network, states)
    return np.count_nonzero(aligned <= 0, axis=1)


def _warn_if_running(status, dynamics):
    running = np.count_nonzero(status == sampling.Status.RUNNING)
    if running:
        warn(
            f"{running} of {len(status)} rows had not ended when recall did: raise "
            f"max_iter, by "
            f"dynamics={replace(dynamics, max_iter=10 * dynamics.max_iter)}. With "
            f"couplings that are not symmetric a row may never end.",
            ConvergenceWarning,
        )
