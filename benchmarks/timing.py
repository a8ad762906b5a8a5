"""Interleaved timing: everything compared is timed in turn within one run."""

import json
import os
import platform
import time
from statistics import median

import numba
import numpy as np
import sklearn


def interleave(functions, rounds, clock=time.perf_counter):
    """Seconds of each of the named functions, over rounds in turn.

    With `time.process_time` for a clock they do not depend on other processes.
    """
    seconds = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            start = clock()
            function()
            seconds[name].append(clock() - start)
    return seconds


def ratio(seconds, name, base):
    """Median over the rounds of the time of one by that of another."""
    pairs = zip(seconds[name], seconds[base], strict=True)
    return round(median(a / b for a, b in pairs), 3)


def report(**values):
    """One line of JSON."""
    os.write(1, (json.dumps(values) + "\n").encode())


def machine():
    """What the figures were measured with."""
    return {
        "cpu": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
        "numba": numba.__version__,
        "OPENBLAS_CORETYPE": os.environ.get("OPENBLAS_CORETYPE"),
    }
