"""A sweep over the hidden layers of a belief network given rows with gaps.

    python benchmarks/bench_belief_sweep.py --threads 1

784 features, layers of 500 and 500 units, 100 chains, float32, a fifth of the features
missing. The base are the four products that a sweep cannot do without: up and down both
layers. "by softplus" is the same sweep with the change of every logarithm computed
anew, as for units of any kind. Machines drift: everything is timed in turn, and ratios
are medians over the rounds.
"""

import argparse

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import config_context
from skboltz.models import BeliefNetwork, Bipartite, BipartiteParams, untied
from skboltz.sampling import BeliefSweeps, Purpose, Stream, belief_chains
from skboltz.units import BERNOULLI, Bias
from skboltz.units._causes import Causes


def layer(rng, n_hidden, n_visible, scale):
    """Weights as after training: most units are nearly sure of themselves."""
    weights = scale * rng.normal(size=(n_hidden, n_visible)).astype(np.float32)
    visible, hidden = (Bias(np.full(n, -1, np.float32)) for n in (n_visible, n_hidden))
    return BipartiteParams(weights, visible, hidden)


def by_softplus(sweeps):
    """The same sweeps without the kernel."""
    other = object.__new__(BeliefSweeps)
    vars(other).update(vars(sweeps))
    other._causes = [Causes(c.unit, c.params, c.steps) for c in sweeps._causes]
    return other


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--chains", type=int, default=100)
    parser.add_argument("--sizes", type=int, nargs=3, default=(784, 500, 500))
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rng, rbm = np.random.default_rng(0), Bipartite(BERNOULLI, BERNOULLI)
    n_visible, *above = options.sizes
    low = layer(rng, above[0], n_visible, options.scale)
    net = BeliefNetwork((rbm,), rbm)
    params = untied([low], layer(rng, above[1], above[0], options.scale))
    v = (rng.random((options.chains, n_visible)) < 0.3).astype(np.float32)
    v[rng.random(v.shape) < 0.2] = np.nan
    given = belief_chains.given_of(net, params, v)
    W, T = params.generative[0].weights, params.top.weights
    x, h, g = (
        rng.random((options.chains, n)).astype(np.float32) for n in options.sizes
    )

    def products():
        return h @ W, x @ W.T, g @ T, h @ T.T

    functions, turned = {"products": products}, {}
    for kernels in ("numba", "numpy"):
        with config_context(kernels=kernels):
            sweeps = BeliefSweeps(net, params)
        stream = Stream((1, 2), Purpose.SAMPLE)
        start = sweeps.run(sweeps.recognised(given, stream), given, np.ones(10))
        later = sweeps.step(start, given)
        turned[kernels] = round(float((later.top != start.top).mean()), 3)
        functions[kernels] = lambda s=sweeps, c=start: s.step(c, given)
    functions["by softplus"] = lambda: by_softplus(sweeps).step(start, given)
    with threadpool_limits(options.threads):
        seconds = interleave(functions, options.rounds)
    ratios = {name: ratio(seconds, name, "products") for name in functions}
    report(**machine(), **vars(options), units_turned=turned, ratios=ratios)


if __name__ == "__main__":
    main()
