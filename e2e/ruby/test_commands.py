"""Commands of gem, both generations: install, list, fetch, search, yank, owner; and which index each asks for."""

from __future__ import annotations

import re

import pytest

from harness.account import Repository
from harness.fake_gems import FakeGems
from harness.gem_wire import GemHost
from harness.gems import Gem
from harness.packages import fresh_name
from ruby.driver import Ruby, assert_installed, installed_files


@pytest.fixture
def published(private: Repository) -> Gem:
    """A gem with two others that it needs, one of them also for this platform."""
    wire = GemHost(private.endpoint("ruby"), private.token)
    leaf = Gem(fresh_name("leaf"), "1.2.3")
    native = Gem(fresh_name("native"), "0.9.0")
    root = Gem(fresh_name("root"), "1.0.0", requires=((leaf.name, "~> 1.2"), (native.name, ">= 0.9, < 1")))
    for gem in (leaf, native, Gem(native.name, "0.9.0", platform="x86_64-linux"), Gem(root.name, "0.1.0"), root):
        assert wire.push(gem).status == 200, gem
    return root


def asked(repository: Repository) -> list[str]:
    """The paths below the repository's endpoint that were asked for and answered."""
    start = repository.endpoint("ruby").partition("://")[2].partition("/")[2]
    return [
        one["path"].removeprefix(f"/{start}")
        for one in repository.server.requests()
        if one["path"].startswith(f"/{start}") and one["status"] < 400
    ]


def test_gem_install_follows_dependencies_by_the_compact_index(
    publisher: Ruby, private: Repository, published: Gem
) -> None:
    publisher.gem_install(published.name)
    assert_installed(publisher.gem_home, published)
    listed = publisher.gem("list", "--local", "--versions").stdout
    assert f"{published.name} (1.0.0)" in listed
    (native,) = {name for name, _ in published.requires if name.startswith("native")}
    assert_installed(publisher.gem_home, Gem(native, "0.9.0", platform="x86_64-linux"))
    paths = asked(private)
    assert f"info/{published.name}" in paths, paths
    assert not any(path.startswith("specs.4.8") for path in paths), "it fell back to the list of all versions"
    assert publisher.run("-e", f'require "{published.name}"; print {published.module}::VERSION').stdout == "1.0.0"


def test_an_older_version_is_installed_and_then_updated(publisher: Ruby, published: Gem) -> None:
    publisher.gem_install(published.name, "--version", "0.1.0")
    assert installed_files(publisher.gem_home, published) == {}
    outdated = publisher.gem("outdated").stdout
    assert f"{published.name} (0.1.0 < 1.0.0)" in outdated
    publisher.gem("update", "--no-document", published.name)
    assert_installed(publisher.gem_home, published)


def test_the_old_lists_of_versions_serve_list_search_and_fetch(
    publisher: Ruby, private: Repository, published: Gem
) -> None:
    listed = publisher.gem("list", "--remote", "--all", f"^{published.name}$").stdout
    assert f"{published.name} (1.0.0, 0.1.0)" in listed, listed
    found = publisher.gem("search", published.name).stdout
    assert f"{published.name} (1.0.0)" in found, found
    paths = asked(private)
    assert "specs.4.8.gz" in paths and "latest_specs.4.8.gz" in paths, paths
    publisher.gem("fetch", published.name, "--version", "1.0.0")
    assert (publisher.home / published.file_name).read_bytes() == published.archive()
    beta = Gem(published.name, "2.0.0.beta1")
    assert GemHost(private.endpoint("ruby"), private.token).push(beta).status == 200
    publisher.empty_cache()
    with_betas = publisher.gem("list", "--remote", "--prerelease", f"^{published.name}$").stdout
    assert "2.0.0.beta1" in with_betas


def test_a_remote_specification_is_read_by_ruby_itself(publisher: Ruby, private: Repository, published: Gem) -> None:
    # `quick/Marshal.4.8/...` is what Ruby's own Marshal has to make an object of.
    done = publisher.gem("specification", "--remote", published.name, "--version", "1.0.0", "--ruby")
    for name, _ in published.requires:
        assert name in done.stdout, done
    assert f"quick/Marshal.4.8/{published.full_name}.gemspec.rz" in asked(private)
    told = publisher.gem("dependency", "--remote", f"^{published.name}$", "--version", "1.0.0").stdout
    for name, requirement in published.requires:
        assert re.search(rf"{name} \({re.escape(requirement.split(',')[0])}", told), told


