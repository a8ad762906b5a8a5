"""Binary data sets of known entropy."""

from ._bars_and_stripes import make_bars_and_stripes
from ._labeled_shifter import make_labeled_shifter
from ._shifting_bar import make_shifting_bar

__all__ = ["make_bars_and_stripes", "make_labeled_shifter", "make_shifting_bar"]
