"""Certificate authorities for a test: with a server's certificate and a trust store for Java, or with a signer's."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "changeit"


def _run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


@dataclass(frozen=True)
class Certificates:
    """The files of one authority and one server on loopback."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Certificates:
        """Make everything."""
        folder.mkdir(parents=True, exist_ok=True)
        made = cls(folder)
        extensions = folder / "extensions"
        extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=critical,CA:FALSE\n")
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        _run(
            *("openssl", "req", "-x509", *new_key, "-days", "2", "-subj", "/CN=authority of a test"),
            *("-keyout", folder / "authority.key", "-out", made.authority),
        )
        request = folder / "request"
        _run("openssl", "req", *new_key, "-subj", "/CN=127.0.0.1", "-keyout", made.key, "-out", request)
        _run(
            *("openssl", "x509", "-req", "-days", "2", "-in", request, "-extfile", extensions),
            *("-CA", made.authority, "-CAkey", folder / "authority.key", "-CAcreateserial", "-out", made.certificate),
        )
        made.key.chmod(0o600)
        return made

    @property
    def authority(self) -> Path:
        """The certificate that clients trust."""
        return self.folder / "authority.crt"

    @property
    def certificate(self) -> Path:
        """The server's certificate."""
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        """The server's key."""
        return self.folder / "server.key"

    def java_options(self) -> list[str]:
        """What makes Java trust the authority, and nobody else."""
        store = self.folder / "trust.p12"
        if not store.exists():
            _run(
                *("keytool", "-importcert", "-noprompt", "-alias", "test", "-file", self.authority),
                *("-keystore", store, "-storetype", "PKCS12", "-storepass", PASSWORD),
            )
        return [f"-Djavax.net.ssl.trustStore={store}", f"-Djavax.net.ssl.trustStorePassword={PASSWORD}"]


@dataclass(frozen=True)
class Signer:
    """One who signs packages, with a certificate of an authority of its own; everything is DER, as SwiftPM reads it."""

    folder: Path

    @classmethod
    def make(cls, folder: Path) -> Signer:
        """Make everything."""
        (folder / "trusted").mkdir(parents=True)
        made = cls(folder)
        extensions = folder / "extensions"
        extensions.write_text(
            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=codeSigning\n"
        )
        new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        _run(
            *("openssl", "req", "-x509", *new_key, "-days", "2", "-subj", "/CN=authority of signers/O=Acme"),
            *("-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign"),
            *("-keyout", folder / "authority.key", "-out", made.authority_pem),
        )
        request, certificate, key = folder / "request", folder / "signer.pem", folder / "signer.pem.key"
        _run("openssl", "req", *new_key, "-subj", "/CN=Mona/O=Acme", "-keyout", key, "-out", request)
        _run(
            *("openssl", "x509", "-req", "-days", "2", "-in", request, "-extfile", extensions),
            *("-CA", made.authority_pem, "-CAkey", folder / "authority.key", "-CAcreateserial", "-out", certificate),
        )
        _run("openssl", "x509", "-in", certificate, "-outform", "DER", "-out", made.certificate)
        _run("openssl", "x509", "-in", made.authority_pem, "-outform", "DER", "-out", made.trusted / "authority.cer")
        _run("openssl", "pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER", "-out", made.key)
        return made

    @property
    def authority_pem(self) -> Path:
        """The certificate of the authority, as openssl reads it."""
        return self.folder / "authority.pem"

    @property
    def trusted(self) -> Path:
        """The folder with the certificate of the authority."""
        return self.folder / "trusted"

    @property
    def certificate(self) -> Path:
        """The signer's certificate."""
        return self.folder / "signer.cer"

    @property
    def key(self) -> Path:
        """The signer's key."""
        return self.folder / "signer.p8"

    def signed(self, content: bytes, signature: bytes) -> bool:
        """Whether a detached CMS signature is this signer's, and of these bytes."""
        (self.folder / "content").write_bytes(content)
        (self.folder / "signature").write_bytes(signature)
        files = ("-in", self.folder / "signature", "-content", self.folder / "content", "-CAfile", self.authority_pem)
        judged = subprocess.run(
            ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-out", "/dev/null", *files],
            capture_output=True,
            timeout=60,
            check=False,
        )
        return judged.returncode == 0
