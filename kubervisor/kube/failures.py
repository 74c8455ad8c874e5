"""What went wrong between us and the API server, in the words of `kubervisor.errors`.

Two doors: an HTTP answer that is not a success, and an exception of the libraries below. Messages
say what was asked of which object, carry at most 256 bytes of the server's text and never a
credential.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

from kubervisor import errors
from kubervisor.kube.text import one_line
from kubervisor.text import without_secrets

T = TypeVar("T")

SERVER_TEXT_LIMIT = 256
JSON_PATCH = "application/json-patch+json"
_RETRY_AFTER_LIMIT = 60.0

_PATH = re.compile(
    r"/(?:api/v1|apis/[^/]+/[^/]+)"
    r"(?:/namespaces/(?P<namespace>[^/]+)(?=/))?"
    r"/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<subresource>[^/]+))?"
)
_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""All that decoding may raise for bytes that are not what they should be."""


class _Cause(msgspec.Struct, gc=False):
    field: str = ""


class _Details(msgspec.Struct, gc=False, rename="camel"):
    retry_after_seconds: float | None = None
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct, gc=False):
    message: str = ""
    code: int = 0
    details: _Details | None = None


def describe(method: str, path: str) -> str:
    """Return what a request asks for, in words.

    >>> describe("PATCH", "/api/v1/namespaces/shop/pods/cart-1")
    'patch pods/cart-1 in namespace shop'
    """
    found = _PATH.fullmatch(path)
    if found is None:
        return f"{method.lower()} {path}"
    namespace, resource, name, subresource = found.groups()
    verb, _ = verb_and_resource(method, path)
    target = "/".join(part for part in (resource, name, subresource) if part)
    return f"{verb} {target}" + (f" in namespace {namespace}" if namespace else "")


def verb_and_resource(method: str, path: str) -> tuple[str, str]:
    """Return the verb and the resource (with its subresource) of a request, as metrics label them.

    >>> verb_and_resource("PATCH", "/apis/kubervisor.k8s.io/v1alpha1/namespaces/a/kvs/b/status")
    ('patch', 'kvs/status')
    """
    found = _PATH.fullmatch(path)
    if found is None:
        return method.lower(), "other"
    _, resource, name, subresource = found.groups()
    verb = "list" if method == "GET" and name is None else _VERBS.get(method, method.lower())
    return verb, f"{resource}/{subresource}" if subresource else resource


def from_answer(
    request: str,
    status: int,
    body: bytes,
    *,
    retry_after: str | None = None,
    content_type: str = "",
) -> errors.ApiError:
    """Return the error that an answer with `status` outside 200 to 299 means; 0 means no status at
    all.

    `request` are the words of `describe`, `content_type` is that of the request: a precondition in
    a patch that failed is answered 422, like an invalid object, and means Conflict.
    """
    answer = _read_status(body)
    said = answer.message or body[: 4 * SERVER_TEXT_LIMIT].decode(errors="replace")
    text = f"{request}: {_fit(said)} ({status})"
    if status == 401:
        return errors.Forbidden(
            f"The API server does not accept our credentials: {text}", status=status
        )
    if status == 403:
        return errors.Forbidden(f"A right is missing: {text}", status=status)
    if status == 422 and _is_failed_precondition(answer, content_type):
        return errors.Conflict(text, status=status)
    if status == 429:
        wait = _seconds(retry_after, answer)
        return errors.Throttled(text, status=status, retry_after=wait)
    if status >= 500 or status == 0:
        return errors.ApiUnavailable(text, status=status)
    classes: dict[int, type[errors.ApiError]] = {
        400: errors.Invalid,
        404: errors.NotFound,
        409: errors.Conflict,
        410: errors.Gone,
        422: errors.Invalid,
    }
    return classes.get(status, errors.ApiError)(text, status=status)


def from_event(request: str, raw: bytes | msgspec.Raw) -> errors.ApiError:
    """Return the error that the Status in an ERROR watch event means."""
    body = bytes(raw)
    return from_answer(request, _read_status(body).code, body)


def from_exception(request: str, error: Exception) -> errors.ApiError:
    """Return the error that an exception of `outcomes.EXCEPTIONS` means.

    The text of a ValueError is left out: http.client quotes the header it rejects, the token with
    it.
    """
    # Here, for who reads answers alone does without the client library, 17 MB of memory.
    from kubernetes.client.exceptions import ApiException  # noqa: PLC0415

    from kubervisor.kube.outcomes import Outcome, outcome_of  # noqa: PLC0415

    outcome = outcome_of(error)
    if isinstance(error, ApiException) and outcome is Outcome.ANSWERED:
        body = error.body.encode() if isinstance(error.body, str) else b""
        return from_answer(request, int(error.status or 0), body)
    if outcome is Outcome.UNUSABLE:
        return errors.ApiError(
            f"{request}: the request cannot be formed ({type(error).__name__}); "
            "check the server address and the credentials of the kubeconfig"
        )
    return errors.ApiUnavailable(
        f"{request}: {type(error).__name__}: {_fit(str(error))}",
        sent=outcome is not Outcome.NOT_SENT,
    )


def decoded(
    request: str, decode: Callable[[bytes | msgspec.Raw], T], raw: bytes | msgspec.Raw
) -> T:
    """Return what `decode` makes of a successful answer, or of a part of it.

    Raises: ApiUnavailable where it is not what the API server says: a proxy's page, nesting without
    end. After a write nobody knows whether it happened.
    """
    try:
        return decode(raw)
    except UNREADABLE as error:
        raise errors.ApiUnavailable(f"{request}: unreadable answer: {_fit(str(error))}") from None


def _fit(text: str) -> str:
    return one_line(without_secrets(text), SERVER_TEXT_LIMIT)


def _read_status(body: bytes) -> _Status:
    try:
        return msgspec.json.decode(body, type=_Status)
    except UNREADABLE:
        return _Status()


def _is_failed_precondition(answer: _Status, content_type: str) -> bool:
    """An object that is not valid comes with causes; a JSON patch that does not apply comes
    without.

    A uid in a merge patch is such a precondition too: another one counts as changing the uid.
    """
    causes = (answer.details.causes or []) if answer.details else []
    if content_type == JSON_PATCH and not causes:
        return True
    return any(cause.field == "metadata.uid" for cause in causes)


def _seconds(header: str | None, answer: _Status) -> float:
    told = answer.details.retry_after_seconds if answer.details else None
    if header is not None and header.isascii() and header.isdigit():
        told = float(header[:9])
    return min(max(told if told is not None else 1.0, 0.0), _RETRY_AFTER_LIMIT)
