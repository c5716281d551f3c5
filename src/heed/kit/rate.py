"""Token buckets in memory, one for each caller."""

from __future__ import annotations

_MOST_CALLERS = 50_000
WAIT = 10
"""Seconds to wait, as `Retry-After` tells whoever is refused."""


class Buckets:
    """`rate` tokens a second each, up to `burst`; times are given in seconds by the caller."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, caller: str, now: float) -> bool:
        """Whether the caller had a token left; it is used up."""
        left, at = self._left.get(caller, (self.burst, now))
        left = min(self.burst, left + (now - at) * self.rate)
        allowed = left >= 1
        if len(self._left) >= _MOST_CALLERS and caller not in self._left:
            self._left.clear()
        self._left[caller] = (left - 1 if allowed else left, now)
        return allowed


def tries() -> Buckets:
    """For what an address tries with keys and tokens that open nothing: twenty at once, then one a second."""
    return Buckets(rate=1.0, burst=20.0)
