"""The tree of a rule: what the text and the builder both write and both readers read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

Operator = Literal["=", "!=", "<", "<=", ">", ">=", "contains", "in", "known", "unknown"]
Unit = Literal["minutes", "hours", "days"]
CountOperator = Literal["=", "<", "<=", ">", ">="]
Literal_ = float | int | str | bool | tuple[float | int | str | bool, ...] | None


class All(msgspec.Struct, frozen=True, tag="all"):
    rules: tuple[Rule, ...]


class Any(msgspec.Struct, frozen=True, tag="any"):
    rules: tuple[Rule, ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    rule: Rule


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """`field` is `trait.<name>`, a registered fact, or inside `Did` the name of a property.

    Every comparison with something unknown, or of another kind than the value, is false.
    """

    field: str
    operator: Operator
    value: Literal_ = None


class Window(msgspec.Struct, frozen=True):
    """The last `amount` buckets, the running one included: `1 days` is today (UTC) so far."""

    amount: int
    unit: Unit

    @property
    def size(self) -> int:
        return BUCKET_MS[self.unit]

    def first(self, now: int) -> int:
        """The oldest bucket in it at `now` (ms)."""
        return now // self.size - self.amount + 1

    def leaves(self, bucket: int) -> int:
        """When this bucket is no longer in it (ms)."""
        return (bucket + self.amount) * self.size


class Duration(msgspec.Struct, frozen=True):
    """A length of time to the millisecond, unlike a `Window`."""

    amount: int
    unit: Unit

    @property
    def ms(self) -> int:
        return self.amount * BUCKET_MS[self.unit]


Relation = Literal["last", "ago", "next", "ahead", "anniversary", "before", "since"]


class Dated(msgspec.Struct, frozen=True, tag="date"):
    """How a date stands to now (`last` to `anniversary`, with a duration) or to another date (`before`, `since`).

    `field` is `trait.<name>` or a fact that is a moment. Of what is unknown or no date everything is false.
    """

    field: str
    relation: Relation
    duration: Duration | None = None
    date: str = ""


class Did(msgspec.Struct, frozen=True, tag="did"):
    """How often an event of this name happened in the window (ever, without one), where all of `where` hold.

    With `total`, one of TOTALS, not how often but how much: the sum of that amount over those events.
    """

    event: str
    operator: CountOperator = ">="
    count: float | int = 1
    window: Window | None = None
    where: tuple[Compare, ...] = ()
    total: str = ""


class Step(msgspec.Struct, frozen=True):
    """One event of a sequence, after the one before and at most `gap` after it; or with `absent`, as the last step,
    that no such event came, known once the gap has passed.

    At the same millisecond another event comes after, as many systems tell whole seconds; the same event does not,
    or one would be two.
    """

    event: str
    where: tuple[Compare, ...] = ()
    gap: Duration | None = None
    absent: bool = False


class Sequence(msgspec.Struct, frozen=True, tag="sequence"):
    """These events one after the other, the last one that happened within the window.

    Of each event the newest KEPT_MOMENTS moments are known.
    """

    steps: tuple[Step, ...]
    window: Window | None = None


class Touch(msgspec.Struct, frozen=True, tag="touch"):
    """That the first or the last event of this name lies in the window and has what `where` asks for."""

    which: Literal["first", "last"]
    event: str
    window: Window | None = None
    where: tuple[Compare, ...] = ()


class Holds(msgspec.Struct, frozen=True, tag="circumstance"):
    circumstance: str


class Consents(msgspec.Struct, frozen=True, tag="consent"):
    purpose: str


class InSegment(msgspec.Struct, frozen=True, tag="segment"):
    """Membership of a segment, by its key; of one that does not exist nobody is a member."""

    segment: str


Behaviour: TypeAlias = Did | Sequence | Touch
Rule: TypeAlias = All | Any | Not | Compare | Dated | Behaviour | Holds | Consents | InSegment

PROPERTY = re.compile(r"\w[\w .:\-]{0,99}")
"""Names of properties that rules can ask for: what no reader of the lake can take for anything but a name."""
BUCKET_MS = {"minutes": 60_000, "hours": 3_600_000, "days": 86_400_000}
REACHES = {"minutes": (180,), "hours": (48, 336), "days": (31, 92, 400)}
"""How many buckets of each unit counters keep: conditions whose windows need as many share them, and a window of weeks
does not keep a year. The last is the longest window of that unit."""
KEPT_MOMENTS = 100
STEPS = 6
"""The most steps of a sequence."""

TOTALS = ("value", "price")
"""Amounts that can be summed exactly: kept as whole ten-thousandths."""


def bounded(counter: int) -> int:
    """A counter within 64 bits, whatever amounts are claimed."""
    return max(-(2**62), min(2**62, counter))


class Atom(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a profile must count so that every `Did` of this event, filter and unit can be answered live; with
    `total` the ten-thousandths of that amount are added up.

    Of windows the `reach` newest buckets are kept, one of REACHES. `newest` and `oldest` are buckets of a millisecond, of
    which the KEPT_MOMENTS newest or the oldest are kept. `since` is no part of what is counted but of how it came to be:
    buckets before it, which no window reaches any more when counting begins, are left out for good.
    """

    event: str
    unit: Literal["minutes", "hours", "days", "ever", "newest", "oldest"]
    where: tuple[Compare, ...] = ()
    total: str = ""
    reach: int = 0
    since: int = 0

    @property
    def key(self) -> str:
        """The same whenever counting began."""
        what = msgspec.structs.replace(self, since=0) if self.since else self
        return hashlib.blake2b(msgspec.msgpack.encode(what), digest_size=6).hexdigest()

    @property
    def bucket_ms(self) -> int:
        return 1 if self.moments else BUCKET_MS.get(self.unit, 0)

    def begun(self, now: int) -> Atom:
        """The atom as it is counted if that begins at `now` (ms)."""
        return msgspec.structs.replace(self, since=now // self.bucket_ms - self.reach) if self.reach else self

    def begun_ahead_of(self, now: int) -> bool:
        """Whether counting began by a clock that was ahead of `now` (ms), so that windows of today are not whole."""
        return self.reach > 0 and self.since > now // self.bucket_ms - self.reach + 1

    @property
    def moments(self) -> int:
        """How many moments are kept; 0 where events are counted in buckets."""
        return {"newest": KEPT_MOMENTS, "oldest": 1}.get(self.unit, 0)


def atom_of(rule: Did) -> Atom:
    if rule.window is None:
        return Atom(rule.event, "ever", rule.where, rule.total)
    unit, amount = rule.window.unit, rule.window.amount
    reach = next((each for each in REACHES[unit] if each >= amount), REACHES[unit][-1])
    return Atom(rule.event, unit, rule.where, rule.total, reach)


def atoms_of(rule: Behaviour) -> tuple[Atom, ...]:
    """What is counted to answer this condition: one atom for each step of a sequence; for a touch what happened at
    all and what of it is meant."""
    if isinstance(rule, Did):
        return (atom_of(rule),)
    if isinstance(rule, Sequence):
        return tuple(Atom(step.event, "newest", step.where) for step in rule.steps)
    unit: Literal["oldest", "newest"] = "oldest" if rule.which == "first" else "newest"
    return Atom(rule.event, unit), Atom(rule.event, unit, rule.where)


def walk(rule: Rule) -> Iterator[Rule]:
    """The rule and every rule inside it, outermost first."""
    yield rule
    if isinstance(rule, (All, Any)):
        for inner in rule.rules:
            yield from walk(inner)
    elif isinstance(rule, Not):
        yield from walk(rule.rule)


def fields_of(rule: Rule) -> frozenset[tuple[str, str]]:
    """What the rule reads of customers and events: `("trait", name)` and `("property", name)`."""
    found = set()
    for each in walk(rule):
        if isinstance(each, Compare | Dated) and each.field.startswith("trait."):
            found.add(("trait", each.field.removeprefix("trait.")))
        elif isinstance(each, Behaviour):
            for atom in atoms_of(each):
                found.update(("property", where.field) for where in atom.where)
                if atom.total:
                    found.add(("property", atom.total))
    return frozenset(found)


def atoms(rule: Rule) -> frozenset[Atom]:
    return frozenset(atom for each in walk(rule) if isinstance(each, Behaviour) for atom in atoms_of(each))


def atom_to_json(atom: Atom) -> str:
    return msgspec.json.encode(atom).decode()


def atom_from_json(text: str) -> Atom:
    return msgspec.json.decode(text, type=Atom)


_decoder = msgspec.json.Decoder(Rule)


def to_json(rule: Rule) -> bytes:
    return msgspec.json.encode(rule)


def from_json(data: bytes | str) -> Rule:
    """The tree a builder wrote; raises `msgspec.ValidationError`."""
    rule: Rule = _decoder.decode(data)
    return rule
