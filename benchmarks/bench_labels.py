"""An update that learns P(label | x) against one by contrastive divergence.

    python benchmarks/bench_labels.py --threads 1

784 features and 10 labels, 500 hidden units, batches of 100, float32. The base is an
update by CD-1 of the same machine; "every label" is the same gradient with a row for
each label of each row, as a phase without blocks of columns would have it. Machines
drift: everything is timed in turn, and ratios are medians over the rounds.
"""

import argparse
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits
from timing import interleave, machine, ratio, report

from skboltz.learning import (
    Batch,
    ContrastiveDivergence,
    Discriminative,
    Gradient,
    GradientAscent,
    HiddenMeans,
    SparsityTarget,
    TwoPhaseLearner,
    WeightDecay,
    initial_params,
    sums,
)
from skboltz.likelihood import log_label_proba
from skboltz.models import Bipartite
from skboltz.sampling import Purpose, Stream
from skboltz.units import BERNOULLI, CategoricalUnit, Columns

KEY = (1, 2)


class EveryLabel(Discriminative):
    """The same expectations, each label of each row a row of its own."""

    def step(self, model, params, stream, data):
        x = data.visible[:, : -self.n_labels]
        proba = np.exp(log_label_proba(model, params, x, self.n_labels))
        labels = np.eye(self.n_labels, dtype=x.dtype)
        v = np.hstack(
            [np.repeat(x, self.n_labels, axis=0), np.tile(labels, (len(x), 1))]
        )
        h = model.hidden_unit.mean(params.hidden, model.hidden_field(params, v))
        return sums(model, params, v, h, proba.astype(x.dtype).ravel()), stream


def updates(learner, params, batch, rows):
    """All batches of some rows, one after the other."""
    state = learner.copy(learner.init(params, rows.mean(axis=0), KEY))

    def run():
        nonlocal state
        for start in range(0, len(rows), batch):
            part = Batch(rows[start : start + batch])
            state, _ = learner.update(state, part, 1e-3)

    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--hidden", type=int, default=500)
    parser.add_argument("--labels", type=int, default=10)
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rng, n = np.random.default_rng(0), options.labels
    X = (rng.random((options.rows, 784)) < 0.13).astype(np.float32)
    labels = np.eye(n, dtype=np.float32)[rng.integers(n, size=options.rows)]
    rows = np.hstack([X, labels])
    model = Bipartite(Columns(((BERNOULLI, 784), (CategoricalUnit(), n))), BERNOULLI)
    params = initial_params(
        model,
        Stream(KEY, Purpose.WEIGHTS),
        rows.mean(axis=0),
        options.rows,
        options.hidden,
        np.float32,
    )
    by_cd = TwoPhaseLearner(
        model=model,
        positive=HiddenMeans(),
        negative=ContrastiveDivergence(1),
        gradient=Gradient(),
        optimiser=GradientAscent(),
        decay=WeightDecay(),
        sparsity=SparsityTarget(),
        batch_size=options.batch_size,
    )
    phases = {"discriminative": Discriminative(n), "every label": EveryLabel(n)}
    learners = {"cd": by_cd} | {
        name: replace(by_cd, negative=phase) for name, phase in phases.items()
    }
    functions = {
        name: updates(learner, params, options.batch_size, rows)
        for name, learner in learners.items()
    }
    with threadpool_limits(options.threads):
        for function in functions.values():
            function()
        seconds = interleave(functions, options.rounds)
    ratios = {name: ratio(seconds, name, "cd") for name in functions}
    report(**machine(), **vars(options), ratios=ratios)


if __name__ == "__main__":
    main()
