"""
Spurious memories and unlearning
================================

A network that holds a few memories has many more minima. Random states find them all;
to weaken what random states find, by dreams, is to forget what was never learnt.
"""

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np

from skboltz import CapacityWarning, HopfieldMemory
from skboltz.learning import Unlearning

warnings.simplefilter("ignore", CapacityWarning)
X = np.random.default_rng(1).choice([-1, 1], (8, 60))

# %%
# Where 1000 random states end, as the network dreams.
kinds = {"memory or its reverse": ["memory", "reversed"]}
kinds |= {"mixture": ["mixture"], "other": ["other"]}
dreams, shares, stable = [0, 50, 100, 200, 300, 400, 500, 600, 800, 1000], [], []
for n_dreams in dreams:
    unlearning = Unlearning(n_dreams) if n_dreams else None
    memory = HopfieldMemory(unlearning=unlearning, min_overlap=1.0, random_state=0)
    found = memory.fit(X).spurious_states(1000, random_state=0)
    of_kind = [np.isin(found.kinds, names) for names in kinds.values()]
    shares.append([found.counts[which].sum() / 1000 for which in of_kind])
    stable.append(memory.is_fixed_point(X).sum())
    print(f"{n_dreams} dreams: {len(found.states)} minima, {stable[-1]} of 8 memories")

# %%
# The energies of the minima of the network that has not dreamt.
found = HopfieldMemory(min_overlap=1.0).fit(X).spurious_states(1000, random_state=0)
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
edges = np.linspace(found.energies.min(), found.energies.max(), 31)
for kind, names in kinds.items():
    of_kind = np.isin(found.kinds, names)
    weights = found.counts[of_kind] / 1000
    left.hist(found.energies[of_kind], edges, weights=weights, label=kind, alpha=0.7)
left.set(xlabel="energy", ylabel="share of random starts")
left.legend(frameon=False)
right.stackplot(dreams, np.transpose(shares), labels=kinds, alpha=0.7)
right.plot(dreams, np.array(stable) / 8, "k.-", label="memories that are minima")
right.set(xlabel="dreams", ylabel="share", xlim=(0, dreams[-1]), ylim=(0, 1.02))
right.legend(loc="lower left")
plt.show()
