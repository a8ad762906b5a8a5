"""What deep networks of stacked machines share: layers trained one by one, and more."""

from contextlib import contextmanager
from numbers import Integral, Real
from typing import ClassVar

from sklearn.callback import CallbackSupportMixin
from sklearn.utils import check_random_state

from ... import learning
from ..._exceptions import DivergenceError
from ..._sklearn import Interval, StrOptions
from ...sampling import random_key
from ..harmonium._rbm import BernoulliRBM
from ..questions._rows import Rows
from ..shared._epochs import as_line, run_epochs
from ..shared._nested import NestedParams
from ..shared._range import warn_of_range
from ._backprop_stage import BackpropStage
from ._layers import (
    check_sizes,
    features,
    is_frozen,
    labelled,
    new_layer,
    templates,
    unnamed,
)
from ._up_down_stage import UpDownStage

OPTIMISERS = {
    "sgd": lambda deep: (
        learning.Momentum(deep.momentum) if deep.momentum else learning.GradientAscent()
    ),
    "adam": lambda deep: learning.Adam(),
    "lbfgs": lambda deep: learning.GradientAscent(),  # which is never asked
}
_BURN_IN = 100
# Of the top machine, with up-down.
NEGATIVES = {
    "cd": lambda deep: learning.ContrastiveDivergence(deep.k),
    "pcd": lambda deep: learning.PersistentContrastiveDivergence(
        deep.k, deep.batch_size, burn_in=_BURN_IN
    ),
}


