"""A data folder with as many repositories, packages and versions as a bench wants, all in one domain.

A server makes the schema, one repository and one package of each kind, through its API. What it wrote is the pattern:
the same rows are then written in bulk, with other names, versions and numbers in them. So a column that the program
gains is filled as the program fills it; a table that it gains, and writes to when it publishes, is an error here until it
is known.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import account
from harness.packages import Package
from harness.server import Server

DOMAIN = "scale"
VERSIONS_PER_PACKAGE = 10
# The last two of each package are not for everybody; `latest` is the one before them.
STATUSES = {8: "Archived", 9: "Unlisted"}
LATEST = "1.7.0"
DATABASE = "reliquary.sqlite"

# What stands in the pattern for what each row has of its own. Letters only, and none that looks like another: the
# program keeps a common form of names beside them, and of these that form is the name itself.
NAME, SCOPE, VERSION = "packtenplate", "scopetenplate", "7.7.7"
FIRST_REPOSITORY = "repository-0000"

# The tables that publishing writes to.
PATTERN_TABLES = {"package", "package_version", "asset", "package_tag", "domain_blob", "change"}
# Tables that newer schemas have.
LATER_TABLES = {"domain_package"}
# Counters: their rows change, and new ones do not come.
COUNTED = {"log", "sqlite_sequence"}


def letters(number: int) -> str:
    """A number in letters that look like nothing else, in the order of the numbers."""
    return "".join("abcdefgh"[number >> shift & 7] for shift in range(15, -1, -3))


@dataclass(frozen=True)
class Made:
    """The package of some number."""

    number: int
    repository: str
    format: str
    namespace: str
    name: str

    @property
    def ids(self) -> dict[str, str]:
        """The parameters that name it in the API."""
        namespace = {"namespace": self.namespace} if self.namespace else {}
        return {"repository": self.repository, "format": self.format, "package": self.name, **namespace}

    @property
    def npm_name(self) -> str:
        """The name that npm uses."""
        return f"@{self.namespace}/{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class Size:
    """How much there is in the domain."""

    name: str
    repositories: int
    packages: int

    def repository(self, number: int) -> str:
        """The name of a repository."""
        return f"repository-{number:04}"

    def repository_of(self, package: int) -> int:
        """Half of the packages are in the first repository, ten at a time, and the rest in all others alike."""
        tens = package // 10
        return 0 if self.repositories == 1 or tens % 2 == 0 else 1 + tens // 2 % (self.repositories - 1)

    def package(self, number: int) -> Made:
        """Of ten packages six are npm's without a scope, three have one, and one is generic."""
        kind = number % 10
        namespace = "" if kind < 6 else f"scope{letters(number // 1000)}"
        repository = self.repository(self.repository_of(number))
        return Made(number, repository, "generic" if kind == 9 else "npm", namespace, f"pack{letters(number)}")

    def is_blocked(self, package: int) -> bool:
        """Few packages, all in the first repository, may not be published to."""
        return package % 100 == 40

    @property
    def versions(self) -> int:
        """The number of package versions."""
        return self.packages * VERSIONS_PER_PACKAGE


class Pattern:
    """One row of the pattern, of which others are made."""

    def __init__(self, table: str, row: sqlite3.Row) -> None:
        self.table = table
        self._columns = row.keys()
        self._values = list(row)
        self._places = {column: place for place, column in enumerate(self._columns)}
        marks = (NAME, SCOPE, VERSION, FIRST_REPOSITORY)
        self._texts = [
            (place, [mark for mark in marks if mark in value])
            for place, value in enumerate(self._values)
            if isinstance(value, str) and any(mark in value for mark in marks)
        ]

    def row(self, marks: dict[str, str], **given: Any) -> list[Any]:
        """The same row with other texts in the place of the marks, and with the given columns."""
        values = self._values.copy()
        for place, found in self._texts:
            for mark in found:
                if mark in marks:
                    values[place] = values[place].replace(mark, marks[mark])
        for column, value in given.items():
            values[self._places[column]] = value
        return values

    def __getitem__(self, column: str) -> Any:
        return self._values[self._places[column]]

    @property
    def insert(self) -> str:
        """The statement that writes such a row."""
        return f"INSERT INTO {self.table} VALUES ({', '.join('?' * len(self._columns))})"


