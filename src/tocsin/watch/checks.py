"""What the numerical functions ask of their arguments, with errors that say where the fault is."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def outcomes(y: ArrayLike) -> NDArray[np.int8]:
    """`y` as int8, or ValueError naming the first place that is neither 0 nor 1."""
    values = np.atleast_1d(np.asarray(y))
    if values.ndim != 1:
        raise ValueError(f"y must be one row of outcomes, got {values.ndim} dimensions")
    if values.dtype == np.int8 and (values.shape[0] == 0 or (values.min() >= 0 and values.max() <= 1)):
        return values
    if values.dtype == np.bool_:
        return values.astype(np.int8)
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"y must be 0 or 1 at every place: {error}") from None
    wrong = np.flatnonzero(~((numbers == 0) | (numbers == 1)))
    if wrong.shape[0]:
        raise ValueError(f"y must be 0 or 1 at every place, got {values[wrong[0]]!r} at place {wrong[0]}")
    return numbers.astype(np.int8)


def probabilities(p: ArrayLike, size: int) -> NDArray[np.float64]:
    """`p` as float64 of shape (size,), or ValueError naming the first place outside [0, 1]."""
    values = np.atleast_1d(np.asarray(p, dtype=np.float64))
    if values.shape != (size,):
        raise ValueError(f"p must have one chance for each of the {size} outcomes, got shape {values.shape}")
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if wrong.shape[0]:
        raise ValueError(f"p must be a chance between 0 and 1 at every place, got {values[wrong[0]]!r} at place {wrong[0]}")
    return values
