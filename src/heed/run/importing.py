"""`heed import`: progress for people around `collect.importer`, and carrying what was imported."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from heed import wiring
from heed.collect.api import limits_of
from heed.collect.domain.mapping import MappingError, read_mapping
from heed.collect.importer import ImportedBefore, ImportProblem, run_import
from heed.collect.importer import Progress as Done
from heed.kit.clock import system_clock
from heed.pipeline import store
from heed.ports.ledger import BULK, LIVE, Ledger
from heed.settings import Settings

_RETENTION_FOR_IMPORTS = 365_000


class ImportFailed(RuntimeError):
    """The import did not happen; the message says why and what to do."""


def import_with_progress(
    settings: Settings, file: Path, mapping: Path, again: bool, alone: bool, console: Console
) -> Done:
    """Import the file and return once everything is carried.

    With the data folder to itself the command carries the events; next to a running Heed it waits for the
    engine.
    """
    try:
        text = mapping.read_text(encoding="utf-8")
        mapper = read_mapping(text)
    except (MappingError, UnicodeDecodeError) as error:
        raise ImportFailed(f"The mapping {mapping} cannot be used: {error}") from None
    ledger, _ = wiring.engines()
    connection = wiring.connect(settings)
    limits = limits_of(settings.event_max_bytes, settings.batch_max_events, _RETENTION_FOR_IMPORTS)
    columns = (
        TextColumn("{task.description:<18}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bar:
        reading = bar.add_task(f"Reading {file.name}"[:40], total=1.0, rate="")
        started = time.monotonic()

        def tell(done: Done) -> None:
            rate = (done.line - done.resumed_at) / max(0.001, time.monotonic() - started)
            bar.update(reading, completed=done.share, rate=f"{done.line:,} lines, {rate:,.0f}/s")

        try:
            done = run_import(file, mapper, text, connection, ledger, limits, system_clock, tell, again=again)
        except ImportedBefore as error:
            if not any(accepted > carried for accepted, carried in _waiting(connection, ledger)):
                raise ImportFailed(str(error)) from None
            # Cut off after its last line was read: what waits is carried as if it had not been.
            done = Done(share=1.0)
        except ImportProblem as error:
            raise ImportFailed(str(error)) from None
        _carry(bar, settings, alone)
    if not done.line:
        console.print("The file had been read to its end before; what still waited of it is carried now.")
        return done
    if done.resumed_at:
        console.print(f"Went on from line {done.resumed_at:,}.")
    console.print(f"{done.events:,} events imported and carried.")
    if done.skipped:
        console.print(f"{done.skipped:,} rows left out, as the mapping says.")
    if done.dropped:
        console.print(f"{done.dropped:,} rows could not be used: see Dead letters.")
    return done


def _waiting(connection: psycopg.Connection, ledger: Ledger) -> list[tuple[int, int]]:
    """Of each lane how far it is accepted and how far carried."""
    carried = store.progress(connection)
    return [(seq, carried.get(lane, 0)) for lane, seq in ledger.head().items()]


def _carry(bar: Progress, settings: Settings, alone: bool) -> None:
    ledger, _ = wiring.engines()
    head = ledger.head()
    connection = wiring.connect(settings)
    began = {**dict.fromkeys(head, 0), **store.progress(connection)}
    total = sum(max(0, head[lane] - began[lane]) for lane in head)
    task = bar.add_task("Carrying", total=max(1, total), rate="")
    engine = wiring.make_engine() if alone else None
    if engine is not None:
        engine.refresh_rules(force=True)
    started = time.monotonic()
    while True:
        if engine is not None:
            worked = engine.carry(LIVE, engine.batch) or engine.carry(BULK, engine.batch)
            if not worked:
                engine.flush()
        now = {**began, **store.progress(connection)}
        done = sum(max(0, min(now[lane], head[lane]) - began[lane]) for lane in head)
        rate = done / max(0.001, time.monotonic() - started)
        bar.update(task, completed=done if total else 1, rate=f"{done:,} events, {rate:,.0f}/s")
        if done >= total:
            break
        if engine is None:
            time.sleep(0.2)
    if engine is not None:
        engine.flush()
