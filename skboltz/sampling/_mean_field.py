"""Mean field: all units independent, each in the mean field of the others."""

from functools import singledispatch

import numpy as np

from ..models import Bipartite, Pairwise


def lower_bound(model, params, visible, n_steps=50):
    """The best mean-field lower bound on log Z that some rows lead to.

    The largest of :func:`lower_bounds`, which has the parameters.

    Returns
    -------
    float
        In nats.

    Examples
    --------
    Without weights the units are independent, and the bound is log Z itself.

    >>> import numpy as np
    >>> from skboltz.models import Bipartite, BipartiteParams
    >>> from skboltz.sampling import mean_field
    >>> from skboltz.units import BERNOULLI, Bias
    >>> params = BipartiteParams(
    ...     np.zeros((1, 1)), Bias(np.zeros(1)), Bias(np.zeros(1)))
    >>> rbm = Bipartite(BERNOULLI, BERNOULLI)
    >>> bound = mean_field.lower_bound(rbm, params, np.zeros((1, 1)))
    >>> round(bound, 6)  # 2 log 2
    1.386294
    """
    return float(lower_bounds(model, params, visible, n_steps).max())


@singledispatch
def lower_bounds(model, params, visible, n_steps=50):
    """The mean-field lower bound on log Z that each row leads to.

    For any independent units q, log Z >= sum of q (-E) + entropy of q (the Gibbs-
    Bogoliubov inequality). From each row the layers of a bipartite model take their
    best q in turn, which never lowers the bound; the units of a pairwise model go to
    their :func:`magnetisations`.  What a row leads to is about what the states around
    it weigh together, which no state says alone.

    Parameters
    ----------
    model : Bipartite or Pairwise
        With two-valued units. Another kind of model registers a function of its own.
    params : BipartiteParams or PairwiseParams
    visible : ndarray of shape (n_rows, n_visible)
        Where to start, such as modes of the model.
    n_steps : int, default=50

    Returns
    -------
    ndarray of shape (n_rows,)
        In nats.
    """
    raise TypeError(f"no bound is known for a model of type {type(model).__name__}.")


@lower_bounds.register
def _(model: Bipartite, params, visible, n_steps=50):
    return bipartite_bounds(model, params, visible, n_steps)


