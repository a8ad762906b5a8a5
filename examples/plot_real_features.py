"""
Real features: classified, and filled in
========================================

Hidden units of a machine with Gaussian visible units, learnt without labels, as
features for a linear classifier; and the same kind of machine as an imputer.
"""

# %%
# Grey levels of handwritten digits, standardized. The number of hidden units is chosen
# by a grid search over the whole pipeline, the strength of the classifier on raw
# features likewise.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits, load_wine
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skboltz import EnergyImputer, GaussianBernoulliRBM

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)
rbm = GaussianBernoulliRBM(
    method="cd",
    learning_rate=0.1,
    batch_size=100,
    n_iter=50,
    initial_share=0.1,
    random_state=0,
)
clf = LogisticRegression(C=3, max_iter=2000)
pipeline = Pipeline([("scale", StandardScaler()), ("rbm", rbm), ("clf", clf)])
sizes = [50, 100, 200]
search = GridSearchCV(pipeline, {"rbm__n_components": sizes}, cv=3)
search.fit(X_train, y_train)

raw = GridSearchCV(
    Pipeline([("scale", StandardScaler()), ("clf", clf)]),
    {"clf__C": [0.01, 0.1, 1, 10]},
    cv=3,
).fit(X_train, y_train)
print(f"hidden units: accuracy {search.score(X_test, y_test):.3f}")
print(f"raw features: accuracy {raw.score(X_test, y_test):.3f}")

# %%
# Wines: a fifth of all values is missing, in learning too. The error counts the missing
# values alone, in units of the standard deviation of each feature.
wine = load_wine().data
wine = (wine - wine.mean(axis=0)) / wine.std(axis=0)
imputers = {
    "mean": SimpleImputer(),
    "neighbours": KNNImputer(),
    "machine": EnergyImputer(
        GaussianBernoulliRBM(
            10,
            batch_size=100,
            learning_rate=0.05,
            n_iter=200,
            schedule="linear",
            random_state=0,
        )
    ),
}
errors = {name: [] for name in imputers}
for seed in range(2):
    missing = np.random.default_rng(seed).random(wine.shape) < 0.2
    partly = np.where(missing, np.nan, wine)
    for name, imputer in imputers.items():
        filled = imputer.fit_transform(partly)
        errors[name].append(np.sqrt(np.mean((filled - wine)[missing] ** 2)))
for name, values in errors.items():
    print(f"{name}: root mean squared error {np.mean(values):.3f}")

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
results = search.cv_results_
axes[0].errorbar(
    sizes,
    results["mean_test_score"],
    results["std_test_score"],
    marker="o",
    capsize=3,
    label="hidden units",
)
axes[0].axhline(raw.best_score_, color="0.5", label="raw features, best C")
axes[0].set(xscale="log", xlabel="n_components", ylabel="accuracy on digits (3-fold)")
axes[0].set_xticks(sizes, sizes)
axes[0].minorticks_off()
axes[0].legend(frameon=False)
axes[1].bar(list(errors), [np.mean(values) for values in errors.values()])
axes[1].set_ylabel("error of missing values of wines")
plt.show()
