"""
The 4-2-4 encoder
=================

Two groups of four visible units know of each other by two hidden units only. In each
group one unit is on, the same in both. So the hidden units have to find a code of two
bits for four states: the task on which Boltzmann machines were first shown to learn,
solved here by the algorithm of that time (Ackley, Hinton & Sejnowski 1985).
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from skboltz import BoltzmannMachine

X = np.hstack([np.eye(4), np.eye(4)])
mask = ~np.eye(10, dtype=bool)
mask[:4, 4:8] = mask[4:8, :4] = False  # no short cuts from one group to the other
machine = BoltzmannMachine(
    2,
    mask=mask,
    method="annealing",
    gradient="sign",
    learning_rate=0.2,
    clamping_noise=(0.15, 0.05),
    schedule="constant",
    batch_size=8,
    random_state=1,
)

# %%
# Every step anneals twice: clamped to the rows, with noise, and free-running. Then each
# coupling moves by 0.2, up or down, until there are four clear codes; then by 0.05 and
# without noise, to settle. Every fifth step: where are the hidden units given a row?
path, n_settling = [], 0
for step in range(800):
    machine.partial_fit(np.vstack([X, X]))
    n_settling += n_settling > 0
    if n_settling > 100:
        break
    if step % 5 == 0:
        path.append(machine.transform(X))
        is_clear = np.abs(path[-1] - 0.5).min() > 0.25
        if (
            not n_settling
            and is_clear
            and len(np.unique(path[-1].round(), axis=0)) == 4
        ):
            print(f"four codes after {step} steps")
            machine.set_params(learning_rate=0.05, clamping_noise=None)
            n_settling = 1
path = np.array(path)
codes = path[-1].round().astype(int)
for row, code in enumerate(codes):
    print(f"unit {row + 1}: code {code}")
print(
    f"mean log-likelihood {machine.score(X):.2f}; no machine exceeds {-np.log(4):.2f}"
)

# %%
# With the first group clamped, the machine completes the second.
completed = machine.impute(np.where(np.arange(8) < 4, X, np.nan))[:, 4:]
print(completed.round(2))

# %%
figure, (left, middle, right) = plt.subplots(
    1, 3, figsize=(11, 3.7), layout="constrained"
)
for row in range(4):
    left.plot(*path[:, row].T, "-", color=f"C{row}", lw=0.8, alpha=0.5)
    left.plot(*path[-1, row], "o", color=f"C{row}", ms=15)
    left.annotate(
        row + 1, path[-1, row], color="white", ha="center", va="center_baseline"
    )
left.set(xlabel="first hidden unit", ylabel="second hidden unit", aspect="equal")
left.set(xlim=(-0.1, 1.1), ylim=(-0.1, 1.1), title="hidden units given each row")
top = np.abs(machine.coupling_).max()
shown = np.where(mask, machine.coupling_, np.nan)
image = middle.imshow(shown, cmap="RdBu_r", vmin=-top, vmax=top)
for line in (3.5, 7.5):
    middle.axhline(line, color="k", lw=0.8)
    middle.axvline(line, color="k", lw=0.8)
names = ["first", "second", "hidden"]
middle.set_xticks([1.5, 5.5, 8.5], names)
middle.set_yticks([1.5, 5.5, 8.5], names)
middle.set_title("couplings")
figure.colorbar(image, ax=middle, shrink=0.8)
image = right.imshow(completed, cmap="gray_r", vmin=0, vmax=1)
right.set(xlabel="unit of the second group", ylabel="unit on in the first group")
right.set_xticks(range(4), range(1, 5))
right.set_yticks(range(4), range(1, 5))
right.set_title("probability of being on")
figure.colorbar(image, ax=right, shrink=0.8)
plt.show()
