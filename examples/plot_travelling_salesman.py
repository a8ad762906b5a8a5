"""
A travelling salesman: two networks, ten cities
===============================================

A unit for every city at every place of the tour, an energy that is quadratic in them,
and a descent: the network of Hopfield and Tank, which seldom ends in a tour at all.
Units that share one unit of activity along the tour, cooled slowly, end in the
shortest tour.

Neither network is helped: no start is repeated, no tour is repaired, and a state is a
tour if the units above one half are one to a city and one to a place.

References
----------
Hopfield and Tank (1985), "Neural" computation of decisions in optimization problems.
Wilson and Pawley (1988), On the stability of the travelling salesman problem algorithm
of Hopfield and Tank. Peterson and Söderberg (1989), A new method for mapping
optimization problems onto neural networks.
"""

# %%
# The cities of Hopfield and Tank, and what a state says of them.
import matplotlib.pyplot as plt
import numpy as np
from scipy.special import entr, softmax

CITIES = np.array(
    [
        [0.4000, 0.4439],
        [0.2439, 0.1463],
        [0.1707, 0.2293],
        [0.2293, 0.7610],
        [0.5171, 0.9414],
        [0.8732, 0.6536],
        [0.6878, 0.5219],
        [0.8488, 0.3609],
        [0.6683, 0.2536],
        [0.6195, 0.2634],
    ]
)
OPTIMUM = 2.6906706370  # the shortest of all 181,440 tours


def distances(cities):
    """Euclidean distance of every city from every other."""
    return np.linalg.norm(cities[:, None] - cities, axis=-1)


def is_tour(activity):
    """Whether the units above one half are one to a city and one to a place."""
    on = activity > 0.5
    return (on.sum(-1) == 1).all(-1) & (on.sum(-2) == 1).all(-1)


def lengths(activity, distance):
    """Length of each tour; the states (n_starts, n_cities, n_places) must be tours."""
    order = activity.argmax(-2)
    return distance[order, np.roll(order, -1, axis=-1)].sum(-1)


# %%
# Hopfield and Tank, 1985. With d the distance, the energy of the activities V is
#
# .. math::
#     E = \frac{A}{2} \sum_{x} \sum_{a \ne b} V_{xa} V_{xb}
#       + \frac{B}{2} \sum_{a} \sum_{x \ne y} V_{xa} V_{ya}
#       + \frac{C}{2} \Big(\sum_{xa} V_{xa} - m\Big)^2
#       + \frac{D}{2} \sum_{xya} d_{xy} V_{xa} (V_{y,a+1} + V_{y,a-1})
#
# with m = 15 for ten cities, and every unit follows its field, the negative derivative.


def hopfield_tank(distance, n_starts, rng, noise=0.1, step=1e-5, n_steps=1000):
    """Activities (n_starts, n_cities, n_places) of the network as published.

    du/dt = -u - dE/dV with V = (1 + tanh(u / u0)) / 2, u0 = 0.02, A = B = D = 500 and
    C = 200, by Euler's steps. A start is uniform, at activities that sum to the number
    of cities, but for noise in u, at most ``noise * u0`` either way.
    """
    n = len(distance)
    u0, same_city, same_place, total, length = 0.02, 500, 500, 200, 500
    u = -u0 / 2 * np.log(n - 1) + u0 * rng.uniform(-noise, noise, (n_starts, n, n))
    for _ in range(n_steps):
        activity = (1 + np.tanh(u / u0)) / 2
        legs = np.roll(activity, 1, axis=2) + np.roll(activity, -1, axis=2)
        field = -same_city * (activity.sum(2, keepdims=True) - activity)
        field -= same_place * (activity.sum(1, keepdims=True) - activity)
        field -= total * (activity.sum((1, 2), keepdims=True) - 1.5 * n)
        field -= length * (distance @ legs)
        u += step * (field - u)
    return (1 + np.tanh(u / u0)) / 2


# %%
# Peterson and Söderberg, 1989. Here a city is one unit with as many values as there are
# places (a Potts spin), so that no city can be visited twice. What is left is the
# length and a penalty on two cities at one place,
#
# .. math::
#     E = \sum_{xya} d_{xy} V_{xa} V_{y,a+1}
#       + \frac{\alpha}{2} \sum_{a} \sum_{x \ne y} V_{xa} V_{ya} .
#
# The field of a city, with no part of its own in it, and its mean at temperature T are
#
# .. math::
#     h_{xa} = -\frac{\partial E}{\partial V_{xa}}
#            = -\sum_{y \ne x} \big[ d_{xy} (V_{y,a-1} + V_{y,a+1})
#              + \alpha V_{ya} \big], \qquad
#     V_{xa} = \frac{e^{h_{xa} / T}}{\sum_b e^{h_{xb} / T}} .
#
# E is linear in the activities of one city, so this is the exact minimum over them of
# the free energy F = E - T S, S the entropy of all cities: city by city, F only falls.


def field_of(activity, city, distance, penalty):
    """Field of one city (n_starts, n_places), from (n_cities, n_starts, n_places)."""
    legs = np.tensordot(distance[city], activity, 1)
    legs = np.roll(legs, 1, axis=-1) + np.roll(legs, -1, axis=-1)
    return -legs - penalty * (activity.sum(0) - activity[city])


