"""How well purchases are foretold: held against what then happened, and against the version before. Pure."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from heed.kit.means import Mean

if TYPE_CHECKING:
    # Value needs SciPy, which pages that only show a check do without.
    from heed.predictions.domain.value import Buying

LEAST_CUSTOMERS: Final = 100
LEAST_REPEATED: Final = 30
LEAST_WEEKS: Final = 4.0
"""With less than this nothing is foretold."""
_LONGEST_WEEKS: Final = 26.0
_UP_TO: Final = 7
"""From so many purchases on customers are one group, and from fewer where that would be less than _FEW of them."""
_FEW: Final = 10
_DRIFTED: Final = 0.1
"""Versions that differ by more than this share are told of as drifted."""


class Row(msgspec.Struct, frozen=True):
    """Customers with `before` purchases at the split: later purchases each, foretold and real; `margin` is half the
    95% interval of the real mean."""

    before: int
    n: int
    foretold: float
    real: float
    margin: float
    or_more: bool = False

    @property
    def label(self) -> str:
        return f"{self.before}{' or more' if self.or_more else ''}"


class Check(msgspec.Struct, frozen=True):
    """Over the `weeks` after the split: purchases in all, and the mean error of one customer beside that of going on
    as often as so far."""

    weeks: float
    customers: int
    foretold: float
    real: float
    error: float
    error_of_going_on: float
    rows: tuple[Row, ...]


class LookedBack(msgspec.Struct, frozen=True):
    """What the version kept on `day` foretold, held against what came since."""

    version: int
    day: date
    check: Check


class Drift(msgspec.Struct, frozen=True):
    """Purchases of the same customers in the same time as the version of `day` and the newest foretell them."""

    version: int
    day: date
    before: float
    now: float

    @property
    def by(self) -> float:
        return self.now / self.before - 1 if self.before else 0.0

    @property
    def large(self) -> bool:
        return abs(self.by) > _DRIFTED


def enough(customers: int, repeated: int, weeks: float) -> bool:
    return customers >= LEAST_CUSTOMERS and repeated >= LEAST_REPEATED and weeks >= LEAST_WEEKS


def held_out(weeks: float) -> float:
    """How many of the last weeks to hold out: three tenths, at most half a year."""
    return min(_LONGEST_WEEKS, round(0.3 * weeks * 7) / 7)


def check(model: Buying, frequency: Any, recency: Any, age: Any, later: Any, weeks: float) -> Check:
    """`later` are purchases in the `weeks` after the split, the rest histories up to it, of one customer at least."""
    x, seen, t, real = (np.asarray(each, dtype=np.float64) for each in (frequency, recency, age, later))
    foretold = model.expected(weeks, x, seen, t)
    going_on = (x + 1) / np.maximum(t, 1.0) * weeks
    most = max(k for k in range(1, _UP_TO + 1) if k == 1 or (x + 1 >= k).sum() >= _FEW)
    groups = np.minimum(x + 1, most).astype(int)
    rows = tuple(
        _row(int(group), foretold[groups == group], real[groups == group], group == most)
        for group in np.unique(groups)
    )
    return Check(
        weeks,
        len(x),
        float(foretold.sum()),
        float(real.sum()),
        float(np.abs(foretold - real).mean()),
        float(np.abs(going_on - real).mean()),
        rows,
    )


def _row(before: int, foretold: NDArray[np.float64], real: NDArray[np.float64], last: bool) -> Row:
    n = len(real)
    margin = Mean(float(real.mean()), float(real.std(ddof=1)), n).margin if n > 1 else 0.0
    return Row(before, n, float(foretold.mean()), float(real.mean()), margin, bool(last))
