"""Requests on the wire: members put where the model says, signed by the SDK's own signer, sent without its checks.

What the SDK would refuse to send, or would tidy up in an answer, must be seen here as it is.
"""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from conformance import service_model
from harness.knobs import AccessKey

Params = dict[str, Any]


@dataclass
class Raw:
    """A body that is sent as it stands."""

    body: bytes


@dataclass(frozen=True)
class Reply:
    """Status, lower-case headers and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> str | None:
        """The name of the exception, or None for success."""
        if self.status < 300:
            return None
        return self.headers.get("x-amzn-errortype", "").partition(":")[0] or f"status {self.status} without a type"

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def __str__(self) -> str:
        return f"{self.status} {self.error or ''} {self.body[:600]!r}"


@dataclass
class Request:
    """A request before it is signed."""

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def target(self) -> str:
        """Path and query, encoded as SDKs do it."""
        encoded = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in self.query)
        return self.path + (f"?{encoded}" if encoded else "")


def build(operation: str, params: Params) -> Request:
    """The request of an operation. A parameter the model does not have would be a slip of the test."""
    model = service_model.operation(operation)
    members = service_model.members(operation)
    assert set(params) <= set(members) | {"*body"}, f"{operation} has no {set(params) - set(members)}"
    request = Request(model.http["method"], model.http["requestUri"])
    payload = model.input_shape.serialization.get("payload") if model.input_shape else None
    body: dict[str, Any] = {}
    has_body = False
    for name, shape in members.items():
        where, wire_name = service_model.place(shape)
        if where == "body" and name != payload:
            has_body = True
        if name not in params:
            continue
        value = params[name]
        if name == payload:
            request.body = value
        elif where == "querystring":
            request.query.append((str(wire_name), _query_text(value)))
        elif where == "header":
            request.headers[str(wire_name)] = str(value)
        else:
            body[name] = value
    if has_body:
        request.headers["Content-Type"] = "application/json"
        request.body = json.dumps(body).encode()
    if isinstance(raw := params.get("*body"), Raw):
        request.headers["Content-Type"] = "application/json"
        request.body = raw.body
    return request


def _query_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Caller:
    """Someone with a key. Each thread has a connection of its own."""

    def __init__(self, url: str, region: str, key: AccessKey) -> None:
        self._parts = urlsplit(url)
        self._signer = SigV4Auth(Credentials(key.id, key.secret), service_model.SERVICE, region)
        self._local = threading.local()

    def call(self, operation: str, params: Params) -> Reply:
        """Build, sign and send."""
        return self.send(build(operation, params))

    def send(self, request: Request) -> Reply:
        """Sign and send."""
        url = f"{self._parts.scheme}://{self._parts.netloc}{request.target}"
        signed = AWSRequest(request.method, url, headers=dict(request.headers), data=request.body)
        self._signer.add_auth(signed)
        headers = dict(signed.headers.items())
        for last in (False, True):
            connection = self._connection()
            try:
                connection.request(request.method, request.target, body=request.body or None, headers=headers)
                answer = connection.getresponse()
                received = {name.lower(): value for name, value in answer.getheaders()}
                return Reply(answer.status, received, answer.read())
            except (OSError, http.client.HTTPException):
                # A connection that went stale between two requests is opened once more.
                connection.close()
                self._local.connection = None
                if last:
                    raise
        raise AssertionError("unreachable")

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection(self._parts.hostname or "", self._parts.port, timeout=60)
            self._local.connection = connection
        return connection
