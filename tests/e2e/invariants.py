"""What must hold of every pod at every version of it, read off the API server's own objects.

Written against the design, not against the controller's code: the arithmetic of the floor is here a
second time on purpose.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from playground.fleet_api import Json

OURS = "kubervisor/"
LEGACY = "breaker/"
TRAFFIC, NAME, STRATEGY = f"{OURS}traffic", f"{OURS}name", f"{OURS}strategy"
EJECTION_ID, RETRY_COUNT = f"{OURS}ejection-id", f"{OURS}retry-count"
REASON, EVIDENCE = f"{OURS}reason", f"{OURS}evidence"
EJECTED_AT, EJECTED_UNTIL = f"{OURS}ejected-at", f"{OURS}ejected-until"
RETURNED_AT, EPOCH = f"{OURS}returned-at", f"{OURS}epoch"
FIELD_MANAGER = "kubervisor"

CONTAINERS = ("/metadata/labels", "/metadata/annotations")
"""Who has removed all of its keys may still own the empty maps."""

WHO_AND_WHY = (EJECTION_ID, EJECTED_AT, REASON, EVIDENCE)


def labels(body: Json) -> Mapping[str, str]:
    """Labels of an object."""
    found: Mapping[str, str] = body["metadata"].get("labels") or {}
    return found


def notes(body: Json) -> Mapping[str, str]:
    """Annotations of an object."""
    found: Mapping[str, str] = body["metadata"].get("annotations") or {}
    return found


def traffic(body: Json) -> str:
    """The traffic label; empty where there is none."""
    return labels(body).get(TRAFFIC, "")


def is_out(body: Json) -> bool:
    """Labelled `no` or `pause`."""
    return traffic(body) in ("no", "pause")


def own_keys(body: Json) -> set[str]:
    """Keys under `kubervisor/` and the original's, of labels and annotations."""
    keys = labels(body).keys() | notes(body).keys()
    return {key for key in keys if key.startswith((OURS, LEGACY))}


def is_member(body: Json) -> bool:
    """Counts in N: neither finished nor being deleted."""
    living = body.get("status", {}).get("phase") in ("Pending", "Running", "Unknown")
    return living and "deletionTimestamp" not in body["metadata"]


def is_serving(body: Json) -> bool:
    """Counts in S: a Ready member with traffic."""
    ready = any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in body.get("status", {}).get("conditions", ())
    )
    return ready and is_member(body) and traffic(body) == "yes"


def matches(body: Json, selector: Mapping[str, str]) -> bool:
    """Whether a selector, our key left aside, selects the object."""
    wanted = {key: value for key, value in selector.items() if key != TRAFFIC}
    return bool(wanted) and wanted.items() <= labels(body).items()


