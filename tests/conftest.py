"""Fixtures every test may use: one embedded PostgreSQL per worker, one empty database per test that asks.

The environment is set before anything of Heed is imported: Django reads its settings once.
"""

from __future__ import annotations

import atexit
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from tests.installation import Installation
    from tests.serving import Server

sys.path.insert(0, str(Path(__file__).parents[1]))
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_FOLDER = Path(tempfile.mkdtemp(prefix=f"heed-test-{_WORKER}-"))
DATA = Path(os.environ.get("HEED_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
CHROMIUM = next(
    (path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None
)

for name in [each for each in os.environ if each.startswith("HEED_") and not each.startswith("HEED_TEST_")]:
    del os.environ[name]
os.environ["HEED_DATA"] = str(_FOLDER)
os.environ["DJANGO_SETTINGS_MODULE"] = "heed.web.django_settings"

from heed import settings, wiring  # noqa: E402
from heed.engines.postgres.server import EmbeddedServer  # noqa: E402

wiring.set_up_django()

_server = EmbeddedServer(_FOLDER / "postgres", _FOLDER / "run", _FOLDER / "postgres.log", fsync=False)


def pytest_configure(config: pytest.Config) -> None:
    """A process that runs tests has a server of its own.

    One that only hands tests out to workers must not hand them its settings too: pytest-django would read
    them before a worker comes to choose its own.
    """
    if getattr(config.option, "numprocesses", None):
        del os.environ["DJANGO_SETTINGS_MODULE"], os.environ["HEED_DATA"]
        return
    _ = settings.load().master_key
    _server.start()
    _server.create_database("heed")


@atexit.register
def _clean() -> None:
    _server.destroy()
    shutil.rmtree(_FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """The test database is made by pytest-django beside the one named in the settings."""


@pytest.fixture(scope="session")
def postgres() -> EmbeddedServer:
    """This worker's PostgreSQL."""
    return _server


@pytest.fixture
def data_folder() -> Path:
    """The folder of shared test data; tests that need it are skipped where there is none."""
    if not DATA.is_dir():
        pytest.skip(f"NO TEST DATA at {DATA}: set HEED_TEST_DATA to the folder to run this test")
    return DATA


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    return {
        **browser_type_launch_args,
        "executable_path": CHROMIUM,
        "args": [
            *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-quic"),
            *("--no-first-run", "--disable-component-update", "--disable-sync"),
        ],
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("served"))
        if "browser" in getattr(item, "fixturenames", ()) or "page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(
                    pytest.mark.skip(reason="NO CHROMIUM: this browser test did not run; install chromium")
                )


@pytest.fixture(scope="session")
def prepared_database(postgres: EmbeddedServer) -> str:
    """The name of a database with every table made, for others to be copied from.

    Made by another process: in this one Django may be turned to pytest's own test database.
    """
    subprocess.run(
        [sys.executable, "-c", "from heed import wiring; wiring.prepare()"],
        env={**os.environ, "HEED_DATA": str(_FOLDER)},
        check=True,
    )
    return "heed"


@pytest.fixture
def database(postgres: EmbeddedServer, prepared_database: str) -> Iterator[str]:
    """The address of a database of this test's own with every table made and empty."""
    from tests.installation import copied

    with copied(postgres, prepared_database) as name:
        yield postgres.dsn.replace("/postgres?", f"/{name}?")


@pytest.fixture
def installation(database: str, tmp_path: Path) -> Iterator[Installation]:
    """Ledger, engine and lake in this process, with a clock to set."""
    from tests.installation import Installation

    made = Installation(database, tmp_path)
    yield made
    made.close()


@pytest.fixture
def empty_database(postgres: EmbeddedServer) -> Iterator[str]:
    """The address of an empty database, dropped afterwards."""
    name = f"t_{secrets.token_hex(6)}"
    postgres.create_database(name)
    yield postgres.dsn.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres.dsn, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One `heed serve` for all tests of a worker that only talk to it."""
    from tests.serving import serving

    yield from serving(tmp_path_factory.mktemp("serve") / "data")


@pytest.fixture
def an_empty_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lake for pages that ask one, with nothing in it."""
    from heed.engines.deltalake.lake import DeltaLake
    from heed.ports import current

    lake = DeltaLake(tmp_path / "lake")
    lake.prepare()
    monkeypatch.setattr(current, "_lake", [lake])
