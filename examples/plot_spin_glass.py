"""
A spin glass and a largest cut
==============================

Simulated annealing looks for the state of lowest energy. The slower it cools, the lower
it gets: first a Sherrington-Kirkpatrick spin glass, then the cut of a graph.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from skboltz.sampling import minimize_energy

rng = np.random.default_rng(0)
n = 400
upper = np.triu(rng.normal(0, n**-0.5, (n, n)), 1)
coupling = upper + upper.T

# %%
# Energies per spin of 64 restarts. Infinitely many spins have a minimum of -0.763; a
# few hundred stay above it.
sweeps = [10, 30, 100, 300, 1000]
energies = {}
for method in ("metropolis", "heat-bath"):
    found = [
        minimize_energy(coupling, method=method, betas=k, random_state=0)
        for k in sweeps
    ]
    energies[method] = np.array([minimum.energies for minimum in found]) / n
    for k, row in zip(sweeps, energies[method], strict=True):
        print(f"{method}, {k} sweeps: mean {row.mean():.4f}, best {row.min():.4f}")

# %%
# The largest cut of a graph: as many edges as possible between two sets of nodes. Ends
# of an edge are coupled by -1, so that they like to differ.
nodes = rng.random((40, 2))
distance = np.linalg.norm(nodes[:, None] - nodes, axis=2)
edges = (distance < 0.25) & (distance > 0)
cut = minimize_energy(-edges.astype(float), random_state=0)
n_cut = edges.sum() / 4 - cut.energy / 2
print(f"{n_cut:.0f} of {edges.sum() // 2} edges are cut")

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for method, rows in energies.items():
    left.errorbar(sweeps, rows.mean(axis=1), rows.std(axis=1), label=method, capsize=3)
left.axhline(-0.7632, color="0.6", linestyle="--", label="infinitely many spins")
left.set(xscale="log", xlabel="sweeps", ylabel="energy per spin")
left.legend(frameon=False)
for i, j in np.argwhere(np.triu(edges)):
    is_cut = cut.state[i] != cut.state[j]
    style = {"color": "C0", "lw": 1} if is_cut else {"color": "0.7", "ls": ":"}
    right.plot(*nodes[[i, j]].T, zorder=0, **style)
right.scatter(*nodes.T, c=np.where(cut.state > 0, "C1", "C2"), s=40)
right.set(xticks=[], yticks=[], title=f"{n_cut:.0f} of {edges.sum() // 2} edges cut")
plt.show()
