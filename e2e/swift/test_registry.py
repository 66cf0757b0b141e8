"""Publishing, resolving and building with SwiftPM."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

import pytest

from harness.account import Repository
from harness.swift_client import Swift
from harness.swift_packages import SwiftPackage, application
from harness.swift_wire import SwiftRegistry

pytestmark = pytest.mark.timeout(300)
Publish = Callable[..., SwiftPackage]


def held(registry: Repository, package: SwiftPackage) -> dict[str, str]:
    """Version to status, from the API; names there are in lower case."""
    ids = {"format": "swift", "namespace": package.scope.lower(), "package": package.name.lower()}
    pages = registry.aws.get_paginator("list_package_versions").paginate(**registry.ids, **ids)
    return {one["version"]: one["status"] for page in pages for one in page["versions"]}


def test_libraries_of_two_layers_are_published_resolved_and_run(
    swift: Swift, publish: Publish, registry: Repository
) -> None:
    leaf = publish(SwiftPackage("acme", "Leaf", "1.2.0"))
    publish(SwiftPackage("acme", "Root", "1.0.0", needs={leaf.identity: 'from: "1.0.0"'}))
    app = swift.folder("app", application({"acme.Root": 'from: "1.0.0"'}))
    swift.resolve(app)
    assert swift.resolved(app) == {"acme.Leaf": "1.2.0", "acme.Root": "1.0.0"}
    assert swift.run_program(app).stdout.strip() == "Root 1.0.0, Leaf 1.2.0"
    assert held(registry, leaf) == {"1.2.0": "Published"}
    # The checksum that clients trust is that of the bytes that they get.
    wire = SwiftRegistry(registry)
    release = wire.document("acme/Leaf/1.2.0")
    (archive,) = (one for one in release["resources"] if one["name"] == "source-archive")
    content = wire.get("acme/Leaf/1.2.0.zip", "application/vnd.swift.registry.v1+zip")
    assert hashlib.sha256(content.body).hexdigest() == archive["checksum"]


def test_login_makes_the_credentials_that_everything_else_uses(swift: Swift, registry: Repository) -> None:
    swift.log_out()
    package = SwiftPackage("mona", "LinkedList", "1.0.0")
    for name, content in package.files().items():
        path = swift.home / "LinkedList" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    folder = swift.home / "LinkedList"
    # The last command asks before it writes, and nobody is there to answer.
    for command in (swift.documented("set").strip() + " --no-confirm").splitlines():
        swift.run(*command.split()[1:], cwd=folder)
    assert f"login token password {registry.token}" in (swift.home / ".netrc").read_text()
    (folder / "package-metadata.json").write_text(swift.documented("package-metadata.json"))
    swift.script(swift.documented("publish"), folder, last_words="was successfully published to")
    assert held(registry, package) == {"1.0.0": "Published"}
    release = SwiftRegistry(registry).document("mona/LinkedList/1.0.0")
    assert release["metadata"]["description"] == "One thing links to another."


def test_a_login_with_a_wrong_token_ends_refused_and_is_kept_nowhere(swift: Swift, registry: Repository) -> None:
    swift.log_out()
    folder = swift.folder("app", application({}))
    where = [f"{swift.endpoint}login", "--token", "not-a-token-of-this-server", "--no-confirm"]
    refused = swift.run("package-registry", "login", *where, cwd=folder, check=False)
    assert refused.status == 1, str(refused)
    # What the user reads: which login, that it was refused, and what to do about it.
    assert f"registry login using {swift.endpoint}login failed: server error 401" in refused.stderr, str(refused)
    assert "The authorization token is not valid. Get a new one with GetAuthorizationToken." in refused.stderr
    assert not (swift.home / ".netrc").exists() or "not-a-token" not in (swift.home / ".netrc").read_text()
    answer = SwiftRegistry(registry, "not-a-token-of-this-server").ask("POST", "login")
    assert answer.status == 401
    # Asked for Basic, it would wait for ever.
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_a_wrong_token_neither_reads_nor_publishes(swift: Swift, publish: Publish, registry: Repository) -> None:
    package = publish(SwiftPackage("acme", "Leaf", "1.0.0"))
    swift.configure(registry, token="not-a-token-of-this-server")
    swift.forget()
    app = swift.folder("app", application({package.identity: 'from: "1.0.0"'}))
    refused = swift.resolve(app, check=False)
    assert refused.status != 0
    assert "server error 401: The authorization token is not valid." in refused.stderr, str(refused)
    other = SwiftPackage("acme", "Other", "1.0.0")
    folder = swift.folder("other", other.files())
    refused = swift.publish(folder, other.identity, other.version, check=False)
    assert refused.status != 0
    assert "server error 401: The authorization token is not valid." in refused.stderr, str(refused)
    assert held(registry, package) == {"1.0.0": "Published"}
    packages = registry.aws.list_packages(**registry.ids, format="swift")["packages"]
    assert [one["package"] for one in packages] == ["leaf"]


def test_a_release_is_published_once(swift: Swift, publish: Publish, registry: Repository) -> None:
    package = publish(SwiftPackage("acme", "Leaf", "1.0.0"))
    wire = SwiftRegistry(registry)
    before = wire.get("acme/Leaf/1.0.0.zip", "*/*").body
    other = SwiftPackage("acme", "Leaf", "1.0.0", build=1)
    folder = swift.folder("other", other.files())
    refused = swift.publish(folder, other.identity, other.version, check=False)
    assert refused.status != 0, f"other bytes went through: {refused}"
    assert "already" in refused.output.lower() or "409" in refused.output, str(refused)
    assert wire.get("acme/Leaf/1.0.0.zip", "*/*").body == before
    assert held(registry, package) == {"1.0.0": "Published"}


def test_a_new_release_is_seen_by_an_update(swift: Swift, publish: Publish) -> None:
    publish(SwiftPackage("acme", "Leaf", "1.9.0"))
    app = swift.folder("app", application({"acme.Leaf": 'from: "1.0.0"'}))
    swift.resolve(app)
    # Not the order of text: ten comes after nine. The last two are outside of what the range takes.
    for version in ("1.10.0", "2.0.0", "1.11.0-beta.1"):
        publish(SwiftPackage("acme", "Leaf", version))
    swift.resolve(app)
    assert swift.resolved(app) == {"acme.Leaf": "1.9.0"}, "a pinned version must stay"
    swift.run("package", "update", cwd=app)
    assert swift.resolved(app) == {"acme.Leaf": "1.10.0"}
    assert swift.run_program(app).stdout.strip() == "Leaf 1.10.0"


def test_pins_resolve_again_on_another_machine(swift: Swift, publish: Publish, registry: Repository) -> None:
    publish(SwiftPackage("acme", "Leaf", "1.0.0"))
    app = swift.folder("app", application({"acme.Leaf": '"1.0.0"..<"2.0.0"'}))
    swift.resolve(app)
    publish(SwiftPackage("acme", "Leaf", "1.1.0"))
    swift.forget()
    swift.run("package", "reset", cwd=app)
    swift.resolve(app, "--force-resolved-versions")
    assert swift.resolved(app) == {"acme.Leaf": "1.0.0"}


def test_f_sw_1_a_package_is_found_in_every_case(swift: Swift, publish: Publish, registry: Repository) -> None:
    package = publish(SwiftPackage("Acme", "MixedCase", "1.0.0"))
    files = application({"Acme.MixedCase": 'from: "1.0.0"'})
    files["Package.swift"] = files["Package.swift"].replace("Acme.MixedCase", "acme.mixedcase")
    app = swift.folder("app", files)
    assert swift.run_program(app).stdout.strip() == "MixedCase 1.0.0"
    assert held(registry, package) == {"1.0.0": "Published"}


def test_f_sw_3_the_manifest_for_this_swift_is_the_one_that_counts(
    swift: Swift, publish: Publish, registry: Repository
) -> None:
    leaf = publish(SwiftPackage("acme", "Leaf", "1.0.0"))
    # The plain manifest needs a package that nobody has; that for Swift 5.9 and later does not.
    package = SwiftPackage("acme", "Root", "1.0.0", needs={leaf.identity: 'from: "1.0.0"'}, others=("5.9",))
    folder = swift.folder("root", package.files())
    plain = package.manifest("5.7").replace('from: "1.0.0"', 'from: "7.0.0"')
    (folder / "Package.swift").write_text(plain)
    swift.publish(folder, package.identity, package.version)
    app = swift.folder("app", application({package.identity: 'from: "1.0.0"'}))
    assert swift.run_program(app).stdout.strip() == "Root 1.0.0, Leaf 1.0.0"
    wire = SwiftRegistry(registry)
    manifest = wire.get("acme/Root/1.0.0/Package.swift", "application/vnd.swift.registry.v1+swift")
    assert manifest.body.decode() == plain
    assert 'swift-tools-version="5.9"' in manifest.headers["link"] and 'rel="alternate"' in manifest.headers["link"]
    other = wire.get("acme/Root/1.0.0/Package.swift?swift-version=5.9", "application/vnd.swift.registry.v1+swift")
    assert other.body.decode() == package.manifest("5.9")


def test_f_sw_4_dependencies_by_source_address_are_taken_from_the_registry(
    swift: Swift, publish: Publish, registry: Repository
) -> None:
    source = "https://git.example/acme/Leaf"
    leaf = SwiftPackage("acme", "Leaf", "1.0.0")
    metadata = swift.home / "metadata.json"
    metadata.write_text(json.dumps({"repositoryURLs": [source, "git@git.example:acme/Leaf.git"]}))
    publish(leaf, "--metadata-path", swift.inside(metadata))
    files = application({"acme.Leaf": 'from: "1.0.0"'})
    manifest = files["Package.swift"].replace('id: "acme.Leaf"', f'url: "{source}.git"')
    files["Package.swift"] = manifest.replace('package: "acme.Leaf"', 'package: "Leaf"')
    app = swift.folder("app", files)
    # Nobody answers at that address: only the registry can have it.
    swift.resolve(app, "--replace-scm-with-registry")
    assert swift.resolved(app) == {"acme.Leaf": "1.0.0"}
    assert swift.run_program(app, "--replace-scm-with-registry").stdout.strip() == "Leaf 1.0.0"
    found = SwiftRegistry(registry).document("identifiers?url=git@git.example:acme/Leaf.git")
    assert found == {"identifiers": ["acme.Leaf"]}


def test_what_codeartifact_documents_for_curl_works(swift: Swift, registry: Repository) -> None:
    package = SwiftPackage("mona", "LinkedList", "1.0.0")
    folder = swift.folder("LinkedList", package.files())
    (folder / "package-metadata.json").write_text(swift.documented("package-metadata.json"))
    swift.script(swift.documented("curl"), folder)
    assert held(registry, package) == {"1.0.0": "Published"}
    app = swift.folder("app", application({package.identity: 'from: "1.0.0"'}))
    swift.resolve(app, "--netrc-file", swift.inside(swift.home / ".netrc"))
    assert swift.resolved(app) == {"mona.LinkedList": "1.0.0"}
    # Without a token nothing is told.
    assert SwiftRegistry(registry, None).get("mona/LinkedList").status == 401


def test_a_missing_package_is_named_as_missing(swift: Swift) -> None:
    app = swift.folder("app", application({"acme.Absent": 'from: "1.0.0"'}))
    refused = swift.resolve(app, check=False)
    assert refused.status != 0
    assert "acme.absent" in refused.output.lower(), str(refused)
    assert "not found" in refused.output.lower() or "404" in refused.output, str(refused)


def test_unlisted_and_deleted_releases_are_not_chosen(swift: Swift, publish: Publish, registry: Repository) -> None:
    package = publish(SwiftPackage("acme", "Leaf", "1.0.0"))
    for version in ("1.1.0", "1.2.0"):
        publish(SwiftPackage("acme", "Leaf", version))
    ids = {**registry.ids, "format": "swift", "namespace": "acme", "package": "leaf"}
    registry.aws.update_package_versions_status(**ids, versions=["1.2.0"], targetStatus="Unlisted")
    registry.aws.delete_package_versions(**ids, versions=["1.1.0"])
    app = swift.folder("app", application({package.identity: 'from: "1.0.0"'}))
    swift.resolve(app)
    assert swift.resolved(app) == {"acme.Leaf": "1.0.0"}
    problem = SwiftRegistry(registry).document("acme/Leaf")["releases"].get("1.1.0")
    assert problem is None or problem.get("problem", {}).get("status") == 410


def test_releases_of_an_upstream_are_resolved(swift: Swift, publish: Publish, registry: Repository) -> None:
    publish(SwiftPackage("acme", "Leaf", "1.0.0"))
    registry.aws.create_repository(
        domain=registry.domain, repository="team", upstreams=[{"repositoryName": registry.name}]
    )
    swift.configure(Repository(registry.server, registry.aws, registry.domain, "team"))
    app = swift.folder("app", application({"acme.Leaf": 'from: "1.0.0"'}))
    swift.forget()
    assert swift.run_program(app).stdout.strip() == "Leaf 1.0.0"
