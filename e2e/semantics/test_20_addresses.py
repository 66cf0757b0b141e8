"""Section 20: where the package endpoints are."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable

import pytest

from harness import knobs
from harness.packages import Package
from semantics.ground import Ground


@pytest.mark.parametrize("package_format", knobs.FORMATS)
@pytest.mark.parametrize("kind", ["ipv4", "dualstack"])
def test_the_path_form_on_one_host(ground: Ground, package_format: str, kind: str) -> None:
    repository = ground.repository(ground.domain(), "team-a")
    answer = ground.aws.get_repository_endpoint(**repository.ids, format=package_format, endpointType=kind)
    path = f"/{package_format}/d/{repository.domain}-{ground.account}/team-a/"
    assert answer["repositoryEndpoint"] == ground.server.url + path


def test_the_host_form_by_configuration(own_ground: Callable[..., Ground]) -> None:
    ground = own_ground(settings=knobs.host_endpoints("packages.example"))
    repository = ground.repository(ground.domain(), "team-a")
    host = f"{repository.domain}-{ground.account}.packages.example"
    assert host in repository.npm_url and repository.npm_url.endswith("/npm/team-a/")
    connection = http.client.HTTPConnection("127.0.0.1", ground.server.port, timeout=10)
    headers = {"Host": host, "Authorization": f"Bearer {repository.token}"}
    package = Package("parcel", "1.0.0")
    body = json.dumps(package.publish_document(repository.npm_url)).encode()
    connection.request("PUT", "/npm/team-a/parcel", body=body, headers=headers | {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status in (200, 201), answer.read()
    answer.read()
    connection.request("GET", "/npm/team-a/parcel/-/parcel-1.0.0.tgz", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200 and answer.read() == package.tarball()
    connection.close()


def test_files_are_served_where_they_are_asked_for(ground: Ground) -> None:
    """No redirect: clients cannot carry their credentials to another host by mistake."""
    app, _ = ground.chain("app", "store", connected=True)
    name = ground.public("1.0.0")
    for _ in range(2):
        answer = app.registry().tarball(name, "1.0.0")
        assert answer.status == 200 and "location" not in answer.headers
