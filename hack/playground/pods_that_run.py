"""Pods that really run, on a cluster whose nodes are not machines.

A pod labelled `playground/real: "true"` is left alone by kwok's stages. This plays its kubelet: it
starts `kubervisor` with the arguments, the environment, the files and the account's token of the
pod as the API server has it, asks whether it is ready, writes its status, and ends it when the pod
is deleted.
"""

from __future__ import annotations

from collections.abc import Callable

from playground.local import LocalCluster
from playground.played_pods import PlayedPod, PlayedPods
from playground.pod_files import DNS_NAME
from playground.pod_process import PodProcess
from playground.processes import Processes

REAL = {"playground/real": "true"}
"""The label of pods that run here."""


class PodsThatRun(PlayedPods):
    """Plays every such pod of the cluster until closed; then also those are gone that would be
    started again.

    `listens` is told, before it starts, by which host:port each port of a pod can be reached.
    """

    def __init__(
        self,
        cluster: LocalCluster,
        listens: Callable[[str, int, str], None] = lambda *_: None,
    ) -> None:
        self._listens = listens
        self.names = {DNS_NAME: cluster.server}
        """Addresses as pods are told them, which only a cluster's name server knows, and what
        stands for them here; those of pods that start later may be added.
        """
        self.played: list[PodProcess] = []
        """All so far, also those that have ended."""
        super().__init__(cluster, REAL, Processes())

    def of(self, words: str) -> list[PodProcess]:
        """Those so far whose name contains this."""
        return [one for one in self.played if words in one.name]

    def play(self, pod: PlayedPod) -> None:
        """Run its process, again where its restart policy says so."""
        played = PodProcess(self._api, self._processes, pod, self.names, self._listens)
        self.played.append(played)
        played.play()
