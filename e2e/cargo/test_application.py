"""Real projects through source replacement: fetched cold, warm, and with the public registry gone; the same lock and
the same bytes each time, and what was fetched compiles.

The lock of the large one (`application/`) was made against the public index and is used as it is.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cargo.driver import Cargo
from cargo.providers import CargoWithAwsCli
from harness.account import Repository
from harness.source import Source

LARGE = Path(__file__).resolve().parent / "application"
LEAST_CRATES = 200
CODE = """
use serde_json::{Value, json};
fn main() {
    let found: Value = serde_json::from_str(r#"{"parcels": [1, 2, 3]}"#).expect("JSON");
    assert_eq!(found, json!({"parcels": [1, 2, 3]}));
    let third = found["parcels"][2].as_u64().unwrap_or(0);
    println!("{} {}", itoa::Buffer::new().format(third), semver::Version::new(1, 2, 3));
}
"""


def checksums(project: Path) -> dict[str, str]:
    """File name of a crate to its digest, as the lock has it."""
    text = (project / "Cargo.lock").read_text()
    pattern = r'^name = "(.*)"\nversion = "(.*)"\nsource = "registry\+.*"\nchecksum = "(\w+)"'
    return {f"{name}-{version}.crate": digest for name, version, digest in re.findall(pattern, text, re.MULTILINE)}


def copy_of_the_large_project(place: Path) -> Path:
    """The project without what was built of it."""
    shutil.copytree(LARGE, place, ignore=shutil.ignore_patterns("target"))
    return place


def assert_fetched_as_locked(cargo: Cargo, project: Path) -> None:
    """Every crate of the lock is there with the digest of the lock, and the lock is what it was."""
    wanted = checksums(LARGE)
    assert len(wanted) > LEAST_CRATES
    found = {name: hashlib.sha256(content).hexdigest() for name, content in cargo.archives().items()}
    assert found == wanted
    assert (project / "Cargo.lock").read_bytes() == (LARGE / "Cargo.lock").read_bytes()


def assert_nothing_failed(repository: Repository) -> None:
    """No request was answered with an error of the server's, nor told to come back later."""
    bad = [(one["path"], one["status"]) for one in repository.server.requests() if one["status"] >= 429]
    assert bad == []


@pytest.fixture
def client(worldly: Repository, tmp_path: Path) -> Cargo:
    """Cargo with the repository in the place of the public registry, and tokens from the AWS CLI."""
    cargo = CargoWithAwsCli(tmp_path / "home", worldly.server)
    cargo.configure(worldly.endpoint("cargo"), worldly.token, domain=worldly.domain, public=True)
    return cargo


@pytest.mark.timeout(900)
def test_a_large_project_is_fetched_cold_warm_and_without_the_source(
    client: Cargo, worldly: Repository, public_crates: Source, tmp_path: Path
) -> None:
    project = copy_of_the_large_project(tmp_path / "large")
    client.fetch(project, "--locked", timeout_s=600)
    assert_fetched_as_locked(client, project)
    assert public_crates.archives() >= len(checksums(LARGE))

    client.empty_cache()
    public_crates.forget()
    client.fetch(project, "--locked", timeout_s=300)
    assert_fetched_as_locked(client, project)
    assert public_crates.archives() == 0, "the second fetch asked the source for crates again"

    client.empty_cache()
    public_crates.cut()
    client.fetch(project, "--locked", timeout_s=300)
    assert_fetched_as_locked(client, project)
    names = {re.sub(r"-\d+\.\d.*\.crate$", "", name) for name in checksums(LARGE)}
    assert names <= set(worldly.packages("cargo"))
    assert_nothing_failed(worldly)

    # A part of it, compiled from what came while nothing public was there.
    client.run("build", "--locked", "--package", "url", "--package", "bytes", cwd=project, timeout_s=300)


@pytest.mark.timeout(600)
def test_a_lock_made_through_the_repository_is_the_one_made_against_the_public_index(
    client: Cargo, public_crates: Source, tmp_path: Path
) -> None:
    direct = Cargo(tmp_path / "direct")
    direct.cargo_home.mkdir()
    replaced = (
        f'[source.crates-io]\nreplace-with = "public"\n[source.public]\nregistry = "sparse+{public_crates.url}"\n'
    )
    (direct.cargo_home / "config.toml").write_text(replaced)
    locks = []
    for cargo in (client, direct):
        project = cargo.project("app")
        for spec in ("serde@1", "tokio@1", "clap@4", "regex@1", "reqwest@0.12"):
            with (project / "Cargo.toml").open("a") as manifest:
                name, _, version = spec.partition("@")
                manifest.write(f'{name} = "{version}"\n')
        cargo.run("generate-lockfile", cwd=project, timeout_s=300)
        locks.append((project / "Cargo.lock").read_text())
    assert locks[0].count("[[package]]") > 50
    assert locks[0] == locks[1]


@pytest.mark.timeout(600)
def test_an_application_is_built_and_runs_with_public_and_private_crates(client: Cargo, worldly: Repository) -> None:
    project = client.project("app")
    client.run("add", "serde_json", "semver", "itoa", cwd=project)
    (project / "src/main.rs").write_text(CODE)
    assert client.run("run", "--quiet", cwd=project, timeout_s=400).stdout == "3 1.2.3\n"
    assert "127.0.0.1" not in (project / "Cargo.lock").read_text()
    assert client.run("run", "--quiet", "--locked", "--offline", cwd=project).stdout == "3 1.2.3\n"
    assert_nothing_failed(worldly)


@pytest.mark.timeout(600)
def test_a_large_project_is_killed_in_the_middle_of_its_cold_fetch(
    client: Cargo, worldly: Repository, public_crates: Source, tmp_path: Path
) -> None:
    project = copy_of_the_large_project(tmp_path / "large")
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(client.fetch, project, "--locked", check=False, timeout_s=400)
        reached = public_crates.wait_for(lambda: fetching.done() or public_crates.archives() >= 40, timeout_s=300)
        assert reached and not fetching.done(), str(fetching.result())
        worldly.server.kill()
        assert fetching.result().status != 0
    worldly.server.start()
    client.empty_cache()
    # The checksums of the lock prove each crate: nothing that was half there is taken for whole.
    client.fetch(project, "--locked", timeout_s=500)
    assert_fetched_as_locked(client, project)


@pytest.mark.timeout(600)
def test_vendored_crates_are_those_of_the_large_project(client: Cargo, tmp_path: Path) -> None:
    project = copy_of_the_large_project(tmp_path / "large")
    client.run("vendor", "--locked", "--versioned-dirs", "vendored", cwd=project, timeout_s=500)
    found = {f"{path.name}.crate" for path in (project / "vendored").iterdir()}
    assert found == set(checksums(LARGE))
