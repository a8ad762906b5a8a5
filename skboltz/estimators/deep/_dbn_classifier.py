"""The deep belief network as a classifier."""

import time
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..._saved import Estimator
from ..._sklearn import Interval, StrOptions, fit_context
from ...sampling import random_key
from ..shared._epochs import begin, end, publish, record, snapshot, tell
from ..shared._labels import Predictions, check_classes, check_labelled, joined
from ..shared._offered import offered_if
from ..shared._validation import check_and_look, check_seed, check_weight
from ._best import Best
from ._class_samples import ClassSamples
from ._dbn_parts import check_parts, learns_in_parts, warn_of_guessing
from ._deep import Deep, backprop_stage, fine_tuning_task, up_down_stage
from ._given_layers import given_classifier
from ._labelled_rows import labelled_rows, split
from ._layers import LabelledRBM, afresh, further, one_pass, untrained
from ._up_down_stage import LABELS


def _joint_stage(deep):
    return up_down_stage(deep, deep.label_inference)


STAGES = {
    "backprop": backprop_stage,
    "up-down": _joint_stage,
    "none": _joint_stage,  # for no epoch
}

_OF_A_STAGE = (
    "weights_",
    "intercepts_",
    "recognition_weights_",
    "recognition_intercepts_",
)


_VALIDATION = ("validation_score", "validation_loss")
_ROWS_LOOKED_AT = 1000


