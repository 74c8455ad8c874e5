"""Every reason, once. The same word stands in the condition, the Event, the log line and the
metric.
"""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why something happened or did not; one CamelCase word each."""

    # Ejections: what the detector saw
    OUTLIER = "Outlier"
    REQUESTED = "Requested"  # no detector: a person asked for it

    # Ejections that were refused
    BUDGET_EXHAUSTED = "BudgetExhausted"  # the floor or the cap leaves no room: an overflow
    PANICKING = "Panicking"  # so many outliers that the metric, not the fleet, is suspect
    FAULT_MOVES = "FaultMoves"  # the fault follows the traffic from pod to pod
    LOAD_TOO_HIGH = "LoadTooHigh"  # the pods that stay would have to carry too much
    SHARED_POD = "SharedPod"  # another Service would be left without a serving pod
    VERSION_OUTLIER = "VersionOutlier"  # the newer of two versions is the outlier
    DRY_RUN = "DryRun"
    MATCHES_NOT_REACHED = "MatchesNotReached"  # fewer than m of the last n steps agree
    NOT_SERVING = "NotServing"  # asked for by hand, and there is nothing to take away
    REQUEST_EXPIRED = "RequestExpired"  # asked for by hand, and seen too late

    # Returns
    HOLD_ELAPSED = "HoldElapsed"
    BELOW_FLOOR = "BelowFloor"  # others' acts left fewer serving than the floor: early return
    BY_HAND = "ByHand"  # a person set the label to `yes`
    DRY_RUN_STARTED = "DryRunStarted"
    SELECTOR_WITHOUT_TRAFFIC = "SelectorWithoutTraffic"
    WORKLOAD_SELECTS_TRAFFIC = (
        "WorkloadSelectsTraffic"  # relabelling made the workload lose the pod
    )
    RELEASED = "Released"  # the KubervisorService is gone, or `kubervisor release` ran

    # Adoption and release
    UNLABELLED = "Unlabelled"
    LEFT_SELECTOR = "LeftSelector"
    SERVICE_GONE = "ServiceGone"
    ORPHANED = "Orphaned"  # labelled for a KubervisorService that does not exist

    # Terminations, pauses, and why they wait
    RETRIES_EXHAUSTED = "RetriesExhausted"
    TERMINATION_DEFERRED = "TerminationDeferred"

    # What an Event announces
    POD_EJECTED = "PodEjected"
    POD_RETURNED = "PodReturned"
    POD_PAUSED = "PodPaused"
    POD_TERMINATED = "PodTerminated"
    WOULD_EJECT = "WouldEject"  # dry run: judged and planned, not done
    EJECTION_REFUSED = "EjectionRefused"
    PANIC_ENTERED = "PanicEntered"
    PANIC_LEFT = "PanicLeft"
    PAUSED_LONG = "PausedLong"
    STILL_RECEIVING = "StillReceiving"  # ejected long ago, and requests still reach the pod
    OUTLIERS_ON_ONE_NODE = "OutliersOnOneNode"

    # Watchdogs: pods that stay in error
    POD_EVICTED = "PodEvicted"
    EVICTION_DEFERRED = "EvictionDeferred"  # a PodDisruptionBudget refuses, or the API server fails
    EVICTION_REFUSED = "EvictionRefused"  # by a limit of our own, or because nobody replaces it
    WOULD_EVICT = "WouldEvict"  # dry run

    # Specs and Services
    GUARDING = "Guarding"
    SPEC_INVALID = "SpecInvalid"
    SERVICE_NOT_FOUND = "ServiceNotFound"
    SERVICE_WITHOUT_SELECTOR = "ServiceWithoutSelector"
    SERVICE_UNSUPPORTED = "ServiceUnsupported"
    OVERLAPPING_FLEET = "OverlappingFleet"
    CAPACITY_EXCEEDED = "CapacityExceeded"

    # Sources
    NO_SAMPLES = "NoSamples"
    QUERY_MISMATCH = "QueryMismatch"  # its samples are not the members'
    SOURCE_ANSWERS = "SourceAnswers"
    SOURCE_NOT_ALLOWED = "SourceNotAllowed"
    SOURCE_UNAVAILABLE = "SourceUnavailable"
    SOURCE_TIMEOUT = "SourceTimeout"
    SOURCE_REJECTED = "SourceRejected"
    SOURCE_ANSWER_UNUSABLE = "SourceAnswerUnusable"
