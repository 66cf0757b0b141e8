"""Rows about growth of the domain: what a request costs with a million versions around, over the cost with a thousand.

Two servers run side by side over generated data folders that differ in the size of their domain only, and are asked in
turn: a few requests here, a few there. Requests are made and signed before the clock runs. A row has two figures: the time
until the answer is read, which the client shares in, and the processor time that the server took for it.
"""

from __future__ import annotations

import hashlib
import http.client
import itertools
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from harness import account, knobs
from harness.npm_wire import ABBREVIATED, encoded
from harness.packages import Package
from harness.server import Server

from generated_database import DOMAIN, VERSIONS_PER_PACKAGE, Made, Size, prepare
from table import Row

SMALL_SIZE = Size("small", repositories=1, packages=100)
LARGE_SIZE = Size("large", repositories=1000, packages=100_000)
SMALL, LARGE = "small", "large"
LIMIT = 1.5
# Requests of one turn, and turns of each case in one round.
IN_A_TURN = 5
TURNS_PER_ROUND = 10
# What is asked only once of each package must not run out of packages in the small domain.
COLD_TURNS = 15
PAGE = 20
# Sorts behind all others, so that no row finds these names before what it looks for.
NEW = "zz-new"
_numbers = itertools.count(1)


class Unknown(Exception):
    """The server does not know the operation."""


