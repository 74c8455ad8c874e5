"""The keys and words of Kubervisor's contract; a test holds them against the controller's."""

from __future__ import annotations

TRAFFIC = "kubervisor/traffic"
NAME = "kubervisor/name"
STRATEGY = "kubervisor/strategy"

EJECTION_ID = "kubervisor/ejection-id"
EJECTED_AT = "kubervisor/ejected-at"
EJECTED_UNTIL = "kubervisor/ejected-until"
REASON = "kubervisor/reason"
EVIDENCE = "kubervisor/evidence"
RETRY_COUNT = "kubervisor/retry-count"
RETURNED_AT = "kubervisor/returned-at"
EJECT_REQUEST = "kubervisor/eject-requested-at"
REQUESTED = "Requested"

WATCHDOG_PROBE = "probe.autocrane.io/"
WATCHDOG_STATUS = "status.autocrane.io/"
WATCHDOG_EXPIRY = "expiry.autocrane.io/"
HEALTH = "status.autocrane.io/health"

DATA = "data.autocrane.io/"
DATA_REQUEST = "request.data.autocrane.io/"
DATA_STATUS = "status.data.autocrane.io/"
DATA_LISTED = "store.autocrane.io/data"

WORKFLOW_OPERATOR = "workflow.kubervisor.k8s.io/operator"
WORKFLOW_PHASES = "workflow.kubervisor.k8s.io/phases"

PAUSE = "kubervisor/pause"
STOPPED = "kubervisor.k8s.io/stopped"
LEASE_PREFIX = "kubervisor-traffic"
DATA_LEASE_PREFIX = "kubervisor-datarollout"
RULES_LEASE_PREFIX = "kubervisor-rules"

CRD = "kubervisorservices.kubervisor.k8s.io"
SCHEMA_VERSION_KEY = "kubervisor.k8s.io/schema-version"
SCHEMA_VERSION = 3
OLDEST_SERVER = (1, 30)
