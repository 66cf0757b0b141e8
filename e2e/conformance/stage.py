"""What calls are made about: fresh domains, repositories, packages, groups and policies on the server under test."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from conformance.wire import Caller, Params, Reply
from harness import account, knobs
from harness.account import Repository
from harness.fake_npm import FakeNpm
from harness.identities import User, document
from harness.knobs import AccessKey
from harness.packages import Package
from harness.server import Server

_numbers = itertools.count(1)
TAGS = [{"key": "team", "value": "build"}, {"key": "größe – x", "value": ""}]
NAMESPACE = "tools"
CONTENT = b"hello"
# Says something of every part of a version's description.
MANIFEST = {
    "description": "Widgets for the team",
    "homepage": "https://widgets.example/",
    "repository": {"type": "git", "url": "https://code.example/widgets.git"},
    "license": "MIT",
    "dependencies": {"@team/bolt": "^1.0.0", "nut": "1.x"},
    "devDependencies": {"press": "*"},
}


class Refused(AssertionError):
    """A step of the preparation was refused: there is nothing to judge."""


@dataclass
class Stage:
    """A server with its root's key, and what is needed to build on it."""

    server: Server
    aws: Any
    source: FakeNpm | None = None
    _repositories: list[Repository] = field(default_factory=list)

    @property
    def region(self) -> str:
        """The region of the installation."""
        return self.aws.meta.region_name

    @cached_property
    def root(self) -> Caller:
        """The root of the account, on the wire."""
        credentials = self.aws._request_signer._credentials
        return self.caller(AccessKey(credentials.access_key, credentials.secret_key))

    @cached_property
    def nobody(self) -> Caller:
        """A user of the account without any right."""
        return self.caller(User(self.server).key)

    def caller(self, key: AccessKey) -> Caller:
        """Someone with a key."""
        return Caller(self.server.url, self.region, key)

    def do(self, operation: str, params: Params) -> Reply:
        """A step of the preparation: it must succeed, but it is not judged."""
        reply = self.root.call(operation, params)
        if reply.status >= 300:
            raise Refused(f"{reply} while preparing with {operation} {params}")
        return reply

    def fresh(self, stem: str) -> str:
        """A name no other test of this run uses."""
        return f"{stem}-{next(_numbers)}"

    # Domains, repositories.

    def domain(self) -> str:
        """A fresh domain."""
        name = self.fresh("judge")
        self.do("CreateDomain", {"domain": name})
        return name

    def repository(self, domain: str | None = None, name: str = "repo", **members: Any) -> Params:
        """A repository, in a fresh domain unless one is given; the parameters that name it."""
        ids = {"domain": domain or self.domain(), "repository": name}
        self.do("CreateRepository", {**ids, **members})
        return ids

    def domain_arn(self, domain: str) -> str:
        """The ARN of a domain of the account."""
        return f"arn:aws:codeartifact:{self.region}:{self.server.account}:domain/{domain}"

    def policy(self, resource: str = "*") -> str:
        """A policy that lets somebody read."""
        return document(
            {
                "Sid": "Readers",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                "Action": ["codeartifact:Describe*", "codeartifact:List*"],
                "Resource": resource,
            }
        )

    # Packages.

    def package_ids(self, repository: Params, package: str | None = None) -> Params:
        """The parameters that name a generic package."""
        return {**repository, "format": "generic", "namespace": NAMESPACE, "package": package or self.fresh("package")}

    def asset(self, package: Params, version: str, name: str = "a.bin", content: bytes = CONTENT) -> Params:
        """The parameters of a publish."""
        return {
            **package,
            "packageVersion": version,
            "assetName": name,
            "assetContent": content,
            "assetSHA256": hashlib.sha256(content).hexdigest(),
        }

    def publish(self, package: Params, version: str = "1.0.0", content: bytes = CONTENT, **more: Any) -> str:
        """Publish a generic version with one asset; its revision."""
        reply = self.do("PublishPackageVersion", {**self.asset(package, version, content=content), **more})
        return reply.json()["versionRevision"]

    def package(self, *versions: str, repository: Params | None = None) -> Params:
        """A generic package with versions."""
        ids = self.package_ids(repository or self.repository())
        for version in versions or ("1.0.0",):
            self.publish(ids, version)
        return ids

    def npm(self, repository: Params) -> Repository:
        """The npm side of a repository."""
        one = Repository(self.server, self.aws, repository["domain"], repository["repository"])
        self._repositories.append(one)
        return one

    def npm_package(self, name: str = "@team/widgets", version: str = "1.0.0", **manifest: Any) -> Params:
        """An npm version in a fresh repository, with everything that a version description shows."""
        repository = self.repository()
        package = Package(name, version, manifest=MANIFEST | {"readme": "# Widgets\n"} | manifest)
        answer = self.npm(repository).registry().publish(package)
        if answer.status not in (200, 201):
            raise Refused(f"publishing {name}: {answer.status} {answer.body[:300]!r}")
        return {**repository, **account.npm_ids(name)}

    def ingested(self) -> Params:
        """An npm version that came from the public source, by way of a store."""
        assert self.source is not None
        name = self.fresh("public")
        self.source.publish(Package(name, "1.0.0"))
        domain = self.domain()
        self.repository(domain, "store")
        connection = {"domain": domain, "repository": "store", "externalConnection": knobs.NPM_CONNECTION}
        self.do("AssociateExternalConnection", connection)
        app = self.repository(domain, "app", upstreams=[{"repositoryName": "store"}])
        answer = self.npm(app).registry().tarball(name, "1.0.0")
        if answer.status != 200:
            raise Refused(f"pulling {name}: {answer.status} {answer.body[:300]!r}")
        return {**app, "format": "npm", "package": name}

    # Package groups.

    def group(self, domain: str | None = None, pattern: str = "/generic/tools/*", **members: Any) -> Params:
        """A package group, in a fresh domain unless one is given."""
        ids = {"domain": domain or self.domain(), "packageGroup": pattern}
        self.do("CreatePackageGroup", {**ids, **members})
        return ids

    def group_arn(self, group: Params) -> str:
        """The ARN of a group."""
        return self.do("DescribePackageGroup", group).json()["packageGroup"]["arn"]

    def guarded(self, *repositories: str, kind: str = "PUBLISH") -> Params:
        """A group that lets in some repositories only."""
        group = self.group()
        for name in repositories:
            self.repository(group["domain"], name)
        self.do(
            "UpdatePackageGroupOriginConfiguration",
            {
                **group,
                "restrictions": {kind: "ALLOW_SPECIFIC_REPOSITORIES"},
                "addAllowedRepositories": [
                    {"repositoryName": name, "originRestrictionType": kind} for name in repositories
                ],
            },
        )
        return group

    def close(self) -> None:
        """Close what was opened."""
        for repository in self._repositories:
            repository.close()
