"""Labels of `BoltzmannClassifier.partial_fit` that were passed over in silence.

Other classes in a later call counted for nothing, where DBNClassifier refuses them.
The code of labels was written twice; what one classifier had learnt, the other had not.
"""

import numpy as np
import pytest

from skboltz import BernoulliRBM, BoltzmannClassifier, BoltzmannMachine, DBNClassifier

X = np.tile([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], (4, 1))
Y = np.tile(["a", "b", "c"], 4)
CLASSIFIERS = {
    "machine": lambda: BoltzmannClassifier(BoltzmannMachine(2, hidden_hidden=False)),
    "network": lambda: DBNClassifier((3,), layers=BernoulliRBM(n_iter=1)),
}
BOTH = pytest.mark.parametrize("make", CLASSIFIERS.values(), ids=CLASSIFIERS)


@BOTH
def test_other_classes_in_a_later_call_are_refused(make):
    classifier = make().partial_fit(X, Y, classes=["c", "a", "b"])
    again = classifier.partial_fit(X, Y, classes=["a", "b", "c"]).partial_fit(X, Y)
    with pytest.raises(ValueError, match="stays the same until fit begins anew"):
        again.partial_fit(X, Y, classes=["a", "b", "c", "d"])
    anew = make().partial_fit(X, Y, classes=["a", "b", "c", "d"])
    assert anew.predict_proba(X).shape == (12, 4)


@BOTH
def test_a_label_that_is_no_class_is_named(make):
    classifier = make().partial_fit(X, Y, classes=["a", "b", "c"])
    with pytest.raises(ValueError, match=r"label 'd'.*classes \['a', 'b', 'c'\]"):
        classifier.partial_fit(X, np.where(Y == "c", "d", Y))
