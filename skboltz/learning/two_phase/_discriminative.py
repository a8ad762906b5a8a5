"""The negative phase of learning to classify: features as they are, classes summed out.

The gradient of log P(y | x) is the expectation of the statistics given x and y less
that given x alone, E[. | x] = sum_y P(y | x) E[. | x, y] (Larochelle & Bengio 2008,
"Classification using discriminative restricted Boltzmann machines", ICML).
"""

from dataclasses import dataclass
from operator import add
from typing import ClassVar

import numpy as np
from scipy.special import softmax

from ... import kernels
from ...sampling import Stream
from ...utils import each
from .._sums import Block, Sums, visible_sums


@dataclass(frozen=True)
class Discriminative:
    """Exact expectations given the features of each row, its label summed out.

    Hidden units receive x' W' whatever the label, and one column of the weights more
    for each.  The features are the same for all labels: what they go with is
    E[h | x] alone, and only the columns of the labels ask for E[h | x, y].

    Parameters
    ----------
    n_labels : int
        The last visible units, a group of which exactly one is high.
    low, high : float, default=0.0, 1.0
        The two values of these units.

    Examples
    --------
    Without weights both labels have the odds of their biases, 1 and 3:

    >>> import numpy as np
    >>> from skboltz.learning import Discriminative
    >>> from skboltz.learning.two_phase._positive import data_phase
    >>> from skboltz.models import Bipartite, BipartiteParams
    >>> from skboltz.units import BERNOULLI, Bias, CategoricalUnit, Columns
    >>> visible = Columns(((BERNOULLI, 1), (CategoricalUnit(), 2)))
    >>> rbm = Bipartite(visible, BERNOULLI)
    >>> params = BipartiteParams(
    ...     np.zeros((1, 3)), Bias(np.log([1.0, 1.0, 3.0])), Bias(np.zeros(1))
    ... )
    >>> data = data_phase(rbm, params, np.array([[1.0, 1.0, 0.0]]))
    >>> negative, _ = Discriminative(2).step(rbm, params, None, data)
    >>> negative.visible.bias, negative.product()
    (array([1.  , 0.25, 0.75]), array([[0.5  , 0.125, 0.375]]))
    """

    from_data: ClassVar = True
    takes_mask: ClassVar = True  # an absent feature is 0, as in the positive phase

    n_labels: int
    low: float = 0.0
    high: float = 1.0

    def init(self, model, params, stream):
        return stream

    def accepts(self, state):
        """Whether a training with that state can go on with this phase."""
        return isinstance(state, Stream)

    def step(self, model, params, stream, data):
        """Sums of the negative phase, and the state after it."""
        v, weight, unit = data.visible, data.weight, model.hidden_unit
        first = v.shape[1] - self.n_labels
        if data.mask is not None and not data.mask[:, first:].all():
            raise ValueError(
                "Rows whose label is absent say nothing of P(label | features): leave "
                "them out of the data."
            )
        span = self.high - self.low
        rises = span * params.weights[:, first:].T  # as a label goes high
        bias = span * params.visible.bias[first:]
        label = (v[:, first:] - self.low) / span
        shared = data.hidden_input - label @ rises
        proba = _proba(unit, params.hidden, shared, rises, bias)
        share = proba if weight is None else proba * weight[:, None]
        mean, of_label, hidden = 0, [], None
        for rise, part in zip(rises, share.T, strict=True):
            given = kernels.mean(unit, params.hidden, shared + rise)
            own = unit.sums_of_means(params.hidden, given, part)
            hidden = own if hidden is None else each(add, hidden, own)
            of_label.append(part @ given)
            given *= part[:, None]
            mean += given
        blocks = (
            Block(mean, v[:, :first]),
            Block(None, self._products(of_label, hidden), first),
        )
        expected = np.hstack([v[:, :first], self.low + span * proba])
        visible = visible_sums(model, params, expected, weight, data.mask)
        return Sums(blocks, hidden, visible, data.sums.weight), stream

    def _products(self, of_label, hidden):
        """Sums of h v', v the labels, from those with each of them high."""
        products = (self.high - self.low) * np.array(of_label).T
        return products + self.low * hidden.bias[:, None] if self.low else products


def _proba(unit, params, shared, rises, bias):
    """P(y | x) of every row and label, from free energies but for what they share."""
    logs = np.empty((len(shared), len(rises)))
    for label, rise in enumerate(rises):
        field = unit.field(params, shared + rise)
        logs[:, label] = unit.log_partition(params, field).sum(axis=1, dtype=np.float64)
    return softmax(logs + bias, axis=1).astype(shared.dtype, copy=False)
