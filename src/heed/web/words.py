"""How numbers and times are said. Pure."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Any, Final

MINUS: Final = "\N{MINUS SIGN}"

BANDS: Final = (
    ("very_unhappy", "very unhappy", -1.0, -0.5),
    ("unhappy", "unhappy", -0.5, -0.25),
    ("calm", "calm", -0.25, 0.35),
    ("pleased", "pleased", 0.35, 0.6),
    ("delighted", "delighted", 0.6, 1.0),
)
"""(key, word, from, to): the bands people filter by, the same as a stance speaks of."""
LOW: Final = -0.25
HIGH: Final = 0.35


def feeling(valence: Any) -> str:
    if valence is None:
        return "no mood yet"
    value = float(valence)
    for _key, word, _low, high in BANDS:
        if value < high:
            return word
    return BANDS[-1][1]


def tone(valence: Any) -> str:
    """The colour class of a valence: low, mid or high; empty where there is none."""
    if valence is None:
        return ""
    value = float(valence)
    return "low" if value < LOW else "high" if value >= HIGH else "mid"


def signed(value: Any, digits: int = 2) -> str:
    """+0.31, −0.72, 0.00; a dash where there is no number."""
    if value is None:
        return "–"
    rounded = round(float(value), digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{'+' if rounded > 0 else MINUS}{abs(rounded):.{digits}f}"


def figure(value: float) -> str:
    """1,235 and 12.3 and 0.0124."""
    text = f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
    if text in {"-0", "0"}:
        return "0"
    return MINUS + text[1:] if text.startswith("-") else text


def number(value: Any) -> str:
    """Thousands apart, whole numbers without decimals; a dash where there is no number."""
    if value is None:
        return "–"
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,.2f}".replace("-", MINUS)
    return f"{int(value):,}".replace("-", MINUS)


def ago(now: datetime, when: datetime, local: datetime) -> str:
    """Within a week relative, after that the date; `local` is `when` in the reader's zone."""
    seconds = (now - when).total_seconds()
    future = seconds < -5
    size = abs(seconds)
    if size < 5:
        return "just now"
    if size < 60:
        text = f"{int(size)} s"
    elif size < 3600:
        text = f"{int(size // 60)} min"
    elif size < 86_400:
        text = f"{int(size // 3600)} h"
    elif size < 7 * 86_400:
        days = int(size // 86_400)
        text = f"{days} day{'s' if days > 1 else ''}"
    else:
        year = "" if local.year == now.year else f" {local.year}"
        return f"{local.day} {local.strftime('%b')}{year}"
    return f"in {text}" if future else f"{text} ago"


def duration(seconds: float) -> str:
    """ "40 s", "12 min", "5 h", "3 days": rounded, in the largest unit of which there are two."""
    for length, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{round(seconds / length)} {unit}"
    return f"{round(seconds)} s"


_OVERRIDES: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
"""Invisible characters that turn the direction of what follows: U+202E and its kin."""


def unturned(text: str) -> str:
    """The text without characters that would turn the direction of the words around it."""
    return text.translate(_OVERRIDES)


def hours_since(now: datetime, hour: datetime, local: datetime) -> str:
    """How long ago something happened of which only the hour is kept; `hour` is its beginning."""
    hours = int((now - hour).total_seconds() // 3600)
    if hours < 1:
        return "in the last hour"
    if hours < 48:
        return f"about {hours} h ago"
    return ago(now, hour, local)


def initials(name: str) -> str:
    """One or two letters for the round mark; a name without letters gives a neutral dot."""
    found = [next((c for c in word if unicodedata.category(c)[0] in "LN"), "") for word in name.split()]
    letters = [c for c in found if c]
    if not letters:
        return "·"
    return (letters[0] + (letters[-1] if len(letters) > 1 else "")).upper()


def human(key: str) -> str:
    """`order_late` → "order late": keys as words where no label is known."""
    return key.replace("_", " ").replace(".", " ").strip()
