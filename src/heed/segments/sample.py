"""A random sample of customers, for telling somebody who writes a rule whom it means, at once."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

from heed import rules
from heed.contracts.fold import State
from heed.kit.clock import system_clock
from heed.kit.shares import Share, share
from heed.pipeline.api import counted
from heed.ports import current
from heed.profiles import api as profiles
from heed.profiles import reading
from heed.rules.tree import Atom, Compare, Dated, InSegment, Rule, atom_from_json, atoms, walk
from heed.segments.models import Segment
from heed.sense.api import known_circumstances

MOST: Final = 4_000
_KEPT: Final = 20.0
_PATIENCE: Final = 0.6
_SHOWN: Final = 8


@dataclass(frozen=True)
class Meaning:
    """What a rule says and whom it means: `fitting` of the `looked` customers, of `total` in all.

    `looked` is fewer than `total` where there are many customers; it is a random part of them then. `unknown` are
    words about what the rule asks for and nobody looked at has: mostly a slip of the pen.
    """

    words: str
    fitting: int
    looked: int
    total: int
    people: list[reading.Person]
    unknown: list[str] = field(default_factory=list)

    @property
    def exact(self) -> bool:
        return self.looked >= self.total

    @property
    def share(self) -> Share | None:
        return share(self.fitting, self.looked)

    @property
    def about(self) -> int:
        """How many of all customers that is, to two figures where only a part was looked at."""
        if self.exact or not self.looked:
            return self.fitting
        return _rounded(self.fitting / self.looked * self.total)

    @property
    def between(self) -> tuple[int, int]:
        """With 95% certainty so many at least and at most."""
        found = self.share
        if found is None:
            return 0, 0
        return _rounded(found.low * self.total), _rounded(found.high * self.total)


def _rounded(count: float) -> int:
    return int(round(count, -max(0, len(str(int(count))) - 2)))


class _Sample:
    """States read at most every twenty seconds, with counters for every condition asked about since."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0
        self._states: dict[uuid.UUID, State] = {}
        self._filled: set[str] = set()
        self.total = 0

    def get(self, wanted: frozenset[Atom] = frozenset()) -> dict[uuid.UUID, State]:
        with self._lock:
            if time.monotonic() >= self._until:
                self.total, rows = _random_rows()
                self._states = {key: profiles.fold.decode(bytes(data)) for key, data in rows}
                self._filled = _counted()
                self._until = time.monotonic() + _KEPT
            if fresh := [atom for atom in wanted if atom.key not in self._filled]:
                self._count(fresh)
            return self._states

    def _count(self, fresh: list[Atom]) -> None:
        """Ask the lake what nobody has counted yet."""
        from heed.rules.lake import bucket_counts

        connection.ensure_connection()
        merged = profiles.merged_into(connection.connection)
        own = {str(each): each for each in self._states}
        own |= {str(gone): kept for gone, kept in merged.items() if kept in self._states}
        events = current.lake().events()
        events = events.filter(events.profile_id.isin(list(own)))
        now = system_clock()
        for atom in (each.begun(now) for each in fresh):
            for row in bucket_counts(atom, events).to_pyarrow().to_pylist():
                counters = self._states[own[row["profile_id"]]].activity.counters
                buckets = counters.setdefault(atom.key, {})
                buckets[row["bucket"]] = buckets.get(row["bucket"], 0) + int(row["count"])
            for state in self._states.values():
                if atom.key in state.activity.counters:
                    buckets = state.activity.counters[atom.key]
                    state.activity.counters[atom.key] = profiles.prune(buckets, atom)
            self._filled.add(atom.key)

    def forget(self) -> None:
        self._until = 0.0


def _random_rows() -> tuple[int, list[tuple[uuid.UUID, bytes]]]:
    """How many customers there are, and some: ids are keyed hashes, so any stretch of them is a random sample."""
    total = reading.how_many()
    query = "select id, state from profile where id >= %s order by id limit %s"
    start = uuid.uuid4() if total > MOST else uuid.UUID(int=0)
    with connection.cursor() as cursor:
        cursor.execute(query, [start, MOST])
        rows = cursor.fetchall()
        if len(rows) < min(MOST, total):
            cursor.execute(
                "select id, state from profile where id < %s order by id limit %s", [start, MOST - len(rows)]
            )
            rows += cursor.fetchall()
    return max(total, len(rows)), rows


def _counted() -> set[str]:
    connection.ensure_connection()
    return {atom_from_json(each).key for each in counted(connection.connection)}


sample = _Sample()


def meaning(text: str) -> Meaning:
    """What this rule means now; raises `RuleError` where it cannot be read."""
    return meaning_of(rules.parse(text))


def explained(text: str) -> dict[str, Any]:
    """What a template says below a rule being written: its meaning, or what is wrong and where."""
    try:
        return {"found": meaning(text)} if text.strip() else {}
    except rules.RuleError as error:
        at = error.position
        return {
            "wrong": str(error),
            "at": at + 1,
            "before": text[max(0, at - 30) : at],
            "rest": text[at:][:40],
        }


def meaning_of(rule: Rule) -> Meaning:
    holds, now = rules.predicate(rule), system_clock()
    found: list[uuid.UUID] = []
    looked = 0
    states = sample.get(atoms(rule))
    stop = time.monotonic() + _PATIENCE
    for profile_id, state in states.items():
        if holds(state, now):
            found.append(profile_id)
        looked += 1
        if not looked % 100 and time.monotonic() > stop:
            break
    people = reading.people_of(found[:_SHOWN])
    return Meaning(
        rules.describe(rule), len(found), looked, sample.total, people, _unknown(rule, states.values())
    )


