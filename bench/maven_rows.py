"""Rows about Maven: metadata, POMs, jars and deployments, beside nginx with the same files. No other server of Maven
repositories can be had by package name, so there is no peer to compare deployments with.
"""

from __future__ import annotations

import gzip
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from harness.account import Repository
from harness.maven_artifacts import Artifact, checksum
from harness.maven_wire import METADATA, Layout, basic

from fixtures import PUBLISHERS
from load import Target
from peers import MAVEN_FILES, Nginx
from publishing import publish_rate
from reading import Pace, assert_same_bytes, checked, measure, progress, unchanged
from table import NGINX, RELIQUARY, Row

CONNECTIONS = 16
DEPLOYERS = 8
MANY_VERSIONS = 1000
JAR_BYTES = 10_000
LARGE_JAR_BYTES = 1_000_000
PREPARED_PER_SECOND = 1000
_numbers = itertools.count(1)

MANY = [Artifact("many", f"1.{n}.0", size_bytes=100) for n in range(MANY_VERSIONS)]
SMALL = Artifact("small", "1.0.0", size_bytes=JAR_BYTES)
LARGE = Artifact("large", "1.0.0", size_bytes=LARGE_JAR_BYTES)


def rows(repository: Repository, folder: Path, pace: Pace) -> list[Row]:
    """Fill both, measure."""
    url, authorization = repository.endpoint("maven"), {"Authorization": basic(repository.token)}
    _fill(url, repository.token)
    nginx = Nginx(folder, MAVEN_FILES)
    nginx.start()
    found = []
    try:
        document = f"{MANY[0].folder}{METADATA}"
        reads = (
            (f"metadata of {MANY_VERSIONS:,} versions", document, ("plain", "gzip", "304")),
            ("metadata of one version", f"{SMALL.folder}{METADATA}", ("plain",)),
            ("POM", SMALL.path("pom"), ("plain", "304")),
            ("checksum of a jar", SMALL.path() + ".sha1", ("plain",)),
            ("jar of 10 KB", SMALL.path(), ("plain",)),
            ("jar of 1 MB", LARGE.path(), ("plain",)),
        )
        for what, path, variants in reads:
            _copy_to_nginx(nginx, url, path, authorization)
            for variant in variants:
                coding = {"Accept-Encoding": "gzip" if variant == "gzip" else "identity"}
                targets = {
                    RELIQUARY: Target(url + path, authorization | coding),
                    NGINX: Target(nginx.url + path, coding),
                }
                if variant == "304":
                    targets = {who: unchanged(target) for who, target in targets.items()}
                else:
                    assert_same_bytes(targets)
                by_bytes = path == LARGE.path()
                row = Row("Maven", f"{what}, {variant}", "MB/s" if by_bytes else "requests/s")
                measure(pace, row, targets, CONNECTIONS, by_bytes=by_bytes)
                row.judge_ratio(RELIQUARY, NGINX, at_least=1)
                found.append(row)
        found.append(_deploy_row(url, authorization, pace))
    finally:
        nginx.stop()
    return found


def _fill(url: str, token: str) -> None:
    local = threading.local()

    def publish(artifact: Artifact) -> None:
        layout: Layout | None = getattr(local, "layout", None)
        if layout is None:
            layout = local.layout = Layout(url, token)
        layout.publish(artifact)

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        list(pool.map(publish, [*MANY, SMALL, LARGE]))


def _copy_to_nginx(nginx: Nginx, url: str, path: str, authorization: dict[str, str]) -> None:
    """A file as Reliquary answers it, also compressed where Reliquary compresses it."""
    place = nginx.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    plain = checked(Target(url + path, authorization | {"Accept-Encoding": "identity"}))
    place.write_bytes(plain.body)
    zipped = checked(Target(url + path, authorization | {"Accept-Encoding": "gzip"}))
    if zipped.headers.get("content-encoding") == "gzip":
        if gzip.decompress(zipped.body) != plain.body:
            raise RuntimeError(f"{path}: the compressed answer is another document")
        place.with_name(place.name + ".gz").write_bytes(zipped.body)


def _deploy_row(url: str, authorization: dict[str, str], pace: Pace) -> Row:
    """What `mvn deploy` sends for a new artifact: a POM, a jar, its metadata, two checksums of each."""
    row = Row("Maven", f"deployments of 10 KB, {DEPLOYERS} clients", "deployments/s")
    loads = []
    for _ in range(pace.rounds):
        count = int(PREPARED_PER_SECOND * pace.seconds)
        deployments = [_deployment(url, authorization) for _ in range(count)]
        rate = publish_rate(url, deployments, DEPLOYERS, pace.seconds)
        row.add(RELIQUARY, rate.per_second)
        loads.append(rate.generator_load)
    row.note = f"9 requests each; generator at most {max(loads):.0%} of a core"
    progress(row)
    return row


def _deployment(url: str, authorization: dict[str, str]) -> list[bytes]:
    artifact = Artifact(f"rate-{next(_numbers)}", "1.0.0", size_bytes=JAR_BYTES)
    document = artifact.metadata()
    sent = []
    files = [(artifact.version_folder + name, content) for name, content in artifact.files().items()]
    for path, content in [*files, (artifact.folder + METADATA, document)]:
        sent.append(_put(url, path, content, authorization))
        sent += [
            _put(url, f"{path}.{algorithm}", checksum(content, algorithm).encode(), authorization)
            for algorithm in ("md5", "sha1")
        ]
    return sent


def _put(url: str, path: str, content: bytes, authorization: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    headers = {
        "Host": parts.netloc,
        "Content-Length": str(len(content)),
        "Connection": "keep-alive",
        **authorization,
    }
    lines = [f"PUT {parts.path}{path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + content
