"""Boltzmann machines that are RBMs are asked as such."""

from ...models import in_layers, is_layered


def fastest(fitted):
    """The same machine as one of two layers, if it is one and nothing is lost by it.

    Where units of two layers are not coupled, sums over pairs may be shorter than those
    over a whole layer.

    Parameters
    ----------
    fitted : Fitted
        Of a pairwise model.

    Returns
    -------
    Fitted
    """
    model, params, means, chains = fitted[:4]
    n_visible = model.n_visible
    if not is_layered(params.coupling, n_visible):
        return fitted
    layers = in_layers(params, n_visible)
    if not layers.weights.all():
        return fitted
    return fitted._replace(
        model=model.in_layers(),
        params=layers,
        means=None if means is None else means[:n_visible],
        chains=None if chains is None else chains[:, :n_visible],
    )
