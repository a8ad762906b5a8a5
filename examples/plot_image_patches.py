"""
Edges in natural images
=======================

A machine with Gaussian visible units learns small patches of two photographs. Most of
its hidden units come to stand for edges: filters with a place and a direction.
"""

# %%
# The photographs, in grey and at half their size. Patches without contrast, of the sky
# and of what is out of focus, are left out. Whitening takes away what pairs of pixels
# have in common: neighbours are alike, and a machine would learn little else.
import matplotlib.pyplot as plt
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.datasets import load_sample_images
from sklearn.mixture import GaussianMixture

from skboltz import GaussianBernoulliRBM
from skboltz.plotting import FiltersDisplay

rng = np.random.default_rng(0)
patches = []
for image in load_sample_images().images:
    grey = image[:426].mean(axis=2).reshape(213, 2, 320, 2).mean(axis=(1, 3))
    patches.append(sliding_window_view(grey, (8, 8)).reshape(-1, 64))
patches = np.concatenate(patches)
patches = patches[patches.std(axis=1) > 5]
patches = patches[rng.permutation(len(patches))[:20_000]]

values, vectors = np.linalg.eigh(np.cov(patches, rowvar=False))
whitening = vectors / np.sqrt(values + 0.01 * values.mean()) @ vectors.T
X = ((patches - patches.mean(axis=0)) @ whitening).astype(np.float32)
train, test = X[:16_000], X[16_000:]

# %%
# A hidden unit has to be off most of the time to stand for something that is rare: at
# the start, its own component weighs a twentieth of that of none.
rbm = GaussianBernoulliRBM(
    64,
    batch_size=100,
    learning_rate=0.3,
    schedule="linear",
    n_iter=60,
    initial_share=0.05,
    random_state=0,
).fit(train)
print(f"a hidden unit is on for {rbm.transform(test).mean():.1%} of the patches")

# %%
# The machine is a better density than one normal distribution. (Test patches overlap
# with training patches, so that neither figure is one for new photographs.)
normal = GaussianMixture(1).fit(train)
print(f"machine {rbm.score(test):.1f} nats a patch, normal {normal.score(test):.1f}")

# %%
figure, axes = plt.subplots(1, 2, figsize=(10, 5), layout="constrained")
FiltersDisplay(X[:64], image_shape=(8, 8)).plot(ax=axes[0])
axes[0].set_title("whitened patches")
filters = rbm.components_ / np.abs(rbm.components_).max(axis=1, keepdims=True)
FiltersDisplay(filters, image_shape=(8, 8)).plot(ax=axes[1])
axes[1].set_title("filters of the hidden units")
plt.show()
