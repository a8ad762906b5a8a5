"""
Digits completed
================

A Boltzmann machine whose pixels are coupled to each other and to hidden units learns
digits. Then pixels are held at what they are, and the machine says what it makes of the
others: their means, and samples of what they may have been.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skboltz import BoltzmannMachine

X = (load_digits().data > 7).astype(np.float32)
train, test = X[:1500], X[1500:]
machine = BoltzmannMachine(
    32, hidden_hidden=False, learning_rate=0.02, n_iter=200, random_state=0
).fit(train)

# %%
# The lower half is taken away. What is left is a machine again, with the couplings of
# the free units, and biases to which the known pixels add.
lower = np.arange(64) >= 32
known = np.where(lower, np.nan, test)
mean = machine.impute(known)
rivals = {"means of the pixels": np.where(lower, train.mean(axis=0), test)}
rivals |= {"machine": mean}
for name, rows in rivals.items():
    error = np.mean((rows - test)[:, lower] ** 2)
    print(f"{name}: mean squared error {error:.3f}")

# %%
# One half may belong to more than one digit: samples differ where the mean is grey.
shown = [0, 3, 10, 12, 13, 14, 15, 16]
rows = {"truth": test[shown], "known": known[shown], "mean": mean[shown]}
for seed in range(4):
    drawn = machine.sample(given=known[shown], burn_in=300, random_state=seed)
    rows[f"sample {seed + 1}"] = drawn
figure, axes = plt.subplots(
    len(rows), len(shown), figsize=(7, 6.2), layout="constrained"
)
for line, (name, values) in zip(axes, rows.items(), strict=True):
    for ax, image in zip(line, values, strict=True):
        ax.set_facecolor("#f3d9b1")
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.axhline(3.5, color="C3", lw=1)
        ax.set(xticks=[], yticks=[])
    line[0].set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()
