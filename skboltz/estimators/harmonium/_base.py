"""What every restricted Boltzmann machine shares, whatever its visible units."""

from numbers import Integral, Real
from typing import ClassVar

from ... import learning
from ..._saved import Estimator
from ..._sklearn import Interval, StrOptions
from ...sampling import Chains, gibbs
from ..questions._fitted import Fitted
from ..questions._questions import Questions
from ..shared._epochs import writer
from ..shared._given import are_there
from ..shared._training import Trainable
from ..shared._validation import (
    check_exact,
    float_type,
)
from ._phases import GRADIENTS, PHASES
from ._weights import attributes_of, bipartite_params, given_params, names_of


class BaseRBM(Trainable, Questions, Estimator):
    """A bipartite model behind the contract of scikit-learn.

    A subclass says what its units are, by the attribute `_model`, and has at least the
    parameters that are checked here.
    """

    _parameter_constraints: ClassVar = {
        **Trainable._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "method": [StrOptions(set(PHASES))],
        "k": [Interval(Integral, 1, None, closed="left")],
        "n_chains": [Interval(Integral, 1, None, closed="left"), None],
        "n_rungs": [Interval(Integral, 2, None, closed="left")],
        "fast_learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "gradient": [StrOptions(set(GRADIENTS))],
        "sparsity_target": [Interval(Real, 0, 1, closed="neither"), None],
        "sparsity_cost": [Interval(Real, 0, None, closed="left")],
        "rate_guard": ["boolean"],
    }

    # Questions --------------------------------------------------------------

    def __sklearn_is_fitted__(self):
        return are_there(self, "components_", lambda: names_of(self._model, "_"))

    def _fitted(self):
        params, means, chains = self._params(), None, None
        state = self._state_of(params)
        if state is not None:
            means = state.offsets.visible
            chains = getattr(state.negative, "visible", None)
        write = writer(self)
        return Fitted(self._model, params, means, chains, self._scaling, write)

    def _params(self):
        model = self._model
        arrays = [getattr(self, name) for name in names_of(model, "_")]
        params = bipartite_params(model, arrays, "_")
        self._check_width(params.weights.shape[1], "components_")
        return params

    def _attributes_of(self, params):
        return attributes_of(self._model, params)

    def _layer_sizes(self, params):
        return params.weights.shape[::-1]

    @property
    def _n_features_out(self):
        return len(self.components_)

    @classmethod
    def _of_params(cls, given, params):
        """A machine of weights given in the order of :func:`names_of`."""
        found = given_params(cls._model, *given)
        machine = cls(len(found.weights), **params)
        machine._validate_params()
        machine.n_features_in_ = found.weights.shape[1]
        return machine._begin_with(machine._attributes_of(found))

    # Learning ---------------------------------------------------------------

    def _resumes(self):
        """Whether a fitted state is there to go on from."""
        if not self.__sklearn_is_fitted__():
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
            gradient=GRADIENTS[self.gradient](),
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
        attributes = self._attributes_of(state.params)
        attributes["_training_state"] = state._replace(params=None)
        if isinstance(state.negative, Chains):
            attributes["h_samples_"] = state.negative.hidden
        return attributes

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
