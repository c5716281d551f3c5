"""What is wrong with what runs: the process that serves people, the worker, and what the worker could not do."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import psycopg

from heed.collect.domain.hooks.signatures import WRONG
from heed.run.lock import served_at, up_for
from heed.run.said import Finding, lasting, many
from heed.settings import Settings

_PATIENCE = 5.0
"""Seconds in which what runs has to answer."""
_WEB_UP, _WORKER_SILENT, _JOB_LATE = 15.0, 60.0, 300.0
_AGAIN = "Stop Heed and start it again, which takes half a minute; nothing is lost by it."


def front(settings: Settings) -> Iterator[Finding]:
    """Whether what serves people and takes events in answers."""
    if not (address := served_at(settings.data)):
        if (seconds := up_for(settings.data)) > _WEB_UP:
            yield Finding(
                "bad",
                f"Heed runs, but its web process has not come up for {lasting(seconds)}: no events are accepted.",
                "Stop it and start it again; what it logs about web says why.",
            )
        return
    try:
        # It is this machine: a proxy in the environment would answer for it.
        healthy = httpx.get(f"{address}/healthz", timeout=_PATIENCE, trust_env=False).status_code == 200
    except (httpx.HTTPError, httpx.InvalidURL):
        healthy = False
    if not healthy:
        yield Finding(
            "bad",
            f"Heed runs and does not answer at {address}: events sent there are not accepted.",
            "Stop it and start it again; what it logs about web says why.",
        )


def jobs(connection: psycopg.Connection, up_for: float) -> Iterator[Finding]:
    """Whether the worker does what is due, where Heed has been up long enough to have done it."""
    row = connection.execute(
        "select extract(epoch from now() - max(last_heartbeat))::float8 from procrastinate_workers"
    ).fetchone()
    silent = row[0] if row and row[0] is not None else up_for
    if min(silent, up_for) > _WORKER_SILENT:
        yield Finding(
            "bad",
            f"The worker has given no sign of life for {lasting(silent)}: imports, exports and news of segments stand"
            " still.",
            _AGAIN,
        )
        return
    if up_for <= _JOB_LATE:
        return
    # One behind a job of its own kind that is at work waits rightly.
    row = connection.execute(
        """
        select count(*), extract(epoch from now() - min(due))::float8 from (
            select coalesce(scheduled_at, (
                select max(at) from procrastinate_events where job_id = job.id and type in (
                    'deferred', 'deferred_for_retry', 'retried'
                )
            )) as due
            from procrastinate_jobs as job
            where status = 'todo' and not exists (
                select 1 from procrastinate_jobs as other where other.lock = job.lock and other.status = 'doing'
            )
        ) as waiting where due < now() - make_interval(secs => %s)
        """,
        [_JOB_LATE],
    ).fetchone()
    if row and row[0]:
        yield Finding(
            "warn",
            f"The worker is late with {many(row[0], 'job')}, up to {lasting(row[1])}.",
            f"Wait if a large import is running. {_AGAIN}",
        )


def reported(connection: psycopg.Connection) -> Iterator[Finding]:
    """What could not be done for somebody and is told on a page."""
    for segment, why in connection.execute(
        "select distinct on (segment) segment, failed from segment_schedule where failed <> '' order by segment, id"
    ).fetchall():
        yield Finding(
            "warn",
            f"The last scheduled file of the segment {segment!r} was not made. {why.rstrip('.')}.",
            f"Look under Segments → {segment}; it is tried again by itself.",
        )
    for name, reason, count in connection.execute(
        "select source.name, reason, sum(count) from hook_refusal join source on source.id::text = hook_refusal.source"
        " where last_at > now() - interval '1 day' and disabled_at is null group by source.name, reason order by 1, 2"
    ).fetchall():
        yield Finding(
            "warn",
            f"The webhook {name!r} turned {_deliveries(count)} away lately. {WRONG.get(reason, reason)}",
            f"Look under Sources → {name}: the secret there has to be the one its sender signs with.",
        )


def _deliveries(count: int) -> str:
    return "a delivery" if count == 1 else f"{count:,} deliveries"
