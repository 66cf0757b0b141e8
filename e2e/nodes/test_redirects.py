"""Downloads that the object store answers: real clients follow the redirect and get the same bytes.

The store has another host name than the server, as it has everywhere, and what clients ask it for is overheard: their
token must not come along. One client brings it, and docs/operations.md says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from cargo.driver import Cargo, locked, toolchain
from generic.curl import Curl
from harness import account, cargo_wire, knobs, nuget_client, seaweed, swift_client
from harness.account import Repository
from harness.certificates import Certificates
from harness.client import Client, installed, installed_version
from harness.crates import Crate
from harness.gem_wire import GemHost
from harness.gems import Gem
from harness.jvm import JvmClient
from harness.maven_artifacts import Artifact, fresh_artifact
from harness.maven_wire import Layout
from harness.nuget_client import Dotnet, NugetClient, NugetExe
from harness.nuget_packages import Nupkg
from harness.nuget_wire import Feed
from harness.overheard import Heard, Overheard
from harness.packages import Package, fresh_name
from harness.pypi_wire import Index
from harness.python_client import PythonClient, installed_versions, site_packages
from harness.python_packages import Distribution
from harness.seaweed import Seaweed
from harness.server import Server
from harness.swift_client import Swift
from harness.swift_packages import SwiftPackage, application
from harness.swift_wire import SwiftRegistry
from maven.gradle import Gradle
from maven.ivy import Ivy
from maven.leiningen import Leiningen
from maven.mvn import Maven38, Maven39, Maven40
from npm.driver import Npm
from pnpm.driver import Pnpm
from python.pdm import Pdm
from python.pip_and_twine import OldPipAndOldTwine, PipAndTwine
from python.poetry import Poetry
from python.uv import Uv
from ruby.driver import NewRuby, Ruby, assert_installed
from scenarios.nuget_family import fresh_id
from yarn.berry import YarnBerry
from yarn.classic import YarnClassic

# More than is kept in memory, so that without the redirect the server would have to fetch it.
SIZE_BYTES = 2_000_000
# Where clients put what they are let in with.
CREDENTIALS = {"authorization", "cookie", "x-nuget-apikey"}


@dataclass(frozen=True)
class Road:
    """A repository with the tag, and the store that its downloads are sent to."""

    app: Repository
    store: Overheard

    def redirected(self) -> list[str]:
        """The paths that were answered with a redirect."""
        start = f"/d/{self.app.domain}-"
        found = [one["path"] for one in self.app.server.requests() if one["status"] == 302]
        return [unquote(path) for path in found if start in path]

    def heard(self, file: str, content: bytes) -> list[Heard]:
        """What the store was asked with, for a file that was asked for here first."""
        assert any(path.lower().endswith(file.lower()) for path in self.redirected()), self.redirected()
        heard = self.store.asked_for(hashlib.sha256(content).hexdigest())
        assert heard, f"nobody asked the store for {file}"
        return heard

    def assert_taken(self, file: str, content: bytes) -> None:
        """A file was asked for here and fetched there, and no credentials were brought along."""
        for one in self.heard(file, content):
            assert CREDENTIALS.isdisjoint(one.fields), one
            assert not any(self.app.token in text for text in (one.path, *one.fields.values())), one

    def assert_not_noted(self, project: Path) -> None:
        """What a project keeps names no address that is good for minutes."""
        notes = [path for path in project.glob("*lock*") if path.is_file()]
        assert notes
        assert not any(self.store.origin in path.read_text() for path in notes)


@pytest.fixture(scope="module")
def weed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """The object store of all these stories."""
    program = seaweed.find_program()
    assert program is not None, "SeaweedFS is not installed: `cargo xtask weed` does it"
    store = Seaweed(program, tmp_path_factory.mktemp("seaweed"))
    yield store
    store.close()


@pytest.fixture(scope="module")
def store(weed: Seaweed) -> Iterator[Overheard]:
    """How the server and clients reach it."""
    proxy = Overheard(weed.port)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def server(server_factory: Callable[..., Server], store: Overheard) -> Server:
    """A server whose bytes are in an object store, and who may redirect to it."""
    return server_factory(quotas=knobs.ROOMY_QUOTAS, settings=settings_of(store)).start()


def settings_of(store: Overheard) -> str:
    """The settings of a server that may redirect to a store."""
    bucket = knobs.bucket(store.origin, seaweed.BUCKET, seaweed.KEY_ID, seaweed.SECRET)
    return knobs.COUNTED_SETTINGS + bucket + knobs.REDIRECTS


@pytest.fixture(scope="module")
def aws(server: Server) -> Any:
    """boto3 for it."""
    return account.profile_client(server)


@pytest.fixture
def road(server: Server, aws: Any, store: Overheard) -> Road:
    """A repository with the tag, put on as anyone does it."""
    return Road(tagged_repository(server, aws), store)


def tagged_repository(server: Server, aws: Any) -> Repository:
    """A fresh repository with the tag."""
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app", tags=[knobs.REDIRECT_TAG])
    return Repository(server, aws, domain, "app")


@pytest.fixture
def app(road: Road) -> Repository:
    """The repository alone."""
    return road.app


@pytest.fixture(scope="module")
def secure_road(
    server_factory: Callable[..., Server], weed: Seaweed, certificates: Certificates
) -> Iterator[Callable[[], Road]]:
    """Makes the same for clients that want TLS, at the server and at the store."""
    store = Overheard(weed.port, certificates)
    settings = settings_of(store) + knobs.own_corner("secure", certificates.authority)
    server = server_factory(quotas=knobs.ROOMY_QUOTAS, settings=settings, certificates=certificates).start()
    aws = account.profile_client(server)
    yield lambda: Road(tagged_repository(server, aws), store)
    store.close()


@pytest.mark.parametrize("kind", [Npm, Pnpm, YarnClassic, YarnBerry])
def test_clients_of_npm_follow(road: Road, tmp_path: Path, kind: type[Client]) -> None:
    app = road.app
    package = Package(fresh_name(), "1.0.0", size_bytes=SIZE_BYTES)
    assert app.registry().publish(package).status in (200, 201)
    client = kind(tmp_path / "home")
    client.configure(app.npm_url, app.token)
    project = client.project("project")
    client.add(project, f"{package.name}@1.0.0")
    road.assert_taken(package.tarball_name, package.tarball())
    # By the lock and the digest in it, which names no address that is good for minutes.
    before = len(road.redirected())
    client.empty_cache()
    client.install_afresh(project)
    assert len(road.redirected()) > before
    assert installed_version(project, package.name) == "1.0.0"
    assert (installed(project, package.name) / "payload.bin").read_bytes() == package.files()["payload.bin"]
    road.assert_not_noted(project)


def test_a_tag_that_is_taken_off_ends_it_at_once(road: Road, tmp_path: Path) -> None:
    app = road.app
    npm = Npm(tmp_path / "home")
    npm.configure(app.npm_url, app.token)
    project = npm.project("project")
    package = Package(fresh_name(), "1.0.0", size_bytes=SIZE_BYTES)
    npm.publish(package.write_to(tmp_path / "parcel"))
    # Publishing fills the cache, too.
    npm.empty_cache()
    npm.add(project, f"{package.name}@1.0.0")
    before = len(road.redirected())
    assert before > 0
    assert app.npm_url in (project / "package-lock.json").read_text()
    arn = app.aws.describe_repository(**app.ids)["repository"]["arn"]
    app.aws.untag_resource(resourceArn=arn, tagKeys=[knobs.REDIRECT_TAG["key"]])
    npm.empty_cache()
    npm.install_afresh(project)
    assert len(road.redirected()) == before


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [PipAndTwine, OldPipAndOldTwine, Uv, Poetry, Pdm])
def test_clients_of_python_follow(road: Road, tmp_path: Path, kind: type[PythonClient]) -> None:
    app = road.app
    package = Distribution(fresh_name(), "1.0", size_bytes=SIZE_BYTES)
    assert Index(app.pypi_url, app.token).upload(package).status == 200
    client = kind(tmp_path / "home")
    client.configure(app.pypi_url, app.token)
    project = client.project("project")
    client.add(project, f"{package.name}==1.0")
    assert installed_versions(project / ".venv")[package.name] == "1.0"
    for name, content in package.files().items():
        assert (site_packages(project / ".venv") / package.module / name).read_bytes() == content
    road.assert_taken(package.wheel_name, package.wheel())
    road.assert_not_noted(project)


def test_cargo_follows(road: Road, tmp_path: Path) -> None:
    if toolchain() is None:
        pytest.skip("there is no Rust on this machine")
    app = road.app
    crate = Crate(fresh_name(), "1.0.0", size_bytes=SIZE_BYTES)
    assert cargo_wire.Registry(app.endpoint("cargo"), app.token).publish(crate).status == 200
    cargo = Cargo(tmp_path / "home")
    cargo.configure(app.endpoint("cargo"), app.token, domain=app.domain)
    project = cargo.project("application")
    cargo.add(project, f"{crate.name}@=1.0.0")
    assert locked(project) == {crate.name: "1.0.0"}
    assert (cargo.unpacked(crate) / "payload.bin").read_bytes() == crate.payload
    road.assert_taken("/download", crate.archive())
    road.assert_not_noted(project)


@pytest.mark.parametrize("kind", [Ruby, NewRuby])
@pytest.mark.parametrize("program", ["gem", "bundler"])
def test_clients_of_ruby_follow(road: Road, tmp_path: Path, kind: type[Ruby], program: str) -> None:
    if reason := kind.missing():
        pytest.skip(reason)
    app = road.app
    gem = Gem(fresh_name(), "1.0.0", size_bytes=SIZE_BYTES)
    assert GemHost(app.endpoint("ruby"), app.token).push(gem).status == 200
    client = kind(tmp_path / "home")
    client.configure(app.endpoint("ruby"), app.token)
    if program == "gem":
        client.gem_install(gem.name)
        assert_installed(client.gem_home, gem)
    else:
        project = client.project("project")
        client.add(project, (gem.name, "1.0.0"))
        assert_installed(project, gem)
        road.assert_not_noted(project)
    road.assert_taken(gem.file_name, gem.archive())


@pytest.mark.parametrize("kind", [Dotnet, NugetExe])
def test_clients_of_nuget_follow(road: Road, tmp_path: Path, kind: type[NugetClient]) -> None:
    if reason := nuget_client.missing():
        pytest.skip(reason)
    app = road.app
    package = Nupkg(fresh_id(), "1.0.0", size_bytes=SIZE_BYTES)
    assert Feed(app.endpoint("nuget"), app.token).push(package).status == 201
    client = kind(tmp_path / "home")
    client.configure(app.endpoint("nuget"), app.token)
    project = client.project("app")
    client.add(project, package.id, "1.0.0")
    assert client.package_files(project) == {f"{package.id}.1.0.0".lower(): package.content()}
    road.assert_taken(package.file_name, package.content())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [Maven38, Maven39, Maven40, Gradle, Ivy])
def test_clients_of_maven_follow(road: Road, tmp_path: Path, kind: type[JvmClient]) -> None:
    if reason := kind.missing():
        pytest.skip(reason)
    artifact = Artifact(fresh_artifact(), "1.0", size_bytes=SIZE_BYTES)
    Layout(road.app.endpoint("maven"), road.app.token).publish(artifact)
    client = kind(tmp_path / "home")
    client.configure(road.app)
    assert_resolved(road, client, artifact)


@pytest.mark.timeout(300)
def test_leiningen_follows_to_a_store_with_tls(
    secure_road: Callable[[], Road], certificates: Certificates, tmp_path: Path
) -> None:
    if reason := Leiningen.missing():
        pytest.skip(reason)
    road = secure_road()
    client = Leiningen(tmp_path / "home")
    client.more_java_options = certificates.java_options()
    client.configure(road.app)
    artifact = Artifact(fresh_artifact(), "1.0", size_bytes=SIZE_BYTES)
    client.publish(artifact)
    client.empty_cache()
    assert_resolved(road, client, artifact)


def assert_resolved(road: Road, client: JvmClient, artifact: Artifact) -> None:
    """A client of Maven's repositories gets an artifact from the store."""
    client.resolve("consumer", artifact.coordinates)
    assert client.fetched("consumer") == {artifact.file_name(): artifact.jar()}
    road.assert_taken(artifact.file_name(), artifact.jar())
    road.assert_taken(artifact.file_name("pom"), artifact.pom())
    # Checksums are documents, and come from the server.
    paths = road.redirected()
    assert {path.rsplit(".", 1)[1] for path in paths} == {"jar", "pom"}, paths


