"""Mean field: both layers independent, each unit in the mean field of the others."""


def lower_bound(model, params, visible, n_steps=50):
    """The best mean-field lower bound on log Z that some rows lead to.

    For any independent units q, log Z >= sum of q (-E) + entropy of q (the Gibbs-
    Bogoliubov inequality). From each row the layers take their best q in turn, which
    never lowers the bound; the best over all rows is returned.

    Parameters
    ----------
    model : Bipartite
        With two-valued units.
    params : BipartiteParams
    visible : ndarray of shape (n_rows, n_visible)
        Where to start, such as modes of the model.
    n_steps : int, default=50

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
    upper, lower = model.hidden_unit, model.visible_unit
    mean = visible
    for _ in range(n_steps):
        hidden = upper.mean(params.hidden, model.hidden_field(params, mean))
        field = model.visible_field(params, hidden)
        mean = lower.mean(params.visible, field)
    # With field f and bias b, independent units have the entropy A(f) - f mean, and
    # -E the part b mean; what remains, the hidden units sum out exactly.
    own = (
        lower.log_partition(params.visible, field)
        - (field - params.visible.bias) * mean
    )
    marginal = upper.log_partition(params.hidden, model.hidden_field(params, mean))
    return float((own.sum(axis=1) + marginal.sum(axis=1)).max())
