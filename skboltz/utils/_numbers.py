"""Whatever holds numbers, as something whose numbers NumPy knows."""

import sys

import numpy as np


def as_numbers(values, name):
    """Lists as arrays; objects as floats, with NaN for None and for the NA of pandas.

    Columns of other types with nulls, such as Booleans of polars, are objects as soon
    as NumPy sees them.

    Parameters
    ----------
    values : array-like or sparse matrix
        All but lists and objects is returned as it is: scikit-learn, which would
        compare the entries of a list before they become numbers, takes the rest.
        What a masked array masks is NaN.
    name : str
        What errors call it.

    Examples
    --------
    >>> from skboltz.utils import as_numbers
    >>> as_numbers([[0, None], [1, 1]], "X")
    array([[ 0., nan],
           [ 1.,  1.]])
    """
    if isinstance(values, list | tuple):
        values = _as_array(values, name)
    if isinstance(values, np.ma.MaskedArray):
        values = values.astype(float).filled(np.nan)
    if isinstance(values, np.ndarray):
        if values.dtype.kind in "SU":
            check_type(values.dtype, name)
        return _as_floats(values, name) if values.dtype == object else values
    if hasattr(values, "iloc") and _has_objects(values):
        floats = _as_floats(values.to_numpy(dtype=object), name)
        labels = {"columns": values.columns} if floats.ndim == 2 else {}
        return type(values)(floats, index=values.index, **labels)
    return _of_columns(values, name)


def _has_objects(frame):
    """Whether a frame, or a series, of pandas has a column of objects."""
    return any(dtype.kind == "O" for dtype in np.atleast_1d(frame.dtypes))


def _of_columns(values, name):
    """Frames and series of polars, and tables of Arrow, without objects."""
    polars, arrow = sys.modules.get("polars"), sys.modules.get("pyarrow")
    if polars is not None and isinstance(values, polars.DataFrame):
        types, names, make = values.dtypes, values.columns, polars.DataFrame
        if all(dtype.is_numeric() for dtype in types):
            return values
    elif polars is not None and isinstance(values, polars.Series):
        objects = np.asarray(values)
        return _as_floats(objects, name) if objects.dtype == object else objects
    elif arrow is not None and isinstance(values, arrow.Table):
        names, make = values.column_names, arrow.table
    else:
        return values
    objects = np.asarray(values)
    if objects.dtype != object:
        return values
    floats = _as_floats(objects, name)
    return make(dict(zip(names, floats.T, strict=True)))


def _as_array(values, name):
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} holds rows of different lengths; each needs as many values as "
            f"there are features, NaN where one is missing."
        ) from error


def _as_floats(objects, name):
    pandas = sys.modules.get("pandas")  # where nobody imported it, its NA is nowhere
    if pandas is not None:
        objects = np.where(pandas.isna(objects), np.nan, objects)
    try:
        return objects.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"{name} has an entry that is no number ({error}); encode what is not as "
            f"numbers first."
        ) from error


def check_type(dtype, name):
    """Refuse text, dates and objects."""
    if dtype.kind not in "biuf":
        raise ValueError(
            f"{name} must be numeric, but holds values of type {dtype}; encode them as "
            f"numbers first."
        )
