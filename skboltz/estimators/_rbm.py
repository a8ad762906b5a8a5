"""The restricted Boltzmann machine with binary units."""

from typing import ClassVar

from ..models import Bipartite
from ..units import BERNOULLI
from ._base import BaseRBM


class BernoulliRBM(BaseRBM):
    """doc"""

    _model: ClassVar = Bipartite(BERNOULLI, BERNOULLI)
