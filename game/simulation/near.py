"""Who is near whom: pairs of points, without measuring every distance where they are many."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.signedinteger[Any]]

DENSE_PAIRS_MAX: Final = 8192
"""Up to here comparing all pairs is faster than sorting."""


def near_pairs(ones: Ints, others: Ints, reach: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs of points of ``ones`` [2, n] and ``others`` [2, m] that are less than ``reach`` apart on both axes, in ascending order."""
    count, other_count = ones.shape[1], others.shape[1]
    if count * other_count <= DENSE_PAIRS_MAX:
        near = np.abs(ones[0][:, None] - others[0]) < reach
        near &= np.abs(ones[1][:, None] - others[1]) < reach
        first, second = np.nonzero(near)
        return first, second
    order = np.argsort(others[0], kind="stable")
    along = others[0][order]
    low = np.searchsorted(along, ones[0] - reach, side="right")
    sizes = np.searchsorted(along, ones[0] + reach, side="left") - low
    first = np.repeat(np.arange(count), sizes)
    second = order[np.arange(first.size) - np.repeat(np.cumsum(sizes) - sizes - low, sizes)]
    near = np.abs(ones[1][first] - others[1][second]) < reach
    first, second = first[near], second[near]
    order = np.lexsort((second, first))
    return first[order], second[order]