class Deep(NestedParams, CallbackSupportMixin):
    """A stack of machines, each trained on the hidden units of the one below.

    A subclass has, by `_stage()`, a stage of fine-tuning: how it starts, what an epoch
    of it is, and which fitted attributes hold its state.  Beside the parameters checked
    here it has `fine_tuning` and `solver`, and `_rates` to learn at with these unless
    one is given (doc/decisions/0008-deep-networks.md).
    """

    _parameter_constraints: ClassVar = {
        "hidden_layer_sizes": [
            "array-like",
            Interval(Integral, 1, None, closed="left"),
        ],
        "layers": "no_validation",  # templates() says more about what is wrong
        "train_on": [StrOptions({"probabilities", "samples"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "method": [StrOptions(set(NEGATIVES))],
        "k": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "schedule": [StrOptions(set(learning.SCHEDULES)), callable],
        "l2": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    # Data -------------------------------------------------------------------

    def _warn_of_range(self, X, seen):
        """A warning where X leaves the range of the visible units."""
        first = self.layers_[0]
        warn_of_range(first, X, seen, first._model.visible_unit.without("label"))

    @property
    def _dtype(self):
        return self.layers_[0].components_.dtype

    @property
    def _rows(self):
        """How rows of features become values of the lowest units."""
        return Rows(self._dtype, self.layers_[0]._scaling)

    def _data(self, X, weight, target=None):
        return learning.Data(X, weight, self.layers_[0]._scaling, target)

    # Layers, one after the other ------------------------------------------------

    def _templates(self):
        sizes = check_sizes(self.hidden_layer_sizes)
        return templates(self.layers, self._default_layer(), sizes), sizes

    def _template(self, name):
        return self._default_layer() if name == "layers" else None

    def _default_layer(self):
        return BernoulliRBM(method="cd", momentum=0.5, n_iter=30, verbose=self.verbose)

    def _new_seeds(self):
        """A key for the fine-tuning, and a generator of seeds for the layers."""
        generator = check_random_state(self.random_state)
        return random_key(generator), generator

    def _begin_anew(self, columns):
        self.n_iter_ = 0
        names = ("epoch", "learning_rate", *columns, "seconds")
        self.history_ = {
            "pretraining": [],
            "fine_tuning": {name: [] for name in names},
        }

    def _full_rate(self):
        if self.learning_rate is None:
            tuned = self.fine_tuning == "up-down"
            return self._rates[self.method if tuned else self.fine_tuning, self.solver]
        return self.learning_rate

    def _epochs_seen(self):
        return self.history_["fine_tuning"]

    def _has_converged(self):
        """Whether to stop before all epochs are done."""
        return False

    def _line(self, last, X, state):
        """What to say of an epoch, of what was recorded last."""
        return as_line(last)

    def _new_layers(self, n_features, generator, n_classes=0):
        """Machines to be trained, or taken as they are, from the features up."""
        made, sizes = self._templates()
        inputs = (n_features, *sizes[:-1])
        machines = []
        for i, (template, *shape) in enumerate(zip(made, sizes, inputs, strict=True)):
            machine = new_layer(template, i, *shape, generator)
            if i and self.train_on == "samples" and not is_frozen(template):
                machine.set_params(sample_visible=True)
            machines.append(machine)
        if n_classes:
            machines[-1] = labelled(machines[-1], n_classes)
        return machines

    def _train_layers(self, machines, X, weight, context, learn, top=None):
        """Every layer on the hidden units of the one below, as soon as that is done.

        `top` are other rows for the top, from those it would have had, and weights.
        """
        frozen = [is_frozen(template) for template in self._templates()[0]]
        for i, machine in enumerate(machines):
            is_top = machine is machines[-1]
            if is_top and top is not None:
                X, weight = top(X)
            with layer_task(context, self, X, machine):
                if not frozen[i]:
                    self._train_layer(i, machine, X, weight, learn)
            self._publish_layer(i, machine)
            X = X if is_top else features(machine, X)

    def _train_layer(self, i, machine, X, weight, learn):
        try:
            learn(machine, X, weight)
        except DivergenceError as error:
            raise DivergenceError(
                f"In layer {i + 1}, whose parameters are those of a machine of "
                f"`layers`: {error}"
            ) from error
        finally:  # an interrupted layer is better than none
            if hasattr(machine, "components_"):
                self._publish_layer(i, machine)

    def _publish_layer(self, i, machine):
        history = self.history_["pretraining"]
        self.layers_[i : i + 1] = [machine]
        history[i : i + 1] = [getattr(machine, "history_", {})]

    def _adopt(self, machines):
        """Take fitted layers as they are."""
        first = machines[0]
        self.n_features_in_ = first.n_features_in_ - getattr(first, "n_classes", 0)
        if hasattr(first, "feature_names_in_"):
            names = first.feature_names_in_[: self.n_features_in_]
            self.feature_names_in_ = names
        self.layers_ = unnamed(machines)
        history = [getattr(machine, "history_", {}) for machine in machines]
        self.history_["pretraining"] = history

    def _learnt(self):
        """Which layers say something: all but those that are a random start."""
        frozen = map(is_frozen, self._templates()[0])
        pairs = zip(frozen, self.layers_, strict=True)
        return [kept or layer.n_iter_ > 0 for kept, layer in pairs]

    def _resumes(self):
        """Whether there are fitted layers to go on from."""
        if not getattr(self, "layers_", []):
            return False
        if self.fine_tuning == "none" and self.n_iter_:
            raise ValueError(
                f'fine_tuning is "none", but the layers to go on from were fine-tuned '
                f"together for {self.n_iter_} epochs, which training them one by one "
                f"would undo; set it back, or begin anew by fit with warm_start=False."
            )
        sizes = check_sizes(self.hidden_layer_sizes)
        found = tuple(len(layer.components_) for layer in self.layers_)
        if sizes != found:
            raise ValueError(
                f"hidden_layer_sizes is {sizes}, but the network to go on from has "
                f"layers of {found} units; set it back, or begin anew by fit with "
                f"warm_start=False."
            )
        return True

    # All layers together --------------------------------------------------------

    def _fine_tune(self, X, y, state, n_epochs, context, advance):
        """Epochs of fine-tuning, as a task of their own."""
        size = min(self.batch_size, X.shape[0]) * max(
            layer.components_.size for layer in self.layers_
        )
        task = fine_tuning_task(context, self, X, y, n_epochs)
        state = run_epochs(self, X, y, state, n_epochs, task, size, advance)
        if task is not None:
            task.call_on_fit_task_end(estimator=self, X=X, y=y)
        return state

    def _root_context(self):
        context = self._init_callback_context(max_subtasks=None)
        return context.call_on_fit_task_begin(estimator=self)


def fine_tuning_task(context, estimator, X, y, n_epochs):
    """The fine-tuning as a task, to which its epochs belong."""
    if context is None:
        return None
    task = context.subcontext(task_name="fine-tuning", max_subtasks=n_epochs)
    return task.call_on_fit_task_begin(estimator=estimator, X=X, y=y)


@contextmanager
def layer_task(context, estimator, X, machine):
    """The training of a layer as a task, to which its epochs belong."""
    if context is None:
        yield
        return
    task = context.subcontext(task_name="layer", max_subtasks=0)
    with task.propagate_callback_context(machine):
        task.call_on_fit_task_begin(estimator=estimator, X=X)
        yield
        task.call_on_fit_task_end(estimator=estimator, X=X)


def up_down_stage(deep, label_inference="free-energy"):
    """The up-down algorithm by the parameters of an estimator."""
    return UpDownStage(
        learning.UpDownLearner(
            net=None,
            phases=learning.UpDown(NEGATIVES[_method(deep)](deep)),
            optimiser=OPTIMISERS[deep.solver](deep),
            decay=learning.WeightDecay(l2=deep.l2),
            batch_size=deep.batch_size,
        ),
        label_inference,
    )


def _method(deep):
    """Without fine-tuning there are no dreams, for which chains would be run."""
    return deep.method if deep.fine_tuning == "up-down" else "cd"


def backprop_stage(deep):
    """Backpropagation by the parameters of an estimator."""
    return BackpropStage(
        learning.BackpropLearner(
            optimiser=OPTIMISERS[deep.solver](deep),
            decay=learning.WeightDecay(l2=deep.l2),
            dropout=learning.Dropout(deep.input_dropout, deep.dropout),
            max_norm=learning.MaxNorm(deep.max_norm),
            batch_size=deep.batch_size,
        )
    )
