"""Where a training with Gaussian visible units starts: at the moments of the data."""

import numpy as np
from sklearn.cluster import kmeans_plusplus
from sklearn.utils import gen_batches

from ...models import BipartiteParams
from ...units import Bias, GaussianParams

# Rows that each next one is the best of: with fewer, two of four units begin less
# than 40 degrees apart in one of twelve starts in the plane.
_TRIALS = 10
_CHUNK = 1000  # rows that are looked at together
_EXPLAINED = 0.5  # of the variance in any direction, at most, by the hidden units
_BLUR = 0.2  # length of the noise beside that of the row that a direction is taken from


def drawn_rows(data, size, generator):
    """Numbers of rows drawn by their weights, whatever the order of the rows.

    Rows are numbered along a random direction, so that one of weight 2 is two rows.

    Parameters
    ----------
    data : Data
        NaN counts as the mean.
    size : int
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of shape (size,)
    """
    n_rows, width = data.X.shape
    along, place = generator.standard_normal(width), np.empty(n_rows)
    for part in gen_batches(n_rows, _CHUNK):
        rows = np.arange(part.start, part.stop)
        place[part] = np.nan_to_num(data.batch(rows, np.float64).values) @ along
    order = np.argsort(place, kind="stable")
    weight = np.ones(n_rows) if data.weight is None else data.weight
    reached = np.cumsum(weight[order], dtype=np.float64)
    drawn = generator.random(size) * reached[-1]
    places = np.searchsorted(reached, drawn, side="right")
    return order[np.minimum(places, n_rows - 1)]


def directions(rows, n_vectors, generator):
    """Unit vectors along rows that lie far apart, with some noise.

    The rows are chosen as the first centers of k-means are: two hidden units that
    start alike tend to share what each could have for its own.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_visible)
        About their mean.
    n_vectors : int
    generator : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_vectors, n_visible)
    """
    seed, n_chosen = int(generator.integers(2**31)), min(n_vectors, len(rows))
    chosen, _ = kmeans_plusplus(
        _unit(rows), n_chosen, random_state=seed, n_local_trials=_TRIALS
    )
    chosen = np.resize(chosen, (n_vectors, rows.shape[1]))
    noise = generator.standard_normal(chosen.shape) / np.sqrt(rows.shape[1])
    return _unit(chosen + _BLUR * noise)


def _unit(vectors):
    """Vectors of length 1, or 0, in the same directions."""
    length = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    return vectors / np.where(length > 0, length, 1)


def gaussian_start(vectors, mean, variance, share, sigma=None):
    """A machine whose hidden units explain some of the variance of the data.

    Weights that start near 0 would stay there: with features of the variances that
    the visible units have already, their gradient vanishes to first order.  So each
    hidden unit starts along a vector of length 1 in units of the standard deviations,
    or shorter ones where many together would explain more than half of the variance in
    some direction.  Visible biases and variances are what is left of the moments of the
    data if each hidden unit is on with the odds `share`; and it is, nearly: with all
    others at their means, so that v is at its mean m too, its log-odds are

        c_j + w_j'm / s^2 + (1/2 - l) |w_j|^2 / s^2 = log share,

    l = share / (1 + share) the mean of the unit.  (Melchior, Wang & Wiskott 2017,
    "Gaussian-binary restricted Boltzmann machines for modeling natural image
    statistics", choose the weight of each component alone beside that of none.)

    Parameters
    ----------
    vectors : ndarray of shape (n_hidden, n_visible)
        Of length 1.
    mean, variance : ndarray of shape (n_visible,)
        Of the data.
    share : float
    sigma : float or ndarray of shape (n_visible,), default=None
        Standard deviations of the visible units, if they are given.

    Returns
    -------
    BipartiteParams
        In float64.

    Examples
    --------
    One hidden unit, on with the odds 1, takes 1 x 1/4 from a variance of 1.

    >>> import numpy as np
    >>> from skboltz.learning import gaussian_start
    >>> one = np.ones(1)
    >>> params = gaussian_start(np.ones((1, 1)), 0 * one, one, share=1.0)
    >>> params.weights, params.visible.bias, np.exp(params.visible.log_variance)
    (array([[1.]]), array([-0.5]), array([0.75]))
    """
    on = share / (1 + share)
    varied = on / (1 + share)  # the variance of a hidden unit
    given = variance if sigma is None else np.square(sigma, dtype=np.float64)
    spread = varied * _largest_square(vectors * np.sqrt(variance / given))
    weights = vectors * np.sqrt(variance * _EXPLAINED / max(spread, _EXPLAINED))
    left = np.broadcast_to(given, variance.shape)
    if sigma is None:
        left = variance - varied * (weights**2).sum(axis=0)
    bias = mean - on * weights.sum(axis=0)
    own = (0.5 - on) * (weights**2 / left).sum(axis=1)
    hidden = Bias(np.log(share) - weights @ (mean / left) - own)
    return BipartiteParams(weights, GaussianParams(bias, np.log(left)), hidden)


def _largest_square(vectors):
    """The largest sum over the rows of squares of products with a unit vector."""
    few = vectors if len(vectors) < vectors.shape[1] else vectors.T
    return float(np.linalg.eigvalsh(few @ few.T)[-1])
