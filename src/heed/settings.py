"""Every setting of Heed, in one typed place.

A value comes from, later wins: the default here, `heed.toml` (in the working folder, the data folder, or
where `HEED_CONFIG` points), the environment (`HEED_` and the name in capitals), the command line.
Each is described in docs/settings.md; a test fails when one is not.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import quote

import msgspec


class SettingsError(ValueError):
    """Settings are unknown or have values that cannot be; the message has a line for each, which says where."""


@dataclass(frozen=True)
class Settings:
    data: Path = Path("heed-data")
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    organisation: str = "Your organisation"
    phone_region: str = "US"

    external_database_url: str = ""
    secret_key_text: str = ""
    master_key_text: str = ""

    allowed_hosts: list[str] = field(default_factory=lambda: ["*"])
    trusted_proxies: list[str] = field(default_factory=list)
    debug: bool = False
    log_level: str = "info"
    page_threads: int = 8

    event_max_bytes: int = 32_768
    batch_max_bytes: int = 4_194_304
    batch_max_events: int = 20_000
    backlog_max_events: int = 2_000_000
    past_days: int = 3_650
    dedupe_hours: int = 48
    ledger_days: int = 3
    dead_letter_days: int = 30

    engines: int = 2
    carry_batch: int = 5_000
    lake_flush_ms: int = 1_000
    open_properties: list[str] = field(default_factory=list)

    blocked_identifiers: list[str] = field(default_factory=list)

    @property
    def embedded(self) -> bool:
        """Whether Heed runs its own PostgreSQL under the data folder."""
        return not self.external_database_url

    @property
    def postgres_folder(self) -> Path:
        return self.data / "postgres"

    @property
    def lake_folder(self) -> Path:
        return self.data / "lake"

    @cached_property
    def socket_folder(self) -> Path:
        """Where the embedded PostgreSQL listens: its path must stay under 108 bytes, and clients take it for several
        where there is a comma."""
        near = self.data.resolve() / "run"
        if len(os.fsencode(near)) < 80 and "," not in str(near):
            return near
        return Path("/tmp") / f"heed-{hashlib.sha256(str(near).encode()).hexdigest()[:16]}"  # noqa: S108

    @property
    def database_url(self) -> str:
        near = quote(str(self.socket_folder), safe="/")
        return self.external_database_url or f"postgresql://postgres@/heed?host={near}"

    @property
    def url(self) -> str:
        """The address people reach Heed at, without a slash at its end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "localhost" if self.host in {"127.0.0.1", "0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://{host}:{self.port}"

    @property
    def secure_cookies(self) -> bool:
        return self.url.startswith("https://")

    @cached_property
    def secret_key(self) -> str:
        """Signs sessions and links."""
        return self.secret_key_text or self._kept_secret("secret.key").hex()

    @cached_property
    def master_key(self) -> bytes:
        """32 bytes that wrap every profile's key and key the hashes of identifiers.

        Raises `SettingsError` where it is damaged, and where it is missing beside what was encrypted with it: with a new one
        every customer would be a stranger, and their history unreadable.
        """
        if self.master_key_text:
            return _secret(self.master_key_text, "The master key in the settings")
        path = self.data / "master.key"
        if self.holds_data and not path.exists():
            raise SettingsError(
                f"The master key {path} is missing, but there is data encrypted with it. Put the file back from your"
                " backup, or set HEED_MASTER_KEY."
            )
        return self._kept_secret(path.name)

    @property
    def holds_data(self) -> bool:
        """Whether the data folder has a database or a lake."""
        return os.path.exists(self.postgres_folder / "PG_VERSION") or self.holds_lake

    @property
    def holds_lake(self) -> bool:
        """Whether there is a lake in its folder; that alone may be a disk where there is none yet."""
        return os.path.exists(self.lake_folder / "events" / "_delta_log")

    def _kept_secret(self, name: str) -> bytes:
        """Read 32 secret bytes kept in the data folder, making them once.

        Linking a finished temporary file into place means two processes that start together agree.
        """
        path = self.data / name
        if not path.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            own = path.with_name(f"{name}.{os.getpid()}.{secrets.token_hex(4)}")
            with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(32))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(own, path)
            except FileExistsError:
                pass
            own.unlink()
        # Editors may have put a mark before it; what is no text at all is damaged.
        return _secret(path.read_bytes().decode("utf-8-sig", "replace"), f"The key {path}")


def _secret(text: str, where: str) -> bytes:
    try:
        if len(key := bytes.fromhex(text.strip())) == _KEY_BYTES:
            return key
    except ValueError:
        pass
    raise SettingsError(
        f"{where} is damaged: it must be 64 hexadecimal digits. Put it back from your backup."
    )


_KEY_BYTES = 32
_MOST = 2**31 - 1
_RANGES = {
    "port": (1, 65_535),
    "page_threads": (1, 256),
    "event_max_bytes": (256, 64 * 1024 * 1024),
    "batch_max_bytes": (1_024, 1024 * 1024 * 1024),
    "batch_max_events": (1, 1_000_000),
    "backlog_max_events": (1, _MOST),
    "past_days": (1, 36_500),
    "dedupe_hours": (1, 24 * 365),
    "ledger_days": (1, 3_650),
    "dead_letter_days": (1, 36_500),
    "engines": (1, 32),
    "carry_batch": (1, 100_000),
    "lake_flush_ms": (10, 3_600_000),
}
"""Every number has one; a test holds that."""
_KINDS = {
    Path: "a path",
    int: "a whole number",
    bool: "true or false",
    str: "a text",
    list[str]: "a list of texts",
}
LOG_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_ADDRESS = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?", re.IGNORECASE)
_NO_HOST = re.compile(r"/|^[^:]*:\d+$|\]:\d+$")
"""A scheme, a path or a port in what should be a host; an IPv6 address has colons of its own."""
# What these hold is told to nobody.
_ENVIRONMENT_NAMES = {
    "external_database_url": "HEED_DATABASE_URL",
    "secret_key_text": "HEED_SECRET_KEY",
    "master_key_text": "HEED_MASTER_KEY",
}
TOML_NAMES = {
    "external_database_url": "database_url",
    "secret_key_text": "secret_key",
    "master_key_text": "master_key",
}


