"""Every command of docs/formats/generic.md, in its order."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from harness import account
from harness.account import Repository
from harness.aws_cli import AwsCli
from harness.documented import FORMATS, documented
from harness.server import Server


def test_every_command_of_the_page_does_what_it_says(new_server: Callable[..., Server], tmp_path: Path) -> None:
    server = new_server().start()
    aws = account.profile_client(server)
    aws.create_domain(domain="acme")
    aws.create_repository(domain="acme", repository="team-a")
    team = Repository(server, aws, "acme", "team-a")
    cli = AwsCli(server, tmp_path / "home")
    folder = cli.home
    (folder / "setup.exe").write_bytes(b"MZ" * 50_000)
    (folder / "setup.sig").write_bytes(b"signature")
    (folder / "notes.txt").write_bytes(b"notes")
    (folder / "part.exe").write_bytes(b"MZ" * 10_000)

    names = re.findall(r"^```sh (\S+)$", (FORMATS / "generic.md").read_text(), re.MULTILINE)
    assert names[0] == "setup" and len(names) > 10
    # The blocks have a variable of that name: what they ask for is what they use.
    blocks = (documented("generic", name, endpoint=team.endpoint("generic"), token="TOKEN") for name in names)
    done = cli.run_script("".join(f"echo '# {name}'\n{block}" for name, block in zip(names, blocks, strict=True)))
    assert done.status == 0, str(done)

    assert (folder / "fetched.exe").read_bytes() == (folder / "setup.exe").read_bytes()
    assert (folder / "part.exe").read_bytes() == (folder / "setup.exe").read_bytes()
    assert (folder / "fetched-too.exe").read_bytes() == (folder / "setup.exe").read_bytes()
    listed = aws.list_package_versions(**team.ids, format="generic", namespace="tools", package="installer")
    statuses = {version["version"]: version["status"] for version in listed["versions"]}
    assert statuses == dict.fromkeys(("1.0.0", "2.0.0", "3.0.0", "4.0.0", "5.0.0"), "Published")
