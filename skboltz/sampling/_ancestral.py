"""Passes through the directed layers of a deep belief network, one layer a time.

Every layer is drawn given the one before it, by noise from a stream: upwards by the
recognition parameters, downwards by the generative ones.
"""

from .. import kernels


def recognise(net, params, v, stream):
    """One pass upwards: every hidden layer from q(h | layer below).

    Returns
    -------
    states : list of ndarray
        v, h1, .., h_L-1.
    stream : Stream
    """
    return _upwards(net, params, v, stream, _noise)


def recognise_alike(net, params, v, stream):
    """As :func:`recognise`, with the same noise for every row.

    What a row gives then depends on no other row, nor on its place among them.
    """
    return _upwards(net, params, v, stream, _noise_alike)


def generate(net, params, h_last, stream, sample_visible=False):
    """One pass downwards from h_L-1: every layer from P(layer | layer above).

    Parameters
    ----------
    net : BeliefNetwork
    params : BeliefParams
    h_last : ndarray of shape (n_rows, n_units)
        Without labels.
    stream : Stream
    sample_visible : bool, default=False
        Draw v as well.  By default it is its mean given h1, as in the appendix of
        Hinton, Osindero & Teh (2006).

    Returns
    -------
    states : list of ndarray
        v, h1, .., h_L-1.
    stream : Stream
    """
    states = [h_last]
    for place in reversed(range(len(net.layers))):
        layer, down = net.layers[place], params.generative[place]
        unit, input = layer.visible_unit, layer.visible_input(down, states[0])
        if place or sample_visible:
            noise, stream = _noise(stream, input, unit.noise)
            x = kernels.sample(unit, down.visible, input, noise)
        else:
            x = kernels.mean(unit, down.visible, input)
        states.insert(0, x)
    return states, stream


def _upwards(net, params, v, stream, draw):
    states = [v]
    for layer, up in zip(net.layers, params.recognition, strict=True):
        unit, input = layer.hidden_unit, layer.hidden_input(up, states[-1])
        noise, stream = draw(stream, input, unit.noise)
        states.append(kernels.sample(unit, up.hidden, input, noise))
    return states, stream


def _noise(stream, input, kind):
    return stream.draw(input.shape, input.dtype, kind)


def _noise_alike(stream, input, kind):
    return stream.draw_alike(input.shape, input.dtype, kind)