def _unknown(rule: Rule, states: Iterable[State]) -> list[str]:
    events = {atom.event for atom in atoms(rule)}
    traits = {
        each.field
        for each in walk(rule)
        if isinstance(each, Compare | Dated) and each.field.startswith("trait.")
    }
    scores = {
        each.field for each in walk(rule) if isinstance(each, Compare) and each.field.startswith("score.")
    }
    for state in states:
        events -= state.activity.names.keys()
        traits -= {f"trait.{name}" for name in rules.readings().traits(state)}
        scores -= {f"score.{key}" for key in state.scores.values}
        if not events and not traits and not scores:
            break
    segments = {each.segment for each in walk(rule) if isinstance(each, InSegment)}
    return [
        *(f"“{name}” has never happened" for name in sorted(events)),
        *(f"nobody has the trait “{name.removeprefix('trait.')}”" for name in sorted(traits)),
        *(f"nobody has {rules.fact(name).label}" for name in sorted(scores)),
        *(f"there is no segment “{key}”" for key in sorted(segments - names().keys())),
    ]


def ready_conditions() -> list[dict[str, Any]]:
    """What the picker offers: kinds of condition, each with choices of (words, rule)."""
    states = list(sample.get().values())
    known = [_traits_of(state) for state in states]
    traits = Counter(name for each in known for name in each)
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
        {"kind": "Segment", "choices": [(name, f"segment {rules.quoted(key)}") for key, name in names().items()]},
        {"kind": "Score", "choices": _scores(states)},
        {"kind": "Trait", "choices": _traits(known, [name for name, _ in traits.most_common(30)])},
        {
            "kind": "They did",
            "choices": [(name, f"did {rules.quoted(name)}") for name, _ in events.most_common(40)],
            "counts": True,
        },
        {
            "kind": "Consent",
            "choices": [
                (rules.consent_to(name), f"consent {rules.quoted(name)}")
                for name in dict.fromkeys(["marketing", *(n for n, _ in purposes.most_common(12))])
            ]
            + [("they asked for a pause", "paused = true")],
        },
    ]  # fmt: skip


def names() -> dict[str, str]:
    """What the team calls each segment, by key."""
    return dict(Segment.objects.order_by("name").values_list("key", "name"))


def words() -> dict[str, Any]:
    """What the builder offers: everything a condition may ask for, as people call it."""
    states = list(sample.get().values())
    known = [_traits_of(state) for state in states]
    traits = Counter(name for each in known for name in each)
    events = Counter(name for state in states for name in state.activity.names)
    dates = Counter(
        name
        for each in known
        for name, value in each.items()
        if isinstance(value, str) and rules.as_moment(value) is not None
    )
    return {
        "facts": [
            [each.name, each.label, each.kind]
            for each in sorted(rules.facts(), key=lambda each: each.label.casefold())
        ],
        "traits": [name for name, _ in traits.most_common(200) if rules.is_name(name)],
        "dates": [name for name, _ in dates.most_common(50) if rules.is_name(name)],
        "values": _values(known),
        "events": [name for name, _ in events.most_common(200)],
        "circumstances": [[one.name, one.name.replace("_", " ")] for one in known_circumstances()],
        "purposes": named_purposes(),
        "segments": [[key, name] for key, name in names().items()],
    }


def _traits_of(state: State) -> dict[str, Any]:
    """What rules may ask for as traits, those of what a customer belongs to included."""
    readings = rules.readings()
    return {name: readings.trait(state, name) for name in readings.traits(state)}


def _values(known: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The values customers have of traits with few different ones."""
    seen: dict[str, Counter[str]] = {}
    for each in known:
        for name, value in each.items():
            if isinstance(value, str) and len(value) <= 40:
                seen.setdefault(name, Counter())[value] += 1
    return {
        name: [value for value, _ in counter.most_common(20)]
        for name, counter in seen.items()
        if len(counter) <= 60
    }


def _traits(known: list[dict[str, Any]], names: list[str]) -> list[tuple[str, str]]:
    """Traits with the value most customers have, where it is a short word; else that they are known."""
    found = []
    for name in names:
        if not rules.is_name(name):
            continue
        values = Counter(each[name] for each in known if name in each and isinstance(each[name], str | bool))
        shown = name.replace("_", " ")
        if not values or len(values) > 60:
            found.append((f"{shown} is known", f"trait.{name} is known"))
            continue
        for value, _ in values.most_common(8):
            text = str(value).lower() if isinstance(value, bool) else rules.quoted(str(value)[:60])
            found.append((f"{shown} is {str(value)[:60]}", f"trait.{name} = {text}"))
    return found


def _scores(states: list[State]) -> list[tuple[str, str]]:
    """Each score with the value that a fifth of those who have it reach."""
    now, found = system_clock(), []
    for each in rules.facts():
        if not each.name.startswith("score."):
            continue
        values = sorted(float(value) for state in states if (value := each.read(state, now)) is not None)
        if values:
            high = f"{values[len(values) * 4 // 5]:.3g}"
            found.append(
                (f"{each.label} is among the highest fifth, {high} or more", f"{each.name} >= {high}")
            )
        else:
            found.append((f"{each.label} is known", f"{each.name} is known"))
    return found


def named_purposes() -> list[tuple[str, str]]:
    """Purposes there are and those customers were asked about: `(key, what people call it)`."""
    found = (name for state in sample.get().values() for name in state.consent.purposes)
    keys = dict.fromkeys([*rules.purpose_names(), *found])
    return sorted(
        ((key, rules.purpose_name(key)) for key in list(keys)[:60]), key=lambda each: each[1].casefold()
    )
