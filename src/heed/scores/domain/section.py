"""What a profile remembers of scores: for each the latest value, since when, until when, said by whom and why."""

from __future__ import annotations

import math
import re
from typing import Any, Final

import msgspec

from heed.contracts import vocabulary as v
from heed.contracts.consent import refuses
from heed.contracts.event import OWN_SOURCE, Effect, Event
from heed.contracts.fold import State
from heed.profiles.api import fields

KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
MOST: Final = 100
"""Scores one customer may have."""
LARGEST: Final = 1e12
LONGEST_WHY: Final = 1_000
_LONGEST_NAME: Final = 100


class Score(msgspec.Struct, array_like=True, omit_defaults=True, frozen=True):
    """`at` (ms) is when it was given, `until` (ms) from when on it counts no more, 0 for never; `why` has a sentence a
    line; `version` is that of the model."""

    value: float
    at: int
    by: str = ""
    version: str = ""
    why: str = ""
    until: int = 0


class Scores(msgspec.Struct, array_like=True, omit_defaults=True):
    """By key, in the order of keys."""

    values: dict[str, Score] = {}


def is_value(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) <= LARGEST
    )


def current(state: State, key: str, now: int) -> Score | None:
    """The score of this key that counts at `now` (ms), None where it is unknown."""
    found: Score | None = state.scores.values.get(key)
    if found is None or 0 < found.until <= now or not fields.looked_at(state):
        return None
    return found


def next_end(state: State, key: str, now: int) -> int:
    """When time alone makes it unknown (ms), 0 for never."""
    found: Score | None = state.scores.values.get(key)
    return found.until if found is not None and found.until > now else 0


def step(state: State, event: Event, now: int) -> tuple[Effect, ...]:
    own: Scores = state.scores
    if own.values and refuses(state):
        own.values = {}
    if event.name == v.SCORE_GIVEN and event.source == OWN_SOURCE and event.type == "track":
        _take(own, event, refuses(state))
    return ()


def _take(own: Scores, event: Event, refused: bool) -> None:
    said = event.properties
    key, value = said.get("score_key"), said.get("amount")
    if refused or not isinstance(key, str) or not KEY.fullmatch(key):
        return
    known = own.values.get(key)
    if known is not None and known.at > event.occurred:
        return
    if value is None:
        own.values.pop(key, None)
        return
    if not is_value(value) or (known is None and len(own.values) >= MOST):
        return
    until = said.get("valid_until")
    own.values[key] = Score(
        float(value),
        event.occurred,
        _text(said.get("by"), _LONGEST_NAME),
        _text(said.get("version"), _LONGEST_NAME),
        _text(said.get("explanation"), LONGEST_WHY),
        until if isinstance(until, int) and not isinstance(until, bool) and 0 < until < 10**14 else 0,
    )
    if known is None:
        own.values = dict(sorted(own.values.items()))


def _text(value: Any, longest: int) -> str:
    return value.strip()[:longest] if isinstance(value, str) else ""


def merge(kept: Scores, absorbed: Scores) -> Scores:
    """Of both the latest; at the same moment the higher, so that it does not matter who became part of whom."""
    for key, theirs in absorbed.values.items():
        mine = kept.values.get(key)
        if mine is None or _order(theirs) > _order(mine):
            kept.values[key] = theirs
    newest = sorted(kept.values.items(), key=lambda each: (-each[1].at, each[0]))[:MOST]
    kept.values = dict(sorted(newest))
    return kept


def _order(score: Score) -> tuple[Any, ...]:
    return (score.at, score.value, score.until, score.by, score.version, score.why)
