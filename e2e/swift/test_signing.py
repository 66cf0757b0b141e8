"""Signed releases: what a publisher signs reaches other machines as it was, and is theirs to judge."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.account import Repository
from harness.certificates import Signer
from harness.swift_client import Swift
from harness.swift_packages import SwiftPackage, application
from harness.swift_wire import ZIP, SwiftRegistry

pytestmark = pytest.mark.timeout(300)
Publish = Callable[..., SwiftPackage]


@pytest.fixture
def signer(swift: Swift) -> Signer:
    """One who signs packages on this machine."""
    return Signer.make(swift.home / "signer")


def signing(swift: Swift, signer: Signer) -> list[str]:
    """The options with which a release is published signed."""
    key, certificate = swift.inside(signer.key), swift.inside(signer.certificate)
    return ["--private-key-path", key, "--cert-chain-paths", certificate]


def demand(swift: Swift, trusted: Path) -> None:
    """Refuse everything that nobody signed who is vouched for in a folder; forget what was seen before."""
    # Authorities of a test answer no questions about what they took back.
    checks = {"certificateExpiration": "enabled", "certificateRevocation": "disabled"}
    swift.trust(
        onUnsigned="error",
        onUntrustedCertificate="error",
        trustedRootCertificatesPath=swift.inside(trusted),
        includeDefaultTrustedRootCertificates=False,
        validationChecks=checks,
    )
    swift.forget()


def test_a_signed_release_is_verified_where_its_authority_is_trusted(
    swift: Swift, publish: Publish, registry: Repository, signer: Signer
) -> None:
    package = publish(SwiftPackage("acme", "Leaf", "1.0.0"), *signing(swift, signer))
    wire = SwiftRegistry(registry)
    archive = wire.get("acme/Leaf/1.0.0.zip", ZIP)
    (resource,) = wire.document("acme/Leaf/1.0.0")["resources"]
    assert resource["signing"]["signatureFormat"] == "cms-1.0.0"
    assert archive.headers["x-swift-package-signature-format"] == "cms-1.0.0"
    # The release and its archive come with the same signature, and it is of the bytes that are sent.
    signature = resource["signing"]["signatureBase64Encoded"]
    assert archive.headers["x-swift-package-signature"] == signature
    assert signer.signed(archive.body, base64.b64decode(signature))
    assert not signer.signed(archive.body + b"\0", base64.b64decode(signature))
    manifest = wire.get("acme/Leaf/1.0.0/Package.swift", "application/vnd.swift.registry.v1+swift").body
    assert manifest.startswith(package.manifest().encode())
    assert b"\n// signature: cms-1.0.0;" in manifest

    demand(swift, signer.trusted)
    app = swift.folder("app", application({package.identity: 'from: "1.0.0"'}))
    assert swift.run_program(app).stdout.strip() == "Leaf 1.0.0"
    assert swift.resolved(app) == {"acme.Leaf": "1.0.0"}


def test_who_trusts_another_authority_refuses_a_signed_release(swift: Swift, publish: Publish, signer: Signer) -> None:
    package = publish(SwiftPackage("acme", "Leaf", "1.0.0"), *signing(swift, signer))
    demand(swift, Signer.make(swift.home / "other").trusted)
    app = swift.folder("app", application({package.identity: 'from: "1.0.0"'}))
    refused = swift.resolve(app, check=False)
    assert refused.status != 0
    assert "not trusted" in refused.stderr, str(refused)


def test_who_demands_signatures_refuses_a_release_without_one(swift: Swift, publish: Publish, signer: Signer) -> None:
    package = publish(SwiftPackage("acme", "Leaf", "1.0.0"))
    demand(swift, signer.trusted)
    app = swift.folder("app", application({package.identity: 'from: "1.0.0"'}))
    refused = swift.resolve(app, check=False)
    assert refused.status != 0
    assert "is not signed" in refused.stderr, str(refused)
