"""Features drawn from a deep network: up, along the top, and down."""

from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from ...sampling import Purpose, Stream, ancestral, gibbs, random_key
from ..questions import _belief  # noqa: F401, by which networks answer questions
from ..questions._fitted import Fitted
from ..questions._samples import sample, sample_stream
from ..shared._validation import as_rows, check_and_look, check_data, check_seed
from ._deep import Deep
from ._up_down_stage import belief_network


class DeepSamples(Deep):
    """Passes between features and the top machine of a network that generates."""

    def _drawn(self, n_samples, start, visible, random_state, **chains):
        """Features: chains of the top machine, and one pass down."""
        generator = check_seed(random_state)
        stream = Stream(random_key(generator), Purpose.SAMPLE)
        if start is not None:
            start, stream = self._led_up(start, stream)
            start = self._top_start(start)
        rows = self.layers_[-1].sample(
            n_samples, start=start, random_state=generator, **chains
        )
        return self._led_down(rows, stream, visible, generator)

    def _network(self):
        """The wiring of the network and its parameters."""
        return belief_network(self.layers_), self._stage().params(self)

    def _fitted(self):
        """The network as one value; of one layer, that machine."""
        if len(self.layers_) == 1:
            return self.layers_[0]._fitted()
        return Fitted(*self._network(), scaling=self.layers_[0]._scaling)

    def _asked_fitted(self, X, complete_for=None, name="X"):
        """The network as one value, and checked rows to ask about."""
        check_is_fitted(self)
        X, seen = check_and_look(self, X, complete_for=complete_for, name=name)
        self._warn_of_range(X, seen)
        return self._fitted(), X

    def _completed(self, n_samples, given, start, **chains):
        """Features by chains of all layers, those that are given as they are."""
        fitted, given = self._asked_fitted(as_rows(given, "given"), name="given")
        given = given.toarray() if sparse.issparse(given) else given
        if start is not None:
            rows = as_rows(start, "start")
            _, start = self._asked_fitted(rows, "sample(start=...)", name="start")
            start = fitted.rows.values(start)
        return sample(fitted, n_samples, given=given, start=start, **chains)

    def _there_and_back(self, X, k, random_state):
        """Means of features: up, k sweeps along the top, and down."""
        net, params = self._network()
        if not net.layers:
            return self.layers_[0].reconstruct(X, k=k, random_state=random_state)
        stream, v = sample_stream(random_state), self._rows.values(X)
        states, stream = ancestral.recognise(net, params, v, stream)
        chains = gibbs.from_visible(net.top, params.top, states[-1], stream)
        chains = gibbs.run(net.top, params.top, chains, k)
        states, _ = ancestral.generate(net, params, chains.visible, chains.stream)
        return self._rows.decoded(states[0])

    def _top_start(self, states):
        """Visible units of the top machine where chains start, given its inputs."""
        return states

    def _led_up(self, X, stream):
        """Inputs of the top machine drawn given features, and the stream after."""
        X = check_data(self, X, complete_for="sample()", name="start")
        v = self._rows.values(X)
        net, params = self._network()
        if not net.layers:  # the machine will scale them itself
            return self._rows.decoded(v), stream
        states, stream = ancestral.recognise(net, params, v, stream)
        return states[-1], stream

    def _led_down(self, rows, stream, visible, generator):
        """Features given states of the visible units of the top machine, labels too."""
        net, params = self._network()
        if not net.layers:
            if visible == "means":  # one sweep more, its last step by the means
                rows = self.layers_[0].reconstruct(rows, random_state=generator)
            return rows[:, : self.n_features_in_]
        h = rows[:, : len(params.generative[-1].weights)]
        sampled = visible == "states"
        states, _ = ancestral.generate(net, params, h, stream, sample_visible=sampled)
        return self._rows.decoded(states[0])
