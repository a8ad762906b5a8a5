"""Random memories recalled from random starts: Krotov & Hopfield (2016), Appendix B.

    python benchmarks/figure_dense_memory.py > benchmarks/dense_memory.jsonl

100 units, 2,000 random memories, 10,000 random starts, degrees 2 to 6, F(x) = x^n and
max(x, 0)^n: the share of starts that end at a memory (or, where x^n is even, at the
reverse of one), and the distribution of the largest overlap with a memory, which is
drawn to dense_memory.png.  Published: n = 2 and 3 never recall, n = 4 is peaked sharply
at perfect recall, n >= 5 always recalls.
"""

import argparse
import time
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from timing import machine, report

from skboltz.models import Polynomial, RectifiedPolynomial
from skboltz.sampling import SpinMemory, dense_recall

DEGREES = (2, 3, 4, 5, 6)
KINDS = {"x^n": Polynomial, "max(x, 0)^n": RectifiedPolynomial}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", type=int, default=100)
    parser.add_argument("--memories", type=int, default=2000)
    parser.add_argument("--starts", type=int, default=10_000)
    options = parser.parse_args()
    date = time.strftime("%Y-%m-%d")
    report(**machine(), date=date, matplotlib=matplotlib.__version__, **vars(options))
    rng = np.random.default_rng(0)
    xi = rng.choice(np.array([-1, 1], np.int8), (options.memories, options.units))
    starts = rng.choice(np.array([-1, 1], np.int8), (options.starts, options.units))
    results = {}
    for name, kind in KINDS.items():
        for degree in DEGREES:
            results[name, degree] = overlaps(kind(degree), xi, starts, name)
    figure(results)


def overlaps(interaction, xi, starts, name):
    """Largest overlap of each end; that with a reverse counts where F is even."""
    begin = time.perf_counter()
    memory = SpinMemory(interaction, np.ascontiguousarray(xi.T), (1, 2))
    recalled = dense_recall.run(memory, starts, 200)
    seconds = time.perf_counter() - begin
    products = recalled.states.astype(np.float32) @ xi.T.astype(np.float32)
    even = name == "x^n" and interaction.degree % 2 == 0
    largest = (np.abs(products) if even else products).max(axis=1) / xi.shape[1]
    report(
        F=name,
        n=interaction.degree,
        recalled=float((largest == 1).mean()),
        mean_overlap=round(float(largest.mean()), 4),
        least_overlap=round(float(largest.min()), 2),
        sweeps=round(float(recalled.n_iter.mean()), 2),
        converged=float(recalled.converged.mean()),
        seconds=round(seconds, 1),
    )
    return largest


def figure(results):
    shape = len(KINDS), len(DEGREES)
    _, axes = plt.subplots(
        *shape, figsize=(10, 4), sharex=True, sharey=True, layout="constrained"
    )
    for ax, ((name, degree), largest) in zip(axes.flat, results.items(), strict=True):
        ax.hist(largest, bins=np.arange(0.19, 1.03, 0.02))
        share = (largest == 1).mean()
        ax.set(title=f"{name}, n = {degree}: {share:.2%}", yscale="log")
        ax.title.set_size("small")
    for ax in axes[-1]:
        ax.set_xlabel("largest overlap")
    for ax in axes[:, 0]:
        ax.set_ylabel("starts")
    plt.savefig(Path(__file__).with_name("dense_memory.png"), dpi=120)


if __name__ == "__main__":
    main()
