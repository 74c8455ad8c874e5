"""What played storage does to claims that have a volume: they grow, and change their class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from playground.fleet_api import Api, Json
from playground.storage_objects import quantity, size

VOLUMES = "/api/v1/persistentvolumes"

_STORAGE = "storage"


class Work(StrEnum):
    """What it is asked to do."""

    PROVISION = "provision"
    RESIZE = "resize"
    MODIFY = "modify"
    SNAPSHOT = "snapshot"
    ATTACH = "attach"


class Answer(StrEnum):
    """What becomes of what is asked."""

    DO = "do"
    HOLD = "hold"  # it is begun, and does not end
    REFUSE = "refuse"  # resizes and modifications: it says that it cannot
    FILE_SYSTEM = "file system"  # resizes: the volume has grown, its file system has not


@dataclass(frozen=True, slots=True)
class Growth:
    """A resize that was completed; sizes are bytes."""

    claim: str
    before: int
    after: int


class Changes:
    """Does as `answers` say. Whole sizes are multiples of `rounding` bytes.

    Attributes:
        growths: the resizes that were completed, in their order.
    """

    def __init__(self, api: Api, answers: Mapping[Work, Answer], rounding: int) -> None:
        self._api, self._answers, self._rounding = api, answers, rounding
        self.growths: list[Growth] = []

    def wanted(self, claim: Json) -> int:
        """The whole size that a claim asks for, in bytes."""
        asked = size(claim["spec"]["resources"]["requests"][_STORAGE])
        return -(-asked // self._rounding) * self._rounding

    def resize(self, claim: Json) -> None:
        """Bring a claim to the size that it asks for. Raises ApiRefused."""
        status, wanted = claim["status"], self.wanted(claim)
        before = size(status["capacity"][_STORAGE])
        if wanted <= before:
            return
        answer = self._answers[Work.RESIZE]
        if answer is Answer.REFUSE:
            stands = {_STORAGE: "ControllerResizeInfeasible"}
            self._say(claim, "ControllerResizeError", allocatedResourceStatuses=stands)
        elif answer is Answer.HOLD:
            self._say(claim, "Resizing")
        else:
            capacity = {_STORAGE: quantity(wanted)}
            self._api.merge(_volume_of(claim), {"spec": {"capacity": capacity}})
            if answer is Answer.FILE_SYSTEM:
                self._say(claim, "FileSystemResizePending")
            else:
                self._end_growth(claim, before, wanted)

    def _end_growth(self, claim: Json, before: int, after: int) -> None:
        metadata = claim["metadata"]
        growth = Growth(f"{metadata['namespace']}/{metadata['name']}", before, after)
        done = {"conditions": None, "allocatedResourceStatuses": None}
        self.growths.append(growth)  # first: whoever sees the claim grown finds it here
        try:
            self._put_status(claim, {"capacity": {_STORAGE: quantity(after)}, **done})
        except BaseException:
            self.growths.remove(growth)
            raise

    def _say(self, claim: Json, condition: str, **more: Json) -> None:
        """Have the claim say so, where it does not yet."""
        if [one["type"] for one in claim["status"].get("conditions", ())] != [condition]:
            said = {"conditions": [{"type": condition, "status": "True"}], **more}
            self._put_status(claim, said)

    def _put_status(self, claim: Json, status: Json) -> None:
        """Change the status of the claim, if it is as the watch showed it: nothing is done twice.
        Raises ApiRefused.
        """
        metadata = claim["metadata"]
        path = f"/api/v1/namespaces/{metadata['namespace']}/persistentvolumeclaims"
        as_seen = {"resourceVersion": metadata["resourceVersion"]}
        self._api.merge(
            f"{path}/{metadata['name']}/status", {"metadata": as_seen, "status": status}
        )

    def modify(self, claim: Json) -> None:
        """Bring a claim to the class that it asks for. Raises ApiRefused."""
        wanted = claim["spec"].get("volumeAttributesClassName")
        status = claim["status"]
        if not wanted or wanted == status.get("currentVolumeAttributesClassName"):
            return
        answer = self._answers[Work.MODIFY]
        if answer is Answer.DO:
            changed = {"spec": {"volumeAttributesClassName": wanted}}
            self._api.merge(_volume_of(claim), changed)
            done = {"currentVolumeAttributesClassName": wanted, "modifyVolumeStatus": None}
            self._put_status(claim, done)
            return
        word = "Infeasible" if answer is Answer.REFUSE else "InProgress"
        stands = {"targetVolumeAttributesClassName": wanted, "status": word}
        if status.get("modifyVolumeStatus") != stands:
            self._put_status(claim, {"modifyVolumeStatus": stands})


def _volume_of(claim: Json) -> str:
    return f"{VOLUMES}/{claim['spec']['volumeName']}"