@dataclass(frozen=True)
class Kind:
    """What the program wrote for one package of a kind."""

    package: Pattern
    version: Pattern
    asset: Pattern
    tags: list[Pattern]
    blob: Pattern
    change: Pattern
    # None in schemas that do not count the packages of domains.
    of_domain: Pattern | None


def make_pattern(server: Server) -> None:
    """Start a server over an empty folder, let it write the pattern, and stop it."""
    server.start()
    aws = account.profile_client(server)
    aws.create_domain(domain=DOMAIN)
    aws.create_repository(domain=DOMAIN, repository=FIRST_REPOSITORY, tags=[{"key": "team", "value": "bench"}])
    repository = account.Repository(server, aws, DOMAIN, FIRST_REPOSITORY)
    before = _counts(server.data_dir / DATABASE)
    for name in (NAME, f"@{SCOPE}/{NAME}"):
        answer = repository.registry().publish(Package(name, VERSION, size_bytes=1000))
        if answer.status not in (200, 201):
            raise RuntimeError(f"{name}: {answer.status} {answer.body[:300]!r}")
    content = b"the only asset of every generic package"
    aws.publish_package_version(
        **repository.ids,
        format="generic",
        namespace=SCOPE,
        package=NAME,
        packageVersion=VERSION,
        assetName="asset.bin",
        assetContent=content,
        assetSHA256=hashlib.sha256(content).hexdigest(),
    )
    repository.close()
    after = _counts(server.data_dir / DATABASE)
    server.stop()
    written = {table for table, count in after.items() if count != before[table]}
    if unknown := written - PATTERN_TABLES - LATER_TABLES - COUNTED:
        raise RuntimeError(f"publishing writes to {unknown}, of which generated_database.py makes no rows")


def _counts(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {table: connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0] for table in tables}


def prepare(server: Server, size: Size, cache: Path, say: Callable[[str], None]) -> None:
    """Give a server that was never started a data folder of this size, from the cache if it is there."""
    make_pattern(server)
    database = server.data_dir / DATABASE
    kept = cache / f"scale-{size.name}-{_digest(database, size)}"
    if kept.exists():
        say(f"{size.name}: from {kept.name}")
        shutil.rmtree(server.data_dir)
    else:
        for old in cache.glob(f"scale-{size.name}-*"):
            shutil.rmtree(old)
        Filling(database, size, say).run()
        _copy(server.data_dir, kept)
        shutil.rmtree(server.data_dir)
    _copy(kept, server.data_dir)
    # What was just written must not be on its way to the disk while others are measured; and both databases are to be in
    # memory, as those of a server are that has run for a while.
    os.sync()
    with database.open("rb") as file:
        while file.read(1 << 24):
            pass


def _copy(source: Path, target: Path) -> None:
    # Not in Python: some file systems copy gigabytes in no time when they are asked so.
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    subprocess.run(["cp", "-r", "--preserve=mode", "--reflink=auto", str(source), str(part)], check=True)
    part.rename(target)


def _digest(database: Path, size: Size) -> str:
    """What a kept folder depends on: this file, the schema and the size."""
    with closing(sqlite3.connect(database)) as connection:
        schema = [row[0] for row in connection.execute("SELECT sql FROM sqlite_schema ORDER BY name")]
    return hashlib.sha256(repr((Path(__file__).read_text(), schema, size)).encode()).hexdigest()[:16]