def environment_name(name: str) -> str:
    return _ENVIRONMENT_NAMES.get(name, f"HEED_{name.upper()}")


def read(environ: dict[str, str] | os._Environ[str] | None = None, **given: Any) -> Settings:
    """Settings from file, environment and `given` (the command line; None means not given)."""
    environ = os.environ if environ is None else environ
    hints = get_type_hints(Settings)
    wrong: list[str] = []
    values = dict(_from_file(environ, given.get("data"), wrong))
    sources = {name: f"{TOML_NAMES.get(name, name)} in heed.toml" for name in values}
    for name in hints:
        # Empty is what a container's file passes on of a variable that is not set.
        if text := environ.get(environment_name(name)):
            values[name], sources[name] = text, environment_name(name)
    for name, value in given.items():
        if value is not None:
            values[name], sources[name] = value, f"--{name}"
    kept = {}
    for name, value in values.items():
        try:
            kept[name] = _checked(name, _typed(value, hints[name]))
        except ValueError as error:
            shown = "set" if name in _ENVIRONMENT_NAMES else repr(value)
            wrong.append(f"{sources[name]} is {shown}: {error}")
    kept["data"] = folder = Path(os.path.expanduser(kept.get("data", Settings.data))).absolute()
    if "%" in str(folder):
        # The lake's library reads it as the beginning of an escape.
        wrong.append(f"The data folder is {folder}: its path may not have a % in it")
    if not str(folder).isprintable():
        wrong.append(f"The data folder is {str(folder)!r}: its path has to be printable, and UTF-8")
    if wrong:
        raise SettingsError("\n".join(wrong))
    return Settings(**kept)


def unknown(environ: Iterable[str]) -> list[str]:
    """Variables that look like settings and are none."""
    known = {environment_name(each.name) for each in fields(Settings)} | {"HEED_CONFIG"}
    return sorted(
        each
        for each in environ
        if each.startswith("HEED_") and not each.startswith("HEED_TEST_") and each not in known
    )


def _from_file(environ: Mapping[str, str], data: object, wrong: list[str]) -> Iterator[tuple[str, Any]]:
    """Names and values in the first heed.toml there is; what is wrong with it goes into `wrong`."""
    by_toml_name = {TOML_NAMES.get(each.name, each.name): each.name for each in fields(Settings)}
    chosen = environ.get("HEED_CONFIG")
    folder = Path(str(data or environ.get("HEED_DATA") or Settings.data))
    candidates = [Path(chosen)] if chosen else [Path("heed.toml"), folder / "heed.toml"]
    # Path.is_file raises where a folder is closed to this user, as root's is to a service's.
    path = next((each for each in candidates if os.path.isfile(each)), None)
    if path is None:
        if chosen:
            wrong.append(f"HEED_CONFIG is {chosen!r}: there is no such file")
        return
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        wrong.append(f"{path} is not valid TOML: {error}")
        return
    except OSError as error:
        wrong.append(f"{path} cannot be read: {error.strerror}")
        return
    for key, value in table.items():
        if key in by_toml_name:
            yield by_toml_name[key], value
        else:
            wrong.append(f"{path}: there is no setting {key!r}; docs/settings.md lists them all")


def _typed(value: Any, kind: Any) -> Any:
    """The value as a setting's type; raises `ValueError`."""
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    if kind == list[str] and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if kind is bool and isinstance(value, str):
        value = {
            "1": True,
            "true": True,
            "yes": True,
            "0": False,
            "false": False,
            "no": False,
            "": False,
        }.get(value.lower(), value)
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError:
        raise ValueError(f"it has to be {_KINDS[kind]}") from None


def _checked(name: str, value: Any) -> Any:
    """The value, as far as it can be one of this setting; raises `ValueError` with what it has to be."""
    if name in _RANGES:
        least, most = _RANGES[name]
        if not least <= value <= most:
            raise ValueError(f"it can be {least} to {most:,}")
    elif name == "public_url" and value and not _ADDRESS.fullmatch(value):
        raise ValueError("it has to be a whole address, such as https://heed.example.com")
    elif name == "allowed_hosts" and any(_NO_HOST.search(each) for each in value):
        raise ValueError("write host names without https://, path and port, such as heed.example.com")
    elif name == "log_level" and value.lower() not in LOG_LEVELS:
        raise ValueError(f"it can be {', '.join(LOG_LEVELS)}")
    elif name == "master_key_text":
        try:
            _secret(value, name)
        except SettingsError:
            raise ValueError("it has to be 64 hexadecimal digits, as in your backup") from None
    elif name == "phone_region":
        from phonenumbers import SUPPORTED_REGIONS

        value = value.upper()
        if value not in SUPPORTED_REGIONS:
            raise ValueError("it has to be two letters of a country, such as DE, GB or US")
    return value


@lru_cache(maxsize=1)
def load() -> Settings:
    """This process's settings, read once."""
    return read()