def test_ruby_reads_the_same_specification_as_from_the_gem(publisher: Ruby, private: Repository) -> None:
    gem = Gem(
        fresh_name("rich"),
        "1.2.3.rc1",
        platform="x86_64-linux",
        requires=(("leaf", "~> 1.0"), ("other", ">= 1.2, != 1.5, < 3")),
        development=(("minitest", "~> 5"),),
        required_ruby=">= 2.7, < 4",
    )
    file = publisher.build(gem.write_project(publisher.home / "source"))
    publisher.push(file)
    wire = GemHost(private.endpoint("ruby"), private.token)
    quick = publisher.home / "quick.rz"
    quick.write_bytes(wire.get(f"quick/Marshal.4.8/{gem.full_name}.gemspec.rz").body)
    script = """
require "rubygems/package"
require "zlib"
inside = Gem::Package.new(ARGV[0]).spec
told = Marshal.load(Zlib::Inflate.inflate(File.binread(ARGV[1])))
members = %i[name version platform summary authors date required_ruby_version required_rubygems_version
             homepage licenses email description rubygems_version specification_version]
members.each do |one|
  a, b = inside.public_send(one), told.public_send(one)
  abort "#{one}: #{a.inspect} / #{b.inspect}" unless a == b
end
key = ->(spec) { spec.dependencies.map { |one| [one.name, one.requirement.to_s, one.type] }.sort }
abort "dependencies: #{key[inside]} / #{key[told]}" unless key[inside] == key[told]
print "same"
"""
    assert publisher.run("-e", script, str(file), str(quick)).stdout == "same"


def test_ruby_reads_the_dependency_api_and_the_lists(publisher: Ruby, private: Repository, published: Gem) -> None:
    wire = GemHost(private.endpoint("ruby"), private.token)
    bare = wire.get("api/v1/dependencies")
    assert (bare.status, bare.body) == (200, b""), "bundler asks without names whether there is such an API"
    names = [published.name, *(name for name, _ in published.requires)]
    (publisher.home / "dependencies").write_bytes(wire.get(f"api/v1/dependencies?gems={','.join(names)}").body)
    (publisher.home / "specs").write_bytes(wire.get("specs.4.8.gz").body)
    script = """
require "zlib"
Marshal.load(File.binread("dependencies")).sort_by { |one| [one[:name], one[:number], one[:platform]] }.each do |one|
  puts [one[:name], one[:number], one[:platform], one[:dependencies].sort.flatten.join(" ")].join("|")
end
puts "--"
Marshal.load(Zlib.gunzip(File.binread("specs"))).sort_by(&:to_s).each { |one| puts one.join("|") }
"""
    told, _, listed = publisher.run("-e", script).stdout.partition("--\n")
    (leaf, _), (native, _) = published.requires
    wanted = {
        f"{leaf}|1.2.3|ruby|",
        f"{native}|0.9.0|ruby|",
        f"{native}|0.9.0|x86_64-linux|",
        f"{published.name}|0.1.0|ruby|",
    }
    lines = set(told.splitlines())
    assert wanted < lines
    (root,) = lines - wanted
    assert root.startswith(f"{published.name}|1.0.0|ruby|{leaf} ~> 1.2 {native} "), root
    assert {line.partition("|")[0] for line in listed.splitlines()} == set(names)
    assert f"{native}|0.9.0|x86_64-linux" in listed.splitlines()


