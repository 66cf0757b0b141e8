"""What every generation of gem and bundler must be able to do. Its folder runs all of it with each.

The class has no `Test` prefix here on purpose: only the subclasses that name a client are collected.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from harness.account import Repository
from harness.client import Finished
from harness.fake_gems import FakeGems
from harness.gem_wire import GemHost
from harness.gems import Gem
from harness.packages import fresh_name
from harness.waiting import wait_until
from ruby.driver import Ruby, assert_installed, installed_files, locked

LARGE_BYTES = 20 * 1024 * 1024


def says(finished: Finished, *words: str) -> bool:
    """Whether a client told its user one of these."""
    text = " ".join(finished.output.lower().split())
    return any(word in text for word in words)


class RubyFamilyScenarios:
    """The stories; a subclass sets `client_type`."""

    client_type: ClassVar[type[Ruby]]

    @pytest.fixture
    def client(self, tmp_path: Path) -> Ruby:
        """The client with an empty home."""
        if reason := self.client_type.missing():
            pytest.skip(reason)
        return self.client_type(tmp_path / "home")

    @pytest.fixture
    def publisher(self, client: Ruby, private: Repository) -> Ruby:
        """The client pointed at a repository without any public source."""
        client.configure(private.endpoint("ruby"), private.token)
        return client

    def write(self, client: Ruby, gem: Gem) -> Path:
        """The gem as a project."""
        return gem.write_project(client.home / f"source-{gem.full_name}-{gem.build}")

    def publish(self, client: Ruby, gem: Gem) -> Gem:
        """Publish with the real client."""
        done = client.publish(self.write(client, gem))
        assert "Successfully registered gem" in done.stdout, str(done)
        return gem

    def test_a_published_gem_installs_with_the_same_bytes(self, publisher: Ruby, private: Repository) -> None:
        gem = self.publish(publisher, Gem(fresh_name(), "1.0.0", size_bytes=300_000))
        project = publisher.project("app")
        publisher.add(project, (gem.name, "1.0.0"))
        assert_installed(project, gem)
        code = f'require "{gem.name}"; print {gem.module}::VERSION'
        assert publisher.bundle("exec", "ruby", "-e", code, cwd=project).stdout == "1.0.0"
        assert private.versions("ruby", gem.name)["1.0.0"]["status"] == "Published"
        ids = {**private.ids, "format": "ruby", "package": gem.name, "packageVersion": "1.0.0"}
        assets = private.aws.list_package_version_assets(**ids)["assets"]
        assert [asset["name"] for asset in assets] == [gem.file_name]

    def test_dependencies_between_private_gems_are_followed(self, publisher: Ruby) -> None:
        leaf = self.publish(publisher, Gem(fresh_name(), "1.2.3"))
        root = self.publish(publisher, Gem(fresh_name(), "1.0.0", requires=((leaf.name, ">= 1.0, < 2"),)))
        project = publisher.project("app")
        publisher.add(project, (root.name, ""))
        assert_installed(project, root)
        assert_installed(project, leaf)

    def test_a_new_version_is_seen_by_an_upgrade_at_once(self, publisher: Ruby) -> None:
        old = self.publish(publisher, Gem(fresh_name(), "1.0.0"))
        project = publisher.project("app")
        publisher.add(project, (old.name, "~> 1.0"))
        assert_installed(project, old)
        # Bundler's copy of the index is asked for again with its ETag and range, so nothing is emptied here.
        new = self.publish(publisher, Gem(old.name, "1.1.0"))
        publisher.upgrade(project, new.name)
        assert locked(project) == {new.name: "1.1.0"}
        assert_installed(project, new)

    def test_a_prerelease_and_a_version_for_another_ruby_are_passed_over(
        self, publisher: Ruby, private: Repository
    ) -> None:
        stable = self.publish(publisher, Gem(fresh_name(), "1.0.0"))
        wire = GemHost(private.endpoint("ruby"), private.token)
        for other in (Gem(stable.name, "2.0.0.beta1"), Gem(stable.name, "1.5.0", required_ruby=">= 9")):
            assert wire.push(other).status == 200
        project = publisher.project("app")
        publisher.add(project, (stable.name, ">= 0.9"))
        assert_installed(project, stable)

    def test_a_version_cannot_be_published_with_other_bytes(self, publisher: Ruby, private: Repository) -> None:
        gem = self.publish(publisher, Gem(fresh_name(), "1.0.0"))
        wire = GemHost(private.endpoint("ruby"), private.token)
        before = wire.info(gem.name), wire.download(gem).body
        refused = publisher.publish(self.write(publisher, Gem(gem.name, "1.0.0", build=1)), check=False)
        assert refused.status != 0, f"other bytes went through: {refused}"
        assert says(refused, "repushing of gem versions is not allowed"), str(refused)
        assert (wire.info(gem.name), wire.download(gem).body) == before

    def test_a_wrong_token_is_refused(self, client: Ruby, private: Repository) -> None:
        client.configure(private.endpoint("ruby"), private.token)
        gem = self.publish(client, Gem(fresh_name(), "1.0.0"))
        client.configure(private.endpoint("ruby"), "not-a-token-of-this-server")
        client.empty_cache()
        refused = client.add(client.project("app"), (gem.name, ""), check=False)
        assert refused.status != 0
        assert says(refused, "authentication", "bad username or password", "401"), str(refused)
        fresh = Gem(fresh_name(), "1.0.0")
        refused = client.publish(self.write(client, fresh), check=False)
        assert refused.status != 0
        assert fresh.name not in private.packages("ruby")

    def test_a_missing_gem_is_named_as_missing(self, publisher: Ruby) -> None:
        name = fresh_name("absent")
        refused = publisher.add(publisher.project("app"), (name, ""), check=False)
        assert refused.status != 0
        assert name in refused.output and says(refused, "could not find gem"), str(refused)

    def test_a_locked_install_repeats_with_an_empty_cache(self, publisher: Ruby) -> None:
        gem = self.publish(publisher, Gem(fresh_name(), "1.0.0"))
        project = publisher.project("app")
        publisher.add(project, (gem.name, ""))
        lock = (project / "Gemfile.lock").read_bytes()
        self.publish(publisher, Gem(gem.name, "1.5.0"))
        publisher.empty_cache()
        publisher.install_afresh(project)
        assert_installed(project, gem)
        assert (project / "Gemfile.lock").read_bytes() == lock

    @pytest.mark.timeout(300)
    def test_a_large_gem_survives_the_round_trip(self, publisher: Ruby) -> None:
        gem = self.publish(publisher, Gem(fresh_name(), "1.0.0", size_bytes=LARGE_BYTES))
        project = publisher.project("app")
        publisher.add(project, (gem.name, ""))
        assert_installed(project, gem)

    def test_a_yanked_version_is_passed_over(self, publisher: Ruby, private: Repository) -> None:
        kept = self.publish(publisher, Gem(fresh_name(), "1.0.0"))
        yanked = self.publish(publisher, Gem(kept.name, "1.1.0"))
        before = publisher.project("before")
        publisher.add(before, (kept.name, "~> 1.0"))
        assert_installed(before, yanked)
        publisher.gem("yank", yanked.name, "--version", "1.1.0")
        after = publisher.project("after")
        publisher.add(after, (kept.name, "~> 1.0"))
        assert_installed(after, kept)
        assert set(GemHost(private.endpoint("ruby"), private.token).info(kept.name)) == {"1.0.0"}

    def test_the_gem_of_this_platform_is_taken(self, publisher: Ruby, private: Repository) -> None:
        plain = self.publish(publisher, Gem(fresh_name(), "1.0.0"))
        ours = self.publish(publisher, Gem(plain.name, "1.0.0", platform="x86_64-linux"))
        other = self.publish(publisher, Gem(plain.name, "1.0.0", platform="java"))
        project = publisher.project("app")
        publisher.add(project, (plain.name, ""))
        assert_installed(project, ours)
        assert installed_files(project, other) == {}
        # One version with three assets.
        assert set(private.versions("ruby", plain.name)) == {"1.0.0"}
        ids = {**private.ids, "format": "ruby", "package": plain.name, "packageVersion": "1.0.0"}
        assets = private.aws.list_package_version_assets(**ids)["assets"]
        assert {asset["name"] for asset in assets} == {one.file_name for one in (plain, ours, other)}

    def test_private_and_public_gems_install_together(
        self, client: Ruby, connected: Repository, gems: FakeGems
    ) -> None:
        public = Gem(fresh_name("public"), "4.5.6")
        gems.publish(Gem(public.name, "4.0"), public)
        client.configure(connected.endpoint("ruby"), connected.token)
        gem = self.publish(client, Gem(fresh_name(), "1.0.0", requires=((public.name, ">= 4"),)))
        project = client.project("app")
        client.add(project, (gem.name, ""))
        assert_installed(project, gem)
        assert_installed(project, public)

    def test_a_version_taken_from_the_public_host_is_passed_over_unless_it_is_held(
        self, client: Ruby, connected: Repository, gems: FakeGems
    ) -> None:
        kept = Gem(fresh_name("public"), "1.0.0")
        held, gone = Gem(kept.name, "1.1.0"), Gem(kept.name, "1.2.0")
        gems.publish(kept, held, gone)
        client.configure(connected.endpoint("ruby"), connected.token)
        before = client.project("before")
        client.add(before, (kept.name, "1.1.0"))
        assert_installed(before, held)
        for gem in (held, gone):
            gems.yank(gem)
        # What is held is given out while the source is asked behind it.
        wire = GemHost(connected.endpoint("ruby"), connected.token)
        wait_until(lambda: set(wire.info(kept.name)) == {"1.0.0", "1.1.0"}, timeout_s=30)
        client.empty_cache()
        after = client.project("after")
        client.add(after, (kept.name, ""))
        assert_installed(after, held)

    def test_a_public_gem_installs_also_after_the_source_is_gone(
        self, client: Ruby, secluded: Repository, gems: FakeGems
    ) -> None:
        public = Gem(fresh_name("public"), "1.0.0")
        gems.publish(public)
        client.configure(secluded.endpoint("ruby"), secluded.token)
        first = client.project("first")
        client.add(first, (public.name, ""))
        assert_installed(first, public)
        client.empty_cache()
        gems.stop()
        second = client.project("second")
        client.add(second, (public.name, ""))
        assert_installed(second, public)

    def test_a_gem_with_other_bytes_than_the_public_index_says_is_never_given_out(
        self, client: Ruby, connected: Repository, gems: FakeGems
    ) -> None:
        public = Gem(fresh_name("public"), "1.0.0")
        gems.publish(public)
        gems.garble(public)
        client.configure(connected.endpoint("ruby"), connected.token)
        project = client.project("app")
        refused = client.add(project, (public.name, ""), check=False)
        assert refused.status != 0
        assert installed_files(project, public) == {}
        assert public.name not in connected.packages("ruby")
