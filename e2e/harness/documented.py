"""Settings out of the documentation, so that what users copy is what the stories use.

A fenced block of docs/formats/{format}.md has a name behind its language: ```ini pip.conf
"""

from __future__ import annotations

import re
from pathlib import Path

FORMATS = Path(__file__).resolve().parent.parent.parent / "docs" / "formats"
# What the pages write for the address of a repository and for a token.
EXAMPLE_HOST = "127.0.0.1:8740"
EXAMPLE_REPOSITORY = "/d/acme-000000000000/team-a/"


def documented(package_format: str, name: str, *, endpoint: str, token: str = "") -> str:
    """The block of that name, with a real address and token in place of the examples."""
    page = (FORMATS / f"{package_format}.md").read_text()
    blocks = re.findall(rf"^```\w+ {re.escape(name)}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, f"{len(blocks)} blocks named {name} in the page of {package_format}"
    address = f"{EXAMPLE_HOST}/{package_format}{EXAMPLE_REPOSITORY}"
    settings = blocks[0].replace(f"http://{address}", endpoint).replace(address, endpoint.partition("://")[2])
    # Some settings have the address without its last slash.
    settings = settings.replace(f"http://{address}".rstrip("/"), endpoint.rstrip("/"))
    return re.sub(r"\bTOKEN\b", token, settings)
