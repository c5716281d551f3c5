"""Where engines are chosen: the one place that knows which ledger and which lake stand behind the ports.

What touches a room's models is imported after Django is set up.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psycopg

from heed import settings as heed_settings
from heed.engines.deltalake.lake import DeltaLake
from heed.engines.postgres.ledger import PostgresLedger
from heed.kit.clock import system_clock
from heed.ports import current
from heed.ports.sensing import sensing
from heed.profiles import api as profiles
from heed.settings import Settings, SettingsError

if TYPE_CHECKING:
    from heed.pipeline.carry import Carrier
    from heed.pipeline.engine import Engine


_FRESH_EVERY = 5.0
_COLLECT = (100_000, 50, 1_000)
"""Allocations before the youngest generation is collected, and how many such before the next older one."""


_COMMON = (
    "a2wsgi",
    "duckdb",
    "granian.server.embed",
    "heed.collect.api",
    "heed.decisions.api",
    "heed.kit.front",
    "heed.pipeline.engine",
    "heed.pipeline.lake_writer",
    "heed.web.wsgi",
    "procrastinate.contrib.django",
)


def set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heed.web.django_settings")
    import django

    django.setup()


def load() -> None:
    """Load what all processes of an installation have in common: nothing of it runs anything yet."""
    set_up_django()
    for name in _COMMON:
        importlib.import_module(name)
    warm_up()


@functools.lru_cache(maxsize=1)
def engines() -> tuple[PostgresLedger, DeltaLake]:
    """This process's ledger and lake; rooms find them in `ports.current`."""
    settings = heed_settings.load()
    ledger, lake = (
        PostgresLedger(settings.database_url),
        DeltaLake(settings.lake_folder, lambda: profiles.moved_rows(settings.database_url)),
    )
    current.set_engines(ledger, lake)
    return ledger, lake


def prepare() -> None:
    """Bring database and lake to the shape this version needs; safe to repeat."""
    set_up_django()
    from django.core.management import call_command

    from heed.pipeline.lake_writer import apart, of_one_moment
    from heed.pipeline.store import appended

    call_command("migrate", interactive=False, verbosity=0)
    settings = heed_settings.load()
    ledger, lake = engines()
    with connect(settings) as connection:
        if not profiles.key_opens(connection, settings.master_key):
            raise SystemExit(other_key(settings, connection))
        anew = begin_anew(settings).exists()
        if not lake.exists() and appended(connection)[0] and not anew:
            raise SystemExit(lake_lost(settings))
        if lake.exists() and (why := apart(connection, lake)):
            raise SystemExit(f"{why} Restore database and lake from the same backup.")
        profiles.remember_key(connection, settings.master_key)
        if not profiles.key_opens(connection, settings.master_key):
            raise SystemExit(
                "Another Heed began on this database with another master key. Use the same one for both."
            )
    ledger.prepare()
    lake.prepare()
    if anew:
        with connect(settings) as connection:
            of_one_moment(connection, lake)
        begin_anew(settings).unlink(missing_ok=True)


def other_key(settings: Settings, connection: psycopg.Connection) -> str:
    """What is said where the master key does not open the data, and then what to do."""
    said = "The master key is not the one the data was encrypted with."
    path = settings.data / "master.key"
    if not settings.master_key_text:
        return f"{said} Find the right one in your backup, and put it into {path}. Nobody is recognised with this one."
    with contextlib.suppress(OSError, SettingsError):
        if path.exists() and profiles.key_opens(connection, replace(settings, master_key_text="").master_key):
            return f"{said} Unset HEED_MASTER_KEY, also in heed.toml: the right one is in {path}."
    return f"{said} Find the right one in your backup, and set HEED_MASTER_KEY to it. Nobody is recognised with this one."


def begin_anew(settings: Settings) -> Path:
    """The file with which somebody says that the lake is lost for good."""
    return settings.lake_folder / "begin-anew"


def lake_lost(settings: Settings) -> str:
    """What is said where the database knows of a lake and there is none, and then what to do."""
    if any((settings.lake_folder / "events").glob("*/*.parquet")):
        return (
            f"The lake in {settings.lake_folder} has lost its log, the folder events/_delta_log. Put that back from a"
            " backup, with all that is in lake/ there."
        )
    return (
        f"The lake in {settings.lake_folder} is missing, and with it everybody's history. See that its disk is there, or"
        " restore the data folder from a backup. To go on without that history, make an empty file"
        f" {begin_anew(settings)}."
    )


