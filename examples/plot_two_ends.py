"""
Two ends of a likelihood
========================

Chains led from independent units to a machine find too small a log Z, chains led back
too large a one; with more temperatures the two meet. The bridge between them is right
long before. Here the exact value is known, because the machine can be enumerated.
"""

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skboltz import BernoulliRBM, UnreliableEstimateWarning

X = (load_digits().data > 7).astype(np.float32)
rbm = BernoulliRBM(
    16, learning_rate=0.2, schedule="linear", n_iter=60, n_chains=100, random_state=0
).fit(X)
exact = rbm.log_partition(method="exact").value

# %%
# An estimate that fails a check warns; here its points are hollow.
steps = [3, 6, 12, 25, 50, 100, 200]
found, trusted = [], []
for n in steps:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UnreliableEstimateWarning)
        found.append(rbm.log_partition(method="bridge", betas=n, n_sweeps=50))
    trusted.append(not caught)

# %%
figure, ax = plt.subplots(layout="constrained")
ax.axhline(0, color="0.6", label="exact")
for color, name in zip(
    ("C0", "C1", "C2"), ("forward", "reverse", "value"), strict=True
):
    off = np.array([getattr(estimate, name) - exact for estimate in found])
    label = "bridge" if name == "value" else name
    ax.plot(steps, off, color=color, label=label)
    for good, fill in ((True, color), (False, "white")):
        kept = [n for n, ok in zip(steps, trusted, strict=True) if ok is good]
        heights = off[[ok is good for ok in trusted]]
        ax.scatter(kept, heights, color=color, facecolor=fill, zorder=3)
errors = [1.96 * estimate.standard_error for estimate in found]
bridge = [estimate.value - exact for estimate in found]
ax.errorbar(steps, bridge, errors, color="C2", linestyle="", capsize=3)
ax.set(
    xscale="log",
    xlabel="steps of inverse temperature",
    ylabel="log Z minus the exact value (nats)",
)
ax.legend(frameon=False)
plt.show()
print(f"exact {exact:.3f}, bridge {found[-1].value:.3f} +- {errors[-1]:.3f} nats")
