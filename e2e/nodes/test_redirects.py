"""Downloads that the object store answers: real clients follow the redirect and get the same bytes.

The store has another host name than the server, as it has everywhere, and refuses requests that are signed in two ways:
a client that took its token along would get nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cargo.driver import Cargo, locked, toolchain
from generic.curl import Curl
from harness import account, knobs, seaweed
from harness.account import Repository
from harness.client import installed_version
from harness.crates import Crate
from harness.maven_artifacts import Artifact
from harness.packages import Package
from harness.python_client import installed_versions, site_packages
from harness.python_packages import Distribution
from harness.seaweed import Seaweed
from harness.server import Server
from maven.mvn import Maven, Maven38, Maven39, Maven40
from npm.driver import Npm
from python.pip_and_twine import PipAndTwine

# More than is kept in memory, so that without the redirect the server would have to fetch it.
SIZE_BYTES = 2_000_000


@pytest.fixture(scope="module")
def server(server_factory: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose bytes are in an object store, and who may redirect to it."""
    program = seaweed.find_program()
    assert program is not None, "SeaweedFS is not installed: `cargo xtask weed` does it"
    store = Seaweed(program, tmp_path_factory.mktemp("seaweed"))
    endpoint = f"http://localhost:{store.port}"
    bucket = knobs.bucket(endpoint, seaweed.BUCKET, seaweed.KEY_ID, seaweed.SECRET)
    settings = knobs.COUNTED_SETTINGS + bucket + knobs.REDIRECTS
    yield server_factory(quotas=knobs.ROOMY_QUOTAS, settings=settings).start()
    store.close()


@pytest.fixture
def aws(server: Server) -> Any:
    """boto3 for it."""
    return account.profile_client(server)


@pytest.fixture
def app(server: Server, aws: Any) -> Repository:
    """A repository with the tag, put on as anyone does it."""
    domain = account.create_domain(aws)
    made = aws.create_repository(domain=domain, repository="app", tags=[knobs.REDIRECT_TAG])
    return Repository(server, aws, domain, made["repository"]["name"])


def redirected(app: Repository) -> list[str]:
    """The paths that were answered with a redirect."""
    start = f"/d/{app.domain}-"
    return [one["path"] for one in app.server.requests() if one["status"] == 302 and start in one["path"]]


def test_npm_follows(app: Repository, tmp_path: Path) -> None:
    npm = Npm(tmp_path / "home")
    npm.configure(app.npm_url, app.token)
    project = npm.project("project")
    package = Package("parcel", "1.0.0", size_bytes=SIZE_BYTES)
    npm.publish(package.write_to(tmp_path / "parcel"))
    npm.add(project, "parcel@1.0.0")
    assert installed_version(project, "parcel") == "1.0.0"
    # With an empty cache (publishing fills it, too), by the lock and the digest in it.
    npm.empty_cache()
    npm.install_afresh(project)
    assert redirected(app)
    # The lock names the server, and not an address that is good for minutes.
    assert app.npm_url in (project / "package-lock.json").read_text()
    app.aws.untag_resource(resourceArn=arn_of(app), tagKeys=[knobs.REDIRECT_TAG["key"]])
    before = len(redirected(app))
    npm.empty_cache()
    npm.install_afresh(project)
    assert len(redirected(app)) == before


def arn_of(app: Repository) -> str:
    """The repository's name in the API of tags."""
    return app.aws.describe_repository(**app.ids)["repository"]["arn"]


def test_pip_follows(app: Repository, tmp_path: Path) -> None:
    client = PipAndTwine(tmp_path / "home")
    client.configure(app.pypi_url, app.token)
    package = Distribution("parcel", "1.0", size_bytes=SIZE_BYTES)
    client.twine.upload(package.write_wheel(tmp_path / "dist"))
    environment = tmp_path / "environment"
    client.pip.install(environment, "parcel")
    assert installed_versions(environment)["parcel"] == "1.0"
    for name, content in package.files().items():
        assert (site_packages(environment) / package.module / name).read_bytes() == content
    assert redirected(app)


def test_cargo_follows(app: Repository, tmp_path: Path) -> None:
    if toolchain() is None:
        pytest.skip("there is no Rust on this machine")
    cargo = Cargo(tmp_path / "home")
    cargo.configure(app.endpoint("cargo"), app.token, domain=app.domain)
    crate = Crate("parcel", "1.0.0", size_bytes=SIZE_BYTES)
    cargo.publish(crate.write_project(tmp_path / "parcel", cargo.registry))
    project = cargo.project("application")
    cargo.add(project, "parcel@=1.0.0")
    assert locked(project) == {"parcel": "1.0.0"}
    assert (cargo.unpacked(crate) / "payload.bin").read_bytes() == crate.payload
    assert redirected(app)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", [Maven38, Maven39, Maven40])
def test_maven_follows(app: Repository, tmp_path: Path, kind: type[Maven]) -> None:
    if reason := kind.missing():
        pytest.skip(reason)
    mvn = kind(tmp_path / "home")
    mvn.configure(app)
    artifact = Artifact("parcel", "1.0", size_bytes=SIZE_BYTES)
    mvn.publish(artifact)
    mvn.empty_cache()
    mvn.resolve("consumer", artifact.coordinates)
    assert mvn.fetched("consumer") == {artifact.file_name(): artifact.jar()}
    # The jar and the POM; checksums are documents, and come from the server.
    paths = redirected(app)
    assert {path.rsplit(".", 1)[1] for path in paths} == {"jar", "pom"}, paths


def test_curl_follows_where_it_is_told_to_and_can_go_on_in_the_middle(app: Repository, tmp_path: Path) -> None:
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
    # The API itself gives bytes, whatever the tag says: its clients follow nothing.
    ids["packageVersion"] = "1.0"
    assert app.aws.get_package_version_asset(**ids, asset="parcel.bin")["asset"].read() == content
