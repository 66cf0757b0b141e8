"""The packages that are measured, published into Reliquary over the npm protocol like any other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness.account import Repository
from harness.npm_wire import Registry
from harness.packages import Package

SMALL = "small"
LARGE = "large"
TEN_THOUSAND = "ten-thousand"
LARGE_VERSIONS = 1500
MANY_VERSIONS = 10_000
PUBLISHERS = 8

TARBALL_BYTES = {"tarball-10k": 10_000, "tarball-1m": 1_000_000, "tarball-50m": 50_000_000}

# A manifest as a framework has it: some forty dependencies.
MANIFEST = {
    "dependencies": {f"dependency-number-{n}": f"^{n}.{n % 7}.{n % 3}" for n in range(40)},
    "engines": {"node": ">=18"},
    "bin": {"large": "index.js"},
}


@dataclass(frozen=True)
class Document:
    """A packument to read, by name."""

    name: str
    what: str


DOCUMENTS = (
    Document(SMALL, "small packument"),
    Document(LARGE, "packument of several MB"),
    Document(TEN_THOUSAND, "packument of 10,000 versions"),
)


def publish_all(repository: Repository, packages: list[Package]) -> None:
    """Publish with several clients; the order of versions does not matter to a packument."""
    local = threading.local()

    def publish(package: Package) -> None:
        registry: Registry | None = getattr(local, "registry", None)
        if registry is None:
            registry = local.registry = Registry(repository.npm_url, repository.token)
        answer = registry.publish(package)
        if answer.status not in (200, 201):
            raise RuntimeError(f"{package.name}@{package.version}: {answer.status} {answer.body[:300]!r}")

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        list(pool.map(publish, packages))


def fill(repository: Repository) -> None:
    """Everything that the rows read."""
    packages = [Package(SMALL, f"1.0.{n}", size_bytes=2000) for n in range(3)]
    packages += [Package(LARGE, f"1.{n}.0", size_bytes=100, manifest=MANIFEST) for n in range(LARGE_VERSIONS)]
    packages += [Package(TEN_THOUSAND, f"1.{n}.0", size_bytes=100) for n in range(MANY_VERSIONS)]
    packages += [Package(name, "1.0.0", size_bytes=size) for name, size in TARBALL_BYTES.items()]
    publish_all(repository, packages)
