"""Units: the values a variable takes, and what it does given its input field.

Pure functions of arrays, without random numbers: a random unit receives its
noise as an argument.
"""

from ._bernoulli import BERNOULLI
from ._categorical import CategoricalUnit
from ._defaults import (
    given,
    implied,
    is_columnwise,
    n_states,
    neighbours,
    restricted,
    states,
    sums_of_means,
)
from ._gaussian import GAUSSIAN, GaussianParams, GaussianUnit
from ._side_by_side import SideBySide
from ._spin import SPIN
from ._two_valued import Bias, TwoValuedUnit

__all__ = [
    "BERNOULLI",
    "GAUSSIAN",
    "SPIN",
    "Bias",
    "CategoricalUnit",
    "GaussianParams",
    "GaussianUnit",
    "SideBySide",
    "TwoValuedUnit",
    "given",
    "implied",
    "is_columnwise",
    "n_states",
    "neighbours",
    "restricted",
    "states",
    "sums_of_means",
]
