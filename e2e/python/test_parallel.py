"""uv with all its parallelism against a cold repository: nothing fails, and nothing is fetched twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from harness.account import Repository
from harness.fake_pypi import FakePypi
from harness.packages import fresh_name
from harness.python_client import installed_versions
from harness.python_packages import Distribution
from python.uv import Uv

PROJECTS = 150


class EagerUv(Uv):
    """uv that asks for everything at once."""

    def environment(self) -> dict[str, str]:
        return super().environment() | {"UV_CONCURRENT_DOWNLOADS": "150"}


@pytest.mark.timeout(300)
def test_everything_at_once_and_no_error(secluded: Repository, index: FakePypi, tmp_path: Path) -> None:
    stem = fresh_name("many")
    packages = [Distribution(f"{stem}-{n}", "1.0", size_bytes=50_000) for n in range(PROJECTS)]
    index.publish(*packages)
    for round_number in range(2):
        uv = EagerUv(tmp_path / f"home-{round_number}")
        uv.configure(secluded.pypi_url, secluded.token)
        environment = tmp_path / f"env-{round_number}"
        uv.pip_install(environment, *(one.name for one in packages))
        assert len(installed_versions(environment)) == PROJECTS
    asked = secluded.server.requests()
    bad = [(one["path"], one["status"]) for one in asked if one["status"] >= 429 and stem in one["path"]]
    assert bad == []
    fetched = Counter(path for path in index.asked if path.endswith(".whl"))
    assert len(fetched) == PROJECTS
    assert set(fetched.values()) == {1}, "a wheel was fetched from the source more than once"
