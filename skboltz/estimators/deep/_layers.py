"""The layers of a deep network: machines trained one after the other."""

from copy import copy
from itertools import pairwise
from numbers import Integral

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from ...models import Bipartite
from ...units import BERNOULLI, CategoricalUnit, Columns
from ..harmonium._base import BaseRBM
from ..harmonium._gaussian_rbm import GaussianBernoulliRBM
from ..harmonium._rbm import BernoulliRBM
from ..shared._epochs import as_line
from ..shared._given import owned
from ..shared._recast import recast

_MOST_SEEDS = 2**31 - 1


class LabelledRBM(BernoulliRBM):
    """A machine whose last visible units are a class each, of which one is on.

    Hinton, Osindero & Teh (2006): the top of a deep belief network that classifies.
    Fit it after `n_classes` is set; X has the classes as its last columns.
    """

    n_classes = 0
    _known_as = "BernoulliRBM"

    @property
    def _model(self):
        n_units = self.n_features_in_ - self.n_classes
        groups = (BERNOULLI, n_units), (CategoricalUnit(), self.n_classes, "label")
        return Bipartite(Columns(groups), BERNOULLI)

    def _line(self, last, X, state):
        # Labels have no pseudo-likelihood.
        return as_line(last)


def check_sizes(sizes):
    """Numbers of hidden units, from the data up."""
    sizes = (sizes,) if isinstance(sizes, Integral) else sizes
    good = isinstance(sizes, tuple | list | np.ndarray) and len(sizes) > 0
    if not good or not all(isinstance(n, Integral) and n >= 1 for n in sizes):
        raise ValueError(
            f"hidden_layer_sizes must be one or more integers >= 1, from the features "
            f"up, found {sizes!r}."
        )
    return tuple(int(n) for n in sizes)


def templates(layers, default, sizes):
    """A machine to be trained, or a frozen one, for each layer.

    Of fewer templates than layers the last one serves for all above.
    """
    layers = [default] if layers is None else layers
    layers = list(layers) if isinstance(layers, tuple | list) else [layers]
    if not layers or len(layers) > len(sizes):
        raise ValueError(
            f"layers has {len(layers)} machines, but hidden_layer_sizes={sizes} asks "
            f"for {len(sizes)}; give one for each, or fewer, of which the last serves "
            f"for all above."
        )
    layers += [layers[-1]] * (len(sizes) - len(layers))
    for i, layer in enumerate(layers):
        _check_kind(i, _machine(layer))
    return layers


def is_frozen(template):
    return isinstance(template, FrozenEstimator)


def _machine(template):
    return template.estimator if is_frozen(template) else template


def _check_kind(i, machine, frozen=True):
    if not isinstance(machine, BaseRBM):
        also = ", or either in a FrozenEstimator" if frozen else ""
        raise ValueError(
            f"layers must be skboltz.BernoulliRBM or skboltz.GaussianBernoulliRBM"
            f"{also}, found {machine!r} of {type(machine).__module__}."
        )
    if i and isinstance(machine, GaussianBernoulliRBM):
        raise ValueError(
            f"layers has a GaussianBernoulliRBM for layer {i + 1}, whose inputs are "
            f"binary. It is for the first layer alone: give a list, such as "
            f"[GaussianBernoulliRBM(), BernoulliRBM()]."
        )


def new_layer(template, i, size, n_inputs, generator):
    """The machine of a layer, still to be trained unless it is frozen."""
    if is_frozen(template):
        machine = copy(template.estimator)
        check_is_fitted(machine)
        _check_fits(machine, i, size, n_inputs)
        vars(machine).pop("feature_names_in_", None)  # it is given arrays from now on
        return machine
    machine = clone(template).set_params(n_components=size, warm_start=False)
    seed = generator.randint(_MOST_SEEDS)  # drawn anyway: others keep theirs
    if machine.random_state is None:
        machine.set_params(random_state=seed)
    return machine


