"""
How many patterns each rule holds
=================================

Random patterns of 100 units, more and more of them, recalled from cues with a tenth of
the units reversed. Hebb's rule follows the theory of Amit, Gutfreund and Sompolinsky
until all is lost at once; a dense associative memory goes on where units have no more
room for couplings.
"""

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np

from skboltz import DenseAssociativeMemory, HopfieldMemory, capacity_curve
from skboltz.plotting import CapacityDisplay
from skboltz.theory import retrieval_overlap

warnings.simplefilter("ignore")  # storing too much is the purpose

memories = {
    "Hebb": HopfieldMemory("hebb"),
    "Storkey": HopfieldMemory("storkey"),
    "pseudo-inverse": HopfieldMemory("pseudo-inverse"),
    "minimal overlap": HopfieldMemory("minimal-overlap"),
    "dense, degree 3": DenseAssociativeMemory("polynomial", degree=3),
}
loads = [0.03, 0.06, 0.1, 0.14, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9]
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for name, memory in memories.items():
    curve = capacity_curve(memory, 100, loads, n_repeats=3, noise=0.1, random_state=0)
    CapacityDisplay.from_curve(curve, name=name, ax=left)
    held = max(np.asarray(loads)[np.mean(curve.overlap, axis=-1) > 0.95], default=0)
    print(f"{name}: overlap above 0.95 up to {held} patterns for each unit")

# %%
# Without noise in the cue, and the theory for infinitely many units beside it.
curve = capacity_curve(
    HopfieldMemory("hebb"), 500, np.linspace(0.04, 0.18, 8), random_state=0
)
CapacityDisplay.from_curve(
    curve, name="Hebb, 500 units", ax=right, theory=retrieval_overlap
)
plt.show()
