"""Reliquary beside nginx and the servers that people run today, on one machine, interleaved; prints medians and ratios.

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
from harness.maven_central import maven_source  # noqa: E402
from harness.public_registries import npm_source, python_source  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.source import Source  # noqa: E402

import cargo_peers  # noqa: E402
import client_rows  # noqa: E402
import fixtures  # noqa: E402
import footprint  # noqa: E402
import installing  # noqa: E402
import machine  # noqa: E402
import maven_rows  # noqa: E402
import publishing  # noqa: E402
import python_peers  # noqa: E402
import python_rows  # noqa: E402
import reading  # noqa: E402
import registry_rows  # noqa: E402
import scale  # noqa: E402
from peers import Nginx, Verdaccio  # noqa: E402
from table import Row, markdown  # noqa: E402

NPM_GROUPS = ("packuments", "tarballs", "publishing", "growth", "installs", "footprint")
# Each with a server of its own: what one format holds must not weigh on another's rows.
FORMAT_GROUPS = ("python", "maven", "uv", "mvn")
OTHER_GROUPS = ("registries",)
BESIDE_PEERS = (*NPM_GROUPS, *FORMAT_GROUPS, *OTHER_GROUPS)
# Reliquary beside itself: two domains of different size.
SCALE = "scale"
# The sections of README.md that hold the results beside peers.
NPM, FORMATS, OTHERS = "results", "formats", "registries"
GROUPS = (*BESIDE_PEERS, SCALE)


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=GROUPS, help="only these groups of rows; may be repeated")
    parser.add_argument("--rounds", type=int, default=3, help="interleaved rounds, the median of which counts")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measured run")
    parser.add_argument("--write", action="store_true", help="put the result into README.md")
    return parser.parse_args()


def measure_formats(groups: tuple[str, ...], chosen: argparse.Namespace, binary: Path, folder: Path) -> list[Row]:
    """The chosen groups of the other formats."""
    pace = reading.Pace(chosen.rounds, chosen.seconds)
    sources = {knobs.PYPI_CONNECTION: python_source(), knobs.MAVEN_CONNECTION: maven_source()}
    rows: list[Row] = []
    try:
        for group in groups:
            step(group)
            place = folder / group
            addresses = {name: source.url for name, source in sources.items()}
            server = Server(
                binary,
                place / "reliquary",
                sources=addresses,
                quotas=knobs.ROOMY_QUOTAS,
                settings=knobs.MEASURED_SETTINGS,
            )
            server.start()
            try:
                aws = account.profile_client(server)
                connection = knobs.MAVEN_CONNECTION if group == "mvn" else knobs.PYPI_CONNECTION
                _, app = account.create_store_and_app(server, aws, account.create_domain(aws), connection)
                aws.create_repository(domain=app.domain, repository="bench")
                private = account.Repository(server, aws, app.domain, "bench")
                match group:
                    case "python":
                        rows += python_rows.rows(private, place / "peers", pace)
                    case "maven":
                        rows += maven_rows.rows(private, place / "nginx", pace)
                    case "registries":
                        rows += registry_rows.rows(private, place / "nginx", pace)
                    case "uv":
                        rows.append(client_rows.uv_row(app, place / "installs", pace))
                    case "mvn":
                        rows.append(client_rows.mvn_row(app, place / "builds", pace))
                server.assert_no_panic()
            finally:
                server.stop()
    finally:
        for source in sources.values():
            source.close()
    return rows


def measure_npm(
    groups: tuple[str, ...], chosen: argparse.Namespace, binary: Path, folder: Path, source: Source
) -> list[Row]:
    """The chosen groups of npm, in an order that leaves the memory rows for the end."""
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


def _today() -> str:
    return time.strftime("%Y-%m-%d")


def report(rows: list[Row], facts: list[str], chosen: argparse.Namespace) -> str:
    """The result beside peers as it stands in README.md."""
    lines = [f"- {fact}" for fact in facts]
    lines.append(f"- {chosen.rounds} interleaved rounds of {chosen.seconds:g} s; medians; {_today()}")
    missed = [row.what for row in rows if row.bar and not row.bar.met]
    with_bar = sum(1 for row in rows if row.bar)
    lines.append(f"- {with_bar - len(missed)} of {with_bar} bars met")
    return "\n".join(lines) + "\n\n" + markdown(rows)


def scale_report(rows: list[scale.ScaleRow], facts: list[str], rounds: int) -> str:
    """The result of the group `scale` as it stands in README.md."""
    lines = [f"- {fact}" for fact in [*facts, *scale.facts(rows), f"{rounds} rounds; medians; {_today()}"]]
    return "\n".join(lines) + "\n\n" + scale.markdown(rows)


def write_readme(text: str, section: str) -> None:
    """Replace what lies between the two markers of a section."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    path = HERE / "README.md"
    before, _, rest = path.read_text().partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n\n{text}\n{end}{after}")


def run_beside_peers(chosen: argparse.Namespace, binary: Path, folder: Path) -> bool:
    """Measure, print; whether every bar was met."""
    groups = chosen.only or BESIDE_PEERS
    of_npm = tuple(group for group in groups if group in NPM_GROUPS)
    facts = machine.facts(binary, folder)
    rows: list[Row] = []
    if of_npm:
        source = npm_source()
        try:
            measured = measure_npm(of_npm, chosen, binary, folder, source)
        finally:
            source.close()
        tell(measured, [*facts, *machine.peers(f"verdaccio {Verdaccio.version()}")], chosen, NPM)
        rows += measured
    for known, section, peers in (
        (FORMAT_GROUPS, FORMATS, python_peers.versions()),
        (OTHER_GROUPS, OTHERS, cargo_peers.versions()),
    ):
        if wanted := tuple(group for group in groups if group in known):
            measured = measure_formats(wanted, chosen, binary, folder)
            tell(measured, [*facts, *machine.peers(peers)], chosen, section)
            rows += measured
    return all(row.bar is None or row.bar.met for row in rows)


def tell(rows: list[Row], facts: list[str], chosen: argparse.Namespace, section: str) -> None:
    """Print a part of the result, and write it if that is wanted."""
    text = report(rows, facts, chosen)
    print("\n" + text)
    if chosen.write:
        write_readme(text, section)


def run_scale(chosen: argparse.Namespace, binary: Path, folder: Path) -> bool:
    """Measure, print; whether every bar was met."""
    rows = scale.rows(binary, folder, folder.parent, chosen.rounds, step)
    text = scale_report(rows, machine.facts(binary, folder), chosen.rounds)
    print("\n" + text)
    if chosen.write:
        write_readme(text, SCALE)
    return all(row.is_met for row in rows)


def main() -> int:
    """Measure, print, and say by the exit status whether every bar was met."""
    chosen = options()
    groups = chosen.only or GROUPS
    binary = Path(os.environ["RELIQUARY_BIN"])
    cache = HERE / ".cache"
    cache.mkdir(exist_ok=True)
    met = True
    # Not in /tmp, which may live in memory: durable writes must really reach a disk.
    with tempfile.TemporaryDirectory(dir=cache, prefix="run-") as name:
        if any(group in BESIDE_PEERS for group in groups):
            met = run_beside_peers(chosen, binary, Path(name)) and met
        if SCALE in groups:
            met = run_scale(chosen, binary, Path(name)) and met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
