"""
Thousands of digits recalled from halves and from noise
=======================================================

A Hopfield network of 64 units holds about nine random patterns. A dense associative
memory holds all 1797 handwritten digits of scikit-learn, and finds them again from
their upper halves or through noise.
"""

# %%
# The rows are stored as they are. "auto", the default for the inverse temperature, is a
# value with which a typical digit is recalled in one step.
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skboltz import CapacityWarning, DenseAssociativeMemory

X = load_digits().data.astype(np.float32)
memory = DenseAssociativeMemory().fit(X)
print(f"{len(X)} digits stored, beta {memory.interaction_.beta:.3g}")

# %%
# Two kinds of cue: NaN says that a pixel is unknown, and the known ones stay as they
# are; noise is taken away, as all pixels evolve.
rng = np.random.default_rng(0)
halves = X.copy()
halves[:, 32:] = np.nan
noisy = X + rng.normal(0, 6, X.shape).astype(np.float32)
recalled = {"halves": memory.transform(halves), "noise": memory.transform(noisy)}
for name, rows in recalled.items():
    right = np.abs(rows - X).max(axis=1) < 0.5
    print(f"recalled from {name}: {right.mean():.1%} of the digits")

# %%
# Digits in black and white, in a memory of 64 spins: the steeper the interaction, the
# more of them it holds. Digits are alike, and harder to tell apart than the random
# patterns of theory.
B = (X > 7).astype(np.int8)
cues = np.where(np.isnan(halves), np.nan, B)[::12]
for name, params in {
    "polynomial": {"degree": 2},
    "rectified": {"degree": 20},
    "exponential": {},
}.items():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)  # how many it holds is shown
        spins = DenseAssociativeMemory(name, random_state=0, **params).fit(B)
    found = (spins.transform(cues) == B[::12]).all(axis=1).mean()
    stored = (spins.transform(B[::12]) == B[::12]).all(axis=1).mean()
    label = ", ".join([name, *(f"n = {n}" for n in params.values())])
    print(f"{label}: {stored:.1%} are stable, {found:.1%} found from halves")

# %%
shown = rng.choice(len(X), 12, replace=False)
rows = {
    "half": halves[shown],
    "recalled": recalled["halves"][shown],
    "noisy": noisy[shown],
    "recalled ": recalled["noise"][shown],
    "stored": X[shown],
}
figure, axes = plt.subplots(len(rows), 12, figsize=(9, 4), layout="constrained")
for line, (name, images) in zip(axes, rows.items(), strict=True):
    for ax, image in zip(line, images, strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[], facecolor="#9db8d2")
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()

# %%
# Where the temperature rises, digits melt into averages of many: states between
# memories. The cues are the noisy digits above, the answer is one step.
betas = [1.0, 0.03, 0.01, 0.003, 0.001]
figure, axes = plt.subplots(len(betas), 12, figsize=(9, 4), layout="constrained")
for line, beta in zip(axes, betas, strict=True):
    blurred = DenseAssociativeMemory(beta=beta, max_iter=1).fit(X)
    for ax, image in zip(line, blurred.transform(noisy[shown]), strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=16)
        ax.set(xticks=[], yticks=[])
    line[0].set_ylabel(f"beta {beta:g}", rotation=0, ha="right", va="center")
plt.show()
