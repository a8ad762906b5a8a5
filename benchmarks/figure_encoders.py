"""Encoders and parity: what machines with hidden units find, against the literature.

    python benchmarks/figure_encoders.py --which 4-2-4 --runs 250
    python benchmarks/figure_encoders.py --which 8-3-8 --runs 20 --setting exact
    python benchmarks/figure_encoders.py --which 40-10-40 --setting "less noise"
    python benchmarks/figure_encoders.py --which parity --runs 5

Ackley, Hinton & Sejnowski (1985): two groups of n visible units that are coupled only
through hidden ones, and n vectors, each with the same one unit on in both groups.  The
setting "paper" is theirs: annealing, noisy clamping, steps of one size, every vector
clamped twice a cycle, and all parameters 0 at the start (--start log-odds: as this
package starts by itself).  A run counts as

    coded   if the most probable hidden states of the n vectors all differ (theirs), and
    solved  if moreover, with either group clamped to any of its n vectors, the most
            probable of all 2^n states of the other, hidden units summed out, is the
            same vector (for n = 40: of the 40 states with one unit on).

Both are judged exactly, by enumeration, every `--every` cycles; `--after` cycles after
it was first solved a run ends, and `stays` is the share of those in which it held.
Parity: the four rows of three spins whose product is 1, KL in nats, from log 2 for any
machine without hidden units.
"""

import argparse
import time
from dataclasses import dataclass
from itertools import product

import numpy as np
from sklearn.base import clone
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import BoltzmannMachine

SIZES = {"4-2-4": (4, 2), "8-3-8": (8, 3), "40-10-40": (40, 10)}
PAPER = {
    "method": "annealing",
    "gradient": "sign",
    "learning_rate": 0.2,
    "clamping_noise": (0.15, 0.05),
}
SETTINGS = {
    "paper": PAPER,
    "mean-step": PAPER | {"gradient": "centered", "learning_rate": 0.03},
    "penalised": PAPER | {"l2": 0.05},
    "penalised, less noise": PAPER | {"l2": 0.05, "clamping_noise": (0.15, 0.02)},
    "less noise": PAPER
    | {"gradient": "centered", "learning_rate": 1.25, "clamping_noise": (0.15, 0.01)},
    "pcd": {"method": "pcd", "learning_rate": 0.012, "l2": 1e-3},
    "exact": {"method": "exact", "learning_rate": 0.03, "momentum": 0.9},
}
PARITY = {
    "visible, moments": {"n_hidden": 0, "method": "moments"},
    "visible, exact": {"n_hidden": 0, "method": "exact"},
    "1 hidden": {"n_hidden": 1, "method": "exact"},
    "3 hidden": {"n_hidden": 3, "method": "exact"},
}
COOLING = np.geomspace(2, 0.1, 20)  # temperatures of a completion, 10 sweeps each


def binary(n):
    """All states of n units."""
    return np.array(list(product((0.0, 1.0), repeat=n)))


@dataclass
class Encoder:
    """The task, and how a machine does at it."""

    n: int
    n_hidden: int

    def __post_init__(self):
        self.vectors = np.eye(self.n)
        self.rows = np.hstack([self.vectors, self.vectors])
        self.codes = binary(self.n_hidden)
        few = self.n <= 8
        self.others = binary(self.n) if few else self.vectors
        numbers = 1 << np.arange(self.n)[::-1]
        self.answers = numbers if few else np.arange(self.n)

    def mask(self):
        allowed = np.ones((2 * self.n + self.n_hidden,) * 2, dtype=int)
        first, second = slice(0, self.n), slice(self.n, 2 * self.n)
        allowed[first, second] = allowed[second, first] = 0
        np.fill_diagonal(allowed, 0)
        return allowed

    def n_codes(self, bm):
        """Different hidden states that are the most probable ones of the vectors."""
        weights = bm.coupling_[: 2 * self.n, 2 * self.n :]
        among = bm.coupling_[2 * self.n :, 2 * self.n :]
        field = self.rows @ weights + bm.intercept_[2 * self.n :]
        own = 0.5 * np.einsum("ci,ij,cj->c", self.codes, among, self.codes)
        return len(np.unique(np.argmax(field @ self.codes.T + own, axis=1)))

    def n_completed(self, bm):
        """Vectors, of both groups, whose best completion is the right one; of 2n."""
        known = np.repeat(self.vectors, len(self.others), axis=0)
        other = np.tile(self.others, (self.n, 1))
        rows = np.block([[known, other], [other, known]])
        best = bm.free_energy(rows).reshape(2, self.n, -1).argmin(axis=2)
        return int((best == self.answers).sum())

    def machine(self, setting, seed):
        return BoltzmannMachine(
            self.n_hidden,
            mask=self.mask(),
            schedule="constant",
            batch_size=2 * self.n,
            n_chains=2 * self.n,
            random_state=seed,
            **SETTINGS[setting],
        )


def started(bm, rows, start):
    """The machine before its first cycle."""
    bm = clone(bm).set_params(n_iter=0, warm_start=True).fit(rows)
    if start == "zero":
        bm.coupling_ = np.zeros_like(bm.coupling_)
        bm.intercept_ = np.zeros_like(bm.intercept_)
    return bm


