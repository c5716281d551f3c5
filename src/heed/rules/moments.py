"""When things happened, to the millisecond: sequences, and the first and the last of an event."""

from __future__ import annotations

from collections.abc import Sequence as Series

from heed.rules.tree import Duration, Sequence, Touch, Window

Moments = Series[int]
"""Milliseconds, in order, each once."""


def within(window: Window | None, at: int, now: int) -> bool:
    """Whether it happened in the window, as counted events do."""
    return window is None or at // window.size >= window.first(now)


def leaves(window: Window | None, at: int) -> int:
    """When the window no longer has it (ms); 0 for never."""
    return window.leaves(at // window.size) if window else 0


def touched(rule: Touch, every: Moments, meant: Moments) -> int | None:
    """The moment of the first or last event if it is one of those meant, else None."""
    if not every or not meant:
        return None
    at = 0 if rule.which == "first" else -1
    return every[at] if every[at] == meant[at] else None


def endings(rule: Sequence, steps: Series[Moments]) -> list[tuple[int, int]]:
    """Where the sequence is whole: the moment of its last event, and from when on that counts (ms): at once, or
    when the time is over in which nothing was to follow."""
    reached: Moments = steps[0]
    for before, step, own in zip(rule.steps, rule.steps[1:], steps[1:], strict=False):
        later = int(before.event == step.event)
        if step.absent:
            return _unfollowed(reached, own, step.gap, later)
        reached = _following(reached, own, step.gap, later)
    return [(at, at) for at in reached]


def _following(before: Moments, own: Moments, gap: Duration | None, later: int) -> list[int]:
    """Those at least `later` ms after one of `before` and no more than the gap away."""
    found, place = [], 0
    for at in own:
        while place < len(before) and before[place] + later <= at:
            place += 1
        if place and (gap is None or at - before[place - 1] <= gap.ms):
            found.append(at)
    return found


def _unfollowed(reached: Moments, own: Moments, gap: Duration | None, later: int) -> list[tuple[int, int]]:
    found, place = [], 0
    for at in reached:
        while place < len(own) and own[place] < at + later:
            place += 1
        if place == len(own) or (gap is not None and own[place] - at > gap.ms):
            found.append((at, at if gap is None else at + gap.ms + 1))
    return found


def happened(rule: Sequence, steps: Series[Moments], now: int) -> bool:
    return any(known <= now and within(rule.window, at, now) for at, known in endings(rule, steps))


def next_ending(rule: Sequence, steps: Series[Moments], now: int) -> int:
    """The next moment later than `now` at which a whole sequence begins to count or leaves the window, 0 for none."""
    stamps = [stamp for at, known in endings(rule, steps) for stamp in (known, leaves(rule.window, at))]
    return min((stamp for stamp in stamps if stamp > now), default=0)
