"""Labels of the top RBM of a deep belief network, given its other visible units."""

import numpy as np
from scipy.special import log_softmax

from .. import kernels
from ..sampling import Purpose, Stream

_BURN_IN, _SWEEPS = 50, 200


def log_label_proba(model, params, h, n_labels):
    """log P(label | h) of every row and label, by free energies.

    Each label y is clamped in turn: P(y | h) = exp(-F(h, y)) / sum_y' exp(-F(h, y')),
    F the free energy of the RBM (Hinton, Osindero & Teh 2006, section 6).

    Parameters
    ----------
    model : Bipartite
        Its visible units are those of h, then the labels, one of which is 1.
    params : BipartiteParams
    h : ndarray of shape (n_rows, n_units)
    n_labels : int

    Returns
    -------
    ndarray of shape (n_rows, n_labels), float64

    Examples
    --------
    Two labels that nothing depends on but their own biases, 0 and log 3:

    >>> import numpy as np
    >>> from skboltz.likelihood import log_label_proba
    >>> from skboltz.models import Bipartite, BipartiteParams
    >>> from skboltz.units import BERNOULLI, Bias, CategoricalUnit, Columns
    >>> visible = Columns(((BERNOULLI, 1), (CategoricalUnit(), 2, "label")))
    >>> params = BipartiteParams(
    ...     np.zeros((1, 3)), Bias(np.log([1.0, 1.0, 3.0])), Bias(np.zeros(1))
    ... )
    >>> rbm = Bipartite(visible, BERNOULLI)
    >>> np.exp(log_label_proba(rbm, params, np.array([[1.0]]), 2)).round(6)
    array([[0.25, 0.75]])
    """
    return log_softmax(_label_weights(model, params, h, n_labels), axis=1)


def hidden_means_given(model, params, h, n_labels):
    """E[hidden | h], the label summed out, of every row."""
    proba = np.exp(log_label_proba(model, params, h, n_labels))
    proba = proba.astype(h.dtype, copy=False)
    return sum(
        proba[:, [label]] * model.hidden_unit.mean(params.hidden, field)
        for label, field in _fields(model, params, h, n_labels)
    )


def sampled_log_label_proba(model, params, h, n_labels):
    """As :func:`log_label_proba`, by chains of the label and the hidden units.

    They start from a neutral label, every one on by 1/n, and P(label | hidden) is
    averaged over 200 sweeps that follow 50.  Every row sees the same noise.
    """
    streams = Stream((0, 0), Purpose.SAMPLE), Stream((0, 0), Purpose.DATA)
    labels = np.full((len(h), n_labels), 1 / n_labels, h.dtype)
    total = np.zeros((len(h), n_labels))
    for sweep in range(_BURN_IN + _SWEEPS):
        labels, proba, streams = _label_sweep(model, params, h, labels, streams)
        if sweep >= _BURN_IN:
            total += proba
    with np.errstate(divide="ignore"):
        return np.log(total / _SWEEPS)


def _label_weights(model, params, h, n_labels):
    """-F(h, y) of every row and label y, but for what is common to the labels."""
    bias = params.visible.bias[-n_labels:].astype(np.float64)
    logs = np.empty((len(h), n_labels))
    for label, field in _fields(model, params, h, n_labels):
        marginal = model.hidden_unit.log_partition(params.hidden, field)
        logs[:, label] = bias[label] + marginal.sum(axis=1, dtype=np.float64)
    return logs


def _fields(model, params, h, n_labels):
    """Every label with the fields of the hidden units, if it is the one that is 1."""
    weights = params.weights
    known = h @ weights[:, :-n_labels].T
    for label, column in enumerate(weights[:, -n_labels:].T):
        yield label, model.hidden_unit.field(params.hidden, known + column)


def _label_sweep(model, params, h, labels, streams):
    """Hidden units given h and the labels, then labels given the hidden units."""
    hidden_stream, label_stream = streams
    visible = np.hstack([h, labels])
    input = model.hidden_input(params, visible)
    noise, hidden_stream = hidden_stream.draw_alike(
        input.shape, input.dtype, model.hidden_unit.noise
    )
    hidden = kernels.sample(model.hidden_unit, params.hidden, input, noise)
    input = model.visible_input(params, hidden)
    mean = kernels.mean(model.visible_unit, params.visible, input.copy())
    noise, label_stream = label_stream.draw_alike(
        input.shape, input.dtype, model.visible_unit.noise
    )
    drawn = kernels.sample(model.visible_unit, params.visible, input, noise)
    n_labels = labels.shape[1]
    streams = hidden_stream, label_stream
    return drawn[:, -n_labels:], mean[:, -n_labels:], streams