def bipartite_bounds(model, params, visible, n_steps=50, pull=0.0):
    """As :func:`lower_bounds`, of a model whose hidden units receive more than v.

    Parameters
    ----------
    model : Bipartite
    params : BipartiteParams
    visible : ndarray of shape (n_rows, n_visible)
    n_steps : int, default=50
    pull : float or ndarray of shape (1, n_hidden) or (n_rows, n_hidden), default=0.0
        What the hidden units receive besides.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    upper, lower = model.hidden_unit, model.visible_unit

    def hidden_field(v):
        return upper.field(params.hidden, model.hidden_input(params, v) + pull)

    mean = visible
    for _ in range(n_steps):
        hidden = upper.mean(params.hidden, hidden_field(mean))
        field = model.visible_field(params, hidden)
        mean = lower.mean(params.visible, field)
    # A(f), the log-partition at the field f, is the entropy less the mean base energy
    # plus input x statistic; couplings enter by what the hidden units sum out exactly.
    # Sums over each row apart: a group of columns may have a single term of A.
    terms = lower.log_partition(params.visible, field)
    statistic = lower.statistic(params.visible, mean)
    pairs = model.visible_input(params, hidden) * statistic
    marginal = upper.log_partition(params.hidden, hidden_field(mean))
    own = terms.sum(axis=1) - pairs.sum(axis=1)
    return own + marginal.sum(axis=1)


@lower_bounds.register
def _(model: Pairwise, params, visible, n_steps=50):
    field = np.broadcast_to(params.units.bias, visible.shape)
    mean, _ = magnetisations(
        model.unit, params.coupling, field, n_steps=n_steps, start=visible
    )
    return independent_bound(model.unit, params, mean)


def independent_bound(unit, params, mean):
    """b'm + 1/2 m'Jm + entropy(m) of every row: never above log Z, whatever m.

    The mean of s'Js over independent units is m'Jm, as J has no diagonal.

    Parameters
    ----------
    unit : TwoValuedUnit
    params : PairwiseParams
    mean : ndarray of shape (n_rows, n_units)
        Between the values of the unit.

    Returns
    -------
    ndarray of shape (n_rows,)

    Examples
    --------
    At m = 0 two spins have the energy 0 and the entropy 2 log 2.

    >>> import numpy as np
    >>> from skboltz.models import PairwiseParams
    >>> from skboltz.sampling import mean_field
    >>> from skboltz.units import SPIN, Bias
    >>> coupling = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> params = PairwiseParams(coupling, Bias(np.zeros(2)))
    >>> mean_field.independent_bound(SPIN, params, np.zeros((1, 2))).round(6)
    array([1.386294])
    """
    pairs = 0.5 * mean * (mean @ params.coupling)
    return (unit.entropy(mean) + pairs).sum(axis=1) + mean @ params.units.bias


def magnetisations(
    unit,
    coupling,
    field,
    *,
    tap=False,
    n_steps=200,
    tol=1e-6,
    damping=0.5,
    start=None,
):
    """Mean-field means of units coupled in pairs, for rows with fields of their own.

    The naive mean field solves m_i = mean(f_i), f_i = field_i + sum_j J_ij m_j. TAP
    takes Onsager's reaction from f_i, what unit i hears of itself by way of the
    others: (m_i - mid) sum_j J_ij^2 (m_j - low) (high - m_j), mid half-way between the
    two values.  For weak couplings its error is of a higher order in them, but it is
    no bound on anything, and may have no solution where they are strong.

    All units move at once, a part of the way to what their fields ask for; a row that
    overshoots takes half the part from then on.  Rows do not see one another: one
    that has converged stays as it is.

    Parameters
    ----------
    unit : TwoValuedUnit
    coupling : ndarray of shape (n_units, n_units)
        Symmetric, with a zero diagonal.
    field : ndarray of shape (n_rows, n_units)
        Biases, and inputs from whatever is outside.
    tap : bool, default=False
    n_steps : int, default=200
        At most that many moves.
    tol : float, default=1e-6
        A row has converged if no mean is farther from what its field asks for, as a
        part of high - low.  Not below 16 roundings.
    damping : float, default=0.5
        Part of the way not gone, in [0, 1).
    start : ndarray of shape (n_rows, n_units), default=None
        Means to start from; by default what units do while all others are half-way
        between their values.

    Returns
    -------
    means : ndarray of shape (n_rows, n_units)
    converged : ndarray of shape (n_rows,), bool

    References
    ----------
    Thouless, Anderson & Palmer (1977), "Solution of 'Solvable model of a spin glass'";
    Plefka (1982), "Convergence condition of the TAP equation for the infinite-ranged
    Ising spin glass model".

    Examples
    --------
    Two spins with m = tanh(2 m): 0.9575 is one of three solutions.

    >>> import numpy as np
    >>> from skboltz.sampling import mean_field
    >>> from skboltz.units import SPIN
    >>> coupling = np.array([[0.0, 2.0], [2.0, 0.0]])
    >>> means, converged = mean_field.magnetisations(
    ...     SPIN, coupling, np.zeros((2, 2)), start=np.array([[0.5, 0.5], [0.0, 0.0]]))
    >>> means.round(4), converged
    (array([[0.9575, 0.9575],
           [0.    , 0.    ]]), array([ True,  True]))
    """
    squares = coupling**2 if tap else None
    if start is None:
        middle = np.full_like(field, unit.middle)
        start = _asked(unit, coupling, None, field, middle)
    mean = np.array(start, field.dtype)
    limit = unit.distance(max(tol, 16 * np.finfo(mean.dtype).eps))
    part = np.full((len(mean), 1), 1 - damping, mean.dtype)
    last, moving = np.zeros_like(mean), np.arange(len(mean))
    for move in range(n_steps + 1):
        here = mean[moving]
        change = _asked(unit, coupling, squares, field[moving], here) - here
        still = abs(change).max(axis=1, initial=0) > limit
        moving, here, change = moving[still], here[still], change[still]
        if not len(moving) or move == n_steps:
            break
        part[moving[(change * last[moving]).sum(axis=1) < 0]] /= 2
        mean[moving], last[moving] = here + part[moving] * change, change
    return mean, ~np.isin(np.arange(len(mean)), moving)


def _asked(unit, coupling, squares, field, mean):
    """Means of units in the fields of given means, less the reaction for TAP.

    With s = mid + half x, x = +1 or -1, the couplings of x are half^2 J and its fields
    half f; so x_i sum_j (half^2 J_ij)^2 (1 - x_j^2), which TAP takes from them, is half
    (m_i - mid) sum_j J_ij^2 var_j with var_j = half^2 (1 - x_j^2).
    """
    total = field + mean @ coupling
    if squares is not None:
        total -= (mean - unit.middle) * (unit.variance(mean) @ squares)
    return unit.mean(None, total)