def free_energy(activity, distance, penalty, temperature):
    """F = E - T S of every start; each term of E is counted from both its ends."""
    energy = [
        -(activity[city] * field_of(activity, city, distance, penalty)).sum(-1) / 2
        for city in range(len(distance))
    ]
    return np.sum(energy, axis=0) - temperature * entr(activity).sum((0, 2))


def critical_temperature(distance, penalty):
    """Where equal activities stop being stable.

    A small wave, c_x cos(2 pi k a / n), comes back from the units multiplied by
    1 / (n T) times the matrix -2 cos(2 pi k / n) d - penalty (1 - I).
    """
    n = len(distance)
    others = 1 - np.eye(n)
    waves = 2 * np.cos(2 * np.pi * np.arange(1, n // 2 + 1) / n)
    matrices = -waves[:, None, None] * distance - penalty * others
    return np.linalg.eigvalsh(matrices).max() / n


def anneal(distance, n_starts, rng, penalty=2.2, noise=0.01, rate=0.99, n_sweeps=20):
    """Activities (n_starts, n_cities, n_places) of Potts units, cooled slowly.

    ``penalty`` is in mean distances: a city that leaves a shared place for an empty one
    pays two legs. The start is uniform but for noise; the temperature falls from just
    above the critical one to a tenth of it, by ``rate`` after every ``n_sweeps``.
    """
    n = len(distance)
    penalty = penalty * distance.sum() / (n * (n - 1))
    activity = 1 + noise * rng.uniform(-1, 1, (n, n_starts, n))
    activity /= activity.sum(-1, keepdims=True)
    critical = critical_temperature(distance, penalty)
    temperature = 1.05 * critical
    while temperature > 0.1 * critical:
        for city in np.tile(np.arange(n), n_sweeps):
            field = field_of(activity, city, distance, penalty)
            activity[city] = softmax(field / temperature, axis=-1)
        temperature *= rate
    return activity.swapaxes(0, 1)


# %%
# Both networks from 100 starts that differ by their noise alone. Cooled slowly enough,
# the second forgets even that: nearly all starts lead to the same tour. Nothing
# promises that it leads to the shortest tour: on 20 random sets of ten cities every
# start ended in a tour, 52 % of them in the shortest, and on average 2.9 % above it
# (``benchmarks/figure_travelling_salesman.py``).


def draw(ax, activity, cities):
    """Legs between the cities that are on at one place and at the next."""
    on = activity > 0.5
    for now, then in zip(on.T, np.roll(on, -1, axis=1).T, strict=True):
        for x in np.flatnonzero(now):
            for y in np.flatnonzero(then):
                ax.plot(*cities[[x, y]].T, color="C0", zorder=1)
    visited = on.any(1)
    ax.scatter(*cities[visited].T, color="C0", zorder=2)
    ax.scatter(*cities[~visited].T, facecolor="white", edgecolor="C3", zorder=2)
    ax.set(aspect="equal", xticks=[], yticks=[])


def count(ax, networks, distance, optimum):
    """Histogram of the lengths over all starts; the last bar counts those without."""
    found = [
        lengths(states[is_tour(states)], distance) / optimum
        for states in networks.values()
    ]
    edges = np.arange(0.99, max(map(np.max, found)) + 0.05, 0.05)
    ax.hist(found, edges, label=list(networks))
    starts = map(len, networks.values())
    failed = [n - len(tours) for n, tours in zip(starts, found, strict=True)]
    ax.bar(edges[-1] + np.array([0.04, 0.06]), failed, 0.02, color=["C0", "C1"])
    ticks = np.arange(1, edges[-1], 0.1)
    names = [f"{tick:.1f}" for tick in ticks]
    ax.set_xticks([*ticks, edges[-1] + 0.05], [*names, "none"])
    ax.set(xlabel="length / shortest", ylabel="starts")
    ax.legend(frameon=False, loc="upper center")


def plot(classical, annealed, cities, optimum):
    """A state that is no tour, two that are, and the lengths of all."""
    distance = distances(cities)
    figure, axes = plt.subplot_mosaic(
        [["invalid", "annealed"], ["valid", "lengths"]],
        figsize=(9, 7.5),
        layout="constrained",
    )
    valid = is_tour(classical)
    shown = {
        "invalid": (classical[~valid], "Hopfield and Tank: no tour"),
        "valid": (classical[valid], "Hopfield and Tank: a tour"),
        "annealed": (annealed[is_tour(annealed)], "Potts units, cooled: a tour"),
    }
    for name, (states, title) in shown.items():
        draw(axes[name], states[0], cities)
        if name != "invalid":
            title += f" of length {lengths(states[:1], distance)[0]:.3f}"
        axes[name].set_title(title)
    axes["lengths"].set_title(f"{len(classical)} starts; shortest {optimum:.3f}")
    networks = {"Hopfield and Tank": classical, "Potts units, cooled": annealed}
    count(axes["lengths"], networks, distance, optimum)
    return figure


if __name__ == "__main__":
    distance = distances(CITIES)
    classical = hopfield_tank(distance, 100, np.random.default_rng(0))
    annealed = anneal(distance, 100, np.random.default_rng(0))
    for name, states in (("Hopfield and Tank", classical), ("Potts units", annealed)):
        tours = states[is_tour(states)]
        found = lengths(tours, distance) / OPTIMUM
        print(
            f"{name}: {len(tours)} tours from {len(states)} starts, mean length "
            f"{found.mean():.4f} of the shortest, {np.sum(found < 1 + 1e-9)} shortest"
        )
    plot(classical, annealed, CITIES, OPTIMUM)
    plt.show()
