"""Fifths of customers, and the groups that recency and frequency make, by the names people use for them. Pure."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

GROUPS: Final[dict[str, tuple[str, frozenset[tuple[int, int]]]]] = {
    "champions": ("Champions", frozenset({(5, 4), (5, 5), (4, 5)})),
    "loyal": ("Loyal", frozenset({(4, 4), (3, 4), (3, 5)})),
    "promising": ("Promising", frozenset({(5, 2), (5, 3), (4, 2), (4, 3)})),
    "new": ("New", frozenset({(5, 1), (4, 1)})),
    "attention": ("Need attention", frozenset({(3, 3), (3, 2)})),
    "sleepy": ("About to sleep", frozenset({(3, 1)})),
    "risk": ("At risk", frozenset({(2, 3), (2, 4), (1, 3), (1, 4)})),
    "lose": ("Cannot lose them", frozenset({(2, 5), (1, 5)})),
    "hibernating": ("Hibernating", frozenset({(2, 1), (2, 2)})),
    "lost": ("Lost", frozenset({(1, 1), (1, 2)})),
}
"""By key: the name and its cells of (recency, frequency); together they are the whole grid."""

KEY_OF: Final = {cell: key for key, (_, cells) in GROUPS.items() for cell in cells}


def name_of(recency: int, frequency: int) -> str:
    return GROUPS[KEY_OF[recency, frequency]][0]


def fifths(values: Any) -> NDArray[np.int64]:
    """1 to 5: by how many fifths of all a value is above. Equal values are in the same fifth."""
    array = np.asarray(values, dtype=np.float64)
    below = np.searchsorted(np.sort(array), array, side="left")
    return 1 + (5 * below) // max(len(array), 1)
