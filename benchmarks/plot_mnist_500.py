"""The curves that figure_mnist_500.py printed, as a picture.

cat the lines of several runs > benchmarks/mnist_500.jsonl
python benchmarks/plot_mnist_500.py
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt

HERE = Path(__file__).parent


def runs(lines):
    """A label and its points for every run: a header, then an epoch to a line."""
    label, points = None, []
    for line in map(json.loads, lines):
        if "epoch" in line:
            points.append((line["minutes"], line["conservative"], line["test"]))
            continue
        if points:
            yield label, points
        names = [f"{line['method'].upper()}-{line['k']}"]
        names += [f"{line['epochs']} epochs"]
        names += [name for name in ("centered", "stochastic") if line[name]]
        label, points = ", ".join(names), []
    yield label, points


def main():
    figure, ax = plt.subplots(figsize=(6.4, 6), layout="constrained")
    for label, points in runs((HERE / "mnist_500.jsonl").read_text().splitlines()):
        minutes, conservative, _ = zip(*points, strict=True)
        ax.plot(minutes, conservative, marker=".", label=label)
    ax.set(
        xscale="log",
        xlabel="minutes of training, one thread",
        ylabel="conservative log-likelihood of held-out images (nats)",
        ylim=(-182, -70),
        title="MNIST, 784-500",
    )
    figure.legend(frameon=False, loc="outside lower center", ncols=2, fontsize="small")
    figure.savefig(HERE / "mnist_500.png", dpi=90)


if __name__ == "__main__":
    main()
