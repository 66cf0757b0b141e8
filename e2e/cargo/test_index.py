"""The sparse index on the wire: what cargo's own cache rests on, and what it never shows."""

from __future__ import annotations

import hashlib

from cargo.driver import Cargo
from harness.account import Repository
from harness.cargo_wire import Registry
from harness.crates import Crate
from harness.fake_crates import FakeCrates
from harness.packages import fresh_name


def test_an_index_file_that_has_not_changed_is_not_sent_again(wire: Registry) -> None:
    crate = Crate(fresh_name(), "1.0.0")
    assert wire.publish(crate).status == 200
    first = wire.index(crate.name)
    assert first.headers["etag"]
    again = wire.index(crate.name, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert wire.publish(Crate(crate.name, "1.0.1")).status == 200
    changed = wire.index(crate.name, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status == 200
    # New versions come behind the old ones: what was there stays byte by byte.
    assert changed.body.startswith(first.body)
    assert changed.headers["etag"] != first.headers["etag"]


def test_cargo_asks_for_an_unchanged_index_file_only_conditionally(publisher: Cargo, private: Repository) -> None:
    crate = Crate(fresh_name(), "1.0.0")
    assert Registry(private.endpoint("cargo"), private.token).publish(crate).status == 200
    project = publisher.project("app")
    publisher.add(project, crate.name)
    publisher.run("update", cwd=project)
    statuses = [one["status"] for one in private.server.requests() if one["path"].endswith(f"/{crate.name}")]
    assert statuses[-1] == 304, statuses


def test_the_checksum_in_the_index_is_that_of_the_file(wire: Registry) -> None:
    crate = Crate(fresh_name(), "1.0.0", size_bytes=100_000)
    assert wire.publish(crate).status == 200
    line = wire.lines(crate.name)["1.0.0"]
    answer = wire.download(crate.name, "1.0.0", line["cksum"])
    assert answer.status == 200
    assert answer.body == crate.archive()
    assert hashlib.sha256(answer.body).hexdigest() == line["cksum"]
    part = wire.download(crate.name, "1.0.0", line["cksum"], headers={"Range": "bytes=100-199"})
    assert (part.status, part.body) == (206, crate.archive()[100:200])


def test_pubtime_tells_when_a_version_was_published(wire: Registry) -> None:
    crate = Crate(fresh_name(), "1.0.0")
    assert wire.publish(crate).status == 200
    told = wire.lines(crate.name)["1.0.0"]["pubtime"]
    # RFC 3339 in UTC without fractions: cargo reads no other form.
    assert len(told) == len("2026-01-01T00:00:00Z") and told.endswith("Z"), told


def test_the_config_leads_to_this_repository(wire: Registry) -> None:
    config = wire.config()
    assert config["auth-required"] is True
    assert config["api"].rstrip("/") == wire.url.rstrip("/")
    assert config["dl"].startswith(wire.url.rstrip("/"))


def test_f_cr_2_index_files_of_short_names_lie_where_cargo_looks(wire: Registry, publisher: Cargo) -> None:
    for name in ("q", "qz", "qzx", "qzxw"):
        assert wire.publish(Crate(name, "1.0.0")).status == 200
        assert set(wire.lines(name)) == {"1.0.0"}
    project = publisher.project("app")
    publisher.add(project, "q", "qz", "qzx", "qzxw")


def test_lines_of_the_public_registry_pass_unchanged(connected: Repository, crates: FakeCrates) -> None:
    public = Crate(fresh_name("public"), "1.0.0", requires=(("some-dependency", "^1.2"),))
    crates.publish(public, Crate(public.name, "1.1.0"))
    through = Registry(connected.endpoint("cargo"), connected.token)
    direct = Registry(crates.url, None)
    assert through.lines(public.name) == direct.lines(public.name)


def test_private_versions_hide_the_public_ones_of_a_name(connected: Repository, crates: FakeCrates) -> None:
    name = fresh_name("confused")
    wire = Registry(connected.endpoint("cargo"), connected.token)
    assert wire.publish(Crate(name, "1.0.0")).status == 200
    crates.publish(Crate(name, "99.0.0"))
    # The publication blocked the upstream: dependency confusion ends here.
    assert set(wire.lines(name)) == {"1.0.0"}
    assert wire.download(name, "99.0.0").status == 404
