"""
Shifts recognised
=================

Eight bits, and the same bits shifted to the left, to the right, or not at all: which
was it? No single bit says anything, nor does any weighted sum of bits. A Boltzmann
machine with a unit for each shift learns it by hidden units (Hinton & Sejnowski 1986).
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skboltz import BoltzmannClassifier, BoltzmannMachine
from skboltz.datasets import make_labeled_shifter

rows, _ = make_labeled_shifter(8)  # all 768 patterns
names = np.array(["left", "none", "right"])
X, y = rows[:, :16], names[rows[:, 16:].argmax(axis=1)]
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=500, random_state=0
)

# %%
# With `generative_share=0` the machine learns the shift given the bits, and nothing
# else; with a small share it is also a model of the bits.
machine = BoltzmannMachine(
    24,
    visible_visible=False,
    hidden_hidden=False,
    learning_rate=0.1,
    momentum=0.9,
    batch_size=125,
    n_iter=300,
    random_state=0,
)
classifiers = {
    "logistic regression": LogisticRegression(),
    "given the bits": BoltzmannClassifier(machine),
    "a share of 0.05": BoltzmannClassifier(machine, generative_share=0.05),
}
for name, classifier in classifiers.items():
    classifier.fit(X_train, y_train)
    print(f"{name}: accuracy {classifier.score(X_test, y_test):.3f}")

# %%
# How do both fare where some of the 16 bits are wrong?
rng = np.random.default_rng(0)
n_wrong = [0, 1, 2, 3, 4]
accuracy = {name: [] for name in list(classifiers)[1:]}
for n in n_wrong:
    wrong = rng.permuted(np.arange(16) < n + 0 * X_test, axis=1)
    spoilt = np.where(wrong, 1 - X_test, X_test)
    for name, found in accuracy.items():
        found.append(np.mean(classifiers[name].predict(spoilt) == y_test))

# %%
# What hidden units see: for each, its couplings to the bits, to the shifted bits below,
# and to the three shifts.
coupling = classifiers["given the bits"].estimator_.coupling_[19:, :19]
strongest = np.argsort(-np.abs(coupling[:, 16:]).max(axis=1))[:6]
figure, (left, right) = plt.subplots(
    1, 2, figsize=(10, 4.2), layout="constrained", width_ratios=(3, 2)
)
picture = np.full((6 * 3, 8 + 1 + 3), np.nan)
for place, unit in enumerate(strongest):
    picture[3 * place, :8] = coupling[unit, :8]
    picture[3 * place + 1, :8] = coupling[unit, 8:16]
    picture[3 * place, 9:] = coupling[unit, 16:]
top = np.nanmax(np.abs(picture))
image = left.imshow(picture, cmap="RdBu_r", vmin=-top, vmax=top, aspect="auto")
left.set_xticks([3.5, 9, 10, 11], ["bits, shifted bits", *names])
left.set_yticks(np.arange(6) * 3 + 0.5, [f"hidden unit {unit}" for unit in strongest])
left.set_title("couplings")
figure.colorbar(image, ax=left)
for name, found in accuracy.items():
    right.plot(n_wrong, found, "o-", label=name)
right.axhline(1 / 3, color="0.6", ls="--", label="chance")
right.set(xlabel="wrong bits, of 16", ylabel="accuracy on new patterns", ylim=(0, 1))
right.legend(frameon=False, loc="lower left")
plt.show()
