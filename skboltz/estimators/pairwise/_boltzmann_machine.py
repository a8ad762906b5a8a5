"""The Boltzmann machine: any pairs of visible and hidden units may be coupled."""

from copy import deepcopy
from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy import sparse
from scipy.special import expit
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from ... import learning, likelihood
from ..._saved import Estimator
from ..._sklearn import Interval, StrOptions
from ...models import Pairwise, PairwiseParams, converted
from ...sampling import (
    check_diagonal,
    check_symmetric,
    checked_system,
    coupled,
    partly_known,
)
from ...units import Bias, TwoValuedUnit
from ...utils import check_betas, has_missing
from ..questions._fitted import Fitted
from ..questions._questions import Questions
from ..shared._epochs import writer
from ..shared._given import are_there, as_floats, check_length, check_square
from ..shared._offered import offered_if
from ..shared._training import Trainable
from ..shared._validation import (
    check_clamping_noise,
    check_layer,
    check_states,
    check_values,
    check_visible,
    float_type,
)
from ._boltzmann_parts import GRADIENTS, PHASES, SOLVERS, finite_moments
from ._connectivity import connectivity
from ._restricted import fastest

# Fitted attributes that do not depend on the values of the units.
_LEARNT = (
    "coupling_",
    "intercept_",
    "n_iter_",
    "history_",
    "n_features_in_",
    "feature_names_in_",
)


def _has_hidden(machine):
    """Whether there are features to give; else an AttributeError says why not."""
    if machine.n_hidden:
        return True
    raise AttributeError(
        "a machine with n_hidden=0 has no hidden units, whose means are what "
        "transform gives; set n_hidden > 0"
    )


def _learns_in_steps(machine):
    if machine.method in PHASES:
        return True
    raise AttributeError(
        f'method="{machine.method}" solves for all rows at once; partial_fit needs one '
        f"of {sorted(PHASES)}"
    )


