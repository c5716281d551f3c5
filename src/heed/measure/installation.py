"""What the installation page tells: version, the state of the loop, what is stored where."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from heed import __version__
from heed import settings as heed_settings
from heed.govern.rooms import Fact
from heed.kit.kept import Kept
from heed.measure import store
from heed.measure.domain.means import lag_words
from heed.profiles import reading


def program() -> Iterator[Fact]:
    settings = heed_settings.load()
    yield Fact("Version", __version__)
    yield Fact("Python", platform.python_version())
    yield Fact("Address", settings.url)
    if not settings.secure_cookies:
        yield Fact(
            "Encryption",
            "plain HTTP",
            "low",
            "Put a proxy with a certificate before it and set public_url to an https address.",
        )
    with connection.cursor() as cursor:
        cursor.execute("show server_version")
        version = str(cursor.fetchone()[0]).split()[0]
    yield Fact("PostgreSQL", version, help="Heed's own" if settings.embedded else "given by database_url")


def the_loop() -> Iterator[Fact]:
    pulse = store.pulse.get()
    sentence, tone = lag_words(pulse.waiting, pulse.lag_ms)
    yield Fact("Engine", sentence, tone)
    yield Fact("Accepted in all", f"{pulse.accepted:,}")
    yield Fact("Waiting to be carried", f"{pulse.waiting:,}")
    yield Fact("Events a second, last minute", f"{pulse.rate:.1f}")
    yield Fact("Customers", f"{reading.how_many():,}")


def _storage() -> list[Fact]:
    settings = heed_settings.load()
    with connection.cursor() as cursor:
        cursor.execute("select pg_database_size(current_database())")
        database = int(cursor.fetchone()[0])
    facts = [Fact("Data folder", str(settings.data)), Fact("Database", size_words(database))]
    if settings.lake_folder.is_dir():
        facts.append(Fact("Lake", size_words(folder_size(settings.lake_folder))))
    if settings.data.is_dir():
        disk = os.statvfs(settings.data)
        free = disk.f_bavail * disk.f_frsize
        short = free < 0.1 * disk.f_blocks * disk.f_frsize
        facts.append(
            Fact(
                "Free on its disk",
                size_words(free),
                "low" if short else "",
                "Less than a tenth." if short else "",
            )
        )
    return facts


storage = Kept(_storage, 60)


def folder_size(folder: Path) -> int:
    """Bytes of all files below; files that vanish while it counts are left out."""
    total = 0
    for where, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except OSError:
                continue
    return total


def size_words(size: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} TB"
