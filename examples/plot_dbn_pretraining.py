"""
What unsupervised layers are worth
==================================

Images are many, labels are few. The layers of a deep belief network learn from all
images without any label; backpropagation from there needs labels, but is it better off
than from random weights? And is either better than a linear classifier of the pixels?
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skboltz import BernoulliRBM, DBNClassifier, DeepBeliefNetwork

digits, labels = load_digits(return_X_y=True)
X = (digits / 16).astype("float32")
X_train, X_test, y_train, y_test = train_test_split(
    X, labels, test_size=400, stratify=labels, random_state=0
)

# %%
# Two layers learn from the training images, which takes more epochs than usual: there
# are few images. What the second one sees are states, drawn anew for every batch: its
# features are much better than those learnt from means. This and all else was chosen by
# the errors for training images held out, before any test image was seen.
sizes = (128, 128)
layer = BernoulliRBM(
    method="cd", momentum=0.9, schedule="linear", batch_size=20, n_iter=100
)
network = DeepBeliefNetwork(sizes, layers=layer, train_on="samples", random_state=0)
network.fit(X_train)

# %%
# Frozen layers are what backpropagation starts from; it is free to change them. The
# other network is the same but for its start, and has the same steps of L-BFGS.
layers = [FrozenEstimator(layer) for layer in network.layers_]
steps = {"solver": "lbfgs", "n_iter": 30}
classifiers = {
    "pixels, linear": lambda seed: LogisticRegression(max_iter=1000),
    "random weights": lambda seed: DBNClassifier(
        sizes, pretrain=False, random_state=seed, **steps
    ),
    "pretrained": lambda seed: DBNClassifier(
        sizes, layers=layers, random_state=seed, **steps
    ),
}

# %%
# As many labels of every digit, drawn several times over.
n_draws = {10: 8, 100: 8, 1000: 3}
errors = {name: {n: [] for n in n_draws} for name in classifiers}
for n_labels, n in n_draws.items():
    for seed in range(n):
        X_known, _, y_known, _ = train_test_split(
            X_train, y_train, train_size=n_labels, stratify=y_train, random_state=seed
        )
        for name, make in classifiers.items():
            accuracy = make(seed).fit(X_known, y_known).score(X_test, y_test)
            errors[name][n_labels].append(1 - accuracy)
for name, found in errors.items():
    spread = [f"{np.mean(e):.3f} ± {np.std(e):.3f}" for e in found.values()]
    print(f"{name}: test error", ", ".join(spread))
for n_labels, n in n_draws.items():
    random, pretrained = (
        np.array(errors[name][n_labels]) for name in ("random weights", "pretrained")
    )
    wins = np.sum(pretrained < random)
    print(f"{n_labels} labels: pretraining was better in {wins} of {n} draws")

# %%
# With one label for each digit the pretrained network errs least, and less than the one
# from random weights in every draw. The more labels there are, the less it is worth to
# have seen the images before; and from a hundred on a linear classifier does at least
# as well as either network: images of 64 pixels are that simple.
figure, ax = plt.subplots(figsize=(6.5, 4.2), layout="constrained")
for shift, (name, found) in zip([0.93, 1, 1.07], errors.items(), strict=True):
    mean, deviation = (
        np.array([of(e) for e in found.values()]) for of in (np.mean, np.std)
    )
    ax.errorbar(shift * np.array(list(found)), mean, deviation, fmt="o-", label=name)
ax.set(xscale="log", yscale="log", xlabel="labels", ylabel="test error")
ax.set_xticks(list(n_draws), list(n_draws))
ticks = [0.03, 0.05, 0.1, 0.2, 0.4]
ax.set_yticks(ticks, [f"{tick:.0%}" for tick in ticks])
ax.minorticks_off()
ax.legend(frameon=False)
plt.show()
