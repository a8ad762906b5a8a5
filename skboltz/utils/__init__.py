"""What every room may need: nested tuples, numbers and gaps, names, threads of BLAS."""

from ._betas import check_betas, stretched
from ._blocks import blocks, row_mean
from ._chosen import chosen
from ._distinct import distinct
from ._has_missing import has_missing
from ._names import known_as
from ._numbers import as_numbers, check_type
from ._require import require, require_count
from ._threads import one_blas_thread, suited_threads
from ._trees import copied, each
from ._warn import warn

__all__ = [
    "as_numbers",
    "blocks",
    "check_betas",
    "check_type",
    "chosen",
    "copied",
    "distinct",
    "each",
    "has_missing",
    "known_as",
    "one_blas_thread",
    "require",
    "require_count",
    "row_mean",
    "stretched",
    "suited_threads",
    "warn",
]
