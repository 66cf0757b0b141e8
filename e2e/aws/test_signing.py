"""Who asks: requests that a client signed wrongly."""

from __future__ import annotations

from typing import Any

import botocore.exceptions
import pytest

from harness import account
from harness.knobs import AccessKey
from harness.server import Server


def refused_code(client: Any) -> tuple[str, int]:
    """The code and status of a refused call."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        client.list_domains()
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def credentials(aws: Any) -> AccessKey:
    """The key behind a client."""
    frozen = aws._request_signer._credentials
    return AccessKey(frozen.access_key, frozen.secret_key)


def test_a_wrong_secret_is_refused(aws: Any, server: Server) -> None:
    wrong = AccessKey(credentials(aws).id, "w" * 40)
    client = account.key_client(server, wrong, aws.meta.region_name)
    assert refused_code(client) == ("InvalidSignatureException", 403)


def test_an_unknown_key_is_refused(aws: Any, server: Server) -> None:
    unknown = AccessKey("AKIAUNKNOWNUNKNOWN00", credentials(aws).secret)
    client = account.key_client(server, unknown, aws.meta.region_name)
    assert refused_code(client) == ("UnrecognizedClientException", 403)


def test_s07_a_session_token_nobody_gave_out_is_refused(aws: Any, server: Server) -> None:
    import boto3

    key = credentials(aws)
    client = boto3.Session(key.id, key.secret, "made-up-session-token", aws.meta.region_name).client(
        "codeartifact", endpoint_url=server.url, config=account.client_config()
    )
    code, status = refused_code(client)
    assert status == 403, code


def test_an_unsigned_request_is_refused_with_a_request_id(server: Server) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("POST", "/v1/domains", body=b"{}", headers={"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    assert answer.status == 403
    assert answer.getheader("x-amzn-ErrorType", "").startswith("MissingAuthenticationToken")
    assert answer.getheader("x-amzn-RequestId")
