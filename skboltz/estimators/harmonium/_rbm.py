"""The restricted Boltzmann machine with binary units."""

from typing import ClassVar

import numpy as np

from ... import learning, likelihood
from ...models import Bipartite
from ...units import BERNOULLI
from ..questions._rows import Rows
from ..shared._epochs import as_line
from ._base import BaseRBM

_ROWS_TOLD_OF = 100


class BernoulliRBM(BaseRBM):
    """Restricted Boltzmann machine with binary visible and hidden units.

    A model of the joint distribution of binary features,

        P(v) = sum_h exp(-E(v, h)) / Z,   E(v, h) = -b'v - c'h - h'Wv,

    whose hidden units are independent given the visible ones: their means are
    features for other estimators. A drop-in for
    :class:`sklearn.neural_network.BernoulliRBM` that also samples, and whose
    scores are log-likelihoods in nats.

    Parameters
    ----------
    n_components : int, default=256
        Number of hidden units.

    learning_rate : float, default=0.1
        Size of a step along the gradient of the mean log-likelihood.

    batch_size : int, default=10
        Largest number of rows of a batch. An epoch is cut into as few batches as
        that allows, of nearly equal size.

    n_iter : int, default=10
        Number of epochs of `fit`.

    verbose : int, default=0
        Whether to write a line for each epoch: it begins like scikit-learn's, with the
        mean pseudo-likelihood of the first 100 rows, of those without gaps. Estimates
        of log Z write some lines as well.

    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the rows and the noise of the
        chains.

    method : {"pcd", "cd", "tempered", "fpcd", "restart", "exact"}, default="pcd"
        Where the negative phase comes from: "pcd", chains that persist from batch to
        batch [2]_; "cd", chains of k sweeps from the rows of the batch [1]_;
        "tempered", persistent chains at `n_rungs` temperatures that exchange states
        [4]_; "fpcd", persistent chains driven on by fast weights [5]_; "restart", k
        sweeps from random states each time, for a machine that samples well in k
        sweeps and has no trustworthy likelihood [6]_; "exact", a sum over all states
        of the smaller layer (for at most about 20 units there).

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
        before: 0 in the first epoch, below 1 in the last.
        "linear" falls towards 0, "exponential" towards 1/100, "inverse_time" towards
        1/10. Each call of `fit` begins anew; `partial_fit` takes the full rate.

    l1, l2 : float, default=0.0
        Weights of the penalties `sum |W|` and `1/2 sum W^2`, taken from the mean
        log-likelihood of a row.

    sparsity_target : float, default=None
        Mean activity towards which each hidden unit is pulled, between 0 and 1.

    sparsity_cost : float, default=0.1
        Strength of that pull.

    gradient : {"plain", "centered", "sign"}, default="plain"
        "centered" steps do not depend on which value is called 0 [3]_. Take them where
        the likelihood counts, and where most features are mostly on; "plain" ones, the
        gradient as it is, find sparser hidden units. "sign" moves each parameter by
        `learning_rate` (in proportion to the weight of the batch) whatever the size of
        its gradient, penalties included.

    rate_guard : bool, default=False
        Whether an epoch that diverges is undone and tried again at half the rate,
        with a warning, up to twenty times before an error. The rate then stays there. A
        machine that ten sweeps lead away from the data to states preferred by more
        than log 2 nats for each feature counts as diverged too.

    sample_visible : bool, default=False
        Whether the states of the visible units are drawn anew for every batch, with
        the values of X for probabilities, in place of those values being learnt from.

    warm_start : bool, default=False
        Whether `fit` goes on, for `n_iter` epochs more, from where it stopped.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The weights W.

    intercept_visible_ : ndarray of shape (n_features,)
        The biases b, which start at the log-odds of the data.

    intercept_hidden_ : ndarray of shape (n_components,)
        The biases c.

    h_samples_ : ndarray of shape (n_chains, n_components)
        Hidden states of the persistent chains, with method "pcd".

    n_iter_ : int
        Number of epochs done since the training began.

    history_ : dict of list
        For each epoch its number, the learning rate, "moment_gap" (root mean square,
        over batches and features, of the difference between the visible means of a
        batch and of the chains),
        "hidden_activation" (mean of the hidden units under the data), "weight_norm"
        (root of the sum of squares) and seconds.

    n_features_in_ : int
        Number of features seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

    See Also
    --------
    skboltz.callbacks : Monitors, early stopping and checkpoints.
    skboltz.plotting : Filters, samples and training curves.

    Notes
    -----
    X holds values in [0, 1]; those between are read as the probabilities of units
    being on. Values outside raise a `DataRangeWarning`, in `fit` and afterwards.
    float32 stays float32;
    integers and booleans are learnt in float32, batch by batch, and a sparse X is
    never densified whole.

    References
    ----------
    .. [1] Hinton (2002), "Training products of experts by minimizing contrastive
       divergence", Neural Computation 14.
    .. [2] Tieleman (2008), "Training restricted Boltzmann machines using
       approximations to the likelihood gradient", ICML.
    .. [3] Melchior, Fischer & Wiskott (2016), "How to center deep Boltzmann
       machines", JMLR 17.
    .. [4] Desjardins, Courville, Bengio, Vincent & Delalleau (2010), "Tempered
       Markov chain Monte Carlo for training of restricted Boltzmann machines",
       AISTATS.
    .. [5] Tieleman & Hinton (2009), "Using fast weights to improve persistent
       contrastive divergence", ICML.
    .. [6] Decelle, Furtlehner & Seoane (2021), "Equilibrium and non-equilibrium
       regimes in the learning of restricted Boltzmann machines", NeurIPS.

    Examples
    --------
    Two features that are always equal have the entropy of one coin, log 2: the best
    mean log-likelihood is -0.693, that of two free coins -1.386.

    >>> import numpy as np
    >>> from skboltz import BernoulliRBM
    >>> X = np.array([[0.0, 0.0], [1.0, 1.0]])
    >>> rbm = BernoulliRBM(n_components=1, method="exact", learning_rate=1.0,
    ...                    n_iter=2000, random_state=0).fit(X)
    >>> bool(-0.71 < rbm.score(X) < -0.6931)
    True
    >>> rbm.sample(3, random_state=1).shape
    (3, 2)
    """

    _model: ClassVar = Bipartite(BERNOULLI, BERNOULLI)

    _parameter_constraints: ClassVar = {
        **BaseRBM._parameter_constraints,
        "sample_visible": ["boolean"],
    }

    def __init__(
        self,
        n_components=256,
        *,
        learning_rate=0.1,
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
        gradient="plain",
        rate_guard=False,
        sample_visible=False,
        warm_start=False,
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
        self.sample_visible = sample_visible

    @classmethod
    def from_params(
        cls, components, intercept_hidden=None, intercept_visible=None, **params
    ):
        """A machine of given weights and biases, without any training.

        Parameters
        ----------
        components : array-like of shape (n_components, n_features)
            The weights W, in whose precision the machine works.
        intercept_hidden : array-like of shape (n_components,), default=None
            The biases c; None means zeros.
        intercept_visible : array-like of shape (n_features,), default=None
            The biases b; None means zeros.
        **params : dict
            Parameters of the machine by their names, but for `n_components`.

        Returns
        -------
        BernoulliRBM
            It answers as a fitted one. `partial_fit`, and `fit` with `warm_start`, go
            on from its weights: `n_iter_` is 0 then, velocities are none, and chains
            and the means of a centered gradient begin with the first rows.

        Raises
        ------
        ValueError
            If arrays do not go together, or are not finite.

        Examples
        --------
        Two features that a hidden unit ties together: with h = 0 all four states have
        the weight 1, with h = 1 the state (1, 1) has 4 and the others 1, 2 and 2.

        >>> import numpy as np
        >>> from skboltz import BernoulliRBM
        >>> rbm = BernoulliRBM.from_params(np.log([[2.0, 2.0]]))
        >>> np.exp(rbm.score_samples([[1.0, 1.0]])).round(6)  # (1 + 4) / (4 + 9)
        array([0.384615])
        """
        return cls._of_params((components, intercept_hidden, intercept_visible), params)

    def _line(self, last, X, state):
        number, seconds = last.pop("epoch"), last.pop("seconds")
        value = self._pseudo_likelihood_of_first(X, state.params)
        return (
            f"Iteration {number}, pseudo-likelihood = {value:.2f}, "
            f"time = {seconds:.2f}s, {as_line(last)}"
        )

    def _pseudo_likelihood_of_first(self, X, params):
        """Mean over the first rows, NaN if none is complete."""
        _, v = next(Rows(params.weights.dtype).chunks(X[:_ROWS_TOLD_OF]))
        v = v[~np.isnan(v).any(axis=1)]
        found = likelihood.pseudo_log_likelihood(self._model, params, v)
        return found.mean() if len(v) else np.nan

    def _data(self, X, weight):
        if self.sample_visible:
            return learning.DrawnData(X, weight)
        return super()._data(X, weight)