def floor_of(spec: Json, breaker: str, members: int) -> int:
    """The fewest pods that must serve after an ejection by `breaker` of this spec."""
    own = next(one for one in spec["breakers"] if one["name"] == breaker)
    count: int = own.get("minPodsAvailableCount", 1)
    ratio: int = min(100, own.get("minPodsAvailableRatio", 0))
    least = (spec.get("budget") or {}).get("minAvailable", 0)
    if isinstance(least, str):
        least = math.ceil(int(least.removesuffix("%")) * members / 100)
    return max(1, count, math.ceil(ratio * members / 100), int(least))


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The namespace right after a change to one pod.

    `selectors` are those of its Services, `spec` the newest that has the breaker in question.
    """

    pods: Collection[Json]
    selectors: Mapping[str, Mapping[str, str]]
    spec: Json | None


def breaches_of_change(before: Json | None, after: Json) -> Iterator[str]:
    """I3 and the counting of retries, for one version of a pod after another."""
    for entry in after["metadata"].get("managedFields", ()):
        if entry["manager"] == FIELD_MANAGER:
            for field in sorted(foreign_fields(entry.get("fieldsV1", {}))):
                yield f"I3: our field manager owns {field}"
    if before is None:
        return
    changed = changed_keys(before, after)
    ours = {key for key in changed if key.startswith(OURS)}
    foreign = {key for key in changed - ours if not key.startswith(LEGACY)}
    if ours and foreign:
        yield f"I3: a write to {sorted(ours)} also changed {sorted(foreign)}"
    if ours and before["spec"] != after["spec"]:
        yield f"I3: a write to {sorted(ours)} also changed the pod's spec"
    if retries(after) > retries(before) + 1:
        yield f"retries went from {retries(before)} to {retries(after)} in one write"
    if retries(after) > retries(before) and not is_new_ejection(before, after):
        yield f"retries grew to {retries(after)} without an ejection"


def breaches_of_state(body: Json, *, by_hand: bool) -> Iterator[str]:
    """I4: whoever is out carries who, why, since when and until when; `by_hand`: or nothing."""
    if not is_out(body) or by_hand:
        return
    missing = [key for key in (NAME, STRATEGY) if not labels(body).get(key)]
    wanted = (*WHO_AND_WHY, EJECTED_UNTIL) if traffic(body) == "no" else WHO_AND_WHY
    missing += [key for key in wanted if not notes(body).get(key)]
    if missing:
        yield f"I4: it is labelled {traffic(body)} without {missing}"


def breaches_of_ejection(before: Json | None, after: Json, around: Surroundings) -> Iterator[str]:
    """I1, and that an ejection takes a serving pod and leaves other Services one."""
    if before is None or not is_serving(before):
        yield "an ejection of a pod that did not serve"
    breaker = labels(after).get(STRATEGY, "")
    if around.spec is None:
        yield f"ejected by breaker {breaker}, which no KubervisorService has"
        return
    own = around.selectors.get(around.spec["service"])
    if own is None:
        return  # deleted while the write was on its way: without a Service nobody has traffic
    members = [pod for pod in around.pods if matches(pod, own) and is_member(pod)]
    serving = sum(map(is_serving, members))
    floor = floor_of(around.spec, breaker, len(members))
    if serving < floor:
        yield f"I1: {breaker} left {serving} of {len(members)} serving, its floor is {floor}"
    for service, selector in around.selectors.items():
        if selector.get(TRAFFIC) == "yes" and matches(after, selector):
            left = sum(is_serving(pod) for pod in around.pods if matches(pod, selector))
            if left < 1:
                yield f"I1: nobody serves Service {service} any more"


def is_new_ejection(before: Json | None, after: Json) -> bool:
    """Whether this version of the pod is the first one of an ejection."""
    new = notes(after).get(EJECTION_ID)
    old = notes(before).get(EJECTION_ID) if before else None
    return traffic(after) == "no" and new is not None and new != old


def retries(body: Json) -> int:
    """The retry count that a pod carries, 0 where it has none."""
    return int(notes(body).get(RETRY_COUNT, "0"))


def changed_keys(before: Json, after: Json) -> set[str]:
    """Keys of labels and annotations, and `ownerReferences` and `finalizers`, that differ."""
    pairs = (labels(before), labels(after)), (notes(before), notes(after))
    changed = {
        key for old, new in pairs for key in old.keys() | new.keys() if old.get(key) != new.get(key)
    }
    return changed | {
        field
        for field in ("ownerReferences", "finalizers")
        if before["metadata"].get(field) != after["metadata"].get(field)
    }


def foreign_fields(owned: Json, path: str = "") -> Iterator[str]:
    """Paths that a field manager owns outside labels and annotations under `kubervisor/`."""
    for key, below in owned.items():
        here = f"{path}/{key.removeprefix('f:')}"
        if key == ".":
            continue
        if below:
            yield from foreign_fields(below, here)
        elif here not in CONTAINERS and not here.startswith(
            (f"/metadata/labels/{OURS}", f"/metadata/annotations/{OURS}")
        ):
            yield here
