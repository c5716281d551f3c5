"""The lake's reader: the same rule as an Ibis expression over events and a table of profiles.

One pass over the events answers every `Did` of a rule at once (conditional sums grouped by profile). What
is not an event (traits, facts, circumstances, consent, segments) comes from a table that `profile_table` makes from
states, one typed column for each kind a rule compares with.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from typing import Any as Anything

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import msgspec
import pyarrow as pa

from heed.contracts.fold import State
from heed.contracts.lake import SEMANTIC
from heed.kit.clock import moment
from heed.kit.money import in_e4
from heed.rules.dates import dated
from heed.rules.predicate import Readings, as_number, reader
from heed.rules.tree import (
    PROPERTY,
    All,
    Any,
    Atom,
    Behaviour,
    Compare,
    Consents,
    Dated,
    Did,
    Holds,
    InSegment,
    Literal_,
    Not,
    Rule,
    Sequence,
    Touch,
    Window,
    atoms_of,
    walk,
)


@ibis.udf.scalar.builtin
def epoch_ms(moment: dt.Timestamp("UTC")) -> dt.int64:  # type: ignore[valid-type]
    """Milliseconds since 1970."""


@ibis.udf.scalar.builtin
def json_type(document: str, path: str) -> str:  # type: ignore[empty-body]
    """The kind of a JSON value, or null where there is none."""


@ibis.udf.scalar.builtin
def json_extract_string(document: str, path: str) -> str:  # type: ignore[empty-body]
    """A JSON value as text."""


@ibis.udf.scalar.builtin
def contains(text: str, part: str) -> bool:  # type: ignore[empty-body]
    """Whether a text holds another."""


def members(rule: Rule, profiles: ir.Table, events: ir.Table, now: int) -> ir.Table:
    """The `profile_id`s of which the rule is true at `now` (ms).

    `profiles` is shaped like `profile_table`; `events` has `profile_id`, `name`, `occurred` and the lake's
    typed columns and `properties`. A profile with no event counts zero.
    """
    asked = list(dict.fromkeys(each for each in walk(rule) if isinstance(each, Behaviour)))
    names: dict[Rule, str] = {question: f"did_{index}" for index, question in enumerate(asked)}
    questions = [each for each in asked if isinstance(each, Did)]
    table = profiles
    if questions:
        conditions = [_condition(question, events, now) for question in questions]
        counts = (
            events.filter(
                events.name.isin(sorted({question.event for question in questions})),
                functools.reduce(operator.or_, conditions),
            )
            .group_by("profile_id")
            .aggregate(
                **{
                    names[question]: condition.ifelse(_amount(question.total, events), 0).sum()
                    for question, condition in zip(questions, conditions, strict=True)
                }
            )
        )
        table = table.left_join(counts, "profile_id", rname="did_{name}")
    for question in asked:
        if not isinstance(question, Did):
            found = (
                _whole(question, events, now)
                if isinstance(question, Sequence)
                else _touched(question, events, now)
            )
            found = found.select("profile_id").distinct().mutate(**{names[question]: 1})
            table = table.left_join(found, "profile_id", rname=names[question] + "_{name}")
    return table.filter(_expression(rule, table, names)).select("profile_id")


def _whole(rule: Sequence, events: ir.Table, now: int) -> ir.Table:
    """`profile_id`, `bucket` (ms) of the last events of whole sequences."""
    steps = [bucket_counts(atom, events) for atom in atoms_of(rule)]
    reached = steps[0]
    for last, step, own in zip(rule.steps, rule.steps[1:], steps[1:], strict=False):
        before, after = (reached, own.view()) if step.absent else (own, reached.view())
        follows = [before.profile_id == after.profile_id]
        first, second = (before.bucket, after.bucket) if step.absent else (after.bucket, before.bucket)
        follows.append(first < second if last.event == step.event else first <= second)
        if step.gap is not None:
            follows.append(second - first <= step.gap.ms)
        if step.absent:
            reached = before.anti_join(after, follows)
            if step.gap is not None:
                reached = reached.filter(reached.bucket + step.gap.ms < now)
        else:
            reached = before.semi_join(after, follows)
    return reached.filter(_since(reached.bucket, rule.window, now))


def _touched(rule: Touch, events: ir.Table, now: int) -> ir.Table:
    """`profile_id` of those whose first or last event is one that is meant."""
    happened = events.filter(events.name == rule.event)
    at = epoch_ms(happened.occurred)
    meant = _condition(Did(rule.event, where=rule.where), happened, 0)
    moments = happened.mutate(at=at, meant=meant.ifelse(at, ibis.null()))
    found = moments.group_by("profile_id").aggregate(
        at=moments.at.min() if rule.which == "first" else moments.at.max(),
        meant=moments.meant.min() if rule.which == "first" else moments.meant.max(),
    )
    return found.filter((found.at == found.meant) & _since(found.at, rule.window, now))


def bucket_counts(atom: Atom, events: ir.Table) -> ir.Table:
    """`profile_id`, `bucket`, `count` of what a counter holds of everything in the lake that counts for the atom; sums
    come as decimals, wider than a counter."""
    size = atom.bucket_ms
    bucket = (epoch_ms(events.occurred) // size) if size else ibis.literal(0, "int64")
    # Each by itself: by name and time the lake's files can be skipped, and what is null passes no filter.
    asked = _asked(Did(atom.event, where=atom.where, total=atom.total), events)
    if atom.reach and atom.since:
        asked.append(events.occurred >= moment(atom.since * size))
    found = events.filter(*asked, events.profile_id.notnull()).mutate(bucket=bucket)
    counted = found.group_by("profile_id", "bucket").aggregate(
        count=_amount(atom.total, found).sum() if atom.total else found.count()
    )
    if not atom.moments:
        return counted
    order = counted.bucket.asc() if atom.unit == "oldest" else counted.bucket.desc()
    place = ibis.row_number().over(ibis.window(group_by="profile_id", order_by=order))
    return counted.mutate(place=place).filter(lambda kept: kept.place < atom.moments).drop("place")


def _amount(total: str, events: ir.Table) -> Anything:
    """What an event adds: 1, or the ten-thousandths of an amount."""
    return events[total].cast("decimal(38, 4)") * 10_000 if total else 1


def _expression(rule: Rule, table: ir.Table, numbers: dict[Rule, str]) -> ir.BooleanValue:
    if isinstance(rule, (All, Any)):
        joined = operator.and_ if isinstance(rule, All) else operator.or_
        return functools.reduce(joined, [_expression(each, table, numbers) for each in rule.rules])
    if isinstance(rule, Not):
        return ~_expression(rule.rule, table, numbers)
    if isinstance(rule, Did):
        wanted = (in_e4(rule.count) or 0) if rule.total else rule.count
        return _COMPARE[rule.operator](table[numbers[rule]].fill_null(0), wanted)
    if isinstance(rule, Sequence | Touch):
        return table[numbers[rule]].notnull()
    if isinstance(rule, Dated):
        return table[_dated_column(rule)]
    if isinstance(rule, Holds):
        return table.circumstances.contains(rule.circumstance).fill_null(False)
    if isinstance(rule, Consents):
        return table.consents.contains(rule.purpose).fill_null(False)
    if isinstance(rule, InSegment):
        return table.segments.contains(rule.segment).fill_null(False)
    return _comparison(rule, lambda kind: table[f"{rule.field}:{kind}"])


def _condition(rule: Did, events: ir.Table, now: int) -> ir.BooleanValue:
    asked = [*_asked(rule, events), _since(epoch_ms(events.occurred), rule.window, now)]
    return functools.reduce(operator.and_, asked).fill_null(False)


def _asked(rule: Did, events: ir.Table) -> list[ir.BooleanValue]:
    """What an event must be, whenever it happened."""
    return [
        events.name == rule.event,
        *([events[rule.total].notnull()] if rule.total else []),
        *(_comparison(each, _property(events, each.field)) for each in rule.where),
    ]


def _since(at: ir.IntegerValue, window: Window | None, now: int) -> ir.BooleanValue:
    if window is None:
        return ibis.literal(True)
    return at >= window.first(now) * window.size


def _property(events: ir.Table, name: str) -> Anything:
    if name in SEMANTIC:
        kind, _ = SEMANTIC[name]
        column = events[name]
        text = column.cast("string")
        nothing = text.nullif(text)
        own, of = (column, "t") if kind == "text" else (column.cast("float64"), "n")
        kinds = {"n": "float64", "t": "string", "b": "boolean"}
        return lambda wanted: own if wanted == of else nothing.cast(kinds[wanted])
    if not PROPERTY.fullmatch(name):
        raise ValueError("no name of a property")
    path = f'$."{name}"'
    kind = json_type(events.properties, path)
    value = json_extract_string(events.properties, path)

    def read(wanted: str) -> ir.Value:
        if wanted == "n":
            return kind.isin(["BIGINT", "UBIGINT", "DOUBLE"]).ifelse(value.try_cast("float64"), ibis.null())
        if wanted == "b":
            return (kind == "BOOLEAN").ifelse(value == "true", ibis.null())
        return (kind == "VARCHAR").ifelse(value, ibis.null())

    return read


def _comparison(rule: Compare, read: Anything) -> ir.BooleanValue:
    """The comparison over a value read as number (`n`), text (`t`) or flag (`b`); null wherever unknown."""
    wanted = rule.value
    if rule.operator in {"known", "unknown"}:
        known = (
            read("n").notnull()
            | read("b").notnull()
            | (read("t").notnull() & (read("t") != "")).fill_null(False)
        )
        return known if rule.operator == "known" else ~known
    if rule.operator == "contains":
        return contains(read("t"), str(wanted)).fill_null(False)
    if rule.operator == "in":
        values = wanted if isinstance(wanted, tuple) else (wanted,)
        return functools.reduce(
            operator.or_, [_same(each, read, operator.eq) for each in values], ibis.literal(False)
        )
    if rule.operator == "=":
        return _same(wanted, read, operator.eq)
    if rule.operator == "!=":
        different = _same(wanted, read, operator.ne)
        return different & (read("t") != "").fill_null(False) if isinstance(wanted, str) else different
    number = as_number(wanted)
    if number is None:
        return ibis.literal(False)
    return _COMPARE[rule.operator](read("n"), ibis.literal(number, "float64")).fill_null(False)


def _same(wanted: Literal_, read: Anything, compare: Anything) -> ir.BooleanValue:
    if isinstance(wanted, bool):
        return compare(read("b"), wanted).fill_null(False)
    number = as_number(wanted)
    if number is not None:
        return compare(read("n"), ibis.literal(number, "float64")).fill_null(False)
    return compare(read("t"), str(wanted)).fill_null(False)


_COMPARE: dict[str, Anything] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _dated_column(rule: Dated) -> str:
    return f"{rule.field}:{msgspec.json.encode(rule).decode()}"


def profile_table(rule: Rule, states: Iterable[tuple[str, State]], readings: Readings, now: int) -> pa.Table:
    """What the lake's reader needs to know of each profile for this rule, as of `now`."""
    rows = list(states)
    columns: dict[str, pa.Array] = {"profile_id": pa.array([key for key, _ in rows], pa.string())}
    parts = list(walk(rule))
    for field in dict.fromkeys(each.field for each in parts if isinstance(each, Compare)):
        read = reader(field, readings)
        values = [read(state, now) for _, state in rows]
        columns[f"{field}:n"] = pa.array([as_number(value) for value in values], pa.float64())
        columns[f"{field}:t"] = pa.array([v if isinstance(v, str) else None for v in values], pa.string())
        columns[f"{field}:b"] = pa.array([v if isinstance(v, bool) else None for v in values], pa.bool_())
    for each in dict.fromkeys(each for each in parts if isinstance(each, Dated)):
        test, read = dated(each), reader(each.field, readings)
        columns[_dated_column(each)] = pa.array([test(read(s, now), now) for _, s in rows], pa.bool_())
    for column, kind, ask in (
        ("circumstances", Holds, readings.holds),
        ("consents", Consents, readings.consents),
        ("segments", InSegment, readings.member),
    ):
        # Each of these nodes has one field: the name it asks for.
        asked = list(
            dict.fromkeys(msgspec.structs.astuple(each)[0] for each in parts if isinstance(each, kind))
        )
        columns[column] = pa.array(
            [[name for name in asked if ask(state, name, now)] for _, state in rows], pa.list_(pa.string())
        )
    return pa.table(columns)
