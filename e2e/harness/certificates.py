"""A certificate authority for a test, a server's certificate from it, and a trust store for Java."""

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
