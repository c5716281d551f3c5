"""The customers seen last, for telling somebody who writes a rule whom it means."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from heed import rules
from heed.contracts.fold import State
from heed.decisions import store
from heed.kit.clock import system_clock
from heed.profiles import api as profiles
from heed.rules.tree import Rule, atoms

MOST: Final = 2_000
_KEPT: Final = 20.0
_PATIENCE: Final = 0.35


@dataclass(frozen=True)
class Meaning:
    """What a rule says, and how many of the `looked` customers seen last meet it now.

    `counted` is False where it asks for conditions nobody has counted before: nothing can be said yet.
    """

    words: str
    fitting: int = 0
    looked: int = 0
    counted: bool = True

    @property
    def share(self) -> float:
        return self.fitting / self.looked if self.looked else 0.0


class _Sample:
    """States of the customers seen last, read at most every twenty seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._states: list[State] = []

    def get(self) -> list[State]:
        with self._lock:
            if time.monotonic() >= self._until:
                with connection.cursor() as cursor:
                    cursor.execute(
                        "select state from profile where last_seen is not null"
                        " order by last_seen desc, id desc limit %s",
                        [MOST],
                    )
                    self._states = [profiles.fold.decode(bytes(data)) for (data,) in cursor.fetchall()]
                self._until = time.monotonic() + _KEPT
            return self._states

    def forget(self) -> None:
        self._until = 0.0


sample = _Sample()


def meaning(text: str) -> Meaning:
    """What this rule means now; raises `RuleError` where it cannot be read."""
    rule = rules.parse(text)
    words = rules.describe(rule)
    if not _counted(rule):
        return Meaning(words, counted=False)
    holds, now = rules.predicate(rule), system_clock()
    fitting = looked = 0
    stop = time.monotonic() + _PATIENCE
    for state in sample.get():
        fitting += holds(state, now)
        looked += 1
        if not looked % 100 and time.monotonic() > stop:
            break
    return Meaning(words, fitting, looked)


def _counted(rule: Rule) -> bool:
    wanted = {atom.key for atom in atoms(rule)}
    if not wanted:
        return True
    connection.ensure_connection()
    return wanted <= store.catalogue(connection.connection).counted


def ready_conditions() -> list[dict[str, Any]]:
    """What the picker offers: kinds of condition, each with choices of (words, rule)."""
    from heed.sense.api import known_circumstances

    states = sample.get()
    traits = Counter(name for state in states for name in state.traits.values)
    events = Counter(name for state in states for name in state.activity.names)
    purposes = Counter(name for state in states for name in state.consent.purposes)
    return [
        {
            "kind": "True now",
            "choices": [(one.name.replace("_", " "), f'circumstance "{one.name}"') for one in known_circumstances()],
        },
        {
            "kind": "Mood",
            "choices": [
                ("they are clearly unhappy", "mood.valence < -0.25 and mood.confidence >= 0.3"),
                ("they are not unhappy", "mood.valence >= -0.25"),
                ("they are clearly pleased", "mood.valence >= 0.35 and mood.confidence >= 0.3"),
                ("worse than usual for them", "mood.shift < -0.2"),
            ],
        },
        {"kind": "Trait", "choices": _traits(states, [name for name, _ in traits.most_common(30)])},
        {
            "kind": "They did",
            "choices": [(name, f"did {rules.quoted(name)}") for name, _ in events.most_common(40)],
            "counts": True,
        },
        {
            "kind": "Consent",
            "choices": [
                (f"consent to {name}", f"consent {rules.quoted(name)}")
                for name in dict.fromkeys(["marketing", *(n for n, _ in purposes.most_common(12))])
            ],
        },
    ]  # fmt: skip


def _traits(states: list[State], names: list[str]) -> list[tuple[str, str]]:
    """Traits with the value most customers have, where it is a short word; else that they are known."""
    found = []
    for name in names:
        if not rules.is_name(name):
            continue
        values = Counter(
            state.traits.values[name].value
            for state in states
            if name in state.traits.values and isinstance(state.traits.values[name].value, str | bool)
        )
        shown = name.replace("_", " ")
        if not values or len(values) > 60:
            found.append((f"{shown} is known", f"trait.{name} is known"))
            continue
        for value, _ in values.most_common(8):
            text = str(value).lower() if isinstance(value, bool) else rules.quoted(str(value)[:60])
            found.append((f"{shown} is {str(value)[:60]}", f"trait.{name} = {text}"))
    return found


def purposes() -> list[str]:
    """Purposes customers were asked about, and the usual one."""
    return sorted({"marketing", *(name for state in sample.get() for name in state.consent.purposes)})[:50]
