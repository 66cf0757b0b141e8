"""Rows about reading: packuments and tarballs, each contender giving the same bytes."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from harness.account import Repository
from harness.npm_wire import ABBREVIATED

import load
from fixtures import DOCUMENTS, TARBALL_BYTES
from load import Reply, Target
from peers import Nginx, Verdaccio
from table import NGINX, RELIQUARY, VERDACCIO, Row

CONNECTIONS = (1, 16, 64)
DOCUMENT_CONNECTIONS = (16, 64)
# Verdaccio is a point of reference, not a rival for every cell; one column of it is enough and saves minutes.
VERDACCIO_CONNECTIONS = (16,)
ACCEPT = f"{ABBREVIATED}; q=1.0, application/json; q=0.8, */*"


@dataclass(frozen=True)
class Pace:
    """How long to measure."""

    rounds: int
    seconds: float


@dataclass
class Bench:
    """The contenders, running and filled, and how long to measure."""

    repository: Repository
    nginx: Nginx
    verdaccio: Verdaccio
    rounds: int
    seconds: float

    @property
    def pace(self) -> Pace:
        """How long to measure."""
        return Pace(self.rounds, self.seconds)

    @property
    def authorization(self) -> dict[str, str]:
        """What a client of Reliquary sends."""
        return {"Authorization": f"Bearer {self.repository.token}"}


def copy_to_peers(bench: Bench) -> None:
    """Give nginx the very bytes that Reliquary answers, and Verdaccio the packages."""
    for document in DOCUMENTS:
        target = Target(bench.repository.npm_url + document.name, {"Accept": ACCEPT} | bench.authorization)
        plain = checked(target)
        zipped = checked(Target(target.url, target.headers | {"Accept-Encoding": "gzip"}))
        if gzip.decompress(zipped.body) != plain.body:
            raise RuntimeError(f"{document.name}: the compressed answer is another document")
        (bench.nginx.root / f"{document.name}.json").write_bytes(plain.body)
        (bench.nginx.root / f"{document.name}.json.gz").write_bytes(zipped.body)
        bench.verdaccio.fill(bench.repository.registry().packument(document.name), {})
    for name in TARBALL_BYTES:
        content = bench.repository.registry().tarball(name, "1.0.0").body
        (bench.nginx.root / f"{name}.tgz").write_bytes(content)
        bench.verdaccio.fill(bench.repository.registry().packument(name), {f"{name}-1.0.0.tgz": content})


def checked(target: Target) -> Reply:
    """Ask once; an answer of the wrong kind would be measured as a fast one."""
    reply = load.fetch(target)
    if reply.status != target.status:
        raise RuntimeError(f"{target.url}: {reply.status} instead of {target.status}: {reply.body[:200]!r}")
    return reply


def document_rows(bench: Bench) -> list[Row]:
    """Plain, compressed and unchanged answers of each packument."""
    rows = []
    for document in DOCUMENTS:
        size_kb = (bench.nginx.root / f"{document.name}.json").stat().st_size / 1000
        addresses = {
            RELIQUARY: bench.repository.npm_url + document.name,
            NGINX: f"{bench.nginx.url}{document.name}.json",
            VERDACCIO: bench.verdaccio.url + document.name,
        }
        for variant in ("plain", "gzip", "304"):
            targets = {who: _variant(bench, who, url, variant) for who, url in addresses.items()}
            if variant != "304":
                assert_same_bytes(targets)
            for connections in DOCUMENT_CONNECTIONS:
                what = f"{document.what} ({size_kb:,.0f} KB), {variant}, {connections} connections"
                row = Row("Packuments", what, "requests/s")
                measure(bench.pace, row, _few(targets, connections), connections)
                row.judge_ratio(RELIQUARY, NGINX, at_least=1)
                rows.append(row)
    return rows


def tarball_rows(bench: Bench) -> list[Row]:
    """Tarballs of three sizes; by bytes, because a run holds only a handful of the large ones."""
    rows = []
    for name, size_bytes in TARBALL_BYTES.items():
        path = f"{name}/-/{name}-1.0.0.tgz"
        targets = {
            RELIQUARY: Target(bench.repository.npm_url + path, bench.authorization),
            NGINX: Target(f"{bench.nginx.url}{name}.tgz", {}),
            VERDACCIO: Target(bench.verdaccio.url + path, {}),
        }
        assert_same_bytes(targets)
        for connections in CONNECTIONS:
            what = f"tarball of {size_bytes / 1e6:g} MB, {connections} connection{'s' if connections > 1 else ''}"
            row = Row("Tarballs", what, "MB/s")
            measure(bench.pace, row, _few(targets, connections), connections, by_bytes=True)
            if connections > 1:
                row.judge_ratio(RELIQUARY, NGINX, at_least=1)
            rows.append(row)
    return rows


def _variant(bench: Bench, who: str, url: str, variant: str) -> Target:
    headers = {"Accept": ACCEPT} | (bench.authorization if who == RELIQUARY else {})
    if variant == "plain":
        return Target(url, headers | {"Accept-Encoding": "identity"})
    if variant == "gzip":
        return Target(url, headers | {"Accept-Encoding": "gzip"})
    return unchanged(Target(url, headers))


def unchanged(target: Target) -> Target:
    """The same address asked by a client that has its answer already."""
    again = Target(target.url, target.headers | {"If-None-Match": checked(target).headers["etag"]}, status=304)
    checked(again)
    return again


def _few(targets: dict[str, Target], connections: int) -> dict[str, Target]:
    return {who: target for who, target in targets.items() if who != VERDACCIO or connections in VERDACCIO_CONNECTIONS}


def assert_same_bytes(targets: dict[str, Target]) -> None:
    """Peers answer in forms of their own; Reliquary and nginx must agree to the byte."""
    replies = {who: checked(target) for who, target in targets.items()}
    if replies[RELIQUARY].body != replies[NGINX].body:
        raise RuntimeError(f"{targets[RELIQUARY].url} and {targets[NGINX].url} differ")
    coding = replies[NGINX].headers.get("content-encoding")
    if replies[RELIQUARY].headers.get("content-encoding") != coding:
        raise RuntimeError(f"{targets[RELIQUARY].url} is not coded like nginx ({coding})")


def measure(pace: Pace, row: Row, targets: dict[str, Target], connections: int, *, by_bytes: bool = False) -> None:
    """Interleaved rounds: A B C A B C, so that a slow minute of the machine hits all alike."""
    wrong: dict[str, int] = {}
    for _ in range(pace.rounds):
        for who, target in targets.items():
            is_peer = who not in (RELIQUARY, NGINX)
            sample = load.run(target, connections=connections, seconds=pace.seconds, is_forgiven=is_peer)
            row.add(who, sample.bytes_per_s / 1e6 if by_bytes else sample.requests_per_s)
            wrong[who] = wrong.get(who, 0) + sample.wrong
    row.note = ", ".join(f"{who} failed {count} times" for who, count in wrong.items() if count)
    progress(row)


def progress(row: Row) -> None:
    """A line per row while it runs; the table comes at the end."""
    medians = ", ".join(f"{who} {row.median(who):,.4g}" for who in row.samples)
    print(f"  {row.what}: {medians} {row.unit}", flush=True)