class Filling:
    """The bulk of the rows, in the order in which the program would have written them."""

    def __init__(self, database: Path, size: Size, say: Callable[[str], None]) -> None:
        self.size, self.say = size, say
        self.connection = sqlite3.connect(database, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        self.domain_id = self._value("SELECT id FROM domain WHERE name = ?", DOMAIN)
        self.repository_ids: list[int] = []
        self.first_package_id = self._value("SELECT MAX(id) + 1 FROM package")
        self.first_version_id = self._value("SELECT MAX(id) + 1 FROM package_version")

    def run(self) -> None:
        """Write everything. A fault leaves a broken file behind."""
        for pragma in ("journal_mode = DELETE", "journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
            self.connection.execute(f"PRAGMA {pragma}").fetchall()
        kinds = [self._kind("npm", ""), self._kind("npm", SCOPE), self._kind("generic", SCOPE)]
        self.connection.execute("BEGIN")
        self._delete_pattern()
        self._repositories()
        self._packages(kinds)
        self._versions(kinds)
        self._counters(kinds)
        self.connection.execute("COMMIT")
        wrong = self.connection.execute("PRAGMA foreign_key_check").fetchmany(3)
        if wrong:
            raise RuntimeError(f"rows refer to nothing: {[tuple(row) for row in wrong]}")
        self.connection.execute("PRAGMA journal_mode = WAL").fetchall()
        self.connection.close()

    def _value(self, sql: str, *values: Any) -> Any:
        return self.connection.execute(sql, values).fetchone()[0]

    def _patterns(self, table: str, where: str, *values: Any) -> list[Pattern]:
        rows = self.connection.execute(f"SELECT * FROM {table} WHERE {where}", values).fetchall()
        return [Pattern(table, row) for row in rows]

    def _has_table(self, table: str) -> bool:
        return self._value("SELECT COUNT(*) FROM sqlite_schema WHERE name = ?", table) == 1

    def _kind(self, package_format: str, namespace: str) -> Kind:
        of_format = (package_format, namespace)
        (package,) = self._patterns("package", "format = ? AND namespace = ?", *of_format)
        (version,) = self._patterns("package_version", "package_id = ?", package["id"])
        (asset,) = self._patterns("asset", "version_id = ?", version["id"])
        (blob,) = self._patterns("domain_blob", "sha256 = ?", asset["sha256"])
        (change,) = self._patterns("change", "version IS NOT NULL AND format = ? AND namespace = ?", *of_format)
        tags = self._patterns("package_tag", "package_id = ?", package["id"])
        of_domain = None
        if self._has_table("domain_package"):
            (of_domain,) = self._patterns("domain_package", "format = ? AND namespace = ?", *of_format)
        return Kind(package, version, asset, tags, blob, change, of_domain)

    def _kind_of(self, kinds: list[Kind], package: Made) -> Kind:
        return kinds[2 if package.format == "generic" else 1 if package.namespace else 0]

    def _delete_pattern(self) -> None:
        self.connection.execute("DELETE FROM change WHERE version IS NOT NULL")
        tables = ["asset", "package_tag", "package_version", "package", "domain_blob"]
        for table in [*tables, *(table for table in LATER_TABLES if self._has_table(table))]:
            self.connection.execute(f"DELETE FROM {table}")

    def _write(self, pattern: Pattern, rows: Iterable[list[Any]]) -> None:
        self.connection.executemany(pattern.insert, rows)

    def _repositories(self) -> None:
        """The first one is there already."""
        (pattern,) = self._patterns("repository", "name = ?", FIRST_REPOSITORY)
        tags = self._patterns("resource_tag", "resource LIKE ?", f"%/{FIRST_REPOSITORY}")
        (change,) = self._patterns("change", "repository = ?", FIRST_REPOSITORY)
        numbers = range(1, self.size.repositories)
        self.repository_ids = [pattern["id"] + number for number in range(self.size.repositories)]
        marks = [{FIRST_REPOSITORY: self.size.repository(number)} for number in numbers]
        self._write(pattern, (pattern.row(m, id=self.repository_ids[n]) for n, m in zip(numbers, marks, strict=True)))
        for tag in tags:
            self._write(tag, (tag.row(m) for m in marks))
        sequence = change["sequence"]
        rows = (change.row(m, sequence=sequence + n) for n, m in zip(numbers, marks, strict=True))
        self._write(change, rows)

    def _packages(self, kinds: list[Kind]) -> None:
        self.say(f"{self.size.name}: {self.size.packages:,} packages")
        self._write(kinds[0].package, self._package_rows(kinds))
        for pattern in kinds[0].tags:
            self._write(pattern, self._tag_rows(kinds))
        if kinds[0].of_domain is not None:
            self._write(kinds[0].of_domain, self._rows_of_domain(kinds))

    def _each_package(self, kinds: list[Kind]) -> Iterator[tuple[Made, Kind, dict[str, str]]]:
        for number in range(self.size.packages):
            package = self.size.package(number)
            marks = {NAME: package.name, SCOPE: package.namespace, FIRST_REPOSITORY: package.repository}
            yield package, self._kind_of(kinds, package), marks

    def _package_rows(self, kinds: list[Kind]) -> Iterator[list[Any]]:
        for package, kind, marks in self._each_package(kinds):
            repository_id = self.repository_ids[self.size.repository_of(package.number)]
            switches = {}
            if self.size.is_blocked(package.number):
                switches = {"publish_allowed": 0, "upstream_allowed": 1}
            yield kind.package.row(
                marks, id=self.first_package_id + package.number, repository_id=repository_id, **switches
            )

    def _tag_rows(self, kinds: list[Kind]) -> Iterator[list[Any]]:
        for package, kind, marks in self._each_package(kinds):
            for tag in kind.tags:
                yield tag.row(marks | {VERSION: LATEST}, package_id=self.first_package_id + package.number)

    def _rows_of_domain(self, kinds: list[Kind]) -> Iterator[list[Any]]:
        for _, kind, marks in self._each_package(kinds):
            if kind.of_domain is not None:
                yield kind.of_domain.row(marks)

    def _versions(self, kinds: list[Kind]) -> None:
        self.say(f"{self.size.name}: {self.size.versions:,} versions")
        self._write(kinds[0].version, self._version_rows(kinds))
        self.say(f"{self.size.name}: their assets")
        self._write(kinds[0].asset, self._asset_rows(kinds))
        self.say(f"{self.size.name}: their changes")
        self._write(kinds[0].change, self._change_rows(kinds))

    def _version_rows(self, kinds: list[Kind]) -> Iterator[list[Any]]:
        for package, kind, marks in self._each_package(kinds):
            first = package.number * VERSIONS_PER_PACKAGE
            for place in range(VERSIONS_PER_PACKAGE):
                yield kind.version.row(
                    marks | {VERSION: f"1.{place}.0"},
                    id=self.first_version_id + first + place,
                    package_id=self.first_package_id + package.number,
                    status=STATUSES.get(place, "Published"),
                    published_at_ms=kind.version["published_at_ms"] + place,
                )

    def _asset_rows(self, kinds: list[Kind]) -> Iterator[list[Any]]:
        for package, kind, marks in self._each_package(kinds):
            first = package.number * VERSIONS_PER_PACKAGE
            for place in range(VERSIONS_PER_PACKAGE):
                own = marks | {VERSION: f"1.{place}.0"}
                yield kind.asset.row(own, version_id=self.first_version_id + first + place)

    def _change_rows(self, kinds: list[Kind]) -> Iterator[list[Any]]:
        sequence = self._value("SELECT MAX(sequence) FROM change WHERE log_id = ?", self.domain_id)
        for _, kind, marks in self._each_package(kinds):
            for place in range(VERSIONS_PER_PACKAGE):
                sequence += 1
                yield kind.change.row(marks | {VERSION: f"1.{place}.0"}, sequence=sequence)

    def _counters(self, kinds: list[Kind]) -> None:
        references = [0] * len(kinds)
        for number in range(self.size.packages):
            references[kinds.index(self._kind_of(kinds, self.size.package(number)))] += VERSIONS_PER_PACKAGE
        for kind, count in zip(kinds, references, strict=True):
            self._write(kind.blob, [kind.blob.row({}, reference_count=count)])
        for sql, value in (
            ("UPDATE domain SET repository_count = ? WHERE id = ?", self.size.repositories),
            (
                "UPDATE log SET sequence = ? WHERE id = ?",
                self._value("SELECT MAX(sequence) FROM change WHERE log_id = ?", self.domain_id),
            ),
        ):
            self.connection.execute(sql, (value, self.domain_id))
