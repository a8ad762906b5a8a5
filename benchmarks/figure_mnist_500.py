"""The MNIST machine of 784-500, whose log Z must be estimated from both ends.

    SKBOLTZ_DATA=folder python benchmarks/figure_mnist_500.py --method pcd --centered

Trains on 50,000 images and scores the last 10,000 of the 60,000, binarised at half or,
with --stochastic, once at random, each pixel on with the probability of its grey value
(Salakhutdinov & Murray 2008).  After some epochs a light estimate is printed, at the
end a thorough one.  "conservative" is the lower of the likelihoods by the forward, the
reverse and the bridged estimate of log Z.

Published: AIS -84.86 where reverse AIS says -96.61 (PyDeep, PCD-1, centered, 200
epochs); AIS -86.34 (CD-25, Salakhutdinov & Murray 2008).
"""

import argparse
import time

import numpy as np
from mnist import load_mnist, split_mnist
from threadpoolctl import threadpool_limits
from timing import machine, report

from skboltz import BernoulliRBM
from skboltz.callbacks import EpochCallback

LIGHT = {"betas": 1000, "n_chains": 60, "n_sweeps": 50}
THOROUGH = {"betas": 10_000, "n_chains": 100, "n_sweeps": 500}


class Curve(EpochCallback):
    """Likelihoods as the training goes on, and the minutes without them."""

    def __init__(self, test, epochs):
        self.test = test
        self.epochs = epochs

    def on_epoch_end(self, model, X):
        if model.n_iter_ in self.epochs:
            minutes = sum(model.history_["seconds"]) / 60
            report(
                epoch=model.n_iter_,
                minutes=round(minutes, 2),
                **look(model, self.test, LIGHT),
            )


def look(model, test, effort):
    """What an estimate says of held-out rows."""
    start = time.perf_counter()
    log_z = model.log_partition(method="bridge", **effort)
    energy = model.free_energy(test).mean(dtype=np.float64)
    return {
        "test": round(-energy - log_z.value, 2),
        "standard_error": round(log_z.standard_error, 2),
        "by_forward": round(-energy - log_z.forward, 2),
        "by_reverse": round(-energy - log_z.reverse, 2),
        "conservative": round(-energy - log_z.upper(), 2),
        "effective_sample_size": round(log_z.effective_sample_size, 1),
        "log_z": round(log_z.value, 2),
        "seconds": round(time.perf_counter() - start, 1),
    }


def stochastic():
    """Pixels on with the probability of their grey value."""
    grey = load_mnist()[0] / np.float32(255)
    noise = np.random.default_rng(0).random(grey.shape, dtype=np.float32)
    X = (noise < grey).astype(np.float32)
    return X[:50_000], X[50_000:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--method", default="pcd")
    parser.add_argument("--k", type=int, default=1)
    parser.add_argument("--chains", type=int, default=100)
    parser.add_argument("--centered", action="store_true")
    parser.add_argument("--stochastic", action="store_true")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--rate", type=float, default=0.05)
    parser.add_argument("--schedule", default="linear")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    report(**machine(), **vars(options))
    train, test = stochastic() if options.stochastic else split_mnist()
    rbm = BernoulliRBM(
        500,
        learning_rate=options.rate,
        schedule=options.schedule,
        batch_size=100,
        n_iter=options.epochs,
        method=options.method,
        k=options.k,
        n_chains=options.chains,
        gradient="centered" if options.centered else "plain",
        random_state=0,
    )
    epochs = {1, 3, 10, 20, 40, 80}
    with threadpool_limits(options.threads):
        rbm.set_callbacks(Curve(test, epochs)).fit(train)
    minutes = round(sum(rbm.history_["seconds"]) / 60, 2)
    report(epoch=rbm.n_iter_, minutes=minutes, final=True, **look(rbm, test, THOROUGH))


if __name__ == "__main__":
    main()
