"""Means and their intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from heed.kit.shares import Z95


@dataclass(frozen=True)
class Mean:
    """The mean of n values with their standard deviation."""

    value: float
    deviation: float
    n: int

    @property
    def margin(self) -> float:
        """Half the 95% interval (Student); infinite for one value alone."""
        return t95(self.n - 1) * self.deviation / math.sqrt(self.n) if self.n > 1 else math.inf

    @property
    def clear(self) -> bool:
        """Whether it differs from zero by more than chance would make it once in twenty."""
        return abs(self.value) > self.margin


def t95(freedom: int) -> float:
    """The two-sided 95% quantile of Student's t, by Cornish and Fisher's expansion around the normal.

    Exact to 0.01 from three degrees of freedom on; the first two are tabulated.
    """
    if freedom <= 2:
        return (12.7062, 4.3027)[max(freedom, 1) - 1]
    z = Z95
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3 + g4 / freedom**4
