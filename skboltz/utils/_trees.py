"""Nested tuples of arrays, such as the parameters of a model, as one thing."""


def each(function, *trees):
    """A function of the arrays at each place of equal nested tuples.

    Examples
    --------
    >>> from skboltz.utils import each
    >>> each(lambda a, b: a + b, (1, (2, 3)), (10, (20, 30)))
    (11, (22, 33))
    """
    first = trees[0]
    if not isinstance(first, tuple):
        return function(*trees)
    parts = [each(function, *places) for places in zip(*trees, strict=True)]
    return tuple(parts) if type(first) is tuple else type(first)(*parts)


def copied(tree):
    """The same nested tuples, arrays in memory of their own and all else as it is.

    Examples
    --------
    >>> import numpy as np
    >>> from skboltz.utils import copied
    >>> before = (np.zeros(1), "mark")
    >>> after = copied(before)
    >>> after[0][0] = 1
    >>> before
    (array([0.]), 'mark')
    """
    return each(lambda leaf: leaf.copy() if hasattr(leaf, "copy") else leaf, tree)
