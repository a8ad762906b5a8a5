"""Passes between the two layers of a fitted machine."""

from ...sampling import gibbs


def visible_means(fitted, h):
    """E[v | h] of every row, as features."""
    return fitted.rows.decoded(_means(fitted, h))


def swept(fitted, v, stream):
    """Features after one Gibbs sweep from visible states, v -> h -> v."""
    chains = gibbs.from_visible(fitted.model, fitted.params, v, stream)
    chains = gibbs.step(fitted.model, fitted.params, chains)
    return fitted.rows.decoded(chains.visible)


def reconstructed(fitted, v, k, stream):
    """Means of the features after k Gibbs sweeps, the last of which ends with them."""
    chains = gibbs.from_visible(fitted.model, fitted.params, v, stream)
    chains = gibbs.run(fitted.model, fitted.params, chains, k - 1)
    return visible_means(fitted, chains.hidden)


def _means(fitted, h):
    model, params = fitted.model, fitted.params
    return model.visible_unit.mean(params.visible, model.visible_field(params, h))
