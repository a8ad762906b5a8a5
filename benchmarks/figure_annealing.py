"""Time to solution of simulated annealing: how soon is a peer's best energy reached?

    pip install dwave-samplers openjij
    python benchmarks/figure_annealing.py

A peer anneals `reads` times by its own defaults for the temperatures and 1000 sweeps;
its best energy is the target.  Ours anneals a few restarts at a time, by its own
defaults and each time with another seed, until the target is reached.  Instances:
Sherrington-Kirkpatrick, and Max-Cut of a random graph of 800 nodes and 19,176 edges
(as G1 to G5 of the G-set), whose cuts are reported.
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

from skboltz.sampling import minimize_energy

LIMIT = 5  # times the seconds of the peer, after which the search is given up


def spin_glass(n, rng):
    upper = np.triu(rng.normal(0, n**-0.5, (n, n)), 1)
    return upper + upper.T


def max_cut(rng, n=800, n_edges=19_176):
    i, j = np.triu_indices(n, 1)
    chosen = rng.choice(len(i), n_edges, replace=False)
    coupling = np.zeros((n, n))
    coupling[i[chosen], j[chosen]] = -1
    return coupling + coupling.T


def peers(coupling, reads, sweeps):
    upper = sparse.triu(sparse.csr_array(coupling), 1).tocoo()
    model = dimod.BinaryQuadraticModel.from_numpy_vectors(
        np.zeros(len(coupling)), (*upper.coords, -upper.data), 0.0, "SPIN"
    )
    samplers = {
        "dwave-samplers": SimulatedAnnealingSampler(),
        "openjij": openjij.SASampler(),
    }
    for name, sampler in samplers.items():
        start = time.perf_counter()
        found = sampler.sample(model, num_reads=reads, num_sweeps=sweeps, seed=0)
        yield name, time.perf_counter() - start, float(found.record.energy.min())


def to_target(coupling, target, seconds, method, restarts, sweeps):
    """Seconds until the target is reached, or until it is given up; and the best."""
    start, best, seed = time.perf_counter(), np.inf, 0
    # Energies are sums in another order: equal states differ by rounding.
    while best > target + 1e-6 and time.perf_counter() - start < LIMIT * seconds:
        found = minimize_energy(
            coupling,
            method=method,
            n_restarts=restarts,
            betas=sweeps,
            random_state=seed,
        )
        best, seed = min(best, found.energy), seed + 1
    return time.perf_counter() - start, best


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--instances", type=int, default=3)
    parser.add_argument("--reads", type=int, default=16)
    parser.add_argument("--sweeps", type=int, default=1000)
    parser.add_argument("--restarts", type=int, default=8)
    parser.add_argument("--cases", nargs="*", default=["100", "1000", "max-cut"])
    options = parser.parse_args()
    report(**machine(), **vars(options))
    minimize_energy(spin_glass(300, np.random.default_rng(0)), betas=2)  # compiles
    for case in options.cases:
        for seed in range(options.instances):
            rng = np.random.default_rng(seed)
            coupling = max_cut(rng) if case == "max-cut" else spin_glass(int(case), rng)
            with threadpool_limits(1):
                one(case, seed, coupling, options)


def one(case, seed, coupling, options):
    cut = -coupling.sum() / 4 if case == "max-cut" else None
    for peer, seconds, target in peers(coupling, options.reads, options.sweeps):
        for method in ("metropolis", "heat-bath"):
            arguments = method, options.restarts, options.sweeps
            ours, best = to_target(coupling, target, seconds, *arguments)
            report(
                case=case,
                seed=seed,
                peer=peer,
                peer_seconds=round(seconds, 2),
                target=round(target if cut is None else cut - target / 2, 4),
                method=method,
                to_peer=round(ours / seconds, 3),
                best=round(best if cut is None else cut - best / 2, 4),
                reached=bool(best <= target + 1e-6),
            )


if __name__ == "__main__":
    main()
