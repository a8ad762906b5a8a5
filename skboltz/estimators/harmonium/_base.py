"""What every restricted Boltzmann machine shares, whatever its visible units."""

from numbers import Integral, Real
from typing import ClassVar

from sklearn.base import BaseEstimator, DensityMixin

from ... import learning
from ..._sklearn import Interval, StrOptions
from ...sampling import Chains, gibbs
from ..shared._training import Trainable
from ..shared._validation import check_exact, float_type
from ._fitted import FittedMachine, visible_attribute
from ._phases import PHASES


class BaseRBM(Trainable, FittedMachine, DensityMixin, BaseEstimator):
    """A bipartite model behind the contract of scikit-learn.

    A subclass says what its units are, by the attribute `_model`.
    """

    _parameter_constraints: ClassVar = {
        **Trainable._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "method": [StrOptions(set(PHASES))],
        "k": [Interval(Integral, 1, None, closed="left")],
        "n_chains": [Interval(Integral, 1, None, closed="left"), None],
        "n_rungs": [Interval(Integral, 2, None, closed="left")],
        "fast_learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "centered": ["boolean"],
        "sparsity_target": [Interval(Real, 0, 1, closed="neither"), None],
        "sparsity_cost": [Interval(Real, 0, None, closed="left")],
        "rate_guard": ["boolean"],
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
        centered=False,
        rate_guard=False,
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
        self.centered = centered
        self.rate_guard = rate_guard
        self.warm_start = warm_start

    def _resumes(self):
        """Whether a fitted state is there to go on from."""
        if not hasattr(self, "components_"):
            return False
        if len(self.components_) != self.n_components:
            raise ValueError(
                f"n_components is {self.n_components}, but the model to go on from "
                f"has {len(self.components_)} hidden units; set it back, or begin "
                f"anew by fit with warm_start=False."
            )
        return True

    def _prepare(self, n_features):
        if self.method == "exact":
            check_exact(self._model, self.n_components, n_features)

    def _initial_params(self, X, stream, mean, total):
        model, n_hidden = self._model, self.n_components
        return learning.initial_params(
            model, stream, mean, total, n_hidden, float_type(X)
        )

    def _recipe(self, X):
        return learning.TwoPhaseLearner(
            model=self._model,
            positive=learning.HiddenMeans(),
            negative=PHASES[self.method](self),
            gradient=learning.CenteredGradient()
            if self.centered
            else learning.Gradient(),
            optimiser=self._optimiser(),
            decay=learning.WeightDecay(self.l1, self.l2),
            sparsity=learning.SparsityTarget(self.sparsity_target, self.sparsity_cost),
            batch_size=self.batch_size,
        )

    def _draw(self):
        """How chains of the training draw visible units."""
        return gibbs.draw_visible

    def _run_epoch(self, recipe, state, data, rate):
        if self.rate_guard:
            return learning.guarded_epoch(recipe, state, data, rate)
        return super()._run_epoch(recipe, state, data, rate)

    def _attributes(self, state):
        """Fitted attributes that hold a training state."""
        attributes = {
            "components_": state.params.weights,
            "intercept_hidden_": state.params.hidden.bias,
            "_n_features_out": len(state.params.weights),
            "_training_state": state._replace(params=None),
        }
        for name, parameter in state.params.visible._asdict().items():
            attributes[visible_attribute(name)] = parameter
        if isinstance(state.negative, Chains):
            attributes["h_samples_"] = state.negative.hidden
        return attributes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
