"""Clients that are published in Maven's own repository: fetched by their coordinates, checked, unpacked.

`prepare.sh` runs this as a program. Where the repository cannot be reached nothing is fetched, and the stories of
these clients are skipped.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from harness.maven_central import CACHE, configured_central

PINS = Path(__file__).resolve().parent.parent / "distributions.json"
FOLDER = CACHE / "distributions"


def path_of(coordinates: str) -> str:
    """The path of `group:artifact:version:classifier:extension` in a repository; the classifier may be empty."""
    group, artifact, version, classifier, extension = coordinates.split(":")
    suffix = f"-{classifier}" if classifier else ""
    return f"{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}{suffix}.{extension}"


def unpacked(name: str) -> Path | None:
    """The folder of a zip or the file itself, or None when it was not fetched."""
    folder = FOLDER / name
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    return inside[0] if inside else None


def fetch(name: str, coordinates: str, sha512: str) -> None:
    """Fetch one, once; bytes that are not the pinned ones are an error."""
    if unpacked(name) is not None and (FOLDER / f".done-{name}-{sha512[:16]}").exists():
        return
    central = configured_central()
    if central is None:
        print(f"{name}: not fetched, there is no Maven on this machine", file=sys.stderr)
        return
    path = path_of(coordinates)
    try:
        with urllib.request.urlopen(central + path, timeout=120) as answer:
            content = answer.read()
    except (urllib.error.URLError, OSError) as error:
        print(f"{name}: not fetched: {error}", file=sys.stderr)
        return
    if hashlib.sha512(content).hexdigest() != sha512:
        raise SystemExit(f"{name}: the bytes of {coordinates} are not the pinned ones")
    shutil.rmtree(FOLDER / name, ignore_errors=True)
    (FOLDER / name).mkdir(parents=True)
    archive = FOLDER / name / path.rpartition("/")[2]
    archive.write_bytes(content)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(FOLDER / name)
        archive.unlink()
        for program in (FOLDER / name).glob("*/bin/*"):
            os.chmod(program, 0o755)
    (FOLDER / f".done-{name}-{sha512[:16]}").touch()


if __name__ == "__main__":
    for one, pin in json.loads(PINS.read_text()).items():
        fetch(one, pin["coordinates"], pin["sha512"])
