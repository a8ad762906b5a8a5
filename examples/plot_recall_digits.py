"""
Digits recalled from noise and from halves
==========================================

Ten images are stored in a Hopfield network of 64 units. They have much in common, and
how well they come back depends on the rule by which they were stored.
"""

# %%
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skboltz import CapacityWarning, HopfieldMemory
from skboltz.plotting import RecallDisplay

digits = load_digits()
first = [int(np.flatnonzero(digits.target == d)[0]) for d in range(10)]
memories = (digits.data[first] > 7).astype(float)

# %%
# Two kinds of cue: a tenth of the pixels reversed, and the lower half unknown (NaN).
rng = np.random.default_rng(0)
noisy = np.abs(memories - (rng.random(memories.shape) < 0.1))
halves = memories.copy()
halves[:, 32:] = np.nan

rules = ["hebb", "storkey", "pseudo-inverse", "minimal-overlap"]
recalled = {"stored": (memories, memories), "cue": (noisy, halves)}
for rule in rules:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CapacityWarning)  # 10 are too many for Hebb
        memory = HopfieldMemory(rule, random_state=0).fit(memories)
    recalled[rule] = memory.transform(noisy), memory.transform(halves)
    right = [(rows == memories).all(axis=1).sum() for rows in recalled[rule]]
    print(f"{rule}: {right[0]} of 10 from noise, {right[1]} of 10 from halves")

# %%
figure, axes = plt.subplots(len(recalled), 20, figsize=(11, 4), layout="constrained")
for row, (name, (by_noise, by_halves)) in zip(axes, recalled.items(), strict=True):
    images = np.concatenate([by_noise, by_halves])
    for ax, image in zip(row, np.where(np.isnan(images), 0.4, images), strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")

# %%
# One of them on its way, and how its energy falls.
noisier = np.abs(memories[3] - (rng.random(64) < 0.2))
RecallDisplay.from_estimator(memory, noisier, image_shape=(8, 8))
plt.show()
