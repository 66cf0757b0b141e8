"""The pages themselves: both forms, what is in them, how they are negotiated, and what else is below the endpoint."""

from __future__ import annotations

import hashlib
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import pytest

from harness.account import Repository
from harness.fake_pypi import FakePypi
from harness.packages import fresh_name
from harness.pypi_wire import HTML, JSON, Index
from harness.python_packages import Distribution

LEGACY_HTML = "text/html"


class Anchors(HTMLParser):
    """The anchors of a simple page: file name to attributes, with character references resolved."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self._open: dict[str, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open = dict(attrs)

    def handle_data(self, data: str) -> None:
        if self._open is not None and data.strip():
            self.found[data.strip()] = self._open

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = None


@pytest.fixture
def wire(connected: Repository) -> Index:
    """The endpoint spoken directly, with the public index behind it."""
    return Index(connected.pypi_url, connected.token)


@pytest.fixture
def package(index: FakePypi) -> Distribution:
    """A public project with everything that a page can say: three versions, one of them yanked."""
    newest = Distribution(fresh_name("public"), "1.2", requires_python=">=3.8,!=3.9.1")
    index.publish(Distribution(newest.name, "1.0"), sdist=True)
    index.publish(Distribution(newest.name, "1.1"), newest)
    index.yank(newest.name, "1.1", 'says "no" & <b>never</b>')
    return newest


def test_the_json_page_says_what_the_source_says(
    wire: Index, connected: Repository, index: FakePypi, package: Distribution
) -> None:
    original = Index(index.url, None, simple="").page(package.name)
    page = wire.page(package.name)
    assert page["name"] == package.normalized
    assert set(page["versions"]) == set(original["versions"])
    assert page["meta"]["api-version"].startswith("1.")
    shown = {file["filename"]: file for file in page["files"]}
    assert set(shown) == {file["filename"] for file in original["files"]}
    for file in original["files"]:
        ours = shown[file["filename"]]
        for member in ("size", "upload-time", "requires-python", "yanked"):
            assert ours[member] == file[member], member
        assert ours["hashes"]["sha256"] == file["hashes"]["sha256"]
        assert ours.get("core-metadata", False) == file.get("core-metadata", False)
        address = urljoin(f"{connected.pypi_url}simple/{package.name}/", ours["url"])
        assert address.startswith(connected.pypi_url), "a file of another host: credentials would not go along"
        assert hashlib.sha256(wire.get(address).body).hexdigest() == file["hashes"]["sha256"]


def test_f_py_5_the_html_page_says_the_same_and_nothing_breaks_out_of_it(
    wire: Index, connected: Repository, package: Distribution
) -> None:
    text = wire.get(f"simple/{package.name}/", accept=HTML).body.decode()
    assert "<b>never" not in text
    anchors = Anchors(text).found
    files = wire.files(package.name)
    assert set(anchors) == set(files)
    for name, file in files.items():
        attributes = anchors[name]
        address, _, digest = (attributes["href"] or "").partition("#")
        base = f"{connected.pypi_url}simple/{package.name}/"
        assert urljoin(base, address) == urljoin(base, file["url"])
        assert digest == f"sha256={file['hashes']['sha256']}"
        assert attributes.get("data-requires-python") == file["requires-python"]
        assert attributes.get("data-yanked", False) == file["yanked"]
        announced = attributes.get("data-core-metadata")
        assert announced == (f"sha256={file['core-metadata']['sha256']}" if file.get("core-metadata") else None)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", LEGACY_HTML),
        ("text/html", LEGACY_HTML),
        (JSON, JSON),
        (HTML, HTML),
        ("application/vnd.pypi.simple.latest+json", JSON),
        # pip, uv and twine's check, as they send it.
        (f"{JSON}, {HTML}; q=0.1, text/html; q=0.01", JSON),
        (f"{JSON}, {HTML};q=0.2, text/html;q=0.01", JSON),
        (f"text/html, {JSON};q=0.5", LEGACY_HTML),
        (f"{JSON};q=0, text/html;q=0.1", LEGACY_HTML),
        (f"{JSON};q=0.1, */*;q=0.01", JSON),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", LEGACY_HTML),
        ("application/json", None),
        ("application/vnd.pypi.simple.v2+json", None),
        ("image/png", None),
    ],
)
def test_f_py_6_the_form_of_a_page_is_negotiated(
    wire: Index, package: Distribution, accept: str, expected: str | None
) -> None:
    for path in (f"simple/{package.name}/", "simple/"):
        answer = wire.get(path, accept=accept)
        if expected is None:
            assert answer.status == 406, f"{path}: {answer.status} {answer.headers.get('content-type')}"
            continue
        assert answer.status == 200, answer
        assert answer.headers["content-type"].partition(";")[0] == expected
        assert "accept" in answer.headers["vary"].lower()


def test_a_page_is_confirmed_by_its_tag(wire: Index, package: Distribution) -> None:
    tags = set()
    for accept in (JSON, HTML):
        first = wire.get(f"simple/{package.name}/", accept=accept)
        tag = first.headers["etag"]
        again = wire.get(f"simple/{package.name}/", accept=accept, headers={"If-None-Match": tag})
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == tag
        tags.add(tag)
    assert len(tags) == 2, "two forms with one tag"


def test_f_py_1_names_are_answered_in_place_however_they_are_spelled(wire: Index, package: Distribution) -> None:
    expected = wire.get(f"simple/{package.normalized}/", accept=JSON).body
    for spelling in (package.name.upper(), package.name.replace("-", "_"), package.name.replace("-", ".-_")):
        for end in ("/", ""):
            answer = wire.get(f"simple/{spelling}{end}", accept=JSON)
            assert (answer.status, answer.body) == (200, expected), f"{spelling}{end}: {answer.status}"


def test_an_absent_project_is_404(wire: Index, private: Repository) -> None:
    for one in (wire, Index(private.pypi_url, private.token)):
        for path in ("simple/absent-altogether/", "absent-altogether/json", "simple/absent/1.0/absent-1.0.tar.gz"):
            answer = one.get(path)
            assert answer.status == 404, f"{path}: {answer}"


def test_ranges_and_head_of_a_file(wire: Index, package: Distribution) -> None:
    content, address = package.wheel(), wire.files(package.name)[package.wheel_name]["url"]
    assert wire.get(address).body == content
    head = wire.ask("HEAD", address)
    assert (head.status, head.headers["content-length"], head.body) == (200, str(len(content)), b"")
    assert head.headers["accept-ranges"] == "bytes"
    tail = wire.get(address, headers={"Range": "bytes=-100"})
    assert (tail.status, tail.body) == (206, content[-100:])
    assert tail.headers["content-range"] == f"bytes {len(content) - 100}-{len(content) - 1}/{len(content)}"
    middle = wire.get(address, headers={"Range": "bytes=10-19"})
    assert (middle.status, middle.body) == (206, content[10:20])
    assert wire.get(address, headers={"Range": f"bytes={len(content)}-"}).status == 416


def test_the_list_of_projects_names_what_is_held(
    wire: Index, connected: Repository, index: FakePypi, package: Distribution
) -> None:
    own = Distribution(fresh_name("Own.Project"), "1.0")
    assert wire.upload(own).status == 200
    assert wire.get(wire.files(package.name)[package.wheel_name]["url"]).status == 200
    listed = {project["name"] for project in wire.get("simple/", accept=JSON).json()["projects"]}
    assert {one.lower().replace(".", "-") for one in listed} == {own.normalized, package.normalized}
    anchors = Anchors(wire.get("simple/", accept=HTML).body.decode()).found
    for name, attributes in anchors.items():
        address = urljoin(f"{connected.pypi_url}simple/", attributes["href"] or "")
        assert wire.get(address, accept=JSON).status == 200, name


def test_the_json_of_a_project_names_its_releases(wire: Index, package: Distribution) -> None:
    document: dict[str, Any] = wire.get(f"{package.name}/json").json()
    assert document["info"]["version"] == "1.2"
    assert set(document["releases"]) == {"1.0", "1.1", "1.2"}
    (url,) = document["urls"]
    assert url["filename"] == package.wheel_name
    assert url["digests"]["sha256"] == hashlib.sha256(package.wheel()).hexdigest()
    older = wire.get(f"{package.name}/1.0/json").json()
    assert {one["filename"] for one in older["urls"]} == {
        f"{package.module}-1.0-py3-none-any.whl",
        f"{package.module}-1.0.tar.gz",
    }
    assert older["info"]["version"] == "1.0"
    assert wire.get(f"pypi/{package.name}/json").status == 200
    assert wire.get(f"{package.name}/7.7/json").status == 404
