"""Reliquary beside nginx and Verdaccio on one machine, interleaved; prints a table of medians and ratios.

Started by run.sh, which prepares what it needs. The contenders run at the same time and are loaded in turn.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The server, the packages and the npm driver are those of the end-to-end suite.
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import account, knobs  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.source import Source, configured_registry  # noqa: E402

import fixtures  # noqa: E402
import footprint  # noqa: E402
import installing  # noqa: E402
import machine  # noqa: E402
import publishing  # noqa: E402
import reading  # noqa: E402
from peers import Nginx, Verdaccio  # noqa: E402
from table import Row, markdown  # noqa: E402

GROUPS = ("packuments", "tarballs", "publishing", "growth", "installs", "footprint")
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=GROUPS, help="only these groups of rows; may be repeated")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds, the median of which counts")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measured run")
    parser.add_argument("--write", action="store_true", help="put the result into README.md")
    return parser.parse_args()


def measure(chosen: argparse.Namespace, binary: Path, folder: Path, source: Source) -> list[Row]:
    """Everything chosen, in an order that leaves the memory rows for the end."""
    groups = chosen.only or GROUPS
    server = Server(
        binary, folder / "reliquary", npm_source=source.url, quotas=knobs.ROOMY_QUOTAS, settings=knobs.MEASURED_SETTINGS
    )
    nginx, verdaccio = Nginx(folder / "nginx"), Verdaccio(folder / "verdaccio")
    rows: list[Row] = []
    try:
        server.start()
        aws = account.profile_client(server)
        _, app = account.create_store_and_app(server, aws, account.create_domain(aws))
        aws.create_repository(domain=app.domain, repository="bench")
        private = account.Repository(server, aws, app.domain, "bench")
        bench = reading.Bench(private, nginx, verdaccio, chosen.rounds, chosen.seconds)

        step("filling")
        fixtures.fill(private)
        verdaccio.folder.joinpath("storage").mkdir(exist_ok=True)
        reading.copy_to_peers(bench)
        nginx.start()
        verdaccio.start()

        for group, run in (
            ("packuments", lambda: reading.document_rows(bench)),
            ("tarballs", lambda: reading.tarball_rows(bench)),
            ("publishing", lambda: publishing.rate_rows(bench)),
            ("growth", lambda: publishing.growth_rows(bench)),
            ("installs", lambda: installing.install_rows(bench, app, folder / "installs")),
        ):
            if group in groups:
                step(group)
                rows += run()
        if "footprint" in groups:
            step("footprint")
            rows += footprint.loaded_rows(server, verdaccio)
            rows += footprint.download_rows(bench, server)
            fresh = [Server(binary, folder / f"fresh-{n}", npm_source=source.url) for n in range(chosen.rounds)]
            rows += footprint.start_rows(fresh, server)
        server.assert_no_panic()
    finally:
        verdaccio.stop()
        nginx.stop()
        server.stop()
    return rows


def step(name: str) -> None:
    """Say what comes next."""
    print(f"{time.strftime('%H:%M:%S')} {name}", flush=True)


def report(rows: list[Row], facts: list[str], chosen: argparse.Namespace) -> str:
    """The result as it stands in README.md."""
    lines = [f"- {fact}" for fact in facts]
    lines.append(f"- {chosen.rounds} interleaved rounds of {chosen.seconds:g} s; medians; {time.strftime('%Y-%m-%d')}")
    missed = [row.what for row in rows if row.bar and not row.bar.met]
    with_bar = sum(1 for row in rows if row.bar)
    lines.append(f"- {with_bar - len(missed)} of {with_bar} bars met")
    return "\n".join(lines) + "\n\n" + markdown(rows)


def write_readme(text: str) -> None:
    """Replace what lies between the two markers."""
    path = HERE / "README.md"
    before, _, rest = path.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def main() -> int:
    """Measure, print, and say by the exit status whether every bar was met."""
    chosen = options()
    binary = Path(os.environ["RELIQUARY_BIN"])
    cache = HERE / ".cache"
    cache.mkdir(exist_ok=True)
    source = Source(configured_registry())
    # Not in /tmp, which may live in memory: durable writes must really reach a disk.
    with tempfile.TemporaryDirectory(dir=cache, prefix="run-") as name:
        folder = Path(name)
        try:
            rows = measure(chosen, binary, folder, source)
        finally:
            source.close()
        text = report(rows, machine.facts(binary, folder, Verdaccio.version()), chosen)
    print("\n" + text)
    if chosen.write:
        write_readme(text)
    return 0 if all(row.bar is None or row.bar.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