def learn(task, options, seed):
    """Checks of one run: cycle, codes, completed; until solved and some time after."""
    rows, checks, solved = np.vstack([task.rows] * 2), [], None
    bm = started(task.machine(options.setting, seed), rows, options.start)
    bm.set_params(n_iter=options.every)
    rate = bm.learning_rate
    for cycle in range(options.every, options.cycles + 1, options.every):
        if options.falling:
            left = 1 - (cycle - options.every) / options.cycles
            bm.set_params(learning_rate=rate * left)
        bm.fit(rows)
        n_codes = task.n_codes(bm)
        # Without a code of its own a vector can have no completion of its own.
        n_right = task.n_completed(bm) if n_codes == task.n or cycle % 100 == 0 else 0
        checks.append((cycle, n_codes, n_right))
        if solved is None and n_codes == task.n and n_right == 2 * task.n:
            solved = cycle
            bm.set_params(learning_rate=rate * options.settle)
        if solved is not None and cycle >= solved + options.after:
            break
    return bm, np.array(checks)


def summary(task, checks):
    """First cycles at which a run was coded and solved, and whether that held."""
    cycles, n_codes, n_right = checks.T
    coded = n_codes == task.n
    solved = coded & (n_right == 2 * task.n)
    first = {"coded": None, "solved": None, "most_codes": int(n_codes.max())}
    if coded.any():
        first["coded"] = int(cycles[coded.argmax()])
        first["stays_coded"] = round(float(coded[coded.argmax() :].mean()), 3)
    if solved.any():
        first["solved"] = int(cycles[solved.argmax()])
        first["stays"] = round(float(solved[solved.argmax() :].mean()), 3)
    return first


def completed(task, bm, repeats, temperatures, seed):
    """Share of the first group's vectors that Gibbs chains complete rightly."""
    rows = np.tile(task.rows, (repeats, 1))
    given, state = rows.copy(), None
    given[:, task.n :] = np.nan
    for temperature in temperatures:
        cooled = clone(bm).set_params(n_iter=0).fit(task.rows)
        cooled.coupling_ = bm.coupling_ / temperature
        cooled.intercept_ = bm.intercept_ / temperature
        state = cooled.sample(given=given, start=state, burn_in=10, random_state=seed)
        seed += 1
    return float((state == rows).all(axis=1).mean())


def completions(task, bm, seed):
    """Ways to complete the second group from the first; shares that are right."""
    given = task.rows.copy()
    given[:, task.n :] = np.nan
    means = bm.impute(given)[:, task.n :]
    return {
        "best_of_vectors": task.n_completed(bm) / (2 * task.n),
        "annealed": completed(task, bm, 25, COOLING, seed),
        "sampled": completed(task, bm, 25, [1.0] * 10, seed),
        "largest_mean": float((means.argmax(axis=1) == np.arange(task.n)).mean()),
    }


def quartiles(values):
    found = [v for v in values if v is not None]
    if not found:
        return None
    return [float(np.quantile(found, q)) for q in (0, 0.25, 0.5, 0.75, 1)] + [
        float(np.mean(found))
    ]


def encoder(options):
    task, runs = Encoder(*SIZES[options.which]), []
    for seed in range(options.seed, options.seed + options.runs):
        start = time.perf_counter()
        bm, checks = learn(task, options, seed)
        found = summary(task, checks)
        if task.n > 8:
            found |= completions(task, bm, seed)
        seconds = round(time.perf_counter() - start, 2)
        report(seed=seed, cycles=int(checks[-1, 0]), **found, seconds=seconds)
        runs.append(found | {"seconds": seconds})
    report(
        runs=len(runs),
        coded=sum(r["coded"] is not None for r in runs),
        solved=sum(r["solved"] is not None for r in runs),
        coded_cycles=quartiles([r["coded"] for r in runs]),
        solved_cycles=quartiles([r["solved"] for r in runs]),
        stays_coded=quartiles([r.get("stays_coded") for r in runs]),
        stays=quartiles([r.get("stays") for r in runs]),
        seconds=round(sum(r["seconds"] for r in runs), 1),
    )


def parity(options):
    rows = np.array([s for s in product((-1.0, 1.0), repeat=3) if np.prod(s) == 1])
    for name, params in PARITY.items():
        for seed in range(options.seed, options.seed + options.runs):
            start = time.perf_counter()
            bm = BoltzmannMachine(
                values=(-1, 1),
                learning_rate=0.3,
                momentum=0.9,
                schedule="constant",
                n_iter=3000,
                random_state=seed,
                **params,
            ).fit(rows)
            report(
                machine=name,
                seed=seed,
                kl=round(-np.log(len(rows)) - bm.score(rows), 6),
                seconds=round(time.perf_counter() - start, 1),
            )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--which", choices=[*SIZES, "parity"], required=True)
    parser.add_argument("--setting", choices=SETTINGS, default="paper")
    parser.add_argument("--start", choices=["zero", "log-odds"], default="zero")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cycles", type=int, default=5000)
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--after", type=int, default=100)
    # The learning rate falls linearly to 0 over the cycles.
    parser.add_argument("--falling", action="store_true")
    # Factor of the learning rate once a run is solved.
    parser.add_argument("--settle", type=float, default=1.0)
    options = parser.parse_args()
    report(**machine(), **vars(options))
    with threadpool_limits(1):
        parity(options) if options.which == "parity" else encoder(options)


if __name__ == "__main__":
    main()
