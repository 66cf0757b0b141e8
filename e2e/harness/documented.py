"""Settings out of the documentation, so that what users copy is what the stories use.

A fenced block of docs/formats/{format}.md has a name behind its language: ```ini pip.conf
"""

from __future__ import annotations

import re
from pathlib import Path

FORMATS = Path(__file__).resolve().parent.parent.parent / "docs" / "formats"
# What the pages write for the address of a repository and for a token. Clients that want TLS have an example with it.
EXAMPLES = ("http://127.0.0.1:8740", "https://packages.example")
EXAMPLE_REPOSITORY = "/d/acme-000000000000/team-a/"


def documented(package_format: str, name: str, *, endpoint: str, token: str = "") -> str:
    """The block of that name, with a real address and token in place of the examples."""
    page = (FORMATS / f"{package_format}.md").read_text()
    blocks = re.findall(rf"^```\w+ {re.escape(name)}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, f"{len(blocks)} blocks named {name} in the page of {package_format}"
    settings = blocks[0]
    for example in EXAMPLES:
        address = f"{example}/{package_format}{EXAMPLE_REPOSITORY}"
        settings = settings.replace(address, endpoint)
        settings = settings.replace(address.partition("://")[2], endpoint.partition("://")[2])
        # Some settings have the address without its last slash.
        settings = settings.replace(address.rstrip("/"), endpoint.rstrip("/"))
    return re.sub(r"\bTOKEN\b", token, settings)