def _check_fits(machine, i, size, n_inputs):
    found = len(machine.components_), machine.n_features_in_
    if found != (size, n_inputs):
        raise ValueError(
            f"layers has a frozen machine of {found[0]} hidden units over {found[1]} "
            f"features for layer {i + 1}, which has {size} units over {n_inputs}; "
            f"make hidden_layer_sizes and the data fit the machine."
        )


def labelled(machine, n_classes):
    """The same machine with classes among its visible units."""
    if type(machine) is not BernoulliRBM or hasattr(machine, "components_"):
        raise ValueError(
            f"The labels join the inputs of the top layer, which learns with them: "
            f"the last of `layers` must be a BernoulliRBM that is not frozen, found "
            f"a {'fitted ' * hasattr(machine, 'components_')}{type(machine).__name__}. "
            f'Put BernoulliRBM() there, or use fine_tuning="backprop".'
        )
    top = recast(machine, LabelledRBM)
    top.n_classes = n_classes
    return top


def moved(machine, params):
    """A copy of a fitted machine with other parameters."""
    machine = copy(machine)
    for name, value in machine._attributes_of(params).items():
        setattr(machine, name, value)
    return machine


def stacked(layers):
    """Copies of fitted machines that are to stand one on the other."""
    layers = list(layers) if isinstance(layers, tuple | list) else [layers]
    if not layers:
        raise ValueError("layers must hold at least one fitted machine, found none.")
    for i, layer in enumerate(layers):
        _check_kind(i, layer, frozen=False)
        check_is_fitted(layer)
    return [moved(layer, owned(layer._params())) for layer in layers]


def check_stack(machines):
    """Refuse machines whose inputs are not what the one below gives."""
    for i, (below, machine) in enumerate(pairwise(machines), start=1):
        if machine.n_features_in_ != len(below.components_):
            raise ValueError(
                f"layers[{i}] is a machine of {machine.n_features_in_} features, but "
                f"layers[{i - 1}] has {len(below.components_)} hidden units, which are "
                f"its inputs; pass machines that fit on each other, from the features "
                f"up."
            )


def unnamed(machines):
    """The same machines, which are given arrays without names from now on."""
    for machine in machines:
        vars(machine).pop("feature_names_in_", None)
    return machines


def with_classes(machines, n_classes):
    """The same machines, the last columns of the top one being classes."""
    *below, top = machines
    n_inputs = top.n_features_in_ - n_classes
    wanted = len(below[-1].components_) if below else n_inputs
    if n_inputs != wanted or n_inputs < 1 or type(top) is not BernoulliRBM:
        raise ValueError(
            f"The top of layers is a {type(top).__name__} of {top.n_features_in_} "
            f"features, but with this fine_tuning it must be a BernoulliRBM whose "
            f"last {n_classes} features are the classes, beside the "
            f"{wanted if below else 'inputs'} of the layer below. Give it such "
            f'columns, or use fine_tuning="backprop".'
        )
    labelled = recast(top, LabelledRBM)
    vars(labelled).update({"n_classes": n_classes, **vars(top)})
    return [*below, labelled]


def features(machine, X):
    """Means of the hidden units as an array, whatever `set_output` asks for."""
    return np.asarray(machine.transform(X))


def afresh(machine, X, weight):
    """Train a machine from scratch."""
    machine.fit(X, sample_weight=weight)


def further(machine, X, weight):
    """Train a machine for as many epochs again."""
    machine.set_params(warm_start=True)
    try:
        machine.fit(X, sample_weight=weight)
    finally:
        machine.set_params(warm_start=False)


def one_pass(machine, X, weight):
    """Let a machine see the rows once."""
    machine.partial_fit(X, sample_weight=weight)


def untrained(machine, X, weight):
    """Let a machine know the features, and no more."""
    n_iter = machine.n_iter
    machine.set_params(n_iter=0).fit(X, sample_weight=weight)
    machine.set_params(n_iter=n_iter)
