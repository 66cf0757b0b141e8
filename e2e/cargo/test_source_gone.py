"""Days on which the public registry changes, lies, or is not there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cargo.driver import Cargo, locked
from harness.account import Repository
from harness.cargo_wire import Registry
from harness.crates import Crate
from harness.fake_crates import FakeCrates
from harness.packages import fresh_name
from harness.waiting import wait_until


def test_a_crate_never_asked_for_is_not_called_missing(
    secluded: Repository, crates: FakeCrates, tmp_path: Path
) -> None:
    crate = Crate(fresh_name("public"), "1.0.0")
    crates.publish(crate)
    crates.stop()
    wire = Registry(secluded.endpoint("cargo"), secluded.token)
    # A 404 would be believed, by caches and by people; "not now" is the truth.
    answer = wire.index(crate.name)
    assert answer.status in (502, 503, 504)
    assert "public:crates-io" in answer.json()["errors"][0]["detail"]
    assert str(crates.port) not in answer.body.decode(), "an address of the source leaked"
    cargo = Cargo(tmp_path / "home")
    cargo.configure(secluded.endpoint("cargo"), secluded.token)
    refused = cargo.add(cargo.project("before"), crate.name, check=False)
    assert refused.status != 0
    crates.start()
    # A source that failed repeatedly is left alone for seconds; then it is asked again without anybody's help.
    wait_until(lambda: wire.index(crate.name).status == 200, timeout_s=60)
    project = cargo.project("after")
    cargo.add(project, crate.name)
    assert locked(project) == {crate.name: "1.0.0"}


def test_a_crate_whose_bytes_were_not_fetched_in_time_says_why(secluded: Repository, crates: FakeCrates) -> None:
    crate = Crate(fresh_name("public"), "1.0.0")
    crates.publish(crate)
    wire = Registry(secluded.endpoint("cargo"), secluded.token)
    assert set(wire.lines(crate.name)) == {"1.0.0"}
    crates.stop()
    answer = wire.download(crate.name, "1.0.0")
    assert answer.status in (502, 503, 504)
    # The index is held: it goes on.
    assert set(wire.lines(crate.name)) == {"1.0.0"}


def test_a_new_version_and_a_yank_show_while_the_old_one_is_held(secluded: Repository, crates: FakeCrates) -> None:
    crate = Crate(fresh_name("public"), "1.0.0")
    crates.publish(crate)
    wire = Registry(secluded.endpoint("cargo"), secluded.token)
    assert wire.download(crate.name, "1.0.0").body == crate.archive()
    crates.publish(Crate(crate.name, "1.1.0"))
    wait_until(lambda: set(wire.lines(crate.name)) == {"1.0.0", "1.1.0"}, timeout_s=30)
    crates.yank(crate.name, "1.0.0")
    wait_until(lambda: wire.lines(crate.name)["1.0.0"]["yanked"] is True, timeout_s=30)
    crates.yank(crate.name, "1.0.0", undo=True)
    wait_until(lambda: wire.lines(crate.name)["1.0.0"]["yanked"] is False, timeout_s=30)
    crates.yank(crate.name, "1.0.0")
    wait_until(lambda: wire.lines(crate.name)["1.0.0"]["yanked"] is True, timeout_s=30)
    crates.stop()
    lines = wire.lines(crate.name)
    assert set(lines) == {"1.0.0", "1.1.0"} and lines["1.0.0"]["yanked"] is True
    assert wire.download(crate.name, "1.0.0").body == crate.archive()


def test_publishing_goes_on_beside_public_crates(secluded: Repository, crates: FakeCrates, tmp_path: Path) -> None:
    public = Crate(fresh_name("public"), "1.0.0")
    crates.publish(public)
    cargo = Cargo(tmp_path / "home")
    cargo.configure(secluded.endpoint("cargo"), secluded.token)
    cargo.add(cargo.project("before"), public.name)
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        crate = Crate("beside", version, requires=((public.name, "=1.0.0"),))
        cargo.publish(crate.write_project(cargo.home / f"source-{version}", cargo.registry))
        cargo.empty_cache()
        project = cargo.project(f"during-{version.replace('.', '-')}")
        cargo.add(project, "beside")
        assert locked(project) == {"beside": version, public.name: "1.0.0"}
        # Cargo looks into the index before the first publish of a name, and whether the public registry has that name
        # cannot be said without it. From then on it is ours.
        crates.stop()


def test_many_at_once_fetch_one_crate_once(secluded: Repository, crates: FakeCrates) -> None:
    crate = Crate(fresh_name("public"), "1.0.0", size_bytes=2_000_000)
    crates.publish(crate)
    url, token = secluded.endpoint("cargo"), secluded.token

    def fetch(_: int) -> bytes:
        return Registry(url, token).download(crate.name, "1.0.0").body

    with ThreadPoolExecutor(12) as pool:
        assert all(body == crate.archive() for body in pool.map(fetch, range(12)))
    assert crates.crates_asked(crate.name) == 1
