"""All errors of Kubervisor, cut where their handling differs.

    KubervisorError
    ├─ SpecError               the user must change something; condition Ready=False, no retry
    ├─ SourceError             no usable measurement: inconclusive, nothing is ejected
    │  ├─ SourceNotAllowed     the address is outside the administrator's allow patterns
    │  ├─ SourceUnavailable    refused, unresolvable, 5xx, connection cut
    │  ├─ SourceTimeout        no complete answer before the deadline
    │  ├─ SourceRejected       4xx: the query itself is wrong
    │  └─ SourceAnswerUnusable warnings, partial, wrong type, too large, not parseable, redirect
    ├─ ApiError                the API server
    │  ├─ NotFound             404
    │  ├─ Conflict             409 or 422 on a precondition: re-read
    │  ├─ Forbidden            401, 403: a right is missing
    │  ├─ Throttled            429: wait `retry_after` (an eviction: a PodDisruptionBudget refuses)
    │  ├─ Gone                 410: the watch must start again from a LIST
    │  ├─ Invalid              400, 422: the API server does not accept the object
    │  └─ ApiUnavailable       no answer, 5xx: whether a write happened is unknown
    ├─ LeadershipLost          the lease is not ours: nothing may be written
    └─ CapacityExceeded        more Services than this process may run

Every error carries `reason`, the CamelCase word of `kubervisor.traffic.reasons` or of the HTTP
class.
"""

from __future__ import annotations


class KubervisorError(Exception):
    """Root of the tree. `reason` is a CamelCase word for conditions, Events, logs and metrics."""

    reason = "Error"


class SpecError(KubervisorError):
    """The specification is wrong; the message names the field and what to write instead."""

    reason = "SpecInvalid"


class SourceError(KubervisorError):
    """No usable measurement."""

    reason = "SourceUnavailable"


class SourceNotAllowed(SourceError):
    """The address is outside the allow patterns; only an administrator can change that."""

    reason = "SourceNotAllowed"


class SourceUnavailable(SourceError):
    """Refused, unresolvable, 5xx or cut off."""

    reason = "SourceUnavailable"


class SourceTimeout(SourceError):
    """No complete answer before the deadline."""

    reason = "SourceTimeout"


class SourceRejected(SourceError):
    """The source answered 4xx: the query or the credentials are wrong."""

    reason = "SourceRejected"


class SourceAnswerUnusable(SourceError):
    """Answered, but with warnings, partial, of the wrong type, too large, unparsable or a
    redirect.
    """

    reason = "SourceAnswerUnusable"


class ApiError(KubervisorError):
    """The API server refused or failed. `status` is the HTTP status, 0 where there was no
    answer.
    """

    reason = "ApiError"

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class NotFound(ApiError):
    """The object does not exist."""

    reason = "NotFound"


class Conflict(ApiError):
    """The object changed since it was read, or is another of the same name."""

    reason = "Conflict"


class Forbidden(ApiError):
    """A right is missing: the message names verb and resource."""

    reason = "Forbidden"


class Throttled(ApiError):
    """Too many requests, or an eviction that a PodDisruptionBudget refuses now."""

    reason = "Throttled"

    def __init__(self, message: str, *, status: int = 429, retry_after: float = 1.0) -> None:
        super().__init__(message, status=status)
        self.retry_after = retry_after


class Gone(ApiError):
    """The resource version is too old: start again from a LIST."""

    reason = "Gone"


class Invalid(ApiError):
    """The API server does not accept the object as it is."""

    reason = "Invalid"


class ApiUnavailable(ApiError):
    """No answer or 5xx: after a write nobody knows whether it happened.

    `sent` is False where the request certainly never reached the server.
    """

    reason = "ApiUnavailable"

    def __init__(self, message: str, *, status: int = 0, sent: bool = True) -> None:
        super().__init__(message, status=status)
        self.sent = sent


class LeadershipLost(KubervisorError):
    """The lease is not held: nothing may be written."""

    reason = "LeadershipLost"


class CapacityExceeded(KubervisorError):
    """This process runs as many Services as it may."""

    reason = "CapacityExceeded"
