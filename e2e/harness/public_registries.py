"""Where the public registries are: what the ecosystems' own tools on this machine are set to use, mirrors included.

No address of a registry is written in this suite. The server looks in the same places when it is told nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

from harness.source import Source

# Where a file is, in both forms of a simple page (PEP 503, PEP 691): files mostly lie on another host than the pages.
_PYTHON_LINKS = re.compile(rb"""(?:"(?:url|provenance)":\s*"|href=["'])(https?://[^/"'\s]+)(?=/)""")


def _said(*command: str) -> str | None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    value = done.stdout.strip()
    return None if done.returncode != 0 or value in ("", "null", "undefined") else value


def _existing(path: str | None) -> str | None:
    return path if path and os.path.exists(path) else None


def npm_registry() -> str:
    """The registry that npm on this machine uses, with a trailing slash."""
    registry = _said("npm", "config", "get", "registry")
    assert registry is not None, "npm has no registry configured"
    return registry.rstrip("/") + "/"


def python_index() -> str:
    """The index that pip on this machine uses, with a trailing slash: its settings, else what it has built in."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    built_in = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    found = os.environ.get("PIP_INDEX_URL")
    for key in ("install.index-url", "global.index-url"):
        found = found or _said(*pip, "config", "get", key)
    found = found or _said(sys.executable, "-c", built_in)
    assert found is not None, "pip has no index configured"
    return found.rstrip("/") + "/"


def npm_source() -> Source:
    """A proxy in front of the npm registry."""
    authorities = _existing(_said("npm", "config", "get", "cafile")) or _existing(os.environ.get("NODE_EXTRA_CA_CERTS"))
    return Source(npm_registry(), authorities=authorities)


def python_source() -> Source:
    """A proxy in front of the Python index and of the hosts of its files."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    authorities = _existing(os.environ.get("PIP_CERT")) or _existing(_said(*pip, "config", "get", "global.cert"))
    return Source(python_index(), probe="pip/", links=_PYTHON_LINKS, authorities=authorities)
