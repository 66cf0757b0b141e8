"""Rows about NuGet, Ruby, Swift and Cargo: the document that lists versions, package files, and publishes, beside nginx
with the same bytes, and Cargo's beside another registry with the same crates.
"""

from __future__ import annotations

import gzip
import itertools
import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from harness.account import Repository
from harness.cargo_wire import Registry as CargoRegistry
from harness.cargo_wire import download_address
from harness.crates import Crate, index_path
from harness.gems import Gem
from harness.maven_wire import basic
from harness.nuget_packages import Nupkg
from harness.nuget_wire import Feed
from harness.swift_packages import SwiftPackage
from harness.swift_wire import JSON, ZIP

from cargo_peers import QUARTERMASTER, Quartermaster
from load import Target
from peers import Files, Nginx
from publishing import publish_rate
from reading import Pace, assert_same_bytes, checked, measure, progress, unchanged
from table import NGINX, RELIQUARY, Row

CONNECTIONS = 16
PUBLISHERS = 8
MANY_VERSIONS = 500
FILE_BYTES = 10_000
PREPARED_PER_SECOND = 1500
# Documents are files with names of our own: what they are called says nothing about how fast they are.
FLAT_FILES = Files("application/json json;", "$uri")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Publish:
    """One publish as a request."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def prepared(self) -> bytes:
        """The request as it goes over the wire."""
        parts = urlsplit(self.url)
        headers = {
            "Host": parts.netloc,
            "Content-Length": str(len(self.body)),
            "Connection": "keep-alive",
            **self.headers,
        }
        lines = [f"{self.method} {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


class Format(ABC):
    """How one format is asked."""

    title: ClassVar[str]

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.token = repository.token

    @abstractmethod
    def publish(self, name: str, version: str, size_bytes: int) -> Publish:
        """The request that publishes a version."""

    @abstractmethod
    def documents(self, name: str) -> dict[str, Target]:
        """What clients read of a package before they choose a version."""

    @abstractmethod
    def file(self, name: str, version: str) -> Target:
        """The package file."""


class Nuget(Format):
    """The V3 protocol."""

    title = "NuGet"

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository)
        feed = Feed(repository.endpoint("nuget"), self.token)
        self.flat = feed.resource("PackageBaseAddress/3.0.0")
        self.registrations = feed.resource("RegistrationsBaseUrl/3.6.0")
        self.push = feed.resource("PackagePublish/2.0.0")
        self.headers = {"Authorization": basic(self.token)}
        feed.close()

    def publish(self, name: str, version: str, size_bytes: int) -> Publish:
        content = Nupkg(name, version, size_bytes).content()
        part = "Content-Disposition: form-data; name=package; filename=package.nupkg"
        headers, body = _form([(part, "application/octet-stream", content)])
        return Publish("PUT", self.push, self.headers | headers, body)

    def documents(self, name: str) -> dict[str, Target]:
        return {
            "versions": Target(f"{self.flat}{name}/index.json", self.headers),
            "registration": Target(f"{self.registrations}{name}/index.json", self.headers),
        }

    def file(self, name: str, version: str) -> Target:
        return Target(f"{self.flat}{name}/{version}/{name}.{version}.nupkg", self.headers)


class Ruby(Format):
    """The compact index."""

    title = "Ruby"

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository)
        self.url = repository.endpoint("ruby")
        self.headers = {"Authorization": basic(self.token)}

    def publish(self, name: str, version: str, size_bytes: int) -> Publish:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/octet-stream"}
        return Publish("POST", f"{self.url}api/v1/gems", headers, Gem(name, version, size_bytes=size_bytes).archive())

    def documents(self, name: str) -> dict[str, Target]:
        return {"info": Target(f"{self.url}info/{name}", self.headers)}

    def file(self, name: str, version: str) -> Target:
        return Target(f"{self.url}gems/{Gem(name, version).file_name}", self.headers)


class Swift(Format):
    """The registry service. Its clients want TLS for tokens; what is measured is the same without."""

    title = "Swift"

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository)
        self.url = repository.endpoint("swift")
        self.headers = {"Authorization": f"Bearer {self.token}"}

    def publish(self, name: str, version: str, size_bytes: int) -> Publish:
        archive = SwiftPackage("bench", name, version).archive()
        headers, body = _form([('Content-Disposition: form-data; name="source-archive"', "application/zip", archive)])
        return Publish("PUT", f"{self.url}bench/{name}/{version}", self.headers | headers | {"Accept": JSON}, body)

    def documents(self, name: str) -> dict[str, Target]:
        return {"releases": Target(f"{self.url}bench/{name}", self.headers | {"Accept": JSON})}

    def file(self, name: str, version: str) -> Target:
        return Target(f"{self.url}bench/{name}/{version}.zip", self.headers | {"Accept": ZIP})


class Cargo(Format):
    """The sparse index."""

    title = "Cargo"

    def __init__(self, repository: Repository) -> None:
        super().__init__(repository)
        self.use(repository.endpoint("cargo"))

    def use(self, index: str) -> None:
        """Ask the registry with this index, which says where everything else is."""
        self.index = index
        self.headers = {"Authorization": self.token}
        registry = CargoRegistry(index, self.token)
        config = registry.config()
        self.downloads, self.api = config["dl"], config["api"].rstrip("/")
        registry.close()

    def publish(self, name: str, version: str, size_bytes: int) -> Publish:
        body = Crate(name, version, size_bytes=size_bytes).publication()
        return Publish("PUT", f"{self.api}/api/v1/crates/new", self.headers, body)

    def documents(self, name: str) -> dict[str, Target]:
        return {"index file": Target(self.index + index_path(name), self.headers)}

    def file(self, name: str, version: str) -> Target:
        return Target(download_address(self.downloads, name, version, ""), self.headers)


@dataclass(frozen=True)
class Other:
    """Another server of a format, spoken to as Reliquary is."""

    name: str
    url: str
    format: Format


def rows(repository: Repository, folder: Path, pace: Pace) -> list[Row]:
    """All four, one after the other, beside one nginx."""
    nginx, registry = Nginx(folder, FLAT_FILES), Quartermaster(folder / QUARTERMASTER)
    nginx.start()
    registry.start(repository.token)
    try:
        found = [row for made in (Nuget, Ruby, Swift) for row in _rows_of(made(repository), nginx, pace, None)]
        elsewhere = Cargo(repository)
        elsewhere.use(f"{registry.url}index/")
        other = Other(QUARTERMASTER, registry.url, elsewhere)
        return found + _rows_of(Cargo(repository), nginx, pace, other)
    finally:
        registry.stop()
        nginx.stop()


def _fill(of: Format, url: str) -> None:
    publishes = [[of.publish("many", f"1.{n}.0", 100).prepared()] for n in range(MANY_VERSIONS)]
    publishes.append([of.publish("file", "1.0.0", FILE_BYTES).prepared()])
    publish_rate(url, publishes, PUBLISHERS, seconds=120)


def _rows_of(of: Format, nginx: Nginx, pace: Pace, other: Other | None) -> list[Row]:
    url = of.repository.server.url + "/"
    _fill(of, url)
    if other is not None:
        _fill(other.format, other.url)
    found = []
    for what, target in of.documents("many").items():
        for variant in ("plain", "gzip", "304"):
            coded = Target(
                target.url, target.headers | {"Accept-Encoding": "gzip" if variant == "gzip" else "identity"}
            )
            label = f"{what} of {MANY_VERSIONS} versions, {variant}"
            # The other one neither packs nor says what a client could have.
            beside = {other.name: other.format.documents("many")[what]} if other and variant == "plain" else {}
            found.append(_read_row(of, label, coded, nginx, pace, beside, is_known=variant == "304"))
    beside = {other.name: other.format.file("file", "1.0.0")} if other else {}
    found.append(_read_row(of, "package file", of.file("file", "1.0.0"), nginx, pace, beside))
    found.append(_publish_row(of, url, pace, other))
    return found


def _read_row(
    of: Format,
    label: str,
    target: Target,
    nginx: Nginx,
    pace: Pace,
    beside: dict[str, Target],
    *,
    is_known: bool = False,
) -> Row:
    reply = checked(target)
    name = f"file-{next(_numbers)}"
    is_packed = reply.headers.get("content-encoding") == "gzip"
    (nginx.root / name).write_bytes(gzip.decompress(reply.body) if is_packed else reply.body)
    if is_packed:
        (nginx.root / f"{name}.gz").write_bytes(reply.body)
    coding = target.headers.get("Accept-Encoding", "identity")
    targets = {RELIQUARY: target, NGINX: Target(nginx.url + name, {"Accept-Encoding": coding})}
    if is_known:
        targets = {who: unchanged(one) for who, one in targets.items()}
    else:
        assert_same_bytes(targets)
    for who, one in beside.items():
        # Its documents are its own: they say the same in as many lines.
        if checked(one).body.count(b"\n") + 1 < reply.body.count(b"\n"):
            raise RuntimeError(f"{who} shows less than was published to it: {one.url}")
    row = Row(of.title, f"{label} ({len(reply.body) / 1000:,.0f} KB)", "requests/s")
    measure(pace, row, targets | beside, CONNECTIONS)
    row.judge_ratio(RELIQUARY, NGINX, at_least=1)
    return row


def _publish_row(of: Format, url: str, pace: Pace, other: Other | None) -> Row:
    row = Row(of.title, f"publishes of 10 KB, {PUBLISHERS} clients", "publishes/s")
    contenders = [(RELIQUARY, of, url)] + ([(other.name, other.format, other.url)] if other else [])
    loads = []
    for _ in range(pace.rounds):
        for who, at, where in contenders:
            count = int(PREPARED_PER_SECOND * pace.seconds)
            publishes = [[at.publish(f"rate-{next(_numbers)}", "1.0.0", FILE_BYTES).prepared()] for _ in range(count)]
            rate = publish_rate(where, publishes, PUBLISHERS, pace.seconds)
            row.add(who, rate.per_second)
            loads.append(rate.generator_load)
    row.note = f"generator at most {max(loads):.0%} of a core"
    progress(row)
    return row


def _form(parts: list[tuple[str, str, bytes]]) -> tuple[dict[str, str], bytes]:
    """A multipart form: its headers and its body."""
    boundary = uuid.uuid4().hex
    body = b"".join(
        f"--{boundary}\r\n{disposition}\r\nContent-Type: {kind}\r\n\r\n".encode() + content + b"\r\n"
        for disposition, kind, content in parts
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    return headers, body + f"--{boundary}--\r\n".encode()