@pytest.mark.timeout(300)
def test_swift_follows_and_takes_its_token_along(
    secure_road: Callable[[], Road], certificates: Certificates, tmp_path: Path
) -> None:
    if reason := swift_client.missing():
        pytest.skip(reason)
    road = secure_road()
    package = SwiftPackage("acme", "Leaf", "1.0.0", padding_bytes=SIZE_BYTES)
    assert SwiftRegistry(road.app).publish(package).status == 201
    swift = Swift(tmp_path / "home", certificates)
    swift.configure(road.app)
    project = swift.folder("app", application({package.identity: 'from: "1.0.0"'}))
    swift.resolve(project)
    assert swift.resolved(project) == {package.identity: "1.0.0"}
    unpacked = project / ".build/registry/downloads/acme/Leaf/1.0.0"
    assert (unpacked / "padding.bin").read_bytes() == package.padding()
    # Before 6.2 it does, and Amazon's S3 then refuses; SeaweedFS looks at the address alone.
    for one in road.heard("1.0.0.zip", package.archive()):
        assert one.fields["authorization"] == f"Bearer {road.app.token}"


def test_curl_follows_where_it_is_told_to_and_can_go_on_in_the_middle(road: Road, tmp_path: Path) -> None:
    app = road.app
    content = Artifact("parcel", "1.0", size_bytes=SIZE_BYTES).jar()
    ids = {**app.ids, "format": "generic", "namespace": "files", "package": "parcel"}
    publication = {"packageVersion": "1.0", "assetName": "parcel.bin", "assetContent": content}
    digest = hashlib.sha256(content).hexdigest()
    app.aws.publish_package_version(**ids, **publication, assetSHA256=digest)
    curl = Curl(tmp_path / "curl", app)
    url, file = f"{app.endpoint('generic')}files/parcel/1.0/parcel.bin", tmp_path / "parcel.bin"
    stays = curl.run("--write-out", "%{http_code}", "--output", str(file), url)
    assert stays.stdout == "302"
    curl.run("--fail", "--location", "--output", str(file), url)
    assert file.read_bytes() == content
    file.write_bytes(content[:1000])
    curl.run("--fail", "--location", "--continue-at", "-", "--output", str(file), url)
    assert file.read_bytes() == content
    road.assert_taken("parcel.bin", content)
    # The API itself gives bytes, whatever the tag says: its clients follow nothing.
    ids["packageVersion"] = "1.0"
    assert app.aws.get_package_version_asset(**ids, asset="parcel.bin")["asset"].read() == content
