"""Days on which the public host changes, lies behind, or is not there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from harness.account import Repository
from harness.fake_gems import FakeGems
from harness.gem_wire import GemHost
from harness.gems import Gem
from harness.packages import fresh_name
from harness.waiting import wait_until
from ruby.driver import Ruby, assert_installed


def test_a_gem_never_asked_for_is_not_called_missing(ruby: Ruby, secluded: Repository, gems: FakeGems) -> None:
    gem = Gem(fresh_name("public"), "1.0.0")
    gems.publish(gem)
    gems.stop()
    wire = GemHost(secluded.endpoint("ruby"), secluded.token)
    # A 404 would be believed, by caches and by people; "not now" is the truth.
    answer = wire.get(f"info/{gem.name}")
    assert answer.status in (502, 503, 504)
    assert "public:ruby-gems-org" in answer.body.decode()
    assert str(gems.port) not in answer.body.decode(), "an address of the source leaked"
    ruby.configure(secluded.endpoint("ruby"), secluded.token)
    assert ruby.gem_install(gem.name, check=False).status != 0
    gems.start()
    # A source that failed repeatedly is left alone for seconds; then it is asked again without anybody's help.
    wait_until(lambda: wire.get(f"info/{gem.name}").status == 200, timeout_s=60)
    ruby.empty_cache()
    ruby.gem_install(gem.name)
    assert_installed(ruby.gem_home, gem)


def test_new_versions_and_platforms_show_while_the_old_one_is_held(secluded: Repository, gems: FakeGems) -> None:
    gem = Gem(fresh_name("public"), "1.0.0")
    gems.publish(gem)
    wire = GemHost(secluded.endpoint("ruby"), secluded.token)
    assert wire.download(gem).body == gem.archive()
    native = Gem(gem.name, "1.0.0", platform="x86_64-linux")
    gems.publish(native, Gem(gem.name, "1.1.0"))
    wait_until(lambda: set(wire.info(gem.name)) == {"1.0.0", "1.0.0-x86_64-linux", "1.1.0"}, timeout_s=30)
    assert wire.download(native).body == native.archive()
    gems.stop()
    assert set(wire.info(gem.name)) == {"1.0.0", "1.0.0-x86_64-linux", "1.1.0"}
    for held in (gem, native):
        assert wire.download(held).body == held.archive()


def test_publishing_goes_on_beside_public_gems(ruby: Ruby, secluded: Repository, gems: FakeGems) -> None:
    public = Gem(fresh_name("public"), "1.0.0")
    gems.publish(public)
    ruby.configure(secluded.endpoint("ruby"), secluded.token)
    before = ruby.project("before")
    ruby.add(before, (public.name, ""))
    gems.stop()
    for version in ("1.0.0", "1.1.0"):
        gem = Gem("beside", version, requires=((public.name, "= 1.0.0"),))
        ruby.push(gem.write_file(ruby.home / "pkg"))
        ruby.empty_cache()
        project = ruby.project(f"during-{version}")
        ruby.add(project, ("beside", version))
        assert_installed(project, gem)
        assert_installed(project, public)


def test_many_at_once_fetch_one_gem_once(secluded: Repository, gems: FakeGems) -> None:
    gem = Gem(fresh_name("public"), "1.0.0", size_bytes=2_000_000)
    gems.publish(gem)
    url, token = secluded.endpoint("ruby"), secluded.token
    content = gem.archive()

    def fetch(_: int) -> bool:
        return GemHost(url, token).download(gem).body == content

    with ThreadPoolExecutor(12) as pool:
        assert all(pool.map(fetch, range(12)))
    assert gems.files_asked(gem.name) == 1
