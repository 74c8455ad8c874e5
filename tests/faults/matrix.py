"""The faults that Kubervisor is tested against, by number; the cases are the tests' own names.

The list is a field report's on what goes wrong with controllers like this one.
"""

from __future__ import annotations

GROUPS: dict[str, dict[int, str]] = {
    "Leader": {
        1: "two leaders overlap",
        2: "the Lease is deleted",
        3: "conflicts on the Lease",
        4: "partition from the API server",
        5: "clock steps by an hour, runs at another rate",
        6: "crash between the pod's PATCH and the status",
        7: "crash between finalizer and label",
        8: "rolling upgrade, old and new schema",
    },
    "Watch": {
        9: "silent, dead stream",
        10: "410 Gone in mid-stream",
        11: "bookmarks only",
        12: "events twice, in the wrong order, missed",
        13: "relist during a storm",
        14: "stale API server",
        15: "too large a version, 504",
        16: "slow consumer, slow server",
        17: "API server restarts, is down for 30 s",
        18: "store read-only, store restarts",
    },
    "Writes": {
        19: "409",
        20: "429 with Retry-After",
        21: "time-out after the commit",
        22: "403, a right is taken away",
        23: "a webhook denies, or is gone",
        24: "pod made again under its name",
        25: "pod deleted while it is ejected",
        26: "label edits at the same moment",
        27: "GitOps reverts the Service's selector",
        28: "label stripped by a user",
    },
    "Fleet": {
        29: "all pods are outliers",
        30: "outliers cross the budget",
        31: "scale-down while pods are out",
        32: "scale to 0 and to 1",
        33: "scale-down takes the healthy",
        34: "rollout while pods are out",
        35: "PodDisruptionBudget",
        36: "drain of healthy peers",
        37: "two objects on one Service, a pod of two Services",
        38: "another selector",
        39: "Service deleted",
        40: "headless, ExternalName, no selector",
        41: "StatefulSet, DaemonSet, bare pod",
        42: "pods that are not Ready",
        43: "Service of 10,000 pods",
        44: "object changed without end",
    },
    "Metrics": {
        45: "Prometheus down",
        46: "warnings, partial answers with status 200",
        47: "slower than the deadline",
        48: "empty",
        49: "NaN, infinite, negative",
        50: "stale",
        51: "counter reset",
        52: "duplicate series",
        53: "label missing",
        54: "a pod missing",
        55: "half of the pods missing",
        56: "clock skew",
        57: "huge answer",
        58: "redirect to the metadata address",
        59: "TLS certificate expired",
        60: "recording rule lags",
    },
    "Process": {
        61: "out of memory",
        62: "SIGTERM in mid-batch",
        63: "full disk, read-only file system",
        64: "the process stands still",
        65: "DNS fails",
        66: "log flood",
        67: "metric cardinality",
        68: "soak",
    },
}

NOTES = {
    5: "The rate of the monotonic clock is not faked: libfaketime then hangs every wait. A lease "
    "of 15 s bears a rate of up to 1.5, by its margin of 5 s.",
    14: "The proxy serves the older list: no API server can be told to fall behind.",
    18: "A store without space is played by the answers that it gives; its restart is real.",
    22: "The proxy takes the right away; the roles themselves are tested in tests/security.",
    43: "The decision alone; `make bench` runs a controller over 10,000 pods.",
    61: "The kernel's SIGKILL, without the memory; answers of 100 MB are fault 57.",
    68: "A minute here; `make soak MINUTES=n` runs longer, 72 hours have not been run.",
}
"""What is played rather than run, and why."""

NUMBERS = frozenset(number for faults in GROUPS.values() for number in faults)
