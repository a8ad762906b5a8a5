"""Digits by BoltzmannClassifier: accuracy and calibration beside scikit-learn's.

    python benchmarks/figure_classifier.py

scikit-learn's 8x8 digits, on where a pixel exceeds 7 of 16; five stratified folds,
shuffled by seed 0.  Reliability is the mean over the rows, within bins of a tenth of
the largest probability, of the difference between that and the share of hits.
"""

import argparse
import time
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import BernoulliNB
from sklearn.svm import SVC
from timing import machine, report

from skboltz import BoltzmannClassifier, BoltzmannMachine


def reliability(proba, hit):
    top = proba.max(axis=1)
    tenth = np.minimum((10 * top).astype(int), 9)
    gaps = [
        (tenth == part).sum()
        * abs(top[tenth == part].mean() - hit[tenth == part].mean())
        for part in np.unique(tenth)
    ]
    return float(np.sum(gaps) / len(hit))


def joint(n_hidden, n_iter):
    """Features and classes learnt together, by a machine restricted to two layers."""
    rbm = BoltzmannMachine(
        n_hidden,
        visible_visible=False,
        hidden_hidden=False,
        batch_size=20,
        n_chains=100,
        n_iter=n_iter,
        learning_rate=0.1,
        schedule="linear",
        momentum=0.5,
        l2=1e-3,
        random_state=0,
    )
    return BoltzmannClassifier(rbm, generative_share=1.0)


def classifiers():
    pairs = BoltzmannMachine(0, method="pseudo-likelihood", l2=1e-3)
    layers = BoltzmannMachine(64, hidden_hidden=False, learning_rate=0.03, momentum=0.5)
    layers.set_params(random_state=0)
    return {
        "BernoulliNB": BernoulliNB(),
        "LogisticRegression(C=0.1)": LogisticRegression(C=0.1, max_iter=1000),
        "SVC(C=3, gamma=0.08)": SVC(C=3, gamma=0.08),
        "no hidden units, pseudo-likelihood": BoltzmannClassifier(
            pairs, generative_share=1.0
        ),
        "64 hidden, P(y | x)": BoltzmannClassifier(layers),
        "300 hidden, P(x, y)": joint(300, 500),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="names that contain this")
    only = parser.parse_args().only
    report(**machine())
    X, y = load_digits(return_X_y=True)
    X = (X > 7).astype(np.float32)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for name, classifier in classifiers().items():
        if only not in name:
            continue
        start, method = time.perf_counter(), "predict_proba"
        if isinstance(classifier, SVC):
            method = "decision_function"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = cross_val_predict(classifier, X, y, cv=folds, method=method)
        hit = found.argmax(axis=1) == y
        scores = {"classifier": name, "accuracy": round(float(hit.mean()), 4)}
        if method == "predict_proba":
            scores["reliability"] = round(reliability(found, hit), 4)
        report(**scores, seconds=round(time.perf_counter() - start, 1))


if __name__ == "__main__":
    main()
