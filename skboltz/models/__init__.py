"""Models: how units are wired, as an energy and the fields it induces.

Pure functions of arrays.  P is proportional to exp(-E), and every interaction
enters E with a minus sign.
"""

from ..theory import (
    critical_load,
    exponential_capacity_rate,
    gardner_capacity,
    gardner_load,
    hebb_capacity,
    one_step_error,
    polynomial_capacity,
    pseudo_inverse_capacity,
    retrieval_beta,
    retrieval_error,
    retrieval_error_bound,
    retrieval_overlap,
    separation,
    storage_constant,
    storkey_capacity,
    suggested_beta,
)
from ._belief_network import (
    BeliefNetwork,
    BeliefParams,
    log_conditional,
    log_posterior,
    log_values,
    untied,
    with_labels,
)
from ._bipartite import Bipartite, BipartiteParams
from ._dense import (
    Differences,
    Dot,
    Euclidean,
    Exponential,
    Polynomial,
    RectifiedPolynomial,
    Softmax,
)
from ._gaussian_conventions import (
    CONVENTIONS,
    GaussianConvention,
    from_convention,
    to_convention,
)
from ._pairwise import (
    Pairwise,
    PairwiseParams,
    converted,
    in_layers,
    independent_set,
    is_layered,
    of_layers,
)

__all__ = [
    "CONVENTIONS",
    "BeliefNetwork",
    "BeliefParams",
    "Bipartite",
    "BipartiteParams",
    "Differences",
    "Dot",
    "Euclidean",
    "Exponential",
    "GaussianConvention",
    "Pairwise",
    "PairwiseParams",
    "Polynomial",
    "RectifiedPolynomial",
    "Softmax",
    "converted",
    "critical_load",
    "exponential_capacity_rate",
    "from_convention",
    "gardner_capacity",
    "gardner_load",
    "hebb_capacity",
    "in_layers",
    "independent_set",
    "is_layered",
    "log_conditional",
    "log_posterior",
    "log_values",
    "of_layers",
    "one_step_error",
    "polynomial_capacity",
    "pseudo_inverse_capacity",
    "retrieval_beta",
    "retrieval_error",
    "retrieval_error_bound",
    "retrieval_overlap",
    "separation",
    "storage_constant",
    "storkey_capacity",
    "suggested_beta",
    "to_convention",
    "untied",
    "with_labels",
]
