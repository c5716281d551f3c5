"""`heed import` as a person runs it: stopped, gone on with, refused a second time, bad rows told."""

from __future__ import annotations

import csv
import gzip
import signal
import subprocess
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from tests.serving import HEED, Server, eventually

MAPPING = Path(__file__).parents[2] / "docs" / "mappings" / "online-retail.toml"
LINES = 40_000


@pytest.fixture
def slice_of_retail(data_folder: Path, tmp_path: Path) -> Path:
    """The first lines of the real file."""
    small = tmp_path / "retail.csv.gz"
    with (
        gzip.open(data_folder / "retail" / "online_retail.csv.gz", "rt") as whole,
        gzip.open(small, "wt") as part,
    ):
        for number, line in enumerate(whole):
            if number > LINES:
                break
            part.write(line)
    return small


def _kill_midway(folder: Server, file: Path, stage: str) -> None:
    """Begin an import and kill it as soon as some lines are noted, or once all are and are being carried."""
    query = {
        "reading": "select line > 0 from import_run",
        "carrying": "select finished_at is not null from import_run",
    }[stage]
    process = subprocess.Popen(
        [HEED, "import", str(file), "--map", str(MAPPING)],
        env=folder.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def begun() -> bool:
        assert process.poll() is None, "it ended before it could be killed"
        try:
            with folder.connect() as connection:
                row = connection.execute(query).fetchone()
        except psycopg.Error:
            return False
        return bool(row and row[0])

    eventually(begun)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize(
    ("stage", "words"),
    [("reading", "Went on from line"), ("carrying", "what still waited of it is carried now")],
)
def test_an_import_that_was_killed_goes_on_and_nothing_counts_twice(
    slice_of_retail: Path, tmp_path: Path, stage: str, words: str
) -> None:
    folder = Server(tmp_path / "data")
    _kill_midway(folder, slice_of_retail, stage)
    done = folder.heed("import", str(slice_of_retail), "--map", str(MAPPING))
    assert words in " ".join(done.stdout.split())
    again = folder.heed("import", str(slice_of_retail), "--map", str(MAPPING), check=False)
    assert again.returncode == 1
    assert "imported with this mapping before" in " ".join(again.stderr.split())

    with gzip.open(slice_of_retail, "rt") as lines:
        rows = list(csv.DictReader(lines))
    known = [row for row in rows if row["CustomerID"]]
    clean = [row for row in known if float(row["Quantity"]) > 0 and float(row["UnitPrice"]) > 0]
    revenue = sum(Decimal(row["Quantity"]) * Decimal(row["UnitPrice"]) for row in clean)
    (found,) = folder.lake(
        "select count(*) as n, count(distinct profile_id) as people, count(*) filter (clean) as clean,"
        " sum(value) filter (clean) as revenue"
        " from (select *, quantity > 0 and price > 0 as clean from events)"
    )
    assert found["n"] == len(known)
    assert found["people"] == len({row["CustomerID"] for row in known})
    assert (found["clean"], found["revenue"]) == (len(clean), revenue)


def test_bad_rows_are_told_with_their_line(tmp_path: Path) -> None:
    file, mapping = tmp_path / "orders.csv", tmp_path / "map.toml"
    file.write_text(
        "when,who,pieces,price\n"
        "2026-01-05 10:00,anna,2,4.50\n"
        "yesterday,bert,1,3\n"
        "2026-01-06 11:00,,1,3\n"
        "2026-01-07 12:00,carl,many,3\n"
        '2026-01-08 13:00,"dora\nö",1,9.99\n'
        "2026-01-09,too,few\n"
    )
    mapping.write_text(
        'time = "{when}"\n[event]\ntype = "track"\nevent = "Order Completed"\nuserId = "{who}"\n'
        '[event.properties]\nvalue = { money = "{pieces} * {price}" }\n'
    )
    folder = Server(tmp_path / "data")
    done = folder.heed("import", str(file), "--map", str(mapping))
    assert "2 events imported" in done.stdout
    assert "4 rows could not be used" in done.stdout
    (found,) = folder.lake("select sum(value) as revenue from events")
    assert found["revenue"] == Decimal("18.99")


def test_a_mapping_that_does_not_fit_is_explained(tmp_path: Path) -> None:
    file, mapping = tmp_path / "orders.csv", tmp_path / "map.toml"
    file.write_text("a,b\n1,2\n")
    mapping.write_text('[event]\ntype = "track"\nevent = "X"\nuserId = "{customer}"\n')
    done = Server(tmp_path / "data").heed("import", str(file), "--map", str(mapping), check=False)
    assert done.returncode == 1
    words = " ".join(done.stderr.split())
    assert "columns the file does not have: customer" in words
    assert "The file has: a, b" in words
