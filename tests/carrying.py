"""A small installation whose events are really carried: ledger, engine and lake, for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from heed import settings as heed_settings
from heed import wiring
from heed.contracts.event import Event
from heed.ports import current
from heed.ports.ledger import LIVE

Carry = Callable[[list[Event]], None]


@pytest.fixture
def carry(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> Iterator[Carry]:
    """Give it events: when it returns they are carried and in the lake."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    own = connection.settings_dict
    address = f"postgresql://{own['USER']}@/{own['NAME']}?host={own['HOST']}"
    here = replace(
        heed_settings.load(), data=tmp_path, external_database_url=address, master_key_text="07" * 32
    )
    monkeypatch.setattr(heed_settings, "load", lambda: here)
    wiring.engines.cache_clear()
    ledger, lake = wiring.engines()
    ledger.prepare()
    lake.prepare()
    engine = wiring.make_engine()

    def carried(events: list[Event]) -> None:
        if events:
            ledger.append(LIVE, events)
        engine.drain()

    yield carried
    engine.connection.close()
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists ledger, ledger_head")
        cursor.execute(
            "truncate carry_position, carry_rules, carry_seen, lake_append, lake_outbox, carry_hour,"
            " procrastinate_jobs cascade"
        )
    ledger.close()
    lake.close()
    wiring.engines.cache_clear()
    current._ledger.clear()
    current._lake.clear()
