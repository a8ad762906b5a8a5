"""Ten cities: tours of the network of Hopfield and Tank, and of cooled Potts units.

    python benchmarks/figure_travelling_salesman.py

The networks are those of examples/plot_travelling_salesman.py. A start is a tour if the
units above one half are one to a city and one to a place; "settled" is the share of
starts without a unit between 0.1 and 0.9. Lengths are by the shortest tour, over the
starts that end in one. Published for Hopfield and Tank: 8 to 15 % (Wilson and Pawley).

The penalty is the least of those tried that gave tours on all of 100 random sets of
cities, others than those below; the number of sweeps was then chosen on the ten cities.
"""

import sys
import time
from itertools import permutations
from pathlib import Path

import numpy as np
from timing import machine, report

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "examples"))
from plot_travelling_salesman import (  # noqa: E402
    CITIES,
    OPTIMUM,
    anneal,
    critical_temperature,
    distances,
    field_of,
    free_energy,
    hopfield_tank,
    is_tour,
    lengths,
    plot,
    softmax,
)

NETWORKS = {"hopfield_tank": hopfield_tank, "potts": anneal}


def shortest(distance):
    """The least length of all tours, each taken in one direction."""
    rest = (p for p in permutations(range(1, len(distance))) if p[0] < p[-1])
    order = np.array([(0, *p) for p in rest])
    return distance[order, np.roll(order, -1, axis=1)].sum(1).min()


def measure(name, distance, optimum, n_starts=100, seed=0, **params):
    """States, and the figures of a table row."""
    start = time.perf_counter()
    states = NETWORKS[name](distance, n_starts, np.random.default_rng(seed), **params)
    seconds = time.perf_counter() - start
    found = lengths(states[is_tour(states)], distance) / optimum
    between = ((states > 0.1) & (states < 0.9)).any((1, 2))
    row = {
        "network": name,
        **params,
        "starts": n_starts,
        "seed": seed,
        "tours": round(len(found) / n_starts, 3),
        "settled": round(1 - between.mean(), 3),
        "shortest": round(np.sum(found < 1 + 1e-9) / n_starts, 3),
        "mean": round(found.mean(), 4) if len(found) else None,
        "longest": round(found.max(), 4) if len(found) else None,
        "seconds": round(seconds, 1),
    }
    return states, row


def largest_rise(distance, penalty=1.0, n_updates=2000):
    """Of the free energy in any update of one city, over temperatures and starts."""
    n, rises = len(distance), []
    critical = critical_temperature(distance, penalty)
    for share in (1.05, 0.8, 0.5, 0.2):
        temperature = share * critical
        rng = np.random.default_rng(0)
        activity = rng.dirichlet(np.ones(n), (n, 20))
        before = free_energy(activity, distance, penalty, temperature)
        for city in rng.integers(n, size=n_updates):
            field = field_of(activity, city, distance, penalty)
            activity[city] = softmax(field / temperature, axis=-1)
            after = free_energy(activity, distance, penalty, temperature)
            rises.append((after - before).max())
            before = after
    return max(rises)


def over_instances(name, n_instances=20, n_starts=10):
    """Random cities, several starts each."""
    rows = []
    for cities in np.random.default_rng(0).random((n_instances, 10, 2)):
        distance = distances(cities)
        rows.append(measure(name, distance, shortest(distance), n_starts)[1])
    known = [row["mean"] for row in rows if row["mean"] is not None]
    report(
        network=name,
        instances=n_instances,
        starts_each=n_starts,
        tours=round(np.mean([row["tours"] for row in rows]), 3),
        shortest=round(np.mean([row["shortest"] for row in rows]), 3),
        mean=round(np.mean(known), 4),
        worst_instance=max(known),
        instances_within_3_percent=int(np.sum(np.array(known) <= 1.03)),
        instances_without_a_tour=n_instances - len(known),
    )


def main():
    report(**machine())
    distance = distances(CITIES)
    report(optimum=OPTIMUM, by_all_tours=round(shortest(distance), 10))
    states = {}
    for name in NETWORKS:
        states[name], row = measure(name, distance, OPTIMUM)
        report(**row)
    plot(*states.values(), CITIES, OPTIMUM).savefig(
        HERE / "figure_travelling_salesman.png", dpi=90
    )
    report(largest_rise_of_free_energy=float(largest_rise(distance)))
    variants = [("hopfield_tank", {"n_starts": 1000, "seed": 1})]
    variants += [("hopfield_tank", {"n_steps": 20_000})]
    variants += [("hopfield_tank", {"noise": noise}) for noise in (0.001, 1.0)]
    variants += [("potts", {"n_starts": 1000, "seed": 1})]
    variants += [("potts", {"noise": noise}) for noise in (0.0001, 0.9)]
    variants += [("potts", {"penalty": a}) for a in (1.0, 1.2, 1.4, 1.8, 2.6, 3.0, 4.0)]
    variants += [("potts", {"n_sweeps": n}) for n in (1, 5, 50)]
    for name, params in variants:
        report(**measure(name, distance, OPTIMUM, **params)[1])
    for name in NETWORKS:
        over_instances(name)


if __name__ == "__main__":
    main()
