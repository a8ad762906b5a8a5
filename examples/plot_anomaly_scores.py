"""
Anomalies by their log-density
==============================

A density of what is normal scores what it has not seen: the lower the log-density, the
stranger the row. Here the machine learns from benign tumours alone, and malignant ones
are the anomalies. Its rivals are one normal distribution, a mixture, and an isolation
forest.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.mixture import GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skboltz import GaussianBernoulliRBM

X, y = load_breast_cancer(return_X_y=True)
benign, malignant = X[y == 1], X[y == 0]
models = {
    "machine": GaussianBernoulliRBM(
        8,
        batch_size=100,
        learning_rate=0.1,
        n_iter=200,
        schedule="linear",
        random_state=0,
    ),
    "isolation forest": IsolationForest(random_state=0),
    "one normal": make_pipeline(StandardScaler(), GaussianMixture(reg_covar=1e-3)),
    "mixture of 8": make_pipeline(
        StandardScaler(), GaussianMixture(8, covariance_type="diag", random_state=0)
    ),
}

# %%
# Five times, 250 benign tumours at random for learning, and all other rows to be told
# apart. No model has seen a label, or a malignant tumour. The figures vary by about
# 0.01 from one draw to the next: no lead of a few thousandths means anything.
areas, curves, densities = {name: [] for name in models}, {}, {}
for seed in range(5):
    order = np.random.RandomState(seed).permutation(len(benign))
    train, held = benign[order[:250]], benign[order[250:]]
    rows = np.concatenate([held, malignant])
    strange = np.repeat([0, 1], [len(held), len(malignant)])
    for name, model in models.items():
        scores = model.fit(train).score_samples(rows)
        areas[name].append(roc_auc_score(strange, -scores))
        if seed == 0:
            curves[name] = roc_curve(strange, -scores)[:2]
            densities[name] = scores
for name, area in areas.items():
    print(f"{name:17s} ROC AUC {np.mean(area):.3f} +- {np.std(area):.3f}")

# %%
# How likely the machine finds the rows of both kinds, in nats, and the ROC curves.
figure, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
n_held = len(benign) - 250
scores = densities["machine"]
edges = np.linspace(*np.quantile(scores, [0.25, 1]), 40)
for kind, values in (("benign", scores[:n_held]), ("malignant", scores[n_held:])):
    shown = np.maximum(values, edges[0])  # the rest in the first bar
    axes[0].hist(shown, edges, alpha=0.6, density=True, label=f"{kind}, held out")
axes[0].set(xlabel="log-density (nats)", ylabel="share of the rows per nat")
axes[0].legend(frameon=False)
for name, (false, true) in curves.items():
    axes[1].plot(false, true, label=f"{name}, {areas[name][0]:.3f}")
axes[1].set(xlabel="benign flagged", ylabel="malignant flagged")
axes[1].legend(frameon=False, title="area of the first draw")
plt.show()
