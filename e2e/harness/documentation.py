"""The settings that the documentation of a format gives: read out of it, so that what users copy is what was tried.

A block is fenced, and the second word after its fence names it: ```` ```xml settings.xml ````.
"""

from __future__ import annotations

import re
from pathlib import Path

FORMATS = Path(__file__).resolve().parent.parent.parent / "docs" / "formats"
DOMAIN = "acme"
REPOSITORY = "team-a"
# The endpoint as it is written there; a block may also hold its host and port alone.
ENDPOINT = "http://127.0.0.1:8740/{format}/d/acme-000000000000/team-a/"


def block(format_name: str, name: str, endpoint: str) -> str:
    """A block, with the endpoint of a test in the place of the one that is written there."""
    text = (FORMATS / f"{format_name}.md").read_text()
    found = re.search(rf"^```\w+ {re.escape(name)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/formats/{format_name}.md has no block named {name}"
    written = ENDPOINT.format(format=format_name)
    return found.group(1).replace(written, endpoint).replace(written.rstrip("/"), endpoint.rstrip("/"))
