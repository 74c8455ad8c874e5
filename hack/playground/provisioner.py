"""Storage on a local cluster: what a CSI driver and its sidecars do, without any bytes behind it.

    with Provisioner(cluster) as provisioner: ...

Claims of its StorageClasses get volumes (new, or as clones of a claim or a snapshot), grow, change
their VolumeAttributesClass; snapshots become ready, volumes are attached where the cluster asks for
it, and go when their claims have gone, unless they are to be retained. The cluster's own
controllers do the rest: they bind, ask for attachments, and protect what is in use.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Self

import yaml
from urllib3.exceptions import HTTPError

from playground.access import Cluster, KubectlFailed
from playground.fleet_api import Api, ApiRefused, Json
from playground.fleet_watch import Watch
from playground.storage_changes import VOLUMES, Answer, Changes, Work
from playground.storage_objects import (
    DRIVER,
    PROVISIONED_BY,
    SNAPSHOTS,
    classes,
    snapshot_class,
    volume,
)

CLAIMS = "/api/v1/persistentvolumeclaims"
STORAGE = "/apis/storage.k8s.io/v1"
CLASSES, ATTACHMENTS = f"{STORAGE}/storageclasses", f"{STORAGE}/volumeattachments"
SHOTS = f"/apis/{SNAPSHOTS}/v1/volumesnapshots"

_ATTACHES = {"volumes.kubernetes.io/controller-managed-attach-detach": "true"}


class Provisioner:
    """Plays until closed. Whole sizes are multiples of `rounding` bytes.

    Attributes:
        growths: the resizes that were completed, in their order.
    """

    def __init__(self, cluster: Cluster, rounding: int = 1) -> None:
        self._answers = dict.fromkeys(Work, Answer.DO)
        self._woken, self._stopped = threading.Event(), threading.Event()
        _prepare(cluster)
        with ExitStack() as stack:
            self._api = Api(cluster.kubeconfig)
            stack.callback(self._api.close)
            self._changes = Changes(self._api, self._answers, rounding)
            self.growths = self._changes.growths
            paths = (CLAIMS, VOLUMES, CLASSES, ATTACHMENTS, SHOTS)
            self._there = {path: stack.enter_context(self._watch(path)) for path in paths}
            self._thread = threading.Thread(target=self._run, name="provisioner", daemon=True)
            self._thread.start()
            stack.callback(self._end)
            self._stack = stack.pop_all()

    def answer(self, work: Work, answer: Answer) -> None:
        """From now on, this becomes of such work, also of what was begun and held."""
        self._answers[work] = answer
        self._woken.set()

    def close(self) -> None:
        """End it; all objects stay."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _watch(self, path: str) -> Watch[Json]:
        return Watch(self._api, path, lambda body: body, changed=lambda *_: self._woken.set())

    def _end(self) -> None:
        self._stopped.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.wait()
            self._woken.clear()
            try:
                self._look()
            except (ApiRefused, HTTPError, OSError):
                # Somebody changed it at the same moment, or the API server restarts.
                if not self._stopped.wait(0.1):
                    self._woken.set()

    def _look(self) -> None:
        """Do what there is to do, as far as it can be done now."""
        for claim in self._all(CLAIMS):
            if self._is_ours(claim) and "deletionTimestamp" not in claim["metadata"]:
                if not claim["spec"].get("volumeName"):
                    self._provision(claim)
                elif claim["status"]["phase"] == "Bound":
                    self._changes.resize(claim)
                    self._changes.modify(claim)
        for there in self._all(VOLUMES):
            self._reclaim(there)
        for attachment in self._all(ATTACHMENTS):
            self._attach(attachment)
        for snapshot in self._all(SHOTS):
            self._take(snapshot)

    def _all(self, path: str) -> Iterator[Json]:
        yield from self._there[path].objects.values()

    def _is_ours(self, claim: Json) -> bool:
        there = self._there[CLASSES].objects.get(f"/{claim['spec'].get('storageClassName')}")
        return there is not None and there["provisioner"] == DRIVER

    def _provision(self, claim: Json) -> None:
        metadata, spec = claim["metadata"], claim["spec"]
        storage_class = self._there[CLASSES].objects[f"/{spec['storageClassName']}"]
        waits = storage_class.get("volumeBindingMode") == "WaitForFirstConsumer"
        if waits and "volume.kubernetes.io/selected-node" not in metadata.get("annotations", {}):
            return
        if self._answers[Work.PROVISION] is not Answer.DO or not self._has_source(claim):
            return
        name = f"pvc-{metadata['uid']}"
        if f"/{name}" not in self._there[VOLUMES].objects:
            self._create(VOLUMES, volume(name, claim, storage_class, self._changes.wanted(claim)))

    def _create(self, path: str, body: Json) -> None:
        try:
            self._api.create(path, body)
        except ApiRefused as refused:
            if refused.status != 409:  # it is there: the watch has yet to show it
                raise

    def _has_source(self, claim: Json) -> bool:
        """Whether what it is a copy of can be copied; true where it is to be empty."""
        source = claim["spec"].get("dataSource")
        if source is None:
            return True
        key = f"{claim['metadata']['namespace']}/{source['name']}"
        if source["kind"] == "VolumeSnapshot":
            snapshot = self._there[SHOTS].objects.get(key, {})
            return bool(snapshot.get("status", {}).get("readyToUse"))
        other = self._there[CLAIMS].objects.get(key)
        return other is not None and other["status"]["phase"] == "Bound"

    def _reclaim(self, there: Json) -> None:
        ours = there["metadata"].get("annotations", {}).get(PROVISIONED_BY) == DRIVER
        goes = there["spec"].get("persistentVolumeReclaimPolicy") == "Delete"
        if ours and goes and there.get("status", {}).get("phase") == "Released":
            self._api.delete(f"{VOLUMES}/{there['metadata']['name']}")

    def _attach(self, attachment: Json) -> None:
        """As the cluster asks: it is attached, or let go of."""
        if attachment["spec"]["attacher"] != DRIVER:
            return
        is_there = attachment.get("status", {}).get("attached", False)
        path = f"{ATTACHMENTS}/{attachment['metadata']['name']}"
        if not is_there and self._answers[Work.ATTACH] is Answer.DO:
            self._api.merge(f"{path}/status", {"status": {"attached": True}})

    def _take(self, snapshot: Json) -> None:
        if snapshot.get("status", {}).get("readyToUse"):
            return
        metadata, spec = snapshot["metadata"], snapshot["spec"]
        key = f"{metadata['namespace']}/{spec['source']['persistentVolumeClaimName']}"
        claim = self._there[CLAIMS].objects.get(key)
        if claim is not None and self._answers[Work.SNAPSHOT] is Answer.DO:
            taken = {
                "readyToUse": True,
                "boundVolumeSnapshotContentName": f"snapcontent-{metadata['uid']}",
                "restoreSize": claim["status"]["capacity"]["storage"],
            }
            path = f"/apis/{SNAPSHOTS}/v1/namespaces/{metadata['namespace']}/volumesnapshots"
            self._api.merge(f"{path}/{metadata['name']}/status", {"status": taken})


def _prepare(cluster: Cluster) -> None:
    """Have the cluster know the classes and kinds, and its nodes attach volumes."""
    cluster.kubectl("apply", "--filename=-", stdin=yaml.safe_dump_all(classes()))
    _await_kinds(cluster)
    cluster.kubectl("apply", "--filename=-", stdin=yaml.safe_dump(snapshot_class()))
    note = (f"{key}={value}" for key, value in _ATTACHES.items())
    cluster.kubectl("annotate", "nodes", "--all", "--overwrite", *note)


def _await_kinds(cluster: Cluster) -> None:
    """Return once the API server answers for snapshots: it says so a little too early."""
    deadline = time.monotonic() + 30
    while True:
        try:
            cluster.kubectl("get", f"volumesnapshots.{SNAPSHOTS},volumesnapshotclasses.{SNAPSHOTS}")
        except KubectlFailed:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
