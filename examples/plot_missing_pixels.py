"""
Missing pixels
==============

A machine that learns from digits with a fifth of their pixels missing fills in the gaps
of others. Its rivals are the mean of each pixel and the nearest neighbours.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.impute import KNNImputer, SimpleImputer

from skboltz import BernoulliRBM, EnergyImputer

X = (load_digits().data > 7).astype(np.float32)
missing = np.random.default_rng(0).random(X.shape) < 0.2
partly = np.where(missing, np.nan, X).astype(np.float32)
train, test = partly[:1300], partly[1300:]

# %%
# The machine never sees a whole image: it learns the likelihood of what is known.
rbm = BernoulliRBM(64, learning_rate=0.1, n_iter=60, n_chains=100, random_state=0)
imputers = {
    "mean": SimpleImputer(),
    "neighbours": KNNImputer(),
    "machine": EnergyImputer(rbm),
}
filled = {name: i.fit(train).transform(test) for name, i in imputers.items()}
for name, rows in filled.items():
    error = np.mean((rows - X[1300:])[missing[1300:]] ** 2)
    print(f"{name}: mean squared error {error:.4f} of the missing pixels")

# %%
shown = {"missing (grey)": np.where(np.isnan(test), 0.5, test), **filled}
shown["truth"] = X[1300:]
figure, axes = plt.subplots(len(shown), 10, figsize=(8, 4.2), layout="constrained")
for row, (name, images) in zip(axes, shown.items(), strict=True):
    for ax, image in zip(row, images[:10], strict=True):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
    row[0].set_ylabel(name, rotation=0, ha="right", va="center")
plt.show()
