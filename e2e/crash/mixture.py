"""What happens when a process is killed: several clients that publish npm, Python and generic packages, and install
public ones through it, each with bytes that nobody else has.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import random
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from urllib.parse import urlsplit

from harness.account import Repository
from harness.fake_npm import FakeNpm
from harness.npm_wire import ABBREVIATED, Answer, Registry, encoded
from harness.packages import Package
from harness.pypi_wire import JSON, Index
from harness.python_packages import Distribution

# Below and above what stays in memory until it is whole.
SIZES_BYTES = (300, 4_000, 40_000, 90_000, 250_000)


class Item(ABC):
    """One version of one package, and how it is written and read."""

    kind: str

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.sha256 = hashlib.sha256(content).hexdigest()
        self.is_acknowledged = False

    def __repr__(self) -> str:
        return f"{self.kind} {self.name}"

    @abstractmethod
    def write(self, app: Wire) -> Answer:
        """Ask the server to keep it."""

    @abstractmethod
    def read(self, app: Wire) -> Answer:
        """Ask for its bytes."""

    def is_listed(self, app: Wire) -> bool:
        """Whether it is in the list that clients resolve from."""
        return self.read(app).status == 200


class Wire:
    """The connections of one thread to one repository."""

    def __init__(self, app: Repository) -> None:
        self.npm = Registry(app.npm_url, app.token)
        self.pypi = Index(app.pypi_url, app.token)
        parts = urlsplit(app.generic_url)
        self._generic = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
        self._generic_prefix = parts.path
        self._authorization = "Basic " + base64.b64encode(f"aws:{app.token}".encode()).decode()

    def generic(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """A request to the generic endpoint."""
        headers = {"Authorization": self._authorization}
        self._generic.request(method, self._generic_prefix + path, body=body, headers=headers)
        answer = self._generic.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def close(self) -> None:
        """Give the connections back."""
        self.npm.close()
        self.pypi.close()
        self._generic.close()


class Npm(Item):
    kind = "npm"

    def __init__(self, package: Package) -> None:
        self.package = package
        super().__init__(f"{package.name}@{package.version}", package.tarball())

    def write(self, app: Wire) -> Answer:
        return app.npm.publish(self.package)

    def read(self, app: Wire) -> Answer:
        return app.npm.tarball(self.package.name, self.package.version)

    def is_listed(self, app: Wire) -> bool:
        answer = app.npm.get(encoded(self.package.name), accept=ABBREVIATED)
        return answer.status == 200 and self.package.version in answer.json()["versions"]


class Pulled(Npm):
    """A public package: it is there once somebody has installed it."""

    kind = "pull"

    def write(self, app: Wire) -> Answer:
        return self.read(app)


class Wheel(Item):
    kind = "pypi"

    def __init__(self, distribution: Distribution) -> None:
        self.distribution = distribution
        super().__init__(distribution.wheel_name, distribution.wheel())

    def write(self, app: Wire) -> Answer:
        return app.pypi.upload(self.distribution)

    def _address(self, app: Wire) -> str | None:
        page = app.pypi.get(f"simple/{self.distribution.normalized}/", accept=JSON)
        files = page.json()["files"] if page.status == 200 else []
        return next((file["url"] for file in files if file["filename"] == self.name), None)

    def read(self, app: Wire) -> Answer:
        address = self._address(app)
        return Answer(404, {}, b"") if address is None else app.pypi.get(address)


class File(Item):
    kind = "generic"

    def __init__(self, path: str, content: bytes) -> None:
        self._content = content
        super().__init__(path, content)

    def write(self, app: Wire) -> Answer:
        return app.generic("PUT", self.name, self._content)

    def read(self, app: Wire) -> Answer:
        return app.generic("GET", self.name)


class Mixture:
    """Clients at work, from the beginning of a round until the server is gone."""

    def __init__(self, app: Repository, public: FakeNpm, mark: str, seed: int) -> None:
        self._app, self._public, self._mark = app, public, mark
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._reached = threading.Condition(self._lock)
        self._stopped = threading.Event()
        self.items: list[Item] = []
        self.failures: list[BaseException] = []
        self.acknowledged = 0
        makers = [self._npm, self._npm, self._npm, self._file, self._file, self._wheel, self._pulled, self._pulled]
        self._threads = [threading.Thread(target=self._run, args=(make,)) for make in makers]

    def start(self) -> None:
        """Let the clients begin."""
        for thread in self._threads:
            thread.start()

    def wait_for(self, count: int) -> None:
        """Wait until so many writes were acknowledged, or a client has met what it should not have."""
        with self._reached:
            reached = self._reached.wait_for(lambda: self.acknowledged >= count or self.failures, timeout=60)
        assert reached, f"only {self.acknowledged} of {count} writes were acknowledged within a minute"

    def join(self) -> None:
        """Wait for the clients, whose server is gone."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        assert not self.failures, self.failures

    def _run(self, make: Callable[[int, int], Item]) -> None:
        wire = Wire(self._app)
        try:
            while not self._stopped.is_set():
                with self._lock:
                    number, size = len(self.items), self._chance.choice(SIZES_BYTES)
                    item = make(number, size)
                    self.items.append(item)
                answer = item.write(wire)
                assert answer.status in (200, 201), f"{item}: {answer}"
                if item.kind == "pull":
                    assert hashlib.sha256(answer.body).hexdigest() == item.sha256, f"{item}: other bytes"
                with self._reached:
                    item.is_acknowledged = True
                    self.acknowledged += 1
                    self._reached.notify_all()
        except (OSError, HTTPException):
            return
        except BaseException as failure:
            with self._reached:
                self.failures.append(failure)
                self._reached.notify_all()
        finally:
            wire.close()

    def _npm(self, number: int, size: int) -> Item:
        return Npm(Package(f"parcel-{self._mark}-{number % 4}", f"1.{number}.0", size_bytes=size))

    def _file(self, number: int, size: int) -> Item:
        content = random.Random(f"{self._mark} {number}").randbytes(size)
        return File(f"tools/box-{self._mark}-{number % 3}/1.{number}.0/box.bin", content)

    def _wheel(self, number: int, size: int) -> Item:
        return Wheel(Distribution(f"parcel-{self._mark}-{number % 3}", f"1.{number}", size_bytes=size))

    def _pulled(self, number: int, size: int) -> Item:
        package = Package(f"public-{self._mark}-{number}", "1.0.0", size_bytes=size)
        self._public.publish(package)
        return Pulled(package)


