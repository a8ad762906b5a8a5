"""How many random patterns a Hopfield network holds, against the theory.

    python benchmarks/figure_capacity.py [--quick] [--skip-rules]

Hebb's rule near saturation: asynchronous recall from every stored pattern, for four
sizes, the share of wrong units drawn to 1/n = 0 by a straight line and held against
Amit, Gutfreund and Sompolinsky (1985); the first parallel step against Q(1/sqrt(load));
and for every rule the most patterns that all are fixed points.  Draws capacity.png
beside this file.
"""

import argparse
import math
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
from scipy.special import ndtr
from sklearn.exceptions import ConvergenceWarning
from timing import machine, report

from skboltz import CapacityWarning, HopfieldMemory, capacity_curve
from skboltz.learning import Perceptron
from skboltz.plotting import CapacityDisplay
from skboltz.sampling import Synchronous
from skboltz.theory import (
    critical_load,
    gardner_capacity,
    hebb_capacity,
    one_step_error,
    pseudo_inverse_capacity,
    retrieval_error,
    storkey_capacity,
)

SIZES = {500: 320, 1000: 160, 2000: 60, 4000: 16}  # units: networks at each load
BELOW = [0.08, 0.10, 0.12, 0.13, 0.135]
BEYOND = [0.14, 0.15, 0.16]
ONE_STEP = [0.105, 0.138, 0.185, 0.37, 0.61]
N_RULES, N_SEQUENCES = 200, 5
PERCEPTRON = partial(Perceptron, max_iter=3000)
RULES = {
    "hebb": "hebb",
    "storkey": "storkey",
    "pseudo-inverse": "pseudo-inverse",
    "perceptron, symmetric": PERCEPTRON(symmetric=True),
    "perceptron, asymmetric": PERCEPTRON(symmetric=False),
}
LOST = 0.9  # a pattern with a smaller overlap is not remembered with errors, but lost


def random_patterns(n_patterns, n_units, rng):
    return rng.choice([-1.0, 1.0], size=(n_patterns, n_units))


def mean_and_error(values):
    """Over independent networks."""
    values = np.asarray(values)
    return values.mean(), values.std(ddof=1) / math.sqrt(len(values))


# Hebb's rule near saturation --------------------------------------------------------


def recalled_errors(n_units, load, rng):
    """Share of wrong units in every pattern after recall from the pattern itself."""
    patterns = random_patterns(round(load * n_units), n_units, rng)
    memory = HopfieldMemory(random_state=int(rng.integers(2**31)))
    return (memory.fit(patterns).transform(patterns) != patterns).mean(axis=1)


def saturation(n_units, load, n_networks, rng):
    networks = [recalled_errors(n_units, load, rng) for _ in range(n_networks)]
    kept = [errors < (1 - LOST) / 2 for errors in networks]
    inside = [e[k].mean() for e, k in zip(networks, kept, strict=True) if k.any()]
    return {
        "overlap": mean_and_error([1 - 2 * errors.mean() for errors in networks]),
        "error": mean_and_error([errors.mean() for errors in networks]),
        "error_of_kept": mean_and_error(inside) if len(inside) > 1 else (np.nan,) * 2,
        "kept": mean_and_error([each.mean() for each in kept]),
    }


def at_infinity(sizes, values, errors):
    """Intercept of a weighted line in 1/n, its standard error, and chi squared."""
    design = np.stack([np.ones(len(sizes)), 1 / np.asarray(sizes)], axis=1)
    scaled = design / np.asarray(errors)[:, None]
    covariance = np.linalg.inv(scaled.T @ scaled)
    fitted = covariance @ scaled.T @ (np.asarray(values) / errors)
    residual = (np.asarray(values) - design @ fitted) / errors
    return fitted[0], math.sqrt(covariance[0, 0]), float((residual**2).sum())


