"""Corrections and decisions in sentences: what changed, from what to what, and by whom. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heed.contracts import vocabulary
from heed.contracts.event import Event


def told(event: Event, actions: Mapping[str, str]) -> str:
    """The event as one sentence; empty where it is none of these. `actions` are names by key."""
    said = event.properties
    if event.name == vocabulary.MOOD_CORRECTED:
        return f"Mood corrected{_change(_figure(said.get('was')), _figure(said.get('valence')))}{_by(said)}"
    if event.name == vocabulary.LABEL_CORRECTED:
        return f"Reading of a text corrected{_by(said)}{_readings(said)}"
    if event.name == vocabulary.SCORE_GIVEN and isinstance(said.get("score_key"), str):
        value = said.get("amount")
        return f"Score “{said['score_key']}” {'taken back' if value is None else f'given: {_amount(value)}'}"
    if event.name == vocabulary.DECISION_MADE:
        key = said.get("action")
        return f"Decided: “{_name(key, said, actions)}”" if key else "Decided to say nothing"
    if event.name in {vocabulary.ACTION_ACCEPTED, vocabulary.ACTION_DISMISSED} and said.get("action"):
        verb = "Took up" if event.name == vocabulary.ACTION_ACCEPTED else "Turned down"
        return f"{verb} “{_name(said['action'], said, actions)}”"
    return ""


def first_reason(said: Mapping[str, Any]) -> str:
    why = said.get("why")
    return str(why[0]) if isinstance(why, list) and why else ""


def _name(key: Any, said: Mapping[str, Any], actions: Mapping[str, str]) -> str:
    """As it was called when it was decided, else as it is called now, else its key."""
    considered = said.get("considered")
    for each in considered if isinstance(considered, list) else ():
        if isinstance(each, Mapping) and each.get("action") == key and each.get("name"):
            return str(each["name"])
    return actions.get(str(key), str(key))


def _by(said: Mapping[str, Any]) -> str:
    by = said.get("by")
    return f" by {by}" if isinstance(by, str) and by else ""


def _change(before: str, after: str) -> str:
    return (f" from {before}" if before else "") + (f" to {after}" if after else "")


def _readings(said: Mapping[str, Any]) -> str:
    before = said.get("was")
    was = before if isinstance(before, Mapping) else {}
    parts = []
    for name in ("sentiment", "intent", "emotion"):
        if name in said:
            after, earlier = _word(name, said[name]), _word(name, was.get(name))
            parts.append(f"{name}{_change(earlier, after)}")
    return f": {', '.join(parts)}" if parts else ""


def _word(name: str, value: Any) -> str:
    if name == "sentiment" and isinstance(value, int | float) and not isinstance(value, bool):
        return "negative" if value < -0.2 else "positive" if value > 0.2 else "neutral"
    return str(value) if value else ""


def _amount(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else ""


def _figure(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f"{value:+.2f}".replace("-", "−") if round(value, 2) else "0.00"
