"""
Couplings of neurons
====================

Which neurons are coupled, and do couplings in pairs explain how often many fire at
once? Words of spikes are drawn from a network whose couplings are known, and a
Boltzmann machine without hidden units, the pairwise maximum-entropy model, finds them
again: the inverse Ising problem.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from skboltz import BoltzmannMachine

n = 32
rng = np.random.default_rng(0)
upper = np.triu(rng.random((n, n)) < 0.12, 1) * rng.normal(0.7, 0.7, (n, n))
coupling = upper + upper.T
bias = rng.normal(-3.0, 0.4, n)

# %%
# A machine of these parameters draws the spikes.
network = BoltzmannMachine.from_params(coupling, bias)
chains = {"n_chains": 1000, "burn_in": 100, "thin": 20}
words = network.sample(20000, **chains, random_state=0)
train, test = words[:10000], words[10000:]
n_coupled, rates = np.count_nonzero(upper), words.mean(axis=0)
print(
    f"{n_coupled} of {n * (n - 1) // 2} pairs are coupled; a neuron fires in "
    f"{rates.mean():.1%} of the words, the most active one in {rates.max():.1%}"
)

# %%
# Pseudo-likelihood is convex and needs no sampling. An L1 penalty makes couplings
# exactly zero; how much of it is good, the pseudo-likelihood of held-out words tells.
learn, judge = train[:7000], train[7000:]
candidates = {}
for l1 in (0, 0.0003, 0.001, 0.003, 0.01):
    machine = BoltzmannMachine(0, method="pseudo-likelihood", l1=l1).fit(learn)
    candidates[l1] = machine.pseudo_log_likelihood(judge).mean()
    print(f"l1={l1:g}: pseudo-log-likelihood {candidates[l1]:.4f}")
best = max(candidates, key=candidates.get)
chosen = BoltzmannMachine(0, method="pseudo-likelihood", l1=best).fit(train)

# %%
# The penalty also makes couplings smaller than they are. So the pairs that it leaves
# are fitted once more without it, by a mask that allows these and no others. Negative
# couplings are the hard ones: neurons that fire rarely seldom fire together anyway.
kept = chosen.coupling_ != 0
found = BoltzmannMachine(0, method="pseudo-likelihood", mask=kept).fit(train)
pairs = np.triu_indices(n, 1)
true, learnt = coupling[pairs], found.coupling_[pairs]
strong, nothing = np.abs(true) > 0.4, true == 0
print(
    f"found: {np.count_nonzero(learnt[strong])} of {strong.sum()} couplings beyond "
    f"0.4, and {np.count_nonzero(learnt[nothing])} where there are none"
)
print(f"correlation of true and found couplings: {np.corrcoef(true, learnt)[0, 1]:.3f}")

# %%
# The rival knows the rate of each neuron alone. How many fire together, it gets wrong.
none = np.zeros((n, n))
independent = BoltzmannMachine(0, method="pseudo-likelihood", mask=none).fit(train)
sampled = {
    "pairwise": found.sample(10000, **chains, random_state=1),
    "independent": independent.sample(10000, **chains, random_state=1),
}
counts = {"held-out words": test, **sampled}
shares = {
    name: np.bincount(rows.sum(axis=1).astype(int), minlength=n + 1) / len(rows)
    for name, rows in counts.items()
}

# %%
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
limits = [min(true.min(), learnt.min()) - 0.2, max(true.max(), learnt.max()) + 0.2]
left.plot(limits, limits, color="0.7", lw=1)
coupled = true != 0
for some, label in ((~coupled, "not coupled"), (coupled, "coupled")):
    left.scatter(true[some], learnt[some], s=14, label=label, alpha=0.7)
left.set(xlabel="true coupling", ylabel="found coupling", xlim=limits, ylim=limits)
left.legend(frameon=False)
styles = {"held-out words": "ko", "pairwise": "C0-", "independent": "C3--"}
for name, share in shares.items():
    right.plot(np.where(share > 0, share, np.nan), styles[name], label=name)
right.set(yscale="log", xlabel="neurons that fire at once", ylabel="share of the words")
right.set_xlim(-0.5, np.flatnonzero(shares["held-out words"]).max() + 1.5)
right.legend(frameon=False)
plt.show()
