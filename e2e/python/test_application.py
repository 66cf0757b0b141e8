"""Two real applications, one of the scientific stack and one of the web: installed cold, warm, and with the public
index gone; the same bytes each time, and what was installed works.

Their locks carry the digests of the public index and were made against it (`application/*.in` says what was asked for,
`uv pip compile --generate-hashes` made them). Nothing in them is changed for Reliquary.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from harness import knobs, python_packages
from harness.account import Repository
from harness.python_client import create_environment, installed_versions, record_hashes
from harness.source import Source
from python.pip_and_twine import OldPip, Pip
from python.uv import Uv

APPLICATION = Path(__file__).parent / "application"
LEAST_PACKAGES = 60
# Other files of a version follow in the background: here that would be gigabytes that nobody asked for.
SETTINGS = knobs.COUNTED_PATIENT_SETTINGS + knobs.whole_versions(0)
SCIENCE = """
import io
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy.optimize
import statsmodels.api as sm
from sklearn.linear_model import LinearRegression
x = np.linspace(0, 10, 200)
frame = pd.DataFrame({"x": x, "y": 3 * x + 1})
fit = LinearRegression().fit(frame[["x"]], frame["y"])
assert abs(fit.coef_[0] - 3) < 1e-9
assert abs(sm.OLS(frame["y"], sm.add_constant(x)).fit().params.iloc[1] - 3) < 1e-9
assert abs(scipy.optimize.brentq(lambda v: v**2 - 2, 0, 2) - 2**0.5) < 1e-9
plt.plot(x, np.sin(x))
picture = io.BytesIO()
plt.savefig(picture, format="png")
assert picture.getvalue().startswith(b"\\x89PNG")
"""
WEB = """
import aiohttp, celery, lxml.etree, msgpack, orjson, psycopg, uvicorn, uvloop
from cryptography.fernet import Fernet
import django
from fastapi import FastAPI
from flask import Flask
from pydantic import BaseModel
from sqlalchemy import create_engine, text
with create_engine("sqlite://").connect() as connection:
    assert connection.execute(text("select 6 * 7")).scalar() == 42
class Parcel(BaseModel):
    number: int
assert Parcel.model_validate_json('{"number": 7}').number == 7
app = Flask("parcels")
app.add_url_rule("/", view_func=lambda: "here")
assert app.test_client().get("/").data == b"here"
api = FastAPI()
api.get("/parcel")(lambda: Parcel(number=1))
assert "/parcel" in api.openapi()["paths"]
key = Fernet(Fernet.generate_key())
assert key.decrypt(key.encrypt(b"secret")) == b"secret"
assert lxml.etree.fromstring("<a><b/></a>")[0].tag == "b"
assert orjson.loads(orjson.dumps({"a": 1})) == msgpack.unpackb(msgpack.packb({"a": 1}))
assert django.get_version() and psycopg.pq.version()
"""


def locked(name: str) -> Path:
    """The lock of an application."""
    return APPLICATION / f"{name}.txt"


def assert_works(environment: Path, program: str) -> None:
    """What was installed is not only there, it runs."""
    done = subprocess.run(
        [create_environment(environment), "-c", program],
        cwd=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def assert_nothing_failed(repository: Repository) -> None:
    """No client was answered with an error of the server's, nor told to come back later."""
    bad = [(one["path"], one["status"]) for one in repository.server.requests() if one["status"] >= 429]
    assert bad == []


def test_the_locks_name_no_host() -> None:
    for name in ("science", "web"):
        text = locked(name).read_text()
        assert len(re.findall(r"^\S+==", text, re.MULTILINE)) > LEAST_PACKAGES
        assert "--hash=sha256:" in text
        assert "://" not in text


@pytest.mark.timeout(1200)
def test_pip_installs_the_scientific_stack_cold_warm_and_without_the_source(
    worldly: Callable[..., Repository], public_index: Source, tmp_path: Path
) -> None:
    repository = worldly(SETTINGS)
    pip = Pip(tmp_path / "home")
    pip.configure(repository.pypi_url, repository.token)
    # No dependency is looked up: everything that is needed stands in the lock, with its digest.
    arguments = ["--require-hashes", "--no-deps", "--no-compile", "--requirement", str(locked("science"))]
    cold = tmp_path / "cold"
    pip.install(cold, *arguments, timeout_s=600)
    assert len(installed_versions(cold)) > LEAST_PACKAGES
    assert_works(cold, SCIENCE)
    fetched = public_index.archives()
    assert fetched > LEAST_PACKAGES

    pip.empty_cache()
    public_index.forget()
    warm = tmp_path / "warm"
    pip.install(warm, *arguments, timeout_s=600)
    assert public_index.archives() == 0, "the second install fetched from the source again"

    public_index.cut()
    old = OldPip(tmp_path / "old-home")
    old.configure(repository.pypi_url, repository.token)
    offline = tmp_path / "offline"
    old.install(offline, *arguments, timeout_s=600)
    first = record_hashes(cold)
    assert len(first) > 1000
    assert record_hashes(warm) == first
    assert record_hashes(offline) == first
    assert pip.freeze(warm) == pip.freeze(offline) == pip.freeze(cold)
    assert set(installed_versions(cold)) <= set(repository.packages("pypi"))
    assert_nothing_failed(repository)


