"""Learning from a company's own ratings what its moods should weigh."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import msgspec
import psycopg

from heed.contracts import vocabulary as v
from heed.contracts.event import Event
from heed.kit.clock import moment
from heed.ports.lake import Lake
from heed.profiles import api as profiles
from heed.sense import store
from heed.sense.domain.calibration import Report, fit, judge, split
from heed.sense.domain.observing import Rated, observe
from heed.sense.domain.weights import DEFAULT, Weights

MOST_CUSTOMERS = 20_000
_CHUNK = 500


class Calibrated(msgspec.Struct):
    """Fitted weights, with the curve of low ratings, and how they do beside those in force."""

    weights: Weights
    report: Report
    customers: int


def calibrate(
    connection: psycopg.Connection,
    lake: Lake,
    master_key: bytes,
    in_force: Weights,
    now: int,
    progress: Callable[[float], None] = lambda share: None,
) -> Calibrated:
    """Fit weights to the earlier ratings in the lake and judge them by the later ones; changes nothing.

    Evidence is weighed as it ships before anything is fitted, so that calibrating again does not add up. Where
    there are more than `MOST_CUSTOMERS`, those who rated last are learnt from. Raises `TooFew`.
    """
    found = lake.sql(
        "select profile_id from events where name in (?, ?) and profile_id is not null"
        " group by 1 order by max(occurred) desc limit ?",
        [v.SURVEY_ANSWERED, v.PRODUCT_REVIEWED, MOST_CUSTOMERS],
    )
    ids = [uuid.UUID(each) for each in found["profile_id"].to_pylist()]
    merged = profiles.merged_into(connection)
    people = list(dict.fromkeys(merged.get(each, each) for each in ids))

    def look(weights: Sequence[Weights], share: float) -> list[Rated]:
        rated: list[Rated] = []
        for done, histories in enumerate(_histories(connection, lake, master_key, people, now), 1):
            for events in histories:
                rated += observe(events, profiles.fold.new(), profiles.fold.apply, weights)
            progress(share + 0.5 * min(1.0, done * _CHUNK / max(1, len(people))))
        return rated

    learnt, _ = split(look([DEFAULT], 0.0))
    fitted = fit(learnt, DEFAULT)
    report, curve = judge(*split(look([in_force, fitted], 0.5)))
    return Calibrated(msgspec.structs.replace(fitted, low_rating=curve), report, len(people))


def _histories(
    connection: psycopg.Connection,
    lake: Lake,
    master_key: bytes,
    people: Sequence[uuid.UUID],
    until: int,
) -> Iterator[list[list[Event]]]:
    """The events of each person received `until` then (ms), in the order they occurred, some people at a time."""
    for start in range(0, len(people), _CHUNK):
        some = people[start : start + _CHUNK]
        absorbed = store.absorbed_by(connection, some)
        wanted = ", ".join(f"'{each}'" for each in (*some, *absorbed))
        histories: dict[uuid.UUID, list[Event]] = defaultdict(list)
        for batch in lake.scan(profiles.OPENED, f"profile_id in ({wanted})"):
            for profile_id, event in profiles.open_events(connection, master_key, batch.to_pylist()).events:
                if event.received <= until:
                    histories[absorbed.get(profile_id, profile_id)].append(event)
        # In the order in which things happened: messages imported after the ratings they led to foretell them.
        yield [sorted(events, key=lambda each: each.occurred) for events in histories.values()]


def put_in_force(connection: psycopg.Connection, calibrated: Calibrated, now: int, by: str) -> int:
    """From the next event on moods are weighed anew, within seconds in every process; returns the number.

    What was weighed before fades as it would have; `heed replay` weighs the past anew too.
    """
    encode = msgspec.json.encode
    return store.put_in_force(
        connection, moment(now), by, encode(calibrated.weights), encode(calibrated.report)
    )
