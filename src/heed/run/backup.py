"""`heed backup` and `heed restore`: database, lake and keys of one moment in one file.

The moment is taken while nobody appends to the lake: a snapshot of the database is exported and the lake's files
are listed. Heed goes on meanwhile; lake files are never changed, and none is removed until they are copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any

import psycopg

from heed import __version__, wiring
from heed.engines.postgres.server import ServerError, tool
from heed.kit.clock import moment, system_clock
from heed.pipeline import store
from heed.profiles import api as profiles
from heed.run.database import RESTORING, broken_off, server_of
from heed.run.lock import FolderLock
from heed.settings import Settings

KEYS = ("master.key", "secret.key")
_MANIFEST, _DUMP, _SUMS = "heed.json", "database.dump", "SHA256SUMS"
_WAIT = 600


class BackupFailed(RuntimeError):
    """Nothing was written or restored; the message says why and what to do."""


def back_up(settings: Settings, target: Path, tell: Callable[[str], None]) -> int:
    """Write everything into `target`; returns its size in bytes. It appears when it is whole."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    connection = wiring.connect(settings)
    _, lake = wiring.engines()
    try:
        with _files_kept(connection), psycopg.connect(settings.database_url) as snapshot:
            with store.lake_at_rest(connection):
                snapshot.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                row = snapshot.execute("select pg_export_snapshot()").fetchone()
                files = lake.files()
                at = system_clock()
            assert row is not None  # noqa: S101  the function returns its row
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                with _Archive.open(fileobj=opened, mode="w") as tar:
                    about = {
                        "heed": __version__,
                        "at": moment(at).isoformat(),
                        "lake_files": len(files),
                        "master_key": profiles.fingerprint(settings.master_key).hex(),
                    }
                    tar.put(_MANIFEST, json.dumps(about).encode())
                    for name in KEYS:
                        # What the environment gives stays there; a file beside it is not what is used.
                        given = settings.master_key_text if name == KEYS[0] else settings.secret_key_text
                        if not given and (path := settings.data / name).exists():
                            tar.put(name, path.read_bytes())
                    tell("Copying the database")
                    _dump(settings, str(row[0]), tar)
                    tell(f"Copying {len(files):,} files of the lake")
                    for name, data in files:
                        if data is None:
                            tar.put_file(settings.lake_folder / name, f"lake/{name}")
                        else:
                            tar.put(f"lake/{name}", data)
                    tar.put(_SUMS, "".join(f"{each}  {name}\n" for name, each in tar.sums.items()).encode())
                opened.flush()
                os.fsync(opened.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        connection.close()
    return target.stat().st_size


def restore(settings: Settings, source: Path, tell: Callable[[str], None]) -> dict[str, object]:
    """Put a backup into a data folder that has nothing in it yet; returns what the backup says of itself."""
    if not (settings.data / RESTORING).exists():
        _must_be_empty(settings)
    lock = FolderLock(settings.data)
    try:
        # Only now: a restore at work holds the lock.
        if why := broken_off(settings):
            raise BackupFailed(why)
        # What came in between is not ours to remove.
        _must_be_empty(settings)
    except BackupFailed:
        lock.release()
        raise
    marker = settings.data / RESTORING
    try:
        marker.touch()
        with _opened(source) as tar:
            names = {each.name for each in tar.getmembers()}
            if not {_MANIFEST, _DUMP, _SUMS} <= names:
                raise BackupFailed(f"{source} is no backup of Heed, or was cut short.")
            tell("Looking whether it is whole")
            _check(tar)
            about: dict[str, object] = json.loads(_read(tar, _MANIFEST))
            _check_key(
                settings,
                about,
                _read(tar, KEYS[0]).decode("utf-8-sig", "replace") if KEYS[0] in names else "",
            )
            tell("Restoring keys and lake")
            for member in tar.getmembers():
                if member.name in KEYS or member.name.startswith("lake/"):
                    _extract(tar, member, settings.data)
            for name in KEYS:
                if (path := settings.data / name).exists():
                    path.chmod(0o600)
            tell("Restoring the database")
            with tempfile.TemporaryDirectory() as folder:
                dump = Path(folder) / _DUMP
                with dump.open("wb") as written:
                    opened = tar.extractfile(_DUMP)
                    while opened and (chunk := opened.read(1 << 20)):
                        written.write(chunk)
                _load(settings, dump)
        marker.unlink()
    except BaseException as error:
        # The marker last: until then not all is gone.
        for path in sorted(settings.data.iterdir(), key=lambda path: path == marker):
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        if isinstance(error, tarfile.TarError | EOFError):
            raise BackupFailed(
                f"{source} is damaged: it was cut short or changed. Use another backup file."
            ) from None
        raise
    finally:
        lock.release()
    return about


def _must_be_empty(settings: Settings) -> None:
    folder = settings.data
    if folder.exists() and any(each.name != "heed.lock" for each in folder.iterdir()):
        raise BackupFailed(
            f"There is something in {folder} already. Give an empty or new folder with --data; what was "
            "there before stays as it is until you remove it yourself."
        )


def _check_key(settings: Settings, about: dict[str, object], held: str) -> None:
    """Raises `BackupFailed` where Heed would go by another master key than the one everything is encrypted with.

    One that is given by the settings goes before the one the backup holds.
    """
    if not settings.master_key_text and not held:
        raise BackupFailed(
            "The backup holds no master key: it was given by HEED_MASTER_KEY or in heed.toml. Give it as it was then, and"
            " restore again."
        )
    try:
        key = settings.master_key if settings.master_key_text else bytes.fromhex(held)
    except ValueError as error:
        raise BackupFailed(
            str(error) if settings.master_key_text else f"The backup is damaged: {KEYS[0]} in it is no key."
        ) from None
    if profiles.fingerprint(key).hex() != about.get("master_key"):
        raise BackupFailed(
            "The master key in your settings is not the one this backup was made with. Set that one"
            f"{', or none: the backup holds it' if held else ''}."
        )


class _Archive(tarfile.TarFile):
    """Remembers the checksum of each file put into it."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.sums: dict[str, str] = {}

    def put(self, name: str, data: bytes) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = len(data), 0o600, int(time.time())
        self.sums[name] = hashlib.sha256(data).hexdigest()
        self.addfile(entry, io.BytesIO(data))

    def put_file(self, path: Path, name: str) -> None:
        with path.open("rb") as opened:
            self.sums[name] = _sum_of(opened)
        self.add(path, name, recursive=False)


def _sum_of(opened: IO[bytes]) -> str:
    found = hashlib.sha256()
    while chunk := opened.read(1 << 20):
        found.update(chunk)
    return found.hexdigest()


def _check(tar: tarfile.TarFile) -> None:
    """Raises `BackupFailed` where a file is not as it was put in, or is not there, or was added."""
    lines = _read(tar, _SUMS).decode("utf-8", "replace").splitlines()
    wanted = {name: each for each, _, name in (line.partition("  ") for line in lines)}
    for member in tar.getmembers():
        if member.name == _SUMS:
            continue
        opened = tar.extractfile(member) if member.isreg() else None
        if opened is None or _sum_of(opened) != wanted.pop(member.name, ""):
            raise BackupFailed(
                f"The backup is damaged: {member.name!r} is not as it was. Use another backup file."
            )
    if wanted:
        raise BackupFailed(f"The backup is damaged: {min(wanted)!r} is missing. Use another backup file.")


def _opened(source: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(source, "r:")
    except tarfile.TarError:
        raise BackupFailed(f"{source} is no backup of Heed. If you compressed it, unpack it first.") from None


@contextlib.contextmanager
def _files_kept(connection: psycopg.Connection) -> Iterator[None]:
    """Inside, the lake's files stay; waits for a compaction under way."""
    for _ in range(_WAIT):
        with store.keeping_lake_files(connection) as mine:
            if mine:
                yield
                return
        time.sleep(1)
    raise BackupFailed("Another backup is under way; try again when it is done.")


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    opened = tar.extractfile(name)
    return opened.read() if opened else b""


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file of a backup; `TarFile.extract` refuses what leads elsewhere only since Python 3.11.4."""
    opened = tar.extractfile(member) if member.isreg() else None
    if opened is None or ".." in PurePosixPath(member.name).parts:
        raise BackupFailed(f"The backup is damaged: {member.name!r} is no file of Heed.")
    path = folder / member.name
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with opened, os.fdopen(os.open(path, mode, member.mode & 0o755), "wb") as written:
        shutil.copyfileobj(opened, written)
    os.utime(path, (member.mtime, member.mtime))


def _dump(settings: Settings, snapshot: str, tar: _Archive) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _DUMP
        with path.open("wb") as written:
            done = subprocess.run(
                [tool("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
                 f"--dbname={settings.database_url}"],
                stdout=written, stderr=subprocess.PIPE, check=False,
            )  # fmt: skip
        if done.returncode:
            raise BackupFailed(f"The database could not be copied: {done.stderr.decode().strip()[-500:]}")
        tar.put_file(path, _DUMP)


def _load(settings: Settings, dump: Path) -> None:
    server = server_of(settings) if settings.embedded else None
    try:
        if server is not None:
            server.start()
            server.create_database("heed")
        with psycopg.connect(settings.database_url, autocommit=True) as connection:
            row = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
            if row and row[0]:
                raise BackupFailed("There are tables in the database already; restore needs an empty one.")
        done = subprocess.run(
            [tool("pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction",
             f"--dbname={settings.database_url}", str(dump)],
            capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BackupFailed(f"The database could not be restored: {done.stderr.decode().strip()[-500:]}")
    except ServerError as error:
        raise BackupFailed(str(error)) from None
    finally:
        if server is not None:
            server.stop()
