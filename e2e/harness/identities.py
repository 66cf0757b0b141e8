"""Users, roles and policies of an account, made by the command line as an operator makes them."""

from __future__ import annotations

import itertools
import json
from typing import Any

from harness import account, knobs
from harness.server import Server

_names = itertools.count(1)
Statement = dict[str, Any]


def allow(*actions: str, resource: str | list[str] = "*", **more: Any) -> Statement:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: str | list[str] = "*", **more: Any) -> Statement:
    """A statement that denies."""
    return {"Effect": "Deny", "Action": list(actions), "Resource": resource, **more}


def document(*statements: Statement) -> str:
    """A policy of statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class User:
    """A user with a key. Without statements it may do nothing."""

    def __init__(self, server: Server, *statements: Statement, account_id: str | None = None) -> None:
        self.server = server
        self.account = account_id or server.account
        self.name = f"user-{next(_names)}"
        server.iam("create-user", "--user-name", self.name, account=self.account)
        if statements:
            self.may(*statements)
        made = server.iam("create-access-key", "--user-name", self.name, account=self.account)["AccessKey"]
        self.key = knobs.AccessKey(made["AccessKeyId"], made["SecretAccessKey"])

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:iam::{self.account}:user/{self.name}"

    def may(self, *statements: Statement) -> None:
        """Replace its only policy."""
        self.server.iam(
            "put-user-policy",
            *("--user-name", self.name),
            *("--policy-name", "own"),
            *("--policy-document", document(*statements)),
            account=self.account,
        )

    def client(self, region: str) -> Any:
        """boto3 for it."""
        return account.key_client(self.server, self.key, region)
