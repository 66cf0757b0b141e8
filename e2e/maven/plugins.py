"""Has each Maven fetch the plugins of Debian's packages once, and keeps what its local repository has then.

`prepare.sh` runs this as a program. Where it does not come to its end, every story fetches them anew.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from maven.mvn import COPY_DEPENDENCIES, KEPT_PLUGINS, PLUGINS_OF_DEBIAN, Maven, Maven38, Maven39, Maven40
from maven.project import Project

GROUP = "plugins.only"


def fetch(kind: type[Maven], scratch: Path) -> None:
    """Build and deploy a project with nothing in it, to a folder; and keep what was needed for that."""
    client = kind(scratch / "home")
    client.settings.write_text(f"<settings>\n{PLUGINS_OF_DEBIAN}  </mirrors>\n</settings>\n")
    project = Project("nothing", "1.0", group=GROUP).write_to(scratch / "project", "")
    where = f"-DaltDeploymentRepository=scratch::file://{scratch / 'deployed'}"
    client.run(where, "deploy", COPY_DEPENDENCIES, cwd=project)
    shutil.rmtree(client.local_repository / GROUP.replace(".", "/"))
    kept = KEPT_PLUGINS / kind.name
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(client.local_repository, kept)


def main() -> None:
    """Fetch for every Maven that can run here."""
    for kind in (Maven38, Maven39, Maven40):
        if kind.missing() is not None:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            try:
                fetch(kind, Path(scratch))
            except (AssertionError, OSError, subprocess.SubprocessError) as error:
                print(f"{kind.name}: its plugins are not kept: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
