"""A public NuGet gallery made of nothing but what a story puts into it: no network, every request counted.

The parts of the NuGet Server API that restoring and pulling through need: service index, registrations (on pages of
their own beyond 64 versions, as the public gallery has them), flat container and the digests in catalog entries.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import threading
from typing import Any

from harness.fake_host import FakeHost, tagged
from harness.nuget_packages import Nupkg

PAGE = 64
PUBLISHED = "2020-02-02T{hour:02d}:{minute:02d}:00+00:00"


class FakeNuget(FakeHost):
    """The gallery. `stop` makes it refuse connections, `start` brings it back on the same port."""

    def __init__(self) -> None:
        self._packages: dict[str, list[Nupkg]] = {}
        self._unlisted: set[tuple[str, str]] = set()
        self._lies: dict[tuple[str, str], bytes] = {}
        self._content = threading.Lock()
        super().__init__()

    @property
    def base(self) -> str:
        """Where it listens, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address of the service index."""
        return f"{self.base}/v3/index.json"

    def publish(self, *packages: Nupkg) -> None:
        """Put versions into the gallery, oldest first; they are spelled in their normal form."""
        with self._content:
            for package in packages:
                self._packages.setdefault(package.id.lower(), []).append(package)

    def unlist(self, package: Nupkg) -> None:
        """Hide a version from those who look for the newest."""
        with self._content:
            self._unlisted.add((package.id.lower(), package.version))

    def send_instead(self, package: Nupkg, content: bytes) -> None:
        """Send other bytes than those that the digest was made of."""
        with self._content:
            self._lies[package.id.lower(), package.version.lower()] = content

    def _service_index(self) -> dict[str, Any]:
        resources = [
            ("PackageBaseAddress/3.0.0", "flat/"),
            ("RegistrationsBaseUrl", "registration/"),
            ("RegistrationsBaseUrl/3.0.0-beta", "registration/"),
            ("RegistrationsBaseUrl/3.4.0", "registration/"),
            ("RegistrationsBaseUrl/3.6.0", "registration/"),
            ("SearchQueryService", "query"),
            ("SearchQueryService/3.0.0-rc", "query"),
            ("SearchAutocompleteService", "autocomplete"),
        ]
        return {
            "version": "3.0.0",
            "resources": [{"@id": f"{self.base}/{place}", "@type": kind} for kind, place in resources],
        }

    def _leaf(self, position: int, package: Nupkg) -> dict[str, Any]:
        name, version = package.id.lower(), package.version.lower()
        groups = [{"id": needed, "range": span} for needed, span in package.needs]
        content = f"{self.base}/flat/{name}/{version}/{name}.{version}.nupkg"
        return {
            "@id": f"{self.base}/registration/{name}/{version}.json",
            "@type": "Package",
            "catalogEntry": {
                "@id": f"{self.base}/catalog/{name}.{version}.json",
                "@type": "PackageDetails",
                "authors": "stories",
                "dependencyGroups": [{"targetFramework": ".NETCoreApp3.1", "dependencies": groups}],
                "description": f"A parcel named {package.id}",
                "id": package.id,
                "listed": (name, package.version) not in self._unlisted,
                "packageContent": content,
                "published": PUBLISHED.format(hour=position // 60 % 24, minute=position % 60),
                "version": package.version,
            },
            "packageContent": content,
            "registration": f"{self.base}/registration/{name}/index.json",
        }

    def _registration(self, name: str, wanted: str) -> dict[str, Any] | None:
        packages = self._packages.get(name)
        if packages is None:
            return None
        address = f"{self.base}/registration/{name}/"
        leaves = [self._leaf(position, package) for position, package in enumerate(packages)]
        pages = []
        for at in range(0, len(leaves), PAGE):
            part = leaves[at : at + PAGE]
            lower, upper = packages[at].version, packages[at + len(part) - 1].version
            page: dict[str, Any] = {"count": len(part), "lower": lower, "upper": upper, "items": part}
            page["@id"] = f"{address}page/{lower}/{upper}.json" if len(leaves) > PAGE else f"{address}index.json"
            pages.append(page)
        if wanted == "index.json":
            shown = [
                {key: value for key, value in page.items() if key != "items" or len(leaves) <= PAGE} for page in pages
            ]
            return {"@id": f"{address}index.json", "count": len(shown), "items": shown}
        for page in pages:
            if page["@id"] == address + wanted:
                return page
        return next((leaf for leaf in leaves if leaf["@id"] == address + wanted), None)

    def _find(self, name: str, version: str) -> Nupkg | None:
        return next((one for one in self._packages.get(name, []) if one.version.lower() == version), None)

    def _flat(self, rest: str) -> tuple[int, str, bytes]:
        name, _, rest = rest.partition("/")
        if rest == "index.json" and name in self._packages:
            return _json({"versions": [one.version.lower() for one in self._packages[name]]})
        version, _, file = rest.partition("/")
        package = self._find(name, version)
        if package is not None and file == f"{name}.{version}.nupkg":
            return 200, "application/octet-stream", self._lies.get((name, version)) or package.content()
        if package is not None and file == f"{name}.nuspec":
            return 200, "application/xml", package.manifest()
        return 404, "text/plain", b""

    def _catalog(self, file: str) -> tuple[int, str, bytes]:
        for packages in self._packages.values():
            for one in packages:
                if file == f"{one.id.lower()}.{one.version.lower()}.json":
                    digest = base64.b64encode(hashlib.sha512(one.content()).digest()).decode()
                    return _json({"id": one.id, "packageHash": digest, "packageHashAlgorithm": "SHA512"})
        return 404, "text/plain", b""

    def answer(self, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        with self._content:
            status, content_type, body = self._find_document(path)
        status, told, body = tagged(body, content_type, headers, status)
        if status == 200 and path.startswith("/registration/"):
            # The public gallery compresses its registrations whether or not it is asked to.
            return status, told | {"Content-Encoding": "gzip"}, gzip.compress(body)
        return status, told, body

    def _find_document(self, path: str) -> tuple[int, str, bytes]:
        if path == "/v3/index.json":
            return _json(self._service_index())
        folder, _, rest = path.removeprefix("/").partition("/")
        if folder == "registration":
            name, _, wanted = rest.partition("/")
            found = self._registration(name, wanted)
            return (404, "text/plain", b"") if found is None else _json(found)
        if folder == "flat":
            return self._flat(rest)
        return self._catalog(rest) if folder == "catalog" else (404, "text/plain", b"")


def _json(document: dict[str, Any]) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(document).encode()
