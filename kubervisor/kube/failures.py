"""What went wrong between us and the API server, in the words of `kubervisor.errors`.

Two doors: an HTTP answer that is not a success, and an exception of the libraries below. Messages
say what was asked of which object, carry at most 256 bytes of the server's text and never a
credential.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from http.client import HTTPException
from typing import TypeVar

import msgspec
from kubernetes.client import exceptions as kubernetes_exceptions
from kubernetes.config import ConfigException
from urllib3 import exceptions as urllib3_exceptions

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
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_VERBS = {"GET": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


class Outcome(Enum):
    """What an exception tells about the request it ended."""

    NOT_SENT = auto()  # the request never reached the server
    UNKNOWN = auto()  # it may have: after a write nobody knows
    UNUSABLE = auto()  # it cannot be sent as it is: address, credentials or code are wrong
    ANSWERED = auto()  # the server answered: its status decides


_u = urllib3_exceptions
_k = kubernetes_exceptions

# Every exception class of both libraries by name, so that a class of a new version fails a test
# here.
OUTCOMES: Mapping[type[Exception], Outcome] = {
    _u.HTTPError: Outcome.UNKNOWN,
    _u.PoolError: Outcome.UNKNOWN,
    _u.RequestError: Outcome.UNKNOWN,
    _u.SSLError: Outcome.UNKNOWN,
    _u.ProxyError: Outcome.NOT_SENT,
    _u.DecodeError: Outcome.UNKNOWN,
    _u.ProtocolError: Outcome.UNKNOWN,
    _u.MaxRetryError: Outcome.UNKNOWN,
    _u.HostChangedError: Outcome.UNUSABLE,
    _u.TimeoutStateError: Outcome.UNUSABLE,
    _u.TimeoutError: Outcome.UNKNOWN,
    _u.ReadTimeoutError: Outcome.UNKNOWN,
    _u.ConnectTimeoutError: Outcome.NOT_SENT,
    _u.NewConnectionError: Outcome.NOT_SENT,
    _u.NameResolutionError: Outcome.NOT_SENT,
    _u.EmptyPoolError: Outcome.NOT_SENT,
    _u.FullPoolError: Outcome.UNKNOWN,
    _u.ClosedPoolError: Outcome.NOT_SENT,
    _u.LocationValueError: Outcome.UNUSABLE,
    _u.LocationParseError: Outcome.UNUSABLE,
    _u.URLSchemeUnknown: Outcome.UNUSABLE,
    _u.ResponseError: Outcome.UNKNOWN,
    _u.ResponseNotChunked: Outcome.UNKNOWN,
    _u.BodyNotHttplibCompatible: Outcome.UNKNOWN,
    _u.IncompleteRead: Outcome.UNKNOWN,
    _u.InvalidChunkLength: Outcome.UNKNOWN,
    _u.InvalidHeader: Outcome.UNKNOWN,
    _u.ProxySchemeUnknown: Outcome.UNUSABLE,
    _u.ProxySchemeUnsupported: Outcome.UNUSABLE,
    _u.HeaderParsingError: Outcome.UNKNOWN,
    _u.UnrewindableBodyError: Outcome.UNKNOWN,
    _k.OpenApiException: Outcome.UNUSABLE,
    _k.ApiTypeError: Outcome.UNUSABLE,
    _k.ApiValueError: Outcome.UNUSABLE,
    _k.ApiAttributeError: Outcome.UNUSABLE,
    _k.ApiKeyError: Outcome.UNUSABLE,
    _k.ApiException: Outcome.ANSWERED,
    _k.BadRequestException: Outcome.ANSWERED,
    _k.NotFoundException: Outcome.ANSWERED,
    _k.UnauthorizedException: Outcome.ANSWERED,
    _k.ForbiddenException: Outcome.ANSWERED,
    _k.ServiceException: Outcome.ANSWERED,
    _k.ConflictException: Outcome.ANSWERED,
    _k.UnprocessableEntityException: Outcome.ANSWERED,
    ConfigException: Outcome.NOT_SENT,  # credentials that are refreshed while we run
    HTTPException: Outcome.UNKNOWN,
    OSError: Outcome.UNKNOWN,
    ValueError: Outcome.UNUSABLE,
}

EXCEPTIONS = tuple(OUTCOMES)
"""All that a request may raise; pass it to `except` and the exception to `from_exception`."""


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
    """Return the error that an exception of `EXCEPTIONS` means.

    The text of a ValueError is left out: http.client quotes the header it rejects, the token with
    it.
    """
    outcome = next(OUTCOMES[base] for base in type(error).__mro__ if base in OUTCOMES)
    if isinstance(error, _k.ApiException) and outcome is Outcome.ANSWERED:
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
    except _UNREADABLE as error:
        raise errors.ApiUnavailable(f"{request}: unreadable answer: {_fit(str(error))}") from None


def _fit(text: str) -> str:
    return one_line(without_secrets(text), SERVER_TEXT_LIMIT)


def _read_status(body: bytes) -> _Status:
    try:
        return msgspec.json.decode(body, type=_Status)
    except _UNREADABLE:
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
