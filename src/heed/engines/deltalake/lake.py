"""The lake as a Delta table in a folder, asked through DuckDB."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import TableNotFoundError

from heed.ports.lake import MOVED, SCHEMA

if TYPE_CHECKING:
    import duckdb

_SORTED = ("batch", "place")
_AS_CARRIED = "create view events as select *, profile_id as carried_under from carried"
# Two halves, as a filter by profile reaches the files through each of them and would not through an outer join.
_AS_OF_TODAY = """
create view events as
select *, profile_id as carried_under from carried anti join moved using (batch, place)
union all by name
select carried.* replace (
    moved.profile_id as profile_id, moved.valence as valence, moved.mood_confidence as mood_confidence
), moved.carried_under as carried_under
from carried join moved using (batch, place)
"""

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "2GB",
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


class DeltaLake:
    """One writer process at a time per `writer` name; any number of readers.

    `moved` tells, whenever the lake is asked, what is of somebody else than it was carried under (see `MOVED`).
    """

    def __init__(self, folder: Path, moved: Callable[[], pa.Table] = MOVED.empty_table) -> None:
        self.path = str(folder / "events")
        self._moved = moved
        self._lock = threading.Lock()
        self._table: DeltaTable | None = None

    def exists(self) -> bool:
        return bool(DeltaTable.is_deltatable(self.path))

    def prepare(self) -> None:
        if not self.exists():
            Path(self.path).mkdir(parents=True, exist_ok=True)
            DeltaTable.create(
                self.path,
                schema=SCHEMA,
                mode="ignore",
                partition_by=["day"],
                configuration={
                    "delta.checkpointInterval": "50",
                    "delta.logRetentionDuration": "interval 2 days",
                    "delta.deletedFileRetentionDuration": "interval 1 hours",
                },
            )

    def _fresh(self) -> DeltaTable:
        """The table at its newest version; the caller holds the lock."""
        if self._table is None:
            self._table = DeltaTable(self.path)
        else:
            self._table.update_incremental()
        return self._table

    def append(self, rows: pa.Table, writer: str, version: int) -> bool:
        with self._lock:
            table = self._fresh()
            last = table.transaction_version(writer)
            if last is not None and last > version:
                raise ValueError(f"the lake has append {last} of {writer} already, which is behind {version}")
            if last == version:
                return False
            write_deltalake(
                table,
                rows,
                mode="append",
                commit_properties=CommitProperties(app_transactions=[Transaction(writer, version)]),
            )
            return True

    def version(self, writer: str) -> int:
        with self._lock:
            last = self._fresh().transaction_version(writer)
        return -1 if last is None else last

    def lost_file(self) -> str:
        """The path of a file of the newest version that is not there or not as long as it was, "" where all are."""
        with self._lock:
            known = pa.table(self._fresh().get_add_actions(flatten=True))
        for name, size in zip(known["path"].to_pylist(), known["size_bytes"].to_pylist(), strict=True):
            path = os.path.join(self.path, unquote(name))
            if not os.path.exists(path) or os.path.getsize(path) != size:
                return path
        return ""

    def _connect(self) -> duckdb.DuckDBPyConnection:
        # Loaded by the first question: a process that only appends does without its 30 MB.
        import duckdb

        with self._lock:
            try:
                files = self._fresh().file_uris()
            except TableNotFoundError:
                files = []
        connection = duckdb.connect(config=_CONFIG)
        connection.execute("set TimeZone = 'UTC'")
        if files:
            connection.execute(
                "create view carried as select * from read_parquet("  # noqa: S608  paths of our own files, quoted
                f"{_quoted(files)}, hive_partitioning = true, hive_types = {{'day': date}})"
            )
        else:
            connection.register("carried", SCHEMA.empty_table())
        moved = self._moved()
        if moved.num_rows:
            connection.register("incoming", moved)
            connection.execute("create temp table moved as select * from incoming")
        connection.execute(_AS_OF_TODAY if moved.num_rows else _AS_CARRIED)
        return connection

    def sql(self, query: str, parameters: Sequence[Any] = ()) -> pa.Table:
        connection = self._connect()
        try:
            return connection.execute(query, list(parameters)).to_arrow_table()
        finally:
            connection.close()

    def events(self) -> Any:
        import ibis

        return ibis.duckdb.from_connection(self._connect()).table("events")

    def scan(self, columns: Sequence[str], where: str = "true") -> Iterator[pa.RecordBatch]:
        connection = self._connect()
        try:
            order = ", ".join(_SORTED)
            reader = connection.execute(
                f"select {', '.join(columns)} from events where {where} order by {order}"  # noqa: S608
            ).to_arrow_reader(10_000)
            yield from reader
        finally:
            connection.close()

    def compact(self) -> Mapping[str, int]:
        with self._lock:
            table = self._fresh()
            done = table.optimize.compact(target_size=64 * 1024 * 1024)
            vacuumed = table.vacuum(dry_run=False)
            table.cleanup_metadata()
        return {"joined": int(done["numFilesRemoved"]), "deleted": len(vacuumed)}

    def files(self) -> list[tuple[str, bytes | None]]:
        root = Path(self.path)
        with self._lock:
            table = self._fresh()
            version, data = table.version(), table.file_uris()
        found: list[tuple[str, bytes | None]] = [
            (str(Path(uri.removeprefix("file://")).relative_to(root.parent)), None) for uri in data
        ]
        for path in sorted((root / "_delta_log").rglob("*")):
            number = path.name.split(".")[0]
            if path.is_file() and (not number.isdigit() or int(number) <= version):
                found.append((str(path.relative_to(root.parent)), path.read_bytes()))
        return found

    def erase(self, profile_ids: Sequence[uuid.UUID]) -> int:
        wanted = {str(each) for each in profile_ids}
        if not wanted:
            return 0
        theirs = f"profile_id in ({_listed(repr(each) for each in wanted)})"
        gone: dict[int, list[int]] = {}
        kept: dict[int, list[int]] = {}
        for row in self._moved().to_pylist():
            if row["profile_id"] in wanted:
                gone.setdefault(row["batch"], []).append(row["place"])
            elif row["carried_under"] in wanted and row["profile_id"] is not None:
                kept.setdefault(row["batch"], []).append(row["place"])
        # A statement for each batch: one for all is nested deeper than its parser bears.
        statements = [f"{theirs} and batch not in ({_listed(kept)})" if kept else theirs]
        statements += [f"{theirs} and batch = {b} and place not in ({_listed(p)})" for b, p in kept.items()]
        statements += [f"batch = {b} and place in ({_listed(p)})" for b, p in gone.items()]
        with self._lock:
            return sum(int(self._fresh().delete(each)["num_deleted_rows"] or 0) for each in statements)

    def close(self) -> None:
        self._table = None


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(map(str, values))


def _quoted(paths: Sequence[str]) -> str:
    return "[" + ", ".join("'" + path.replace("'", "''") + "'" for path in paths) + "]"
