"""What the stories of the semantics begin with: repositories in some shape, and packages of two formats in them.

npm packages go in and out over the npm protocol, generic ones over the API: between them they show every rule.
"""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Any

from harness import knobs
from harness.account import Repository, npm_ids
from harness.fake_npm import FakeNpm
from harness.npm_wire import Registry
from harness.packages import Package
from harness.server import Server

_numbers = itertools.count(1)
Ids = dict[str, Any]
NAMESPACE = "tools"


def upstreams(*names: str) -> list[dict[str, str]]:
    """An upstream list, highest priority first."""
    return [{"repositoryName": name} for name in names]


def generic(package: str, namespace: str = NAMESPACE) -> Ids:
    """The parameters that name a generic package."""
    return {"format": "generic", "namespace": namespace, "package": package}


@dataclass
class Ground:
    """A server whose public source is a fake, and the root of its account."""

    server: Server
    aws: Any
    source: FakeNpm
    _opened: list[Repository] = field(default_factory=list)

    @property
    def account(self) -> str:
        """The account of the root."""
        return self.server.account

    @property
    def region(self) -> str:
        """The region of the installation."""
        return self.aws.meta.region_name

    def fresh(self, stem: str) -> str:
        """A name no other story uses."""
        return f"{stem}-{next(_numbers)}"

    def arn(self, kind: str, path: str, owner: str | None = None) -> str:
        """An ARN: `arn("repository", "acme/team-a")`."""
        return f"arn:aws:codeartifact:{self.region}:{owner or self.account}:{kind}/{path}"

    # Domains and repositories.

    def domain(self) -> str:
        """A fresh domain."""
        return self.aws.create_domain(domain=self.fresh("acme"))["domain"]["name"]

    def repository(
        self, domain: str, name: str, *above: str, connected: bool = False, client: Any = None
    ) -> Repository:
        """A repository with upstreams, or connected to the public source."""
        client = client or self.aws
        client.create_repository(domain=domain, repository=name, upstreams=upstreams(*above))
        if connected:
            client.associate_external_connection(
                domain=domain, repository=name, externalConnection=knobs.NPM_CONNECTION
            )
        return self.open(domain, name)

    def open(self, domain: str, name: str) -> Repository:
        """A repository that is there already."""
        opened = Repository(self.server, self.aws, domain, name)
        self._opened.append(opened)
        return opened

    def chain(self, *names: str, connected: bool = False) -> list[Repository]:
        """Repositories of a fresh domain, each with the next one upstream; the last one may be connected."""
        domain = self.domain()
        made: list[Repository] = []
        for above, name in zip((None, *reversed(names)), reversed(names), strict=False):
            last = above is None
            made.append(self.repository(domain, name, *([] if last else [above]), connected=connected and last))
        return made[::-1]

    # Packages.

    def public(self, *versions: str, name: str | None = None, **manifest: Any) -> str:
        """A package of the public source."""
        name = name or self.fresh("public")
        self.source.publish(*(Package(name, version, manifest=manifest) for version in versions or ("1.0.0",)))
        return name

    def npm(self, repository: Repository, name: str, *versions: str, tag: str = "latest") -> list[Package]:
        """Publish npm versions; they must be accepted."""
        made = [Package(name, version) for version in versions]
        for package in made:
            answer = repository.registry().publish(package, tag=tag)
            assert answer.status in (200, 201), f"{package}: {answer.status} {answer.body[:300]!r}"
        return made

    def asset(
        self,
        repository: Repository,
        ids: Ids,
        version: str,
        name: str,
        content: bytes,
        *,
        client: Any = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Publish one asset of a generic version."""
        return (client or self.aws).publish_package_version(
            **repository.ids,
            **ids,
            packageVersion=version,
            assetName=name,
            assetContent=content,
            assetSHA256=hashlib.sha256(content).hexdigest(),
            **more,
        )

    def generic(self, repository: Repository, package: str, *versions: str, **more: Any) -> Ids:
        """Publish generic versions of one asset each; the parameters that name the package."""
        ids = generic(package)
        for version in versions:
            self.asset(repository, ids, version, "a.bin", f"{package} {version}".encode(), **more)
        return ids

    # What is there.

    def versions(self, repository: Repository, ids: Ids, **filters: Any) -> dict[str, str]:
        """Version to status; empty where there is no package."""
        try:
            pages = self.aws.get_paginator("list_package_versions").paginate(**repository.ids, **ids, **filters)
            return {one["version"]: one["status"] for page in pages for one in page["versions"]}
        except self.aws.exceptions.ResourceNotFoundException:
            return {}

    def npm_held(self, repository: Repository, name: str) -> set[str]:
        """The npm versions that a repository itself holds."""
        return set(self.versions(repository, npm_ids(name)))

    def offered(self, repository: Repository, name: str) -> set[str]:
        """The npm versions that a client of a repository is offered."""
        answer = repository.registry().get(name)
        return set(answer.json()["versions"]) if answer.status == 200 else set()

    def restrictions(self, repository: Repository, ids: Ids) -> dict[str, str]:
        """The origin controls of a package."""
        described = self.aws.describe_package(**repository.ids, **ids)
        return described["package"]["originConfiguration"]["restrictions"]

    def set_restrictions(self, repository: Repository, ids: Ids, publish: str, upstream: str) -> None:
        """Set them."""
        self.aws.put_package_origin_configuration(
            **repository.ids, **ids, restrictions={"publish": publish, "upstream": upstream}
        )

    def set_status(self, repository: Repository, ids: Ids, version: str, status: str) -> None:
        """Bring a version into a status by the call that does it; it must work."""
        calls = {
            "Disposed": self.aws.dispose_package_versions,
            "Deleted": self.aws.delete_package_versions,
        }
        call = calls.get(status)
        if call is None:
            answer = self.aws.update_package_versions_status(
                **repository.ids, **ids, versions=[version], targetStatus=status
            )
        else:
            answer = call(**repository.ids, **ids, versions=[version])
        assert list(answer["successfulVersions"]) == [version], answer

    def size(self, domain: str) -> int:
        """The stored bytes of a domain."""
        return self.aws.describe_domain(domain=domain)["domain"]["assetSizeBytes"]

    def close(self) -> None:
        """Close the connections."""
        for repository in self._opened:
            repository.close()
        self._opened.clear()


def download(registry: Registry, name: str, version: str) -> int:
    """The status of a tarball."""
    return registry.tarball(name, version).status
