"""The statements of `decisions`."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from heed.contracts.decision import Treatment
from heed.decisions.domain.catalogue import Action, Catalogue, Tally
from heed.kit.clock import in_ms
from heed.pipeline.api import counted
from heed.ports.ledger import PARTS
from heed.rules.tree import atom_from_json


def catalogue(connection: psycopg.Connection, drafts: bool = False) -> Catalogue:
    """Everything in force; with `drafts` what is switched off too, for trying out."""
    with connection.cursor(row_factory=dict_row) as cursor:
        actions = cursor.execute("select * from action where active or %s order by key", [drafts]).fetchall()
        treatments = cursor.execute("select * from treatment order by id").fetchall()
        tallies = cursor.execute("select * from action_tally").fetchall()
    by_action: dict[str, list[Treatment]] = {}
    for row in treatments:
        by_action.setdefault(row["action_id"], []).append(_treatment(row))
    return Catalogue(
        [_action(row, tuple(by_action.get(row["key"], ()))) for row in actions],
        {
            (row["action"], row["placement"]): Tally(row["shown"], row["accepted"], row["dismissed"])
            for row in tallies
        },
        frozenset(atom_from_json(each).key for each in counted(connection)),
    )


def _treatment(row: dict[str, Any]) -> Treatment:
    return Treatment(
        str(row["id"]),
        row["placement"],
        row["channel"],
        row["title"],
        row["body"],
        row["button"],
        row["url"],
        row["image"],
    )


def _action(row: dict[str, Any], treatments: tuple[Treatment, ...]) -> Action:
    return Action(
        key=row["key"],
        name=row["name"],
        kind=row["kind"],
        value=row["value"],
        lever=row["lever"],
        purpose=row["purpose"],
        valid_from=in_ms(row["valid_from"]) if row["valid_from"] else 0,
        valid_to=in_ms(row["valid_to"]) if row["valid_to"] else 0,
        cap_count=row["cap_count"],
        cap_days=row["cap_days"],
        customer_reason=row["customer_reason"],
        context_weight=row["context_weight"],
        texts={
            question: row[question]
            for question in ("eligible", "applicable", "suitable", "context")
            if row[question].strip()
        },
        treatments=treatments,
    )


def count(connection: psycopg.Connection, payloads: list[dict[str, Any]]) -> None:
    """The effect `decisions.count`: add up what was shown, accepted and dismissed."""
    tallies = Counter((each["action"], each["placement"], each["outcome"]) for each in payloads)
    known = {key for (key,) in connection.execute("select key from action").fetchall()}
    for (action, placement, outcome), amount in sorted(tallies.items()):
        if action not in known:
            continue
        values = {each: amount if each == outcome else 0 for each in ("shown", "accepted", "dismissed")}
        connection.execute(
            "insert into action_tally (action, placement, shown, accepted, dismissed)"
            " values (%(action)s, %(placement)s, %(shown)s, %(accepted)s, %(dismissed)s)"
            " on conflict (action, placement) do update set shown = action_tally.shown + excluded.shown,"
            " accepted = action_tally.accepted + excluded.accepted,"
            " dismissed = action_tally.dismissed + excluded.dismissed",
            {"action": action, "placement": placement, **values},
        )


async def snapshot(
    pool: AsyncConnectionPool, hashes: Sequence[uuid.UUID]
) -> tuple[list[int], dict[uuid.UUID, uuid.UUID], dict[uuid.UUID, bytes]]:
    """As of one moment: how far each part of the live events is carried, whose identifiers these are, those
    people's states."""
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "select array(select seq from carry_position where lane = 0 order by part), i.hash, p.id, p.state"
            " from (select 1) as one left join identifier i on i.hash = any(%s)"
            " left join profile p on p.id = i.profile_id",
            [list(hashes)],
            binary=True,
        )
        rows = await cursor.fetchall()
    owners = {hash: profile_id for _, hash, profile_id, _ in rows if profile_id is not None}
    states = {profile_id: state for _, _, profile_id, state in rows if profile_id is not None}
    return rows[0][0] or [0] * PARTS, owners, states
