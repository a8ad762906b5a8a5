"""Fine-tuning of a classifier by backpropagation."""

from ... import learning
from ...learning import backprop, network, quasi_newton
from ...sampling import Purpose, Stream


class BackpropStage:
    """What :class:`DBNClassifier` does with `fine_tuning="backprop"`.

    Parameters
    ----------
    recipe : BackpropLearner
    """

    columns = learning.Classified._fields
    labels_on_top = False  # the layers learn without them

    def __init__(self, recipe):
        self.recipe = recipe

    def start(self, layers, key, n_classes, learnt):
        """The layers as a network under outputs that prefer no class.

        `learnt` says of each layer whether its weights are more than a random start.
        """
        generator = Stream(key, Purpose.WEIGHTS).generator()
        params = network.unrolled(
            [
                (layer._model, layer._params(), trained)
                for layer, trained in zip(layers, learnt, strict=True)
            ],
            n_classes,
            generator,
        )
        return self.recipe.init(params, key)

    def resumed(self, layers, state, params, data):
        """A state to go on from, of these parameters."""
        return self.recipe.resume(state, params, data)

    def targets(self, codes, n_classes):
        """What an epoch is told of the classes."""
        return codes

    def advance(self, layers, state, data, rate):
        """One epoch on a copy of the state."""
        return learning.epoch(self.recipe, state, data, rate)

    def ascend(self, state, data, n_steps, on_step):
        """Steps of L-BFGS; `on_step` is given a state, and what it has reached."""

        def seen(params):
            value, accuracy = backprop.scores(params, data)
            moved = state._replace(params=params)
            return on_step(moved, learning.Classified(-value, accuracy))

        run = data, n_steps, seen
        params = quasi_newton.ascend(self.recipe, state.params, *run)
        return state._replace(params=params)

    def attributes(self, layers, state):
        """Fitted attributes that hold a state."""
        own = state.params.layers
        return {
            "weights_": [layer.weights for layer in own],
            "intercepts_": [layer.bias for layer in own],
            "_fine_tuning_state": state._replace(params=None),
        }

    def params(self, estimator):
        """The parameters that attributes hold."""
        pairs = zip(estimator.weights_, estimator.intercepts_, strict=True)
        return learning.NetworkParams(tuple(learning.Layer(*pair) for pair in pairs))

    def log_proba(self, layers, params, v):
        """log P(class | v) of every row."""
        return network.log_proba(params, v)

    def features(self, layers, params, v):
        """Means of the units of the last hidden layer."""
        return network.features(params, v)
