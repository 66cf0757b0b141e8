"""Commands of cargo beyond fetch and publish, and where its tokens come from."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cargo.driver import Cargo, locked, search_output
from cargo.providers import CargoWithAwsCli
from harness.account import Repository
from harness.cargo_wire import Registry
from harness.crates import Crate
from harness.packages import fresh_name

FEATURES = """[package]
name = "{name}"
version = "1.0.0"
edition = "2021"
description = "A parcel with every kind of dependency"
license = "Apache-2.0"
keywords = ["parcel"]
categories = ["development-tools"]
readme = "README.md"
links = "{name}-native"
rust-version = "1.70"
build = "build.rs"

[dependencies]
plain = {{ version = "1", registry = "{registry}", package = "{plain}" }}
maybe = {{ version = "1", registry = "{registry}", package = "{maybe}", optional = true, default-features = false }}

[dev-dependencies]
{tried} = {{ version = "1", registry = "{registry}" }}

[build-dependencies]
built = {{ version = "1", registry = "{registry}", package = "{built}" }}

[target.'cfg(windows)'.dependencies]
elsewhere = {{ version = "1", registry = "{registry}", package = "{other}" }}

[features]
default = ["std"]
std = ["maybe?/std"]
more = ["dep:maybe"]

[workspace]
"""


def test_a_crate_is_verified_packaged_and_published_as_by_default(publisher: Cargo, private: Repository) -> None:
    crate = Crate(fresh_name(), "1.0.0")
    project = crate.write_project(publisher.home / "source", publisher.registry)
    # With the build that `cargo publish` makes of what it packed.
    done = publisher.run("publish", "--registry", publisher.registry, "--allow-dirty", cwd=project)
    assert "Published" in done.stderr, str(done)
    (archive,) = {path.read_bytes() for path in (project / "target/package").rglob(f"{crate.folder}.crate")}
    wire = Registry(private.endpoint("cargo"), private.token)
    assert wire.download(crate.name, "1.0.0").body == archive


def test_f_cr_3_every_kind_of_dependency_and_feature_survives_the_index(publisher: Cargo, private: Repository) -> None:
    wire = Registry(private.endpoint("cargo"), private.token)
    # Cargo takes a crate under one name only, so each dependency is on another.
    plain, built, tried, other = (Crate(fresh_name(name), "1.0.0") for name in ("plain", "built", "tried", "other"))
    assert {wire.publish(one).status for one in (plain, built, tried, other)} == {200}
    maybe = Crate(fresh_name("maybe"), "1.0.0")
    source = maybe.write_project(publisher.home / "maybe", publisher.registry)
    (source / "Cargo.toml").open("a").write("[features]\nstd = []\n")
    publisher.publish(source)
    name = fresh_name("rich")
    folder = publisher.home / "rich"
    (folder / "src").mkdir(parents=True)
    (folder / "src/lib.rs").write_text('#[cfg(feature = "more")]\npub use maybe::VERSION;\npub use plain as inner;\n')
    (folder / "build.rs").write_text('fn main() { assert_eq!(built::VERSION, "1.0.0"); }\n')
    (folder / "README.md").write_text("# Parcels\n")
    crates = {"plain": plain, "built": built, "tried": tried, "other": other, "maybe": maybe}
    names = {key: one.name for key, one in crates.items()}
    manifest = FEATURES.format(name=name, registry=publisher.registry, **names)
    (folder / "Cargo.toml").write_text(manifest)
    publisher.publish(folder)

    line = wire.lines(name)["1.0.0"]
    found = sorted(
        (
            one["name"],
            one.get("package") or "",
            one.get("kind"),
            one["optional"],
            one["default_features"],
            one["target"] or "",
        )
        for one in line["deps"]
    )
    assert found == sorted(
        [
            ("plain", plain.name, "normal", False, True, ""),
            ("maybe", maybe.name, "normal", True, False, ""),
            (tried.name, "", "dev", False, True, ""),
            ("built", built.name, "build", False, True, ""),
            ("elsewhere", other.name, "normal", False, True, "cfg(windows)"),
        ]
    )
    assert all(one.get("registry") is None for one in line["deps"]), "they lie in this registry"
    assert (line["links"], line["rust_version"]) == (f"{name}-native", "1.70")
    features = line["features"] | line.get("features2", {})
    assert features == {"default": ["std"], "std": ["maybe?/std"], "more": ["dep:maybe"]}
    if line.get("features2"):
        assert line["v"] == 2

    project = publisher.project("app")
    publisher.add(project, name, "--features", "more")
    module = name.replace("-", "_")
    code = f'fn main() {{ println!("{{}} {{}}", {module}::VERSION, {module}::inner::VERSION); }}\n'
    (project / "src/main.rs").write_text(code)
    assert publisher.run("run", "--quiet", cwd=project).stdout == "1.0.0 1.0.0\n"
    package = publisher.metadata(project)[name]
    assert package["features"]["more"] == ["dep:maybe"]
    ids = {**private.ids, "format": "cargo", "package": name, "packageVersion": "1.0.0"}
    told = private.aws.list_package_version_dependencies(**ids)["dependencies"]
    assert {one["package"] for one in told} == set(names.values())
    readme = private.aws.get_package_version_readme(**ids)
    assert readme["readme"] == "# Parcels\n"


def test_search_finds_private_crates(publisher: Cargo, private: Repository) -> None:
    wire = Registry(private.endpoint("cargo"), private.token)
    stem = fresh_name("findable")
    for number in range(3):
        assert wire.publish(Crate(f"{stem}-{number}", f"1.{number}.0")).status == 200
    assert wire.publish(Crate(fresh_name("other"), "1.0.0")).status == 200
    done = publisher.run("search", "--registry", publisher.registry, stem)
    assert search_output(done) == {f"{stem}-{number}": f"1.{number}.0" for number in range(3)}, str(done)
    few = publisher.run("search", "--registry", publisher.registry, "--limit", "1", stem)
    assert len(search_output(few)) == 1
    # How many more is not counted, only that there are.
    assert "crates more" in few.stdout
    assert search_output(publisher.run("search", "--registry", publisher.registry, fresh_name("nothing"))) == {}


def test_owners_are_listed_and_rights_are_not_given_by_them(publisher: Cargo, private: Repository) -> None:
    crate = Crate(fresh_name(), "1.0.0")
    assert Registry(private.endpoint("cargo"), private.token).publish(crate).status == 200
    listed = publisher.run("owner", "--list", crate.name, "--registry", publisher.registry)
    assert listed.stdout.strip(), str(listed)
    # Rights are those of policies; whoever asks for more is told so, in words that cargo prints.
    refused = publisher.run("owner", "--add", "someone", crate.name, "--registry", publisher.registry, check=False)
    assert refused.status != 0
    assert "polic" in refused.output.lower(), str(refused)


def test_cargo_info_shows_a_private_crate(publisher: Cargo, private: Repository) -> None:
    wire = Registry(private.endpoint("cargo"), private.token)
    crate = Crate(fresh_name(), "1.0.0")
    assert wire.publish(crate).status == 200
    done = publisher.run("info", "--registry", publisher.registry, crate.name)
    assert crate.name in done.stdout and "version: 1.0.0" in done.stdout, str(done)


def test_a_program_is_installed_from_the_repository(publisher: Cargo) -> None:
    crate = Crate(fresh_name("tool"), "1.0.0")
    project = crate.write_project(publisher.home / "source", publisher.registry)
    (project / "src/main.rs").write_text(f'fn main() {{ println!("{{}}", {crate.module}::VERSION); }}\n')
    publisher.publish(project)
    root = publisher.home / "installed"
    publisher.run("install", "--registry", publisher.registry, "--root", str(root), crate.name)
    assert publisher.run_command([str(root / "bin" / crate.name)]).stdout == "1.0.0\n"


def test_yanking_what_is_not_there_says_so(publisher: Cargo, private: Repository) -> None:
    wire = Registry(private.endpoint("cargo"), private.token)
    crate = Crate(fresh_name(), "1.0.0")
    assert wire.publish(crate).status == 200
    for missing in (Crate(crate.name, "9.9.9"), Crate(fresh_name("absent"), "1.0.0")):
        refused = publisher.yank(missing, check=False)
        assert refused.status != 0
        assert "404" in refused.output or "not" in refused.output.lower(), str(refused)
    publisher.yank(crate)
    # Twice is once.
    publisher.yank(crate)
    assert wire.lines(crate.name)["1.0.0"]["yanked"] is True


def test_f_cr_4_a_yank_changes_nothing_else_in_the_line(publisher: Cargo, private: Repository) -> None:
    wire = Registry(private.endpoint("cargo"), private.token)
    crate = Crate(fresh_name(), "1.0.0", requires=(("some-dependency", "1"),))
    assert wire.publish(crate).status == 200
    before = wire.lines(crate.name)["1.0.0"]
    publisher.yank(crate)
    assert wire.lines(crate.name)["1.0.0"] == before | {"yanked": True}
    publisher.yank(crate, "--undo")
    assert wire.lines(crate.name)["1.0.0"] == before


def test_the_aws_cli_gives_the_token_for_every_command(private: Repository, tmp_path: Path) -> None:
    client = CargoWithAwsCli(tmp_path / "home", private.server)
    client.configure(private.endpoint("cargo"), "", domain=private.domain)
    crate = Crate(fresh_name(), "1.0.0")
    client.publish(crate.write_project(client.home / "source", client.registry))
    project = client.project("app")
    client.add(project, crate.name)
    assert locked(project) == {crate.name: "1.0.0"}
    client.yank(crate)
    assert Registry(private.endpoint("cargo"), private.token).lines(crate.name)["1.0.0"]["yanked"] is True
    written = [path.name for path in client.cargo_home.glob("credentials*")]
    assert written == [], "no token may be left on disk"


def test_logging_out_is_the_end_of_access(publisher: Cargo, private: Repository) -> None:
    crate = Crate(fresh_name(), "1.0.0")
    assert Registry(private.endpoint("cargo"), private.token).publish(crate).status == 200
    project = publisher.project("app")
    publisher.add(project, crate.name)
    publisher.run("logout", "--registry", publisher.registry)
    publisher.empty_cache()
    refused = publisher.fetch(project, check=False)
    assert refused.status != 0
    assert "cargo login" in refused.output, str(refused)


@pytest.mark.parametrize("form", ["{}", "Bearer {}", "bearer {}", "{} "])
def test_the_token_is_taken_in_every_form_that_cargo_sends(private: Repository, form: str) -> None:
    # The last one: some shells on Windows leave blanks behind a token.
    wire = Registry(private.endpoint("cargo"), form.format(private.token))
    assert wire.config()["auth-required"] is True


def test_without_a_token_the_answer_asks_for_one(private: Repository) -> None:
    stranger = Registry(private.endpoint("cargo"), None)
    for path in ("config.json", "se/rd/serde", "api/v1/crates/serde/1.0.0/download", "api/v1/crates?q=serde"):
        answer = stranger.get(path)
        assert answer.status == 401, path
        assert "www-authenticate" in answer.headers
        assert json.loads(answer.body)["errors"][0]["detail"]