@offered_if(
    _has_hidden,
    "transform",
    "fit_transform",
    "inverse_transform",
    "get_feature_names_out",
    "reconstruct",
)
@offered_if(_learns_in_steps, "partial_fit")
class BoltzmannMachine(Trainable, Questions, Estimator):
    """Boltzmann machine: binary units, visible and hidden, coupled in pairs.

    A model of the joint distribution of binary features. With s the visible units v
    followed by the hidden units h,

        P(v) = sum_h exp(-E(s)) / Z,   E(s) = -b's - 1/2 s'Js,

    J symmetric with a zero diagonal [1]_. Which couplings there are is free to choose:
    all (the full machine), none among hidden units (a semi-restricted machine), only
    between layers (a restricted one), or what a mask allows; without hidden units it is
    the pairwise maximum-entropy model, whose fit is the inverse Ising problem.

    Parameters
    ----------
    n_hidden : int, default=8
        Number of hidden units; 0 for a machine that is visible throughout.

    visible_visible, visible_hidden, hidden_hidden : bool, default=True
        Which layers may be coupled to which.

    mask : {array-like, sparse matrix} of shape (n_units, n_units), default=None
        Symmetric with a zero diagonal; pairs that are 0 there are not coupled. Visible
        units come first.

    values : pair of float, default=(0, 1)
        The two values of a unit, the lower first: (0, 1), or (-1, 1) for spins. See
        :meth:`with_values` to convert a fitted machine.

    method : {"pcd", "exact", "annealing", "mean-field", "tap", "moments", \
"pseudo-likelihood"}, default="pcd"
        How to learn. With hidden units or without: "pcd", chains that persist from
        batch to batch [3]_, and hidden units summed exactly where their states are at
        most 1024, else by chains of their own that are clamped to each row; "exact",
        all states summed, the gradient of the log-likelihood itself; "annealing", the
        classical algorithm, both phases brought to equilibrium from random starts by
        `betas` [1]_; "mean-field" and "tap", persistent chains against hidden
        means by mean field [4]_, or by the equations of Thouless, Anderson and Palmer.
        For `n_hidden=0` alone, convex and solved for all rows at once: "moments",
        means and pairs matched by Newton's method (up to about 16 units);
        "pseudo-likelihood", by L-BFGS [5]_, for hundreds of units.

    learning_rate : float, default=0.1
        Size of a step along the gradient of the mean log-likelihood; with the centered
        gradient as for spins, whatever the values: for (0, 1), couplings move 16 and
        biases 4 times as far.

    batch_size : int, default=100
        Largest number of rows of a batch.

    n_iter : int, default=100
        Number of epochs of `fit`.

    k : int, default=1
        Number of sweeps of the chains for each batch.

    n_chains : int, default=None
        Number of chains of the negative phase; None means `batch_size`, but at most
        1000.

    gradient : {"centered", "plain", "sign"}, default="centered"
        "centered" steps do not depend on which value is called 0 [2]_; "sign" moves
        each parameter by `learning_rate` (in proportion to the weight of the batch)
        whatever the size of its gradient, penalties included, as in [1]_.

    momentum : float, default=0.0
        Between 0 and 1: share of the last step that is added to the next.

    schedule : {"constant", "linear", "exponential", "inverse_time"} or callable, \
default="linear"
        Factor of the learning rate as a function of the share of the epochs done
        before.

    l1, l2 : float, default=0.0
        Weights of the penalties `sum |J_ij|` and `1/2 sum J_ij^2` over pairs, taken
        from the mean log-likelihood of a row; with "pseudo-likelihood", where couplings
        become exactly 0 by l1, from the mean pseudo-log-likelihood, in which each pair
        counts twice.

    betas : int or array-like of shape (n_sweeps,), default=10
        Of "annealing": the inverse temperature of each sweep, above 0, never falling,
        ending with 1;
        or how many sweeps at the temperatures of [1]_, whose machine runs at one of 10:
        in units of that, a fifth of them at 2, 1.5 and 1.2 each, and the rest at 1.

    n_average : int, default=10
        Of "annealing": sweeps at temperature 1 from which statistics are taken.

    clamping_noise : pair of float, default=None
        Of "annealing": probabilities with which a high and a low visible unit are
        clamped to the other value; (0.15, 0.05) in [1]_. It keeps couplings finite
        where some states never occur.

    warm_start : bool, default=False
        Whether `fit` goes on, for `n_iter` epochs more, from where it stopped.

    verbose : int, default=0
        Whether to write a line for each epoch, and some for each estimate of log Z.

    random_state : int, RandomState instance or None, default=None
        Determines the initial couplings, the order of the rows and the noise.

    Attributes
    ----------
    coupling_ : ndarray of shape (n_units, n_units)
        The couplings J, visible units first.

    intercept_ : ndarray of shape (n_units,)
        The biases b.

    n_iter_ : int
        Number of epochs done since the training began, or of iterations of the solver.

    history_ : dict of list
        As for :class:`BernoulliRBM`, where "weight_norm" has each coupling twice; empty
        lists with "moments" and "pseudo-likelihood".

    moment_gap_ : float
        With "moments" and "pseudo-likelihood": the largest difference between a mean
        of the data, or a mean product of a pair that may be coupled, and that of the
        machine; NaN where the machine is too large to enumerate.

    n_features_in_ : int
        Number of features seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

    See Also
    --------
    BernoulliRBM : With more methods, where only layers are coupled.
    skboltz.sampling.minimize_energy : The lowest energy of given couplings.

    Notes
    -----
    The hidden units are summed out exactly in `transform`, `free_energy`,
    `score_samples`, `impute` and `conditional_proba` as long as the sum for one row
    has at most 10^6 terms: always without hidden-hidden couplings, else for about 15
    hidden units. NaN means missing, in `fit`, too.

    Where no two visible and no two hidden units are coupled, the machine is an RBM, and
    it is trained and asked as one, about as fast as :class:`BernoulliRBM`. What has no
    counterpart there works unit by unit: "annealing", and rows with NaN in `fit`.

    References
    ----------
    .. [1] Ackley, Hinton & Sejnowski (1985), "A learning algorithm for Boltzmann
       machines", Cognitive Science 9.
    .. [2] Montavon & Mueller (2012), "Deep Boltzmann machines and the centering
       trick".
    .. [3] Younes (1989); Tieleman (2008), "Training restricted Boltzmann machines
       using approximations to the likelihood gradient", ICML.
    .. [4] Salakhutdinov & Hinton (2009), "Deep Boltzmann machines", AISTATS.
    .. [5] Besag (1975); Aurell & Ekeberg (2012), "Inverse Ising inference using all
       the data", PRL 108.

    Examples
    --------
    Two spins that agree in three rows of four have <s1 s2> = 1/2 = tanh J:

    >>> import numpy as np
    >>> from skboltz import BoltzmannMachine
    >>> X = np.array([[1, 1], [-1, -1], [1, 1], [-1, -1],
    ...               [1, 1], [-1, -1], [1, -1], [-1, 1]])
    >>> machine = BoltzmannMachine(0, values=(-1, 1), method="moments").fit(X)
    >>> round(float(np.tanh(machine.coupling_[0, 1])), 6)
    0.5
    >>> machine.score_samples([[1, 1], [1, -1]]).round(4)  # log 3/8 and log 1/8
    array([-0.9808, -2.0794])
    """

    _parameter_constraints: ClassVar = {
        **Trainable._parameter_constraints,
        "n_hidden": [Interval(Integral, 0, None, closed="left")],
        "visible_visible": ["boolean"],
        "visible_hidden": ["boolean"],
        "hidden_hidden": ["boolean"],
        "mask": ["array-like", "sparse matrix", None],
        "values": ["array-like"],
        "method": [StrOptions({*PHASES, *SOLVERS})],
        "k": [Interval(Integral, 1, None, closed="left")],
        "n_chains": [Interval(Integral, 1, None, closed="left"), None],
        "gradient": [StrOptions(set(GRADIENTS))],
        "betas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "n_average": [Interval(Integral, 1, None, closed="left")],
        "clamping_noise": ["array-like", None],
    }

    def __init__(
        self,
        n_hidden=8,
        *,
        visible_visible=True,
        visible_hidden=True,
        hidden_hidden=True,
        mask=None,
        values=(0, 1),
        method="pcd",
        learning_rate=0.1,
        batch_size=100,
        n_iter=100,
        k=1,
        n_chains=None,
        gradient="centered",
        momentum=0.0,
        schedule="linear",
        l1=0.0,
        l2=0.0,
        betas=10,
        n_average=10,
        clamping_noise=None,
        warm_start=False,
        verbose=0,
        random_state=None,
    ):
        self.n_hidden = n_hidden
        self.visible_visible = visible_visible
        self.visible_hidden = visible_hidden
        self.hidden_hidden = hidden_hidden
        self.mask = mask
        self.values = values
        self.method = method
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.k = k
        self.n_chains = n_chains
        self.gradient = gradient
        self.momentum = momentum
        self.schedule = schedule
        self.l1 = l1
        self.l2 = l2
        self.betas = betas
        self.n_average = n_average
        self.clamping_noise = clamping_noise
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def _values_kept(self):
        """Those of the fit: later changes of the parameter do not touch the machine."""
        return getattr(self, "_values", None) or check_values(self.values)

    @property
    def _visible_unit(self):
        return TwoValuedUnit(*self._values_kept())

    @property
    def _model(self):
        return Pairwise(self._visible_unit, self.n_features_in_)

    # Questions --------------------------------------------------------------

    _hidden_parameter = "n_hidden"

    @property
    def _n_hidden(self):
        return len(self.coupling_) - self.n_features_in_

    @property
    def _n_features_out(self):
        return self._n_hidden

    def __sklearn_is_fitted__(self):
        return are_there(self, "coupling_", lambda: ["intercept_"])

    def _params(self):
        coupling = as_floats(self.coupling_, "coupling_")
        check_square(coupling, "coupling_", self.n_features_in_)
        # Whoever changes couplings by hand may change one of two.
        check_symmetric(coupling, "intercept_", called="coupling_")
        check_diagonal(coupling, "intercept_", called="coupling_")
        intercept = as_floats(self.intercept_, "intercept_", coupling.dtype)
        check_length(intercept, "intercept_", len(coupling), "coupling_")
        return PairwiseParams(coupling, Bias(intercept))

    def _attributes_of(self, params):
        return {"coupling_": params.coupling, "intercept_": params.units.bias}

    def _layer_sizes(self, params):
        return self.n_features_in_, len(params.coupling) - self.n_features_in_

    def _fitted(self):
        params, means, chains = self._params(), None, None
        state = self._state_of(params)
        if state is not None:
            means = np.concatenate(state.offsets)
            chains = getattr(state.negative, "visible", None)
        fitted = Fitted(self._model, params, means, chains, write=writer(self))
        return fastest(fitted)

    def conditional_proba(self, X):
        """P(v_i is high | all other visible units) of every value, in closed form.

        The hidden units are summed out; v_i itself counts for nothing.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features)

        Raises
        ------
        EnumerationTooLargeError
            If hidden units that are coupled to each other are too many to enumerate.
        """
        fitted, X = self._asked(X, complete_for="conditional_proba()")

        model, params = self._model, self._params()

        def gaps(v):
            return likelihood.visible_gaps(model, params, v)

        return expit(fitted.rows.by_chunk(gaps, X)).astype(fitted.dtype)

    def energy(self, states):
        """E(s) = -b's - 1/2 s'Js of states of all units, in nats.

        Parameters
        ----------
        states : array-like of shape (n_samples, n_units)
            Visible units, then hidden ones.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        params = self._params()
        n_units, dtype = len(params.coupling), params.coupling.dtype
        states = check_layer(states, "states", n_units, "n_units", dtype)
        return self._model.energy(params, states)

    # Given and converted machines ---------------------------------------------

    def with_values(self, values):
        """A fitted machine of the same distribution with other values of its units.

        Parameters
        ----------
        values : pair of float
            The two values, the lower first.

        Returns
        -------
        BoltzmannMachine
            With the couplings c^2 J and the biases c (b + a J1), where s = a + c t for
            the old values s and the new t. It learns on with new chains.

        Examples
        --------
        >>> import numpy as np
        >>> from skboltz import BoltzmannMachine
        >>> X = np.array([[0, 0], [1, 1], [0, 0], [1, 1], [0, 1], [1, 0]])
        >>> binary = BoltzmannMachine(0, method="moments").fit(X)
        >>> spins = binary.with_values((-1, 1))
        >>> bool(np.allclose(binary.score_samples(X), spins.score_samples(2 * X - 1)))
        True
        """
        check_is_fitted(self)
        unit = TwoValuedUnit(*check_values(values))
        other = clone(self).set_params(values=values)
        other._values = check_values(values)
        for name in _LEARNT:
            if hasattr(self, name):
                setattr(other, name, deepcopy(getattr(self, name)))
        params = self._params()
        other._publish_params(converted(params, self._visible_unit, unit))
        state = self._state_of(params)
        if state is not None:
            share = self._visible_unit.share
            means = (unit.at(share(m)) for m in state.offsets)
            other._training_state = _begun(*means, state.shuffle)
        return other

    @classmethod
    def from_params(
        cls, coupling, intercept=None, *, n_features=None, values=(0, 1), **params
    ):
        """A machine of given couplings and biases, without any training.

        Parameters
        ----------
        coupling : {array-like, sparse matrix} of shape (n_units, n_units)
            J, symmetric with a zero diagonal; visible units come first. The machine
            works in its precision. All of J counts, also what `mask` and the switches
            forbid to learn.
        intercept : array-like of shape (n_units,), default=None
            b; None means zeros.
        n_features : int, default=None
            Number of visible units; None means all.
        values : pair of float, default=(0, 1)
        **params : dict
            Other parameters of the machine by their names, but for `n_hidden`.

        Returns
        -------
        BoltzmannMachine
            It answers as a fitted one, and learns on as one of
            :meth:`BernoulliRBM.from_params` does.

        Raises
        ------
        ValueError
            If couplings are not symmetric, couple units to themselves or are not
            finite.

        Examples
        --------
        Two spins coupled by log 2: agreeing has the odds 2 / (1/2) = 4.

        >>> import numpy as np
        >>> from skboltz import BoltzmannMachine
        >>> J = np.log(2) * np.array([[0, 1], [1, 0]])
        >>> pair = BoltzmannMachine.from_params(J, values=(-1, 1))
        >>> pair.conditional_proba([[1.0, 1.0]])
        array([[0.8, 0.8]])
        """
        single = getattr(coupling, "dtype", None) == np.float32
        coupling, intercept = checked_system(coupling, intercept)
        n_units, dtype = len(intercept), np.float32 if single else np.float64
        n_features = check_visible(n_features, n_units)
        machine = cls(n_units - n_features, values=values, **params)
        machine._validate_params()
        machine._values = check_values(values)
        dense = coupling.toarray() if sparse.issparse(coupling) else coupling
        machine.n_features_in_ = n_features
        given = PairwiseParams(dense.astype(dtype), Bias(intercept.astype(dtype)))
        return machine._begin_with(machine._attributes_of(given))

    def _publish_params(self, params):
        dtype = self.coupling_.dtype
        self.coupling_ = params.coupling.astype(dtype)
        self.intercept_ = params.units.bias.astype(dtype)

    # Learning ---------------------------------------------------------------

    def _resumes(self):
        if not self.__sklearn_is_fitted__():
            return False
        n_hidden = self._n_hidden
        if n_hidden != self.n_hidden:
            raise ValueError(
                f"n_hidden is {self.n_hidden}, but the model to go on from has "
                f"{n_hidden} hidden units; set it back, or begin anew by fit with "
                f"warm_start=False."
            )
        before = self._values_kept()
        if check_values(self.values) != before:
            raise ValueError(
                f"values are {self.values}, but those of the model to go on from are "
                f"{before}; convert it by with_values, or begin anew by fit with "
                f"warm_start=False."
            )
        return True

    def _prepare(self, n_features):
        self._values = check_values(self.values)
        layers = self.visible_visible, self.visible_hidden, self.hidden_hidden
        self._mask = connectivity(n_features, self.n_hidden, layers, self.mask)
        if self.method in SOLVERS and self.n_hidden:
            raise ValueError(
                f'method="{self.method}" needs n_hidden=0, found {self.n_hidden}: with '
                f"hidden units the problem is not convex. Use one of {sorted(PHASES)}."
            )
        if self.method == "moments" and self.l1:
            raise ValueError(
                f'method="moments" takes l2 alone, found l1={self.l1}; use '
                f'method="pseudo-likelihood" for couplings that are exactly 0.'
            )
        check_betas(self.betas, last=1)
        check_clamping_noise(self.clamping_noise)
        self._check_tractable(self._mask)

    def _check_tractable(self, mask):
        """Refuse a sum over states that would not end."""
        if self.method == "exact":
            remedy = 'method="pcd", fewer units, or fewer couplings'
            check_states(coupled.n_terms(mask), "exact", remedy)
        elif self.method == "moments":
            remedy = 'method="pseudo-likelihood", or fewer units'
            check_states(_newton_terms(mask), "moments", remedy)

    def _initial_params(self, X, stream, mean, total):
        model, dtype = self._model, self._precision(X)
        return learning.initial_pairwise_params(
            model, stream, mean, total, self._mask, dtype
        )

    def _precision(self, X):
        """Solvers work in double precision, and keep it but for float32."""
        single = X.dtype == np.float32 or self.method in PHASES
        return float_type(X) if single else np.dtype(np.float64)

    def _recipe(self, X):
        hidden = self._mask[X.shape[1] :, X.shape[1] :]
        positive, negative = self._phases(X, hidden)
        return learning.TwoPhaseLearner(
            model=self._model,
            positive=positive,
            negative=negative,
            gradient=GRADIENTS[self.gradient](self._mask),
            optimiser=self._optimiser(),
            decay=learning.WeightDecay(self.l1, self.l2),
            sparsity=learning.SparsityTarget(),
            batch_size=self.batch_size,
        )

    def _phases(self, X, hidden):
        """Positive and negative phase; `hidden` is the mask of the hidden units."""
        return PHASES.get(self.method, PHASES["pcd"])(self, X, hidden)

    def _train(self, X, y, weight, n_epochs, context):
        if self.method in SOLVERS:
            self._solve(X, weight)
            context.call_on_fit_task_end(estimator=self, X=X, y=y)
        else:
            vars(self).pop("moment_gap_", None)  # of an earlier solution
            super()._train(X, y, weight, n_epochs, context)

    def _run_epoch(self, recipe, state, data, rate):
        """An epoch; of a restricted machine it is one of an RBM."""
        layered = learning.layered(recipe, state.params)
        if layered is None:
            return super()._run_epoch(recipe, state, data, rate)
        epoch = super()._run_epoch(layered, layered.entered(state), data, rate)
        state, progress, rate = epoch
        return layered.left(state), progress, rate

    def _solve(self, X, weight):
        """The couplings of the largest (pseudo-)likelihood, all rows at once."""
        if has_missing(X):
            raise ValueError(
                f'X contains NaN, which method="{self.method}" does not take. Use '
                f'method="pcd", or "exact", that sum missing values out, or fill them.'
            )
        unit, n_features = self._visible_unit, X.shape[1]
        pairs = learning.all_pairs(n_features, self._mask)
        moments = finite_moments(X, pairs, weight)
        solve = SOLVERS[self.method]
        found = solve(unit, X, pairs, weight, self.l1, self.l2)
        self._publish_params(found.params)
        self.n_iter_ = found.n_iter
        self.moment_gap_ = self._moment_gap(found.params, pairs, moments)

    def _moment_gap(self, params, pairs, moments):
        """Largest difference of a mean or a pair from the data; NaN if too costly."""
        terms = coupled.n_terms(params.coupling) * len(params.coupling)
        if terms > likelihood.TRACTABLE_TERMS:
            return np.nan
        known = np.full((1, pairs.n_units), np.nan)
        found = partly_known.moments(self._visible_unit, params, known)
        reached = pairs.vector(found.mean[0], found.pairs)
        return float(np.abs(reached - moments).max())

    def _attributes(self, state):
        """Fitted attributes that hold a training state."""
        attributes = self._attributes_of(state.params)
        return attributes | {"_training_state": state._replace(params=None)}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self.method in PHASES
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _begun(visible_mean, hidden_mean, shuffle):
    """The state of a training that has chains and velocities still to begin."""
    offsets = learning.Offsets(visible_mean, hidden_mean)
    return learning.TrainingState(None, (), None, offsets, shuffle)


def _newton_terms(mask):
    """Products in the covariance of all means and pairs, over all states."""
    n_statistics = len(mask) + int(np.count_nonzero(mask)) // 2
    return 2 ** len(mask) * n_statistics**2 // 100  # a product of matrices is that fast
