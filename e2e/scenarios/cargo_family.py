"""What Cargo must be able to do, however it gets its token. Its folder runs all of it with each driver.

The class has no `Test` prefix here on purpose: only the subclasses that name a client are collected.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from cargo.driver import Cargo, locked
from harness.account import Repository
from harness.cargo_wire import Registry
from harness.client import Finished
from harness.crates import Crate
from harness.fake_crates import FakeCrates
from harness.packages import fresh_name
from harness.waiting import wait_until

LARGE_BYTES = 20 * 1024 * 1024


def says(finished: Finished, *words: str) -> bool:
    """Whether cargo told its user one of these."""
    text = " ".join(finished.output.lower().split())
    return any(word in text for word in words)


class CargoScenarios:
    """The stories; a subclass sets `client_type`."""

    client_type: ClassVar[type[Cargo]]

    @pytest.fixture
    def client(self, tmp_path: Path) -> Cargo:
        """The client with an empty home."""
        return self.client_type(tmp_path / "home")

    def configure(
        self, client: Cargo, repository: Repository, token: str | None = None, *, public: bool = False
    ) -> None:
        """Point the client at a repository, with another token if one is given."""
        token = repository.token if token is None else token
        client.configure(repository.endpoint("cargo"), token, domain=repository.domain, public=public)

    @pytest.fixture
    def publisher(self, client: Cargo, private: Repository) -> Cargo:
        """The client pointed at a repository without any public source."""
        self.configure(client, private)
        return client

    def write(self, client: Cargo, crate: Crate) -> Path:
        """The crate as a project."""
        return crate.write_project(client.home / f"source-{crate.folder}-{crate.build}", client.registry)

    def publish(self, client: Cargo, crate: Crate) -> Crate:
        """Publish with the real client."""
        client.publish(self.write(client, crate))
        return crate

    def assert_fetched(self, client: Cargo, project: Path, crate: Crate) -> None:
        """The lock names the version, and the bytes on disk are those that were published."""
        assert locked(project).get(crate.name) == crate.version
        is_same = (client.unpacked(crate) / "payload.bin").read_bytes() == crate.payload
        assert is_same, f"{crate.folder} has other bytes"

    def test_a_published_crate_comes_back_with_the_same_bytes(self, publisher: Cargo, private: Repository) -> None:
        crate = self.publish(publisher, Crate(fresh_name(), "1.0.0", size_bytes=300_000))
        project = publisher.project("app")
        publisher.add(project, f"{crate.name}@=1.0.0")
        self.assert_fetched(publisher, project, crate)
        assert private.versions("cargo", crate.name)["1.0.0"]["status"] == "Published"
        ids = {**private.ids, "format": "cargo", "package": crate.name, "packageVersion": "1.0.0"}
        (asset,) = private.aws.list_package_version_assets(**ids)["assets"]
        assert asset["name"] == f"{crate.folder}.crate"
        (archive,) = publisher.archives().values()
        assert asset["size"] == len(archive)

    def test_an_application_is_built_with_private_crates(self, publisher: Cargo) -> None:
        leaf = self.publish(publisher, Crate(fresh_name(), "1.2.3"))
        root = self.publish(publisher, Crate(fresh_name(), "1.0.0", requires=((leaf.name, ">=1.0, <2"),)))
        project = publisher.project("app")
        publisher.add(project, root.name)
        self.assert_fetched(publisher, project, root)
        self.assert_fetched(publisher, project, leaf)
        code = f'fn main() {{ println!("{{}}", {root.module}::VERSION); }}\n'
        (project / "src/main.rs").write_text(code)
        assert publisher.run("run", "--quiet", "--locked", cwd=project).stdout == "1.0.0\n"

    def test_a_new_version_is_seen_by_an_upgrade_at_once(self, publisher: Cargo) -> None:
        old = self.publish(publisher, Crate(fresh_name(), "1.0.0"))
        project = publisher.project("app")
        publisher.add(project, f"{old.name}@1")
        self.assert_fetched(publisher, project, old)
        # The index in cargo's cache is asked for again with its ETag, so nothing is emptied here.
        new = self.publish(publisher, Crate(old.name, "1.1.0"))
        publisher.upgrade(project, new.name)
        self.assert_fetched(publisher, project, new)

    def test_a_prerelease_and_a_version_for_a_newer_rust_are_passed_over(
        self, publisher: Cargo, private: Repository
    ) -> None:
        stable = self.publish(publisher, Crate(fresh_name(), "1.0.0"))
        wire = Registry(private.endpoint("cargo"), private.token)
        for other in (Crate(stable.name, "1.1.0", rust_version="1.999"), Crate(stable.name, "2.0.0-beta.1")):
            assert wire.publish(other).status == 200
        project = publisher.project("app")
        publisher.add(project, f"{stable.name}@>=0.9")
        self.assert_fetched(publisher, project, stable)

    def test_a_version_cannot_be_published_again_with_other_bytes(self, publisher: Cargo, private: Repository) -> None:
        crate = self.publish(publisher, Crate(fresh_name(), "1.0.0"))
        wire = Registry(private.endpoint("cargo"), private.token)
        before = wire.lines(crate.name)
        again = Crate(crate.name, "1.0.0", build=1)
        refused = publisher.publish(self.write(publisher, again), check=False)
        assert refused.status != 0, f"other bytes went through: {refused}"
        assert says(refused, "already exists", "already been published", "already uploaded"), str(refused)
        # Cargo looks into the index first; others do not.
        answer = wire.publish(again)
        assert answer.status in (400, 409) and answer.json()["errors"][0]["detail"], answer
        assert wire.lines(crate.name) == before
        assert wire.download(crate.name, "1.0.0").status == 200

    def test_a_wrong_token_is_refused(self, client: Cargo, private: Repository) -> None:
        self.configure(client, private)
        crate = self.publish(client, Crate(fresh_name(), "1.0.0"))
        self.configure_wrongly(client, private)
        client.empty_cache()
        refused = client.add(client.project("app"), crate.name, check=False)
        assert refused.status != 0
        assert says(refused, "401", "403", "unauthorized", "token", "authenticat"), str(refused)
        fresh = Crate(fresh_name(), "1.0.0")
        refused = client.publish(self.write(client, fresh), check=False)
        assert refused.status != 0
        assert says(refused, "401", "403", "unauthorized", "token", "authenticat"), str(refused)
        assert fresh.name not in private.packages("cargo")

    def configure_wrongly(self, client: Cargo, repository: Repository) -> None:
        """From now on the client has a token that the server did not give."""
        self.configure(client, repository, "not-a-token-of-this-server")

    def test_a_missing_crate_is_named_as_missing(self, publisher: Cargo) -> None:
        name = fresh_name("absent")
        project = publisher.project("app")
        refused = publisher.add(project, name, check=False)
        assert refused.status != 0
        assert name in refused.output and says(refused, "could not be found", "not found", "no matching"), str(refused)
        (project / "Cargo.toml").open("a").write(f'{name} = {{ version = "1", registry = "{publisher.registry}" }}\n')
        refused = publisher.fetch(project, check=False)
        assert refused.status != 0
        assert says(refused, f"no matching package named `{name}` found"), str(refused)

    def test_a_locked_build_repeats_with_an_empty_cache(self, publisher: Cargo) -> None:
        crate = self.publish(publisher, Crate(fresh_name(), "1.0.0"))
        project = publisher.project("app")
        publisher.add(project, crate.name)
        lock = (project / "Cargo.lock").read_bytes()
        self.publish(publisher, Crate(crate.name, "1.5.0"))
        publisher.empty_cache()
        publisher.fetch(project, "--locked")
        self.assert_fetched(publisher, project, crate)
        assert (project / "Cargo.lock").read_bytes() == lock

    @pytest.mark.timeout(300)
    def test_a_large_crate_survives_the_round_trip(self, publisher: Cargo) -> None:
        crate = self.publish(publisher, Crate(fresh_name(), "1.0.0", size_bytes=LARGE_BYTES))
        project = publisher.project("app")
        publisher.add(project, crate.name)
        self.assert_fetched(publisher, project, crate)

    def test_a_yanked_version_is_passed_over_and_a_locked_one_still_comes(
        self, publisher: Cargo, private: Repository
    ) -> None:
        kept = self.publish(publisher, Crate(fresh_name(), "1.0.0"))
        yanked = self.publish(publisher, Crate(kept.name, "1.1.0"))
        before = publisher.project("before")
        publisher.add(before, f"{kept.name}@1")
        self.assert_fetched(publisher, before, yanked)
        publisher.yank(yanked)
        assert Registry(private.endpoint("cargo"), private.token).lines(kept.name)["1.1.0"]["yanked"] is True
        publisher.empty_cache()
        publisher.fetch(before, "--locked")
        self.assert_fetched(publisher, before, yanked)
        after = publisher.project("after")
        publisher.add(after, f"{kept.name}@1")
        self.assert_fetched(publisher, after, kept)
        publisher.yank(yanked, "--undo")
        publisher.upgrade(after)
        self.assert_fetched(publisher, after, yanked)
        assert private.versions("cargo", kept.name)["1.1.0"]["status"] == "Published"

    def test_f_cr_2_names_are_one_under_case_hyphen_and_underscore(self, publisher: Cargo, private: Repository) -> None:
        crate = self.publish(publisher, Crate(fresh_name("Odd-Spelling"), "1.0.0"))
        other = Crate(crate.name.lower().replace("-", "_"), "2.0.0")
        refused = publisher.publish(self.write(publisher, other), check=False)
        assert refused.status != 0 and crate.name.lower() in refused.output.lower(), str(refused)
        assert [name.lower() for name in private.packages("cargo")] == [crate.name.lower()]
        project = publisher.project("app")
        # `cargo add` looks for the other spellings itself.
        publisher.add(project, crate.name.replace("-", "_"))
        self.assert_fetched(publisher, project, crate)

    def test_private_and_public_crates_are_fetched_together(
        self, client: Cargo, connected: Repository, crates: FakeCrates
    ) -> None:
        public = Crate(fresh_name("public"), "4.5.6")
        crates.publish(Crate(public.name, "4.0.0"), public)
        self.configure(client, connected)
        crate = self.publish(client, Crate(fresh_name(), "1.0.0", requires=((public.name, "4"),)))
        project = client.project("app")
        client.add(project, crate.name)
        self.assert_fetched(client, project, crate)
        self.assert_fetched(client, project, public)

    def test_a_yank_in_the_public_registry_is_followed(
        self, client: Cargo, connected: Repository, crates: FakeCrates
    ) -> None:
        kept = Crate(fresh_name("public"), "1.0.0")
        yanked = Crate(kept.name, "1.1.0")
        crates.publish(kept, yanked)
        crates.yank(kept.name, "1.1.0")
        self.configure(client, connected)
        project = client.project("app")
        client.add(project, f"{kept.name}@1")
        self.assert_fetched(client, project, kept)
        crates.yank(kept.name, "1.1.0", undo=True)
        # What is held is given out while the source is asked behind it.
        wire = Registry(connected.endpoint("cargo"), connected.token)
        wait_until(lambda: wire.lines(kept.name)["1.1.0"]["yanked"] is False, timeout_s=30)
        client.upgrade(project)
        self.assert_fetched(client, project, yanked)

    def test_a_public_crate_is_fetched_also_after_the_source_is_gone(
        self, client: Cargo, secluded: Repository, crates: FakeCrates
    ) -> None:
        public = Crate(fresh_name("public"), "1.0.0")
        crates.publish(public)
        self.configure(client, secluded, public=True)
        # With source replacement the project names no registry at all, as most projects do.
        first = client.project("first")
        client.run("add", public.name, cwd=first)
        client.fetch(first)
        self.assert_fetched(client, first, public)
        client.empty_cache()
        crates.stop()
        second = client.project("second")
        client.run("add", public.name, cwd=second)
        client.fetch(second)
        self.assert_fetched(client, second, public)
        # The lock reads as if no other registry than the public one had been there.
        lock = (second / "Cargo.lock").read_text()
        assert str(crates.port) not in lock and "127.0.0.1" not in lock

    def test_a_crate_with_other_bytes_than_the_public_index_says_is_never_given_out(
        self, client: Cargo, connected: Repository, crates: FakeCrates
    ) -> None:
        public = Crate(fresh_name("public"), "1.0.0")
        crates.publish(public)
        crates.garble(public.name, "1.0.0")
        self.configure(client, connected)
        refused = client.add(client.project("app"), public.name, check=False)
        assert refused.status != 0
        assert f"{public.folder}.crate" not in client.archives()
        assert public.name not in connected.packages("cargo")
