"""Rows about Python: pages of the simple index, wheels and uploads, beside nginx, devpi, pypiserver and proxpi.

nginx serves the same pages and files, compressed beforehand; devpi and proxpi are warm mirrors of those; pypiserver has
the same files in a folder.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from harness.account import Repository
from harness.maven_wire import basic
from harness.pypi_wire import HTML, JSON, Index, form
from harness.python_packages import Distribution

from fixtures import PUBLISHERS
from load import Target
from peers import PYTHON_FILES, Nginx
from publishing import publish_rate
from python_peers import DEVPI, PROXPI, PYPISERVER, Devpi, Proxpi, Pypiserver
from reading import Pace, assert_same_bytes, checked, measure, progress, unchanged
from table import NGINX, RELIQUARY, Row

CONNECTIONS = 16
UPLOADERS = 8
UPLOAD_BYTES = 10_000
# Two files for each version: as many as the largest projects of the public index have.
LARGE_VERSIONS = 2500
WHEEL_BYTES = {"wheel-1m": 1_000_000, "wheel-50m": 50_000_000}
PAGES = {"parcels-small": "small page", "parcels-large": "page of 5,000 files"}
# Reliquary's pages say where its own files are; mirrors are given the same pages with nginx's addresses.
MIRRORED = "mirrored"
FORMS = {"HTML": HTML, "JSON": JSON}
# More than any contender here takes in one run.
PREPARED_PER_SECOND = {RELIQUARY: 3000, DEVPI: 300, PYPISERVER: 1500}
_numbers = itertools.count(1)
_LINK = re.compile(rb"""href=["']([^"'#]+)""")


@dataclass
class Contenders:
    """All of them, running and filled."""

    repository: Repository
    nginx: Nginx
    devpi: Devpi
    pypiserver: Pypiserver
    proxpi: Proxpi

    @property
    def authorization(self) -> dict[str, str]:
        """What pip sends to Reliquary."""
        return {"Authorization": basic(self.repository.token)}

    def pages(self, name: str) -> dict[str, str]:
        """Where each has the page of a project."""
        return {
            RELIQUARY: f"{self.repository.pypi_url}simple/{name}/",
            NGINX: f"{self.nginx.url}simple/{name}/",
            DEVPI: f"{self.devpi.url}root/mirror/+simple/{name}/",
            PYPISERVER: f"{self.pypiserver.url}simple/{name}/",
            PROXPI: f"{self.proxpi.url}index/{name}/",
        }


def rows(repository: Repository, folder: Path, pace: Pace) -> list[Row]:
    """Start the peers, fill everything, measure."""
    folder.mkdir()
    nginx = Nginx(_made(folder / "nginx"), PYTHON_FILES)
    devpi, pypiserver, proxpi = (
        one(_made(folder / name)) for one, name in ((Devpi, DEVPI), (Pypiserver, PYPISERVER), (Proxpi, PROXPI))
    )
    contenders = Contenders(repository, nginx, devpi, pypiserver, proxpi)
    started = []
    try:
        _fill(contenders)
        mirrored = f"{nginx.url}{MIRRORED}/"
        for peer, arguments in ((nginx, ()), (devpi, (mirrored,)), (pypiserver, ()), (proxpi, (mirrored,))):
            peer.start(*arguments)
            started.append(peer)
        return [
            *_page_rows(contenders, pace),
            *_wheel_rows(contenders, pace),
            _upload_row(contenders, pace),
        ]
    finally:
        for peer in reversed(started):
            peer.stop()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _fill(contenders: Contenders) -> None:
    """Upload to Reliquary, and lay its own answers out for nginx and the files for pypiserver."""
    small, large = PAGES
    uploads = [(Distribution(small, f"1.{n}", size_bytes=500), False) for n in range(5)]
    for number in range(LARGE_VERSIONS):
        version = Distribution(large, f"1.{number}.0", size_bytes=100, requires=("parcels-small>=1",))
        uploads += [(version, False), (version, True)]
    uploads += [(Distribution(name, "1.0", size_bytes=size), False) for name, size in WHEEL_BYTES.items()]
    local = threading.local()
    packages = contenders.pypiserver.packages
    packages.mkdir()

    def upload(what: tuple[Distribution, bool]) -> None:
        distribution, is_source = what
        index: Index | None = getattr(local, "index", None)
        if index is None:
            index = local.index = Index(contenders.repository.pypi_url, contenders.repository.token)
        answer = index.upload(distribution, sdist=is_source)
        if answer.status != 200:
            raise RuntimeError(f"{distribution.name} {distribution.version}: {answer.status} {answer.body[:300]!r}")
        name = distribution.sdist_name if is_source else distribution.wheel_name
        (packages / name).write_bytes(distribution.sdist() if is_source else distribution.wheel())

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        list(pool.map(upload, uploads))
    for name in (*PAGES, *WHEEL_BYTES):
        _copy_to_nginx(contenders, name)


def _copy_to_nginx(contenders: Contenders, name: str) -> None:
    """The pages of a project, plain and compressed, and its files where the links of the pages say."""
    page = contenders.pages(name)[RELIQUARY]
    place, mirrored = (contenders.nginx.root / folder / name for folder in ("simple", MIRRORED))
    place.mkdir(parents=True)
    mirrored.mkdir(parents=True)
    own = contenders.repository.pypi_url.encode()
    for extension, accept in (("html", HTML), ("json", JSON)):
        headers = contenders.authorization | {"Accept": accept}
        answer = checked(Target(page, headers | {"Accept-Encoding": "identity"}))
        zipped = checked(Target(page, headers | {"Accept-Encoding": "gzip"}))
        if gzip.decompress(zipped.body) != answer.body:
            raise RuntimeError(f"{page}: the compressed answer is another page")
        (place / f"index.{extension}").write_bytes(answer.body)
        (place / f"index.{extension}.gz").write_bytes(zipped.body)
        (mirrored / f"index.{extension}").write_bytes(answer.body.replace(own, contenders.nginx.url.encode()))
        links = _LINK.findall(answer.body) if extension == "html" else []
        for link in links:
            path = urlsplit(urljoin(page, link.decode())).path
            file = contenders.nginx.root / path.removeprefix(urlsplit(contenders.repository.pypi_url).path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes((contenders.pypiserver.packages / file.name).read_bytes())


def _page_rows(contenders: Contenders, pace: Pace) -> list[Row]:
    found = []
    for name, what in PAGES.items():
        for form_name, accept in FORMS.items():
            for variant in ("plain", "gzip", "304"):
                addresses = contenders.pages(name)
                if variant != "plain":
                    # Peers neither compress nor revalidate all forms: those rows are about the floor alone.
                    addresses = {who: addresses[who] for who in (RELIQUARY, NGINX)}
                targets = {who: _page_target(contenders, who, url, accept, variant) for who, url in addresses.items()}
                reply = checked(targets[RELIQUARY])
                if variant != "304":
                    assert_same_bytes({who: targets[who] for who in (RELIQUARY, NGINX)})
                    size = f" ({len(reply.body) / 1000:,.0f} KB)"
                else:
                    size = ""
                row = Row("Python", f"{what}{size}, {form_name}, {variant}", "requests/s")
                measure(pace, row, targets, CONNECTIONS)
                row.judge_ratio(RELIQUARY, NGINX, at_least=1)
                found.append(row)
    return found


def _page_target(contenders: Contenders, who: str, url: str, accept: str, variant: str) -> Target:
    headers = {"Accept": accept, "Accept-Encoding": "gzip" if variant == "gzip" else "identity"}
    if who == RELIQUARY:
        headers |= contenders.authorization
    target = Target(url, headers)
    return unchanged(target) if variant == "304" else target


def _wheel_rows(contenders: Contenders, pace: Pace) -> list[Row]:
    found = []
    for name, size_bytes in WHEEL_BYTES.items():
        targets = {}
        pages = contenders.pages(name) | {NGINX: f"{contenders.nginx.url}{MIRRORED}/{name}/"}
        for who, page in pages.items():
            headers = contenders.authorization if who == RELIQUARY else {}
            listing = checked(Target(page, headers | {"Accept": HTML}))
            link = next(one for one in _LINK.findall(listing.body) if b".whl" in one)
            targets[who] = Target(urljoin(page, link.decode()), headers)
            body = checked(targets[who]).body
            if hashlib.sha256(body).digest() != hashlib.sha256(Distribution(name, "1.0", size_bytes).wheel()).digest():
                raise RuntimeError(f"{targets[who].url} is another file")
        row = Row("Python", f"wheel of {size_bytes / 1e6:g} MB", "MB/s")
        measure(pace, row, targets, CONNECTIONS, by_bytes=True)
        row.judge_ratio(RELIQUARY, NGINX, at_least=1)
        found.append(row)
    return found


def _upload_row(contenders: Contenders, pace: Pace) -> Row:
    """New projects of one wheel, by as many clients as a build farm has. Only Reliquary's uploads are durable."""
    row = Row("Python", f"uploads of 10 KB, {UPLOADERS} clients", "uploads/s")
    targets = (
        (RELIQUARY, contenders.repository.pypi_url, contenders.authorization),
        (DEVPI, f"{contenders.devpi.url}root/dev/", contenders.devpi.authorization),
        (PYPISERVER, contenders.pypiserver.url, {}),
    )
    loads = []
    for _ in range(pace.rounds):
        for who, url, authorization in targets:
            count = int(PREPARED_PER_SECOND[who] * pace.seconds)
            requests = [[_upload_request(url, authorization)] for _ in range(count)]
            rate = publish_rate(url, requests, UPLOADERS, pace.seconds)
            row.add(who, rate.per_second)
            loads.append(rate.generator_load)
    row.note = f"generator at most {max(loads):.0%} of a core"
    row.judge_best_peer(at_least=3)
    progress(row)
    return row


def _upload_request(url: str, authorization: dict[str, str]) -> bytes:
    distribution = Distribution(f"rate-{next(_numbers)}", "1.0", size_bytes=UPLOAD_BYTES)
    content = distribution.wheel()
    fields = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.1",
        "name": distribution.name,
        "version": distribution.version,
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
    }
    body, content_type = form(fields, distribution.wheel_name, content)
    parts = urlsplit(url)
    headers = {
        "Host": parts.netloc,
        "Content-Type": content_type,
        "Content-Length": str(len(body)),
        "Connection": "keep-alive",
        **authorization,
    }
    lines = [f"POST {parts.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body
