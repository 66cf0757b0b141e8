"""Tokens at the package endpoint: every way of carrying one, wrong ones, foreign ones and expired ones."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness import account
from harness.account import Repository
from harness.clock import shifted_clock
from harness.packages import Package, fresh_name
from harness.server import Server
from npm.driver import Npm


def basic(user: str, password: str) -> str:
    """A Basic header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def carriers(token: str) -> dict[str, str]:
    """Every form in which some client presents its token."""
    return {
        "bearer": f"Bearer {token}",
        "basic password": basic("aws", token),
        "basic password of any user": basic("someone", token),
        "basic user": basic(token, ""),
        "basic with a line end": basic("aws", token + "\r\n"),
        "bare": token,
    }


def status(repository: Repository, authorization: str | None) -> int:
    """What a ping with this header gets."""
    headers = {"Authorization": authorization} if authorization else {}
    return repository.registry(token=None).ask("GET", "-/ping", headers=headers).status


def test_a05_every_carrier_of_a_good_token_is_accepted(private: Repository) -> None:
    assert {name: status(private, header) for name, header in carriers(private.token).items()} == dict.fromkeys(
        carriers(""), 200
    )


def test_a05_every_carrier_of_a_bad_token_is_refused(private: Repository) -> None:
    half = len(private.token) // 2
    flipped = "A" if private.token[half] != "A" else "B"
    forged = private.token[:half] + flipped + private.token[half + 1 :]
    for token in ("", "x", forged, private.token[:-4], private.token + "AAAA"):
        for name, header in carriers(token).items():
            assert status(private, header) == 401, f"{name} with {token[:20]!r}"
    assert status(private, None) == 401


def test_a_refusal_asks_for_basic_credentials(private: Repository) -> None:
    answer = private.registry(token=None).get("anything")
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic realm=")
    assert answer.json()["error"]


def test_a03_a_token_of_another_domain_is_refused(aws: Any, private: Repository) -> None:
    other = account.create_domain(aws)
    token = aws.get_authorization_token(domain=other)["authorizationToken"]
    assert status(private, f"Bearer {token}") in (401, 403)
    refused = private.registry(token=token).publish(Package(fresh_name(), "1.0.0"))
    assert refused.status in (401, 403)
    assert private.npm_packages() == []


def test_a_token_in_the_address_is_refused(private: Repository) -> None:
    answer = private.registry(token=None).get(f"-/ping?token={private.token}&access_token={private.token}")
    assert answer.status == 401


def test_a_token_survives_a_restart(new_server: Callable[..., Server]) -> None:
    server = new_server().start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    app = Repository(server, aws, domain, "app")
    assert status(app, f"Bearer {app.token}") == 200
    server.restart()
    assert status(app, f"Bearer {app.token}") == 200


def test_a06_an_expired_token_is_refused(new_server: Callable[..., Server], tmp_path: Path) -> None:
    clock = shifted_clock(hours=1)
    if clock is None:
        pytest.skip("no libfaketime: run by e2e/run.sh on a Debian machine")
    server = new_server().start()
    aws = account.profile_client(server)
    domain = account.create_domain(aws)
    aws.create_repository(domain=domain, repository="app")
    app = Repository(server, aws, domain, "app")
    short = aws.get_authorization_token(domain=domain, durationSeconds=900)["authorizationToken"]
    for token in (short, app.token):
        assert status(app, f"Bearer {token}") == 200
    server.restart(environment=clock)
    assert status(app, f"Bearer {app.token}") == 200, "a token of twelve hours must outlive one"
    assert status(app, f"Bearer {short}") == 401
    npm = Npm(tmp_path / "home")
    npm.configure(app.npm_url, short)
    refused = npm.run("ping", check=False)
    assert "E401" in refused.output, str(refused)
