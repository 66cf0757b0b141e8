"""An AWS account's view of the server: boto3 clients made from the profile that the first start writes, and the
domains, repositories and tokens that stories begin with.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

from harness import knobs
from harness.npm_wire import Registry
from harness.server import Server

_names = itertools.count(1)
# Read once in a process: the models are most of what a client costs, and hundreds are made.
_models = botocore.loaders.create_loader()


def fresh_domain_name() -> str:
    """A domain name no other test of this run uses."""
    return f"acme-{next(_names)}"


def client_config(attempts: int = 1) -> Config:
    """No retries: a story must see the first answer, not the third."""
    return Config(retries={"total_max_attempts": attempts, "mode": "standard"}, connect_timeout=10, read_timeout=60)


def profile_client(server: Server, *, attempts: int = 1) -> Any:
    """A client made as a user makes it: from the profile alone, region and endpoint included."""
    session = botocore.session.Session(profile=knobs.PROFILE)
    session.register_component("data_loader", _models)
    session.set_config_variable("config_file", str(knobs.config_file(server.data_dir)))
    session.set_config_variable("credentials_file", str(knobs.credentials_file(server.data_dir)))
    verify = None if server.certificates is None else str(server.certificates.authority)
    return boto3.Session(botocore_session=session).client("codeartifact", config=client_config(attempts), verify=verify)


def key_client(server: Server, key: knobs.AccessKey, region: str) -> Any:
    """A client with a given key, e.g. of another account."""
    return url_client(server.url, key, region=region)


def url_client(url: str, key: knobs.AccessKey, *, attempts: int = 1, region: str = "us-east-1") -> Any:
    """A client with a given key for whatever answers at an address."""
    inner = botocore.session.Session()
    inner.register_component("data_loader", _models)
    session = boto3.Session(key.id, key.secret, region_name=region, botocore_session=inner)
    return session.client("codeartifact", endpoint_url=url, config=client_config(attempts))


def aws_environment(server: Server, home: str) -> dict[str, str]:
    """The environment in which the AWS CLI speaks to the server, and to nothing else."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": home,
        "AWS_CONFIG_FILE": str(knobs.config_file(server.data_dir)),
        "AWS_SHARED_CREDENTIALS_FILE": str(knobs.credentials_file(server.data_dir)),
        "AWS_PROFILE": knobs.PROFILE,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


@dataclass
class Repository:
    """One repository with what a package client needs to use it."""

    server: Server
    aws: Any
    domain: str
    name: str
    _registries: list[Registry] = field(default_factory=list)

    @property
    def ids(self) -> dict[str, str]:
        """The parameters that name it in the API."""
        return {"domain": self.domain, "repository": self.name}

    @cached_property
    def npm_url(self) -> str:
        """The npm endpoint, as the API gives it; always with a trailing slash."""
        return self.endpoint("npm")

    @cached_property
    def pypi_url(self) -> str:
        """The Python endpoint, as the API gives it: uploads go there, the index is `simple/` below it."""
        return self.endpoint("pypi")

    @cached_property
    def generic_url(self) -> str:
        """The endpoint of generic packages, as the API gives it."""
        return self.endpoint("generic")

    def endpoint(self, package_format: str) -> str:
        """The endpoint of a format."""
        return self.aws.get_repository_endpoint(**self.ids, format=package_format)["repositoryEndpoint"]

    @cached_property
    def token(self) -> str:
        """A token of the account's root."""
        return self.aws.get_authorization_token(domain=self.domain)["authorizationToken"]

    def registry(self, token: str | None = "") -> Registry:
        """The npm endpoint spoken directly; with another token, or with None for no token at all."""
        registry = Registry(self.npm_url, self.token if token == "" else token)
        self._registries.append(registry)
        return registry

    def npm_versions(self, name: str, **filters: str) -> dict[str, dict[str, Any]]:
        """The versions the control plane lists for a package, all pages."""
        pages = self.aws.get_paginator("list_package_versions").paginate(**self.ids, **npm_ids(name), **filters)
        return {version["version"]: version for page in pages for version in page["versions"]}

    def versions(self, package_format: str, name: str, **filters: str) -> dict[str, dict[str, Any]]:
        """The versions the control plane lists for a package without a namespace, all pages."""
        ids = {**self.ids, "format": package_format, "package": name}
        pages = self.aws.get_paginator("list_package_versions").paginate(**ids, **filters)
        return {version["version"]: version for page in pages for version in page["versions"]}

    def packages(self, package_format: str) -> list[str]:
        """The packages of a format that the control plane lists, without their namespaces."""
        pages = self.aws.get_paginator("list_packages").paginate(**self.ids, format=package_format)
        return [package["package"] for page in pages for package in page["packages"]]

    def npm_packages(self) -> list[str]:
        """The npm packages the control plane lists, as npm spells them."""
        pages = self.aws.get_paginator("list_packages").paginate(**self.ids, format="npm")
        return [npm_name(package) for page in pages for package in page["packages"]]

    def close(self) -> None:
        """Close the connections opened for it."""
        for registry in self._registries:
            registry.close()


def npm_ids(name: str) -> dict[str, str]:
    """The parameters that name an npm package in the API: the namespace is the scope without its `@`."""
    scope, _, rest = name.rpartition("/")
    return {"format": "npm", "package": rest} | ({"namespace": scope.removeprefix("@")} if scope else {})


def npm_name(summary: dict[str, Any]) -> str:
    """The reverse, from a PackageSummary."""
    namespace = summary.get("namespace")
    return f"@{namespace}/{summary['package']}" if namespace else summary["package"]


def create_domain(aws: Any) -> str:
    """A fresh domain."""
    return aws.create_domain(domain=fresh_domain_name())["domain"]["name"]


def create_alone(server: Server, aws: Any = None, name: str = "app") -> Repository:
    """A repository in a domain of its own that reaches nothing."""
    aws = aws or profile_client(server)
    domain = create_domain(aws)
    aws.create_repository(domain=domain, repository=name)
    return Repository(server, aws, domain, name)


def create_connected(server: Server, connection: str, aws: Any = None) -> Repository:
    """A repository in a domain of its own with a public connection behind it, by way of a store."""
    aws = aws or profile_client(server)
    return create_store_and_app(server, aws, create_domain(aws), connection)[1]


def create_store_and_app(
    server: Server, aws: Any, domain: str, connection: str = knobs.NPM_CONNECTION
) -> tuple[Repository, Repository]:
    """The shape of most installations: a store with the connection, and a repository for people with it upstream."""
    store = f"{knobs.PUBLIC_CONNECTIONS[connection]}-store"
    aws.create_repository(domain=domain, repository=store)
    aws.associate_external_connection(domain=domain, repository=store, externalConnection=connection)
    aws.create_repository(domain=domain, repository="app", upstreams=[{"repositoryName": store}])
    return Repository(server, aws, domain, store), Repository(server, aws, domain, "app")


def npmrc_key(registry: str) -> str:
    """How npm keys the credentials of a registry: host, port and path, without the scheme."""
    parts = urlsplit(registry)
    return f"//{parts.netloc}{parts.path}"


def unchecked_client(aws: Any) -> Any:
    """A client like this one that sends parameters without checking them first, so that the server has to."""
    session = boto3.Session()
    credentials = aws._request_signer._credentials
    return session.client(
        "codeartifact",
        endpoint_url=aws.meta.endpoint_url,
        region_name=aws.meta.region_name,
        aws_access_key_id=credentials.access_key,
        aws_secret_access_key=credentials.secret_key,
        config=client_config().merge(Config(parameter_validation=False)),
    )