def test_f_rb_3_yank_then_push_again_is_refused(publisher: Ruby, private: Repository) -> None:
    gem = Gem(fresh_name(), "1.0.0")
    file = gem.write_file(publisher.home / "pkg")
    publisher.push(file)
    done = publisher.gem("yank", gem.name, "--version", "1.0.0")
    assert "Successfully deleted gem" in done.output or "yank" in done.output.lower(), str(done)
    wire = GemHost(private.endpoint("ruby"), private.token)
    assert wire.info(gem.name) == {}
    # A lock that names it still gets it, as the control plane's status Unlisted says.
    assert wire.download(gem).body == gem.archive()
    assert private.versions("ruby", gem.name)["1.0.0"]["status"] == "Unlisted"
    refused = publisher.push(Gem(gem.name, "1.0.0", build=1).write_file(publisher.home / "again"), check=False)
    assert refused.status != 0, str(refused)
    publisher.empty_cache()
    assert publisher.gem_install(gem.name, check=False).status != 0


def test_one_platform_is_yanked_and_the_others_stay(publisher: Ruby, private: Repository) -> None:
    wire = GemHost(private.endpoint("ruby"), private.token)
    plain = Gem(fresh_name(), "1.0.0")
    native = Gem(plain.name, "1.0.0", platform="x86_64-linux")
    for gem in (plain, native):
        assert wire.push(gem).status == 200
    publisher.gem("yank", plain.name, "--version", "1.0.0", "--platform", "x86_64-linux")
    assert set(wire.info(plain.name)) == {"1.0.0"}
    publisher.gem_install(plain.name)
    assert_installed(publisher.gem_home, plain)


def test_owners_and_rights_are_answered_in_words(publisher: Ruby, published: Gem) -> None:
    listed = publisher.gem("owner", published.name)
    assert f"Owners for gem: {published.name}" in listed.stdout, str(listed)
    refused = publisher.gem("owner", published.name, "--add", "someone@parcels.example", check=False)
    assert "polic" in refused.output.lower(), str(refused)


def test_the_key_in_the_credentials_file_is_taken(publisher: Ruby, private: Repository) -> None:
    # What the CodeArtifact documentation has users write.
    publisher.variables.pop("GEM_HOST_API_KEY")
    file = publisher.home / ".gem" / "credentials"
    file.parent.mkdir()
    file.write_text(f"---\n:codeartifact_api_key: Bearer {private.token}\n")
    file.chmod(0o600)
    gem = Gem(fresh_name(), "1.0.0")
    path = gem.write_file(publisher.home / "pkg")
    publisher.gem("push", "--key", "codeartifact_api_key", str(path))
    assert set(private.versions("ruby", gem.name)) == {"1.0.0"}


def test_f_rb_1_a_file_that_is_no_gem_is_refused_in_words(publisher: Ruby, private: Repository) -> None:
    gem = Gem(fresh_name(), "1.0.0")
    wire = GemHost(private.endpoint("ruby"), private.token)
    content = bytearray(gem.archive())
    # Within the data: the checksum inside the gem no longer holds.
    content[content.index(b"data.tar.gz") + 520] ^= 1
    for hostile in (b"no gem at all", bytes(content), gem.archive()[:2000]):
        answer = wire.push(gem, hostile)
        assert 400 <= answer.status < 500, answer
        assert answer.body.strip(), "gem prints the body and nothing else"
    assert private.packages("ruby") == []


def test_gem_install_from_the_public_host_and_without_it(ruby: Ruby, secluded: Repository, gems: FakeGems) -> None:
    leaf = Gem(fresh_name("public"), "1.0.0")
    root = Gem(fresh_name("public"), "2.0.0", requires=((leaf.name, ">= 1"),))
    gems.publish(leaf, root)
    ruby.configure(secluded.endpoint("ruby"), secluded.token)
    ruby.gem_install(root.name)
    for gem in (leaf, root):
        assert_installed(ruby.gem_home, gem)
        assert gems.files_asked(gem.name) == 1
    gems.stop()
    ruby.empty_cache()
    offline = ruby.home / "offline"
    ruby.gem_install("--install-dir", str(offline), root.name)
    for gem in (leaf, root):
        assert_installed(offline, gem)


def test_without_credentials_the_answer_asks_for_them(private: Repository) -> None:
    stranger = GemHost(private.endpoint("ruby"), None)
    for path in ("versions", "info/rake", "gems/rake-1.0.gem", "specs.4.8.gz", "api/v1/dependencies"):
        answer = stranger.get(path)
        assert answer.status == 401, path
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
