"""Charts as SVG, drawn on the server from plain numbers. Pure; the colours come from the stylesheet.

Every chart carries a text alternative, and every point its own value as a title, so nothing is said by
shape or colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from html import escape
from itertools import pairwise
from typing import Any, NamedTuple

from heed.web.words import number, signed
from heed.web.words import tone as tone_of

WIDTH, HEIGHT = 600, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 4, 40, 14, 24

Point = tuple[int, float, float, float]
"""(ms, value, lower bound, upper bound)"""

Mark = tuple[int, float, str]
"""(ms, value, what happened)"""


def line(
    points: Sequence[Point],
    label: str,
    *,
    usual: float | None = None,
    usual_label: str = "usual",
    marks: Sequence[Mark] = (),
    tone: str = "high",
    full: bool = False,
    zone: tzinfo | None = UTC,
) -> str:
    """A line with its band. `points` are (ms, value, lower, upper), oldest first, values in −1…1.

    The scale spans −1…1 when `full`, else what is shown plus a margin, never less than 0.2 so that noise
    does not look like a trend. Points with a NaN are left out; without any point the result is empty.
    """
    kept = [
        (at, _within(value), _within(lower), _within(upper))
        for at, value, lower, upper in points
        if math.isfinite(value) and math.isfinite(lower) and math.isfinite(upper)
    ]
    if not kept:
        return ""
    values = [x for p in kept for x in p[2:]] + ([usual] if usual is not None else [])
    low, high = (-1.0, 1.0) if full else _span(min(values), max(values))
    start, end = kept[0][0], kept[-1][0]

    def x(ms: float) -> float:
        share = 0.5 if end == start else (ms - start) / (end - start)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(value: float) -> float:
        inside = max(low, min(high, value))
        return _TOP + (high - inside) / (high - low) * (HEIGHT - _TOP - _BOTTOM)

    parts = []
    for tick in _ticks(low, high):
        at = y(tick)
        parts.append(
            f'<line class="grid-line" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        )
        parts.append(f'<text x="{WIDTH - _RIGHT + 6}" y="{at + 4:.1f}">{escape(signed(tick, 1))}</text>')
    if usual is not None:
        at = y(usual)
        parts.append(
            f'<line class="usual-line" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
        )
    upper = [f"{x(ms):.1f},{y(h):.1f}" for ms, _, _, h in kept]
    lower = [f"{x(ms):.1f},{y(w):.1f}" for ms, _, w, _ in reversed(kept)]
    if len(kept) > 1:
        parts.append(f'<path class="band {tone}" d="M{" L".join(upper + lower)}Z"/>')
        track = " L".join(f"{x(ms):.1f},{y(v):.1f}" for ms, v, _, _ in kept)
        parts.append(f'<path class="track {tone}" d="M{track}"/>')
    else:
        ms, value, w, h = kept[0]
        parts.append(
            f'<line class="whisker {tone}" x1="{x(ms):.1f}" x2="{x(ms):.1f}" '
            f'y1="{y(h):.1f}" y2="{y(w):.1f}"/>'
            f'<circle class="dot {tone}" cx="{x(ms):.1f}" cy="{y(value):.1f}" r="4.5"/>'
        )
    for ms, value, text in marks:
        if start <= ms <= end and math.isfinite(value):
            parts.append(
                f'<circle class="mark {"low" if value < 0 else "high"}" cx="{x(ms):.1f}" cy="{y(value):.1f}" '
                f'r="4"><title>{escape(text)}</title></circle>'
            )
    if usual is not None:
        left, base = _free_place([(x(ms), y(v)) for ms, v, _, _ in kept], at)
        parts.append(f'<text x="{left:.1f}" y="{base:.1f}">{escape(usual_label)} {signed(usual)}</text>')
    parts.extend(_dates(start, end, x, zone))
    return _svg("line", label, parts)


def _free_place(track: Sequence[tuple[float, float]], line: float) -> tuple[float, float]:
    """Where words about a level line stand furthest from the track: left, middle or right, over or under."""
    best, found = -1.0, (float(_LEFT), line - 5)
    for left in (_LEFT, WIDTH / 2 - 40, WIDTH - _RIGHT - 84):
        for base in (line - 5, line + 14):
            if not _TOP + 8 <= base <= HEIGHT - _BOTTOM - 2:
                continue
            away = min(
                (abs(_height(track, left + step * 10) - (base - 4)) for step in range(9)), default=HEIGHT
            )
            if away > best:
                best, found = away, (left, base)
    return found


def _height(track: Sequence[tuple[float, float]], at: float) -> float:
    """Where the track is at this x; far away where it is not."""
    for (x0, y0), (x1, y1) in pairwise(track):
        if x0 <= at <= x1:
            return y0 if x1 == x0 else y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return min((y for x, y in track if abs(x - at) < 12), default=1e6)


def histogram(counts: Sequence[int], label: str, before: Sequence[float] | None = None) -> str:
    """Bars over −1…1 in equal steps; `before` draws an earlier state as lines, scaled to the same total."""
    total = sum(counts)
    if not counts or total <= 0:
        return ""
    scaled = None
    if before and sum(before) > 0:
        scaled = [b * total / sum(before) for b in before]
    top = max([*counts, *(scaled or [])])
    step = (WIDTH - 8) / len(counts)
    room = HEIGHT - _TOP - _BOTTOM
    parts = []
    for index, count in enumerate(counts):
        low = -1 + 2 * index / len(counts)
        high = -1 + 2 * (index + 1) / len(counts)
        middle = (low + high) / 2
        tone = tone_of(middle)
        tall = max(count / top * room, 1.5 if count else 0)
        left = 4 + index * step
        title = f"{signed(low, 1)} to {signed(high, 1)}: {number(count)}, {100 * count / total:.1f}%"
        parts.append(
            f'<rect class="bar-{tone}" x="{left + 2:.1f}" y="{_TOP + room - tall:.1f}" '
            f'width="{step - 4:.1f}" height="{tall:.1f}" rx="3"><title>{escape(title)}</title></rect>'
        )
        if scaled:
            at = _TOP + room - scaled[index] / top * room
            parts.append(
                f'<line class="before" x1="{left + 2:.1f}" x2="{left + step - 2:.1f}" '
                f'y1="{at:.1f}" y2="{at:.1f}"/>'
            )
    for at, anchor, text in (
        (4, "start", "unhappy −1"),
        (WIDTH / 2, "middle", "neutral"),
        (WIDTH - 4, "end", "pleased +1"),
    ):
        parts.append(f'<text x="{at:.0f}" y="{HEIGHT - 5}" text-anchor="{anchor}">{text}</text>')
    return _svg("histogram", label, parts)


class Pair(NamedTuple):
    """What was foretold and what became real, give or take `margin`, of a group called `label`."""

    label: str
    foretold: float
    real: float
    margin: float = 0.0


def foretold(rows: Sequence[Pair], label: str) -> str:
    """Bars of what became real, with a whisker of how sure that is, each crossed by a line where it was foretold."""
    top = max((max(row.foretold, row.real + row.margin) for row in rows), default=0.0)
    if top <= 0 or not math.isfinite(top):
        return ""
    step = (WIDTH - 8) / len(rows)
    room = HEIGHT - _TOP - _BOTTOM
    parts = []

    def y(value: float) -> float:
        return _TOP + room - max(0.0, min(value, top)) / top * room

    for index, row in enumerate(rows):
        left, wide = 4 + index * step, min(step - 10, 64)
        start, middle = left + (step - wide) / 2, left + step / 2
        said = f"{row.label}: {row.real:,.2f}, foretold {row.foretold:,.2f}"
        parts.append(
            f'<rect class="bar-high" x="{start:.1f}" y="{y(row.real):.1f}" width="{wide:.1f}" '
            f'height="{y(0) - y(row.real):.1f}" rx="3"><title>{escape(said)}</title></rect>'
            f'<line class="whisker" x1="{middle:.1f}" x2="{middle:.1f}" '
            f'y1="{y(row.real + row.margin):.1f}" y2="{y(row.real - row.margin):.1f}"/>'
            f'<line class="before" x1="{start - 4:.1f}" x2="{start + wide + 4:.1f}" '
            f'y1="{y(row.foretold):.1f}" y2="{y(row.foretold):.1f}"/>'
            f'<text x="{middle:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{escape(row.label)}</text>'
        )
    return _svg("foretold", label, parts)


def columns(bars: Sequence[tuple[str, int]], label: str) -> str:
    """Counts side by side, `(when, count)`, oldest first; from zero up."""
    if not bars:
        return ""
    top = max(max(count for _, count in bars), 1)
    each = (WIDTH - _LEFT - _RIGHT) / len(bars)
    parts = []
    for place, (when, count) in enumerate(bars):
        height = count / top * (HEIGHT - _TOP - _BOTTOM)
        x, y = _LEFT + place * each, HEIGHT - _BOTTOM - height
        parts.append(
            f'<rect class="column" x="{x + each * 0.1:.1f}" y="{y:.1f}" width="{each * 0.8:.1f}"'
            f' height="{height:.1f}"><title>{escape(when)}: {number(count)}</title></rect>'
        )
    for place in sorted({0, len(bars) // 2, len(bars) - 1}):
        x = _LEFT + (place + 0.5) * each
        anchor = "start" if place == 0 else "end" if place == len(bars) - 1 else "middle"
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - 5}" text-anchor="{anchor}">{escape(bars[place][0])}</text>'
        )
    parts.append(f'<text x="{WIDTH - _RIGHT + 4}" y="{_TOP + 4}">{number(top)}</text>')
    return _svg("columns", label, parts)


def spark(values: Sequence[float], label: str) -> str:
    """A small line without axes, from zero up; for rates."""
    kept = [v for v in values if math.isfinite(v)]
    if len(kept) < 2:
        return ""
    top = max(max(kept), 1e-9)
    step = 160 / (len(kept) - 1)
    track = " L".join(f"{i * step:.1f},{30 - v / top * 26:.1f}" for i, v in enumerate(kept))
    return (
        f'<svg class="spark" viewBox="0 0 160 32" role="img" aria-label="{escape(label)}" '
        f'preserveAspectRatio="none"><path d="M{track}"/></svg>'
    )


def _within(value: float) -> float:
    return max(-1.0, min(1.0, value))


def _span(low: float, high: float) -> tuple[float, float]:
    middle, half = (low + high) / 2, max((high - low) / 2 * 1.15, 0.1)
    return max(-1.0, middle - half), min(1.0, middle + half)


def _ticks(low: float, high: float) -> list[float]:
    """Two to five round values inside the scale."""
    for step in (0.1, 0.2, 0.5, 1.0):
        first = math.ceil(low / step - 1e-9)
        last = math.floor(high / step + 1e-9)
        if last - first <= 4:
            return [round(i * step, 6) for i in range(first, last + 1)]
    return [low, high]


def _dates(start: int, end: int, x: Any, zone: tzinfo | None) -> list[str]:
    """Up to four dates (or times, within two days) below the line."""
    stamps = [start] if start == end else [round(start + (end - start) * i / 3) for i in range(4)]
    short = end - start < 2 * 86_400_000
    parts = []
    for index, ms in enumerate(stamps):
        when = datetime.fromtimestamp(ms / 1000, zone)
        text = when.strftime("%H:%M") if short else f"{when.day} {when.strftime('%b')}"
        anchor = (
            "middle" if 0 < index < len(stamps) - 1 or len(stamps) == 1 else "start" if index == 0 else "end"
        )
        parts.append(f'<text x="{x(ms):.1f}" y="{HEIGHT - 5}" text-anchor="{anchor}">{text}</text>')
    return parts


def _svg(kind: str, label: str, parts: list[str]) -> str:
    return (
        f'<svg class="chart {kind}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        + "".join(parts)
        + "</svg>"
    )
