"""Dense associative memories: softmax against its products, and sweeps of spins.

    python benchmarks/bench_dense_memory.py --threads 1

One step of 1,000 probes in 10,000 memories of 784 features, float32, against its two
matrix products, timed in turn.  Then what a step of 1,000 probes holds beside 60,000 x
784 bytes that are stored, and the time of a term of a sweep (one memory of one unit of
one probe) of spins, by Numba and by NumPy.
"""

import argparse
import resource
import tracemalloc

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import DenseAssociativeMemory, config_context
from skboltz.models import Exponential, Polynomial
from skboltz.sampling import SpinMemory, dense_recall


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    report(**machine(), **vars(options))
    with threadpool_limits(options.threads):
        report(**memory_of_60000())
        attention(options.rounds)
        sweeps(min(options.rounds, 5))


def attention(rounds):
    rng = np.random.default_rng(0)
    X = rng.random((10_000, 784), dtype=np.float32)
    probes = X[:1000] + 0.1 * rng.standard_normal((1000, 784), dtype=np.float32)
    scores = np.empty((1000, 10_000), np.float32)  # so that no page is touched anew
    out = np.empty_like(probes)

    def products():
        np.matmul(probes, X.T, out=scores)
        np.matmul(scores, X, out=out)

    def step(similarity, beta, shift=0):
        one = DenseAssociativeMemory(similarity=similarity, beta=beta, max_iter=1)
        one.fit(X + np.float32(shift))
        cues = probes + np.float32(shift)
        # Beneath the checks of scikit-learn, which take a pass over the probes.
        return lambda: dense_recall.run(one._memory, cues, 1)

    functions = {
        "products": products,
        "dot, broad": step("dot", 0.01),
        "dot, sharp": step("dot", 1.0),
        "euclidean, broad": step("euclidean", 0.01),
        "euclidean, sharp": step("euclidean", 1.0),
        "euclidean, far from the origin": step("euclidean", 1.0, shift=1000),
    }
    _report(functions, rounds, "products")


def memory_of_60000():
    """Peak beside the patterns: traced, and of the whole process."""
    X = np.random.default_rng(0).integers(0, 256, (60_000, 784), dtype=np.uint8)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    tracemalloc.start()
    memory = DenseAssociativeMemory(max_iter=1).fit(X)
    fit = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    memory.transform(X[:1000])
    step = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    return {
        "name": "60,000 x 784 uint8",
        "stored_MiB": round(X.nbytes / 2**20, 1),
        "as_float32_MiB": round(4 * X.nbytes / 2**20, 1),
        "peak_of_fit_MiB": round(fit / 2**20, 1),
        "peak_of_a_step_MiB": round(step / 2**20, 1),
        "growth_of_process_MiB": round(after - before, 1),
    }


def sweeps(rounds):
    rng = np.random.default_rng(0)
    units, memories, probes = 100, 2000, 500
    xi = rng.choice(np.array([-1, 1], np.int8), (units, memories))
    starts = rng.choice(np.array([-1, 1], np.int8), (probes, units))

    def sweep(interaction, kernels):
        memory = SpinMemory(interaction, xi, (1, 2))

        def run():
            with config_context(kernels=kernels):
                dense_recall.run(memory, starts, 1)

        return run

    functions = {
        f"{type(part).__name__}, {kernels}": sweep(part, kernels)
        for part in (Polynomial(3), Exponential())
        for kernels in ("numpy", "numba")
    }
    terms = units * memories * probes
    _report(functions, rounds, "Polynomial, numpy", ns_a_term=1e9 / terms)


def _report(functions, rounds, base, **units):
    for function in functions.values():
        function()
    seconds = interleave(functions, rounds)
    for name in functions:
        least = min(seconds[name])
        figures = {unit: round(factor * least, 2) for unit, factor in units.items()}
        against = {f"to_{base}": ratio(seconds, name, base)}
        report(name=name, seconds=round(least, 3), **against, **figures)


if __name__ == "__main__":
    main()
