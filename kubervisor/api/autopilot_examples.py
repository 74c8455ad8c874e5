"""An example of each kind of remediation rules, for its reference page."""

from __future__ import annotations

from kubervisor.api import autopilot_approval, autopilot_rule, autopilot_rule_object
from kubervisor.api.autopilot_fields import API_VERSION

EXAMPLES = {
    autopilot_rule.KIND: f"""\
apiVersion: {API_VERSION}
kind: {autopilot_rule.KIND}
metadata:
  name: volume-resize
spec:
  selector:
    matchLabels:
      app: postgres
  namespaceSelector:
    matchLabels:
      type: db
  conditions:
    for: 30
    expressions:
    - keyAlias: VolumeUsagePercent
      operator: Gt
      values: ["50"]
  enforcement: approvalRequired
  actions:
  - name: openstorage.io.action.volume/resize
    params:
      scalepercentage: "50"
      maxsize: 400Gi
""",
    autopilot_rule_object.KIND: f"""\
apiVersion: {API_VERSION}
kind: {autopilot_rule_object.KIND}
metadata:
  name: volume-resize-pvc-1f0c7f0e-63bb-4a5c-9d0a-5b0f2f3f3b11
  namespace: shop
  labels:
    {autopilot_rule_object.RULE_LABEL}: volume-resize
    {autopilot_rule_object.OBJECT_LABEL}: pvc-1f0c7f0e-63bb-4a5c-9d0a-5b0f2f3f3b11
status:
  object:
    kind: PersistentVolumeClaim
    namespace: shop
    name: data-postgres-0
  state: ActionAwaitingApproval
  since: "2026-11-21T06:00:30Z"
  values: ["61.5"]
""",
    autopilot_approval.KIND: f"""\
apiVersion: {API_VERSION}
kind: {autopilot_approval.KIND}
metadata:
  name: volume-resize-data-postgres-0
  namespace: shop
spec:
  approvalState: approved
  actions:
  - name: openstorage.io.action.volume/resize
    params:
      scalepercentage: "50"
      maxsize: 400Gi
""",
}
