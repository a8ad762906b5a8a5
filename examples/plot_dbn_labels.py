"""
Digits drawn with a label clamped
=================================

A deep belief network learns digits together with their labels. It tells the label of a
digit; and with a label held fast it draws digits of that class: its top machine is run
for a while, and what that comes to is led down to the pixels (Hinton, Osindero & Teh
2006).
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.svm import SVC

from skboltz import BernoulliRBM, DBNClassifier

digits, labels = load_digits(return_X_y=True)
X = (digits / 16).astype("float32")
X_train, X_test, y_train, y_test = train_test_split(
    X, labels, test_size=0.2, stratify=labels, random_state=0
)

# %%
# Each layer learns alone first: pixels the lower one, and the upper one the units of
# the lower, beside which there is a unit for each label.
layer = BernoulliRBM(method="cd", momentum=0.5, batch_size=20, n_iter=30)
network = DBNClassifier(
    (128, 256), layers=layer, train_on="samples", fine_tuning="none", random_state=0
)
network.fit(X_train, y_train)
print(f"layer by layer:    accuracy {network.score(X_test, y_test):.3f}")

# %%
# The up-down algorithm then goes on with both layers together. On the way up, the
# weights that generate learn; on the way down, those that recognise.
network.set_params(
    fine_tuning="up-down",
    schedule="linear",
    k=3,
    n_iter=45,
    warm_start=True,
)
network.fit(X_train, y_train)
print(f"after fine-tuning: accuracy {network.score(X_test, y_test):.3f}")

# %%
# Chains of the top machine with a label clamped, after more and more sweeps: the same
# `random_state` means the same chains. Are digits what they should be? A support vector
# machine, which has learnt from real digits, tells for how many of 20 of each label.
judge = SVC().fit(X_train, y_train)
clamped = np.repeat(np.arange(10), 20)
columns = {}
for burn_in in [0, 1, 3, 10, 30, 100, 300, 1000]:
    images = network.sample(y=clamped, burn_in=burn_in, visible="means", random_state=0)
    columns[burn_in] = images[::20], np.mean(judge.predict(images) == clamped)
first = [np.flatnonzero(y_test == label)[0] for label in range(10)]
columns["real"] = X_test[first], judge.score(X_test, y_test)
for name, (_, share) in columns.items():
    print(f"{name:>4}: {share:.0%} of the digits are taken for their label")

# %%
# A row for each label: one chain on its way, and a real digit.
pictures = np.stack([images for images, _ in columns.values()], axis=1)
framed = np.pad(pictures.reshape(10, -1, 8, 8), ((0, 0), (0, 0), (1, 1), (1, 1)))
figure, ax = plt.subplots(figsize=(6.5, 7.5), layout="constrained")
ax.imshow(np.block([list(row) for row in framed]), cmap="gray_r")
centres = np.arange(4.5, 100, 10)
names = [f"{name}\n{share:.0%}" for name, (_, share) in columns.items()]
ax.set_xticks(centres[: len(names)], names)
ax.set_yticks(centres, range(10))
ax.hlines(centres[:-1] + 5, -0.5, 10 * len(names) - 0.5, color="0.8", lw=0.8)
ax.vlines(centres[: len(names) - 1] + 5, -0.5, 99.5, color="0.8", lw=0.8)
ax.tick_params(length=0)
ax.set(xlabel="sweeps, and digits taken for their label", ylabel="label clamped")
plt.show()