@dataclass(frozen=True)
class Request:
    """A request that is ready to be sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes | None = None


@dataclass
class Side:
    """One of the two servers, with what its requests are made of."""

    size: Size
    server: Server
    aws: Any = None
    npm_path: str = ""
    token: str = ""
    random: random.Random = field(default_factory=lambda: random.Random(7))
    _connection: http.client.HTTPConnection | None = None
    _cold: list[Made] = field(default_factory=list)
    _prepared: AWSPreparedRequest | None = None

    def start(self) -> None:
        """Start over the generated folder; every repository is asked for once, as in a server that has run a while."""
        self.server.start()
        self.aws = account.profile_client(self.server)
        repository = account.Repository(self.server, self.aws, DOMAIN, self.home)
        self.npm_path, self.token = urlsplit(repository.npm_url).path, repository.token
        self._connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        self.aws.meta.events.register("before-send.codeartifact", self._catch)
        self._cold = [*filter(self.is_npm_at_home, map(self.size.package, range(self.size.packages)))]
        self.random.shuffle(self._cold)
        for number in range(self.size.repositories):
            self.send(self.signed("list_packages", repository=self.size.repository(number), maxResults=1))

    def is_npm_at_home(self, package: Made) -> bool:
        """Whether it is npm's and in the largest repository."""
        return package.format == "npm" and package.repository == self.home

    @property
    def home(self) -> str:
        """The repository with half of the packages."""
        return self.size.repository(0)

    def any_package(self, wanted: Callable[[Made], bool] = lambda _: True) -> Made:
        """Some package of the domain."""
        while True:
            package = self.size.package(self.random.randrange(self.size.packages))
            if wanted(package):
                return package

    def home_package(self, package_format: str = "npm") -> Made:
        """Some package of the largest repository."""
        return self.any_package(lambda p: p.repository == self.home and p.format == package_format)

    def cold_package(self) -> Made:
        """A package of the largest repository that was not asked for before."""
        return self._cold.pop()

    def _catch(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        """Keep a request that the SDK has made and signed, and answer in the place of the server."""
        self._prepared = request
        return AWSResponse(request.url, 200, {}, _Empty())

    def signed(self, operation: str, **parameters: Any) -> Request:
        """A request of the API as the SDK makes it."""
        call = getattr(self.aws, operation, None)
        if call is None:
            raise Unknown(f"the installed SDK lacks {operation}")
        call(domain=DOMAIN, **parameters) if operation not in ("list_repositories", "list_tags_for_resource") else call(
            **parameters
        )
        sent = self._prepared
        if sent is None:
            raise RuntimeError(f"{operation} was not sent")
        parts = urlsplit(sent.url)
        headers = {k: v.decode() if isinstance(v, bytes) else v for k, v in sent.headers.items()}
        body = sent.body if isinstance(sent.body, bytes | None) else sent.body.encode()
        return Request(sent.method, parts.path + (f"?{parts.query}" if parts.query else ""), headers, body)

    def npm(self, path: str, *, method: str = "GET", accept: str = ABBREVIATED, body: bytes | None = None) -> Request:
        """A request of npm to the largest repository."""
        headers = {"Authorization": f"Bearer {self.token}", "Accept": accept, "Content-Type": "application/json"}
        return Request(method, self.npm_path + path, headers, body)

    def npm_publish(self, name: str, version: str) -> Request:
        """A publish of 1 KB."""
        package = Package(name, version, size_bytes=1000)
        document = package.publish_document(f"{self.server.url}{self.npm_path}")
        return self.npm(encoded(name), method="PUT", accept="application/json", body=json.dumps(document).encode())

    def generic_publish(self, package: str, version: str) -> Request:
        """A publish of a few bytes through the API."""
        content = f"{package} {version}".encode()
        return self.signed(
            "publish_package_version",
            repository=self.home,
            format="generic",
            namespace="bench",
            package=package,
            packageVersion=version,
            assetName="asset.bin",
            assetContent=content,
            assetSHA256=hashlib.sha256(content).hexdigest(),
        )

    def send(self, request: Request) -> bytes:
        """Send and read the answer, which must be a good one."""
        connection = self._connection
        if connection is None:
            raise RuntimeError("the server was not started")
        connection.request(request.method, request.path, body=request.body, headers=request.headers)
        answer = connection.getresponse()
        body = answer.read()
        if "UnknownOperation" in (answer.getheader("x-amzn-errortype") or ""):
            # The next request opens another one: the body of this one was not read.
            connection.close()
            raise Unknown(f"the server does not know {request.method} {urlsplit(request.path).path} yet")
        if answer.status not in (200, 201):
            raise RuntimeError(f"{request.method} {request.path}: {answer.status} {body[:300]!r}")
        if b'"failedVersions":{"' in body:
            raise RuntimeError(f"{request.method} {request.path}: {body[:300]!r}")
        return body

    def deep_token(self, operation: str, items: str, skip: int, **parameters: Any) -> str:
        """The token of the page that begins after so many items."""
        token: dict[str, str] = {}
        while skip > 0:
            count = min(skip, 1000)
            page = json.loads(self.send(self.signed(operation, maxResults=count, **parameters, **token)))
            if len(page[items]) != count or "nextToken" not in page:
                raise RuntimeError(f"{operation}: the list ended {skip} items too early")
            token = {"nextToken": page["nextToken"]}
            skip -= count
        return token["nextToken"]

    def processor_s(self) -> float:
        """The processor time of the server so far; the clock of another process has its number in it."""
        return time.clock_gettime(~self.server.pid << 3 | 2)

    def stop(self) -> None:
        """Hang up and stop."""
        if self._connection is not None:
            self._connection.close()
        self.server.stop()


class _Empty:
    """The body of an answer that nobody gave."""

    @staticmethod
    def stream(**_: Any) -> list[bytes]:
        return [b"{}"]

    @staticmethod
    def read(*_: Any) -> bytes:
        return b"{}"


Maker = Callable[[Side], Callable[[], Request]]


@dataclass(frozen=True)
class Case:
    """One row: how its requests are made. What a case asks for first is not measured."""

    what: str
    maker: Maker
    is_cold: bool = False
    # Without a bar, and why.
    excuse: str = ""


def _list(operation: str, **parameters: Any) -> Maker:
    """The same request again and again; parameters may depend on the side."""

    def maker(side: Side) -> Callable[[], Request]:
        given = {name: value(side) if callable(value) else value for name, value in parameters.items()}
        return lambda: side.signed(operation, **given)

    return maker


def _of_package(operation: str, home: str | None = None, **parameters: Any) -> Maker:
    """A request about some package: of the whole domain, or of one format in the largest repository."""

    def maker(side: Side) -> Callable[[], Request]:
        def request() -> Request:
            package = side.home_package(home) if home else side.any_package()
            return side.signed(operation, **package.ids, **parameters)

        return request

    return maker


def _home(side: Side) -> str:
    return side.home


def _last_prefix(side: Side) -> str:
    """The beginning of the names of eight packages at the end of the largest repository."""
    last = (side.size.packages - 1) // 40 * 40
    return side.size.package(last).name[:-1]


def _deep_packages(side: Side) -> str:
    count = sum(side.size.repository_of(number) == 0 for number in range(side.size.packages))
    return side.deep_token("list_packages", "packages", count - 2 * PAGE, repository=side.home)


def _deep_versions(side: Side) -> Callable[[], Request]:
    package = side.home_package()
    half = VERSIONS_PER_PACKAGE // 2
    token = side.deep_token("list_package_versions", "versions", half, **package.ids)
    return lambda: side.signed("list_package_versions", **package.ids, maxResults=half, nextToken=token)


def _last_repository(side: Side) -> str:
    return side.size.repository(side.size.repositories - 1)


def _any_repository(operation: str) -> Maker:
    def maker(side: Side) -> Callable[[], Request]:
        number = side.random.randrange
        return lambda: side.signed(operation, repository=side.size.repository(number(side.size.repositories)))

    return maker


def _tags(side: Side) -> Callable[[], Request]:
    described = json.loads(side.send(side.signed("describe_repository", repository=side.home)))
    arn = described["repository"]["arn"]
    return lambda: side.signed("list_tags_for_resource", resourceArn=arn)


def _packument(pick: Callable[[Side], Made]) -> Maker:
    return lambda side: lambda: side.npm(encoded(pick(side).npm_name))


def _warm_packument(side: Side) -> Callable[[], Request]:
    name = side.home_package().npm_name
    return lambda: side.npm(encoded(name))


def _publish_new(side: Side) -> Callable[[], Request]:
    return lambda: side.npm_publish(f"{NEW}-{next(_numbers)}", "1.0.0")


def _publish_next(side: Side) -> Callable[[], Request]:
    def request() -> Request:
        package = side.home_package()
        while side.size.is_blocked(package.number):
            package = side.home_package()
        return side.npm_publish(package.npm_name, f"2.0.{next(_numbers)}")

    return request


def _set_status(side: Side) -> Callable[[], Request]:
    """There and back, so that every request changes something."""
    package = side.home_package()
    turns = itertools.cycle(("Unlisted", "Published"))
    return lambda: side.signed(
        "update_package_versions_status", **package.ids, versions=["1.0.0"], targetStatus=next(turns)
    )


def _copy_version(side: Side) -> Callable[[], Request]:
    """One version after the other into a repository of its own, package by package, so that each copy is a new one."""
    target = f"copies-{next(_numbers)}"
    side.send(side.signed("create_repository", repository=target))
    packages = filter(side.is_npm_at_home, map(side.size.package, range(side.size.packages)))
    versions = ((package, f"1.{place}.0") for package in packages for place in range(VERSIONS_PER_PACKAGE))

    def request() -> Request:
        package, version = next(versions)
        return side.signed(
            "copy_package_versions",
            sourceRepository=side.home,
            destinationRepository=target,
            **{name: value for name, value in package.ids.items() if name != "repository"},
            versions=[version],
        )

    return request


def _search(text: str) -> Maker:
    return lambda side: lambda: side.npm(f"-/v1/search?text={text}&size={PAGE}", accept="application/json")


_PACKAGES = {"repository": _home, "maxResults": PAGE}
CASES = (
    Case("DescribeDomain", _list("describe_domain")),
    Case("ListRepositories, first page of 1", _list("list_repositories", maxResults=1)),
    Case("ListRepositories, prefix of the last", _list("list_repositories", repositoryPrefix=_last_repository)),
    Case("ListRepositoriesInDomain, first page of 1", _list("list_repositories_in_domain", maxResults=1)),
    Case(
        "ListRepositoriesInDomain, prefix of the last",
        _list("list_repositories_in_domain", repositoryPrefix=_last_repository),
    ),
    Case(
        "ListRepositoriesInDomain, of an administrator, page of 1",
        _list("list_repositories_in_domain", administratorAccount=knobs.DEFAULT_ACCOUNT, maxResults=1),
    ),
    Case("DescribeRepository", _any_repository("describe_repository")),
    Case("ListTagsForResource", _tags),
    Case("ListPackages, first page", _list("list_packages", **_PACKAGES)),
    Case("ListPackages, last full page", _list("list_packages", **_PACKAGES, nextToken=_deep_packages)),
    Case("ListPackages, the format that sorts last", _list("list_packages", **_PACKAGES, format="npm")),
    Case(
        "ListPackages, one namespace, page of 1",
        _list(
            "list_packages",
            repository=_home,
            maxResults=1,
            format="npm",
            namespace=lambda side: side.size.package(side.size.packages - 2).namespace,
        ),
    ),
    Case("ListPackages, prefix of few names", _list("list_packages", **_PACKAGES, packagePrefix=_last_prefix)),
    Case(
        "ListPackages, switched off for publishing, page of 1",
        _list("list_packages", repository=_home, maxResults=1, publish="BLOCK"),
    ),
    Case("DescribePackage", _of_package("describe_package")),
    Case("ListPackageVersions, by name", _of_package("list_package_versions")),
    Case("ListPackageVersions, by time", _of_package("list_package_versions", sortBy="PUBLISHED_TIME")),
    Case("ListPackageVersions, second half", _deep_versions),
    Case("ListPackageVersions, one status", _of_package("list_package_versions", status="Archived")),
    Case("DescribePackageVersion", _of_package("describe_package_version", packageVersion="1.0.0")),
    Case("ListPackageVersionAssets", _of_package("list_package_version_assets", packageVersion="1.0.0")),
    Case("ListPackageGroups", _list("list_package_groups")),
    Case("DescribePackageGroup", _list("describe_package_group", packageGroup="/*")),
    Case("GetAssociatedPackageGroup", lambda side: lambda: _associated(side)),
    Case("ListAssociatedPackages, first page", _list("list_associated_packages", packageGroup="/*", maxResults=PAGE)),
    Case("npm packument, first time", _packument(Side.cold_package), is_cold=True),
    Case("npm packument, again", _warm_packument),
    Case("npm publish of a new package", _publish_new),
    Case("npm publish of a new version", _publish_next),
    Case(
        "PublishPackageVersion, a new package",
        lambda side: lambda: side.generic_publish(f"{NEW}-{next(_numbers)}", "1.0.0"),
    ),
    Case(
        "PublishPackageVersion, a new version",
        lambda side: lambda: side.generic_publish("same", f"1.0.{next(_numbers)}"),
    ),
    Case("UpdatePackageVersionsStatus", _set_status),
    Case("CopyPackageVersions", _copy_version),
    Case("npm search that finds a page", _search("pack")),
    Case(
        "npm search that finds nothing",
        _search("nothing-of-the-kind"),
        excuse="names are looked at one by one, up to 20,000",
    ),
)


def _associated(side: Side) -> Request:
    ids = side.any_package().ids
    del ids["repository"]
    return side.signed("get_associated_package_group", **ids)


@dataclass
class ScaleRow:
    """A case with its samples: milliseconds until the answer, and milliseconds of the server's processors."""

    case: Case
    waiting: Row
    processor: Row
    _makers: dict[str, Callable[[], Request]]
    _turns: int = 0

    @classmethod
    def begin(cls, case: Case, sides: list[Side]) -> ScaleRow:
        """Ask each side once, for what must be made ready, and to see whether it knows the operation."""
        makers = {side.size.name: case.maker(side) for side in sides}
        for side in sides:
            side.send(makers[side.size.name]())
        return cls(case, Row("Scale", case.what, "ms"), Row("Scale", case.what, "ms"), makers)

    def take_turns(self, sides: list[Side], turns: int) -> None:
        """Ask both sides in turn."""
        for _ in range(turns):
            if self.case.is_cold and self._turns == COLD_TURNS:
                return
            # Who comes first changes: the second may find the machine warmed up by the first.
            for side in sides if self._turns % 2 == 0 else reversed(sides):
                self._take_turn(side)
            self._turns += 1

    def _take_turn(self, side: Side) -> None:
        requests = [self._makers[side.size.name]() for _ in range(IN_A_TURN)]
        before = side.processor_s()
        for request in requests:
            begin = time.perf_counter()
            side.send(request)
            self.waiting.add(side.size.name, (time.perf_counter() - begin) * 1000)
        self.processor.add(side.size.name, (side.processor_s() - before) * 1000 / IN_A_TURN)

    def judge(self) -> None:
        """Set the bar, if the case has one."""
        if not self.case.excuse:
            self.waiting.judge_ratio(LARGE, SMALL, at_most=LIMIT)

    @property
    def is_met(self) -> bool:
        """Whether the bar, if it has one, is met."""
        return self.waiting.bar is None or self.waiting.bar.met


def rows(binary: Path, folder: Path, cache: Path, rounds: int, say: Callable[[str], None]) -> list[ScaleRow]:
    """Every case that the server knows."""
    sides = []
    for size in (SMALL_SIZE, LARGE_SIZE):
        server = Server(
            binary,
            folder / size.name,
            npm_source="http://127.0.0.1:9/",
            quotas=knobs.ROOMY_QUOTAS,
            settings=knobs.MEASURED_SETTINGS,
        )
        prepare(server, size, cache, say)
        sides.append(Side(size, server))
    try:
        for side in sides:
            say(f"starting over the {side.size.name} domain")
            side.start()
        result = _begin_all(sides)
        # All cases in each round: a slow minute of the machine is then a part of every case's samples.
        for number in range(rounds):
            say(f"round {number + 1} of {rounds}")
            for row in result:
                row.take_turns(sides, TURNS_PER_ROUND)
        for side in sides:
            side.server.assert_no_panic()
    finally:
        for side in sides:
            side.stop()
    for row in result:
        row.judge()
    return result


def _begin_all(sides: list[Side]) -> list[ScaleRow]:
    result = []
    for case in CASES:
        try:
            result.append(ScaleRow.begin(case, sides))
        except Unknown as reason:
            print(f"  {case.what}: skipped, {reason}", flush=True)
    return result


def facts(result: list[ScaleRow]) -> list[str]:
    """What the figures came from, as lines for the report."""
    sizes = " and ".join(
        f"{size.repositories:,} {'repository' if size.repositories == 1 else 'repositories'}, {size.packages:,} packages, "
        f"{size.versions:,} versions"
        for size in (SMALL_SIZE, LARGE_SIZE)
    )
    with_bar = [row for row in result if row.waiting.bar]
    return [
        f"one domain each: {sizes}",
        f"{sum(row.is_met for row in with_bar)} of {len(with_bar)} bars met",
    ]


def markdown(result: list[ScaleRow]) -> str:
    """The table."""
    lines = [
        "| what | small, ms | large, ms | large to small | server's processors: small, ms | large, ms | large to small "
        "| bar | |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |",
    ]
    return "\n".join([*lines, *map(_line, result), ""])


def _line(row: ScaleRow) -> str:
    cells = [row.case.what + (f" ({row.case.excuse})" if row.case.excuse else "")]
    for figures in (row.waiting, row.processor):
        cells += [f"{figures.median(who) or 0:.2f}" for who in (SMALL, LARGE)]
        cells.append(f"{figures.ratio(LARGE, SMALL) or 0:.2f}")
    bar = row.waiting.bar
    cells += [f"≤ {LIMIT:g}", "met" if bar.met else "**missed**"] if bar else ["", ""]
    return "| " + " | ".join(cells) + " |"
