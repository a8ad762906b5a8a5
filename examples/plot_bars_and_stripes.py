"""
Bars and stripes: a likelihood with a known limit
=================================================

The entropy of bars and stripes is known, so it is known how well a machine can do. The
exact gradient comes near that limit; chains come less near, and how far is seen here
because a small machine has an exact likelihood.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from skboltz import BernoulliRBM
from skboltz.callbacks import LikelihoodMonitor
from skboltz.datasets import make_bars_and_stripes

X, entropy = make_bars_and_stripes(3)
X = X.astype(np.float64)
shared = {
    "n_components": 9,
    "batch_size": len(X),
    "n_iter": 1500,
    "gradient": "centered",
    "random_state": 0,
}
machines = {
    "exact gradient": {"method": "exact", "learning_rate": 1.0},
    "PCD-1, 200 chains, falling rate": {
        "method": "pcd",
        "n_chains": 200,
        "learning_rate": 0.5,
        "schedule": "linear",
    },
    "CD-1": {"method": "cd", "learning_rate": 0.5},
    "CD-10": {"method": "cd", "k": 10, "learning_rate": 0.5},
}

# %%
# A monitor records the log-likelihood every 20 epochs.
figure, ax = plt.subplots(layout="constrained")
for name, params in machines.items():
    monitor = LikelihoodMonitor(X, metrics=["log_likelihood"], every=20)
    rbm = BernoulliRBM(**shared, **params).set_callbacks(monitor).fit(X)
    ax.plot(monitor.history_["epoch"], monitor.history_["log_likelihood"], label=name)
    print(f"{name}: {rbm.score(X):.3f} nats, best possible {-entropy:.3f}")

ax.axhline(-entropy, color="grey", linestyle="--", label="best possible")
ax.set(xlabel="epoch", ylabel="mean log-likelihood (nats)", ylim=(-7, -2.4))
ax.legend(frameon=False)
plt.show()
