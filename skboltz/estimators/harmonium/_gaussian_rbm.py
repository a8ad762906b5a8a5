"""The restricted Boltzmann machine with Gaussian visible and binary hidden units."""

from dataclasses import replace
from numbers import Real
from typing import ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ... import learning
from ..._sklearn import Interval, StrOptions
from ...models import Bipartite
from ...sampling import Langevin, Purpose, Stream, gibbs
from ...units import BERNOULLI, GAUSSIAN
from ...utils import each, warn
from ..shared._validation import (
    NOT_LEARNT,
    check_scaling,
    check_sigma,
    check_variances,
    float_type,
    warn_of_unknown,
    weighted_moments,
)
from ._base import BaseRBM

# Rows of which some show hidden units where to start.
_LEAST_ROWS, _ROWS_EACH = 1000, 3
_LOOK_BACK = 200  # rows that tell whether a training went wrong
_VARIANCE_FACTOR = 0.3  # of the learning rate, for log-variances


class GaussianBernoulliRBM(BaseRBM):
    """Restricted Boltzmann machine with real-valued visible and binary hidden units.

    A density of real features,

        p(v) = sum_h exp(-E(v, h)) / Z,
        E(v, h) = sum_i (v_i - b_i)^2 / (2 s_i^2) - sum_ij h_j W_ji v_i / s_i^2 - c'h:

    a mixture of 2^n_components normal distributions whose means are b plus any subset
    of the rows of W, with variances s_i^2 that all of them share [1]_. Its scores are
    log-densities in nats, to be compared with those of
    :class:`sklearn.mixture.GaussianMixture` and
    :class:`sklearn.neighbors.KernelDensity`.

    Parameters
    ----------
    n_components : int, default=256
        Number of hidden units.

    learning_rate : float, default=0.01
        Size of a step along the gradient of the mean log-likelihood.

    batch_size : int, default=10
        Largest number of rows of a batch. An epoch is cut into as few batches as
        that allows, of nearly equal size.

    n_iter : int, default=10
        Number of epochs of `fit`.

    verbose : int, default=0
        Whether to write a line for each epoch, and some for each estimate of log Z.

    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the rows and the noise of the
        chains.

    method : {"pcd", "cd", "tempered", "fpcd", "restart", "exact"}, default="pcd"
        Where the negative phase comes from, see :class:`BernoulliRBM`; "exact" sums
        over the states of the hidden units (at most about 20).

    k : int, default=1
        Number of Gibbs sweeps of the chains for each batch.

    n_chains : int, default=None
        Number of chains (with "tempered", on each rung); None means `batch_size`,
        but at most 1000. "cd" takes one for each row of the batch.

    n_rungs : int, default=10
        Number of temperatures of "tempered".

    fast_learning_rate : float, default=None
        Rate of the fast weights of "fpcd"; None means `learning_rate`.

    momentum : float, default=0.0
        Between 0 and 1: share of the last step that is added to the next.

    schedule : {"constant", "linear", "exponential", "inverse_time"} or callable, \
default="constant"
        Factor of the learning rate as a function of the share of the epochs done
        before, see :class:`BernoulliRBM`.

    l1, l2 : float, default=0.0
        Weights of the penalties `sum |W|` and `1/2 sum W^2`, taken from the mean
        log-likelihood of a row.

    sparsity_target : float, default=None
        Mean activity towards which each hidden unit is pulled, between 0 and 1.

    sparsity_cost : float, default=0.1
        Strength of that pull.

    gradient : {"centered", "plain"}, default="centered"
        "centered" steps do not depend on where the features have their zero [2]_;
        "plain" is the gradient as it is.

    rate_guard : bool, default=False
        Whether an epoch that diverges is undone and tried again at half the rate, see
        :class:`BernoulliRBM`.

    warm_start : bool, default=False
        Whether `fit` goes on, for `n_iter` epochs more, from where it stopped.

    standardize : bool, default=True
        Whether the v of the energy is (x - mean) / scale, each feature x with the
        variance 1, in place of x - mean. What goes in and comes out is in units of x
        all the same, densities included: log p(x) = log p(v) - sum_i log scale_i.

    sigma : {"learned"}, float or array-like of shape (n_features,), default="learned"
        Standard deviations s of the features given the hidden units: learnt, beginning
        with what the hidden units leave of the variances, or given and fixed. With
        `standardize`, in units of the standard deviations of the data.

    variance_learning_rate : float, default=None
        Rate of the log-variances; None means 0.3 `learning_rate`; they follow its
        schedule.

    variance_bounds : tuple of two float, default=(1e-3, 10.0)
        Where learnt variances s^2 are kept, in units of the variances of the data. The
        density of a feature with few values, each the mean of a component, would grow
        without end as s falls.

    max_step : float, default=None
        Longest step of the weights of a hidden unit, as a share of the longest weight
        vector of all [2]_; None means any.

    initial_share : float, default=0.3
        Odds, about, that a hidden unit is on at the start of the training. Sparse
        features of images start from 0.01, a few clusters of equal weight from 1.

    sampler : "gibbs" or skboltz.sampling.Langevin, default="gibbs"
        How chains draw visible units given hidden ones, with the methods "cd", "pcd"
        and "restart": exactly, or by Langevin steps [3]_, such as
        ``Langevin(n_steps=10, step_size=0.5, adjusted=True)``. The `method` of
        :meth:`sample` may be the same.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The weights W: what each hidden unit adds to the mean of the visible ones, in
        units of `scale_`.

    intercept_visible_ : ndarray of shape (n_features,)
        The biases b: means of v while all hidden units are off, those of the features
        are ``mean_ + scale_ * b``.

    intercept_hidden_ : ndarray of shape (n_components,)
        The biases c.

    log_variance_ : ndarray of shape (n_features,)
        log s^2, in units of `scale_`.

    sigma_ : ndarray of shape (n_features,)
        s in units of the features.

    mean_, scale_ : ndarray of shape (n_features,)
        Mean and standard deviation of the rows of the first call of `fit` or
        `partial_fit`: ``v = (x - mean_) / scale_``. Without `standardize`, and for a
        constant feature, the scale is 1.

    h_samples_ : ndarray of shape (n_chains, n_components)
        Hidden states of the persistent chains, with method "pcd".

    n_iter_ : int
        Number of epochs done since the training began.

    history_ : dict of list
        As of :class:`BernoulliRBM`.

    n_features_in_ : int
        Number of features seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

    See Also
    --------
    BernoulliRBM : For binary features.
    skboltz.models.to_convention : Parameters in other published conventions.

    Notes
    -----
    NaN says that a value is missing, as in :class:`BernoulliRBM`: densities are then
    those of the features that are known. float64 stays float64; float32, integers and
    booleans are learnt in float32, batch by batch, but standardized in float64. A
    sparse X is centered batch by batch too, and never densified whole.

    References
    ----------
    .. [1] Cho, Ilin & Raiko (2011), "Improved learning of Gaussian-Bernoulli restricted
       Boltzmann machines", ICANN.
    .. [2] Melchior, Wang & Wiskott (2017), "Gaussian-binary restricted Boltzmann
       machines for modeling natural image statistics", PLOS ONE 12.
    .. [3] Liao, Kornblith, Ren, Fleet & Hinton (2022), "Gaussian-Bernoulli RBMs without
       tears".

    Examples
    --------
    Two clusters, at -1 and at 1: one hidden unit makes a mixture of two components, in
    place of the one normal distribution of the same mean and variance.

    >>> import numpy as np
    >>> from skboltz import GaussianBernoulliRBM
    >>> rng = np.random.RandomState(0)
    >>> X = np.repeat([[-1.0], [1.0]], 500, axis=0) + 0.2 * rng.normal(size=(1000, 1))
    >>> rbm = GaussianBernoulliRBM(1, learning_rate=0.1, n_iter=200, method="exact",
    ...                            schedule="linear", random_state=0).fit(X)
    >>> normal = -0.5 * np.log(2 * np.pi * np.e * X.var())
    >>> bool(rbm.score(X) > normal + 0.5)
    True
    >>> bool(abs(rbm.sigma_[0] - 0.2) < 0.02)
    True
    """

    _model: ClassVar = Bipartite(GAUSSIAN, BERNOULLI)

    _parameter_constraints: ClassVar = {
        **BaseRBM._parameter_constraints,
        "gradient": [StrOptions({"centered", "plain"})],
        "standardize": ["boolean"],
        "sigma": [StrOptions({"learned"}), Real, "array-like"],
        "variance_learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "variance_bounds": ["array-like"],
        "max_step": [Interval(Real, 0, None, closed="neither"), None],
        "initial_share": [Interval(Real, 0, None, closed="neither")],
        "sampler": [StrOptions({"gibbs"}), Langevin],
    }

    def __init__(
        self,
        n_components=256,
        *,
        learning_rate=0.01,
        batch_size=10,
        n_iter=10,
        verbose=0,
        random_state=None,
        method="pcd",
        k=1,
        n_chains=None,
        n_rungs=10,
        fast_learning_rate=None,
        momentum=0.0,
        schedule="constant",
        l1=0.0,
        l2=0.0,
        sparsity_target=None,
        sparsity_cost=0.1,
        gradient="centered",
        rate_guard=False,
        warm_start=False,
        standardize=True,
        sigma="learned",
        variance_learning_rate=None,
        variance_bounds=(1e-3, 10.0),
        max_step=None,
        initial_share=0.3,
        sampler="gibbs",
    ):
        self.n_components = n_components
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.n_iter = n_iter
        self.verbose = verbose
        self.random_state = random_state
        self.method = method
        self.k = k
        self.n_chains = n_chains
        self.n_rungs = n_rungs
        self.fast_learning_rate = fast_learning_rate
        self.momentum = momentum
        self.schedule = schedule
        self.l1 = l1
        self.l2 = l2
        self.sparsity_target = sparsity_target
        self.sparsity_cost = sparsity_cost
        self.gradient = gradient
        self.rate_guard = rate_guard
        self.warm_start = warm_start
        self.standardize = standardize
        self.sigma = sigma
        self.variance_learning_rate = variance_learning_rate
        self.variance_bounds = variance_bounds
        self.max_step = max_step
        self.initial_share = initial_share
        self.sampler = sampler

    @classmethod
    def from_params(
        cls,
        components,
        intercept_hidden=None,
        intercept_visible=None,
        *,
        log_variance=None,
        mean=None,
        scale=None,
        **params,
    ):
        """A machine of given weights, biases and variances, without any training.

        Parameters
        ----------
        components : array-like of shape (n_components, n_features)
            The weights W, in whose precision the machine works.
        intercept_hidden : array-like of shape (n_components,), default=None
            The biases c; None means zeros.
        intercept_visible : array-like of shape (n_features,), default=None
            The biases b; None means zeros.
        log_variance : array-like of shape (n_features,), default=None
            log s^2; None means 2 log `sigma` where that parameter is given, else zeros.
        mean, scale : array-like of shape (n_features,), default=None
            The v of the energy is (x - mean) / scale; None means zeros, and ones. They
            stay as they are when the machine learns on, whatever `standardize` says.
        **params : dict
            Parameters of the machine by their names, but for `n_components`.

        Returns
        -------
        GaussianBernoulliRBM
            It answers as a fitted one, and learns on as one of
            :meth:`BernoulliRBM.from_params` does. `variance_bounds` are then in units
            of the given variances.

        Raises
        ------
        ValueError
            If arrays do not go together, or are not finite; if a scale is not above
            0; if variances are given twice.

        See Also
        --------
        skboltz.models.from_convention : Weights in other published conventions.

        Examples
        --------
        Without weights, independent normal features: log p(0) = -log(2 pi) / 2 - log s.

        >>> import numpy as np
        >>> from skboltz import GaussianBernoulliRBM
        >>> rbm = GaussianBernoulliRBM.from_params([[0.0]], log_variance=np.log([4.0]))
        >>> rbm.score_samples([[0.0]]).round(6)  # -0.918939 - 0.693147
        array([-1.612086])
        """
        sigma = params.get("sigma", "learned")
        if not isinstance(sigma, str):
            log_variance = _of_sigma(sigma, log_variance, np.shape(components)[-1])
        given = components, intercept_hidden, intercept_visible, log_variance
        machine = cls._of_params(given, params)
        n_features = machine.n_features_in_
        scaling = check_scaling(mean, scale, n_features)
        machine.mean_, machine.scale_ = scaling
        machine._began_with = machine._begins_with()
        return machine

    @property
    def sigma_(self):
        """Standard deviations of the features given the hidden units."""
        return np.exp(0.5 * self.log_variance_) * getattr(self, "scale_", 1.0)

    @property
    def _scaling(self):
        """From features to values of the visible units."""
        if getattr(self, "scale_", None) is None:
            return None
        return learning.Scaling(self.mean_, self.scale_)

    def _prepare(self, n_features):
        super()._prepare(n_features)
        check_sigma(self.sigma, n_features)
        check_variances(self.variance_bounds)
        if self.sampler != "gibbs" and self.method not in ("cd", "pcd", "restart"):
            raise ValueError(
                f'sampler={self.sampler!r} needs method="cd", "pcd" or "restart", '
                f'found "{self.method}".'
            )

    def _resumes(self):
        resumes = super()._resumes()
        if not resumes:
            return False
        for name, before in getattr(self, "_began_with", {}).items():
            if not _is_same(getattr(self, name), before):
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}, but the model to go on from "
                    f"has begun with {before!r}; set it back, or begin anew by fit "
                    f"with warm_start=False."
                )
        return True

    def _begins_with(self):
        """Parameters that stay as they are throughout a training."""
        return {"standardize": self.standardize, "sigma": self.sigma}

    def _first_state(self, X, seen, weight, key, params):
        mean, variance = weighted_moments(X, weight, seen.missing)
        constant, unknown = variance == 0, np.isnan(variance)
        if unknown.any():
            warn_of_unknown(self, np.flatnonzero(unknown), NOT_LEARNT)
        still = constant | unknown
        scale = np.sqrt(np.where(still, 1.0, variance))
        if params is not None:
            return self._state_from(X, params, mean, key)
        vectors = self._directions(X, weight, learning.Scaling(mean, scale), key)
        vectors[:, still] = 0
        self.mean_ = mean
        self.scale_ = scale if self.standardize else np.ones_like(mean)
        self._began_with = self._begins_with()
        self._variance = (scale / self.scale_) ** 2
        # What does not vary begins, and ends, with as little variance as may be.
        variance = np.where(constant, self.variance_bounds[0], 1) * self._variance
        sigma = None if self._learns_sigma() else self.sigma
        start = np.zeros_like(mean), variance, self.initial_share, sigma
        params = learning.gaussian_start(vectors, *start)
        params = each(lambda array: array.astype(float_type(X)), params)
        return self._recipe(X).init(params, np.zeros_like(mean), key)

    def _state_from(self, X, params, mean, key):
        """Where a training on rows of that mean goes on from given parameters."""
        # Rows may be few, and what is given must lie within the bounds.
        self._variance = np.exp(params.visible.log_variance.astype(np.float64))
        if self._scaling is not None:
            mean = self._scaling.forward(mean, np.float64)
        return self._recipe(X).init(params, mean, key)

    def _directions(self, X, weight, scaling, key):
        """Vectors of length 1 along some rows."""
        data = learning.Data(X, weight, scaling)
        generator = Stream(key, Purpose.WEIGHTS).generator()
        size = max(_LEAST_ROWS, _ROWS_EACH * self.n_components)
        rows = learning.drawn_rows(data, size, generator)
        rows = data.batch(rows, np.float64).values
        rows = np.nan_to_num(rows)  # missing: as the mean
        return learning.directions(rows, self.n_components, generator)

    def _train(self, X, y, weight, n_epochs, context):
        super()._train(X, y, weight, n_epochs, context)
        # A call of partial_fit may be too short for such a look back.
        if context is not None and n_epochs and not self._is_sound(X[:_LOOK_BACK]):
            warn(
                "The training ended with a machine that prefers other states to the "
                "data by far; its density is of no use. Lower `learning_rate`, or set "
                "rate_guard=True.",
                ConvergenceWarning,
            )

    def _is_sound(self, X):
        state = self._training_state._replace(params=self._params())
        return learning.is_sound(self._recipe(X), state, self._data(X, None))

    def _learns_sigma(self):
        return isinstance(self.sigma, str)

    def _recipe(self, X):
        recipe = super()._recipe(X)
        gradient = recipe.gradient
        if self.max_step is not None:
            gradient = learning.ClippedGradient(gradient, self.max_step)
        bounds = learning.Unbounded()
        if self._learns_sigma():
            low, high = self.variance_bounds
            limits = np.log(low * self._variance), np.log(high * self._variance)
            bounds = learning.VarianceBounds(*limits)
        factor = self._variance_factor()
        gradient = learning.VarianceScaled(gradient, factor, bounds)
        return replace(recipe, gradient=gradient, bounds=bounds)

    def _variance_factor(self):
        if not self._learns_sigma():
            return 0.0
        if self.variance_learning_rate is None:
            return _VARIANCE_FACTOR
        return self.variance_learning_rate / self.learning_rate

    def _draw(self):
        """How chains of the training draw visible units."""
        if self.sampler == "gibbs":
            return gibbs.draw_visible
        return self.sampler.draw_visible


def _is_same(value, before):
    """Whether a parameter that is text, a number or an array is what it was."""
    if isinstance(value, str) or isinstance(before, str):
        # NumPy 2.0.0, 2.0.1 and 2.1.0 cannot compare text with a number.
        return type(value) is type(before) and value == before
    return np.array_equal(value, before)


def _of_sigma(sigma, log_variance, n_features):
    """Log-variances of standard deviations that are given as a parameter."""
    if log_variance is not None:
        raise ValueError(
            "log_variance and sigma are both given, and say the same thing: leave one "
            'of them out. With sigma="learned", the default, training moves the '
            "variances; a sigma that is given keeps them."
        )
    check_sigma(sigma, n_features)
    return np.full(n_features, 2 * np.log(np.asarray(sigma, dtype=np.float64)))
