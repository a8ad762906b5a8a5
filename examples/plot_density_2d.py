"""
A density in the plane
======================

A machine with n hidden units is a mixture of 2^n normal distributions, but their means
are sums of n vectors and all of them share one variance for each feature. That suits
data with several causes that are on or off on their own. Where components should lie
along curves, a mixture, which may put each where it likes, is the better density, and
so are kernels. The scores are log-densities in nats: all three can be compared.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import make_moons
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KernelDensity

from skboltz import GaussianBernoulliRBM


def corners(n_rows, random_state):
    """Two causes, each of which moves one feature, and noise."""
    rng = np.random.RandomState(random_state)
    causes = rng.random_sample((n_rows, 2)) < [0.5, 0.3]
    return causes * [4.0, 2.0] + rng.normal(0, [0.5, 0.3], (n_rows, 2))


def moons(n_rows, random_state):
    return make_moons(n_rows, noise=0.08, random_state=random_state)[0]


# %%
# With 60 rows an epoch is one step, so there are many. Four hidden units have two to
# spare: with two alone, most starts miss one of the causes.
four = GaussianBernoulliRBM(
    4,
    batch_size=100,
    method="exact",
    learning_rate=0.3,
    variance_learning_rate=0.15,
    schedule="linear",
    n_iter=1000,
    random_state=0,
)
twelve = GaussianBernoulliRBM(
    12,
    batch_size=100,
    learning_rate=0.1,
    variance_learning_rate=0.05,
    schedule="linear",
    n_iter=400,
    random_state=0,
)
data = {
    "two causes, 60 rows": (corners, 60, four),
    "two moons, 1000 rows": (moons, 1000, twelve),
}
mixtures = GridSearchCV(
    GaussianMixture(random_state=0),
    {"n_components": [1, 2, 4, 8, 12], "covariance_type": ["full", "tied"]},
    cv=3,
)
kernels = GridSearchCV(KernelDensity(), {"bandwidth": np.geomspace(0.03, 0.6, 14)})

figure, axes = plt.subplots(2, 3, figsize=(10, 6.4), layout="constrained")
for row, (title, (draw, n_rows, rbm)) in zip(axes, data.items(), strict=True):
    train, test = draw(n_rows, 0), draw(2000, 1)
    models = {
        "machine": rbm.fit(train),
        "mixture": mixtures.fit(train),
        "kernels": kernels.fit(train),
    }
    low, high = test.min(axis=0) - 0.2, test.max(axis=0) + 0.2
    across, up = np.meshgrid(*np.linspace(low, high, 120).T)
    grid = np.column_stack([across.ravel(), up.ravel()])
    for ax, (name, model) in zip(row, models.items(), strict=True):
        score = model.score_samples(test).mean()
        print(f"{title}: {name} {score:.2f} nats on held-out rows")
        density = np.exp(model.score_samples(grid)).reshape(across.shape)
        ax.contourf(across, up, density, levels=12, cmap="Blues")
        ax.scatter(*train[:300].T, s=2, color="C1")
        ax.set(title=f"{name}: {score:.2f} nats", xticks=[], yticks=[])
    row[0].set_ylabel(title)
plt.show()
