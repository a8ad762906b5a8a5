"""Couplings and biases that come from elsewhere, where other conventions hold."""

import numpy as np
from scipy import sparse

from ..utils import require


def checked_system(coupling, intercept):
    """Couplings, dense or CSR, and biases in double precision, if they are valid."""
    coupling = checked_matrix(coupling)
    check_symmetric(coupling)
    check_diagonal(coupling)
    return coupling, checked_intercept(intercept, coupling.shape[0])


def checked_matrix(coupling):
    """A square matrix of finite numbers, dense or CSR, in double precision."""
    if sparse.issparse(coupling):
        coupling = sparse.csr_array(coupling, copy=True)
        coupling.sum_duplicates()
        values = coupling.data
    else:
        coupling = values = np.asarray(coupling)
    shape = coupling.shape
    square = len(shape) == 2 and shape[0] == shape[1] > 0
    require(square, "coupling", "a square matrix of at least one unit", shape)
    require(values.dtype.kind in "biuf", "coupling", "real numbers", values.dtype)
    if not np.isfinite(values).all():
        raise ValueError("coupling must be finite, found NaN or infinity.")
    return coupling.astype(np.float64)


def checked_intercept(intercept, n_units):
    """A finite number for each unit, in double precision; None means zeros."""
    bias = np.zeros(n_units) if intercept is None else np.asarray(intercept)
    good = bias.shape == (n_units,) and bias.dtype.kind in "biuf"
    good = good and np.isfinite(bias).all()
    require(good, "intercept", f"{n_units} finite numbers", bias)
    return bias.astype(np.float64)


def check_diagonal(coupling, name="intercept", called="coupling"):
    """Refuse units that are coupled to themselves."""
    if coupling.diagonal().any():
        raise ValueError(
            f"{called} has a diagonal, but no unit is coupled to itself. With "
            f"E(s) = -1/2 s'Js - b's it is a constant for values of -1 and 1: set it "
            f"to 0. For values of 0 and 1 add half of it to {name}, for values low "
            f"and high (low + high) / 2 times it; then set it to 0. Of a QUBO, the "
            f"minimum of x'Qx, begin with -(Q + Q.T) for coupling, and do the same."
        )


def check_pairs(coupling, name="intercept", called="coupling"):
    """Refuse couplings that name each pair once."""
    if not _is_once(coupling):
        return
    raise ValueError(
        f"{called} is not symmetric, it has each pair of units once, as a triangular "
        f"matrix A does; here E(s) = -1/2 s'Js - b's, with each pair twice. If the "
        f"energy that you mean is -(sum over pairs of A_ij s_i s_j) - b's, pass "
        f"A + A.T. If it is +(sum over pairs of A_ij s_i s_j) + b's, as in dimod, "
        f"OpenJij and qubovert, pass -(A + A.T), and -b for {name}."
    )


def check_symmetric(coupling, name="intercept", called="coupling"):
    """Refuse couplings of a pair that differ in the two directions."""
    if not (coupling != coupling.T).sum():
        return
    check_pairs(coupling, name, called)
    scale = np.finfo(np.float32).eps * abs(coupling).max()
    if abs(coupling - coupling.T).max() <= scale:
        raise ValueError(
            f"{called} is not symmetric, if only by rounding: pass "
            f"({called} + {called}.T) / 2."
        )
    raise ValueError(
        f"{called} is not symmetric. Let A be this matrix: if the energy that you "
        f"mean is -1/2 s'As - b's, pass (A + A.T) / 2; if it is -s'As - b's, pass "
        f"A + A.T; if it is +s'As + b's, as of a QUBO, pass -(A + A.T), and -b for "
        f"{name}."
    )


def _is_once(coupling):
    """Whether units are coupled, but no two of them in both directions."""
    there = coupling != 0
    both = there.multiply(there.T) if sparse.issparse(there) else there & there.T
    alone = np.count_nonzero(coupling.diagonal())
    return there.sum() > alone and both.sum() == alone
