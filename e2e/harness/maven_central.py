"""Where Maven Central is for this machine, and a proxy in front of it that can be cut off.

No address is written here: it is the mirror in Maven's settings, else what the super POM of an installed Maven says, as
the server finds it when it is told nothing. See "Guide to Mirror Settings" in the documentation of Maven.
"""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from harness.source import Source

CACHE = Path(__file__).resolve().parent.parent / ".cache"
SUPER_POM = "org/apache/maven/model/pom-4.0.0.xml"
# A small file that a living repository has.
PROBE = "org/apache/maven/maven-metadata.xml"


def _installations() -> Iterator[Path]:
    """Folders of installed Mavens, the configured one first."""
    if home := os.environ.get("MAVEN_HOME"):
        yield Path(home)
    if program := shutil.which("mvn"):
        yield Path(program).resolve().parent.parent
    yield Path("/usr/share/maven")
    yield CACHE / "debian/usr/share/maven"


def _elements(xml: bytes | str, name: str) -> list[dict[str, str]]:
    """The elements of a name, with their children's texts; namespaces do not matter."""
    found = []
    for element in ElementTree.fromstring(xml).iter():
        if element.tag.rpartition("}")[2] == name:
            found.append({child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element})
    return found


def _mirror(settings: Path) -> str | None:
    """The mirror that stands for `central`, if these settings name one."""
    if not settings.is_file():
        return None
    for mirror in _elements(settings.read_bytes(), "mirror"):
        names = [name.strip() for name in mirror.get("mirrorOf", "").split(",")]
        is_for_central = {"central", "*", "external:*"} & set(names) and "!central" not in names
        if is_for_central and mirror.get("blocked") != "true":
            return mirror["url"]
    return None


def _built_in(installation: Path) -> str | None:
    """What an installed Maven has for `central`."""
    for archive in sorted((installation / "lib").glob("maven-model-builder*.jar")):
        with zipfile.ZipFile(archive) as jar:
            for repository in _elements(jar.read(SUPER_POM), "repository"):
                if repository.get("id") == "central":
                    return repository["url"]
    return None


def configured_central() -> str | None:
    """The repository that Maven on this machine fetches from, with a trailing slash; None where there is no Maven."""
    places = [Path.home() / ".m2/settings.xml", *(home / "conf/settings.xml" for home in _installations())]
    found = [_mirror(place) for place in places] + [_built_in(home) for home in _installations()]
    address = next((one for one in found if one is not None), None)
    return None if address is None else address.rstrip("/") + "/"


def maven_source() -> Source:
    """A proxy in front of it; without a Maven on this machine nothing answers there."""
    return Source(configured_central() or "http://127.0.0.1:9/", probe=PROBE)
