"""The data map: which fields there are, where they come from, what they may be used for, and what uses them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from heed.contracts.event import OWN_SOURCE
from heed.contracts.lake import SEMANTIC
from heed.contracts.vocabulary import TEXT_PROPERTIES
from heed.govern.actions import audit
from heed.kit.clock import moment
from heed.kit.kept import Kept
from heed.ports.current import lake_rows
from heed.profiles import lent, preferences
from heed.profiles.domain.fields import RECOGNISING, SPEAKING, Kind, Needed
from heed.profiles.domain.records import column_of
from heed.profiles.domain.state import fold
from heed.profiles.lent import Use
from heed.profiles.models import FieldSetting

SAMPLE = 5_000
"""Customers looked at for what traits there are."""
DAYS = 30
_MOST = 500
_MOST_EVENTS = 3


@dataclass
class Field:
    """One field. `share` of the customers looked at have it (a trait), or `events` had it lately (a property);
    `permitted` is the share of those who have it that permit its purpose, None where it belongs to none."""

    kind: Kind
    name: str
    share: float = 0.0
    events: int = 0
    names: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    latest: datetime | None = None
    purpose: str = ""
    purpose_name: str = ""
    permitted: float | None = None
    fixed: bool = False
    uses: list[Use] = field(default_factory=list)
    asked: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def wasted(self) -> bool:
        return not self.uses and not self.asked


@dataclass(frozen=True)
class _Found:
    """Of a trait: holders by source and the latest moment; and the states of some holders."""

    holders: int
    sources: Counter[str]
    latest: int
    states: list[Any]


def _traits() -> tuple[int, dict[str, _Found]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select state from profile order by last_seen desc nulls last, id desc limit %s", [SAMPLE]
        )
        states = [fold.decode(bytes(row[0])) for row in cursor.fetchall()]
    holders: dict[str, list[Any]] = {}
    for state in states:
        for name in state.traits.values:
            holders.setdefault(name, []).append(state)
    found = {}
    for name, own in sorted(holders.items(), key=lambda each: -len(each[1]))[:_MOST]:
        said = [state.traits.values[name] for state in own]
        found[name] = _Found(
            len(own), Counter(each.source for each in said), max(each.at for each in said), own
        )
    return len(states), found


def _properties() -> list[dict[str, Any]]:
    """What stands open in the events of the last days: what is private is sealed, and its names with it."""
    return lake_rows(
        f"""
        with named as (
            select name as event, source, occurred, unnest(json_keys(properties)) as field from events
            where day >= ? and source <> ? and properties is not null
        ), by_event as (
            select field, event, count(*) as n, max(occurred) as latest, list(distinct source) as sources
            from named group by all
        )
        select field, sum(n)::bigint as events, max(latest) as latest,
            list(event order by n desc)[1:{_MOST_EVENTS}] as names, list_distinct(flatten(list(sources))) as sources
        from by_event group by field order by events desc limit {_MOST}
        """,  # noqa: S608
        [(datetime.now(UTC) - timedelta(days=DAYS)).date(), OWN_SOURCE],
    )


traits: Kept[tuple[int, dict[str, _Found]]] = Kept(_traits, 30)
properties: Kept[list[dict[str, Any]]] = Kept(_properties, 120)


def _built_in() -> Iterable[Use]:
    for name in RECOGNISING:
        yield Use("trait", name, "telling who somebody is")
    for name in ("country", "country_code", "address"):
        yield Use("trait", name, "the list of customers")
    for _, names in SEMANTIC.values():
        for name in names:
            yield Use("property", name, "orders, moods and reports")
    for name in TEXT_PROPERTIES:
        yield Use("property", name, "understanding what customers write")
    for name in SPEAKING:
        yield Use("property", name, "permission")
    for name in (
        "expected_at",
        "due_at",
        "renewal_date",
        "products",
        "promise_id",
        "topic",
        "conversation_id",
    ):
        yield Use("property", name, "orders, cases and promises")
    for name in ("results", "reversed", "selector", "element"):
        yield Use("property", name, "moods")
    yield Use("trait", "renewal_date", "renewals")
    for name in ("timezone", "language", "locale"):
        yield Use("trait", name, "what is true right now")


def every() -> list[Field]:
    """All fields found and all that belong to a purpose, traits first, the commonest first."""
    looked, found = traits.get()
    fields = {("trait", name): _trait(name, each, looked) for name, each in found.items()}
    for row in properties.get():
        fields["property", row["field"]] = Field(
            "property", row["field"], events=row["events"], names=list(row["names"]),
            sources=list(row["sources"]), latest=row["latest"],
        )  # fmt: skip
    for kind, name, purpose in FieldSetting.objects.values_list("kind", "name", "purpose"):
        if purpose:
            fields.setdefault((kind, name), Field(kind, name)).purpose = purpose
    _add_uses(fields)
    known = {each.key: each for each in preferences.purposes()}
    for (kind, name), each in fields.items():
        each.fixed = name in (RECOGNISING if kind == "trait" else SPEAKING)
        if each.purpose:
            purpose = known.get(each.purpose)
            each.purpose_name = purpose.name if purpose else each.purpose
            needed = Needed(each.purpose, purpose.basis if purpose else "consent")
            holders = found[name].states if kind == "trait" and name in found else []
            if holders:
                each.permitted = sum(needed.permitted(state) for state in holders) / len(holders)
    return sorted(
        fields.values(), key=lambda each: (each.kind != "trait", -each.share, -each.events, each.name)
    )


def _trait(name: str, found: _Found, looked: int) -> Field:
    sources = [source for source, _ in found.sources.most_common()]
    return Field("trait", name, found.holders / looked, sources=sources, latest=moment(found.latest))


def _add_uses(fields: dict[tuple[str, str], Field]) -> None:
    for use in [*_built_in(), *lent.uses()]:
        if (known := fields.get((use.kind, use.name))) and use not in known.uses:
            known.uses.append(use)
    for (kind, name), each in fields.items():
        if kind == "trait" and column_of(name):
            each.uses.append(Use("trait", name, "finding duplicates"))
    with connection.cursor() as cursor:
        cursor.execute("select kind, name, used_by, at from field_use order by at desc")
        for kind, name, used_by, at in cursor.fetchall():
            if known := fields.get((kind, name)):
                known.asked.append((used_by, at))


class Unchangeable(ValueError):
    """This field belongs to no purpose of its own; the message says why."""


@transaction.atomic
def assign(kind: Kind, name: str, purpose: str, *, by: Any) -> None:
    """Let a field belong to a purpose, "" for none. Takes effect everywhere within seconds.

    Raises `Unchangeable`.
    """
    if purpose and name in (RECOGNISING if kind == "trait" else SPEAKING):
        raise Unchangeable("What says who somebody is, and what they permit, is needed to ask them at all.")
    if purpose and preferences.purpose(purpose) is None:
        raise Unchangeable("There is no such purpose.")
    FieldSetting.objects.update_or_create(kind=kind, name=name, defaults={"purpose": purpose})
    audit(by, "field.assigned", f"{kind} {name}"[:200], purpose=purpose)


@transaction.atomic
def keep(name: str, survivor: str, trusted: Sequence[str], *, by: Any) -> None:
    """Say whose word for a trait counts; `trusted` are ids of sources, the most trusted one first."""
    order = list(dict.fromkeys(each for each in trusted if each)) if survivor == "trusted" else []
    defaults = {"survivor": survivor, "trusted": order}
    FieldSetting.objects.update_or_create(kind="trait", name=name, defaults=defaults)
    audit(by, "field.kept", name[:200], survivor=survivor, trusted=order)


@dataclass(frozen=True)
class Words:
    """Who said a trait of the customers looked at: sources with how many heard it from them, and how many of the
    `holders` have different words from different sources."""

    sources: list[tuple[str, int]]
    differing: int
    holders: int

    @property
    def share(self) -> float:
        return self.differing / self.holders if self.holders else 0.0


def words(name: str) -> Words:
    found = traits.get()[1].get(name)
    counted: Counter[str] = Counter()
    differing = 0
    for state in found.states if found else ():
        trait = state.traits.values[name]
        counted.update({trait.source, *trait.others})
        differing += any(value != trait.value for value, _ in trait.others.values())
    return Words(counted.most_common(20), differing, found.holders if found else 0)


def note_use(kind: Kind, names: Iterable[str], used_by: str) -> None:
    """That somebody asked for these fields now; kept of fields there are, once an hour."""
    known = set(traits.get()[1]) if kind == "trait" else {row["field"] for row in properties.get()}
    asked = sorted(known.intersection(names))
    if not asked:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into field_use (kind, name, used_by, at) select %s, unnest(%s::text[]), %s, now()"
            " on conflict (kind, name, used_by) do update set at = excluded.at"
            " where field_use.at < now() - interval '1 hour'",
            [kind, asked, used_by[:200]],
        )
