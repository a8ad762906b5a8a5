"""
Features of handwritten digits for a linear classifier
======================================================

Logistic regression on raw pixels misses what pixels mean together. The hidden units of
a restricted Boltzmann machine, learnt without labels, are features that it can use.
Number of units and of Gibbs sweeps are chosen by a grid search over the whole pipeline.
"""

# %%
# Each digit is also shifted by one pixel in four directions, as in scikit-learn's
# example of this kind: the classifier must cope with small displacements.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import minmax_scale

from skboltz import BernoulliRBM
from skboltz.plotting import FiltersDisplay, SamplesDisplay, TrainingDisplay

digits, labels = load_digits(return_X_y=True)
images = digits.reshape(-1, 8, 8)
shifts = [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)]


def shifted(images, down, right):
    """Images moved by a pixel; what leaves the frame is lost."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    return padded[:, 1 - down : 9 - down, 1 - right : 9 - right]


X = np.concatenate([shifted(images, *shift).reshape(-1, 64) for shift in shifts])
X = minmax_scale(X).astype("float32")
y = np.tile(labels, len(shifts))
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)

# %%
# A small search, on a part of the rows.
pipeline = Pipeline(
    [
        ("rbm", BernoulliRBM(learning_rate=0.06, n_iter=40, random_state=0)),
        ("clf", LogisticRegression(C=100, max_iter=1000)),
    ]
)
grid = {"rbm__n_components": [25, 100], "rbm__k": [1, 2]}
search = GridSearchCV(pipeline, grid, cv=2).fit(X_train[:1500], y_train[:1500])
for params, score in zip(
    search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
):
    print(params, f"accuracy {score:.3f}")

# %%
# The best of these on all rows, against pixels alone.
best = search.best_estimator_.set_params(rbm__n_iter=10)
best.fit(X_train, y_train)
raw = LogisticRegression(C=100, max_iter=1000).fit(X_train, y_train)
print(f"hidden units: accuracy {best.score(X_test, y_test):.3f}")
print(f"pixels:       accuracy {raw.score(X_test, y_test):.3f}")

# %%
# What the machine learnt: its strongest filters, fresh samples, and the course of the
# training.
figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
rbm = best["rbm"]
FiltersDisplay.from_estimator(rbm, n_filters=64, ax=axes[0])
axes[0].set_title("filters")
SamplesDisplay.from_estimator(
    rbm, 64, random_state=0, sample_params={"burn_in": 500}, ax=axes[1]
)
axes[1].set_title("samples")
TrainingDisplay.from_estimator(rbm, ax=axes[2])
axes[2].set_title("training")
plt.show()
