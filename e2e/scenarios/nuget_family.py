"""What every client of the NuGet family must be able to do. Its folder runs all of it with each driver.

The class has no `Test` prefix here on purpose: only the subclasses that name a client are collected.
"""

from __future__ import annotations

from http.client import IncompleteRead
from pathlib import Path
from typing import ClassVar

import pytest

from harness.account import Repository
from harness.client import Finished
from harness.fake_nuget import FakeNuget
from harness.nuget_client import NugetClient, missing
from harness.nuget_packages import Nupkg
from harness.nuget_wire import Feed
from harness.packages import fresh_name

LARGE_BYTES = 20 * 1024 * 1024
# Beyond what a registration holds in one document.
MANY = 70


def fresh_id(stem: str = "Acme.Parcel") -> str:
    """An id that no other test of this run uses; also good as a namespace of C#."""
    return fresh_name(stem).replace("-", "")


def says(finished: Finished, *words: str) -> bool:
    """Whether a client told its user one of these."""
    return any(word in finished.output.lower() for word in words)


class NugetFamilyScenarios:
    """The stories; a subclass sets `client_type`."""

    client_type: ClassVar[type[NugetClient]]

    @pytest.fixture
    def client(self, tmp_path: Path) -> NugetClient:
        """The client with an empty home."""
        if reason := missing():
            pytest.skip(reason)
        return self.client_type(tmp_path / "home")

    @pytest.fixture
    def publisher(self, client: NugetClient, private: Repository) -> NugetClient:
        """The client pointed at a repository without any public source."""
        client.configure(private.endpoint("nuget"), private.token)
        return client

    def push(self, client: NugetClient, package: Nupkg) -> Nupkg:
        """Push with the real client."""
        client.push(package.write_to(client.home / "packed"))
        return package

    def assert_installed(self, client: NugetClient, project: Path, *packages: tuple[Nupkg, str]) -> None:
        """Exactly these, in these normalised versions, with the bytes that were pushed."""
        found = client.package_files(project)
        expected = {f"{package.id}.{version}".lower(): package for package, version in packages}
        assert found.keys() == expected.keys()
        for name, package in expected.items():
            # No comparison that would be explained byte by byte.
            is_same = found[name] == package.content()
            assert is_same, f"the file of {name} differs"

    def test_a_pushed_package_installs_with_the_same_bytes(self, publisher: NugetClient, private: Repository) -> None:
        package = self.push(publisher, Nupkg(fresh_id(), "1.0.0", size_bytes=300_000))
        project = publisher.project("app")
        publisher.add(project, package.id, "1.0.0")
        self.assert_installed(publisher, project, (package, "1.0.0"))
        assert private.versions("nuget", package.id.lower())["1.0.0"]["status"] == "Published"

    def test_dependencies_between_private_packages_are_followed(self, publisher: NugetClient) -> None:
        leaf = self.push(publisher, Nupkg(fresh_id("Acme.Leaf"), "1.2.3"))
        root = self.push(publisher, Nupkg(fresh_id("Acme.Root"), "1.0.0", needs=((leaf.id, "[1.2.3,2.0.0)"),)))
        project = publisher.project("app")
        publisher.add(project, root.id, "1.0.0")
        self.assert_installed(publisher, project, (root, "1.0.0"), (leaf, "1.2.3"))

    def test_the_newest_version_is_found_and_prereleases_are_passed_over(self, publisher: NugetClient) -> None:
        name = fresh_id()
        # Not the order of text: ten comes after nine.
        newest = Nupkg(name, "1.10.0")
        for package in (Nupkg(name, "1.9.0"), newest, Nupkg(name, "2.0.0-beta.1")):
            self.push(publisher, package)
        project = publisher.project("app")
        publisher.add(project, name)
        self.assert_installed(publisher, project, (newest, "1.10.0"))
        newer = self.push(publisher, Nupkg(name, "1.11.0"))
        publisher.empty_cache()
        later = publisher.project("later")
        publisher.add(later, name)
        self.assert_installed(publisher, later, (newer, "1.11.0"))

    def test_a_prerelease_installs_when_it_is_named(self, publisher: NugetClient) -> None:
        package = self.push(publisher, Nupkg(fresh_id(), "1.0.0-rc.1"))
        project = publisher.project("app")
        publisher.add(project, package.id, "1.0.0-rc.1")
        self.assert_installed(publisher, project, (package, "1.0.0-rc.1"))

    @pytest.mark.parametrize(
        ("spelled", "normal"), [("1.01.0", "1.1.0"), ("1.2.3.0", "1.2.3"), ("2.0", "2.0.0"), ("3.1.4+build.5", "3.1.4")]
    )
    def test_f_nu_1_versions_are_found_in_their_normal_form(
        self, publisher: NugetClient, private: Repository, spelled: str, normal: str
    ) -> None:
        package = self.push(publisher, Nupkg(fresh_id(), spelled))
        assert list(private.versions("nuget", package.id.lower())) == [normal]
        project = publisher.project("app")
        publisher.add(project, package.id, normal)
        self.assert_installed(publisher, project, (package, normal))

    def test_f_nu_1_an_id_is_found_in_every_case(self, publisher: NugetClient, private: Repository) -> None:
        package = self.push(publisher, Nupkg(fresh_id("Acme.MixedCase"), "1.0.0"))
        for number, spelling in enumerate((package.id.lower(), package.id.upper())):
            project = publisher.project(f"app{number}")
            publisher.add(project, spelling, "1.0.0")
            self.assert_installed(publisher, project, (package, "1.0.0"))
        assert package.id.lower() in private.packages("nuget")
        described = private.aws.describe_package_version(
            **private.ids, format="nuget", package=package.id.upper(), packageVersion="1.0.0.0"
        )
        assert described["packageVersion"]["displayName"] == package.id

    def test_a_version_cannot_be_pushed_again_with_other_bytes(
        self, publisher: NugetClient, private: Repository
    ) -> None:
        package = self.push(publisher, Nupkg(fresh_id(), "1.0.0"))
        other = Nupkg(package.id, "1.0.0", build=1)
        refused = publisher.push(other.write_to(publisher.home / "other"), check=False)
        assert refused.status != 0, f"other bytes went through: {refused}"
        assert says(refused, "409", "conflict", "already exist"), str(refused)
        assert Feed(private.endpoint("nuget"), private.token).nupkg(package.id, "1.0.0").body == package.content()

    def test_a_wrong_token_is_refused(self, client: NugetClient, private: Repository) -> None:
        client.configure(private.endpoint("nuget"), private.token)
        package = self.push(client, Nupkg(fresh_id(), "1.0.0"))
        client.configure(private.endpoint("nuget"), "not-a-token-of-this-server")
        client.empty_cache()
        refused = client.add(client.project("app"), package.id, "1.0.0", check=False)
        assert refused.status != 0
        assert says(refused, "401", "unauthorized"), str(refused)
        fresh = Nupkg(fresh_id(), "1.0.0")
        refused = client.push(fresh.write_to(client.home / "packed"), check=False)
        assert refused.status != 0
        assert says(refused, "401", "unauthorized"), str(refused)
        assert fresh.id.lower() not in private.packages("nuget")

    def test_a_missing_package_is_named_as_missing(self, publisher: NugetClient) -> None:
        name = fresh_id("Acme.Absent")
        refused = publisher.add(publisher.project("app"), name, "1.0.0", check=False)
        assert refused.status != 0
        assert name in refused.output
        assert says(refused, "unable to find", "not found", "no packages exist"), str(refused)

    @pytest.mark.timeout(300)
    def test_a_large_package_survives_the_round_trip(self, publisher: NugetClient) -> None:
        package = self.push(publisher, Nupkg(fresh_id(), "1.0.0", size_bytes=LARGE_BYTES))
        project = publisher.project("app")
        publisher.add(project, package.id, "1.0.0")
        self.assert_installed(publisher, project, (package, "1.0.0"))

    def test_f_nu_3_a_deleted_version_is_unlisted_and_still_installs_when_it_is_named(
        self, publisher: NugetClient, private: Repository
    ) -> None:
        kept = self.push(publisher, Nupkg(fresh_id(), "1.0.0"))
        gone = self.push(publisher, Nupkg(kept.id, "1.1.0"))
        publisher.delete(kept.id, "1.1.0")
        assert private.versions("nuget", kept.id.lower())["1.1.0"]["status"] == "Unlisted"
        publisher.empty_cache()
        project = publisher.project("pinned")
        publisher.add(project, kept.id, "1.1.0")
        self.assert_installed(publisher, project, (gone, "1.1.0"))

    def test_many_versions_stand_on_pages_that_the_client_reads(
        self, publisher: NugetClient, private: Repository
    ) -> None:
        name = fresh_id()
        feed = Feed(private.endpoint("nuget"), private.token)
        versions = [f"1.{number}.0" for number in range(MANY)]
        for version in versions:
            assert feed.push(Nupkg(name, version)).status == 201
        assert list(feed.entries(name)) == feed.versions(name) == versions
        for wanted in (None, "1.63.0", "1.64.0"):
            project = publisher.project(f"app-{wanted}")
            publisher.add(project, name, wanted)
            version = wanted or versions[-1]
            self.assert_installed(publisher, project, (Nupkg(name, version), version))

    def test_private_and_public_packages_install_together(
        self, client: NugetClient, connected: Repository, gallery: FakeNuget
    ) -> None:
        public = Nupkg(fresh_id("Public.Parcel"), "4.5.6")
        gallery.publish(Nupkg(public.id, "4.0.0"), public)
        client.configure(connected.endpoint("nuget"), connected.token)
        package = self.push(client, Nupkg(fresh_id(), "1.0.0", needs=((public.id, "[4.5.6]"),)))
        project = client.project("app")
        client.add(project, package.id, "1.0.0")
        self.assert_installed(client, project, (package, "1.0.0"), (public, "4.5.6"))

    def test_a_public_package_with_many_versions_installs(
        self, client: NugetClient, connected: Repository, gallery: FakeNuget
    ) -> None:
        name = fresh_id("Public.Parcel")
        gallery.publish(*(Nupkg(name, f"1.{number}.0") for number in range(MANY)))
        client.configure(connected.endpoint("nuget"), connected.token)
        project = client.project("app")
        client.add(project, name)
        self.assert_installed(client, project, (Nupkg(name, f"1.{MANY - 1}.0"), f"1.{MANY - 1}.0"))

    def test_a_public_package_installs_also_after_the_source_is_gone(
        self, client: NugetClient, secluded: Repository, gallery: FakeNuget
    ) -> None:
        leaf = Nupkg(fresh_id("Public.Leaf"), "1.0.0")
        root = Nupkg(fresh_id("Public.Root"), "2.0.0-beta.3", needs=((leaf.id, "[1.0.0, )"),))
        gallery.publish(leaf, root)
        client.configure(secluded.endpoint("nuget"), secluded.token)
        first = client.project("first")
        client.add(first, root.id, root.version)
        self.assert_installed(client, first, (root, root.version), (leaf, leaf.version))
        # What is held is not asked for again.
        gallery.forget()
        client.empty_cache()
        second = client.project("second")
        client.add(second, root.id, root.version)
        assert gallery.times_asked(".nupkg") == 0
        client.empty_cache()
        gallery.stop()
        third = client.project("third")
        client.add(third, root.id, root.version)
        self.assert_installed(client, third, (root, root.version), (leaf, leaf.version))

    def test_a_file_that_is_not_what_the_source_promised_is_refused(
        self, client: NugetClient, connected: Repository, gallery: FakeNuget
    ) -> None:
        public = Nupkg(fresh_id("Public.Parcel"), "1.0.0")
        gallery.publish(public)
        gallery.send_instead(public, Nupkg(public.id, "1.0.0", build=1).content())
        client.configure(connected.endpoint("nuget"), connected.token)
        project = client.project("app")
        refused = client.add(project, public.id, "1.0.0", check=False)
        assert refused.status != 0
        # Bytes pass through as they come; the last ones never do.
        with pytest.raises(IncompleteRead):
            Feed(connected.endpoint("nuget"), connected.token).nupkg(public.id, "1.0.0")
        assert public.id.lower() not in connected.packages("nuget")
