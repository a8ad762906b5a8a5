"""Simulated annealing against dwave-samplers and openjij, set-up excluded.

    pip install dwave-samplers openjij
    python benchmarks/bench_annealing.py --threads 1

Spin updates per second and the energies reached, on Sherrington-Kirkpatrick instances
(dense, J_ij normal with variance 1/n) and on a random 3-regular graph with couplings of
-1 and +1 (sparse).  All get the same inverse temperatures, rising from 0.1 to 3
geometrically; the peers' time for a single sweep is taken off as their set-up, while
ours is counted.
"""

import argparse
import time

import dimod
import numpy as np
import openjij
from dwave.samplers import SimulatedAnnealingSampler
from scipy import sparse
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import config_context
from skboltz.sampling import minimize_energy

CASES = {100: (1000, 64), 1000: (200, 64), 5000: (100, 64), -10_000: (100, 64)}


def spin_glass(n, rng):
    upper = np.triu(rng.normal(0, n**-0.5, (n, n)), 1)
    return upper + upper.T


def regular_graph(n, rng):
    """Three random matchings; the few pairs matched twice add up."""
    ends = np.array([rng.permutation(n).reshape(-1, 2) for _ in range(3)]).reshape(
        -1, 2
    )
    signs = rng.choice([-1.0, 1.0], len(ends))
    half = sparse.coo_array((signs, ends.T), shape=(n, n)).tocsr()
    return sparse.csr_array(half + half.T)


def timed(function, *args):
    start = time.perf_counter()
    result = function(*args)
    return time.perf_counter() - start, result


def peers(coupling, betas, reads):
    """Seconds and energies of both peers for some reads of all sweeps."""
    upper = sparse.triu(sparse.csr_array(coupling), 1).tocoo()
    model = dimod.BinaryQuadraticModel.from_numpy_vectors(
        np.zeros(coupling.shape[0]), (*upper.coords, -upper.data), 0.0, "SPIN"
    )
    ends = {"beta_range": (betas[0], betas[-1])}
    dwave, jij = SimulatedAnnealingSampler(), openjij.SASampler()
    calls = {
        "dwave-samplers": lambda n: dwave.sample(
            model, num_reads=reads, num_sweeps=n, seed=0, **ends
        ),
        "openjij": lambda n: jij.sample(
            model, num_reads=reads, num_sweeps=n, seed=0,
            beta_min=betas[0], beta_max=betas[-1],
        ),
    }  # fmt: skip
    for name, call in calls.items():
        # Minutes for 5000 units, which need no second measurement.
        once = min(timed(call, 1)[0] for _ in range(3 if len(upper.data) < 1e6 else 1))
        all_sweeps, found = timed(call, len(betas))
        yield name, reads, all_sweeps - once, found.record.energy


def ours(coupling, betas, restarts, kernels):
    for method in ("metropolis", "heat-bath"):
        with config_context(kernels=kernels):

            def call(betas, method=method):
                return minimize_energy(
                    coupling, method=method, n_restarts=restarts, betas=betas,
                    random_state=0,
                )  # fmt: skip

            call(betas[:1])  # compiles
            seconds, found = timed(call, betas)
        yield f"{method} {kernels}", restarts, seconds, found.energies


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--reads", type=int, default=8)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(CASES))
    options = parser.parse_args()
    report(**machine(), **vars(options))
    for n in options.sizes:
        sweeps, restarts = CASES[n]
        rng = np.random.default_rng(0)
        coupling = spin_glass(n, rng) if n > 0 else regular_graph(-n, rng)
        betas, base = np.geomspace(0.1, 3, sweeps), None
        with threadpool_limits(options.threads):
            rows = [*peers(coupling, betas, options.reads)]
            for kernels in ("numba", "numpy") if 0 < n <= 1000 else ("numba",):
                rows += ours(coupling, betas, restarts, kernels)
        for name, chains, seconds, energies in rows:
            rate = abs(n) * chains * sweeps / seconds
            base = base or rate
            report(
                n=abs(n),
                dense=n > 0,
                name=name,
                million_updates=round(rate / 1e6, 2),
                to_dwave=round(rate / base, 2),
                best=round(float(energies.min()) / abs(n), 4),
                mean=round(float(energies.mean()) / abs(n), 4),
            )


if __name__ == "__main__":
    main()