@pytest.mark.timeout(1200)
def test_uv_installs_the_web_stack_cold_warm_and_without_the_source(
    worldly: Callable[..., Repository], public_index: Source, tmp_path: Path
) -> None:
    repository = worldly(SETTINGS)
    uv = Uv(tmp_path / "home")
    uv.configure(repository.pypi_url, repository.token)
    arguments = ["--require-hashes", "--no-build", "--requirement", str(locked("web"))]
    cold = tmp_path / "cold"
    uv.pip_install(cold, *arguments, timeout_s=600)
    assert len(installed_versions(cold)) > LEAST_PACKAGES
    assert_works(cold, WEB)

    # Metadata that uv cached itself says nothing about the server: it is read again, or the end of a wheel is.
    uv.empty_cache()
    public_index.forget()
    warm = tmp_path / "warm"
    uv.pip_install(warm, *arguments, timeout_s=600)
    assert public_index.archives() == 0

    uv.empty_cache()
    public_index.cut()
    offline = tmp_path / "offline"
    uv.pip_install(offline, *arguments, timeout_s=600)
    first = record_hashes(cold)
    assert record_hashes(warm) == first
    assert record_hashes(offline) == first
    assert installed_versions(offline) == installed_versions(cold)
    assert_nothing_failed(repository)


@pytest.mark.timeout(600)
def test_a_lock_made_through_the_repository_is_the_one_made_against_the_public_index(
    worldly: Callable[..., Repository], public_index: Source, tmp_path: Path
) -> None:
    repository = worldly(SETTINGS)
    asked = tmp_path / "asked.in"
    asked.write_text("flask\nhttpx[http2]\nsqlalchemy\nrich\nattrs\n")
    compile_lock = ["pip", "compile", "--quiet", "--no-header", "--no-annotate", "--generate-hashes", str(asked)]
    through, direct = Uv(tmp_path / "through"), Uv(tmp_path / "direct")
    through.configure(repository.pypi_url, repository.token)
    one = through.run(*compile_lock, timeout_s=400).stdout
    other = direct.run(*compile_lock, "--default-index", public_index.url, timeout_s=400).stdout
    assert len(re.findall(r"^\S+==", other, re.MULTILINE)) > 10
    assert one == other


@pytest.mark.timeout(600)
def test_an_application_is_killed_in_the_middle_of_its_cold_install(
    worldly: Callable[..., Repository], public_index: Source, tmp_path: Path
) -> None:
    repository = worldly(SETTINGS)
    uv = Uv(tmp_path / "home")
    uv.configure(repository.pypi_url, repository.token)
    arguments = ["--require-hashes", "--no-build", "--requirement", str(locked("web"))]
    with ThreadPoolExecutor(1) as pool:
        installing = pool.submit(uv.pip_install, tmp_path / "broken", *arguments, check=False, timeout_s=400)
        reached = public_index.wait_for(lambda: installing.done() or public_index.archives() >= 25, timeout_s=300)
        assert reached and not installing.done(), str(installing.result())
        repository.server.kill()
        assert installing.result().status != 0
    repository.server.start()
    uv.empty_cache()
    shutil.rmtree(tmp_path / "broken")
    # The digests of the lock prove each file: nothing that was half there is taken for whole.
    uv.pip_install(tmp_path / "whole", *arguments, timeout_s=400)
    assert len(installed_versions(tmp_path / "whole")) > LEAST_PACKAGES


def test_own_packages_stand_beside_public_ones_in_a_hashed_lock(
    worldly: Callable[..., Repository], public_index: Source, tmp_path: Path
) -> None:
    repository = worldly(SETTINGS)
    uv = Uv(tmp_path / "home")
    uv.configure(repository.pypi_url, repository.token)
    package = python_packages.Distribution("parcels-of-our-own", "1.0", requires=("idna>=3",))
    uv.upload("--index", "reliquary", package.write_wheel(tmp_path / "dist"))
    project = uv.project("app")
    uv.add(project, package.name)
    lock = (project / "uv.lock").read_text()
    assert f'name = "{package.name}"' in lock and 'name = "idna"' in lock
    assert public_index.url not in lock, "an address of the source leaked into the lock"
    uv.empty_cache()
    uv.install_afresh(project)
    assert {"idna", package.name} <= set(installed_versions(project / ".venv"))
