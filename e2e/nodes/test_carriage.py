"""Backup, restore and moving, as an operator does it, with npm before and after."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from harness import account, knobs
from harness.account import Repository
from harness.client import installed_version
from harness.packages import Package
from harness.postgres import Postgres
from harness.server import Server
from npm.driver import Npm

_numbers = itertools.count(1)


def published_at(server: Server, folder: Path) -> tuple[Repository, Npm]:
    """A repository with one package that npm published."""
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    repository = Repository(server, aws, domain, "app")
    npm = Npm(folder / "home")
    npm.configure(repository.npm_url, repository.token)
    npm.publish(Package("parcel", "1.0.0", size_bytes=300_000).write_to(folder / "one"))
    return repository, npm


def seen_at(server: Server, before: Repository) -> Repository:
    """The same repository at another server, with the key that the first one made."""
    aws = account.url_client(server.url, knobs.read_profile_key(before.server.data_dir))
    return Repository(server, aws, before.domain, before.name)


def installs(npm: Npm, repository: Repository, spec: str, version: str, *, token: str | None = None) -> None:
    """A new project without a cache gets that version from there."""
    npm.empty_cache()
    npm.configure(repository.npm_url, token or repository.token)
    project = npm.project(f"project-{next(_numbers)}")
    npm.add(project, spec)
    assert installed_version(project, spec.partition("@")[0]) == version


@pytest.mark.timeout(300)
def test_i10_a_backup_taken_while_serving_is_restored_elsewhere(
    new_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = new_server().start()
    repository, npm = published_at(server, tmp_path)
    backups = tmp_path / "backups"
    assert "backup 1 " in server.carry("backup", "--to", str(backups), "--verify")
    npm.publish(Package("parcel", "2.0.0").write_to(tmp_path / "two"))

    elsewhere = new_server()
    assert "all verified" in elsewhere.carry("restore", "--from", str(backups))
    elsewhere.start()
    restored = seen_at(elsewhere, repository)
    assert list(restored.npm_versions("parcel")) == ["1.0.0"]
    installs(npm, restored, "parcel", "1.0.0")
    # A token from before the backup opens what was restored from it.
    installs(npm, restored, "parcel@1.0.0", "1.0.0", token=repository.token)

    second = server.carry("backup", "--to", str(backups))
    assert "backup 2 " in second and "(1 new, " in second
    assert "which is all" not in second, "it stands on the one before"
    latest = new_server()
    latest.carry("restore", "--from", str(backups))
    latest.start()
    installs(npm, seen_at(latest, repository), "parcel", "2.0.0")

    assert "in use by another server" in server.carry("restore", "--from", str(backups), check=False)
    latest.stop()
    assert "not empty" in latest.carry("restore", "--from", str(backups), check=False)
    latest.start()
    installs(npm, seen_at(latest, repository), "parcel@1.0.0", "1.0.0")


@pytest.mark.timeout(400)
def test_i10_an_installation_moves_to_postgresql_and_s3_and_back(
    new_server: Callable[..., Server], postgres: Postgres, bucket_settings: str, tmp_path: Path
) -> None:
    server = new_server().start()
    repository, npm = published_at(server, tmp_path)
    scaled_out = new_server()
    scaled_out.use_settings(knobs.shared_rows(postgres.url, scaled_out.url) + bucket_settings)
    target = str(scaled_out.write_settings())
    assert "in use by another server" in server.carry("migrate", "--to", target, check=False)
    server.stop()
    assert "all verified" in server.carry("migrate", "--to", target)
    scaled_out.start()
    moved = seen_at(scaled_out, repository)
    installs(npm, moved, "parcel", "1.0.0")
    npm.publish(Package("parcel", "2.0.0", size_bytes=200_000).write_to(tmp_path / "two"))
    assert "target's database is in use" in server.carry("migrate", "--to", target, check=False)

    back = new_server()
    back.use_settings(knobs.data_folder(back.data_dir))
    target = str(back.write_settings())
    refused = scaled_out.carry("migrate", "--to", target, check=False)
    assert "in use" in refused, refused
    scaled_out.stop()
    scaled_out.carry("migrate", "--to", target)
    back.use_settings("")
    back.start()
    installs(npm, seen_at(back, repository), "parcel", "2.0.0")
