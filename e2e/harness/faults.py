"""Failures injected from outside, so that the program under test needs no switch for it.

The store is made to refuse every write through SQLite triggers that another process adds: to the server it looks like
a broken disk in the middle of a transaction, and reads go on.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

SQLITE_MAGIC = b"SQLite format 3\x00"
PREFIX = "injected_fault_"
GONE = "gone_"


def database_files(data_dir: Path) -> list[Path]:
    """The databases in a data folder, recognised by content, not by name."""
    found = []
    for path in sorted(data_dir.rglob("*")):
        if path.is_file() and path.stat().st_size >= 512:
            with path.open("rb") as file:
                if file.read(len(SQLITE_MAGIC)) == SQLITE_MAGIC:
                    found.append(path)
    return found


@contextlib.contextmanager
def writes_fail(data_dir: Path) -> Iterator[None]:
    """Inside the block every INSERT and UPDATE of the server fails as a backend error."""
    databases = database_files(data_dir)
    assert databases, f"no SQLite database below {data_dir}"
    for database in databases:
        _execute(database, _add_triggers)
    try:
        yield
    finally:
        for database in databases:
            _execute(database, _drop_triggers)


@contextlib.contextmanager
def tables_gone(data_dir: Path) -> Iterator[None]:
    """Inside the block every statement of the server fails: its tables have other names."""
    databases = database_files(data_dir)
    assert databases, f"no SQLite database below {data_dir}"
    for database in databases:
        _execute(database, lambda connection: _rename_tables(connection, "", GONE))
    try:
        yield
    finally:
        for database in databases:
            _execute(database, lambda connection: _rename_tables(connection, GONE, ""))


def _rename_tables(connection: sqlite3.Connection, old: str, new: str) -> None:
    for table in _tables(connection):
        connection.execute(f'ALTER TABLE "{table}" RENAME TO "{new}{table.removeprefix(old)}"')


def _execute(database: Path, change: Callable[[sqlite3.Connection], None]) -> None:
    connection = sqlite3.connect(database, timeout=30, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        change(connection)
        connection.execute("COMMIT")
    finally:
        connection.close()


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx%'"
    )
    return [row[0] for row in rows]


def _add_triggers(connection: sqlite3.Connection) -> None:
    for table in _tables(connection):
        for verb in ("INSERT", "UPDATE"):
            connection.execute(
                f'CREATE TRIGGER "{PREFIX}{verb}_{table}" BEFORE {verb} ON "{table}" '
                "BEGIN SELECT RAISE(ABORT, 'injected: the disk is broken'); END"
            )


def _drop_triggers(connection: sqlite3.Connection) -> None:
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for (name,) in rows:
        if name.startswith(PREFIX):
            connection.execute(f'DROP TRIGGER "{name}"')
