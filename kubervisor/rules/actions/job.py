"""`kubervisor.k8s.io.action/job`: a Job of the administrator's runs, told about the object.

Rules name a template and nothing else: what runs, and with which rights, is the administrator's
alone. The Job's name belongs to the intent, so it is created once, however often that is tried.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from kubervisor.rules.actions.action import (
    Create,
    Do,
    Done,
    Failed,
    Object,
    Refusal,
    Step,
    Target,
    Wait,
    World,
)
from kubervisor.rules.actions.objects import annotation, condition, field
from kubervisor.rules.actions.params import unknown
from kubervisor.rules.actions.webhook import key_of
from kubervisor.rules.decision.policy import ObjectKind, ObjectRef, Params
from kubervisor.rules.decision.states import Intent

KEY = "kubervisor.k8s.io/rule-action"
"""Annotation of a Job: which deed it is."""

KEPT_SECONDS = 86_400
"""An ended Job stays so long, where the template does not say."""

_CREATED = "created"


@dataclass(frozen=True, slots=True)
class RunJob:
    """Runs Jobs in `namespace` from `templates`, manifests by their names; None where they are not
    known, and no name is wrong.
    """

    templates: Mapping[str, Object] | None = None
    namespace: str = ""

    name: ClassVar[str] = "kubervisor.k8s.io.action/job"
    kinds: ClassVar[frozenset[ObjectKind]] = frozenset(ObjectKind)
    needs_approval: ClassVar[bool] = False

    def problems(self, params: Params) -> Sequence[str]:
        """What is wrong with `template`."""
        found, template = list(unknown(params, "template")), params.get("template", "")
        if not template:
            found.append("template is missing; write the name of one that the administrator gave")
        elif self.templates is not None and template not in self.templates:
            found.append(f"template {template!r} does not exist; {self._choice()}")
        return found

    def preview(self, target: Target, params: Params, world: World, now: float) -> Intent | Refusal:
        """Which Job would run."""
        template = params["template"]
        if self.templates is not None and template not in self.templates:
            message = f"Job template {template!r} does not exist; {self._choice()}"
            return Refusal("NoSuchTemplate", message, is_final=True)
        return Intent(
            self.name,
            f"run a Job of template {template} in namespace {self.namespace} about {target.ref}",
            {"template": template, "rule": target.rule},
            {"at": f"{now:.3f}", "values": json.dumps(target.values)},
        )

    def step(self, target: ObjectRef, intent: Intent, world: World, now: float) -> Step:
        """Create the Job once, then wait for its end."""
        template = intent.goal["template"]
        found = (self.templates or {}).get(template)
        if found is None:
            message = f"Job template {template!r} was taken away; {self._choice()}"
            return Refusal("NoSuchTemplate", message, is_final=True)
        key = key_of(intent.goal["rule"], target, intent.progress.get("at", ""), template)
        name = f"{template[:40].rstrip('.-')}-{key[:10]}"
        job = world.get("Job", self.namespace, name)
        if job is None and _CREATED in intent.progress:
            return Failed(f"Job {self.namespace}/{name} was deleted before it had ended")
        if job is None:
            manifest = _job(found, self.namespace, name, key, _told(target, intent))
            return Do(Create(manifest), {_CREATED: "true"})
        if annotation(job, KEY) != key:
            return Failed(f"Job {self.namespace}/{name} is there already, and is another's")
        return _outcome(job, f"Job {self.namespace}/{name}")

    def _choice(self) -> str:
        names = ", ".join(sorted(self.templates or ()))
        return f"the administrator gave {names or 'none'}"


def _outcome(job: Object, title: str) -> Step:
    if condition(job, "Complete"):
        return Done(f"{title} has ended well")
    failure = condition(job, "Failed")
    if failure:
        why = failure.get("message") or failure.get("reason") or "it does not say why"
        return Failed(f"{title} failed: {why}")
    return Wait(f"{title} runs")


def _told(target: ObjectRef, intent: Intent) -> Mapping[str, str]:
    return {
        "KUBERVISOR_RULE": intent.goal["rule"],
        "KUBERVISOR_OBJECT_KIND": target.kind,
        "KUBERVISOR_OBJECT_NAMESPACE": target.namespace,
        "KUBERVISOR_OBJECT_NAME": target.name,
        "KUBERVISOR_VALUES": intent.progress.get("values", "[]"),
    }


def _job(
    template: Object, namespace: str, name: str, key: str, told: Mapping[str, str]
) -> dict[str, Any]:
    job: dict[str, Any] = copy.deepcopy(dict(template))
    given = job.get("metadata") or {}
    job["metadata"] = {
        "namespace": namespace,
        "name": name,
        "labels": dict(given.get("labels") or {}),
        "annotations": {**(given.get("annotations") or {}), KEY: key},
    }
    job["spec"].setdefault("ttlSecondsAfterFinished", KEPT_SECONDS)
    pod = job["spec"]["template"]["spec"]
    pod.setdefault("restartPolicy", "Never")
    # $(NAME) in a value would be replaced by that variable; $$ means one $.
    ours = [{"name": each, "value": text.replace("$", "$$")} for each, text in told.items()]
    for container in (*(pod.get("initContainers") or ()), *field(pod, "containers")):
        others = [one for one in container.get("env") or () if one.get("name") not in told]
        # First: the template's own variables can be made of them.
        container["env"] = [*ours, *others]
    return job
