"""What every room may need: threads of BLAS."""

from ._threads import one_blas_thread, suited_threads

__all__ = ["one_blas_thread", "suited_threads"]
