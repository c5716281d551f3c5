"""Structured logs: one JSON line each, or readable where a person looks on. Never anybody's personal data."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import threading
import traceback
from typing import Any, TextIO, cast

import structlog

from heed.settings import LOG_LEVELS

_ARGUMENTS = re.compile(r"(\[\w+\])\(.*\)", re.DOTALL)


class _Unfailing:
    """A stream that stops nobody who writes to it: on a full disk the line is lost, and not the answer it tells of.

    Half a line may have been written; the next begins on one of its own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._cut = False

    def write(self, text: str) -> int:
        try:
            self._stream.write(f"\n{text}" if self._cut else text)
            self._cut = False
        except OSError:
            self._cut = True
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            self._stream.flush()


class _Discreet(logging.Formatter):
    """Says of what kind an error is and where it happened, not its text: a database quotes the row it refuses."""

    def formatException(self, ei: Any) -> str:
        error, told, seen = ei[1], [], set()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            told.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__qualname__)
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nwhile handling\n".join(told)


def _in_few_words(record: logging.LogRecord) -> bool:
    """What asyncio tells of in further lines quotes the error's text."""
    record.msg, record.args = record.getMessage().split("\n", 1)[0], ()
    return True


def _without_arguments(record: logging.LogRecord) -> bool:
    """A job is told with what it was given: a colleague's address, a customer's id."""
    record.msg, record.args = _ARGUMENTS.sub(r"\1", record.getMessage()), ()
    return True


def tell_of(error: BaseException) -> None:
    """An error that ends a process or a thread."""
    logging.getLogger("heed").error("Ended by an error", exc_info=error)


def _ended(thread: threading.ExceptHookArgs) -> None:
    if thread.exc_value is not None and not isinstance(thread.exc_value, SystemExit):
        tell_of(thread.exc_value)


def configure(level: str, process: str) -> None:
    number = LOG_LEVELS[level.lower()]
    readable = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, _Unfailing(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    handler = logging.StreamHandler()
    handler.setFormatter(_Discreet(f"%(levelname)s {process} %(name)s %(message)s"))
    logging.basicConfig(level=max(number, 30), handlers=[handler], force=True)
    logging.getLogger("asyncio").addFilter(_in_few_words)
    # A logger's filter is not asked about what its children say.
    handler.addFilter(
        lambda record: not record.name.startswith("procrastinate") or _without_arguments(record)
    )
    sys.excepthook = lambda kind, error, where: tell_of(error)
    threading.excepthook = _ended
