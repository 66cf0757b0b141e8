"""curl: files put, fetched, resumed and listed, and what it says when something stands against it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from pathlib import Path

from generic.curl import Curl
from harness.account import Repository

VERSION = "tools/installer/1.0.0/"


def write(files: Path, name: str, content: bytes) -> Path:
    """A file to send."""
    file = files / name
    file.write_bytes(content)
    return file


def test_a_file_goes_in_under_its_own_name_and_comes_out(curl: Curl, files: Path) -> None:
    content = bytes(range(256)) * 5000
    sent = write(files, "setup x64+ü.exe", content)
    status, body = curl.put(sent, VERSION)
    assert status == 201, body
    answer = json.loads(body)
    assert (answer["status"], answer["asset"]["name"]) == ("Published", sent.name)
    address = curl.list(VERSION)["assets"][0]["href"]
    assert address.startswith(curl.base)
    fetched = files / "fetched"
    assert curl.get(address.removeprefix(curl.base), fetched) == 200
    assert fetched.read_bytes() == content
    # By the same address, written as curl writes it.
    assert curl.put(sent, VERSION)[0] == 200


def test_head_tells_size_and_digests(curl: Curl, files: Path) -> None:
    content = b"x" * 4321
    curl.put(write(files, "a.bin", content), VERSION)
    fields = curl.head(VERSION + "a.bin")
    sha256 = hashlib.sha256(content)
    assert fields["status"] == "200"
    assert fields["content-length"] == "4321"
    assert fields["etag"] == f'"{sha256.hexdigest()}"'
    assert fields["x-checksum-sha256"] == sha256.hexdigest()
    assert f"sha-256=:{base64.b64encode(sha256.digest()).decode()}:" in fields["repr-digest"]
    assert fields["accept-ranges"] == "bytes"


def test_a_download_that_broke_off_is_resumed(curl: Curl, files: Path) -> None:
    content = bytes(range(256)) * 4000
    curl.put(write(files, "a.bin", content), VERSION)
    into = write(files, "part", content[:123_456])
    assert curl.get(VERSION + "a.bin", into, "--continue-at", "-") == 206
    assert into.read_bytes() == content
    part = files / "range"
    assert curl.get(VERSION + "a.bin", part, "--range", "10-19") == 206
    assert part.read_bytes() == content[10:20]
    assert curl.get(VERSION + "a.bin", part, "--range", f"{len(content)}-") == 416


def test_a_stream_of_unknown_length_is_put(curl: Curl) -> None:
    command = [*curl.program(), "--fail-with-body", "-T", "-", f"{curl.base}{VERSION}stream.bin"]
    done = subprocess.run(command, input=b"streamed" * 100_000, capture_output=True, timeout=60, check=True)
    assert json.loads(done.stdout)["asset"]["size"] == 800_000


def test_several_files_make_a_version_and_the_last_one_finishes_it(curl: Curl, files: Path) -> None:
    for name in ("a.bin", "b.bin"):
        status, body = curl.put(write(files, name, name.encode()), f"{VERSION}{name}?unfinished=true")
        assert (status, json.loads(body)["status"]) == (201, "Unfinished")
    assert curl.list("tools/installer/")["versions"] == []
    status, body = curl.put(write(files, "c.bin", b"c"), VERSION)
    assert (status, json.loads(body)["status"]) == (201, "Published")
    assert [asset["name"] for asset in curl.list(VERSION)["assets"]] == ["a.bin", "b.bin", "c.bin"]
    status, body = curl.put(write(files, "d.bin", b"d"), VERSION)
    assert status == 409
    assert "unfinished=true" in body
    status, body = curl.put(write(files, "a.bin", b"other"), VERSION)
    assert status == 409
    status, body = curl.put(files / "c.bin", f"{VERSION}?unfinised=true")
    assert status == 400, "a PUT that names no file, and a parameter that is none"


def test_declared_digests_are_held_against_the_bytes(curl: Curl, files: Path) -> None:
    file = write(files, "a.bin", b"the bytes")
    wrong = hashlib.sha256(b"others").hexdigest()
    status, body = curl.put(file, VERSION, "--header", f"x-checksum-sha256: {wrong}")
    assert (status, wrong in body) == (400, True)
    assert curl.head(VERSION + "a.bin")["status"] == "404"
    right = base64.b64encode(hashlib.sha512(b"the bytes").digest()).decode()
    digest = ("--header", f"Content-Digest: sha-512=:{right}:")
    assert curl.put(file, VERSION, *digest, "--header", "If-None-Match: *")[0] == 201
    assert curl.put(file, VERSION, *digest, "--header", "If-None-Match: *")[0] == 412


def test_a_browser_gets_pages_with_working_links(curl: Curl, files: Path) -> None:
    curl.put(write(files, "a&b.bin", b"1"), VERSION)
    page = curl.page(VERSION).stdout
    assert "content-type: text/html" in page.lower()
    assert "content-security-policy: default-src 'none'" in page.lower()
    assert "a&amp;b.bin</a>" in page and "a&b.bin" not in page
    link = next(line for line in page.splitlines() if "a&amp;b.bin</a>" in line).split('href="')[1].split('"')[0]
    assert curl.run("--fail", link).stdout == "1"


def test_a_large_folder_is_walked_by_its_pages(curl: Curl, files: Path) -> None:
    file = write(files, "a", b"1")
    for number in range(12):
        assert curl.put(file, f"tools/package-{number:02}/1.0.0/a")[0] == 201
    found, pages, address = [], 0, "tools/?limit=5"
    while address:
        page = curl.list(address)
        found += [entry["package"] for entry in page["packages"]]
        address = page.get("next", "").removeprefix(curl.base)
        pages += 1
    assert (found, pages) == ([f"package-{number:02}" for number in range(12)], 3)


def test_without_rights_nothing_is_read_or_put(curl: Curl, private: Repository, files: Path, tmp_path: Path) -> None:
    file = write(files, "a.bin", b"1")
    curl.put(file, VERSION)
    nobody = Curl(tmp_path / "nobody", private, token="not-a-token")
    assert nobody.put(file, "tools/installer/2.0.0/")[0] == 401
    for path in ("", "tools/", VERSION, VERSION + "a.bin"):
        assert nobody.head(path)["status"] == "401"
    # 50 MB that may not come: curl waits for leave, and hears no.
    large = files / "large.bin"
    with large.open("wb") as sparse:
        sparse.truncate(50 << 20)
    assert nobody.put(large, "tools/installer/2.0.0/", timeout_s=20)[0] == 401
