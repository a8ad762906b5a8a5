"""Units: the values a variable takes, and what it does given its input field.

Pure functions of arrays, without random numbers: a random unit receives its
noise as an argument.  What every one of them can be asked is written in :class:`Unit`.
"""

from ._bernoulli import BERNOULLI
from ._binomial import BinomialUnit
from ._categorical import CategoricalUnit
from ._categorical_groups import CategoricalGroups
from ._columns import ROLES, Columns, Group
from ._contract import Bias, Growth, Unit
from ._gaussian import GAUSSIAN, GaussianParams, GaussianUnit
from ._poisson import POISSON, PoissonUnit
from ._rectified import RECTIFIED, RectifiedUnit
from ._spin import SPIN
from ._standard_gaussian import STANDARD_GAUSSIAN, StandardGaussianUnit
from ._two_valued import TwoValuedUnit

__all__ = [
    "BERNOULLI",
    "GAUSSIAN",
    "POISSON",
    "RECTIFIED",
    "ROLES",
    "SPIN",
    "STANDARD_GAUSSIAN",
    "Bias",
    "BinomialUnit",
    "CategoricalGroups",
    "CategoricalUnit",
    "Columns",
    "GaussianParams",
    "GaussianUnit",
    "Group",
    "Growth",
    "PoissonUnit",
    "RectifiedUnit",
    "StandardGaussianUnit",
    "TwoValuedUnit",
    "Unit",
]
