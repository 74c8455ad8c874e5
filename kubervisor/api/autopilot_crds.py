"""The CustomResourceDefinitions of remediation rules, generated from their models.

All have a status subresource: who may decide about an approval cannot change what it is about.
"""

from __future__ import annotations

from kubervisor.api import autopilot_approval, autopilot_rule, autopilot_rule_object
from kubervisor.api.autopilot_fields import GROUP, VERSION
from kubervisor.api.definition import Definition, column, of_condition

_PAGE = "rules-api"
_NAME_RULE = {
    "rule": f"size(self.metadata.name) <= {autopilot_rule.LONGEST_NAME}",
    "message": f"metadata.name must have at most {autopilot_rule.LONGEST_NAME} characters, because "
    "it becomes a label value; write a shorter name",
}

RULE = Definition(
    model=autopilot_rule.AutopilotRule,
    kind=autopilot_rule.KIND,
    plural=autopilot_rule.PLURAL,
    singular=autopilot_rule.SINGULAR,
    short_names=autopilot_rule.SHORT_NAMES,
    group=GROUP,
    version=VERSION,
    page=_PAGE,
    scope="Cluster",
    schema_version=1,
    columns=(
        column("Ready", of_condition("Ready", "status")),
        column("Objects", ".status.objects", kind="integer"),
        column("Triggered", ".status.triggered", kind="integer"),
        column("Acting", ".status.acting", kind="integer"),
        column("Enforcement", ".spec.enforcement"),
        column("Age", ".metadata.creationTimestamp", kind="date"),
        column("Reason", of_condition("Ready", "reason"), priority=1),
        column("Weight", ".spec.weight", kind="integer", priority=1),
        column("DryRun", ".spec.dryRun", kind="boolean", priority=1),
        column("Message", of_condition("Ready", "message"), priority=1),
    ),
    rules=(_NAME_RULE,),
)

RULE_OBJECT = Definition(
    model=autopilot_rule_object.AutopilotRuleObject,
    kind=autopilot_rule_object.KIND,
    plural=autopilot_rule_object.PLURAL,
    singular=autopilot_rule_object.SINGULAR,
    short_names=autopilot_rule_object.SHORT_NAMES,
    group=GROUP,
    version=VERSION,
    page=_PAGE,
    schema_version=1,
    columns=(
        column("Rule", f".metadata.labels.{autopilot_rule_object.RULE_LABEL}"),
        column("Kind", ".status.object.kind"),
        column("Object", ".status.object.name"),
        column("State", ".status.state"),
        column("Since", ".status.since", kind="date"),
        column("Reason", ".status.reason"),
        column("Values", ".status.values", priority=1),
        column("Message", ".status.message", priority=1),
    ),
)

APPROVAL = Definition(
    model=autopilot_approval.ActionApproval,
    kind=autopilot_approval.KIND,
    plural=autopilot_approval.PLURAL,
    singular=autopilot_approval.SINGULAR,
    short_names=autopilot_approval.SHORT_NAMES,
    group=GROUP,
    version=VERSION,
    page=_PAGE,
    schema_version=1,
    columns=(
        column("State", ".spec.approvalState"),
        column("Rule", ".status.rule.name"),
        column("Object", ".status.actionPreviews[0].involvedObjects[0].name"),
        column("Expires", ".status.expiresAt", kind="date"),
        column("Age", ".metadata.creationTimestamp", kind="date"),
        column("Expected", ".status.actionPreviews[*].expectedResult.message", priority=1),
    ),
)

DEFINITIONS: tuple[Definition, ...] = (RULE, RULE_OBJECT, APPROVAL)
