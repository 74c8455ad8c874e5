"""The label and annotation keys that Kubervisor reads and writes, and nothing else.

The three labels and the two legacy annotations are the original's: other controllers select on
them.
"""

from __future__ import annotations

PREFIX = "kubervisor/"

# Labels on pods
TRAFFIC = "kubervisor/traffic"
NAME = "kubervisor/name"
STRATEGY = "kubervisor/strategy"
LONGEST_VALUE = 63  # characters, as the API server allows for any label

# Annotations on pods: the current ejection
EJECTION_ID = "kubervisor/ejection-id"
EJECTED_AT = "kubervisor/ejected-at"
EJECTED_UNTIL = "kubervisor/ejected-until"
REASON = "kubervisor/reason"
EVIDENCE = "kubervisor/evidence"
EPOCH = "kubervisor/epoch"
OWNER = "kubervisor/owner-uid"

# Annotation on a pod: a person asks at this instant (RFC 3339) to have it ejected
EJECT_REQUEST = "kubervisor/eject-requested-at"

# Annotations on pods: what outlives a return
RETRY_COUNT = "kubervisor/retry-count"
RETURNED_AT = "kubervisor/returned-at"

EJECTION_ANNOTATIONS = (EJECTION_ID, EJECTED_AT, EJECTED_UNTIL, REASON, EVIDENCE, EPOCH, OWNER)
POD_ANNOTATIONS = (*EJECTION_ANNOTATIONS, EJECT_REQUEST, RETRY_COUNT, RETURNED_AT)

# The original's annotations, read where ours are missing and removed on release
LEGACY_BREAK_AT = "breaker/breakAt"
LEGACY_RETRY_COUNT = "breaker/retryCount"
LEGACY_ANNOTATIONS = (LEGACY_BREAK_AT, LEGACY_RETRY_COUNT)

# On an Eviction, which is not stored: what the admission policy on ours looks at
EVICTION = "kubervisor/eviction"

# On a KubervisorService
PAUSE = "kubervisor/pause"
FINALIZER = "kubervisor.k8s.io/return-traffic"