def judge(items: list[Item], app: Repository, public: FakeNpm) -> Counter[str]:
    """Every write that was acknowledged is there, byte by byte and without asking the public source again; every other
    one is there whole, or not at all, and lists and bytes tell the same.
    """
    counts: Counter[str] = Counter()
    wire = Wire(app)
    try:
        for item in items:
            is_held = item.is_acknowledged and isinstance(item, Pulled)
            asked = public.tarballs_asked(item.package.name) if isinstance(item, Pulled) else 0
            is_listed = item.is_listed(wire)
            answer = item.read(wire)
            assert answer.status in (200, 404), f"{item}: {answer}"
            if answer.status == 200:
                assert hashlib.sha256(answer.body).hexdigest() == item.sha256, f"{item} has other bytes"
            assert is_listed == (answer.status == 200), f"{item}: listed {is_listed}, read {answer.status}"
            if item.is_acknowledged:
                assert answer.status == 200, f"{item} was acknowledged and is lost"
            if is_held:
                assert isinstance(item, Pulled)
                assert public.tarballs_asked(item.package.name) == asked, f"{item} was served and not kept"
            counts["acknowledged" if item.is_acknowledged else "whole" if answer.status == 200 else "absent"] += 1
            counts[item.kind] += 1
    finally:
        wire.close()
    return counts
