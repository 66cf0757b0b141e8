"""What every client of the Python family must be able to do. Its folder runs all of it with each driver.

The class has no `Test` prefix here on purpose: only the subclasses that name a client are collected.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from harness.account import Repository
from harness.client import Finished
from harness.fake_pypi import FakePypi
from harness.packages import fresh_name
from harness.pypi_wire import Index
from harness.python_client import PythonClient, installed_versions, site_packages
from harness.python_packages import Distribution

LARGE_BYTES = 20 * 1024 * 1024


def says(finished: Finished, *words: str) -> bool:
    """Whether a client told its user one of these; clients wrap lines where they like."""
    text = " ".join(finished.output.lower().split())
    return any(word in text for word in words)


class PythonFamilyScenarios:
    """The stories; a subclass sets `client_type`."""

    client_type: ClassVar[type[PythonClient]]

    @pytest.fixture
    def client(self, tmp_path: Path) -> PythonClient:
        """The client with an empty home."""
        return self.client_type(tmp_path / "home")

    @pytest.fixture
    def publisher(self, client: PythonClient, private: Repository) -> PythonClient:
        """The client pointed at a repository without any public source."""
        client.configure(private.pypi_url, private.token)
        return client

    def write(self, client: PythonClient, package: Distribution) -> Path:
        """The package as a project that the client can build."""
        folder = client.home / f"source-{package.module}-{package.version}-{package.build}"
        return package.write_project(folder, client.build_system)

    def publish(self, client: PythonClient, package: Distribution) -> Distribution:
        """Publish with the real client."""
        client.publish(self.write(client, package))
        return package

    def assert_installed(self, project: Path, package: Distribution) -> None:
        """The bytes on disk are the bytes that were published."""
        assert installed_versions(project / ".venv").get(package.normalized) == package.version
        module = site_packages(project / ".venv") / package.module
        for name, content in package.files().items():
            # No comparison that would be explained byte by byte.
            is_same = (module / name).read_bytes() == content
            assert is_same, f"{name} of {package.name} differs"

    def test_a_published_project_installs_with_the_same_bytes(
        self, publisher: PythonClient, private: Repository
    ) -> None:
        package = self.publish(publisher, Distribution(fresh_name(), "1.0.0", size_bytes=300_000))
        project = publisher.project("app")
        publisher.add(project, f"{package.name}==1.0.0")
        self.assert_installed(project, package)
        files = Index(private.pypi_url, private.token).files(package.name)
        assert {name.rpartition("-")[2].partition(".")[2] for name in files} >= {"whl"}, files.keys()
        assert private.versions("pypi", package.normalized)["1.0.0"]["status"] == "Published"

    def test_dependencies_between_private_projects_are_followed(self, publisher: PythonClient) -> None:
        leaf = self.publish(publisher, Distribution(fresh_name(), "1.2.3"))
        root = self.publish(publisher, Distribution(fresh_name(), "1.0.0", requires=(f"{leaf.name}>=1.0,<2",)))
        project = publisher.project("app")
        publisher.add(project, root.name)
        self.assert_installed(project, root)
        self.assert_installed(project, leaf)

    def test_a_new_version_is_seen_by_an_upgrade_at_once(self, publisher: PythonClient) -> None:
        old = self.publish(publisher, Distribution(fresh_name(), "1.0.0"))
        project = publisher.project("app")
        publisher.add(project, f"{old.name}>=1.0")
        self.assert_installed(project, old)
        new = self.publish(publisher, Distribution(old.name, "1.1.0"))
        publisher.empty_cache()
        publisher.upgrade(project, new.name)
        self.assert_installed(project, new)

    def test_a_prerelease_and_a_version_for_another_python_are_passed_over(
        self, publisher: PythonClient, private: Repository
    ) -> None:
        stable = self.publish(publisher, Distribution(fresh_name(), "1.0.0"))
        index = Index(private.pypi_url, private.token)
        for other in (
            Distribution(stable.name, "2.0.0b1"),
            Distribution(stable.name, "3.0.0", requires_python=">=4.0"),
        ):
            assert index.upload(other).status == 200
        project = publisher.project("app")
        # Poetry, told nothing, takes the newest first and asks about Python afterwards, wherever it comes from.
        publisher.add(project, f"{stable.name}>=0.9")
        self.assert_installed(project, stable)

    def test_a_version_cannot_be_published_with_other_bytes(self, publisher: PythonClient, private: Repository) -> None:
        package = self.publish(publisher, Distribution(fresh_name(), "1.0.0"))
        index = Index(private.pypi_url, private.token)
        before = {name: index.get(file["url"]).body for name, file in index.files(package.name).items()}
        assert before
        refused = publisher.publish(self.write(publisher, Distribution(package.name, "1.0.0", build=1)), check=False)
        assert refused.status != 0, f"other bytes went through: {refused}"
        assert says(refused, "already exist", "409", "conflict", "do not match"), str(refused)
        after = {name: index.get(file["url"]).body for name, file in index.files(package.name).items()}
        assert after == before

    def test_a_wrong_token_is_refused(self, client: PythonClient, private: Repository) -> None:
        client.configure(private.pypi_url, private.token)
        package = self.publish(client, Distribution(fresh_name(), "1.0.0"))
        client.configure(private.pypi_url, "not-a-token-of-this-server")
        client.empty_cache()
        refused = client.add(client.project("app"), package.name, check=False)
        assert refused.status != 0
        fresh = Distribution(fresh_name(), "1.0.0")
        refused = client.publish(self.write(client, fresh), check=False)
        assert refused.status != 0
        assert says(refused, "401", "403", "unauthorized", "credential"), str(refused)
        assert fresh.normalized not in private.packages("pypi")

    def test_a_missing_project_is_named_as_missing(self, publisher: PythonClient) -> None:
        name = fresh_name("absent")
        refused = publisher.add(publisher.project("app"), name, check=False)
        assert refused.status != 0
        assert name in refused.output
        assert says(refused, "404", "not found", "no matching", "could not find", "unable to find"), str(refused)

    def test_a_locked_install_repeats_with_an_empty_cache(self, publisher: PythonClient) -> None:
        package = self.publish(publisher, Distribution(fresh_name(), "1.0.0"))
        project = publisher.project("app")
        publisher.add(project, package.name)
        self.publish(publisher, Distribution(package.name, "1.5.0"))
        publisher.empty_cache()
        publisher.install_afresh(project)
        self.assert_installed(project, package)

    @pytest.mark.timeout(300)
    def test_a_large_project_survives_the_round_trip(self, publisher: PythonClient) -> None:
        package = self.publish(publisher, Distribution(fresh_name(), "1.0.0", size_bytes=LARGE_BYTES))
        project = publisher.project("app")
        publisher.add(project, package.name)
        self.assert_installed(project, package)

    def test_f_py_1_a_project_is_found_under_every_spelling(self, publisher: PythonClient, private: Repository) -> None:
        stem = fresh_name("Odd").replace("-", ".")
        package = Distribution(f"{stem}__Spelling", "1.0.0")
        assert Index(private.pypi_url, private.token).upload(package).status == 200
        for number, spelling in enumerate((package.name, package.normalized, package.module.upper())):
            project = publisher.project(f"app-{number}")
            publisher.add(project, spelling)
            self.assert_installed(project, package)

    def test_a_source_archive_alone_is_built_and_installed(self, publisher: PythonClient, private: Repository) -> None:
        package = Distribution(fresh_name(), "1.0.0")
        assert Index(private.pypi_url, private.token).upload(package, sdist=True).status == 200
        project = publisher.project("app")
        publisher.add(project, package.name)
        self.assert_installed(project, package)

    def test_private_and_public_projects_install_together(
        self, client: PythonClient, connected: Repository, index: FakePypi
    ) -> None:
        public = Distribution(fresh_name("public"), "4.5.6")
        index.publish(Distribution(public.name, "4.0"), public, sdist=True)
        client.configure(connected.pypi_url, connected.token)
        package = self.publish(client, Distribution(fresh_name(), "1.0.0", requires=(f"{public.name}>=4",)))
        project = client.project("app")
        client.add(project, package.name)
        self.assert_installed(project, package)
        self.assert_installed(project, public)

    def test_a_yanked_version_is_passed_over_and_a_pinned_one_installs(
        self, client: PythonClient, connected: Repository, index: FakePypi
    ) -> None:
        kept = Distribution(fresh_name("public"), "1.0")
        yanked = Distribution(kept.name, "1.1")
        index.publish(kept, yanked)
        index.yank(kept.name, "1.1", "it <breaks> everything")
        client.configure(connected.pypi_url, connected.token)
        project = client.project("app")
        client.add(project, f"{kept.name}>=1.0")
        self.assert_installed(project, kept)
        pinned = client.project("pinned")
        client.add(pinned, f"{kept.name}==1.1")
        self.assert_installed(pinned, yanked)

    def test_a_public_project_installs_also_after_the_source_is_gone(
        self, client: PythonClient, secluded: Repository, index: FakePypi
    ) -> None:
        public = Distribution(fresh_name("public"), "1.0")
        index.publish(public)
        client.configure(secluded.pypi_url, secluded.token)
        first = client.project("first")
        client.add(first, public.name)
        self.assert_installed(first, public)
        client.empty_cache()
        index.stop()
        second = client.project("second")
        client.add(second, public.name)
        self.assert_installed(second, public)
