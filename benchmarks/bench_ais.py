"""Annealed importance sampling against its matrix products alone.

    python benchmarks/bench_ais.py --threads 1

784 visible and 500 hidden units, 100 chains, float32: the products of a temperature are
one up and one down.  Everything is timed in turn, in rounds of some hundred
temperatures, and ratios are medians over the rounds.
"""

import argparse

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import config_context
from skboltz.models import Bipartite, BipartiteParams
from skboltz.sampling import Purpose, Stream, annealing
from skboltz.units import BERNOULLI, Bias


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--betas", type=int, default=200)
    parser.add_argument("--chains", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 0.05, (500, 784)).astype(np.float32)
    params = BipartiteParams(
        np.asfortranarray(weights),
        Bias(rng.normal(-1, 0.5, 784).astype(np.float32)),
        Bias(np.zeros(500, np.float32)),
    )
    path = annealing.base_path(Bipartite(BERNOULLI, BERNOULLI), params)
    stream = Stream((1, 2), Purpose.FORWARD)
    chains = annealing.init(path, stream, options.chains)
    betas = np.linspace(0, 1, options.betas + 1)
    h = (chains.input > 0).astype(np.float32)

    def products():
        for _ in range(options.betas):
            chains.visible @ params.weights.T
            h @ params.weights

    def anneal(kernels):
        def run():
            with config_context(kernels=kernels):
                annealing.run(path, chains, betas)

        return run

    functions = {
        "products": products,
        "numba": anneal("numba"),
        "numpy": anneal("numpy"),
    }
    with threadpool_limits(options.threads):
        for function in functions.values():
            function()
        seconds = interleave(functions, options.rounds)
    report(**machine(), **vars(options))
    for name in functions:
        report(
            name=name,
            to_products=ratio(seconds, name, "products"),
            ms_a_temperature=round(1e3 * min(seconds[name]) / options.betas, 2),
        )


if __name__ == "__main__":
    main()
