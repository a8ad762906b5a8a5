"""What every room may need: nested tuples, missing values, threads of BLAS."""

from ._missing import has_missing
from ._threads import one_blas_thread, suited_threads
from ._trees import each

__all__ = ["each", "has_missing", "one_blas_thread", "suited_threads"]
