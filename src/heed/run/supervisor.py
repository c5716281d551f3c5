"""The supervisor: brings up the database and the processes, restarts what dies, stops everything in order."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess

import structlog

from heed.engines.postgres.server import ServerError
from heed.run.database import bring_up, broken_off, server_of
from heed.run.lock import FolderLock
from heed.run.processes import begin, load_once
from heed.run.stopping import Stopping
from heed.settings import Settings

log = structlog.get_logger()
PROCESSES = ("web", "front", "pages", "engine", "worker")
"""What `heed serve --only` may run alone."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_STEADY = 10.0
_GRACE = 25.0


def roles_of(settings: Settings, only: str | None = None) -> list[str]:
    """What runs, in the order it is stopped: what takes events in first, the engines after it."""
    engines = ["engine"] * max(1, settings.engines)
    if only is not None:
        return engines if only == "engine" else [only]
    return ["web", *engines, "worker"]


class CannotStart(RuntimeError):
    """Heed cannot start; the message says why and what to do."""


def check_port(settings: Settings) -> None:
    """Raises `CannotStart` where the port cannot be had: two servers may share one without an error."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((settings.host, settings.port))
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        number = getattr(error, "errno", None)
        mend = "Stop the program that has it, or choose another with --port."
        if isinstance(error, socket.gaierror) or number == errno.EADDRNOTAVAIL:
            mend = "Set HEED_HOST to an address of this machine, or to 0.0.0.0 for all of them."
        elif number == errno.EACCES:
            mend = "Only root may use ports below 1024: choose another with --port, and let a proxy have that one."
        raise CannotStart(f"Port {settings.port} at {settings.host} cannot be used ({why}). {mend}") from None


class Child:
    """One process that is to be alive, restarted with a growing pause while it keeps dying."""

    def __init__(self, role: str) -> None:
        self.role = role
        self.process: BaseProcess | None = None
        self.pause = _FIRST_PAUSE
        self.started = 0.0
        self.again_at = 0.0

    def start(self) -> None:
        self.process = begin(self.role)
        self.started = time.monotonic()

    def watch(self) -> None:
        if self.process is None:
            if time.monotonic() >= self.again_at:
                self.start()
            return
        code = self.process.exitcode
        if code is None:
            if time.monotonic() - self.started > _STEADY:
                self.pause = _FIRST_PAUSE
            return
        log.warning("supervisor.died", role=self.role, code=code, again_in=round(self.pause, 1))
        self.process = None
        self.again_at = time.monotonic() + self.pause
        self.pause = min(self.pause * 2, _LONGEST_PAUSE)

    def stop(self, grace: float) -> None:
        if self.process is None or self.process.exitcode is not None:
            return
        self.process.terminate()
        self.process.join(grace)
        if self.process.exitcode is None:
            log.warning("supervisor.killed", role=self.role)
            self.process.kill()
            self.process.join()


class Supervisor:
    """`roles` are those of `roles_of`, in the order they are stopped."""

    def __init__(
        self, settings: Settings, roles: Sequence[str], prepare: str = "prepare", log_level: str = ""
    ) -> None:
        self.settings = settings
        self.prepare = prepare
        if log_level:
            os.environ.setdefault("HEED_LOG_LEVEL", log_level)
        self.children = [Child(role) for role in roles]
        self.server = server_of(settings) if settings.embedded else None
        self._again_at = 0.0
        self._pause = _FIRST_PAUSE

    def run(self, ready: Callable[[], None] = lambda: None) -> None:
        """Run until SIGTERM or SIGINT; `ready` is called once everything is up."""
        lock = FolderLock(self.settings.data) if self._owns_folder() else None
        if why := broken_off(self.settings):
            raise ServerError(why)
        # Before there is anything it could be missing beside.
        _ = self.settings.master_key
        if self._serves_people():
            check_port(self.settings)
        stopping = Stopping()
        try:
            self._bring_up()
            if lock is not None and self._serves_people():
                lock.begins()
            for child in self.children:
                child.start()
            told = False
            while not stopping.wait(0.2):
                self._watch()
                if not told and self._answers():
                    if lock is not None and self._serves_people():
                        host = f"[{self._host()}]" if ":" in self._host() else self._host()
                        lock.serves(f"http://{host}:{self.settings.port}")
                    ready()
                    told = True
        finally:
            self._bring_down()
            if lock is not None:
                lock.release()

    def _answers(self) -> bool:
        """Whether whoever is to serve people does; a part that serves nobody is up at once."""
        if not self._serves_people():
            return True
        try:
            socket.create_connection((self._host(), self.settings.port), timeout=1).close()
        except OSError:
            return False
        return True

    def _host(self) -> str:
        """Where this machine itself reaches what is served."""
        return "127.0.0.1" if self.settings.host in {"0.0.0.0", "::"} else self.settings.host  # noqa: S104

    def _serves_people(self) -> bool:
        return any(child.role in {"web", "front", "pages"} for child in self.children)

    def _owns_folder(self) -> bool:
        """A split process next to others on the same folder uses what they have."""
        return self.settings.embedded or len(self.children) > 1

    def _bring_up(self) -> None:
        bring_up(self.server, self.settings)
        if len(self.children) > 1:
            load_once()
        preparing = begin(self.prepare)
        preparing.join()
        if preparing.exitcode:
            raise CannotStart("The database could not be brought up to date; the lines above say why.")

    def _watch(self) -> None:
        if self.server is not None and not self.server.alive():
            if time.monotonic() < self._again_at:
                return
            log.warning("supervisor.postgres_died", again_in=round(self._pause, 1))
            try:
                self.server.start()
                self._pause = _FIRST_PAUSE
            except Exception as error:
                log.error("supervisor.postgres_failed", error=type(error).__name__)
                self._again_at = time.monotonic() + self._pause
                self._pause = min(self._pause * 2, _LONGEST_PAUSE)
                return
        for child in self.children:
            child.watch()

    def _bring_down(self) -> None:
        until = time.monotonic() + _GRACE
        for child in self.children:
            child.stop(max(1.0, until - time.monotonic()))
        if self.server is not None:
            self.server.stop()
