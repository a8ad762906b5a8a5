"""Learning from the difference of two phases: Boltzmann machines of every wiring."""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..._exceptions import DivergenceError
from ...sampling import Purpose, Stream
from ...utils import copied, has_missing
from .._batches import n_batches
from .._epoch import Learner, diverged
from .._penalties import SparsityTarget, WeightDecay
from ._absent import check_takes_mask
from ._gradient import Offsets
from ._variance import UNBOUNDED


class TrainingState(NamedTuple):
    """All that changes in a training; the arrays of `params` are moved in place."""

    params: Any
    optimiser: Any
    negative: Any
    offsets: Offsets
    shuffle: Stream
    positive: Any = None
    rate_factor: float = 1.0


class Progress(NamedTuple):
    """What an epoch saw of itself.

    Attributes
    ----------
    moment_gap : float
        Root mean square, over the batches and the visible units, of the difference
        between their means in the batch and in the negative phase.
    hidden_activation : float
        Mean of the hidden units under the data.
    weight_norm : float
        Root of the sum of the squared weights.
    """

    moment_gap: float
    hidden_activation: float
    weight_norm: float


class PhaseSums(NamedTuple):
    """Sums of both phases of some rows; those of others can be added.

    Attributes
    ----------
    positive, negative : Sums or PairwiseSums
    """

    positive: Any
    negative: Any

    def reduced(self):
        """The same in as little memory as may be, for a journey."""
        return PhaseSums(self.positive.reduced(), self.negative.reduced())

    def __add__(self, other):
        return PhaseSums(self.positive + other.positive, self.negative + other.negative)


