"""Both twins of the kernels; the compiled one is absent only if a run says so."""

import importlib
import os

from skboltz.kernels import _reference

TWINS = [_reference]
if not os.environ.get("SKBOLTZ_TEST_WITHOUT_NUMBA"):
    TWINS.append(importlib.import_module("skboltz.kernels._numba"))
