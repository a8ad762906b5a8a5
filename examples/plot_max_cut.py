"""
The largest cut of a graph
==========================

Split the nodes of a graph in two such that as many edges as possible join the two
sides: Max-Cut, which is hard in general. Spins whose edges are couplings of -1 want to
differ from their neighbours, and their lowest energy is the largest cut.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from skboltz.sampling import minimize_energy

rng = np.random.default_rng(12)
nodes = rng.random((60, 2))
distance = np.linalg.norm(nodes[:, None] - nodes, axis=2)
edges = (distance < 0.22) & (distance > 0)
n_edges = edges.sum() // 2


def n_cut(sides):
    """How many edges join the two sides, for every row of -1 and 1."""
    return (n_edges - np.einsum("ri,ij,rj->r", sides, edges / 2, sides)) / 2


# %%
# Three ways. A random cut takes half of the edges. A greedy one moves single nodes as
# long as that loses nothing: simulated annealing without any annealing, at an
# inverse temperature so large that no flip goes uphill. With annealing, 64 restarts are
# enough.
random = rng.choice([-1.0, 1.0], (1000, len(nodes)))
cold = np.full(20, 1e6)
greedy = minimize_energy(
    -edges.astype(float), betas=cold, n_restarts=1000, random_state=0
)
annealed = minimize_energy(-edges.astype(float), random_state=0)
cuts = {
    "random": n_cut(random),
    "greedy": n_cut(greedy.states),
    "annealed": n_cut(annealed.states),
}
for name, found in cuts.items():
    best = np.mean(found == cuts["annealed"].max())
    print(
        f"{name}: mean {found.mean():.1f} of {n_edges} edges, best {found.max():.0f}; "
        f"{best:.1%} of the tries reach {cuts['annealed'].max():.0f}"
    )

# %%
# The edges that are left, dotted, lie within a side: triangles make them unavoidable.
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
for i, j in np.argwhere(np.triu(edges)):
    is_cut = annealed.state[i] != annealed.state[j]
    style = {"color": "0.5", "lw": 1} if is_cut else {"color": "C3", "ls": ":"}
    left.plot(*nodes[[i, j]].T, zorder=0, **style)
left.scatter(*nodes.T, c=np.where(annealed.state > 0, "C0", "C1"), s=50, ec="white")
left.set(xticks=[], yticks=[], aspect="equal")
left.set_title(f"{cuts['annealed'].max():.0f} of {n_edges} edges are cut")
bins = np.arange(random.min(), n_edges + 2) - 0.5
for name, found in cuts.items():
    share = np.full(len(found), 1 / len(found))
    right.hist(found, bins, weights=share, label=name, alpha=0.8)
right.set(xlabel="edges cut", ylabel="share of the tries")
right.set_xlim(cuts["random"].min() - 2, cuts["annealed"].max() + 3)
right.legend(frameon=False, loc="upper left")
plt.show()
