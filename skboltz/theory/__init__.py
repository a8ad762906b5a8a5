"""What is known of memories without a simulation: capacities and bounds."""

from ._capacity import (
    critical_load,
    gardner_capacity,
    gardner_load,
    hebb_capacity,
    one_step_error,
    pseudo_inverse_capacity,
    retrieval_error,
    retrieval_overlap,
    storkey_capacity,
)
from ._dense_bounds import (
    exponential_capacity_rate,
    polynomial_capacity,
    retrieval_beta,
    retrieval_error_bound,
    separation,
    storage_constant,
    suggested_beta,
)

__all__ = [
    "critical_load",
    "exponential_capacity_rate",
    "gardner_capacity",
    "gardner_load",
    "hebb_capacity",
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
]
