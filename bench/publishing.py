"""Rows about writing: the rate of durable publishes, and what one more version costs when there are many."""

from __future__ import annotations

import itertools
import json
import socket
import statistics
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from harness.packages import Package

from fixtures import MANY_VERSIONS, TEN_THOUSAND
from reading import Bench, progress
from table import RELIQUARY, VERDACCIO, Row

TARBALL_BYTES = 10_000
FEW_VERSIONS = 10
COST_SAMPLES = 30
# More than any contender here takes in one run; what is left over was only prepared.
PREPARED_PER_SECOND = {RELIQUARY: 4000, VERDACCIO: 400}
_numbers = itertools.count(1)


def prepared_request(url: str, package: Package, authorization: dict[str, str]) -> bytes:
    """A whole publish request as bytes, made before the clock runs: the generator must not be what is measured."""
    parts = urlsplit(url)
    body = json.dumps(package.publish_document(url)).encode()
    headers = {
        "Host": parts.netloc,
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "keep-alive",
        **authorization,
    }
    lines = [f"PUT {parts.path}{package.name} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Connection:
    """A kept connection that sends prepared bytes and reads just enough of the answer. Where the server closes it, as
    some peers do after each answer, the next request opens another.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname, parts.port)
        self._open()

    def _open(self) -> None:
        self._socket = socket.create_connection(self._address, timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self._is_closing = False

    def send(self, request: bytes) -> int:
        """Send and return the status."""
        if self._is_closing:
            self._socket.close()
            self._open()
        self._socket.sendall(request)
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        lowered = head.lower()
        self._is_closing = b"connection: close" in lowered
        if b"transfer-encoding: chunked" in lowered:
            while not self._buffer.endswith(b"0\r\n\r\n"):
                self._receive()
            self._buffer = b""
        else:
            length = 0
            for line in lowered.split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            while len(self._buffer) < length:
                self._receive()
            self._buffer = self._buffer[length:]
        return int(head[9:12])

    def _receive(self) -> None:
        received = self._socket.recv(65536)
        if not received:
            raise ConnectionError("the server closed the connection")
        self._buffer += received

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


@dataclass(frozen=True)
class Rate:
    """How many publishes were acknowledged, and how busy the generator itself was."""

    per_second: float
    generator_load: float


def publish_rate(url: str, publishes: list[list[bytes]], clients: int, seconds: float) -> Rate:
    """Publish with so many clients for so long; ends early if what was prepared runs out. A publish is one request, or
    several that follow each other.
    """
    queue = iter(publishes)
    lock = threading.Lock()
    acknowledged = [0] * clients
    failures: list[str] = []
    deadline = 0.0

    def client(number: int, connection: Connection) -> None:
        while time.perf_counter() < deadline:
            with lock:
                publish = next(queue, None)
            if publish is None:
                return
            try:
                refused = [status for status in map(connection.send, publish) if status not in (200, 201)]
            except OSError as error:
                refused = [error]
            if refused:
                failures.append(f"a publish was answered with {refused[0]}")
                return
            acknowledged[number] += 1

    connections = [Connection(url) for _ in range(clients)]
    threads = [threading.Thread(target=client, args=(n, one)) for n, one in enumerate(connections)]
    begin, begin_cpu = time.perf_counter(), time.process_time()
    deadline = begin + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    for connection in connections:
        connection.close()
    # Raised here: an error in a thread would only have made the rate smaller.
    if failures:
        raise RuntimeError(failures[0])
    return Rate(sum(acknowledged) / elapsed, cpu / elapsed)


def rate_rows(bench: Bench) -> list[Row]:
    """One client and eight, each publish a new package of 10 KB."""
    rows = []
    for clients in (1, 8):
        row = Row("Publishing", f"publishes of 10 KB, {clients} client{'s' if clients > 1 else ''}", "publishes/s")
        loads = []
        for _ in range(bench.rounds):
            for who, url, authorization in _publish_targets(bench):
                count = int(PREPARED_PER_SECOND[who] * bench.seconds * (1 if clients > 1 else 0.5))
                packages = [Package(f"rate-{next(_numbers)}", "1.0.0", size_bytes=TARBALL_BYTES) for _ in range(count)]
                requests = [[prepared_request(url, package, authorization)] for package in packages]
                rate = publish_rate(url, requests, clients, bench.seconds)
                row.add(who, rate.per_second)
                loads.append(rate.generator_load)
        row.note = f"generator at most {max(loads):.0%} of a core"
        if clients == 8:
            row.judge_ratio(RELIQUARY, VERDACCIO, at_least=5)
        progress(row)
        rows.append(row)
    return rows


def _publish_targets(bench: Bench) -> list[tuple[str, str, dict[str, str]]]:
    return [
        (RELIQUARY, bench.repository.npm_url, bench.authorization),
        (VERDACCIO, bench.verdaccio.url, {}),
    ]


def growth_rows(bench: Bench) -> list[Row]:
    """The price of the next version at 10 and at 10,000 versions, and of seeing it."""
    url, authorization = bench.repository.npm_url, bench.authorization
    registry = bench.repository.registry()
    connection = Connection(url)
    few, many, few_seen, many_seen = [], [], [], []
    for number in range(COST_SAMPLES):
        name = f"few-{next(_numbers)}"
        for version in range(FEW_VERSIONS):
            connection.send(prepared_request(url, Package(name, f"1.{version}.0", size_bytes=100), authorization))
        for package, times, seen in (
            (Package(name, "2.0.0", size_bytes=100), few, few_seen),
            (Package(TEN_THOUSAND, f"2.{number}.0", size_bytes=100), many, many_seen),
        ):
            request = prepared_request(url, package, authorization)
            begin = time.perf_counter()
            if connection.send(request) not in (200, 201):
                raise RuntimeError(f"{package.name}@{package.version} was refused")
            times.append((time.perf_counter() - begin) * 1000)
            begin = time.perf_counter()
            document = registry.get(package.name, headers={"Accept-Encoding": "gzip"})
            seen.append((time.perf_counter() - begin) * 1000)
            if document.status != 200:
                raise RuntimeError(f"{package.name}: {document.status}")
    connection.close()
    versions = len(registry.packument(TEN_THOUSAND)["versions"])
    listed = len(bench.repository.npm_versions(TEN_THOUSAND))
    if not versions == listed == MANY_VERSIONS + COST_SAMPLES:
        raise RuntimeError(f"{TEN_THOUSAND}: {versions} versions in the packument, {listed} in the API")
    rows = []
    for what, small, large, bar in (
        ("one more publish, 10,000 versions to 10", few, many, 4),
        ("the packument right after it, 10,000 to 10", few_seen, many_seen, None),
    ):
        row = Row("Growth", what, "times")
        row.add(RELIQUARY, statistics.median(large) / statistics.median(small))
        row.note = f"{statistics.median(small):.2f} ms and {statistics.median(large):.2f} ms"
        if bar is not None:
            row.judge_value(RELIQUARY, at_most=bar)
        progress(row)
        rows.append(row)
    return rows
