"""The deep belief network: a generative model of stacked machines."""

from numbers import Integral
from typing import ClassVar

import numpy as np
from scipy import sparse
from sklearn.base import (
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
)
from sklearn.utils.validation import check_is_fitted

from ... import likelihood
from ..._saved import Estimator
from ..._sklearn import Interval, StrOptions, fit_context
from ...sampling import in_float64
from ..questions._samples import (
    check_strategy,
    imputed,
    own_random_state,
    sample_stream,
)
from ..questions._shown import check_shown
from ..questions._sweeps import swept
from ..shared._validation import (
    as_rows,
    check_and_look,
    check_count,
    check_layer,
    learnable_rows,
)
from ._deep import Deep, up_down_stage
from ._deep_scores import DeepScores
from ._given_layers import replace_lists, sizes_of
from ._layers import (
    afresh,
    check_stack,
    features,
    further,
    moved,
    one_pass,
    stacked,
)
from ._up_down_stage import UpDownStage


class DeepBeliefNetwork(
    DeepScores,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    DensityMixin,
    Estimator,
):
    """Deep belief network: directed layers of features under a Boltzmann machine.

    A model of features v by layers of binary hidden units,

        P(v, h1, .., hL) = P(v | h1) .. P(h_L-2 | h_L-1) P(h_L-1, hL),

    whose top is a restricted Boltzmann machine, and whose other layers are each given
    by the one above [1]_. Trained greedily: every layer is a machine that learns the
    hidden units of the one below it, and may then be fine-tuned together with the
    others by the up-down algorithm.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, default=(256, 256)
        Number of hidden units of each layer, from the features up.

    layers : BernoulliRBM, GaussianBernoulliRBM or list of them, default=None
        What layers are and how they learn: machines to be cloned, each given the
        number of hidden units of its layer. Of fewer machines than layers the last
        serves for all above. A fitted machine in a
        :class:`sklearn.frozen.FrozenEstimator` is taken as it is. A
        :class:`GaussianBernoulliRBM`, for real features, comes first. None means
        ``BernoulliRBM(method="cd", momentum=0.5, n_iter=30)`` everywhere.

    train_on : {"probabilities", "samples"}, default="probabilities"
        What layers above the first learn from: the means of the units below given the
        data, or states drawn from them anew for every batch.

    fine_tuning : {"none", "up-down"}, default="none"
        What follows: nothing, or `n_iter` epochs of contrastive wake-sleep, in which
        the weights of the two directions part [1]_.

    solver : {"sgd", "adam"}, default="sgd"
        How steps of the fine-tuning are taken: with `momentum`, or by Adam [4]_.

    learning_rate : float, default=None
        Size of the steps of the fine-tuning; None means 0.01 with "sgd" and 0.003 with
        "adam".

    momentum : float, default=0.9
        Share of the last step that is added to the next, with "sgd".

    method : {"cd", "pcd"}, default="cd"
        Where dreams begin: "cd", at the batch that went up; "pcd", at chains of the
        top machine, `batch_size` of them, that persist from batch to batch [5]_.

    k : int, default=1
        Number of sweeps of the top machine between the way up, or the last batch, and
        the way down. The larger the weights have become, the more are needed: raise it
        and go on with `warm_start`.

    n_iter : int, default=10
        Number of epochs of fine-tuning; machines in `layers` have their own.

    batch_size : int, default=20
        Largest number of rows of a batch of the fine-tuning.

    schedule : {"constant", "linear", "exponential", "inverse_time"} or callable, \
default="constant"
        Factor of the learning rate as a function of the share of the epochs done
        before, see :class:`BernoulliRBM`.

    l2 : float, default=0.0
        Weight of the penalty `1/2 sum W^2` in the fine-tuning.

    output_layer : int, default=-1
        The layer whose hidden units `transform` gives: 0 is the lowest, -1 the top.

    warm_start : bool, default=False
        Whether `fit` goes on from where it stopped: with the fine-tuning, or with the
        epochs of every layer if there is none. The layers are those there are: what
        was changed in `layers` counts for nothing.

    verbose : int, default=0
        Whether to write a line for each epoch.

    random_state : int, RandomState instance or None, default=None
        Determines the fine-tuning, and machines in `layers` whose own is None.

    Attributes
    ----------
    layers_ : list of BernoulliRBM or GaussianBernoulliRBM
        The fitted layers, from the features up. Their weights and visible units are
        those of the generative direction; the last one is the top. Hidden biases of the
        others belong to no direction once these are untied: take layers out of a
        network that is not fine-tuned.

    recognition_weights_, recognition_intercepts_ : list of ndarray
        Weights and biases of the way up, for all layers but the top: those of
        `layers_`, unless fine-tuned.

    n_iter_ : int
        Number of epochs of fine-tuning done.

    history_ : dict
        "pretraining" holds the `history_` of every layer, "fine_tuning" for each epoch
        its number, the learning rate, "reconstruction" (mean of log P(v | h1) of up to
        1000 rows, h1 drawn given v, real features being standardized; nats),
        "weight_norm" (of the top) and seconds.

    n_features_in_ : int
        Number of features seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

    See Also
    --------
    DBNClassifier : Fine-tuned to tell classes apart.

    Notes
    -----
    Scores are exact where the hidden layers below the top can be summed out, in at most
    10^6 terms for a row, and else lower bounds of log-likelihoods [2]_ [3]_: the hidden
    layers are drawn from the recognition model, with the same noise for every row. log
    Z is that of the top machine.

    Callbacks set here see the epochs of the fine-tuning; those of a layer are set on a
    machine of `layers`.

    NaN means missing: in scores, `impute` and `sample` always, in `fit`, `partial_fit`
    and `transform` without fine-tuning. Given what is known, hidden units are no longer
    independent: chains draw them one after the other, from the layer above and what
    they explain of the layer below [6]_.

    References
    ----------
    .. [1] Hinton, Osindero & Teh (2006), "A fast learning algorithm for deep belief
       nets", Neural Computation 18.
    .. [2] Salakhutdinov & Murray (2008), "On the quantitative analysis of deep belief
       networks", ICML.
    .. [3] Burda, Grosse & Salakhutdinov (2016), "Importance weighted autoencoders",
       ICLR.
    .. [4] Kingma & Ba (2015), "Adam: a method for stochastic optimization", ICLR.
    .. [5] Tieleman (2008), "Training restricted Boltzmann machines using
       approximations to the likelihood gradient", ICML.
    .. [6] Neal (1992), "Connectionist learning of belief networks", Artificial
       Intelligence 56.

    Examples
    --------
    With one layer it is that machine, and its score is exact where that is small:

    >>> from skboltz import BernoulliRBM, DeepBeliefNetwork
    >>> from skboltz.datasets import make_bars_and_stripes
    >>> X, _ = make_bars_and_stripes(3)
    >>> rbm = BernoulliRBM(random_state=0)
    >>> dbn = DeepBeliefNetwork((8,), layers=rbm).fit(X)
    >>> alone = BernoulliRBM(8, random_state=0).fit(X)
    >>> bool(abs(dbn.score(X) - alone.score(X)) < 1e-6)
    True
    >>> dbn = DeepBeliefNetwork((8, 4), layers=rbm, random_state=0).fit(X)
    >>> dbn.transform(X).shape, dbn.sample(5, random_state=0).shape
    ((14, 4), (5, 9))

    Missing values are filled in, and what is known stays as it is:

    >>> import numpy as np
    >>> gaps = np.array([[1, 1, 1, 0, 0, 0, np.nan, np.nan, np.nan]])
    >>> filled = dbn.impute(gaps)
    >>> bool((filled[:, :6] == gaps[:, :6]).all()), filled.shape
    (True, (1, 9))
    """

    _rates: ClassVar = {
        ("cd", "sgd"): 0.01,
        ("cd", "adam"): 0.003,
        ("pcd", "sgd"): 0.01,
        ("pcd", "adam"): 0.003,
    }
    _parameter_constraints: ClassVar = {
        **Deep._parameter_constraints,
        "fine_tuning": [StrOptions({"none", "up-down"})],
        "solver": [StrOptions({"adam", "sgd"})],
        "output_layer": [Interval(Integral, None, None, closed="neither")],
    }

    def __init__(
        self,
        hidden_layer_sizes=(256, 256),
        *,
        layers=None,
        train_on="probabilities",
        fine_tuning="none",
        solver="sgd",
        learning_rate=None,
        momentum=0.9,
        method="cd",
        k=1,
        n_iter=10,
        batch_size=20,
        schedule="constant",
        l2=0.0,
        output_layer=-1,
        warm_start=False,
        verbose=0,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.layers = layers
        self.train_on = train_on
        self.fine_tuning = fine_tuning
        self.solver = solver
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.method = method
        self.k = k
        self.n_iter = n_iter
        self.batch_size = batch_size
        self.schedule = schedule
        self.l2 = l2
        self.output_layer = output_layer
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    # Learning ---------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, sample_weight=None):
        """Train the layers one after the other, then together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None
            How often each row counts.

        Returns
        -------
        self

        Raises
        ------
        DivergenceError
            If a parameter is no longer finite. The layers trained so far, and the
            last finished epoch of the fine-tuning, stay.
        """
        resume = self.warm_start and self._resumes()
        X, y, weight = self._checked(X, y, sample_weight, reset=not resume)
        context = self._root_context()
        if not resume:
            self._start(X, weight, context, afresh)
        elif not self._fine_tunes():
            self._train_layers(self.layers_, X, weight, context, further)
        if self._fine_tunes():
            self._tune(X, y, weight, self.n_iter, context)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y=None, sample_weight=None):
        """Learn from one pass over some rows, and keep what was learnt before.

        Without fine-tuning every layer makes one pass. With it the first call trains
        the layers, as `fit` does; it and all others are then one epoch of fine-tuning.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : ignored
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        resume = self._resumes()
        X, y, weight = self._checked(X, y, sample_weight, reset=not resume)
        if not resume:
            self._start(X, weight, None, afresh if self._fine_tunes() else one_pass)
        elif not self._fine_tunes():
            self._train_layers(self.layers_, X, weight, None, one_pass)
        if self._fine_tunes():
            self._tune(X, y, weight, 1, None)
        return self

    def _checked(self, X, y, sample_weight, reset):
        complete_for = "the up-down algorithm" if self._fine_tunes() else None
        X, seen = check_and_look(self, X, reset, complete_for)
        return learnable_rows(X, y, sample_weight, seen.missing)

    def _fine_tunes(self):
        return self.fine_tuning == "up-down"

    @classmethod
    def from_params(
        cls, layers, *, recognition_weights=None, recognition_intercepts=None, **params
    ):
        """A network of fitted layers, without any training.

        Parameters
        ----------
        layers : list of BernoulliRBM or GaussianBernoulliRBM
            Fitted, or made by their own `from_params`, from the features up. They are
            copied.
        recognition_weights, recognition_intercepts : list of ndarray, default=None
            What leads upwards, of all layers but the top, as the attributes hold it;
            None means what leads downwards.
        **params : dict
            Parameters of the network by their names, but for `hidden_layer_sizes`. For
            a later `fit` from scratch, `layers` is then None.

        Returns
        -------
        DeepBeliefNetwork
            It answers as a fitted one. `partial_fit`, and `fit` with `warm_start`, go
            on with its layers, or with their fine-tuning.

        Raises
        ------
        ValueError
            If layers and arrays do not go together.

        Examples
        --------
        Without weights every unit is a fair coin, whatever the layers.

        >>> import numpy as np
        >>> from skboltz import BernoulliRBM, DeepBeliefNetwork
        >>> layers = [BernoulliRBM.from_params(np.zeros((3, 2))),
        ...           BernoulliRBM.from_params(np.zeros((2, 3)))]
        >>> dbn = DeepBeliefNetwork.from_params(layers)
        >>> np.exp(dbn.score_samples([[1.0, 0.0]])).round(6)
        array([0.25])
        """
        machines = stacked(layers)
        check_stack(machines)
        dbn = cls(sizes_of(machines), **params)
        dbn._validate_params()
        dbn._key, _ = dbn._new_seeds()
        dbn._begin_anew(UpDownStage.columns)
        dbn._adopt(machines)
        given = {"recognition_weights_": recognition_weights}
        given |= {"recognition_intercepts_": recognition_intercepts}
        replace_lists(dbn, given)
        return dbn

    def _adopt(self, machines):
        super()._adopt(machines)
        self._know_up()

    def _start(self, X, weight, context, learn):
        """Train new layers, and tie both directions together."""
        self._key, generator = self._new_seeds()
        self._begin_anew(UpDownStage.columns)
        vars(self).pop("random_state_", None)  # what is drawn later begins anew
        self._fine_tuning_state, self.layers_ = None, []
        machines = self._new_layers(X.shape[1], generator)
        self._train_layers(machines, X, weight, context, learn)

    def _publish_layer(self, i, machine):
        super()._publish_layer(i, machine)
        self._know_up()

    def _know_up(self):
        """What leads upwards, as the layers below the top have it."""
        self._fine_tuning_state = None  # what it carries is of other layers
        directed = self.layers_[:-1]
        params = [layer._params() for layer in directed]
        self.recognition_weights_ = [part.weights for part in params]
        self.recognition_intercepts_ = [part.hidden.bias for part in params]

    def _tune(self, X, y, weight, n_epochs, context):
        """Epochs of the up-down algorithm."""
        stage, data, layers = self._stage(), self._data(X, weight), self.layers_
        if self._fine_tuning_state is None:
            state = stage.start(layers, self._key)
        else:
            before = self._fine_tuning_state, stage.params(self)
            state = stage.resumed(layers, *before, data)

        def advance(state, rate):
            return *stage.advance(layers, state, data, rate), rate

        self._fine_tune(X, y, state, n_epochs, context, advance)

    def _stage(self):
        return up_down_stage(self)

    def _attributes(self, state):
        return self._stage().attributes(self.layers_, state)

    def _params(self):
        return self._stage().params(self)

    def __sklearn_is_fitted__(self):
        return bool(getattr(self, "layers_", []))

    # Features ---------------------------------------------------------------

    @property
    def _n_features_out(self):
        return len(self.layers_[self._layer_number()].components_)

    def _layer_number(self):
        n_layers = len(self.layers_)
        if not -n_layers <= self.output_layer < n_layers:
            raise ValueError(
                f"output_layer is {self.output_layer}, but there are {n_layers} "
                f"layers, from 0 to {n_layers - 1}."
            )
        return self.output_layer % n_layers

    def _way_up(self):
        """The layers as machines that lead upwards."""
        params = self._params()
        pairs = zip(self.layers_, params.recognition)  # noqa: B905, the top has none
        return [*(moved(*pair) for pair in pairs), self.layers_[-1]]

    def transform(self, X):
        """Means of the hidden units of a layer, given those of the layer below.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Where values are missing (NaN), what `transform` gives on average over
            P(missing | known) of the network: exactly where hidden layers and missing
            features together have at most 10^6 states, else by chains, with the same
            noise for every row. After fine-tuning every value is needed.

        Returns
        -------
        ndarray of shape (n_samples, n_units)
            Of the layer `output_layer`.

        Warns
        -----
        UnreliableEstimateWarning
            If chains of some rows with gaps have not met.
        """
        check_is_fitted(self)
        fine_tuned = "transform of a network with fine_tuning='up-down'"
        X, seen = self._asked(X, fine_tuned if self._fine_tunes() else None)
        if len(self.layers_) == 1 or not seen.missing:
            return self._led_through(X)
        holes, dtype = np.isnan(X).any(axis=1), self._dtype
        hidden = np.empty((len(X), self._n_features_out), dtype)
        if not holes.all():
            hidden[~holes] = self._led_through(X[~holes])
        hidden[holes] = self._expected_features(self._rows.values(X[holes]))
        return hidden

    def _led_through(self, X):
        for machine in self._way_up()[: self._layer_number() + 1]:
            X = features(machine, X)
        return X

    def _expected_features(self, v):
        """What `transform` gives on average of rows with gaps."""
        net, params = self._network()
        place, wide = self._layer_number(), in_float64(params)

        def up(v):
            means = net.recognise_means(wide, v)
            if place < len(means):
                return means[place]
            field = net.top.hidden_field(wide.top, means[-1])
            return net.top.hidden_unit.mean(wide.top.hidden, field)

        return likelihood.features_expected(net, params, v, up)

    def inverse_transform(self, X):
        """Means of the features given hidden units, from layer to layer down.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_units)
            States or means of the layer `output_layer`, as `transform` gives them.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        h = check_layer(X, "X", self._n_features_out, "n_units", self._dtype)
        for machine in reversed(self.layers_[: self._layer_number() + 1]):
            h = machine.inverse_transform(h)
        return h

    def _asked(self, X, complete_for=None):
        """Rows to be asked about, and a look at them."""
        return check_and_look(self, X, complete_for=complete_for)

    # Samples ----------------------------------------------------------------

    def sample(
        self,
        n_samples=None,
        *,
        given=None,
        method="gibbs",
        burn_in=None,
        thin=None,
        n_chains=None,
        start=None,
        visible="states",
        random_state=None,
    ):
        """Features drawn from the network: by the top machine, then one pass down.

        Where some are given, all hidden layers are drawn in turn instead, those below
        the top one unit after the other [6]_.

        Parameters
        ----------
        n_samples : int, default=None
            Number of rows; None means one, or as many as `given` has.
        given : array-like of shape (n_samples, n_features) or (n_features,), \
default=None
            Features that keep their values; NaN says "sample me".
        method, burn_in, thin, n_chains
            Of the chains of the top machine, or with `given` of all layers, see
            :meth:`BernoulliRBM.sample`; `given` needs "gibbs".
        start : array-like of shape (n_chains, n_features), default=None
            Features whose hidden units, drawn on the way up, are where chains start.
            With `given`, the default is a start in the distribution of the network if
            that can be enumerated in some milliseconds, else one on the way up from a
            guess of what is missing.
        visible : {"states", "means"}, default="states"
            Whether features are drawn given the lowest hidden layer, or are their
            means.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        check_shown(visible)
        chains = {"method": method, "burn_in": burn_in, "thin": thin}
        chains["n_chains"] = n_chains
        if given is None:
            return self._drawn(n_samples, start, visible, random_state, **chains)
        chains |= {"visible": visible, "random_state": random_state}
        return self._completed(n_samples, given, start, **chains)

    def impute(self, X, *, strategy="mean", random_state=None):
        """X with its missing values filled by what the network makes of the others.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            NaN where a value is missing; a row may know nothing at all.
        strategy : {"mean", "mode", "sample"}, default="mean"
            "mean" fills in E[v | what is known], for binary features the probability of
            1: exact where the sum over the hidden layers below the top takes at most
            10^6 terms for a row, else averaged over chains from passes up and from
            dreams if these agree, and over annealed ones with weights if not, with the
            same noise for every row. "mode" takes the nearer of the two values of a
            binary feature. "sample" draws, by :meth:`sample`.
        random_state : int, RandomState instance or None, default=None
            For "sample" alone.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            What is known stays as it is.

        Warns
        -----
        UnreliableEstimateWarning
            If chains of some rows have not met.
        """
        fitted, X = self._asked_fitted(X)
        check_strategy(fitted, strategy)
        X = X.toarray() if sparse.issparse(X) else X
        return imputed(fitted, X, strategy, random_state)

    def gibbs(self, v, *, random_state=None):
        """Features after one Gibbs sweep, v -> h -> v.

        Rows in the distribution of the network stay in it. All hidden layers are drawn
        from P(h | v): exactly where their sum takes at most 10^6 terms for a row, else
        by ten sweeps from one pass up, which only come near it. Then v is drawn from
        P(v | h1).

        Parameters
        ----------
        v : array-like of shape (n_samples, n_features) or (n_features,)
        random_state : int, RandomState instance or None, default=None
            None goes on with a sequence of the network itself, which `fit` begins
            anew: if its own `random_state` is an integer, equal fits give equal
            sequences. It is kept as `random_state_`.

        Returns
        -------
        ndarray of the shape of v
        """
        fitted, rows = self._asked_fitted(as_rows(v, "v"), "gibbs()", name="v")
        random_state = own_random_state(self, random_state)
        values, stream = fitted.rows.values(rows), sample_stream(random_state)
        return swept(fitted, values, stream).reshape(np.shape(v))

    def reconstruct(self, X, *, k=1, random_state=None):
        """Mean of the features after one way up, k sweeps of the top, and one way down.

        Hidden layers are drawn given those below by recognition, the top machine
        makes k Gibbs sweeps from there, and lower layers are drawn given those above,
        but for the features: what is returned are their means given the lowest hidden
        layer. With one layer it is what that machine reconstructs.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        k : int, default=1
            Number of sweeps of the top machine.
        random_state : int, RandomState instance or None, default=None

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        k = check_count(k, "k", 1)
        X, seen = self._asked(as_rows(X, "X"), "reconstruct()")
        self._warn_of_range(X, seen)
        return self._there_and_back(X, k, random_state)

    # Likelihoods ------------------------------------------------------------

    def log_partition(
        self,
        *,
        method="auto",
        betas=1000,
        n_chains=100,
        n_sweeps=100,
        random_state=0,
        n_jobs=None,
    ):
        """log Z of the top machine in nats, see :meth:`BernoulliRBM.log_partition`.

        Parameters
        ----------
        method, betas, n_chains, n_sweeps, random_state, n_jobs
            As of :meth:`BernoulliRBM.log_partition`.

        Returns
        -------
        LogPartition
        """
        check_is_fitted(self)
        return self.layers_[-1].log_partition(
            method=method,
            betas=betas,
            n_chains=n_chains,
            n_sweeps=n_sweeps,
            random_state=random_state,
            n_jobs=n_jobs,
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = not self._fine_tunes()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
