"""What each exception of the libraries below tells about the request that it ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from http.client import HTTPException

from kubernetes.client import exceptions as _k
from kubernetes.config import ConfigException
from urllib3 import exceptions as _u


class Outcome(Enum):
    """What an exception tells about the request it ended."""

    NOT_SENT = auto()  # the request never reached the server
    UNKNOWN = auto()  # it may have: after a write nobody knows
    UNUSABLE = auto()  # it cannot be sent as it is: address, credentials or code are wrong
    ANSWERED = auto()  # the server answered: its status decides


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
"""All that a request may raise; pass it to `except`, and the exception to
`failures.from_exception`."""


def outcome_of(error: Exception) -> Outcome:
    """What `error`, one of `EXCEPTIONS`, tells; of several classes the nearest one decides."""
    return next(OUTCOMES[base] for base in type(error).__mro__ if base in OUTCOMES)
