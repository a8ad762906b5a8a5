"""Columns of categorical groups against as many bits.

    python benchmarks/bench_columns.py --groups 1682 --size 5

A table of 1682 features with five values each, one-hot, below 100 hidden bits: an epoch
of CD-1 in float32, its matrix products included, and what a CD step asks of the visible
units alone, against the same of 8410 bits.
Everything is timed in turn, in short rounds, and ratios are medians over the rounds.
"""

import argparse

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz import config_context, kernels
from skboltz.learning import (
    ContrastiveDivergence,
    Data,
    Gradient,
    GradientAscent,
    HiddenMeans,
    SparsityTarget,
    TwoPhaseLearner,
    WeightDecay,
    epoch,
    initial_params,
)
from skboltz.models import Bipartite
from skboltz.sampling import Purpose, Stream
from skboltz.units import BERNOULLI, Bias, CategoricalGroups

_STREAM = Stream((0, 0), Purpose.WEIGHTS)


def training(unit, X, n_hidden, batch_size):
    """A function that trains for one epoch."""
    model = Bipartite(unit, BERNOULLI)
    learner = TwoPhaseLearner(
        model=model,
        positive=HiddenMeans(),
        negative=ContrastiveDivergence(1),
        gradient=Gradient(),
        optimiser=GradientAscent(),
        decay=WeightDecay(),
        sparsity=SparsityTarget(),
        batch_size=batch_size,
    )
    mean = X.mean(axis=0)
    params = initial_params(model, _STREAM, mean, len(X), n_hidden, X.dtype)
    state = learner.init(params, mean, (1, 2))

    def run():
        epoch(learner, state, Data(X, None), 0.01)

    run()
    return run


def operations(unit, input):
    """What a step asks of the units, each as a function."""
    params, field = Bias(np.zeros(input.shape[1], input.dtype)), input.copy()

    def sample():
        noise, _ = _STREAM.draw(input.shape, input.dtype, unit.noise)
        kernels.sample(unit, params, field.copy(), noise)

    return {
        "sample": sample,
        "mean": lambda: kernels.mean(unit, params, field.copy()),
        "log_partition": lambda: unit.log_partition(params, field),
        "expected_sums": lambda: unit.expected_sums(params, field),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--groups", type=int, default=1682)
    parser.add_argument("--size", type=int, default=5)
    parser.add_argument("--hidden", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    chosen = rng.integers(options.size, size=(options.rows, options.groups))
    X = np.eye(options.size, dtype=np.float32)[chosen].reshape(options.rows, -1)
    input = rng.normal(size=(options.batch_size, X.shape[1])).astype(np.float32)
    units = {"groups": CategoricalGroups(options.size), "bits": BERNOULLI}
    sizes = options.hidden, options.batch_size
    report(**machine(), **vars(options))
    with threadpool_limits(options.threads), config_context(kernels="auto"):
        epochs = {name: training(unit, X, *sizes) for name, unit in units.items()}
        seconds = interleave(epochs, options.rounds)
        report(name="epoch", to_bits=ratio(seconds, "groups", "bits"))
        asked = {name: operations(unit, input) for name, unit in units.items()}
        asked |= {
            f"all of {name}": {"all": lambda own=own: [f() for f in own.values()]}
            for name, own in asked.items()
        }
        for name in asked["bits"]:
            both = {"groups": asked["groups"][name], "bits": asked["bits"][name]}
            seconds = interleave(both, options.rounds)
            report(name=name, to_bits=ratio(seconds, "groups", "bits"))
        both = {name: asked[f"all of {name}"]["all"] for name in units}
        seconds = interleave(both, options.rounds)
        report(name="all operations", to_bits=ratio(seconds, "groups", "bits"))


if __name__ == "__main__":
    main()
