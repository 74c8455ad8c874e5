"""What answers and exceptions become, for all of them."""

from __future__ import annotations

import inspect
import json
from types import ModuleType

import pytest
import urllib3.exceptions
from kubernetes.client import exceptions as kubernetes_exceptions

from kubervisor import errors
from kubervisor.kube import failures
from kubervisor.kube.outcomes import OUTCOMES

MERGE = "application/merge-patch+json"


def status(message: str, **details: object) -> bytes:
    return json.dumps({"kind": "Status", "message": message, "details": details}).encode()


INVALID = status("x is invalid", causes=[{"field": "metadata.labels", "message": "no"}])
OTHER_UID = status("x is invalid", causes=[{"field": "metadata.uid", "message": "immutable"}])
NOT_APPLIED = status("the server rejected our request due to an error in our request")


@pytest.mark.parametrize("module", [urllib3.exceptions, kubernetes_exceptions])
def test_every_exception_class_of_the_libraries_is_mapped(module: ModuleType) -> None:
    classes = {
        found
        for _, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Exception) and not issubclass(found, Warning)
    }
    own = {found for found in classes if found.__module__ == module.__name__}
    assert own
    assert own - OUTCOMES.keys() == set()


@pytest.mark.parametrize(
    ("code", "body", "content_type", "expected"),
    [
        pytest.param(400, b"", "", errors.Invalid, id="a bad request is invalid"),
        pytest.param(401, b"", "", errors.Forbidden, id="rejected credentials are forbidden"),
        pytest.param(403, b"", "", errors.Forbidden, id="a missing right is forbidden"),
        pytest.param(404, b"", "", errors.NotFound, id="404 is not found"),
        pytest.param(409, b"", "", errors.Conflict, id="409 is a conflict"),
        pytest.param(410, b"", "", errors.Gone, id="410 is gone"),
        pytest.param(422, INVALID, MERGE, errors.Invalid, id="an invalid object is invalid"),
        pytest.param(
            422, INVALID, failures.JSON_PATCH, errors.Invalid, id="also after a JSON patch"
        ),
        pytest.param(
            422, NOT_APPLIED, failures.JSON_PATCH, errors.Conflict, id="a failed test is a conflict"
        ),
        pytest.param(422, OTHER_UID, MERGE, errors.Conflict, id="another uid is a conflict"),
        pytest.param(429, b"", "", errors.Throttled, id="429 is throttled"),
        pytest.param(500, b"", "", errors.ApiUnavailable, id="500 leaves the outcome unknown"),
        pytest.param(504, b"", "", errors.ApiUnavailable, id="504 leaves the outcome unknown"),
        pytest.param(302, b"", "", errors.ApiError, id="a redirect is not followed"),
    ],
)
def test_the_status_decides_the_error(
    code: int, body: bytes, content_type: str, expected: type[errors.ApiError]
) -> None:
    error = failures.from_answer("patch pods/a", code, body, content_type=content_type)
    assert type(error) is expected
    assert error.status == code
    assert "patch pods/a" in str(error)


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [
        pytest.param("7", b"", 7.0, id="the header says it"),
        pytest.param(None, status("", retryAfterSeconds=3), 3.0, id="the status says it"),
        pytest.param("soon", b"", 1.0, id="unreadable is one second"),
        pytest.param("99999", b"", 60.0, id="never more than a minute"),
    ],
)
def test_throttling_says_how_long_to_wait(header: str | None, body: bytes, seconds: float) -> None:
    error = failures.from_answer("evict", 429, body, retry_after=header)
    assert isinstance(error, errors.Throttled)
    assert error.retry_after == seconds


def test_messages_hold_one_line_of_at_most_256_bytes_and_no_credentials() -> None:
    text = "line\none\x1b[31m\u202e Bearer abc.def eyJhbGciOi.eyJpc3Mi.c2ln " + "é" * 400
    message = str(failures.from_answer("get pods/a", 500, status(text)))
    assert "\n" not in message
    assert "\x1b" not in message
    assert "\u202e" not in message
    assert "abc.def" not in message
    assert "eyJ" not in message
    assert len(message.encode()) <= 256 + len("get pods/a:  (500)")


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        pytest.param(urllib3.exceptions.ProtocolError("cut"), True, id="cut off: perhaps done"),
        pytest.param(TimeoutError("late"), True, id="late: perhaps done"),
        pytest.param(
            urllib3.exceptions.ConnectTimeoutError("no"), False, id="never connected: not done"
        ),
    ],
)
def test_no_answer_tells_whether_the_request_was_sent(error: Exception, sent: bool) -> None:
    found = failures.from_exception("patch pods/a", error)
    assert isinstance(found, errors.ApiUnavailable)
    assert found.sent is sent


def test_an_exception_that_carries_an_answer_is_judged_by_its_status() -> None:
    answered = kubernetes_exceptions.ConflictException(status=409, body="changed")
    assert isinstance(failures.from_exception("patch", answered), errors.Conflict)


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/api/v1/pods", "list pods"),
        ("GET", "/api/v1/namespaces/shop", "get namespaces/shop"),
        ("GET", "/api/v1/namespaces/shop/pods", "list pods in namespace shop"),
        ("POST", "/api/v1/namespaces/s/pods/a/eviction", "create pods/a/eviction in namespace s"),
        ("WATCH", "/apis/g/v1/namespaces/s/things", "watch things in namespace s"),
        ("GET", "/version", "get /version"),
    ],
)
def test_a_request_is_described_in_words(method: str, path: str, words: str) -> None:
    assert failures.describe(method, path) == words
