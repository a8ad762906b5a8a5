"""Models: how units are wired, as an energy and the fields it induces.

Pure functions of arrays.  P is proportional to exp(-E), and every interaction
enters E with a minus sign.
"""

from ._bipartite import Bipartite, BipartiteParams
from ._pairwise import Pairwise, PairwiseParams

__all__ = ["Bipartite", "BipartiteParams", "Pairwise", "PairwiseParams"]
