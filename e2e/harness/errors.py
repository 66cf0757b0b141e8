"""What an SDK makes of an error answer, checked member by member."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

# The published statuses; 402 for quotas is no slip.
STATUS = {
    "AccessDeniedException": 403,
    "ConflictException": 409,
    "InternalServerException": 500,
    "ResourceNotFoundException": 404,
    "ServiceQuotaExceededException": 402,
    "ThrottlingException": 429,
    "ValidationException": 400,
}


@dataclass
class Raised:
    """Filled when the block ends."""

    message: str = ""
    response: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def raises(
    aws: Any, exception: str, *, resource: tuple[str, str] | None = None, reason: str | None = None
) -> Iterator[Raised]:
    """The block must end in this modelled exception, with its status, its members and a request id."""
    raised = Raised()
    with pytest.raises(ClientError) as caught:
        yield raised
    error = caught.value
    raised.response = error.response
    metadata = error.response["ResponseMetadata"]
    raised.headers = metadata["HTTPHeaders"]
    raised.message = error.response["Error"].get("Message", "")
    assert error.response["Error"]["Code"] == exception, f"{error}"
    assert isinstance(error, getattr(aws.exceptions, exception)), "the SDK did not recognise the exception"
    assert metadata["HTTPStatusCode"] == STATUS[exception]
    uuid.UUID(metadata["RequestId"])
    assert raised.message, "an exception without a message"
    assert error.response.get("message"), "the member `message` is required and lower-case"
    if resource is not None:
        assert (error.response.get("resourceType"), error.response.get("resourceId")) == resource
    if reason is not None:
        assert error.response.get("reason") == reason
