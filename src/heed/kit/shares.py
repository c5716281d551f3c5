"""Shares and their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

Z95: Final = 1.959963984540054


@dataclass(frozen=True)
class Share:
    """`part` of `n`, with its 95% interval (Wilson, 1927) as shares between 0 and 1."""

    part: int
    n: int
    value: float
    low: float
    high: float

    @property
    def margin(self) -> float:
        """The larger half of the interval, in points."""
        return 100 * max(self.value - self.low, self.high - self.value)


def share(part: int, n: int) -> Share | None:
    """None where nobody was asked."""
    if n <= 0:
        return None
    p, z2 = part / n, Z95 * Z95
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Share(part, n, p, max(0.0, middle - half), min(1.0, middle + half))


def at_most(count: int, most: int) -> str:
    """A count that was only counted so far: "1,000+" where it reaches `most`, 0 for no end."""
    return f"{count:,}+" if most and count >= most else f"{count:,}"
