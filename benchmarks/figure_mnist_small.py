"""The small MNIST machine, 784-16, whose likelihood is exact.

    SKBOLTZ_DATA=folder python benchmarks/figure_mnist_small.py

Protocol of Melchior's PyDeep tutorial (RBM_MNIST_small): PCD-1, 100 chains, batches
of 100, learning rate 0.01, 50 epochs, images binarised at half, log Z by all 2^16
hidden states.  There 60,000 images train and the test set of MNIST is scored; here
the last 10,000 of the 60,000 are held out and 50,000 train.

Published test log-likelihood: centered -142.56, on flipped images -142.09; plain
-149.05, on flipped images -183.36.
"""

import time

from mnist import split_mnist
from timing import machine, report

from skboltz import BernoulliRBM


def main():
    report(**machine())
    train, test = split_mnist()
    for gradient in ("centered", "plain"):
        for flipped in (False, True):
            rbm = BernoulliRBM(
                16,
                learning_rate=0.01,
                batch_size=100,
                n_iter=50,
                method="pcd",
                gradient=gradient,
                random_state=42,
            )
            start = time.perf_counter()
            rbm.fit(1 - train if flipped else train)
            seconds = time.perf_counter() - start
            report(
                gradient=gradient,
                flipped=flipped,
                train=round(rbm.score(1 - train if flipped else train), 3),
                test=round(rbm.score(1 - test if flipped else test), 3),
                log_z=round(rbm.log_partition().value, 3),
                seconds=round(seconds, 1),
            )


if __name__ == "__main__":
    main()