def normaliser(settings: Settings) -> profiles.Normaliser:
    return profiles.Normaliser(settings.phone_region, tuple(settings.blocked_identifiers))


def connect(settings: Settings) -> psycopg.Connection:
    """A connection of the engine's own; statements are prepared at once, they are few and repeated."""
    connection = psycopg.connect(settings.database_url, autocommit=True)
    connection.prepare_threshold = 1
    return connection


def make_carrier(settings: Settings) -> Carrier:
    from heed.pipeline.carry import Carrier

    ledger, _ = engines()
    return Carrier(
        connect(settings),
        ledger,
        sensing(),
        normaliser(settings),
        profiles.Hasher(settings.master_key),
        settings.master_key,
        system_clock,
        frozenset(settings.open_properties),
    )


def make_engine() -> Engine:
    """An engine ready to run; Django is set up, so that every room has joined the fold."""
    from heed.pipeline.engine import Engine

    settings = heed_settings.load()
    ledger, lake = engines()
    spare = _processors() >= 2 * settings.engines
    engine = Engine(make_carrier(settings), ledger, lake, system_clock, settings.carry_batch, spare)
    warm_up()
    return engine


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def warm_up() -> None:
    """Load what the first event would otherwise wait for, and keep the collector off it ever after.

    A batch makes hundreds of thousands of small objects and no cycles; with Python's defaults the collector
    walks them, and everything imported, again and again: a quarter of the engine's time when measured.
    """
    sensing().understand_many(["Good morning"])
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)


def follow() -> None:
    """In a process without a decider: go by what moods are weighed by, which segments there are and what fields belong to
    as these change."""
    threading.Thread(target=_keep_fresh, name="fresh", daemon=True).start()


def _keep_fresh() -> None:
    while True:
        with contextlib.suppress(psycopg.Error), connect(heed_settings.load()) as connection:
            while True:
                profiles.reload(connection)
                time.sleep(_FRESH_EVERY)
        time.sleep(_FRESH_EVERY)


def front(with_pages: bool = True) -> Any:
    """The ASGI application of the web process."""
    set_up_django()
    settings = heed_settings.load()
    ledger, _ = engines()
    from django.core.signing import BadSignature, TimestampSigner

    from heed.collect.api import Collector, LiveFeed, limits_of
    from heed.collect.health import Health
    from heed.collect.hooks import Hooks
    from heed.decisions.api import Decider, KnownFields
    from heed.kit.front import Front

    limits = limits_of(settings.event_max_bytes, settings.batch_max_events, settings.past_days)
    collector = Collector(
        settings.database_url,
        ledger,
        system_clock,
        limits,
        settings.batch_max_bytes,
        settings.backlog_max_events,
        settings.url,
    )
    collector.register()
    Hooks(collector, settings.master_key).register()
    Health(collector.pool).register()
    decider = Decider(
        settings.database_url,
        ledger,
        collector,
        normaliser(settings),
        profiles.Hasher(settings.master_key),
        limits,
        system_clock,
        frozenset(settings.open_properties),
    )
    decider.register()
    KnownFields(decider, collector).register()

    def check(token: str) -> bool:
        try:
            TimestampSigner(salt="heed.live").unsign(token, max_age=8 * 3600)
        except BadSignature:
            return False
        return True

    LiveFeed(ledger, collector.pool, check).register()
    warm_up()
    pages = None
    if with_pages:
        import duckdb  # noqa: F401  its loading would stall the hot paths when somebody opens Home
        from a2wsgi import WSGIMiddleware

        from heed.web.wsgi import application

        pages = WSGIMiddleware(cast(Any, application), workers=settings.page_threads)
    hot = ("/v1/", "/pixel/", "/beacon/", "/live/", "/hooks/")
    return Front(pages, hot, frozenset(settings.trusted_proxies))


def pages() -> Any:
    """The WSGI application of pages that run apart from the front; made in granian's own worker."""
    set_up_django()
    engines()
    follow()
    from heed.web.wsgi import application

    return application
