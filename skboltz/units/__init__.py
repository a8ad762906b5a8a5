"""Units: the values a variable takes, and what it does given its input field.

Pure functions of arrays, without random numbers: a random unit receives its
noise as an argument.  What every one of them can be asked is written in :class:`Unit`.
"""

from ._bernoulli import BERNOULLI
from ._categorical import CategoricalUnit
from ._categorical_groups import CategoricalGroups
from ._columns import ROLES, Columns, Group
from ._contract import Bias, Growth, Unit
from ._gaussian import GAUSSIAN, GaussianParams, GaussianUnit
from ._spin import SPIN
from ._two_valued import TwoValuedUnit

__all__ = [
    "BERNOULLI",
    "GAUSSIAN",
    "ROLES",
    "SPIN",
    "Bias",
    "CategoricalGroups",
    "CategoricalUnit",
    "Columns",
    "GaussianParams",
    "GaussianUnit",
    "Group",
    "Growth",
    "TwoValuedUnit",
    "Unit",
]
