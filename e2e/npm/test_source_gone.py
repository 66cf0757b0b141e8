"""Working days on which the public source is not there: people go on publishing and installing what was seen before."""

from __future__ import annotations

from pathlib import Path

from harness.account import Repository
from harness.client import installed_version
from harness.packages import Package, fresh_name
from harness.source import Source
from harness.waiting import wait_until
from npm.driver import Npm

PUBLIC_PACKAGE = ("left-pad", "1.3.0")
NEVER_ASKED_FOR = "is-odd"


def test_publishing_goes_on_beside_public_packages(secluded: Repository, source: Source, tmp_path: Path) -> None:
    name, version = PUBLIC_PACKAGE
    npm = Npm(tmp_path / "home")
    npm.configure(secluded.npm_url, secluded.token)
    npm.add(npm.project("before"), f"{name}@{version}")

    source.cut()
    for number in ("1.0.0", "1.1.0"):
        package = Package(fresh_name(scope="team"), number, manifest={"dependencies": {name: version}})
        npm.publish(package.write_to(npm.home / f"package-{number}"))
        npm.empty_cache()
        project = npm.project(f"during-{number}")
        npm.add(project, package.name)
        assert installed_version(project, package.name) == number
        assert installed_version(project, name) == version
        npm.run("dist-tag", "add", f"{package.name}@{number}", "stable")
        assert npm.run("view", f"{package.name}@stable", "version").stdout.strip() == number


def test_a_package_never_asked_for_is_not_called_missing(secluded: Repository, source: Source, tmp_path: Path) -> None:
    npm = Npm(tmp_path / "home")
    npm.configure(secluded.npm_url, secluded.token)
    source.cut()
    # A 404 would be believed, by caches and by people; "not now" is the truth.
    answer = secluded.registry().get(NEVER_ASKED_FOR)
    assert answer.status in (502, 503, 504)
    assert "public:npmjs" in answer.json()["error"]
    assert source.url.rstrip("/") not in answer.body.decode(), "an address of the source leaked"
    refused = npm.add(npm.project("during"), NEVER_ASKED_FOR, check=False)
    assert refused.status != 0 and "E404" not in refused.output, str(refused)

    source.restore()
    # A source that failed repeatedly is left alone for seconds; then it is asked again without anybody's help.
    wait_until(lambda: secluded.registry().get(NEVER_ASKED_FOR).status == 200, timeout_s=60)
    project = npm.project("after")
    npm.add(project, NEVER_ASKED_FOR)
    assert installed_version(project, NEVER_ASKED_FOR)
