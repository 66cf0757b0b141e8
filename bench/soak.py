"""A mixed load for half an hour, and what the server takes meanwhile: memory, descriptors, threads and latencies should
be flat. Reliquary alone, no peers.

    soak.py --seconds 1800               at 80 % of what this machine can do, which is measured first
    soak.py --seconds 1800 --rate 900    at a given number of requests per second
    soak.py --output soak.md             also write the table

The program is $RELIQUARY_BIN. The clients are processes of their own and send at fixed times whether or not the answers
keep up, so that a server that stalls is seen in the latencies of all that had to wait.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import queue
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import account, knobs  # noqa: E402
from harness.account import Repository  # noqa: E402
from harness.fake_npm import FakeNpm  # noqa: E402
from harness.memory import read_memory  # noqa: E402
from harness.npm_wire import ABBREVIATED, Registry  # noqa: E402
from harness.packages import Package  # noqa: E402
from harness.pypi_wire import JSON, Index  # noqa: E402
from harness.python_packages import Distribution  # noqa: E402
from harness.server import Server  # noqa: E402

import machine  # noqa: E402

CLIENTS = 4
# What is there to be read from the beginning, of each format.
PACKAGES = 40
# Of a hundred requests. Reading is most of what a registry does.
MIXTURE = {"tarball": 45, "packument": 20, "wheel": 15, "page": 10, "list": 4, "publish": 4, "cold pull": 2}
# Before the rate is measured: caches are filled, threads started.
WARM_UP_S = 5.0
MB = 1024 * 1024


@dataclass(frozen=True)
class Place:
    """What a client needs to know."""

    npm_url: str
    pypi_url: str
    server_url: str
    token: str
    key: knobs.AccessKey
    ids: dict[str, str]


@dataclass(frozen=True)
class Sample:
    """The server at one moment, and its answers since the one before."""

    at_s: float
    rss_mb: float
    anonymous_mb: float
    descriptors: int
    threads: int
    requests_per_s: float
    errors: int
    p50_ms: float
    p99_ms: float
    worst_ms: float


COLUMNS = {
    "s": "at_s",
    "VmRSS MB": "rss_mb",
    "anonymous MB": "anonymous_mb",
    "descriptors": "descriptors",
    "threads": "threads",
    "requests/s": "requests_per_s",
    "errors": "errors",
    "p50 ms": "p50_ms",
    "p99 ms": "p99_ms",
    "worst ms": "worst_ms",
}
SLOPED = ("rss_mb", "anonymous_mb", "descriptors", "threads", "p50_ms", "p99_ms")


class Client:
    """One client: each request by chance."""

    def __init__(self, place: Place, number: int) -> None:
        self._chance = random.Random(number)
        self._number = number
        self._made = 0
        self._place = place
        self._npm = Registry(place.npm_url, place.token)
        self._pypi = Index(place.pypi_url, place.token)
        self._api = account.url_client(place.server_url, place.key)
        self._kinds, self._weights = list(MIXTURE), list(MIXTURE.values())
        self._wheels: dict[int, str] = {}

    def _wheel(self, number: int) -> str:
        """The address of a wheel, which a client reads from its page once."""
        if number not in self._wheels:
            (file,) = self._pypi.files(f"parcel-{number}").values()
            self._wheels[number] = file["url"]
        return self._wheels[number]

    def ask(self) -> bool:
        """One request; whether it was answered as it should be."""
        number = self._chance.randrange(PACKAGES)
        match self._chance.choices(self._kinds, self._weights)[0]:
            case "tarball":
                return self._npm.tarball(f"parcel-{number}", "1.0.0").status == 200
            case "packument":
                return self._npm.get(f"parcel-{number}", accept=ABBREVIATED).status == 200
            case "wheel":
                return self._pypi.get(self._wheel(number)).status == 200
            case "page":
                return self._pypi.get(f"simple/parcel-{number}/", accept=JSON).status == 200
            case "list":
                self._api.list_package_versions(**self._place.ids, format="npm", package=f"parcel-{number}")
                return True
            case "publish":
                self._made += 1
                package = Package(f"made-{self._number}-{self._made % 50}", f"1.{self._made}.0", size_bytes=5_000)
                return self._npm.publish(package).status in (200, 201)
            case _:
                self._made += 1
                name = f"public-{self._number}-{self._made}"
                return self._npm.tarball(name, "1.0.0").status == 200


def run_client(place: Place, number: int, rate: Any, told: Any, stopped: Event) -> None:
    """Send at the rate that is set, without waiting for anything if there is none; tell latencies once in a while."""
    client = Client(place, number)
    latencies: list[float] = []
    errors = 0
    due = last_told = time.perf_counter()
    while not stopped.is_set():
        per_s = rate.value / CLIENTS
        now = time.perf_counter()
        if per_s > 0:
            due += 1 / per_s
            if due > now:
                time.sleep(due - now)
        else:
            due = now
        try:
            is_right = client.ask()
        except Exception as failure:
            print(f"client {number}: {failure!r}", file=sys.stderr, flush=True)
            is_right = False
            client = Client(place, number + 1_000_000)
        errors += not is_right
        ended = time.perf_counter()
        latencies.append((ended - due) * 1000)
        if ended - last_told > 0.5:
            told.put((number, latencies, errors))
            latencies, errors, last_told = [], 0, ended


class AnyPublic(FakeNpm):
    """A public registry that has every package whose name begins with `public-`."""

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        name = path.removeprefix("/").partition("/")[0]
        if not name.startswith("public-"):
            return super().answer(path, headers)
        self.publish(Package(name, "1.0.0", size_bytes=5_000))
        answer = super().answer(path, headers)
        # It must not grow itself: what it is asked for once is not asked for again.
        if "/-/" in path:
            with self._content:
                self._entries.pop(name, None)
            self.forget()
        return answer


class Load:
    """The clients."""

    def __init__(self, place: Place) -> None:
        # Not forked: threads of this process must not be torn in two.
        context = multiprocessing.get_context("spawn")
        self.rate = context.Value("d", 0.0)
        self._told = context.Queue()
        self._stopped = context.Event()
        arguments = (self.rate, self._told, self._stopped)
        self._clients = [
            context.Process(target=run_client, args=(place, number, *arguments), daemon=True)
            for number in range(CLIENTS)
        ]
        for client in self._clients:
            client.start()

    def wait_until_all_ask(self) -> None:
        """Starting takes them a while."""
        silent = set(range(CLIENTS))
        while silent:
            number, _latencies, _errors = self._told.get(timeout=60)
            silent.discard(number)

    def gather(self, seconds: float) -> tuple[list[float], int]:
        """The latencies and the number of errors of some seconds."""
        until = time.monotonic() + seconds
        latencies: list[float] = []
        errors = 0
        while (left := until - time.monotonic()) > 0:
            try:
                _number, more, wrong = self._told.get(timeout=left)
            except queue.Empty:
                break
            latencies += more
            errors += wrong
        return latencies, errors

    def stop(self) -> None:
        """End the clients."""
        self._stopped.set()
        deadline = time.monotonic() + 10
        while any(client.is_alive() for client in self._clients) and time.monotonic() < deadline:
            # A process does not end before what it has told is taken.
            self.gather(0.1)
        for client in self._clients:
            client.kill()
            client.join()


def sample(server: Server, began: float, seconds: float, load: Load) -> Sample:
    """What some seconds were like."""
    since = time.monotonic()
    latencies, errors = load.gather(seconds)
    took_s = time.monotonic() - since
    memory = read_memory(server.pid)
    process = Path(f"/proc/{server.pid}")
    centiles = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [float("nan")] * 99
    return Sample(
        at_s=time.monotonic() - began,
        rss_mb=memory.rss_bytes / MB,
        anonymous_mb=memory.anon_bytes / MB,
        descriptors=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
        requests_per_s=len(latencies) / took_s,
        errors=errors,
        p50_ms=centiles[49],
        p99_ms=centiles[98],
        worst_ms=max(latencies, default=float("nan")),
    )


def slope_per_hour(samples: list[Sample], column: str) -> float:
    """By how much a column grows in an hour: the line that fits best through all but the first fifth."""
    settled = samples[len(samples) // 5 :]
    times = [one.at_s / 3600 for one in settled]
    return statistics.linear_regression(times, [getattr(one, column) for one in settled]).slope


def report(samples: list[Sample], facts: list[str]) -> Iterator[str]:
    """The table, and the slopes under it."""
    yield from (f"- {fact}" for fact in facts)
    yield ""
    yield "| " + " | ".join(COLUMNS) + " |"
    yield "|" + " ---: |" * len(COLUMNS)
    for one in samples:
        values = [getattr(one, column) for column in COLUMNS.values()]
        texts = [f"{value:.1f}" if isinstance(value, float) else str(value) for value in values]
        yield "| " + " | ".join(texts) + " |"
    yield ""
    yield "| slope, after the first fifth | per hour | from | to |"
    yield "| --- | ---: | ---: | ---: |"
    for column in SLOPED:
        name = next(name for name, member in COLUMNS.items() if member == column)
        settled = [getattr(one, column) for one in samples[len(samples) // 5 :]]
        slope = slope_per_hour(samples, column)
        yield f"| {name} | {slope:+.1f} | {settled[0]:.1f} | {settled[-1]:.1f} |"
    yield ""
    yield f"{sum(one.errors for one in samples)} errors"


def prepare(server: Server) -> Place:
    """A repository with packages, and the public source behind it."""
    aws = account.profile_client(server)
    store, app = account.create_store_and_app(server, aws, account.create_domain(aws))
    npm, pypi = app.registry(), Index(app.pypi_url, app.token)
    for number in range(PACKAGES):
        package = Package(f"parcel-{number}", "1.0.0", size_bytes=20_000 + 1000 * number)
        assert npm.publish(package).status in (200, 201)
        assert pypi.upload(Distribution(f"parcel-{number}", "1.0", size_bytes=30_000)).status == 200
    pypi.close()
    for one in (store, app):
        one.close()
    return place_of(app)


def place_of(app: Repository) -> Place:
    """What clients need to know of a repository."""
    key = knobs.read_profile_key(app.server.data_dir)
    return Place(app.npm_url, app.pypi_url, app.server.url, app.token, key, app.ids)


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1800, help="how long the load lasts")
    parser.add_argument("--every", type=float, default=10, help="seconds between two samples")
    parser.add_argument("--share", type=float, default=0.8, help="which share of the capacity is used")
    parser.add_argument("--rate", type=float, help="requests per second, instead of a share of the measured capacity")
    parser.add_argument("--calibration", type=float, default=20, help="seconds for which the capacity is measured")
    parser.add_argument("--output", type=Path, help="a file for the table")
    return parser.parse_args()


def soak(server: Server, place: Place, chosen: argparse.Namespace) -> tuple[list[Sample], str]:
    """The samples, and a line about the rate."""
    load = Load(place)
    try:
        load.wait_until_all_ask()
        load.gather(min(WARM_UP_S, chosen.calibration))
        about = f"{chosen.rate:.0f} requests per second, as was asked for" if chosen.rate else ""
        rate = chosen.rate
        if rate is None:
            latencies, _errors = load.gather(chosen.calibration)
            capacity = len(latencies) / chosen.calibration
            rate = capacity * chosen.share
            about = f"{rate:.0f} requests per second, {chosen.share:.0%} of {capacity:.0f} with {CLIENTS} busy clients"
        load.rate.value = rate
        print(about, flush=True)
        load.gather(1)
        samples: list[Sample] = []
        began = time.monotonic()
        while time.monotonic() - began < chosen.seconds:
            samples.append(sample(server, began, chosen.every, load))
            one = samples[-1]
            print(
                f"{one.at_s:6.0f} s  {one.rss_mb:6.1f} MB  {one.descriptors} descriptors  {one.threads} threads  "
                f"{one.requests_per_s:.0f}/s  p50 {one.p50_ms:.1f} ms  p99 {one.p99_ms:.1f} ms  {one.errors} errors",
                flush=True,
            )
        return samples, about
    finally:
        load.stop()


def main() -> None:
    """Run and report."""
    chosen = options()
    binary = os.environ.get("RELIQUARY_BIN")
    if binary is None:
        sys.exit("soak: set RELIQUARY_BIN to the program, e.g. target/release/reliquary")
    public = AnyPublic()
    with tempfile.TemporaryDirectory(prefix="reliquary-soak-") as folder:
        server = Server(Path(binary).resolve(), Path(folder), npm_source=public.url, settings=knobs.MEASURED_SETTINGS)
        try:
            server.start()
            samples, about = soak(server, prepare(server), chosen)
            facts = [*machine.facts(server.binary, Path(folder)), about]
        finally:
            server.stop()
            public.stop()
    lines = "\n".join(report(samples, facts)) + "\n"
    print(lines)
    if chosen.output is not None:
        chosen.output.write_text(lines)


if __name__ == "__main__":
    main()
