"""What one request costs, in processor time of the server and of PostgreSQL, in transactions and in bytes kept.

Unlike rates, these figures do not depend on how busy the machine is; docs/scaling.md reckons with them. Run it as

    RELIQUARY_BIN=target/release/reliquary e2e/.cache/venv/bin/python bench/costs.py
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))

from harness import account, knobs
from harness.account import Repository
from harness.npm_wire import ABBREVIATED, Registry, encoded
from harness.packages import Package
from harness.postgres import Postgres, find_programs
from harness.server import Server

CLIENTS = 8
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# PostgreSQL's processes report what they did at least this often.
REPORTING_S = 1.5
BYTES_OF_A_PACKAGE = 10_000


def processor_s(pid: int, *, with_children: bool = False) -> float:
    """What a process has used; with the children that have ended, as the kernel adds them up."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11 : 15 if with_children else 13]) / TICKS_PER_S


def family_s(root: int) -> float:
    """What a process and all its living and ended children have used."""
    used = processor_s(root, with_children=True)
    for task in Path("/proc").iterdir():
        if task.name.isdigit():
            try:
                parent = int((task / "stat").read_text().rpartition(")")[2].split()[1])
                used += processor_s(int(task.name)) if parent == root else 0.0
            except (OSError, IndexError, ValueError):
                continue
    return used


@dataclass
class Counted:
    """What had been used at one moment."""

    server_s: float
    database_s: float = 0.0
    transactions: int = 0
    log_bytes: int = 0
    kept_bytes: int = 0


class Installation:
    """One server with its database, and what both have used."""

    def __init__(self, name: str, server: Server, postgres: Postgres | None) -> None:
        self.name = name
        self.server = server
        self._postgres = postgres
        self.aws = account.profile_client(server)
        domain = account.create_domain(self.aws)
        self.aws.create_repository(domain=domain, repository="app")
        self.repository = Repository(server, self.aws, domain, "app")

    def count(self) -> Counted:
        """What has been used up to now."""
        database = self.server.data_dir / "reliquary.sqlite"
        if self._postgres is None:
            kept = sum(one.stat().st_size for one in database.parent.glob(f"{database.name}*"))
            return Counted(processor_s(self.server.pid), kept_bytes=kept)
        time.sleep(REPORTING_S)
        ((transactions, log, kept),) = self._postgres.sql(
            "SELECT xact_commit, pg_current_wal_lsn() - '0/0'::pg_lsn, pg_database_size(datname) "
            "FROM pg_stat_database WHERE datname = current_database()"
        )
        used = family_s(self._postgres.pid)
        return Counted(processor_s(self.server.pid), used, int(transactions), int(log), int(kept))

    def registry(self) -> Registry:
        """npm's endpoint, on a connection of its own."""
        return Registry(self.repository.npm_url, self.repository.token)


Step = Callable[[Registry, int], None]


def share_out(installation: Installation, numbers: Iterable[int], step: Step) -> None:
    """Take a step for each number, by several clients at once."""
    registries = [installation.registry() for _ in range(CLIENTS)]
    every = list(numbers)

    def run(client: int) -> None:
        for number in every[client::CLIENTS]:
            step(registries[client], number)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(run, range(CLIENTS)))
    for registry in registries:
        registry.close()


def parcel(number: int, version: str = "1.0.0") -> Package:
    """A package of ten kilobytes."""
    return Package(f"parcel-{number}", version, size_bytes=BYTES_OF_A_PACKAGE)


def publish_new(registry: Registry, number: int) -> None:
    """A new package with one version."""
    assert registry.publish(parcel(number)).status in (200, 201)


def publish_next(registry: Registry, number: int) -> None:
    """The next version of one of ten packages."""
    assert registry.publish(parcel(number % 10, f"2.{number}.0")).status in (200, 201)


def read_document(registry: Registry, number: int) -> None:
    """The document that npm reads before it installs."""
    assert registry.get(encoded(f"parcel-{20 + number % 50}"), accept=ABBREVIATED).status == 200


def read_tarball(registry: Registry, number: int) -> None:
    """A package file of ten kilobytes."""
    assert registry.tarball(f"parcel-{20 + number % 50}", "1.0.0").status == 200


def publish_and_read(registry: Registry, number: int) -> None:
    """A version, and the document that names it."""
    publish_next(registry, 100_000 + number)
    assert registry.get(encoded(f"parcel-{number % 10}"), accept=ABBREVIATED).status == 200


def row(installation: Installation, what: str, count: int, step: Step, first: int = 0) -> str:
    """Take `count` steps and say what one cost."""
    before = installation.count()
    share_out(installation, range(first, first + count), step)
    after = installation.count()

    def each(one: str) -> float:
        return (getattr(after, one) - getattr(before, one)) / count

    cells = [f"{each('server_s') * 1e6:.0f} µs", f"{each('database_s') * 1e6:.0f} µs", f"{each('transactions'):.2f}"]
    cells += [f"{each('log_bytes'):.0f}", f"{each('kept_bytes'):.0f}"]
    return f"| {installation.name} | {what} | " + " | ".join(cells) + " |"


def measure(installation: Installation, scale: float) -> None:
    """All rows of one installation."""
    publishes, reads = int(800 * scale), int(8000 * scale)
    print(row(installation, "publish a new npm package of 10 KB", publishes, publish_new), flush=True)
    print(row(installation, "publish the next version of it", publishes, publish_next), flush=True)
    print(row(installation, "publish the next version and read its document", publishes, publish_and_read), flush=True)
    share_out(installation, range(200), read_document)
    print(row(installation, "read a document that is ready", reads, read_document), flush=True)
    print(row(installation, "read a package file of 10 KB", reads, read_tarball), flush=True)

    def describe(_: Registry, number: int) -> None:
        ids = {**installation.repository.ids, "format": "npm", "package": f"parcel-{20 + number % 50}"}
        installation.aws.describe_package_version(**ids, packageVersion="1.0.0")

    print(row(installation, "DescribePackageVersion", int(800 * scale), describe), flush=True)


def main() -> None:
    """Measure on the embedded engine and on PostgreSQL."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="how many requests, as a share of the usual number")
    scale = parser.parse_args().scale
    binary = Path(os.environ["RELIQUARY_BIN"]).resolve()
    programs = find_programs()
    if programs is None:
        sys.exit("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    print("| storage | what | server | PostgreSQL | transactions | bytes of write-ahead log | bytes of rows kept |")
    print("| --- | --- | --: | --: | --: | --: | --: |")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        embedded = Server(binary, home / "embedded", quotas=knobs.ROOMY_QUOTAS, settings=knobs.MEASURED_SETTINGS)
        postgres = Postgres(programs)
        try:
            measure(Installation("SQLite", embedded.start(), None), scale)
            postgres.start()
            node = Server(binary, home / "node", quotas=knobs.ROOMY_QUOTAS)
            shared = knobs.shared_rows(postgres.url, node.url) + knobs.shared_folder(home / "bytes")
            node.use_settings(shared + knobs.MEASURED_SETTINGS)
            try:
                measure(Installation("PostgreSQL", node.start(), postgres), scale)
            finally:
                node.kill()
        finally:
            embedded.kill()
            postgres.close()


if __name__ == "__main__":
    main()