def hebb_near_saturation(scale):
    found = {}
    for load in BELOW + BEYOND:
        for n_units, n_networks in SIZES.items():
            rng = np.random.default_rng([n_units, round(1000 * load)])
            start = time.perf_counter()
            n_networks = max(4, n_networks // scale)
            measured = saturation(n_units, load, n_networks, rng)
            found[load, n_units] = measured
            report(
                part="saturation",
                load=load,
                n_units=n_units,
                networks=n_networks,
                **{key: [round(x, 6) for x in pair] for key, pair in measured.items()},
                theory=round(retrieval_error(load), 6),
                seconds=round(time.perf_counter() - start, 1),
            )
    for load in BELOW:
        for key in ("error", "error_of_kept"):
            values, errors = zip(*(found[load, n][key] for n in SIZES), strict=True)
            limit, error, chi_squared = at_infinity(list(SIZES), values, errors)
            theory = retrieval_error(load)
            report(
                part="saturation, 1/n to 0",
                load=load,
                of=key,
                limit=[round(limit, 6), round(error, 6)],
                theory=round(theory, 6),
                off_by=round((limit - theory) / error, 2),
                chi_squared=round(chi_squared, 2),
            )
    return found


def where_recall_starts(scale, n_units=2000, n_networks=30):
    """What depends on the start: from the pattern, the first minimum is a near one.

    The theory is of the lowest state around a pattern.  A recall from some way off
    comes to rest at about the same energy, with more units wrong.
    """
    for load in (0.08, 0.10, 0.12):
        found = {noise: [] for noise in (0.0, 0.02, 0.05, 0.1)}
        for seed in range(max(4, n_networks // scale)):
            rng = np.random.default_rng(seed)
            patterns = random_patterns(round(load * n_units), n_units, rng)
            memory = HopfieldMemory(random_state=seed).fit(patterns)
            for noise, measured in found.items():
                flipped = rng.random(patterns.shape) < noise
                states = memory.transform(np.where(flipped, -patterns, patterns))
                errors = (states != patterns).mean(axis=1)
                kept = errors < (1 - LOST) / 2
                energy = memory.energy(states[kept]).mean() / n_units
                measured.append((errors[kept].mean(), energy))
        base = np.array(found[0.0])
        for noise, measured in found.items():
            # Of the same networks: the difference is known better than either.
            error, energy = (np.array(measured) - base).T
            report(
                part="start",
                load=load,
                flipped=noise,
                error=[round(x, 6) for x in mean_and_error(np.array(measured)[:, 0])],
                more_error=[round(x, 6) for x in mean_and_error(error)],
                more_energy=[round(x, 9) for x in mean_and_error(energy)],
                theory=round(retrieval_error(load), 6),
            )


# The first step ---------------------------------------------------------------------


def first_step(scale, n_units=1000, n_networks=40):
    """Against Q for infinitely many units, and with the crosstalk of so many.

    The variance of the crosstalk is (n - 1)(P - 1) / n^2, and where ties occur (P even)
    they keep their unit, which moves the edge of the signal from (n - 1)/n to 1; with P
    odd the field takes odd integers only, and the edge is (n - 1)/n.
    """
    found = {}
    memory = HopfieldMemory(dynamics=Synchronous(max_iter=1))
    for load in ONE_STEP:
        rng, rates = np.random.default_rng(round(1000 * load)), []
        for _ in range(max(4, n_networks // scale)):
            patterns = random_patterns(round(load * n_units), n_units, rng)
            after = memory.fit(patterns).transform(patterns)
            rates.append((after != patterns).mean())
        edge = n_units if len(patterns) % 2 == 0 else n_units - 1
        finite = (n_units - 1) * (len(patterns) - 1) / edge**2
        found[load] = mean_and_error(rates)
        report(
            part="first step",
            load=load,
            n_units=n_units,
            error=[round(x, 5) for x in found[load]],
            finite_theory=round(one_step_error(finite), 5),
            off_by=round((found[load][0] - one_step_error(finite)) / found[load][1], 2),
            theory=round(one_step_error(load), 5),
        )
    return found


# Every rule -------------------------------------------------------------------------


def all_fixed(rule, patterns):
    memory = HopfieldMemory(rule, random_state=0).fit(patterns)
    # Without any coupling (pseudo-inverse, P >= n) every state is fixed, none stored.
    return bool(memory.coupling_.any() and memory.is_fixed_point(patterns).all())


def most_fixed(rule, patterns):
    """How many patterns of a sequence can be stored as fixed points, by bisection."""
    low, high = 1, len(patterns)
    while high - low > 1:
        middle = (low + high) // 2
        if all_fixed(rule, patterns[:middle]):
            low = middle
        else:
            high = middle
    return low


def median_number(chance, largest):
    """Where a chance that falls with the number of patterns passes one half."""
    return next(P for P in range(2, largest) if chance(P) < 0.5) - 1


def hebb_chance(n_patterns, n=N_RULES):
    """That no unit of any pattern is unstable, as if they were independent."""
    error = one_step_error((n - 1) * (n_patterns - 1) / n**2)
    return math.exp(-n * n_patterns * error)


def perceptron_chance(n_patterns, n=N_RULES):
    """That n perceptrons of n - 1 inputs all separate (Cover 1965), as if independent.

    A dichotomy of P patterns is separable with the chance that at most n - 2 of P - 1
    fair coins fall heads.
    """
    heads = (n - 1.5 - (n_patterns - 1) / 2) / (math.sqrt(n_patterns - 1) / 2)
    return ndtr(heads) ** n


EXPECTED = {
    "hebb": (
        partial(hebb_capacity, perfect="all"),
        partial(median_number, hebb_chance, N_RULES),
    ),
    "storkey": (storkey_capacity, None),
    "pseudo-inverse": (pseudo_inverse_capacity, lambda: N_RULES - 1),
    "perceptron, symmetric": (None, None),
    "perceptron, asymmetric": (
        gardner_capacity,
        partial(median_number, perceptron_chance, 2 * N_RULES),
    ),
}


def every_rule(scale):
    found = {}
    for name, rule in RULES.items():
        start, numbers = time.perf_counter(), []
        for seed in range(max(2, N_SEQUENCES // scale)):
            rng = np.random.default_rng(seed)
            sequence = random_patterns(2 * N_RULES + 40, N_RULES, rng)
            numbers.append(most_fixed(rule, sequence))
        limit, finite = EXPECTED[name]
        found[name] = numbers
        report(
            part="all patterns fixed",
            rule=name,
            n_units=N_RULES,
            most=numbers,
            load=round(float(np.median(numbers)) / N_RULES, 3),
            theory_of_many_units=round(limit(N_RULES), 1) if limit else None,
            theory_of_so_many=finite() if finite else None,
            seconds=round(time.perf_counter() - start, 1),
        )
    return found


RULE_LOADS = {
    "hebb": [0.02, 0.05, 0.1, 0.15, 0.2],
    "storkey": [0.1, 0.2, 0.3, 0.4, 0.5, 0.7],
    "pseudo-inverse": [0.2, 0.4, 0.6, 0.8, 0.9, 0.995],
    "perceptron, symmetric": [0.4, 0.8, 1.2, 1.4, 1.5, 1.6],
    "perceptron, asymmetric": [0.5, 1.0, 1.4, 1.6, 1.7],
}


def rule_curves():
    """What every rule recalls from the pattern, and from one with 10 % flipped."""
    curves = {}
    for name, rule in RULES.items():
        memory = HopfieldMemory(rule, random_state=0)
        loads = RULE_LOADS[name]
        for noise in (0.0, 0.1):
            curve = capacity_curve(
                memory, N_RULES, loads, noise=noise, n_repeats=2, random_state=0
            )
            curves[name, noise] = curve
            report(
                part="curve",
                rule=name,
                noise=noise,
                loads=curve.loads.round(3).tolist(),
                perfect=curve.perfect.mean(axis=1).round(3).tolist(),
                overlap=curve.overlap.mean(axis=1).round(3).tolist(),
            )
    return curves


# The picture ------------------------------------------------------------------------


def draw_saturation(ax, found):
    loads = np.linspace(0.06, critical_load(), 300)
    ax.plot(loads, retrieval_error(loads), color="0.3", ls="--", label="theory")
    for n_units in SIZES:
        rows = [(x, *found[x, n_units]["error_of_kept"]) for x in BELOW + BEYOND]
        x, y, bars = np.array(rows).T
        ax.errorbar(x, y, bars, marker=".", lw=0.8, label=f"{n_units} units")
    ax.set(yscale="log", xlabel="patterns for each unit")
    ax.set(ylabel="share of wrong units, patterns kept", title="Hebb's rule, recalled")


def draw_first_step(ax, found):
    loads = np.linspace(0.08, 0.65, 200)
    ax.plot(loads, one_step_error(loads), color="0.3", ls="--", label="theory")
    y, bars = np.array(list(found.values())).T
    ax.errorbar(list(found), y, bars, ls="", marker="o", ms=4, label="1000 units")
    ax.set(yscale="log", xlabel="patterns for each unit")
    ax.set(ylabel="share of unstable units", title="Hebb's rule, first step")


def draw_rules(ax, curves, noise, metric):
    for name in RULES:
        CapacityDisplay.from_curve(
            curves[name, noise], name=name, metric=metric, ax=ax, ms=4
        )
    ax.set_title(f"{N_RULES} units, {noise:.0%} of the cue flipped")


def draw(saturated, first, curves):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    draw_saturation(axes[0, 0], saturated)
    draw_first_step(axes[0, 1], first)
    for ax in axes[0]:
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
    if curves:
        draw_rules(axes[1, 0], curves, 0.0, "perfect")
        draw_rules(axes[1, 1], curves, 0.1, "overlap")
    figure.savefig(Path(__file__).with_name("capacity.png"), dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the networks")
    parser.add_argument("--skip-rules", action="store_true")
    arguments = parser.parse_args()
    scale = 10 if arguments.quick else 1
    warnings.simplefilter("ignore", CapacityWarning)  # to store too much is the purpose
    warnings.simplefilter("ignore", ConvergenceWarning)  # and so is to stop
    report(**machine())
    saturated, first = hebb_near_saturation(scale), first_step(scale)
    where_recall_starts(scale)
    if not arguments.skip_rules:
        every_rule(scale)
    draw(saturated, first, None if arguments.skip_rules else rule_curves())


if __name__ == "__main__":
    main()
