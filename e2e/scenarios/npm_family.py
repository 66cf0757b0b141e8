"""What every client of the npm family must be able to do. Each client's folder runs all of it with its own driver.

The class has no `Test` prefix here on purpose: only the subclasses that name a client are collected.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from harness.account import Repository
from harness.client import Client, Finished, installed, installed_version
from harness.packages import Package, fresh_name
from harness.source import Source

# Small, without dependencies, never published again.
PUBLIC_PACKAGE = ("left-pad", "1.3.0")
LARGE_TARBALL_BYTES = 20 * 1024 * 1024


def says(finished: Finished, *words: str) -> bool:
    """Whether a client told its user one of these; some show the status, some only the server's own words."""
    return any(word in finished.output.lower() for word in words)


class NpmFamilyScenarios:
    """The stories; a subclass sets `client_type`."""

    client_type: ClassVar[type[Client]]

    @pytest.fixture
    def client(self, tmp_path: Path) -> Client:
        """The client with an empty home."""
        return self.client_type(tmp_path / "home")

    @pytest.fixture
    def publisher(self, client: Client, private: Repository) -> Client:
        """The client pointed at a repository without any public source."""
        client.configure(private.npm_url, private.token)
        return client

    def publish(self, client: Client, package: Package, *, tag: str | None = None) -> Package:
        """Publish with the real client."""
        folder = package.write_to(client.home / f"{package.base_name}-{package.version}")
        client.publish(folder, tag=tag)
        return package

    def assert_installed(self, project: Path, package: Package) -> None:
        """The bytes on disk are the bytes that were published."""
        folder = installed(project, package.name)
        assert installed_version(project, package.name) == package.version
        for name, content in package.files().items():
            if name != "package.json":
                assert (folder / name).read_bytes() == content, f"{name} of {package.name} differs"

    def test_a_published_package_installs_with_the_same_bytes(self, publisher: Client) -> None:
        package = self.publish(publisher, Package(fresh_name(), "1.0.0", size_bytes=300_000))
        project = publisher.project("app")
        publisher.add(project, f"{package.name}@1.0.0")
        self.assert_installed(project, package)

    def test_a_scoped_package_publishes_and_installs(self, publisher: Client) -> None:
        package = self.publish(publisher, Package(fresh_name(scope="team"), "2.1.0-rc.1"), tag="next")
        project = publisher.project("app")
        publisher.add(project, f"{package.name}@next")
        self.assert_installed(project, package)

    def test_dependencies_between_private_packages_are_followed(self, publisher: Client) -> None:
        leaf = self.publish(publisher, Package(fresh_name(scope="team"), "1.2.3"))
        root = self.publish(publisher, Package(fresh_name(), "1.0.0", manifest={"dependencies": {leaf.name: "^1.0.0"}}))
        project = publisher.project("app")
        publisher.add(project, root.name)
        self.assert_installed(project, root)
        lock_text = "".join(path.read_text() for path in project.glob("*lock*") if path.is_file())
        assert leaf.name in lock_text, "the dependency is not in the lock file"

    def test_a_new_version_is_seen_by_an_upgrade_at_once(self, publisher: Client) -> None:
        old = self.publish(publisher, Package(fresh_name(), "1.0.0"))
        project = publisher.project("app")
        publisher.add(project, f"{old.name}@^1.0.0")
        self.assert_installed(project, old)
        new = self.publish(publisher, Package(old.name, "1.1.0"))
        publisher.empty_cache()
        publisher.upgrade(project, new.name)
        self.assert_installed(project, new)

    def test_a_tagged_prerelease_leaves_latest_alone(self, publisher: Client, private: Repository) -> None:
        stable = self.publish(publisher, Package(fresh_name(), "1.0.0"))
        self.publish(publisher, Package(stable.name, "2.0.0-beta.1"), tag="beta")
        tags = private.registry().packument(stable.name)["dist-tags"]
        assert tags == {"latest": "1.0.0", "beta": "2.0.0-beta.1"}
        project = publisher.project("app")
        publisher.add(project, stable.name)
        self.assert_installed(project, stable)

    def test_a_version_cannot_be_published_twice(self, publisher: Client, private: Repository) -> None:
        package = self.publish(publisher, Package(fresh_name(), "1.0.0"))
        held = private.registry().tarball(package.name, "1.0.0").body
        forged = Package(package.name, "1.0.0", size_bytes=4096).write_to(publisher.home / "forged")
        refused = publisher.publish(forged, check=False)
        assert refused.status != 0, f"a second publish of the same version went through: {refused}"
        assert private.registry().tarball(package.name, "1.0.0").body == held

    def test_a_wrong_token_is_refused(self, client: Client, private: Repository) -> None:
        client.configure(private.npm_url, private.token)
        package = self.publish(client, Package(fresh_name(), "1.0.0"))
        client.configure(private.npm_url, "not-a-token-of-this-server")
        client.empty_cache()
        refused = client.add(client.project("app"), package.name, check=False)
        assert refused.status != 0
        assert says(refused, "401", "authenti", "authoriz", "token", "credential"), str(refused)
        fresh = Package(fresh_name(), "1.0.0")
        assert client.publish(fresh.write_to(client.home / "unpublished"), check=False).status != 0
        assert fresh.name not in private.npm_packages()

    def test_a_missing_package_is_named_as_missing(self, publisher: Client) -> None:
        name = fresh_name("absent")
        refused = publisher.add(publisher.project("app"), name, check=False)
        assert refused.status != 0
        assert name in refused.output
        assert says(refused, "404", "not found", "no such package"), str(refused)

    def test_a_locked_install_repeats_with_an_empty_cache(self, publisher: Client) -> None:
        package = self.publish(publisher, Package(fresh_name(scope="team"), "1.0.0"))
        project = publisher.project("app")
        publisher.add(project, package.name)
        newer = self.publish(publisher, Package(package.name, "1.5.0"))
        publisher.empty_cache()
        publisher.install_afresh(project)
        assert installed_version(project, newer.name) == "1.0.0"
        self.assert_installed(project, package)

    @pytest.mark.timeout(300)
    def test_a_large_package_survives_the_round_trip(self, publisher: Client) -> None:
        package = self.publish(publisher, Package(fresh_name(), "1.0.0", size_bytes=LARGE_TARBALL_BYTES))
        project = publisher.project("app")
        publisher.add(project, package.name)
        self.assert_installed(project, package)

    def test_a_public_package_installs_also_after_the_source_is_gone(
        self, client: Client, secluded: Repository, source: Source
    ) -> None:
        name, version = PUBLIC_PACKAGE
        client.configure(secluded.npm_url, secluded.token)
        first = client.project("first")
        client.add(first, f"{name}@{version}")
        assert installed_version(first, name) == version
        client.empty_cache()
        source.cut()
        second = client.project("second")
        client.add(second, f"{name}@{version}")
        assert installed_version(second, name) == version

    def test_private_and_public_packages_install_together(
        self, client: Client, connected: Repository, source: Source
    ) -> None:
        name, version = PUBLIC_PACKAGE
        client.configure(connected.npm_url, connected.token)
        package = self.publish(
            client, Package(fresh_name(scope="team"), "1.0.0", manifest={"dependencies": {name: version}})
        )
        project = client.project("app")
        client.add(project, package.name, f"{name}@{version}")
        self.assert_installed(project, package)
        assert installed_version(project, name) == version