@dataclass(frozen=True)
class TwoPhaseLearner(Learner):
    """Every part of a training; each can be exchanged for another of its kind.

    An update is :meth:`phases`, which sums over the rows, and :meth:`advance`, which
    moves the parameters by the sums.  Between the two, sums of parts of a batch may be
    added up that were computed apart.

    Parameters
    ----------
    model : Bipartite or Pairwise
    positive : HiddenMeans, ...
    negative : ContrastiveDivergence, PersistentContrastiveDivergence, Enumeration, ...
    gradient : Gradient, CenteredGradient, ...
        From the sums of both phases to a step.
    optimiser : GradientAscent, Momentum, ...
    decay : WeightDecay
    sparsity : SparsityTarget
    batch_size : int
    bounds : Unbounded, VarianceBounds
        Where parameters are kept.

    Examples
    --------
    Counts of two rates beside a bit that tells them apart:

    >>> import numpy as np
    >>> from skboltz import learning
    >>> from skboltz.likelihood import exact_log_partition
    >>> from skboltz.models import Bipartite
    >>> from skboltz.sampling import Purpose, Stream
    >>> from skboltz.units import BERNOULLI, POISSON, Columns
    >>> rng = np.random.default_rng(0)
    >>> bit = rng.integers(0, 2, 500)
    >>> X = np.column_stack([rng.poisson(1 + 4 * bit), bit]).astype(float)
    >>> model = Bipartite(Columns(((POISSON, 1), (BERNOULLI, 1))), BERNOULLI)
    >>> learner = learning.TwoPhaseLearner(
    ...     model, learning.HiddenMeans(), learning.Enumeration(),
    ...     learning.CenteredGradient(), learning.Momentum(0.5),
    ...     learning.WeightDecay(), learning.SparsityTarget(), batch_size=50)
    >>> key, mean = (0, 0), X.mean(axis=0)
    >>> params = learning.initial_params(
    ...     model, Stream(key, Purpose.WEIGHTS), mean, len(X), 1, np.float64)
    >>> state, data = learner.init(params, mean, key), learning.Data(X, None)
    >>> for _ in range(100):
    ...     state, progress = learning.epoch(learner, state, data, 0.05)
    >>> params = state.params
    >>> log_z = exact_log_partition(model, params).value
    >>> log_p = -model.free_energy(params, X) - log_z
    >>> bool(-2.65 < log_p.mean() < -2.45)
    True
    """

    model: Any
    positive: Any
    negative: Any
    gradient: Any
    optimiser: Any
    decay: WeightDecay
    sparsity: SparsityTarget
    batch_size: int
    bounds: Any = UNBOUNDED

    def init(self, params, visible_mean, key):
        """The state of a training that starts from given parameters.

        The positive phase remembers nothing yet: where rows have NaN, pass the state
        through :meth:`resume` with the data, or the first epoch ends in a
        DivergenceError at any rate.

        Parameters
        ----------
        params : BipartiteParams or PairwiseParams
            Of floating-point numbers, in whose precision the training works.
        visible_mean : ndarray of shape (n_visible,)
            Means of the data, of what is known.
        key : pair of int
            Of all noise, see :func:`skboltz.sampling.random_key`.

        Returns
        -------
        TrainingState
        """
        dtype = params.weights.dtype
        hidden_mean = self.positive.hidden_mean(self.model, params, visible_mean)
        chains = Stream(key, Purpose.CHAINS)
        return TrainingState(
            params,
            self.optimiser.init(params),
            self.negative.init(self.model, params, chains),
            Offsets(visible_mean.astype(dtype), hidden_mean.astype(dtype)),
            Stream(key, Purpose.SHUFFLE),
        )

    def resume(self, state, params, data):
        """A state that goes on with given parameters, as far as parts and data allow.

        Chains and velocities of another method are dropped and begun anew, and so is
        what the positive phase remembers of other data.
        """
        state, X = super().resume(state, params, data), data.present()
        negative, positive = state.negative, state.positive
        key, later_on = state.shuffle.key, state.shuffle.step << 32
        if not self.negative.accepts(negative):
            later = Stream(key, Purpose.CHAINS, later_on)
            negative = self.negative.init(self.model, params, later)
        if not self.positive.accepts(positive, X):
            later = Stream(key, Purpose.DATA, later_on)
            positive = self.positive.init(self.model, params, X, later)
        return state._replace(negative=negative, positive=positive)

    def copy(self, state):
        """The state with its own copies of the arrays that are moved in place."""
        return super().copy(state)._replace(positive=copied(state.positive))

    def update(self, state, batch, rate, share=1.0):
        """One batch, of `share` times the mean weight: both phases, and a step.

        Returns
        -------
        state : TrainingState
        seen : tuple of two ndarray
            See :meth:`advance`.

        Raises
        ------
        ValueError
            If values are missing, and the state has no guesses of them.
        """
        sums, state = self.phases(state, batch)
        try:
            return self.advance(state, sums, rate, share)
        except DivergenceError as error:  # NaN is looked for where it has done harm
            v, memory = batch.values, state.positive
            lost = memory is None and not self.positive.accepts(memory, v)
            if lost and has_missing(v):
                raise ValueError(
                    "Values are missing, and the state has no guesses of them to go "
                    "on from: call resume(state, params, data) of the learner first."
                ) from error
            raise

    def phases(self, state, batch):
        """Sums of both phases over the rows of a batch; parameters stay.

        Returns
        -------
        sums : PhaseSums
        state : TrainingState
            After the phases.
        """
        if batch.mask is not None:
            check_takes_mask(self)
        place = self.model, state.params
        data, memory = self.positive.step(*place, state.positive, batch)
        negative, chains = self.negative.step(*place, state.negative, data)
        state = state._replace(negative=chains, positive=memory)
        return PhaseSums(data.sums, negative), state

    def advance(self, state, sums, rate, share=1.0):
        """A step by the sums of a batch of `share` times the mean weight.

        Returns
        -------
        state : TrainingState
        seen : tuple of two ndarray
            `share` times the squares of the visible means of the data minus those of
            the model, and `share` times the hidden means.

        Raises
        ------
        DivergenceError
            If a hidden mean is not finite.
        """
        model, params = self.model, state.params
        visible_mean, hidden_mean = sums.positive.means()
        gap = visible_mean - sums.negative.visible_mean()
        offsets = state.offsets.slide(visible_mean, hidden_mean, share)
        positive = self.sparsity.shift(sums.positive, offsets.hidden)
        phases = positive, sums.negative
        change = self.gradient.step(model, params, *phases, rate, offsets)
        self.decay.pull(change.weights, params.weights, self.gradient.pull(model, rate))
        self.gradient.finish(model, params, change, offsets, rate)
        optimiser = self.optimiser.step(params, state.optimiser, change, rate)
        self.bounds.hold(model, params)
        # Whatever happens to the weights reaches the hidden means a batch later.
        if not math.isfinite(hidden_mean.sum()):
            diverged(rate / share)
        state = state._replace(optimiser=optimiser, offsets=offsets)
        # Squares first: the mean difference over an epoch is how far the biases
        # moved, by the rate, and small also where they swing back and forth.
        gap *= gap
        seen = gap, hidden_mean
        return state, seen if share == 1 else tuple(share * part for part in seen)

    def progress(self, state, seen, data):
        """What an epoch saw of itself."""
        weights, n = state.params.weights, n_batches(data.X.shape[0], self.batch_size)
        gap, activation = (total / n for total in seen)
        return Progress(
            float(np.sqrt(np.mean(gap))),
            float(np.mean(activation)) if len(activation) else 0.0,
            float(np.sqrt(np.vdot(weights, weights))),
        )