@offered_if(learns_in_parts, "partial_fit")
class DBNClassifier(
    ClassSamples,
    ClassNamePrefixFeaturesOutMixin,
    Predictions,
    TransformerMixin,
    Estimator,
):
    """Classifier by a deep belief network, trained layer by layer and fine-tuned.

    Every layer is a machine that learns the hidden units of the one below it; what
    follows is one of

    - "backprop": the layers become those of a network of logistic units under a
      softmax, whose mean log P(class | x) all of them climb together [1]_ [2]_;
    - "up-down": the labels join the inputs of the top machine, and all layers learn
      the joint distribution of features and labels by contrastive wake-sleep [3]_;
    - "none": as that, but the layers are left as they were learnt one by one.

    Parameters
    ----------
    hidden_layer_sizes : tuple of int, default=(256, 256)
        Number of hidden units of each layer, from the features up.

    layers : BernoulliRBM, GaussianBernoulliRBM or list of them, default=None
        What layers are and how they learn, see :class:`DeepBeliefNetwork`: machines
        to be cloned, or fitted ones in a :class:`sklearn.frozen.FrozenEstimator`, to
        start from as they are. None means
        ``BernoulliRBM(method="cd", momentum=0.5, n_iter=30)`` everywhere.

    pretrain : bool, default=True
        Whether the layers learn one after the other first. Without it, layers that are
        not frozen start backpropagation from uniform weights up to
        4 sqrt(6 / (inputs + outputs)): four times the limit for units of slope 1 [4]_,
        as the logistic function has the slope 1/4.

    train_on : {"probabilities", "samples"}, default="probabilities"
        What layers above the first learn from: the means of the units below given the
        data, or states drawn from them anew for every batch.

    fine_tuning : {"backprop", "up-down", "none"}, default="backprop"
        What follows the training of the layers.

    solver : {"sgd", "adam", "lbfgs"}, default="sgd"
        How steps of the fine-tuning are taken: with `momentum`, by Adam [5]_, or, for
        backpropagation, by L-BFGS on all rows at once, each of its steps being an
        epoch.

    learning_rate : float, default=None
        Size of the steps of the fine-tuning; "lbfgs" has none. None means 0.3 with
        "sgd" and 0.003 with "adam"; with "up-down" 0.1 and 0.01, and of these 0.03 and
        0.003 with method "pcd". Few batches in an epoch want more epochs, or larger
        steps.

    momentum : float, default=0.9
        Share of the last step that is added to the next, with "sgd".

    method : {"cd", "pcd"}, default="cd"
        Where dreams begin, with "up-down": "cd", at the batch that went up; "pcd", at
        chains of the top machine, `batch_size` of them, that persist from batch to
        batch [7]_. Slower, and in need of a rate that falls: for where chains that are
        run for long, by a machine of "cd", leave the data.

    k : int, default=1
        Number of sweeps of the top machine between the way up, or the last batch, and
        the way down, with "up-down". The larger the weights have become, the more are
        needed: raise it and go on with `warm_start`.

    n_iter : int, default=50
        Number of epochs of fine-tuning; machines in `layers` have their own.

    batch_size : int, default=20
        Largest number of rows of a batch of the fine-tuning.

    schedule : {"constant", "linear", "exponential", "inverse_time"} or callable, \
default="constant"
        Factor of the learning rate as a function of the share of the epochs done
        before, see :class:`BernoulliRBM`.

    l2 : float, default=0.0
        Weight of the penalty `1/2 sum W^2` in the fine-tuning.

    dropout, input_dropout : float, default=0.0
        Probabilities that a hidden unit and a feature are left out of a row of a
        batch, with "backprop" [6]_. What is kept is divided by the probability of
        being kept.

    max_norm : float, default=None
        Longest vector of weights into a hidden unit, with "backprop" [6]_.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes where labels count; "balanced" makes all classes weigh
        the same, `sample_weight` included.

    early_stopping : bool, default=False
        Whether to hold out `validation_fraction` of the rows of every class from all
        training, to stop when neither their accuracy has improved for
        `n_iter_no_change` epochs, nor their mean log P(class | x) by 0.01 nats, and to
        go back to the epoch of the best accuracy, of equal ones the likelier. "none"
        has no epochs to stop.

    validation_fraction : float, default=0.1
        Share of the rows held out.

    n_iter_no_change : int, default=10
        Number of epochs without improvement after which the fine-tuning stops.

    label_inference : {"free-energy", "gibbs"}, default="free-energy"
        How the top machine tells labels, without "backprop": exactly, each label
        clamped in turn, or by chains that start from a neutral label, whose
        probabilities are averaged over 200 sweeps with the same noise for every row.

    warm_start : bool, default=False
        Whether `fit` goes on from where it stopped, for `n_iter` epochs more; without
        fine-tuning, with the epochs of every layer. The layers are those there are:
        what was changed in `layers` counts for nothing.

    verbose : int, default=0
        Whether to write a line for each epoch.

    random_state : int, RandomState instance or None, default=None
        Determines the fine-tuning, the rows held out, and machines in `layers` whose
        own is None.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.

    layers_ : list of BernoulliRBM or GaussianBernoulliRBM
        The layers as they were learnt one after the other; after "up-down" with the
        fine-tuned weights of the generative direction. Without "backprop" the top has
        a visible unit for each class, in the order of `classes_`, after its inputs.

    weights_, intercepts_ : list of ndarray
        With "backprop": weights (n_outputs, n_inputs) and biases of the network, from
        the features up; the last are those of the softmax.

    recognition_weights_, recognition_intercepts_ : list of ndarray
        Without "backprop": weights and biases of the way up, for all layers but the
        top.

    n_iter_ : int
        Number of epochs of fine-tuning done.

    history_ : dict
        "pretraining" holds the `history_` of every layer. "fine_tuning" has for each
        epoch its number, the learning rate and seconds; with "backprop" "loss" (mean of
        -log P(class | x) of the training rows while the epoch went on; nats) and
        "accuracy", else "reconstruction" and "weight_norm", see
        :class:`DeepBeliefNetwork`; and with `early_stopping` "validation_score" and
        "validation_loss" (accuracy, and mean of -log P(class | x), of held-out rows).

    n_features_in_ : int
        Number of features seen in `fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen in `fit`, if they are strings.

    See Also
    --------
    DeepBeliefNetwork : Without labels.
    sklearn.neural_network.MLPClassifier : Backpropagation from random weights.

    Notes
    -----
    Values outside [0, 1] raise a `DataRangeWarning`; real features are for a
    :class:`GaussianBernoulliRBM` as the first layer, which standardizes them. NaN is
    refused. With many rows without a label, fit a :class:`DeepBeliefNetwork` to all
    rows, and give its layers to a classifier of the rows that have one::

        layers = [FrozenEstimator(layer) for layer in network.layers_]

    Callbacks set here see the epochs of the fine-tuning; those of a layer are set on a
    machine of `layers`.

    References
    ----------
    .. [1] Hinton & Salakhutdinov (2006), "Reducing the dimensionality of data with
       neural networks", Science 313.
    .. [2] Rumelhart, Hinton & Williams (1986), "Learning representations by
       back-propagating errors", Nature 323.
    .. [3] Hinton, Osindero & Teh (2006), "A fast learning algorithm for deep belief
       nets", Neural Computation 18.
    .. [4] Glorot & Bengio (2010), "Understanding the difficulty of training deep
       feedforward neural networks", AISTATS.
    .. [5] Kingma & Ba (2015), "Adam: a method for stochastic optimization", ICLR.
    .. [6] Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov (2014), "Dropout:
       a simple way to prevent neural networks from overfitting", JMLR 15.
    .. [7] Tieleman (2008), "Training restricted Boltzmann machines using
       approximations to the likelihood gradient", ICML.

    Examples
    --------
    The class says whether two features are equal, which no linear classifier can say:

    >>> import numpy as np
    >>> from skboltz import DBNClassifier
    >>> X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5)
    >>> y = np.where(X[:, 0] == X[:, 1], "equal", "different")
    >>> dbn = DBNClassifier((16, 16), solver="lbfgs", random_state=0).fit(X, y)
    >>> dbn.predict([[0, 0], [0, 1]])
    array(['equal', 'different'], dtype='<U9')

    It also draws features of a given class:

    >>> dbn = DBNClassifier((16, 16), fine_tuning="up-down", random_state=0).fit(X, y)
    >>> dbn.sample(y=["equal", "different"], random_state=0).shape
    (2, 2)
    """

    _rates: ClassVar = {
        ("backprop", "sgd"): 0.3,
        ("backprop", "adam"): 0.003,
        ("cd", "sgd"): 0.1,
        ("cd", "adam"): 0.01,
        ("pcd", "sgd"): 0.03,
        ("pcd", "adam"): 0.003,
    }
    _parameter_constraints: ClassVar = {
        **Deep._parameter_constraints,
        "pretrain": ["boolean"],
        "fine_tuning": [StrOptions(set(STAGES))],
        "solver": [StrOptions({"adam", "sgd", "lbfgs"})],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "input_dropout": [Interval(Real, 0, 1, closed="left")],
        "max_norm": [Interval(Real, 0, None, closed="neither"), None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "label_inference": [StrOptions(set(LABELS))],
    }

    def __init__(
        self,
        hidden_layer_sizes=(256, 256),
        *,
        layers=None,
        pretrain=True,
        train_on="probabilities",
        fine_tuning="backprop",
        solver="sgd",
        learning_rate=None,
        momentum=0.9,
        method="cd",
        k=1,
        n_iter=50,
        batch_size=20,
        schedule="constant",
        l2=0.0,
        dropout=0.0,
        input_dropout=0.0,
        max_norm=None,
        class_weight=None,
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        label_inference="free-energy",
        warm_start=False,
        verbose=0,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.layers = layers
        self.pretrain = pretrain
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
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.max_norm = max_norm
        self.class_weight = class_weight
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.label_inference = label_inference
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    # Learning ---------------------------------------------------------------

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Train the layers one after the other, then fine-tune them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
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

        Warns
        -----
        ConvergenceWarning
            If classes are told hardly better than by their shares: the mean of
            -log P(class | x) of the training rows (at most 1000 of them) is above 0.95
            times the entropy of the shares.
        """
        resume = self.warm_start and self._resumes()
        X, y = self._checked(X, y, reset=not resume)
        if not resume:
            self.classes_ = np.unique(y)
        rows, generator = (
            self._labelled(X, y, sample_weight),
            check_seed(self.random_state),
        )
        rows, held_out = self._held_out(rows, generator)
        context = self._root_context()
        if not resume:
            self._start(rows, generator, context, afresh)
        elif not self._fine_tunes():
            self._learn_layers_on(rows, context, further)
        if self._fine_tunes():
            self._tune(rows, held_out, self.n_iter, context)
        self._warn_of_guessing(rows)
        context.call_on_fit_task_end(estimator=self, X=X, y=y)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Learn from one pass over some rows, and keep what was learnt before.

        The first call trains the layers, as `fit` does; it and all others are then one
        epoch of fine-tuning. Without fine-tuning, later calls are a pass for each
        layer. There is no such method with `early_stopping`, `class_weight="balanced"`
        or `solver="lbfgs"`, which need all rows at once.

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
        resume = self._resumes()
        classes = check_classes(classes, self.classes_ if resume else None)
        X, y = self._checked(X, y, reset=not resume)
        self.classes_ = classes
        rows = self._labelled(X, y, sample_weight)
        if not resume:
            self._start(rows, check_seed(self.random_state), None, afresh)
        elif not self._fine_tunes():
            self._learn_layers_on(rows, None, one_pass)
        if self._fine_tunes():
            self._tune(rows, None, 1, None)
        return self

    def _checked(self, X, y, reset):
        check_parts(self)
        return check_labelled(self, X, y, reset, complete_for="DBNClassifier")

    def _labelled(self, X, y, sample_weight):
        weight = check_weight(sample_weight, X)
        return labelled_rows(X, y, self.classes_, weight, self.class_weight)

    def _held_out(self, rows, generator):
        """Rows to learn from, and rows to stop by."""
        if not (self.early_stopping and self._fine_tunes()):
            return rows, None
        return split(rows, self.validation_fraction, generator)

    @classmethod
    def from_params(
        cls,
        layers,
        classes,
        *,
        weights=None,
        intercepts=None,
        recognition_weights=None,
        recognition_intercepts=None,
        **params,
    ):
        """A classifier of fitted layers, without any training.

        Parameters
        ----------
        layers : list of BernoulliRBM or GaussianBernoulliRBM
            Fitted, or made by their own `from_params`, from the features up. They are
            copied. Unless `fine_tuning` is "backprop", the last features of the top
            one are the classes.
        classes : array-like of shape (n_classes,)
            The labels, in order.
        weights, intercepts : list of ndarray, default=None
            With `fine_tuning="backprop"`: the network from the features up, as the
            attributes hold it; None means that of the layers, hidden units of hardly
            any weights with random ones, under outputs that prefer no class.
        recognition_weights, recognition_intercepts : list of ndarray, default=None
            With `fine_tuning="up-down"`: what leads upwards, of all layers but the
            top; None means what leads downwards.
        **params : dict
            Parameters by their names, but for `hidden_layer_sizes`. For a later `fit`
            from scratch, `layers` is then None.

        Returns
        -------
        DBNClassifier
            It answers as a fitted one. `partial_fit`, and `fit` with `warm_start`, go
            on with its fine-tuning.

        Raises
        ------
        ValueError
            If layers, classes and arrays do not go together.

        Examples
        --------
        One layer and its outputs: yes has the log-odds (2x - 1) log 9.

        >>> import numpy as np
        >>> from skboltz import BernoulliRBM, DBNClassifier
        >>> layer = BernoulliRBM.from_params([[40.0]], [-20.0])  # h = x
        >>> weights = [layer.components_, np.log([[1 / 9], [9.0]])]
        >>> dbn = DBNClassifier.from_params(
        ...     [layer], ["no", "yes"], weights=weights,
        ...     intercepts=[layer.intercept_hidden_, np.log([3, 1 / 3])])
        >>> dbn.predict_proba([[1.0]]).round(6)
        array([[0.1, 0.9]])
        """
        lists = {"weights_": weights, "intercepts_": intercepts}
        lists |= {"recognition_weights_": recognition_weights}
        lists |= {"recognition_intercepts_": recognition_intercepts}
        return given_classifier(cls, layers, classes, lists, params)

    def _start(self, rows, generator, context, learn):
        """Train new layers, and prepare their fine-tuning."""
        self._key, stage = random_key(generator), self._stage()
        self._begin_anew(stage.columns)
        self._fine_tuning_state, self.layers_, self._best = None, [], None
        for name in _OF_A_STAGE:  # another may come now
            vars(self).pop(name, None)
        n_classes = len(self.classes_) if stage.labels_on_top else 0
        machines = self._new_layers(rows.X.shape[1], generator, n_classes)
        if not self.pretrain:
            learn = untrained
        self._learn_layers(machines, rows, context, learn)
        n_classes, learnt = len(self.classes_), self._learnt()
        state = stage.start(self.layers_, self._key, n_classes, learnt)
        publish(self, state)

    def _learn_layers_on(self, rows, context, learn):
        """Go on with the layers there are; both directions are theirs throughout."""
        try:
            self._learn_layers(self.layers_, rows, context, learn)
        finally:
            n_classes = len(self.classes_)
            publish(self, self._stage().start(self.layers_, self._key, n_classes))

    def _learn_layers(self, machines, rows, context, learn):
        stage, top = self._stage(), None
        if stage.labels_on_top:
            targets = stage.targets(rows.codes, len(self.classes_))

            def top(h):
                return joined(h, targets), rows.tuned_weight

        self._train_layers(machines, rows.X, rows.weight, context, learn, top)

    def _tune(self, rows, held_out, n_epochs, context):
        """Epochs of fine-tuning; with held-out rows, back to the best of them."""
        stage, layers = self._stage(), self.layers_
        targets = stage.targets(rows.codes, len(self.classes_))
        data = self._data(rows.X, rows.tuned_weight, targets)
        before = self._fine_tuning_state, stage.params(self)
        state = stage.resumed(layers, *before, data)
        keep = self._keep_best(held_out, state)

        def advance(state, rate):
            state, seen = stage.advance(layers, state, data, rate)
            return state, (*seen, *keep(state)), rate

        run = rows.X, rows.y, state, n_epochs, context
        if self.solver == "lbfgs":
            self._ascend(stage, data, *run, keep)
        else:
            self._fine_tune(*run, advance)
        if held_out is not None and self._best is not None:
            publish(self, self._best.state)
        self._best = None  # whose arrays nobody needs any more

    def _warn_of_guessing(self, rows):
        rows = rows.spread(_ROWS_LOOKED_AT)
        _, loss = self._scores(self._stage().params(self), rows)
        n_classes, learners = len(self.classes_), self._learners()
        warn_of_guessing(loss, rows.entropy(), n_classes, learners)

    def _learners(self):
        """Whose rate and epochs count."""
        return "the network and of `layers`" if self._fine_tunes() else "`layers`"

    def _fine_tunes(self):
        return self.fine_tuning != "none"

    def _resumes(self):
        if not self.__sklearn_is_fitted__():  # or interrupted before the fine-tuning
            return False
        return super()._resumes() and self._is_of_stage()

    def _stage(self):
        return STAGES[self.fine_tuning](self)

    def _is_of_stage(self):
        """Refuse layers that are not what `fine_tuning` has made of them."""
        labelled = isinstance(self.layers_[-1], LabelledRBM)
        if self._stage().labels_on_top == labelled:
            return True
        found = '"up-down" or "none"' if labelled else '"backprop"'
        raise ValueError(
            f'fine_tuning is "{self.fine_tuning}", but the network was made with '
            f"{found}; set it back, or begin anew by fit with warm_start=False."
        )

    def _attributes(self, state):
        return self._stage().attributes(self.layers_, state)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def __sklearn_is_fitted__(self):
        return getattr(self, "_fine_tuning_state", None) is not None

    # Steps that are not epochs, and when to stop --------------------------------

    def _ascend(self, stage, data, X, y, state, n_steps, context, keep):
        """L-BFGS on all rows, each of its steps recorded like an epoch."""
        task = fine_tuning_task(context, self, X, y, n_steps)
        clock = [time.perf_counter()]

        def on_step(state, seen):
            subtask = begin(task, self, X, y)
            seen = *seen, *keep(state)
            self.n_iter_ += 1
            clock.append(time.perf_counter())
            row = (*seen, clock[-1] - clock[-2])
            record(self, self.n_iter_, 1.0, *row)
            tell(self, X, state)
            publish(self, state)
            stop = end(subtask, self, X, y, snapshot(self, state))
            return stop or self._has_converged()

        stage.ascend(state, data, n_steps, on_step)
        if task is not None:
            task.call_on_fit_task_end(estimator=self, X=X, y=y)

    def _keep_best(self, held_out, state):
        """A function of a state that scores it on held-out rows, and keeps the best.

        The state to go on from is among these.
        """
        history = self._epochs_seen()
        if held_out is None:  # but there may have been such rows before
            blank = (np.nan,) * len(_VALIDATION) if _VALIDATION[0] in history else ()
            return lambda state: blank
        if _VALIDATION[0] not in history:
            seconds = history.pop("seconds")
            history |= {name: [np.nan] * len(seconds) for name in _VALIDATION}
            history["seconds"] = seconds
        self._best = None
        if self.n_iter_:
            self._note_best(self._scores(state.params, held_out), self.n_iter_, state)

        def keep(state):
            found = self._scores(state.params, held_out)
            self._note_best(found, self.n_iter_ + 1, state)
            return found

        return keep

    def _note_best(self, found, epoch, state):
        if self._best is None:
            self._best = Best(*found, epoch, state, lowest=found[1], moved=epoch)
        self._best = self._best.after(*found, epoch, state)

    def _has_converged(self):
        if not self.early_stopping or self._best is None:
            return False
        return self.n_iter_ - self._best.moved >= self.n_iter_no_change

    def _scores(self, params, rows):
        """Share of rows whose likeliest class is theirs, and mean -log P(theirs)."""
        stage, layers = self._stage(), self.layers_
        logs = self._rows.by_chunk(lambda v: stage.log_proba(layers, params, v), rows.X)
        hits = logs.argmax(axis=1) == rows.codes
        loss = -logs[np.arange(len(logs)), rows.codes].astype(np.float64)
        pair = (np.average(x, weights=rows.tuned_weight) for x in (hits, loss))
        return tuple(map(float, pair))

    # Prediction -------------------------------------------------------------

    def predict_log_proba(self, X):
        """log P(class | x) of every row and class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return self._of_rows("log_proba", X)

    def predict_proba(self, X):
        """P(class | x) of every row and class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        return np.exp(self.predict_log_proba(X))

    def transform(self, X):
        """Means of the units of the last hidden layer.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_units)
            Where labels are units beside those, they are summed out.
        """
        return self._of_rows("features", X)

    def _of_rows(self, name, X):
        """What a function of the stage gives for every row."""
        check_is_fitted(self)
        self._is_of_stage()
        X, seen = check_and_look(self, X, complete_for="DBNClassifier")
        self._warn_of_range(X, seen)
        stage, layers = self._stage(), self.layers_
        params, function = stage.params(self), getattr(stage, name)
        return self._rows.by_chunk(lambda v: function(layers, params, v), X)

    @property
    def _n_features_out(self):
        return len(self.layers_[-1].components_)
