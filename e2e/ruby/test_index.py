"""The compact index on the wire, and what bundler does with it: ETags, ranges, growth at the end, digests."""

from __future__ import annotations

import base64
import hashlib

from harness.account import Repository
from harness.fake_gems import FakeGems
from harness.gem_wire import GemHost, read_versions
from harness.gems import Gem
from harness.packages import fresh_name
from ruby.driver import Ruby, assert_installed, locked


def test_f_rb_2_every_digest_in_the_list_is_that_of_the_lines(wire: GemHost) -> None:
    names = [fresh_name() for _ in range(3)]
    for number, name in enumerate(names):
        for minor in range(number + 1):
            assert wire.push(Gem(name, f"1.{minor}.0", requires=(("leaf", ">= 1, < 3"),))).status == 200
    versions = wire.versions()
    assert {name: set(told) for name, (told, _) in versions.items()} == {
        name: {f"1.{minor}.0" for minor in range(number + 1)} for number, name in enumerate(names)
    }
    for name, (_, digest) in versions.items():
        answer = wire.get(f"info/{name}")
        assert hashlib.md5(answer.body).hexdigest() == digest
        # Bundler up to 2.4 compares the ETag with the MD5 of what it holds, later ones the digest in the header.
        assert answer.headers["etag"].removeprefix("W/").strip('"') == digest
        sha256 = base64.b64encode(hashlib.sha256(answer.body).digest()).decode()
        assert answer.headers["repr-digest"] == f"sha-256=:{sha256}:"
    answer = wire.get("names")
    assert answer.body.decode().splitlines() == ["---", *sorted(names)]


def test_f_rb_2_the_list_grows_at_its_end_and_is_sent_in_part(wire: GemHost) -> None:
    gem = Gem(fresh_name(), "1.0.0")
    assert wire.push(gem).status == 200
    first = wire.get("versions")
    assert wire.get("versions", headers={"If-None-Match": first.headers["etag"]}).status == 304
    assert wire.push(Gem(gem.name, "1.1.0")).status == 200
    assert wire.push(Gem(fresh_name(), "1.0.0")).status == 200
    whole = wire.get("versions")
    assert whole.body.startswith(first.body), "what a client holds must stay the beginning"
    # As bundler asks: from the last byte that it has.
    part = wire.get("versions", headers={"Range": f"bytes={len(first.body) - 1}-"})
    assert part.status == 206
    assert first.body[:-1] + part.body == whole.body
    assert part.headers["etag"] == whole.headers["etag"]
    assert wire.yank(gem).status == 200
    after = wire.get("versions").body
    assert after.startswith(whole.body)
    assert read_versions(after.decode())[gem.name][0] == ["1.1.0"]


def test_bundler_asks_for_the_end_of_what_it_holds_and_not_again_for_all(publisher: Ruby, private: Repository) -> None:
    wire = GemHost(private.endpoint("ruby"), private.token)
    gem = Gem(fresh_name(), "1.0.0")
    assert wire.push(gem).status == 200
    project = publisher.project("app")
    publisher.add(project, (gem.name, "~> 1.0"))
    new = Gem(gem.name, "1.1.0")
    assert wire.push(new).status == 200
    publisher.upgrade(project)
    assert locked(project) == {gem.name: "1.1.0"}
    publisher.upgrade(project)
    requests = private.server.requests()
    start = private.endpoint("ruby").partition("://")[2].partition("/")[2]
    mine = [one for one in requests if one["path"].startswith(f"/{start}")]
    told = [(one["path"].removeprefix(f"/{start}"), one["status"]) for one in mine]
    assert ("versions", 206) in told and ("versions", 304) in told, told
    assert not any(path.startswith(("api/v1/dependencies", "specs.4.8")) for path, _ in told), told


def test_a_bundler_that_may_not_use_md5_asks_the_dependency_api(publisher: Ruby, private: Repository) -> None:
    wire = GemHost(private.endpoint("ruby"), private.token)
    leaf = Gem(fresh_name(), "1.0.0")
    root = Gem(fresh_name(), "2.0.0", requires=((leaf.name, "~> 1.0"),))
    for gem in (leaf, root):
        assert wire.push(gem).status == 200
    publisher.forbid_md5()
    project = publisher.project("app")
    publisher.add(project, (root.name, ""))
    assert_installed(project, leaf)
    assert_installed(project, root)
    start = private.endpoint("ruby").partition("://")[2].partition("/")[2]
    paths = [one["path"].removeprefix(f"/{start}") for one in private.server.requests()]
    assert "api/v1/dependencies" in paths


def test_a_bundler_that_wants_the_full_index_gets_it(publisher: Ruby, private: Repository) -> None:
    wire = GemHost(private.endpoint("ruby"), private.token)
    leaf = Gem(fresh_name(), "1.0.0")
    root = Gem(fresh_name(), "2.0.0", requires=((leaf.name, "~> 1.0"),))
    for gem in (leaf, root):
        assert wire.push(gem).status == 200
    project = publisher.project("app")
    (project / "Gemfile").open("a").write(f'gem "{root.name}"\n')
    publisher.bundle("install", "--full-index", cwd=project)
    assert_installed(project, leaf)
    assert_installed(project, root)


def test_lines_of_the_public_host_pass_unchanged(connected: Repository, gems: FakeGems) -> None:
    public = Gem(fresh_name("public"), "1.0.0", requires=(("a", ">= 1, < 2"), ("b", "~> 0.1")))
    native = Gem(public.name, "1.0.0", platform="java", required_ruby=">= 2.6")
    gems.publish(public, native)
    through = GemHost(connected.endpoint("ruby"), connected.token)
    assert through.info(public.name) == GemHost(gems.url, None).info(public.name)


def test_private_versions_hide_the_public_ones_of_a_name(connected: Repository, gems: FakeGems) -> None:
    name = fresh_name("confused")
    wire = GemHost(connected.endpoint("ruby"), connected.token)
    assert wire.push(Gem(name, "1.0.0")).status == 200
    gems.publish(Gem(name, "99.0.0"))
    # The publication blocked the upstream: dependency confusion ends here.
    assert set(wire.info(name)) == {"1.0.0"}
    assert wire.download(Gem(name, "99.0.0")).status == 404


def test_a_mirror_of_everything_serves_a_gemfile_that_names_the_public_host(
    ruby: Ruby, connected: Repository, gems: FakeGems
) -> None:
    public = Gem(fresh_name("public"), "1.0.0")
    gems.publish(public)
    ruby.configure(connected.endpoint("ruby"), connected.token)
    project = ruby.project("app")
    (project / "Gemfile").write_text(f'source "https://gems.example"\ngem "{public.name}"\n')
    ruby.export("bundler-mirror")
    ruby.bundle("install", cwd=project)
    assert_installed(project, public)
    assert "127.0.0.1" not in (project / "Gemfile.lock").read_text()
