"""
Filters of each layer
=====================

What does a unit of a deep belief network stand for? The units of the first layer have
weights to the pixels. What one further up stands for is led down through the layers
below it: the pixels that come of it alone, less those that come of no unit at all.
"""

# %%
# Three layers learn the digits one after the other, and then together. Large weights
# are penalized, which makes for smoother filters.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits

from skboltz import BernoulliRBM, DeepBeliefNetwork
from skboltz.plotting import FiltersDisplay, SamplesDisplay

digits, labels = load_digits(return_X_y=True)
X = (digits / 16).astype("float32")
layer = BernoulliRBM(
    method="cd",
    learning_rate=0.2,
    schedule="linear",
    l2=0.001,
    batch_size=20,
    n_iter=40,
)
network = DeepBeliefNetwork(
    (100, 100, 200),
    layers=layer,
    train_on="samples",
    fine_tuning="up-down",
    schedule="linear",
    k=3,
    n_iter=20,
    random_state=0,
).fit(X)


# %%
# `output_layer` says which units `transform` leads up to, and `inverse_transform` down
# from. Shown are those that tell digits apart: the units that vary most.
def filters(output_layer, n=36):
    """Images of the units of a layer, all of one length."""
    network.set_params(output_layer=output_layer)
    varies = network.transform(X).var(axis=0)
    alone, none = np.eye(len(varies)), np.zeros((1, len(varies)))
    images = network.inverse_transform(alone) - network.inverse_transform(none)
    images = images[np.argsort(-varies)[:n]]
    return images / np.linalg.norm(images, axis=1, keepdims=True)


by_layer = {
    name: filters(output_layer)
    for output_layer, name in enumerate(["first", "second", "third"])
}

# %%
# Nobody told the network about labels. How much of what a unit does is due to the label
# of the digit?
for output_layer, name in enumerate(by_layer):
    units = network.set_params(output_layer=output_layer).transform(X)
    means = np.stack([units[labels == label].mean(axis=0) for label in range(10)])
    share = means[labels].var(axis=0).sum() / units.var(axis=0).sum()
    print(f"{name} layer: {share:.0%} of the variance of its units")

# %%
# Below the filters: real digits, the same led up to the third layer and down again, and
# digits that the network made up. On the way up and down what is peculiar to a digit is
# lost, and some become another digit.
some = X[:36]
pictures = {
    "digits": some,
    "led up to the third layer and down": network.inverse_transform(
        network.transform(some)
    ),
    "samples of the network": network.sample(
        36, burn_in=1000, visible="means", random_state=0
    ),
}
figure, (above, below) = plt.subplots(2, 3, figsize=(10.5, 7.3), layout="constrained")
figure.get_layout_engine().set(wspace=0.08, hspace=0.05)
for ax, (name, rows) in zip(above, by_layer.items(), strict=True):
    FiltersDisplay(rows, image_shape=(8, 8)).plot(ax=ax)
    ax.set_title(f"units of the {name} layer")
for ax, (name, rows) in zip(below, pictures.items(), strict=True):
    SamplesDisplay(rows, image_shape=(8, 8)).plot(ax=ax, cmap="gray_r")
    ax.set_title(name)
plt.show()
